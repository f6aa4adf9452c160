/* SPDX-License-Identifier: Apache-2.0 */
/* argv and environment -> words of an event. */
#include "cmocka_case.h"

#include "process/arguments.h"

static void argv_is_joined_by_the_rule_that_people_search_for(void **state)
{
	static const struct {
		struct span argv;
		const char *joined;
	} rows[] = {
		{ SPAN(""), "" },
		{ SPAN("sh\0"), "" },
		{ SPAN("sh"), "" },
		{ SPAN("\0"), "" },
		{ SPAN("sh\0-c\0true\0"), "-c true" },
		{ SPAN("sh\0-c\0true"), "-c true" }, /* cut: no NUL at the end */
		{ SPAN("sh\0two words\0"),
		  " \"two words\"" }, /* a space before it, even as the first */
		{ SPAN("sh\0-c\0two words\0x\0"), "-c \"two words\" x" },
		{ SPAN("sh\0 \0"), " \" \"" },
		{ SPAN("sh\0\0"), "" },
		{ SPAN("sh\0\0\0"), " " },
		{ SPAN("sh\0\0x\0"), " x" },
		{ SPAN("sh\0x\0\0"), "x " },
		{ SPAN("sh\0x\0\0y\0"), "x  y" },
		{ SPAN("sh\0a\"b\0"), "a\"b" },
		{ SPAN("sh\0a \"b\0"), " \"a \"b\"" }, /* not escaped */
		{ SPAN("sh\0tab\there\0"), "tab\there" },
		{ SPAN("sh\0line\nbreak\0"), "line\nbreak" },
		{ SPAN("\xff\0ok\0"), "ok" },
		{ SPAN("sh\0\xff\xfe\0b\xff\0"), "\xef\xbf\xbd b\xef\xbf\xbd" },
		{ SPAN("sh\0\xc3\0\xa9\0"), "\xef\xbf\xbd \xef\xbf\xbd" }, /* not one character */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf out = {};

		arguments_add_joined(&out, rows[i].argv);
		assert_row_string(i, buf_text(&out), rows[i].joined);
	}
}

static void no_argv_at_all_is_no_argument(void **state)
{
	_cleanup_buf_ struct buf out = {};

	arguments_add_joined(&out, (struct span){});
	assert_int_equal(out.bytes, 0);
}

static void the_environment_is_names_and_values(void **state)
{
	static const char *const want[][2] = {
		{ "A", "1" }, { "B", "" }, { "C", "x=y" }, { "D", "" }, { "E", "cut" },
	};
	struct span rest = SPAN("A=1\0B=\0C=x=y\0D\0=ignored\0\0E=cut"), name, value;

	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(environment_next(&rest, &name, &value));
		assert_span_equal(name, want[i][0]);
		assert_span_equal(value, want[i][1]);
	}
	assert_false(environment_next(&rest, &name, &value));
	assert_span_equal(name, "E"); /* touched only on success */
}

static void an_environment_of_nothing_has_no_variable(void **state)
{
	struct span empty = {}, nuls = SPAN("\0\0\0"), name, value;

	assert_false(environment_next(&empty, &name, &value));
	assert_false(environment_next(&nuls, &name, &value));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(argv_is_joined_by_the_rule_that_people_search_for),
		cmocka_unit_test(no_argv_at_all_is_no_argument),
		cmocka_unit_test(the_environment_is_names_and_values),
		cmocka_unit_test(an_environment_of_nothing_has_no_variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
