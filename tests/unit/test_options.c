/* SPDX-License-Identifier: Apache-2.0 */
/* Flags: grammar, kinds of values, complaints, sources, help. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct settings {
	bool debug;
	bool verbose;
	const char *output;
	const char *export_filename;
	const char *print;
	uint64_t workers;
	int64_t rate;
	uint64_t ring_bytes;
	uint64_t timeout_ns;
	struct option_list types;
};

static const struct option_row rows[] = {
	{ "debug", 'd', OPTION_BOOL, offsetof(struct settings, debug), .help = "say more" },
	{ "verbose", 'v', OPTION_BOOL, offsetof(struct settings, verbose), .value = "true",
	  .help = "say even more" },
	{ "output", 'o', OPTION_TEXT, offsetof(struct settings, output), .value = "json",
	  .choices = "json|compact", .help = "how events are written" },
	{ "export-filename", 0, OPTION_TEXT, offsetof(struct settings, export_filename),
	  .placeholder = "PATH", .help = "file that receives one JSON object per line",
	  .group = "Export" },
	{ "workers", 0, OPTION_UINT, offsetof(struct settings, workers), .value = "3",
	  .help = "how many" },
	{ "rate", 'r', OPTION_INT, offsetof(struct settings, rate), .value = "-1",
	  .help = "events per minute, which is a very long explanation that is to be wrapped "
		  "into several lines of at most eighty columns" },
	{ "rb-size", 0, OPTION_SIZE, offsetof(struct settings, ring_bytes), .value = "64K",
	  .help = "ring" },
	{ "timeout", 0, OPTION_DURATION, offsetof(struct settings, timeout_ns), .value = "30s",
	  .help = "wait" },
	{ "event-types", 'e', OPTION_LIST, offsetof(struct settings, types), .help = "types" },
	{ "secret", 0, OPTION_BOOL, offsetof(struct settings, verbose), .value = "true" },
	{ "print", 0, OPTION_TEXT, offsetof(struct settings, print), .choices = "text|json",
	  .bare = "text", .is_action = true, .help = "print and end" },
};

struct fixture {
	struct settings settings;
	struct options *options;
	struct diag diag;
};

static int setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){};
	*state = &fixture;
	if (options_new(&fixture.options))
		return -1;
	return options_add_table(fixture.options, rows, COUNT(rows), &fixture.settings);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	options_free(fixture->options);
	diag_done(&fixture->diag);
	return 0;
}

enum { WORDS_MAX = 8 };

static int parse(struct fixture *fixture, const char *const *words)
{
	int count = 0;

	while (count < WORDS_MAX && words[count])
		count++;
	return options_parse(fixture->options, count, (char *const *)words, &fixture->diag);
}

static void starts_with_defaults(void **state)
{
	struct fixture *fixture = *state;

	assert_false(fixture->settings.debug);
	assert_true(fixture->settings.verbose);
	assert_string_equal(fixture->settings.output, "json");
	assert_string_equal(fixture->settings.export_filename, "");
	assert_int_equal(fixture->settings.workers, 3);
	assert_int_equal(fixture->settings.rate, -1);
	assert_int_equal(fixture->settings.ring_bytes, 65536);
	assert_int_equal(fixture->settings.timeout_ns, 30000000000);
	assert_int_equal(fixture->settings.types.count, 0);
	assert_string_equal(options_get_source(fixture->options, "rate"), "default");
}

static void understands_every_spelling_of_a_text_flag(void **state)
{
	static const char *const cases[][WORDS_MAX] = {
		{ "--output", "compact" }, { "--output=compact" }, { "-o", "compact" },
		{ "-ocompact" },	   { "-o=compact" },	   { "-do", "compact" },
		{ "-dvocompact" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture *fixture = *state;

		assert_int_equal(parse(fixture, cases[i]), 0);
		assert_string_equal(fixture->settings.output, "compact");
		assert_string_equal(options_get_source(fixture->options, "output"),
				    OPTIONS_SOURCE_COMMAND_LINE);
		teardown(state);
		setup(state);
	}
}

static void understands_booleans(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		bool debug;
		bool verbose;
	} cases[] = {
		{ { "--debug" }, true, true },
		{ { "--debug=true", "--verbose=false" }, true, false },
		{ { "-d", "-v=0" }, true, false },
		{ { "-dv" }, true, true },
		{ { "--debug", "--debug=F" }, false, true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture *fixture = *state;

		assert_int_equal(parse(fixture, cases[i].words), 0);
		assert_int_equal(fixture->settings.debug, cases[i].debug);
		assert_int_equal(fixture->settings.verbose, cases[i].verbose);
		teardown(state);
		setup(state);
	}
}

static void collects_words_between_flags(void **state)
{
	static const char *const words[] = { "tp", "--workers", "7",  "add",
					     "-",  "--rate",	"-5", NULL };
	static const char *const rest[] = { "--", "--debug", NULL };
	struct fixture *fixture = *state;
	const struct option_list *list = options_get_words(fixture->options);

	assert_int_equal(parse(fixture, words), 0);
	assert_int_equal(parse(fixture, rest), 0);
	assert_int_equal(list->count, 4);
	assert_string_equal(list->items[0], "tp");
	assert_string_equal(list->items[1], "add");
	assert_string_equal(list->items[2], "-");
	assert_string_equal(list->items[3], "--debug");
	assert_int_equal(fixture->settings.workers, 7);
	assert_int_equal(fixture->settings.rate, -5);
	assert_false(fixture->settings.debug);
}

static void stops_at_the_first_word_when_asked(void **state)
{
	static const char *const words[] = { "--debug", "-o", "compact", "getevents", "--unknown" };
	struct fixture *fixture = *state;
	int used = -1;

	assert_int_equal(options_parse_leading(fixture->options, COUNT(words), (char *const *)words,
					       &used, &fixture->diag),
			 0);
	assert_int_equal(used, 3);
	assert_true(fixture->settings.debug);
	assert_int_equal(options_get_words(fixture->options)->count, 0);
}

static void reads_numbers_of_every_kind(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		uint64_t wanted;
	} cases[] = {
		{ "workers", "0", 0 },
		{ "workers", "0x10", 16 },
		{ "workers", "18446744073709551615", UINT64_MAX },
		{ "rb-size", "10", 10 },
		{ "rb-size", "4M", 4 << 20 },
		{ "rb-size", "1g", 1 << 30 },
		{ "rate", "-9223372036854775808", (uint64_t)INT64_MIN },
		{ "rate", "+3", 3 },
		{ "timeout", "500ms", 500000000 },
		{ "timeout", "1h30m", 5400000000000 },
		{ "timeout", "1.5s", 1500000000 },
		{ "timeout", "1us2ns", 1002 },
		{ "timeout", "0", 0 },
		{ "timeout", "18446744073.709551615s", UINT64_MAX },
		{ "timeout", "18446744073709551614ns1ns", UINT64_MAX },
		{ "timeout", "0.5h0.000000001s", 1800000000001 },
		{ "timeout", "1.9999999999999999999s", 1999999999 },
		{ "rb-size", "17179869183G", UINT64_MAX - (1 << 30) + 1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t got;

		assert_int_equal(options_set(fixture->options, cases[i].name, cases[i].value,
					     "file", &fixture->diag),
				 0);
		for (size_t j = 0; j < COUNT(rows); j++) {
			if (strcmp(rows[j].name, cases[i].name) == 0)
				memcpy(&got, (char *)&fixture->settings + rows[j].offset,
				       sizeof(got));
		}
		assert_int_equal(got, cases[i].wanted);
	}
}

static void refuses_bad_values_and_keeps_the_old_ones(void **state)
{
	static const struct {
		const char *name;
		const char *value;
	} cases[] = {
		{ "debug", "yes" },
		{ "output", "xml" },
		{ "output", "json|compact" },
		{ "workers", "-1" },
		{ "workers", "" },
		{ "workers", "3x" },
		{ "workers", " 3" },
		{ "rate", "--3" },
		{ "rate", "9223372036854775808" },
		{ "rb-size", "64KB" },
		{ "rb-size", "K" },
		{ "rb-size", "99999999999G" },
		{ "timeout", "30" },
		{ "timeout", "" },
		{ "timeout", "5s5" },
		{ "timeout", "-5s" },
		{ "timeout", ".5s" },
		{ "timeout", "99999999999h" },
		{ "timeout", "18446744073.709551616s" }, /* the fraction is too much */
		{ "timeout", "18446744073.9s" },
		{ "timeout", "18446744073709551615ns1ns" },
		{ "timeout", "1s " },
		{ "timeout", "1S" },
		{ "timeout", "1h-1m" },
		{ "timeout", "s" },
		{ "rb-size", "17179869184G" },
		{ "rb-size", "1.5M" },
		{ "rb-size", "-1" },
		{ "rate", "-9223372036854775809" },
		{ "rate", "+" },
		{ "rate", "+-1" },
		{ "workers", "08" },
		{ "workers", "0x" },
		{ "workers", "99999999999999999999999" },
	};
	struct fixture *fixture = *state;
	struct settings before = fixture->settings;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(options_set(fixture->options, cases[i].name, cases[i].value,
					     "file", &fixture->diag),
				 -EINVAL);
		assert_int_equal(fixture->diag.lines, i + 1);
		assert_memory_equal(&fixture->settings, &before, sizeof(before));
	}
	assert_string_equal(options_get_source(fixture->options, "workers"), "default");
}

