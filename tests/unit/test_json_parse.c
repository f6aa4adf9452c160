/* SPDX-License-Identifier: Apache-2.0 */
/* JSON -> messages: everything that json.c writes is read back; what is wrong is told with its
 * place. */
#include "event/json_parse.h"

#include "event/json.h"

#include "fill_message.h"

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void event_free(Tetragon__GetEventsResponse **event)
{
	if (*event)
		protobuf_c_message_free_unpacked(&(*event)->base, NULL);
}
#define _cleanup_event_ _cleanup_(event_free)

static void message_free(ProtobufCMessage **message)
{
	protobuf_c_message_free_unpacked(*message, NULL);
}
#define _cleanup_message_ _cleanup_(message_free)

static void assert_same_bytes(const ProtobufCMessage *left, const ProtobufCMessage *right)
{
	size_t bytes = protobuf_c_message_get_packed_size(left);
	_cleanup_free_ uint8_t *left_bytes = malloc(bytes + 1);
	_cleanup_free_ uint8_t *right_bytes = malloc(bytes + 1);

	assert_int_equal(bytes, protobuf_c_message_get_packed_size(right));
	assert_true(left_bytes && right_bytes);
	protobuf_c_message_pack(left, left_bytes);
	protobuf_c_message_pack(right, right_bytes);
	assert_memory_equal(left_bytes, right_bytes, bytes);
}

static void reads_back_every_field_of_every_event(void **state)
{
	const ProtobufCMessageDescriptor *type = &tetragon__get_events_response__descriptor;

	for (unsigned int member = 0; member < fill_member_count(type); member++) {
		_cleanup_message_ ProtobufCMessage *filled = fill_message(type, member);
		_cleanup_event_ Tetragon__GetEventsResponse *event = NULL;
		_cleanup_buf_ struct buf first = {}, second = {};
		_cleanup_diag_ struct diag diag = {};

		json_add_message(&first, filled);
		assert_int_equal(json_parse_event(first.data, first.bytes, &event, &diag), 0);
		assert_int_equal(diag.lines, 0);
		assert_same_bytes(filled, &event->base);
		json_add_message(&second, &event->base);
		assert_string_equal(buf_text(&first), buf_text(&second));
	}
}

static void reads_back_filters_and_masks(void **state)
{
	const ProtobufCMessageDescriptor *types[] = { &tetragon__filter__descriptor,
						      &tetragon__redaction_filter__descriptor,
						      &tetragon__get_events_request__descriptor };

	for (size_t i = 0; i < COUNT(types); i++) {
		_cleanup_message_ ProtobufCMessage *filled = fill_message(types[i], 0);
		_cleanup_message_ ProtobufCMessage *message = NULL;
		_cleanup_buf_ struct buf first = {}, second = {};
		_cleanup_diag_ struct diag diag = {};

		json_add_message(&first, filled);
		assert_int_equal(json_parse_message((struct span){ first.data, first.bytes },
						    types[i], JSON_UNKNOWN_REFUSE, &message, &diag),
				 0);
		json_add_message(&second, message);
		assert_string_equal(buf_text(&first), buf_text(&second));
	}
}

/* Reads TEXT as an event and writes it again. */
static void assert_rewritten(const char *text, const char *wanted)
{
	_cleanup_event_ Tetragon__GetEventsResponse *event = NULL;
	_cleanup_buf_ struct buf out = {};
	_cleanup_diag_ struct diag diag = {};
	int r = json_parse_event(text, strlen(text), &event, &diag);

	if (r)
		fail_msg("%s: %s", text, buf_text(&diag.text));
	json_add_message(&out, &event->base);
	assert_string_equal(buf_text(&out), wanted);
}

