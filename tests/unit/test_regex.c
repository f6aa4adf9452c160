/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions: RE2's language row by row, what is refused and where, and patterns that
 * would stall. */
#include "cmocka_case.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/regex.h"

static struct regex *compile(const char *pattern)
{
	_cleanup_diag_ struct diag diag = {};
	struct regex *regex = NULL;

	if (regex_new(&regex, pattern, &diag))
		fail_msg("\"%s\" is refused: %s", pattern, buf_text(&diag.text));
	return regex;
}

/* What the first match covers; NULL: none. */
struct language_row {
	const char *pattern, *text, *match;
};

static void check_rows(const struct language_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_regex_ struct regex *regex = compile(rows[i].pattern);
		struct span whole = {};
		size_t found = regex_find(regex, rows[i].text, strlen(rows[i].text), 0, &whole, 1);
		bool is_right = rows[i].match
					? found && whole.bytes == strlen(rows[i].match) &&
						  !memcmp(whole.data, rows[i].match, whole.bytes)
					: !found;

		if (!is_right)
			fail_msg("row %zu: \"%s\" finds \"%.*s\" (%zu spans)", i, rows[i].pattern,
				 (int)whole.bytes, whole.bytes ? whole.data : "", found);
		assert_int_equal(regex_matches(regex, rows[i].text, strlen(rows[i].text)),
				 rows[i].match != NULL);
		assert_int_equal(regex_get_given_up(regex), 0);
	}
}

static void assertions_mean_what_they_mean_to_re2(void **state)
{
	static const struct language_row rows[] = {
		{ "", "abc", "" },
		{ "b", "abc", "b" },
		{ "^b", "abc", NULL },
		{ "^a", "abc", "a" },
		{ "c$", "abc", "c" },
		{ "c$", "abc\n", NULL },
		{ "c\\z", "abc\n", NULL },
		{ "(?m)c$", "abc\n", "c" },
		{ "(?m)^$", "a\n", "" },
		{ "(?m)^b", "a\nb", "b" },
		{ "^b", "a\nb", NULL },
		{ "(?m)\\Ab", "a\nb", NULL },
		{ "(?m:^b)", "a\nb", "b" },
		{ "\\bb", "a b", "b" },
		{ "\\bb", "ab", NULL },
		{ "\\Bb", "ab", "b" },
		{ "\\b\xc3\xa9", " \xc3\xa9", NULL }, /* ASCII's idea of a word */
		{ "^*a", "xa", "a" },
		{ "\\b+a", "xa", NULL },
		{ "(?:$)?a", "a", "a" },
		{ "$a|b", "b", "b" },
	};

	check_rows(rows, COUNT(rows));
}

