/* SPDX-License-Identifier: Apache-2.0 */
/* The event line's ends: the event file on a disk that fills up, and the recording. */
#include "cmocka_case.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "event/json_parse.h"

#include "run_pipeline.h"

static const struct wire_process_id nobody;
static const struct made_texts texts = { .binary = SPAN("/bin/sh"),
					 .args = SPAN("sh\0a \"b\" \n\xff\0") };

static char path[] = "/tmp/pipeline-XXXXXX";
static struct run run;

static void set_disk(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int set_up(void **state)
{
	memset(path + strlen(path) - 6, 'X', 6);
	close(mkstemp(path));
	run = (struct run){};
	return run_init(&run, 64) || output_file_new(&run.pipeline.file, path, 0600, NULL);
}

static int tear_down(void **state)
{
	set_disk(RLIM_INFINITY);
	run_done(&run);
	unlink(path);
	return 0;
}

/* Reads the file's lines, all of which must be events; how many there are. GAP is the last gap's
 * loss. */
static unsigned int count_events(uint64_t *out_gap)
{
	FILE *file = fopen(path, "r");
	unsigned int count = 0;
	size_t capacity = 0;
	char *line = NULL;
	ssize_t bytes;

	assert_non_null(file);
	while ((bytes = getline(&line, &capacity, file)) > 0) {
		Tetragon__GetEventsResponse *event = NULL;
		_cleanup_diag_ struct diag diag = {};

		assert_int_equal(line[bytes - 1], '\n');
		if (json_parse_event(line, (size_t)bytes, &event, &diag))
			fail_msg("%s", buf_text(&diag.text));
		if (event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP)
			*out_gap = event->gap->lost;
		count++;
		protobuf_c_message_free_unpacked(&event->base, NULL);
	}
	free(line);
	fclose(file);
	return count;
}

static void events_are_lines_of_the_file_after_each_batch(void **state)
{
	uint64_t gap = 0;

	run_exec(&run, process_id(5, 50), nobody, nobody, &texts);
	run_exit(&run, process_id(5, 50), 0);
	assert_int_equal(count_events(&gap), 0);
	pipeline_end_batch(&run.pipeline);
	assert_int_equal(count_events(&gap), 2);
	assert_int_equal(output_file_free(run.pipeline.file), 0);
}

static void a_full_disk_is_a_gap_in_the_file_once_there_is_room(void **state)
{
	const unsigned int sent = 3000;
	struct output_file_stats stats;
	uint64_t gap = 0;

	log_set_level(LOG_LEVEL_ERROR);
	set_disk(1000); /* in the middle of a line */
	for (unsigned int i = 0; i < sent; i++)
		run_exec(&run, process_id(5, 50 + i), nobody, process_id(5, 49 + i), &texts);
	pipeline_end_batch(&run.pipeline);
	output_file_read_stats(run.pipeline.file, &stats);
	assert_true(stats.dropped > 100 && stats.dropped < sent);
	set_disk(RLIM_INFINITY);
	pipeline_end_batch(&run.pipeline);
	pipeline_end_batch(&run.pipeline);
	assert_int_equal(count_events(&gap), sent - stats.dropped + 1);
	assert_int_equal(gap, stats.dropped);
	assert_int_equal(output_file_free(run.pipeline.file), 0);
}

static void a_recording_has_the_records_as_they_came(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t bytes = 0;

	run.pipeline.recording = open_memstream(&data, &bytes);
	assert_non_null(run.pipeline.recording);
	run_exec(&run, process_id(5, 50), nobody, nobody, &texts);
	fclose(run.pipeline.recording);
	assert_int_equal(bytes, run.made.header.bytes);
	assert_memory_equal(data, &run.made, bytes);
	assert_int_equal(output_file_free(run.pipeline.file), 0);
}

static int ignore_signal(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	return 0;
}

/* Flags of which none is given. */
static const struct daemon_options no_flags = {
	.export_allowlist = "",
	.export_denylist = "",
	.field_filters = "",
	.redaction_filters = "",
};

static void filters_choose_what_the_file_gets_and_nobody_else(void **state)
{
	struct daemon_options flags = no_flags;
	struct export_filters filters = {};
	_cleanup_diag_ struct diag diag = {};
	uint64_t gap = 0;

	flags.export_denylist = "{\"event_set\":[\"PROCESS_EXIT\"]}";
	flags.field_filters = "{\"fields\":\"process.pid\"}";
	assert_int_equal(export_filters_init(&filters, &flags, &diag), 0);
	run.pipeline.options.filters = &filters;
	run_exec(&run, process_id(5, 50), nobody, nobody, &texts);
	run_exit(&run, process_id(5, 50), 0);
	pipeline_end_batch(&run.pipeline);
	assert_int_equal(count_events(&gap), 1);
	assert_int_equal(run.pipeline.stats.events, 2);
	export_filters_done(&filters);
	run.pipeline.options.filters = NULL;
	assert_int_equal(output_file_free(run.pipeline.file), 0);
}

/* How many events the limit dropped, as the file says. */
static uint64_t count_dropped(void)
{
	FILE *file = fopen(path, "r");
	uint64_t dropped = 0;
	size_t capacity = 0;
	char *line = NULL;

	assert_non_null(file);
	while (getline(&line, &capacity, file) > 0) {
		const char *said = strstr(line, "\"number_of_dropped_process_events\":\"");

		dropped += said ? strtoull(strpbrk(said, "0123456789"), NULL, 10) : 0;
	}
	free(line);
	fclose(file);
	return dropped;
}

static void what_the_limit_drops_is_told_to_the_end(void **state)
{
	uint64_t gap = 0;

	run.pipeline.limit.is_limited = true;
	run.pipeline.limit.per_minute = 2;
	for (unsigned int i = 0; i < 10; i++)
		run_exec(&run, process_id(5, 50 + i), nobody, process_id(5, 49 + i), &texts);
	pipeline_tick(&run.pipeline);
	assert_int_equal(count_dropped(), 8);
	/* within the same minute, and then the agent ends */
	for (unsigned int i = 10; i < 15; i++)
		run_exec(&run, process_id(5, 50 + i), nobody, process_id(5, 49 + i), &texts);
	pipeline_tick(&run.pipeline);
	assert_int_equal(count_dropped(), 8);
	pipeline_flush(&run.pipeline);
	assert_int_equal(count_dropped(), 13);
	assert_int_equal(count_events(&gap), 2 + 2);
	assert_int_equal(output_file_free(run.pipeline.file), 0);
}

/* No other will ever be equal to them. */
static void execs_and_exits_do_not_wait_for_equal_ones(void **state)
{
	uint64_t gap = 0;

	assert_int_equal(aggregate_new(&run.pipeline.aggregate, UINT64_MAX / 2, 100), 0);
	run_exec(&run, process_id(5, 50), nobody, nobody, &texts);
	run_exit(&run, process_id(5, 50), 0);
	pipeline_end_batch(&run.pipeline);
	assert_int_equal(count_events(&gap), 2);
	assert_int_equal(output_file_free(run.pipeline.file), 0);
}

static void what_says_what_is_missing_passes_every_filter(void **state)
{
	static const Tetragon__GetEventsResponse__EventCase kinds[] = {
		TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP,
		TETRAGON__GET_EVENTS_RESPONSE__EVENT_RATE_LIMIT_INFO,
		TETRAGON__GET_EVENTS_RESPONSE__EVENT_TEST,
	};
	struct daemon_options flags = no_flags;
	struct export_filters filters = {};
	bool no_memory;

	flags.export_denylist = "{}";
	assert_int_equal(export_filters_init(&filters, &flags, NULL), 0);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;

		event.event_case = kinds[i];
		assert_ptr_equal(export_filters_apply(&filters, &event, &no_memory),
				 i < 2 ? &event : NULL);
		assert_false(no_memory);
	}
	export_filters_done(&filters);
	assert_int_equal(output_file_free(run.pipeline.file), 0);
}