static const struct {
	const char *text, *wanted;
} freedoms[] = {
	{ "{}", "{}" },
	{ " { } \n", "{}" },
	{ "{\"nodeName\":\"n\"}", "{\"node_name\":\"n\"}" },
	{ "{\"processExit\":{\"status\":\"7\"}}", "{\"process_exit\":{\"status\":7}}" },
	{ "{\"process_exit\":{\"status\":7.0}}", "{\"process_exit\":{\"status\":7}}" },
	{ "{\"process_exit\":{\"status\":2e3}}", "{\"process_exit\":{\"status\":2000}}" },
	{ "{\"process_exit\":{\"status\":null,\"signal\":null}}", "{\"process_exit\":{}}" },
	{ "{\"test\":{\"arg0\":5}}", "{\"test\":{\"arg0\":\"5\"}}" },
	{ "{\"test\":{\"arg0\":\"18446744073709551615\"}}",
	  "{\"test\":{\"arg0\":\"18446744073709551615\"}}" },
	{ "{\"process_exit\":{\"process\":{\"pid\":0,\"uid\":\"0\"}}}",
	  "{\"process_exit\":{\"process\":{\"pid\":0,\"uid\":0}}}" },
	{ "{\"process_exit\":null,\"node_name\":\"n\"}", "{\"node_name\":\"n\"}" },
	{ "{\"process_lsm\":{\"action\":3}}",
	  "{\"process_lsm\":{\"action\":\"KPROBE_ACTION_SIGKILL\"}}" },
	{ "{\"process_lsm\":{\"action\":-7}}", "{\"process_lsm\":{\"action\":-7}}" },
	{ "{\"process_lsm\":{\"tags\":[]}}", "{\"process_lsm\":{}}" },
	/* Of a newer writer: */
	{ "{\"process_dream\":{\"a\":[1,{\"b\":[]}]},\"node_name\":\"n\"}",
	  "{\"node_name\":\"n\"}" },
	{ "{\"process_lsm\":{\"action\":\"KPROBE_ACTION_DREAM\",\"message\":\"m\"}}",
	  "{\"process_lsm\":{\"message\":\"m\"}}" },
	{ "{\"process_exec\":{\"process\":{\"cap\":{\"effective\":[\"CAP_BPF\",\"CAP_DREAM\","
	  "\"CAP_KILL\"]}}}}",
	  "{\"process_exec\":{\"process\":{\"cap\":{\"effective\":[\"CAP_BPF\","
	  "\"CAP_KILL\"]}}}}" },
	/* All ways to write base64 */
	{ "{\"process_loader\":{\"buildid\":\"+/8AAQ==\"}}",
	  "{\"process_loader\":{\"buildid\":\"+/8AAQ==\"}}" },
	{ "{\"process_loader\":{\"buildid\":\"-_8AAQ\"}}",
	  "{\"process_loader\":{\"buildid\":\"+/8AAQ==\"}}" },
	{ "{\"process_loader\":{\"buildid\":\"YWJj\"}}",
	  "{\"process_loader\":{\"buildid\":\"YWJj\"}}" },
	{ "{\"process_loader\":{\"buildid\":\"\"}}", "{\"process_loader\":{}}" },
	/* All ways to write a time */
	{ "{\"time\":\"2024-02-29T23:59:59Z\"}", "{\"time\":\"2024-02-29T23:59:59Z\"}" },
	{ "{\"time\":\"2024-03-01T01:30:00.5+01:30\"}", "{\"time\":\"2024-03-01T00:00:00.500Z\"}" },
	{ "{\"time\":\"2023-12-31T22:00:00-02:00\"}", "{\"time\":\"2024-01-01T00:00:00Z\"}" },
	{ "{\"time\":\"0001-01-01T00:00:00Z\"}", "{\"time\":\"0001-01-01T00:00:00Z\"}" },
	{ "{\"time\":\"9999-12-31T23:59:59.999999999Z\"}",
	  "{\"time\":\"9999-12-31T23:59:59.999999999Z\"}" },
	{ "{\"node_labels\":{\"b\":\"2\",\"a\":\"1\"}}",
	  "{\"node_labels\":{\"a\":\"1\",\"b\":\"2\"}}" },
	{ "{\"node_name\":\"\\u00e9\\ud83d\\ude80\\u0001\"}",
	  "{\"node_name\":\"\xc3\xa9\xf0\x9f\x9a\x80\\u0001\"}" },
};

static void accepts_the_freedoms_of_the_mapping(void **state)
{
	for (size_t i = 0; i < COUNT(freedoms); i++)
		assert_rewritten(freedoms[i].text, freedoms[i].wanted);
}

static void assert_refused(const char *text, size_t bytes, const char *wanted)
{
	Tetragon__GetEventsResponse *event = NULL;
	_cleanup_diag_ struct diag diag = {};
	int r = json_parse_event(text, bytes, &event, &diag);

	if (r != -EINVAL || !strstr(buf_text(&diag.text), wanted))
		fail_msg("%.80s: returned %d and said %s", text, r, buf_text(&diag.text));
	assert_null(event);
}

#define PROCESS(fields) "{\"process_exec\":{\"process\":{" fields "}}}"