static void sets_mean_what_they_mean_to_re2(void **state)
{
	static const struct language_row rows[] = {
		{ "a.c", "a\nc", NULL },
		{ "(?s)a.c", "a\nc", "a\nc" },
		{ "a.c", "a\rc", "a\rc" },
		{ "(?s-s)a.c", "a\nc", NULL },
		{ "(?s:a.)c.", "a\nc\n", NULL },
		{ "a[^b]c", "a\nc", "a\nc" },
		{ "\\s", "\v", NULL },
		{ "[[:space:]]", "\v", "\v" },
		{ "\\s", "\xc2\xa0", NULL },
		{ "\\v", "\v", "\v" },
		{ "\\v", "\n", NULL },
		{ "\\S", "\v", "\v" },
		{ "[^\\S]", "\v", NULL },
		{ "[^\\S]", "\t", "\t" },
		{ "\\d", "\xd9\xa3", NULL },
		{ "\\pN", "\xd9\xa3", "\xd9\xa3" },
		{ "\\w+", "\xc3\xa9t\xc3\xa9", "t" },
		{ "[\\W]", "_a9-", "-" },
		{ "[^\\Wa]", "-ab", "b" },
		{ "[^\\W\\D]", "a-7", "7" },
		{ "[\\D\\W]", "7a", "a" },
		{ "[x\\D]", "7x", "x" },
		{ "[\\d\\D]", "a", "a" },
		{ "[^\\d\\D]", "a7", NULL },
		{ "[[:alpha:]]+", "12ab3", "ab" },
		{ "[[:^alpha:]]+", "ab12c", "12" },
		{ "[^[:^alpha:]]+", "12ab3", "ab" },
		{ "[[:alpha:][:digit:]]+", "_a1_", "a1" },
		{ "[[:word:]]+", "-a_1-", "a_1" },
		{ "[[:punct:]]+", "a!~b", "!~" },
		{ "[[:cntrl:]]", "a\x7f", "\x7f" },
		{ "[[:graph:]]+", " a~ ", "a~" },
		{ "[[:alpha]+", "z:", ":" },
		{ "[]a]+", "x]a", "]a" },
		{ "[^]a]", "]ab", "b" },
		{ "[a-]+", "x-a", "-a" },
		{ "[-a]+", "x-a", "-a" },
		{ "[a-c-e]+", "x-ce", "-ce" },
		{ "[\\]]", "]", "]" },
		{ "[\\-x]", "-", "-" },
		{ "[\\x41-\\x43]+", "DABC", "ABC" },
		{ "[\\0-\\x1f]", "a\n", "\n" },
		{ "[a.]", "b.", "." },
		{ "[a^]", "^", "^" },
		{ "[$(*+?|{}]+", "a{}$", "{}$" },
		{ "\\p{Greek}", "a\xce\xb1", "\xce\xb1" },
		{ "\\p{^Greek}", "\xce\xb1z", "z" },
		{ "\\P{Greek}", "\xce\xb1z", "z" },
		{ "\\P{^Greek}", "z\xce\xb1", "\xce\xb1" },
		{ "[\\p{Lu}\\d]+", "aB3c", "B3" },
		{ "[^\\p{Lu}]", "ABc", "c" },
		{ "[\\P{Lu}]", "ABc", "c" },
		{ "\\pL", "1\xc3\xa9", "\xc3\xa9" },
		{ "\\p{Any}", "\n", "\n" },
		{ "\\p{Han}", "\xe6\xbc\xa2", "\xe6\xbc\xa2" },
		{ "\\p{Common}", "\xe3\x83\xbc", "\xe3\x83\xbc" }, /* its extensions say Hiragana */
		{ "\\p{Hiragana}", "\xe3\x83\xbc", NULL },
		{ "\\p{Cs}", "a", NULL },
		{ "[^\\p{Cs}]", "a", "a" },
	};

	check_rows(rows, COUNT(rows));
}

static void case_is_folded_as_unicode_does(void **state)
{
	static const struct language_row rows[] = {
		{ "(?i)abc", "xAbC", "AbC" },
		{ "(?i)a(?-i)b", "AB", NULL },
		{ "(?i:a)b", "Ab", "Ab" },
		{ "(?i:a)b", "AB", NULL },
		{ "a(?i)b|c", "C", "C" },
		{ "(a(?i)b)c", "aBC", NULL },
		{ "(?i)k", "\xe2\x84\xaa", "\xe2\x84\xaa" }, /* Kelvin's sign */
		{ "(?i)\xc3\xa9", "\xc3\x89", "\xc3\x89" },
		{ "(?i)[a-c]+", "xABC", "ABC" },
		{ "(?i)[^a-c]", "ABCd", "d" },
		{ "(?i)[[:upper:]]", "a", "a" },
		{ "(?i)[[:^upper:]]", "aB1", "1" },
		{ "(?i)[x[:^upper:]]", "aXb", "X" },
		{ "(?i)\\p{Lu}", "a", "a" },
		{ "(?i)\\W", "\xe2\x84\xaa", NULL },
		{ "(?i)\\w", "\xe2\x84\xaa", "\xe2\x84\xaa" },
		{ "\\w", "\xe2\x84\xaa", NULL },
	};

	check_rows(rows, COUNT(rows));
}

static void repetitions_mean_what_they_mean_to_re2(void **state)
{
	static const struct language_row rows[] = {
		{ "ab*", "xabb", "abb" },
		{ "ab*?", "xabb", "a" },
		{ "(?U)ab*", "xabb", "a" },
		{ "(?U)ab*?", "xabb", "abb" },
		{ "(?U:ab*)b*", "abb", "abb" },
		{ "a{2}", "aaa", "aa" },
		{ "a{2,}", "aaa", "aaa" },
		{ "a{1,2}?", "aaa", "a" },
		{ "a{,2}", "aa{,2}", "a{,2}" },
		{ "a{", "a{", "a{" },
		{ "a{x}", "a{x}", "a{x}" },
		{ "a{01}", "a{01}", "a{01}" },
		{ "a{1", "a{1", "a{1" },
		{ "a{0}b", "aab", "b" },
		{ "(?:a{10}){100}", "a", NULL },
		{ "(a|b)*c", "xabac", "abac" },
		{ "(?:)*a", "a", "a" },
		{ "a||b", "b", "" },
		{ "(|a)b", "ab", "ab" },
		{ "(a*)*", "b", "" },
		{ "(a|ab)(c|bcd)", "abcd", "abcd" }, /* leftmost, first: as Perl and Go */
	};

	check_rows(rows, COUNT(rows));
}

