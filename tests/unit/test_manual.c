/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of texts in manual pages: nothing in them may be taken for a macro or an escape. */
#include "base/manual.h"

#include "cmocka_case.h"

static void escapes_what_roff_would_take_for_its_own(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ ".SH NAME", "\\&.SH NAME" },
		{ "'so x", "\\&\\(aqso x" },
		{ "a.b", "a.b" },
		{ "C:\\new", "C:\\enew" },
		{ "--flag", "\\-\\-flag" },
		{ "\"a\" ~b ^c", "\\(dqa\\(dq \\(tib \\(hac" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_buf_ struct buf text = {};

		manual_add_escaped(&text, cases[i].text);
		assert_row_string(i, buf_text(&text), cases[i].wanted);
	}
}

static void separates_paragraphs_and_examples(void **state)
{
	_cleanup_buf_ struct buf text = {};

	manual_add_text(&text, "One.\n\nTwo.\n  .an example\nThree.\n    last\n");
	assert_string_equal(buf_text(&text), "One.\n.PP\nTwo.\n.PP\n.nf\n  .an example\n.fi\n.PP\n"
					     "Three.\n.PP\n.nf\n    last\n.fi\n");
}

static void tells_a_flag_with_its_value_and_default(void **state)
{
	static const struct option_row rows[] = {
		{ "output", 'o', OPTION_TEXT, 0, .value = "json", .choices = "json|compact",
		  .help = ".forms" },
		{ "debug", 0, OPTION_BOOL, 0, .value = "false", .help = "more" },
		{ "hidden", 0, OPTION_BOOL, 0 },
	};
	_cleanup_buf_ struct buf text = {};

	for (size_t i = 0; i < COUNT(rows); i++)
		manual_add_option(&text, &rows[i]);
	assert_string_equal(buf_text(&text),
			    ".TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIjson|compact\\fR\n"
			    "\\&.forms (default json)\n"
			    ".TP\n\\fB\\-\\-debug\\fR\nmore\n");
}

static void titles_are_in_capitals_and_name_the_section(void **state)
{
	_cleanup_buf_ struct buf text = {};

	manual_add_title(&text, "tetra-x", "1", "an 'x'");
	assert_non_null(strstr(buf_text(&text), ".TH TETRA-X 1 "));
	assert_non_null(strstr(buf_text(&text), ".SH NAME\ntetra\\-x \\- an \\(aqx\\(aq\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_roff_would_take_for_its_own),
		cmocka_unit_test(separates_paragraphs_and_examples),
		cmocka_unit_test(tells_a_flag_with_its_value_and_default),
		cmocka_unit_test(titles_are_in_capitals_and_name_the_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