static const struct {
	const char *text, *wanted;
} mistakes[] = {
	{ PROCESS("\"pid\":\"abc\""), "field \"process_exec.process.pid\" is \"abc\"; it takes a "
				      "number from 0 to 4294967295\n" },
	{ PROCESS("\"pid\":-1"), "process.pid\" is -1; it takes a number from 0" },
	{ PROCESS("\"pid\":4294967296"), "process.pid\" is 4294967296;" },
	{ PROCESS("\"pid\":1.5"), "process.pid\" is 1.5;" },
	{ PROCESS("\"pid\":\"\""), "process.pid\" is \"\";" },
	{ PROCESS("\"pid\":\"-\""), "process.pid\" is \"-\";" },
	{ PROCESS("\"pid\":\" 1\""), "process.pid\" is" },
	{ PROCESS("\"pid\":\"99999999999999999999999999\""), "process.pid\" is" },
	{ PROCESS("\"pid\":true"), "process.pid\" is true;" },
	{ PROCESS("\"pid\":{}"), "process.pid\" is an object; it takes a number" },
	{ PROCESS("\"binary\":7"), "process.binary\" is 7; it takes a string" },
	{ PROCESS("\"binary\":[]"), "process.binary\" is a list; it takes a string" },
	{ PROCESS("\"in_init_tree\":1"), "in_init_tree\" is 1; it takes true or false" },
	{ PROCESS("\"start_time\":\"yesterday\""), "start_time\" is \"yesterday\"; it takes a "
						   "time like \"2006-" },
	{ PROCESS("\"start_time\":\"2023-02-29T00:00:00Z\""), "start_time\" is" },
	{ PROCESS("\"start_time\":\"2023-13-01T00:00:00Z\""), "start_time\" is" },
	{ PROCESS("\"start_time\":\"2023-01-01T24:00:00Z\""), "start_time\" is" },
	{ PROCESS("\"start_time\":\"2023-01-01T00:00:00\""), "start_time\" is" },
	{ PROCESS("\"start_time\":\"2023-01-01T00:00:00.Z\""), "start_time\" is" },
	{ PROCESS("\"start_time\":\"2023-01-01T00:00:00.1234567890Z\""), "start_time\" is" },
	{ PROCESS("\"start_time\":\"2023-01-01T00:00:00Zx\""), "start_time\" is" },
	{ PROCESS("\"start_time\":\"0001-01-01T00:00:00+01:00\""), "start_time\" is" },
	{ PROCESS("\"start_time\":5"), "start_time\" is 5;" },
	{ PROCESS("\"cap\":[]"), "process.cap\" is a list; it takes an object" },
	{ PROCESS("\"cap\":{\"effective\":5}"), "cap.effective\" is 5; it takes a list" },
	{ PROCESS("\"cap\":{\"effective\":[1,[]]}"), "cap.effective[1]\" is a list; it takes a "
						     "name or a number" },
	{ PROCESS("\"cap\":{\"effective\":[null]}"), "cap.effective[0]\" is null;" },
	{ PROCESS("\"pod\":{\"pod_labels\":[]}"), "pod.pod_labels\" is a list; it takes an "
						  "object" },
	{ PROCESS("\"pod\":{\"pod_labels\":{\"a\":1}}"), "pod.pod_labels.a\" is 1; it takes a "
							 "string" },
	{ PROCESS("\"parent_exec_id\":\"a\",\"parentExecId\":\"b\""),
	  "process.parentExecId\" is given as \"parent_exec_id\", too" },
	{ "{\"process_loader\":{\"buildid\":\"a\"}}", "buildid\" is \"a\"; it takes a string of "
						      "base64" },
	{ "{\"process_loader\":{\"buildid\":\"a*cd\"}}", "buildid\" is" },
	{ "{\"process_loader\":{\"buildid\":\"=\"}}", "buildid\" is" },
	{ "{\"process_loader\":{\"buildid\":\"ab=\"}}", "buildid\" is" },
	{ "{\"process_loader\":{\"buildid\":\"a=bc\"}}", "buildid\" is" },
	{ "{\"process_exec\":{},\"process_exit\":{}}",
	  "field \"process_exit\" cannot stand beside \"process_exec\"" },
	{ "{\"test\":{\"arg0\":\"18446744073709551616\"}}", "test.arg0\" is" },
	{ "{\"test\":{\"arg0\":1e300}}", "test.arg0\" is" },
	{ "[]", "the message is a list; it takes an object" },
	{ "7", "the message is no JSON object at byte" },
	{ "", "the message is no JSON object at byte 0" },
	{ "{", "the message is no JSON object" },
	{ "{\"a\":1", "the message is no JSON object" },
	{ "{} {}", "the message is no JSON object" },
	{ "{\"a\":1,\"a\":2}", "duplicate" },
	{ "{\"node_name\":\"\\u0000\"}", "the message is no JSON object" },
	{ "{\"node_name\":\"\xff\"}", "the message is no JSON object" },
	{ "{\"node_name\":\"\\ud800\"}", "the message is no JSON object" },
	{ "{\"test\":{\"arg0\":99999999999999999999}}", "the message is no JSON object" },
};