static void escapes_mean_what_they_mean_to_re2(void **state)
{
	static const struct language_row rows[] = {
		{ "\\.", "a.", "." },
		{ "\\_\\-\\/\\%", "_-/%", "_-/%" },
		{ "\\a\\f\\t\\n\\r", "\a\f\t\n\r", "\a\f\t\n\r" },
		{ "\\x41", "A", "A" },
		{ "\\x{1F600}", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\\x{10FFFF}", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
		{ "\\x{d800}|a", "a", "a" },
		{ "\\101", "A", "A" },
		{ "\\0101", "\b1", "\b1" },
		{ "\\12", "\n", "\n" },
		{ "\\Qa.b*\\E+", "a.b**", "a.b**" },
		{ "\\Qa\\E|b", "b", "b" },
		{ "\\Q[", "[", "[" },
		{ "a#b c", "a#b c", "a#b c" },
		{ "(?P<name>a)(?<other>b)", "ab", "ab" },
		{ "]}", "]}", "]}" },
	};

	check_rows(rows, COUNT(rows));
}

static const struct {
	const char *pattern;
	unsigned int place;
	const char *part;
} refused[] = {
	{ "(a)\\1", 4, "backreferences" },
	{ "\\g1", 1, "backreferences" },
	{ "\\k<a>", 1, "backreferences" },
	{ "\xc3\xa9(?=a)", 2, "lookahead" },
	{ "(?!a)", 1, "lookahead" },
	{ "x(?<=a)", 2, "lookbehind" },
	{ "(?<!a)", 1, "lookbehind" },
	{ "(?>a)", 1, "atomic" },
	{ "(?|a)", 1, "branch reset" },
	{ "(?#a)", 1, "comments" },
	{ "(?(1)a)", 1, "conditions" },
	{ "(?R)", 1, "recursion" },
	{ "(?1)", 1, "unknown kind of group" },
	{ "(?C1)", 1, "callouts" },
	{ "(?P>a)", 1, "recursion" },
	{ "(?P=a)", 1, "backreferences" },
	{ "(?x)a", 1, "flag x" },
	{ "(?i-)a", 1, "unknown kind" },
	{ "(?i", 1, "unknown kind" },
	{ "(*UTF)a", 1, "VERBS" },
	{ "a*+", 3, "repeats a repetition" },
	{ "a**", 3, "repeats a repetition" },
	{ "a{2}{3}", 5, "repeats a repetition" },
	{ "*a", 1, "nothing to repeat" },
	{ "a|*", 3, "nothing to repeat" },
	{ "(+)", 2, "nothing to repeat" },
	{ "a(?i)*", 6, "nothing to repeat" },
	{ "{1}", 1, "nothing to repeat" },
	{ "a{1001}", 2, "more than 1000" },
	{ "a{1001,}", 2, "more than 1000" },
	{ "a{99999999999}", 2, "more than 1000" },
	{ "(a{100}){11}", 9, "more than 1000" },
	{ "((a{10}){10}){11}", 14, "more than 1000" },
	{ "a{3,2}", 2, "wrong order" },
	{ "\\K", 1, "\\K" },
	{ "\\C", 1, "any byte" },
	{ "\\Z", 1, "use \\z" },
	{ "\\R", 1, "not in RE2" },
	{ "\\X", 1, "not in RE2" },
	{ "\\h", 1, "not in RE2" },
	{ "\\N", 1, "not in RE2" },
	{ "\\G", 1, "not in RE2" },
	{ "\\E", 1, "without \\Q" },
	{ "\\y", 1, "unknown escape" },
	{ "\\8", 1, "backreferences" },
	{ "a\\", 2, "backslash at the end" },
	{ "\\\xc3\xa9", 1, "unknown escape" },
	{ "\\x4", 1, "two hexadecimal digits" },
	{ "\\x{110000}", 1, "10FFFF" },
	{ "\\x{}", 1, "braces" },
	{ "[a", 1, "[ has no ]" },
	{ "[", 1, "[ has no ]" },
	{ "[]", 1, "[ has no ]" },
	{ "[z-a]", 2, "ends before it begins" },
	{ "[a-\\d]", 4, "unknown escape" },
	{ "[\\b]", 2, "unknown escape" },
	{ "[[:foo:]]", 2, "unknown class" },
	{ "\\p{Foo}", 1, "unknown set" },
	{ "\\p{greek}", 1, "unknown set" },
	{ "\\p{Grek}", 1, "unknown set" },
	{ "\\p{L&}", 1, "unknown set" },
	{ "\\p{Greek", 1, "has no }" },
	{ "\\p", 1, "needs the name" },
	{ "(a", 1, "( has no )" },
	{ "a)", 2, "without a (" },
	{ "(?P<a>x)(?P<a>y)", 9, "already" },
	{ "(?P<>x)", 1, "name of a group" },
	{ "(?P<a-b>x)", 1, "name of a group" },
	{ "a\xff", 2, "not UTF-8" },
};

static void what_re2_lacks_is_refused_where_it_stands(void **state)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		_cleanup_diag_ struct diag diag = {};
		struct regex *regex = NULL;
		char place[32];

		assert_int_equal(regex_new(&regex, refused[i].pattern, &diag), -EINVAL);
		snprintf(place, sizeof(place), "character %u: ", refused[i].place);
		assert_int_equal(diag.lines, 1);
		if (!strstr(buf_text(&diag.text), place) ||
		    !strstr(buf_text(&diag.text), refused[i].part))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
	}
}

