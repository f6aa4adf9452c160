/* SPDX-License-Identifier: Apache-2.0 */
/* Equal events as one: what is equal, when it goes, and what it says then. */
#include "cmocka_case.h"

#include <stdio.h>

#include "base/clock.h"
#include "event/json.h"
#include "event/json_parse.h"
#include "output/aggregate.h"

#define WINDOW_NS (10 * CLOCK_NS_PER_SECOND)
#define SECOND_NS CLOCK_NS_PER_SECOND

static struct aggregate *aggregate_of(uint32_t entries_max)
{
	struct aggregate *aggregate = NULL;

	assert_int_equal(aggregate_new(&aggregate, WINDOW_NS, entries_max), 0);
	return aggregate;
}

static bool take(struct aggregate *aggregate, const char *json, uint64_t now_ns)
{
	_cleanup_diag_ struct diag diag = {};
	Tetragon__GetEventsResponse *event = NULL;
	_cleanup_buf_ struct buf before = {}, after = {};
	struct json_encoder *encoder = json_encoder_new(&tetragon__get_events_response__descriptor);
	bool is_taken;

	if (json_parse_event(json, strlen(json), &event, &diag))
		fail_msg("%s: %s", json, buf_text(&diag.text));
	json_encode(encoder, &before, &event->base);
	is_taken = aggregate_take(aggregate, event, now_ns);
	/* others have the event, too */
	json_encode(encoder, &after, &event->base);
	assert_string_equal(buf_text(&after), buf_text(&before));
	json_encoder_free(encoder);
	tetragon__get_events_response__free_unpacked(event, NULL);
	return is_taken;
}

static void add_json(void *context, const Tetragon__GetEventsResponse *event)
{
	struct json_encoder *encoder = json_encoder_new(&tetragon__get_events_response__descriptor);

	json_encode(encoder, context, &event->base);
	buf_add_char(context, '\n');
	json_encoder_free(encoder);
}

/* What goes at NOW_NS; valid until the next call. */
static const char *flush(struct aggregate *aggregate, uint64_t now_ns)
{
	static struct buf out;

	buf_reset(&out);
	aggregate_flush(aggregate, now_ns, add_json, &out);
	return buf_text(&out);
}

#define OPEN(process, name, time)                                                                 \
	"{\"process_kprobe\":{\"process\":{\"exec_id\":\"a\"" process                             \
	"},\"function_name\":\"" name "\"},\"node_name\":\"n\",\"time\":\"2026-01-01T00:00:" time \
	"Z\"}"
#define SHOWN(process, name, time, more)                                                          \
	"{\"process_kprobe\":{\"process\":{\"exec_id\":\"a\"" process                             \
	"},\"function_name\":\"" name "\"},\"node_name\":\"n\",\"time\":\"2026-01-01T00:00:" time \
	"Z\"" more "}\n"
#define INFO(count, last)                                                                       \
	",\"aggregation_info\":{\"count\":\"" count "\",\"last_time\":\"2026-01-01T00:00:" last \
	"Z\"}"

static void equal_events_are_one_with_their_number_and_both_times(void **state)
{
	struct aggregate *aggregate = aggregate_of(10);
	struct aggregate_stats stats;

	for (int i = 0; i < 5; i++) {
		char json[256];

		snprintf(json, sizeof(json), OPEN("", "open", "0%d.5"), i);
		assert_true(take(aggregate, json, (uint64_t)i * SECOND_NS));
	}
	assert_string_equal(flush(aggregate, WINDOW_NS - 1), "");
	assert_string_equal(flush(aggregate, WINDOW_NS),
			    SHOWN("", "open", "00.500", INFO("5", "04.500")));
	assert_string_equal(flush(aggregate, UINT64_MAX), "");
	aggregate_read_stats(aggregate, &stats);
	assert_int_equal(stats.merged, 4);
	assert_int_equal(stats.waiting, 0);
	aggregate_free(aggregate);
}