static void says_what_would_be_right(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *line;
	} cases[] = {
		{ { "--export-filenam=x" },
		  "unknown flag \"--export-filenam\"; did you mean \"--export-filename\"?\n" },
		{ { "--xyzzyplugh" }, "unknown flag \"--xyzzyplugh\"\n" },
		{ { "-x" }, "unknown flag \"-x\" in \"-x\"; --help lists the flags\n" },
		{ { "--output" }, "flag \"--output\" needs a value: --output json|compact\n" },
		{ { "--export-filename" },
		  "flag \"--export-filename\" needs a value: --export-filename PATH\n" },
		{ { "-oxml" }, "bad value \"xml\" for flag \"--output\": want json|compact\n" },
		{ { "--timeout", "30" },
		  "bad value \"30\" for flag \"--timeout\": want a time with its unit, such as "
		  "30s, 500ms or 1h30m\n" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture *fixture = *state;

		assert_int_equal(parse(fixture, cases[i].words), -EINVAL);
		assert_string_equal(buf_text(&fixture->diag.text), cases[i].line);
		teardown(state);
		setup(state);
	}
}

static void reports_all_mistakes_of_one_command_line(void **state)
{
	static const char *const words[] = { "--nope", "--rate=x", "--debug", NULL };
	struct fixture *fixture = *state;

	assert_int_equal(parse(fixture, words), -EINVAL);
	assert_int_equal(fixture->diag.lines, 2);
	assert_true(fixture->settings.debug);
}