static void groups_are_told_with_those_that_took_no_part(void **state)
{
	_cleanup_regex_ struct regex *regex = compile("--(?:user=(\\S+)|pass(?P<word>=\\S*))");
	static const char text[] = "curl --pass=x --user=me";
	struct span spans[3];

	assert_int_equal(regex_find(regex, text, strlen(text), 0, spans, 3), 3);
	assert_span_equal(spans[0], "--pass=x");
	assert_null(spans[1].data);
	assert_span_equal(spans[2], "=x");
	assert_int_equal(regex_find(regex, text, strlen(text), 6, spans, 2), 3);
	assert_span_equal(spans[0], "--user=me");
	assert_span_equal(spans[1], "me");
	assert_int_equal(regex_find(regex, text, strlen(text), 20, spans, 2), 0);
	assert_int_equal(regex_find(regex, text, strlen(text), 100, spans, 2), 0);
}

static void what_stands_before_the_start_is_seen(void **state)
{
	_cleanup_regex_ struct regex *word = compile("\\bb");
	_cleanup_regex_ struct regex *first = compile("^b");
	struct span span;

	assert_int_equal(regex_find(word, "ab", 2, 1, &span, 1), 0);
	assert_int_equal(regex_find(first, "ab", 2, 1, &span, 1), 0);
	assert_int_equal(regex_find(word, " b", 2, 1, &span, 1), 1);
}

static void bytes_that_are_no_characters_match_nothing(void **state)
{
	_cleanup_regex_ struct regex *any = compile("(?s)^.{3}$");
	_cleanup_regex_ struct regex *tail = compile("b$");

	assert_false(regex_matches(any,
				   "a\xff"
				   "b",
				   3));
	assert_true(regex_matches(tail,
				  "a\xff"
				  "b",
				  3));
	assert_true(regex_matches(tail, "a\0b", 3));
	assert_false(regex_matches(tail, NULL, 0));
}

static void a_long_text_is_searched_to_its_end(void **state)
{
	enum { BYTES = 262144 };
	static char text[BYTES];
	_cleanup_regex_ struct regex *last = compile("(?:x|y)+z$");
	_cleanup_regex_ struct regex *wide = compile("a.*z");
	struct span span;

	memset(text, 'a', sizeof(text));
	memcpy(text + BYTES - 4, "xyxz", 4);
	assert_int_equal(regex_find(last, text, sizeof(text), 0, &span, 1), 1);
	assert_ptr_equal(span.data, text + BYTES - 4);
	assert_true(regex_matches(wide, text, sizeof(text)));
	assert_int_equal(regex_get_given_up(last) + regex_get_given_up(wide), 0);
}