static void an_event_without_an_equal_one_is_as_it_was(void **state)
{
	struct aggregate *aggregate = aggregate_of(10);

	assert_true(take(aggregate, OPEN(",\"refcnt\":7", "open", "01"), 0));
	assert_string_equal(flush(aggregate, UINT64_MAX), SHOWN(",\"refcnt\":7", "open", "01", ""));
	aggregate_free(aggregate);
}

static void what_differs_in_anything_else_is_another_one(void **state)
{
	static const char *const events[] = {
		OPEN("", "open", "00"),
		OPEN("", "openat", "00"),
		OPEN(",\"pid\":1", "open", "00"),
		OPEN(",\"pid\":2", "open", "00"),
		OPEN(",\"tid\":2", "open", "00"),
		OPEN(",\"arguments\":\"x\"", "open", "00"),
		"{\"process_kprobe\":{\"function_name\":\"open\"},\"node_name\":\"n\"}",
		"{\"process_tracepoint\":{\"process\":{\"exec_id\":\"a\"}},\"node_name\":\"n\"}",
		"{\"process_exec\":{\"process\":{\"exec_id\":\"a\"}},\"node_name\":\"n\"}",
		"{\"process_exec\":{\"process\":{\"exec_id\":\"a\"}},\"node_name\":\"m\"}",
	};
	struct aggregate *aggregate = aggregate_of(100);
	struct aggregate_stats stats;

	for (size_t i = 0; i < COUNT(events); i++)
		assert_true(take(aggregate, events[i], 0));
	aggregate_read_stats(aggregate, &stats);
	assert_int_equal(stats.waiting, COUNT(events));
	for (size_t i = 0; i < COUNT(events); i++)
		assert_true(take(aggregate, events[i], 0));
	aggregate_read_stats(aggregate, &stats);
	assert_int_equal(stats.waiting, COUNT(events));
	assert_int_equal(stats.merged, COUNT(events));
	aggregate_free(aggregate);
}

static void how_many_refer_to_a_process_makes_no_difference(void **state)
{
	struct aggregate *aggregate = aggregate_of(10);

	assert_true(take(aggregate, OPEN(",\"refcnt\":1", "open", "00"), 0));
	assert_true(take(aggregate, OPEN(",\"refcnt\":9", "open", "01"), 0));
	assert_string_equal(flush(aggregate, UINT64_MAX),
			    SHOWN(",\"refcnt\":1", "open", "00", INFO("2", "01")));
	aggregate_free(aggregate);
}

static void each_goes_when_its_own_window_ends_the_first_first(void **state)
{
	struct aggregate *aggregate = aggregate_of(10);

	assert_true(take(aggregate, OPEN("", "b", "00"), 0));
	assert_true(take(aggregate, OPEN("", "a", "01"), SECOND_NS));
	assert_true(take(aggregate, OPEN("", "b", "09"), 9 * SECOND_NS));
	assert_string_equal(flush(aggregate, WINDOW_NS), SHOWN("", "b", "00", INFO("2", "09")));
	/* the next equal one begins a window of its own */
	assert_true(take(aggregate, OPEN("", "b", "11"), 11 * SECOND_NS));
	assert_string_equal(flush(aggregate, 20 * SECOND_NS), SHOWN("", "a", "01", ""));
	assert_string_equal(flush(aggregate, 21 * SECOND_NS), SHOWN("", "b", "11", ""));
	aggregate_free(aggregate);
}

static void what_finds_no_room_is_the_callers_still(void **state)
{
	struct aggregate *aggregate = aggregate_of(2);
	struct aggregate_stats stats;

	assert_true(take(aggregate, OPEN("", "a", "00"), 0));
	assert_true(take(aggregate, OPEN("", "b", "00"), 0));
	assert_false(take(aggregate, OPEN("", "c", "00"), 0));
	assert_true(take(aggregate, OPEN("", "a", "01"), 0));
	aggregate_read_stats(aggregate, &stats);
	assert_int_equal(stats.passed_full, 1);
	assert_string_equal(flush(aggregate, UINT64_MAX),
			    SHOWN("", "a", "00", INFO("2", "01")) SHOWN("", "b", "00", ""));
	assert_true(take(aggregate, OPEN("", "c", "00"), 0));
	aggregate_free(aggregate); /* with one that waits */
	aggregate_free(NULL);
}

