/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log: levels, both formats, the file beside standard error. */
#include "cmocka_case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

static char directory[] = "/tmp/test-log-XXXXXX";
static char path[64], moved[64];

static int set_up(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/test-log-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/log", directory);
	snprintf(moved, sizeof(moved), "%s/log.1", directory);
	return log_open_file(path);
}

static int tear_down(void **state)
{
	log_set_level(LOG_LEVEL_INFO);
	log_set_format(LOG_FORMAT_TEXT);
	log_open_file(NULL);
	unlink(path);
	unlink(moved);
	return rmdir(directory);
}

/* What the file NAME holds, NUL-terminated. */
static const char *read_file(const char *name)
{
	static char text[64 * 1024];
	_cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t bytes = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[bytes > 0 ? bytes : 0] = '\0';
	return text;
}

static void lines_of_the_file_begin_with_the_time(void **state)
{
	unsigned int year, milliseconds;
	char level[8], rest[64];

	log_warn("policy \"%s\" is gone", "a");
	assert_int_equal(sscanf(read_file(path), "%4u-%*2u-%*2uT%*2u:%*2u:%*2u.%3uZ %7s %63[^\n]",
				&year, &milliseconds, level, rest),
			 4);
	assert_true(year >= 2020);
	assert_string_equal(level, "warn");
	assert_string_equal(rest, "policy \"a\" is gone");
}

static void what_is_above_the_level_is_not_written(void **state)
{
	log_debug("quiet");
	assert_string_equal(read_file(path), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("loud");
	assert_non_null(strstr(read_file(path), "debug loud\n"));
}

/* In: a message. Out: it as the value of "msg". */
static const struct {
	const char *text, *json;
} escapes[] = {
	{ "plain", "plain" },
	{ "say \"a\\b\"", "say \\\"a\\\\b\\\"" },
	{ "line\nfeed\x1b", "line\\u000afeed\\u001b" },
	{ "caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac" },
	{ "bad \xff\xc3", "bad \\ufffd\\ufffd" },
};

static void json_lines_hold_hostile_text_safely(void **state)
{
	log_set_format(LOG_FORMAT_JSON);
	for (size_t i = 0; i < COUNT(escapes); i++) {
		char wanted[128];

		snprintf(wanted, sizeof(wanted), "\"level\":\"info\",\"msg\":\"%s\"}\n",
			 escapes[i].json);
		log_info("%s", escapes[i].text);
		if (!strstr(read_file(path), wanted))
			fail_msg("no %s in %s", wanted, read_file(path));
	}
	assert_int_equal(strncmp(read_file(path), "{\"time\":\"20", 11), 0);
}

static void a_long_message_is_cut_and_its_line_still_ends(void **state)
{
	static char text[8192];

	for (int json = 0; json < 2; json++) {
		const char *got;

		memset(text, '\x01', sizeof(text) - 1);
		log_set_format(json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT);
		log_info("%s", text);
		got = read_file(path);
		assert_in_range(strlen(got), 2048, 16384);
		assert_int_equal(got[strlen(got) - 1], '\n');
	}
	assert_non_null(strstr(read_file(path), "\\u0001\"}\n"));
}

static void a_file_that_was_moved_away_is_opened_anew(void **state)
{
	log_info("first");
	assert_int_equal(rename(path, moved), 0);
	log_info("second");
	assert_int_equal(log_open_file(path), 0);
	log_info("third");
	assert_non_null(strstr(read_file(moved), "second"));
	assert_null(strstr(read_file(moved), "third"));
	assert_non_null(strstr(read_file(path), "third"));
}

static void a_file_that_cannot_be_opened_changes_nothing(void **state)
{
	assert_int_equal(log_open_file("/proc/nowhere/log"), -ENOENT);
	log_info("still here");
	assert_non_null(strstr(read_file(path), "still here"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(lines_of_the_file_begin_with_the_time),
		CASE(what_is_above_the_level_is_not_written),
		CASE(json_lines_hold_hostile_text_safely),
		CASE(a_long_message_is_cut_and_its_line_still_ends),
		CASE(a_file_that_was_moved_away_is_opened_anew),
		CASE(a_file_that_cannot_be_opened_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