/* A hundred times what one is given, for slow machines and sanitizers. */
static void no_pattern_stalls_on_any_text(void **state)
{
	static const char *const patterns[] = {
		"(a+)+$",
		"(a|aa)+[$x]",
		"(a*)*[xy]",
		"a*a*a*a*a*[xy]",
		"(.*a){20}[xy]",
		".*.*.*[xy]",
		"(a{1,500}){1,2}[bc]",
		"a.{1,1000}[de]",
		"(x+x+)+y|(a+)+c[de]",
		"(a?){30}a{30}[xy]",
		"(?:(?:a|b)|(?:a|c))*[xy]",
		"a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaaaaaa[xy]",
		"(a|ab)(a|ab)(a|ab)(a|ab)(a|ab)(a|ab)(a|ab)(a|ab)(a|ab)(a|ab)(a|ab)(a|ab)[xy]",
	};
	static const size_t runs[] = { 262144, 8, 12, 16, 20, 50, 1000 };
	enum { BYTES = 262144 };
	static char text[BYTES];
	uint64_t given_up = 0;

	for (size_t i = 0; i < COUNT(patterns); i++) {
		_cleanup_regex_ struct regex *regex = compile(patterns[i]);

		for (size_t j = 0; j < COUNT(runs); j++) {
			uint64_t start = clock_read_ns(CLOCK_THREAD_CPUTIME_ID), took;

			for (size_t k = 0; k < BYTES; k++)
				text[k] = k % (runs[j] + 1) == runs[j] ? 'b' : 'a';
			start = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
			regex_matches(regex, text, BYTES);
			took = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - start;
			if (took > 2 * CLOCK_NS_PER_SECOND)
				fail_msg("\"%s\" took %llu ms with runs of %zu", patterns[i],
					 (unsigned long long)(took / CLOCK_NS_PER_MS), runs[j]);
		}
		given_up += regex_get_given_up(regex);
	}
	assert_true(given_up >= COUNT(patterns) / 2);
}

static void limits_are_told(void **state)
{
	_cleanup_buf_ struct buf pattern = {};
	_cleanup_diag_ struct diag diag = {};
	struct regex *regex = NULL;

	for (unsigned int i = 0; i <= REGEX_DEPTH_MAX; i++)
		buf_add_char(&pattern, '(');
	assert_int_equal(regex_new(&regex, buf_text(&pattern), &diag), -EINVAL);
	assert_non_null(strstr(buf_text(&diag.text), "more than 200 deep"));
	for (unsigned int i = 0; i < REGEX_PATTERN_BYTES_MAX; i++)
		buf_add_char(&pattern, 'a');
	assert_int_equal(regex_new(&regex, buf_text(&pattern), &diag), -EINVAL);
	assert_non_null(strstr(buf_text(&diag.text), "at most 16384 are taken"));
	buf_reset(&pattern);
	for (unsigned int i = 0; i <= REGEX_GROUPS_MAX; i++)
		buf_add_text(&pattern, "()");
	assert_int_equal(regex_new(&regex, buf_text(&pattern), &diag), -EINVAL);
	assert_non_null(strstr(buf_text(&diag.text), "more than 1000 capture groups"));
	/* RE2 takes it; PCRE2 counts groups out */
	assert_int_equal(regex_new(&regex,
				   "(?:abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz){1000}",
				   &diag),
			 -EINVAL);
	assert_non_null(strstr(buf_text(&diag.text), "too large"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(assertions_mean_what_they_mean_to_re2),
		cmocka_unit_test(sets_mean_what_they_mean_to_re2),
		cmocka_unit_test(case_is_folded_as_unicode_does),
		cmocka_unit_test(repetitions_mean_what_they_mean_to_re2),
		cmocka_unit_test(escapes_mean_what_they_mean_to_re2),
		cmocka_unit_test(what_re2_lacks_is_refused_where_it_stands),
		cmocka_unit_test(groups_are_told_with_those_that_took_no_part),
		cmocka_unit_test(what_stands_before_the_start_is_seen),
		cmocka_unit_test(bytes_that_are_no_characters_match_nothing),
		cmocka_unit_test(a_long_text_is_searched_to_its_end),
		cmocka_unit_test(no_pattern_stalls_on_any_text),
		cmocka_unit_test(limits_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