static void all_mistakes_in_flags_are_told_with_their_flag(void **state)
{
	struct daemon_options flags = no_flags;
	struct export_filters filters = {};
	_cleanup_diag_ struct diag diag = {};
	static const char *const words[] = {
		"--export-allowlist, entry 1, key \"pid_set\": is off here",
		"allow it with --enable-pid-set-filter",
		"--export-denylist, entry 1, key \"ancestor_binary_regex\": events show no "
		"ancestors; switch them on with --enable-ancestors",
		"--field-filters, entry 1: path \"proces\"",
		"--redaction-filters: 1:1: field \"redcat\"",
	};

	flags.export_allowlist = "{\"pid_set\":[1]}";
	flags.export_denylist = "{\"ancestor_binary_regex\":[\"x\"]}";
	flags.field_filters = "{\"fields\":\"proces\"}";
	flags.redaction_filters = "{\"redcat\":[]}";
	assert_int_equal(export_filters_init(&filters, &flags, &diag), -EINVAL);
	for (size_t i = 0; i < COUNT(words); i++) {
		if (!strstr(buf_text(&diag.text), words[i]))
			fail_msg("%s\n%s", words[i], buf_text(&diag.text));
	}
	export_filters_done(&filters);
	assert_int_equal(output_file_free(run.pipeline.file), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(events_are_lines_of_the_file_after_each_batch),
		CASE(a_full_disk_is_a_gap_in_the_file_once_there_is_room),
		CASE(a_recording_has_the_records_as_they_came),
		CASE(filters_choose_what_the_file_gets_and_nobody_else),
		CASE(what_the_limit_drops_is_told_to_the_end),
		CASE(execs_and_exits_do_not_wait_for_equal_ones),
		CASE(what_says_what_is_missing_passes_every_filter),
		CASE(all_mistakes_in_flags_are_told_with_their_flag),
	};

	return cmocka_run_group_tests(tests, ignore_signal, NULL);
}