static void names_the_source_of_a_bad_value(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(options_set(fixture->options, "rate", "x", "environment", &fixture->diag),
			 -EINVAL);
	assert_string_equal(buf_text(&fixture->diag.text),
			    "environment: bad value \"x\" for flag \"--rate\": want a number\n");
}

static void assert_list(const struct option_list *list, const char *wanted)
{
	_cleanup_buf_ struct buf text = {};

	for (size_t i = 0; i < list->count; i++)
		buf_add_format(&text, "%s%s", i ? "|" : "", list->items[i]);
	assert_string_equal(buf_text(&text), wanted);
}

static void lists_grow_within_a_source_and_start_anew_from_the_next(void **state)
{
	static const char *const words[] = { "-e", "c", "--event-types=d,e", NULL };
	struct fixture *fixture = *state;

	assert_int_equal(options_set(fixture->options, "event-types", "a,b", "environment", NULL),
			 0);
	assert_list(&fixture->settings.types, "a|b");
	assert_int_equal(parse(fixture, words), 0);
	assert_list(&fixture->settings.types, "c|d|e");
	assert_int_equal(options_set(fixture->options, "event-types", "", "file", NULL), 0);
	assert_list(&fixture->settings.types, "");
}

static void refuses_a_name_or_letter_that_is_taken(void **state)
{
	static const struct option_row same_name[] = {
		{ "debug", 'x', OPTION_BOOL, 0, .help = "again" },
	};
	static const struct option_row same_letter[] = {
		{ "other", 'd', OPTION_BOOL, 0, .help = "again" },
	};
	struct fixture *fixture = *state;
	bool target = false;

	assert_int_equal(options_add_table(fixture->options, same_name, 1, &target), -EEXIST);
	assert_int_equal(options_add_table(fixture->options, same_letter, 1, &target), -EEXIST);
}