static void says_what_is_wrong_and_where(void **state)
{
	for (size_t i = 0; i < COUNT(mistakes); i++)
		assert_refused(mistakes[i].text, strlen(mistakes[i].text), mistakes[i].wanted);
}

static void never_passes_control_characters_on(void **state)
{
	static const char text[] = PROCESS("\"pid\":\"\\u001b[31m\",\"\\u001b]0;x\":1");
	static const char broken[] = "{\x1b[31m}";
	Tetragon__GetEventsResponse *event = NULL;
	_cleanup_diag_ struct diag diag = {};

	assert_int_equal(json_parse_event(text, strlen(text), &event, &diag), -EINVAL);
	assert_int_equal(json_parse_event(broken, strlen(broken), &event, &diag), -EINVAL);
	assert_int_equal(diag.lines, 2);
	assert_null(strchr(buf_text(&diag.text), '\x1b'));
}

static void finds_more_than_one_mistake_but_not_all_of_a_hostile_line(void **state)
{
	static const char two[] = PROCESS("\"pid\":\"a\",\"binary\":\"b\",\"uid\":\"c\"");
	Tetragon__GetEventsResponse *event = NULL;
	_cleanup_buf_ struct buf many = {};
	_cleanup_diag_ struct diag diag = {}, bounded = {};

	assert_int_equal(json_parse_event(two, strlen(two), &event, &diag), -EINVAL);
	assert_int_equal(diag.lines, 2);
	buf_add_text(&many, "{\"process_lsm\":{\"tags\":[");
	for (unsigned int i = 0; i < 1000; i++)
		buf_add_text(&many, "1,");
	buf_add_text(&many, "1]}}");
	assert_int_equal(json_parse_event(many.data, many.bytes, &event, &bounded), -EINVAL);
	assert_int_equal(bounded.lines, JSON_PARSE_MISTAKES_MAX);
}

static void repeat(struct buf *out, const char *text, size_t count)
{
	while (count--)
		buf_add_text(out, text);
}

static void refuses_what_is_beyond_its_limits(void **state)
{
	_cleanup_buf_ struct buf deep = {}, fits = {}, wide = {}, longer = {}, quoted = {};
	_cleanup_diag_ struct diag diag = {};
	Tetragon__GetEventsResponse *event = NULL;

	buf_add_text(&fits, "{\"x\":");
	repeat(&fits, "[", JSON_PARSE_DEPTH_MAX - 1);
	repeat(&fits, "]", JSON_PARSE_DEPTH_MAX - 1);
	buf_add_char(&fits, '}');
	assert_rewritten(buf_text(&fits), "{}");

	buf_add_text(&deep, "{\"x\":");
	repeat(&deep, "[", JSON_PARSE_DEPTH_MAX);
	assert_refused(buf_text(&deep), deep.bytes, "too many levels at byte 68; at most 64");

	buf_add_text(&wide, "{\"x\":[0");
	repeat(&wide, ",0", JSON_PARSE_VALUES_MAX);
	assert_refused(buf_text(&wide), wide.bytes, "too many values");

	repeat(&longer, "          ", JSON_PARSE_BYTES_MAX / 10 + 1);
	assert_refused(buf_text(&longer), longer.bytes, "bytes; at most 4194304 are read");

	/* Brackets and commas inside strings count for nothing. */
	buf_add_text(&quoted, "{\"x\":\"");
	repeat(&quoted, "[,\\\"{", JSON_PARSE_VALUES_MAX);
	buf_add_text(&quoted, "\"}");
	assert_int_equal(json_parse_event(quoted.data, quoted.bytes, &event, &diag), 0);
	event_free(&event);
}

static void refuses_typing_mistakes_where_that_is_asked_for(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{ "{\"binary_rgex\":[\"a\"]}",
		  "field \"binary_rgex\" is unknown to Filter; did you mean \"binary_regex\"?" },
		{ "{\"zzzzzzzzzzzz\":1}", "field \"zzzzzzzzzzzz\" is unknown to Filter\n" },
		{ "{\"event_set\":[\"PROCESS_EXE\"]}",
		  "field \"event_set[0]\" holds no name of "
		  "EventType; did you mean \"PROCESS_EXEC\"?" },
		{ "{\"event_set\":[\"zzzzzzzzzzzzz\"]}",
		  "holds no name of EventType, like \"UNDEF\"" },
		{ "{\"capabilities\":{\"effective\":{\"andy\":[]}}}",
		  "field \"capabilities.effective.andy\" is unknown to CapFilterSet" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ProtobufCMessage *message = NULL;
		_cleanup_diag_ struct diag diag = {};

		assert_int_equal(json_parse_message(span_of(rows[i].text),
						    &tetragon__filter__descriptor,
						    JSON_UNKNOWN_REFUSE, &message, &diag),
				 -EINVAL);
		assert_null(message);
		assert_int_equal(diag.lines, 1);
		if (!strstr(buf_text(&diag.text), rows[i].wanted))
			fail_msg("%s: said %s", rows[i].text, buf_text(&diag.text));
	}
}