/* Many, so that places of the table are shared. */
static void thousands_are_told_apart(void **state)
{
	enum { MANY = 3000 };
	struct aggregate *aggregate = aggregate_of(MANY);
	struct aggregate_stats stats;
	const char *line;
	int lines = 0;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			char json[256];

			snprintf(json, sizeof(json), OPEN(",\"pid\":%d", "open", "00"), i + 1);
			assert_true(take(aggregate, json, 0));
		}
	}
	aggregate_read_stats(aggregate, &stats);
	assert_int_equal(stats.waiting, MANY);
	assert_int_equal(stats.merged, MANY);
	for (line = flush(aggregate, UINT64_MAX); *line; line = strchr(line, '\n') + 1) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "\"pid\":%d}", ++lines);
		assert_non_null(strstr(line, wanted));
		assert_true(strstr(line, "\"count\":\"2\"") < strchr(line, '\n'));
	}
	assert_int_equal(lines, MANY);
	aggregate_free(aggregate);
}

/* Ancestors, too. */
static void ancestors_are_referred_to_as_well(void **state)
{
	struct aggregate *aggregate = aggregate_of(10);

	for (int i = 1; i <= 3; i++) {
		char json[256];

		snprintf(
			json, sizeof(json),
			"{\"process_kprobe\":{\"process\":{\"exec_id\":\"a\"},\"function_name\":\"f\","
			"\"ancestors\":[{\"exec_id\":\"b\",\"refcnt\":%d}]}}",
			i);
		assert_true(take(aggregate, json, 0));
	}
	assert_non_null(strstr(flush(aggregate, UINT64_MAX), "\"count\":\"3\""));
	aggregate_free(aggregate);
}

static void long_events_find_no_room_beyond_a_bound(void **state)
{
	enum { LONG = 256 << 10 };
	struct aggregate *aggregate = aggregate_of(10000);
	_cleanup_buf_ struct buf json = {};
	struct aggregate_stats stats;
	int taken = 0;

	for (int i = 0; i < 200; i++) {
		buf_reset(&json);
		buf_add_format(
			&json,
			"{\"process_kprobe\":{\"function_name\":\"%d\",\"process\":{\"arguments\":\"",
			i);
		for (int j = 0; j < LONG; j++)
			buf_add_char(&json, 'x');
		buf_add_text(&json, "\"}}}");
		taken += take(aggregate, buf_text(&json), 0);
	}
	aggregate_read_stats(aggregate, &stats);
	assert_int_equal(stats.waiting, taken);
	assert_int_equal(stats.passed_full, 200 - taken);
	assert_true(taken > 100 && taken < 130);
	assert_true(stats.bytes <= AGGREGATE_BYTES_MAX);
	flush(aggregate, UINT64_MAX);
	aggregate_read_stats(aggregate, &stats);
	assert_int_equal(stats.bytes, 0);
	aggregate_free(aggregate);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_events_are_one_with_their_number_and_both_times),
		cmocka_unit_test(an_event_without_an_equal_one_is_as_it_was),
		cmocka_unit_test(what_differs_in_anything_else_is_another_one),
		cmocka_unit_test(how_many_refer_to_a_process_makes_no_difference),
		cmocka_unit_test(each_goes_when_its_own_window_ends_the_first_first),
		cmocka_unit_test(what_finds_no_room_is_the_callers_still),
		cmocka_unit_test(thousands_are_told_apart),
		cmocka_unit_test(ancestors_are_referred_to_as_well),
		cmocka_unit_test(long_events_find_no_room_beyond_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