static void note_value(void *context, const struct option_row *row, const char *value,
		       const char *source)
{
	if (strcmp(row->name, "rb-size") == 0)
		buf_add_format(context, "%s = %s # %s", row->name, value, source);
}

static void visits_values_as_they_were_given(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};

	assert_int_equal(options_set(fixture->options, "rb-size", "2M", "/etc/x", NULL), 0);
	options_visit(fixture->options, note_value, &text);
	assert_string_equal(buf_text(&text), "rb-size = 2M # /etc/x");
}

static void help_fits_eighty_columns_and_hides_what_has_no_help(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};
	const char *line;

	options_add_help(fixture->options, &text);
	line = buf_text(&text);
	assert_null(strstr(line, "secret"));
	assert_non_null(strstr(line, "  -o, --output json|compact"));
	assert_non_null(strstr(line, "(default 30s)"));
	assert_non_null(strstr(line, "\nExport:\n      --export-filename PATH"));
	while (*line) {
		size_t bytes = strcspn(line, "\n");

		assert_true(bytes <= 80);
		line += bytes + 1;
	}
}

static void a_bare_flag_takes_no_word_as_its_value(void **state)
{
	static const char *const bare[WORDS_MAX] = { "--print", "json" };
	static const char *const given[WORDS_MAX] = { "--print=json" };
	struct fixture *fixture = *state;

	assert_int_equal(parse(fixture, bare), 0);
	assert_string_equal(fixture->settings.print, "text");
	assert_int_equal(options_get_words(fixture->options)->count, 1);
	assert_int_equal(parse(fixture, given), 0);
	assert_string_equal(fixture->settings.print, "json");
}

static void only_the_command_line_asks_for_an_action(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(options_set(fixture->options, "print", "text", "f.yaml:1", &fixture->diag),
			 -EINVAL);
	assert_string_equal(buf_text(&fixture->diag.text),
			    "f.yaml:1: \"print\" is for the command line only\n");
	assert_string_equal(fixture->settings.print, "");
}

static void tells_text_row_and_whether_it_differs_from_the_default(void **state)
{
	static const char *const words[WORDS_MAX] = { "--rate=5", "--output=json" };
	struct fixture *fixture = *state;
	const struct options *options = fixture->options;

	assert_int_equal(parse(fixture, words), 0);
	assert_string_equal(options_get_text(options, "rate"), "5");
	assert_true(options_differs(options, "rate"));
	assert_false(options_differs(options, "output"));
	assert_false(options_differs(options, "debug"));
	assert_false(options_differs(options, "none"));
	assert_string_equal(options_get_row(options, "debug")->name, "debug");
	assert_null(options_get_row(options, "debugs"));
	assert_null(options_get_text(options, "debugs"));
}

static void a_complaint_without_its_source_goes_into_the_message(void **state)
{
	_cleanup_buf_ struct buf message = {};
	struct fixture *fixture = *state;

	assert_int_equal(options_try(fixture->options, "workers", "x", "f.yaml:1", &message),
			 -EINVAL);
	assert_string_equal(buf_text(&message),
			    "bad value \"x\" for flag \"--workers\": want a number from 0 up");
	assert_int_equal(options_try(fixture->options, "workers", "7", "f.yaml:1", &message), 0);
	assert_string_equal(options_get_source(fixture->options, "workers"), "f.yaml:1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(starts_with_defaults),
		TEST(understands_every_spelling_of_a_text_flag),
		TEST(understands_booleans),
		TEST(collects_words_between_flags),
		TEST(stops_at_the_first_word_when_asked),
		TEST(reads_numbers_of_every_kind),
		TEST(refuses_bad_values_and_keeps_the_old_ones),
		TEST(says_what_would_be_right),
		TEST(reports_all_mistakes_of_one_command_line),
		TEST(names_the_source_of_a_bad_value),
		TEST(lists_grow_within_a_source_and_start_anew_from_the_next),
		TEST(refuses_a_name_or_letter_that_is_taken),
		TEST(visits_values_as_they_were_given),
		TEST(a_bare_flag_takes_no_word_as_its_value),
		TEST(only_the_command_line_asks_for_an_action),
		TEST(tells_text_row_and_whether_it_differs_from_the_default),
		TEST(a_complaint_without_its_source_goes_into_the_message),
		TEST(help_fits_eighty_columns_and_hides_what_has_no_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