static void reads_masks_in_both_spellings(void **state)
{
	static const char text[] =
		"{\"fields\":\"process.execId,parent.parent_exec_id\",\"invertEventSet\":true}";
	ProtobufCMessage *message = NULL;
	_cleanup_diag_ struct diag diag = {};
	const Tetragon__FieldFilter *filter;

	assert_int_equal(json_parse_message(span_of(text), &tetragon__field_filter__descriptor,
					    JSON_UNKNOWN_REFUSE, &message, &diag),
			 0);
	filter = (const Tetragon__FieldFilter *)message;
	assert_int_equal(filter->fields->n_paths, 2);
	assert_string_equal(filter->fields->paths[0], "process.exec_id");
	assert_string_equal(filter->fields->paths[1], "parent.parent_exec_id");
	assert_true(filter->invert_event_set->value);
	protobuf_c_message_free_unpacked(message, NULL);
}

static void reads_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
		int32_t nanos;
		int result;
	} rows[] = {
		{ "\"0s\"", 0, 0, 0 },
		{ "\"1.5s\"", 1, 500000000, 0 },
		{ "\"-1.5s\"", -1, -500000000, 0 },
		{ "\"315576000000.000000001s\"", 315576000000, 1, 0 },
		{ "\"315576000001s\"", 0, 0, -EINVAL },
		{ "\"99999999999999999999s\"", 0, 0, -EINVAL },
		{ "\"1\"", 0, 0, -EINVAL },
		{ "\"s\"", 0, 0, -EINVAL },
		{ "\"1.s\"", 0, 0, -EINVAL },
		{ "\"1sx\"", 0, 0, -EINVAL },
		{ "\"- 1s\"", 0, 0, -EINVAL },
		{ "1", 0, 0, -EINVAL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[80];
		_cleanup_message_ ProtobufCMessage *message = NULL;
		_cleanup_diag_ struct diag diag = {};
		const Google__Protobuf__Duration *duration;

		snprintf(text, sizeof(text), "{\"window_size\":%s}", rows[i].text);
		assert_int_equal(json_parse_message(span_of(text),
						    &tetragon__aggregation_options__descriptor,
						    JSON_UNKNOWN_REFUSE, &message, &diag),
				 rows[i].result);
		if (rows[i].result)
			continue;
		duration = ((const Tetragon__AggregationOptions *)message)->window_size;
		assert_int_equal(duration->seconds, rows[i].seconds);
		assert_int_equal(duration->nanos, rows[i].nanos);
	}
}

/* Every cut and every changed byte of a full event: refused or read, never a crash or a leak. */
static void survives_damaged_events(void **state)
{
	const ProtobufCMessageDescriptor *type = &tetragon__get_events_response__descriptor;
	_cleanup_message_ ProtobufCMessage *filled = fill_message(type, 1);
	_cleanup_buf_ struct buf text = {};
	unsigned int refused = 0;

	json_add_message(&text, filled);
	for (size_t i = 0; i < text.bytes; i++) {
		_cleanup_event_ Tetragon__GetEventsResponse *cut = NULL, *changed = NULL;
		_cleanup_diag_ struct diag diag = {};
		char kept = text.data[i];

		assert_int_equal(json_parse_event(text.data, i, &cut, &diag), -EINVAL);
		text.data[i] = (char)(kept ^ 1);
		refused += json_parse_event(text.data, text.bytes, &changed, &diag) != 0;
		text.data[i] = kept;
	}
	assert_in_range(refused, 1, text.bytes - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_every_field_of_every_event),
		cmocka_unit_test(reads_back_filters_and_masks),
		cmocka_unit_test(accepts_the_freedoms_of_the_mapping),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(never_passes_control_characters_on),
		cmocka_unit_test(finds_more_than_one_mistake_but_not_all_of_a_hostile_line),
		cmocka_unit_test(refuses_what_is_beyond_its_limits),
		cmocka_unit_test(refuses_typing_mistakes_where_that_is_asked_for),
		cmocka_unit_test(reads_masks_in_both_spellings),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(survives_damaged_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
