/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions that are refused, and what is said; expressions and events that would take too much.
 */
#include "cmocka_case.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "cel/cel.h"
#include "cel/function.h"
#include "cel_event.h"

static void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* The first line that is said, and the mark below with its hint. */
struct mistake {
	const char *expression;
	const char *line;
	const char *mark;
};

/* Whether the next line of TEXT is WANT, which may be NULL: any. */
static bool line_is(struct span *text, const char *want)
{
	struct span line = span_cut(text, '\n');

	if (!want || (line.bytes == strlen(want) && !memcmp(line.data, want, line.bytes)))
		return true;
	print_error("got:  %.*s\nwant: %s\n", (int)line.bytes, line.data, want);
	return false;
}

static void check_mistakes(const struct mistake *rows, size_t count)
{
	unsigned int wrong = 0;

	for (size_t i = 0; i < count; i++) {
		_cleanup_cel_program_ struct cel_program *program = NULL;
		_cleanup_diag_ struct diag diag = {};
		struct span text;

		assert_int_equal(cel_program_new(&program, rows[i].expression, &diag), -EINVAL);
		assert_null(program);
		text = (struct span){ diag.text.data, diag.text.bytes };
		wrong += !line_is(&text, rows[i].line);
		if (rows[i].mark)
			wrong += !line_is(&text, NULL) + !line_is(&text, rows[i].mark);
	}
	assert_int_equal(wrong, 0);
}

static void names_what_is_unknown_and_what_is_near(void **state)
{
	static const struct mistake rows[] = {
		{ "process_exec.process.binry == 'x'",
		  "1:22: unknown field \"binry\" of tetragon.Process",
		  "     |                      ^~~~~ did you mean \"binary\"?" },
		{ "proces_exec.process.pid == 1", "1:1: unknown name \"proces_exec\"",
		  "     | ^~~~~~~~~~~ did you mean \"process_exec\"?" },
		{ "process_kprobe.action == KPROBE_ACTION_SIGKIL",
		  "1:26: unknown name \"KPROBE_ACTION_SIGKIL\"",
		  "     |                          ^~~~~~~~~~~~~~~~~~~~ did you mean "
		  "\"KPROBE_ACTION_SIGKILL\"?" },
		{ "process_exec.process.binary.startWith('x')",
		  "1:29: unknown function \"startWith\"",
		  "     |                             ^~~~~~~~~ did you mean \"startsWith\"?" },
		{ "math.greates(1, 2) == process_exec.process.pid",
		  "1:6: unknown function \"math.greates\"",
		  "     |      ^~~~~~~ did you mean \"math.greatest\"?" },
		{ "semver('1.0.0') == process_exec",
		  "1:1: function \"semver\" is not available here",
		  "     | ^~~~~~ this function of other libraries is not available here" },
		{ "quantity('1Gi') == 1", "1:1: function \"quantity\" is not available here",
		  NULL },
		{ "url('http://x').getHost() == 'x'", "1:1: function \"url\" is not available here",
		  NULL },
		{ "contains('a', 'b')", "1:1: function \"contains\" is not called like this",
		  "     | ^~~~~~~~ it is called as string.contains(string)" },
		{ "'a'.contains('a', 'b')", "1:5: function \"contains\" is not called like this",
		  NULL },
		{ "[1].exists(x)", "1:5: unknown function \"exists\"",
		  "     |     ^~~~~~ macros are called as LIST.exists(x, x > 1)" },
		{ "process_exec.process.start_time.seconds == 1",
		  "1:33: google.protobuf.Timestamp has no field \"seconds\"", NULL },
		{ "process_exec.ancestors.binary == ''",
		  "1:24: list(tetragon.Process) has no field \"binary\"",
		  "     |                        ^~~~~~ elements are LIST[0], LIST.exists(x, ...)" },
		{ "process_exec.process.pid.value == 1", "1:26: uint has no field \"value\"",
		  NULL },
		{ "[1].all(x, y == 1)", "1:12: unknown name \"y\"", NULL },
		{ "[1].all(x, x == 1) && x == 1", "1:23: unknown name \"x\"", NULL },
		{ "tetragon.Nothing == 1", "1:10: unknown name \"tetragon.Nothing\"", NULL },
	};

	check_mistakes(rows, COUNT(rows));
}

static void names_both_types_of_operands(void **state)
{
	static const struct mistake rows[] = {
		{ "process_exec.process.binary == 1", "1:29: \"==\" cannot take string and int",
		  "     |                             ^~ it takes A and A" },
		{ "process_exec.process.binary + 1 == ''", "1:29: \"+\" cannot take string and int",
		  "     |                             ^ it takes int and int; uint and uint; double "
		  "and double; string and string; bytes and bytes; list(A) and list(A); timestamp "
		  "and duration; duration and timestamp; duration and duration" },
		{ "process_exec.process.refcnt + 1 > 0", "1:29: \"+\" cannot take uint and int",
		  NULL },
		{ "process_exec.process < process_exec.parent",
		  "1:22: \"<\" cannot take tetragon.Process and tetragon.Process", NULL },
		{ "'a' in process_exec.process.binary", "1:5: \"in\" cannot take string and string",
		  "     |     ^~ it takes A and list(A); A and map(A, B)" },
		{ "1 in process_exec.process.pod.pod_labels",
		  "1:3: \"in\" cannot take int and map(string, string)", NULL },
		{ "process_exec.ancestors['a'] == process_exec.parent",
		  "1:23: \"[]\" cannot take list(tetragon.Process) and string", NULL },
		{ "-process_exec.process.refcnt == 1", "1:1: \"-\" cannot take uint", NULL },
		{ "!process_exec.process.binary", "1:1: \"!\" cannot take string",
		  "     | ^ it takes bool" },
		{ "process_exec.process.binary && true", "1:22: \"&&\" takes bool, not string",
		  "     |                      ^~~~~~ compare it with something, as in x == 1" },
		{ "process_exec.process.pid ? true : false", "1:22: \"?\" takes bool, not uint",
		  NULL },
		{ "true ? 'a' : 1",
		  "1:6: both sides of \":\" must have one type, these are string and int", NULL },
		{ "process_exec.ancestors.all(a, a.binary)",
		  "1:33: the macro takes bool, not string", NULL },
		{ "process_exec.process.binary.exists(c, true)",
		  "1:29: macros go over lists and the keys of maps, this is string", NULL },
		{ "'a'.startsWith(1)", "1:5: \"startsWith\" cannot take string, int",
		  "     |     ^~~~~~~~~~ it takes string, string" },
		{ "process_exec.process.pod == null && process_exec.process.binary == null",
		  "1:65: \"==\" cannot take string and null_type", NULL },
		{ "process_exec.process.pid",
		  "1:22: the expression is of type uint, it must be bool", NULL },
		{ "dyn(process_exec)", "1:1: the expression is of type dyn, it must be bool",
		  NULL },
	};

	check_mistakes(rows, COUNT(rows));
}

static void says_where_the_grammar_is_broken(void **state)
{
	static const struct mistake rows[] = {
		{ "", "1:1: the expression ends too early", "     | ^" },
		{ "process_exec.", "1:14: the name of a field or function is expected here", NULL },
		{ "1 +", "1:4: the expression ends too early", NULL },
		{ "(1 == 1", "1:8: \")\" is expected here", NULL },
		{ "[1, 2", "1:6: \"]\" is expected here", NULL },
		{ "{1 2}", "1:4: \":\" is expected here", NULL },
		{ "1 == 1 1", "1:8: the expression goes on where it should end", NULL },
		{ "process_exec.process.pid = 1", "1:26: \"=\" is no part of the language",
		  "     |                          ^ equality is \"==\"" },
		{ "true & false", "1:6: \"&\" is no part of the language",
		  "     |      ^ a logical and is \"&&\"" },
		{ "true \x01", "1:6: byte 0x01 is no part of the language outside of strings",
		  NULL },
		{ "if == 1", "1:1: this word is reserved by the language", NULL },
		{ "'abc", "1:1: this string does not end", "     | ^~~~ \"\"\" may go over lines" },
		{ "'''abc", "1:1: this string does not end", NULL },
		{ "'a\nb'", "1:1: this string does not end", "     | ^~ \"\"\" may go over lines" },
		{ "'\\q'", "1:2: unknown escape",
		  "     |  ^~ in a raw string, r\"...\", a backslash is only a backslash" },
		{ "'\\u12'", "1:2: this escape has too few digits", NULL },
		{ "'\\ud800'", "1:2: there is no such character", "     |  ^~~~~~" },
		{ "'\\U00110000'", "1:2: there is no such character", NULL },
		{ "b'\\u0041'", "1:3: bytes have no characters", NULL },
		{ "9223372036854775808 > 1", "1:1: this number is too large", NULL },
		{ "-9223372036854775809 < 1", "1:2: this number is too large", NULL },
		{ "18446744073709551616u > 1u", "1:1: this number is too large", NULL },
		{ "1e999 > 1.0", "1:1: this number is too large", NULL },
		{ "12ab == 1", "1:1: this is no number",
		  "     | ^~~~ numbers are 12, 12u, 0x1f, 1.5, 2e3" },
		{ "has(process_exec)", "1:1: has() takes the field of a message or map", NULL },
		{ "[1].all(1, true)", "1:9: the name of a variable is expected here", NULL },
		{ "tetragon.Process{pid: 1} == process_exec.process",
		  "1:17: messages cannot be made here", NULL },
		{ "process_exec.?process == 1",
		  "1:14: optional values are not available here; use has()", NULL },
		{ "true &&\n  process_exec.process.x == 1",
		  "2:24: unknown field \"x\" of tetragon.Process",
		  "     |                        ^" },
		{ "'caf\xc3\xa9' == process_exec.nothing",
		  "1:25: unknown field \"nothing\" of tetragon.ProcessExec",
		  "     |                        ^~~~~~~" },
		{ "'\xff' == ''", "the expression is no UTF-8; bytes are written as b\"\\xff\"",
		  NULL },
		{ "true",
		  "the expression names no event, so it can match none; events are process_exec, "
		  "process_exit, process_kprobe, process_tracepoint, process_loader, process_uprobe, "
		  "process_throttle, process_lsm, process_usdt, gap, test, rate_limit_info",
		  NULL },
		{ "[1].all(process_exec, process_exec == 1)",
		  "the expression names no event, so it can match none; events are process_exec, "
		  "process_exit, process_kprobe, process_tracepoint, process_loader, process_uprobe, "
		  "process_throttle, process_lsm, process_usdt, gap, test, rate_limit_info",
		  NULL },
	};

	check_mistakes(rows, COUNT(rows));
}

static void finds_constants_that_can_never_be(void **state)
{
	static const struct mistake rows[] = {
		{ "process_exec.process.binary.matches('(')", NULL, NULL },
		{ "cidr('10.0.0.0/33').containsIP(process_exec.process.binary)",
		  "1:1: \"10.0.0.0/33\" is no network like \"10.0.0.0/8\"", "     | ^~~~" },
		{ "ip('10.0.0') == ip(process_exec.process.binary)",
		  "1:1: \"10.0.0\" is no address of IPv4 or IPv6", NULL },
		{ "process_exec.process.start_time > timestamp('yesterday')",
		  "1:35: \"yesterday\" is no timestamp like \"2026-01-31T12:00:00Z\"", NULL },
		{ "duration('1x') == duration('1s')",
		  "1:1: \"1x\" is no duration like \"1h30m\" or \"0.5s\"", NULL },
		{ "int('x\x1b[31m') == 1", "1:1: \"x [31m\" is no int", "     | ^~~" },
		{ "int('x') == 1", "1:1: \"x\" is no int", NULL },
		{ "{'a': 1, 'a': 2}.size() == 1", "1:10: this key is there twice",
		  "     |          ^~~" },
		{ "{1.5: 1}.size() == 1", "1:2: keys are of type bool, int, uint or string", NULL },
	};
	_cleanup_cel_program_ struct cel_program *program = NULL;
	_cleanup_diag_ struct diag diag = {};

	check_mistakes(rows + 1, COUNT(rows) - 1);
	assert_int_equal(cel_program_new(&program, rows[0].expression, &diag), -EINVAL);
	assert_non_null(strstr(buf_text(&diag.text), "1:37: "));
	assert_non_null(strstr(buf_text(&diag.text), "^~~"));
}

static void tells_several_mistakes_at_once_but_not_all(void **state)
{
	_cleanup_cel_program_ struct cel_program *program = NULL;
	_cleanup_diag_ struct diag diag = {};
	_cleanup_buf_ struct buf text = {};

	for (int i = 0; i < 20; i++)
		buf_add_text(&text, "process_exec.nothing == 1 ||");
	buf_add_text(&text, "true");
	assert_int_equal(cel_program_new(&program, buf_text(&text), &diag), -EINVAL);
	assert_int_equal(diag.lines, 8 * 3 + 1);
	assert_non_null(strstr(buf_text(&diag.text), "and 12 more"));
}

/* ---- what is too much ------------------------------------------------------------------------
 */

/* BEFORE COUNT times, MIDDLE, AFTER COUNT times. */
static void repeat(struct buf *out, const char *before, const char *middle, const char *after,
		   int count)
{
	buf_reset(out);
	for (int i = 0; i < count; i++)
		buf_add_text(out, before);
	buf_add_text(out, middle);
	for (int i = 0; i < count; i++)
		buf_add_text(out, after);
}

static void refuses_what_is_nested_too_deep_or_too_long(void **state)
{
	static const struct {
		const char *before, *middle, *after;
		int count;
		const char *says;
	} rows[] = {
		{ "(", "process_exec.process.pid == 1", ")", 10000, "nested too deep" },
		{ "!", "has(process_exec.process)", "", 10000, "nested too deep" },
		{ "[", "1", "]", 10000, "nested too deep" },
		{ "- ", "process_exec.process.pid", "", 10000, "nested too deep" },
		{ "[1].all(x, ", "true", ")", 1000, "nested too deep" },
		{ "true ? true : ", "true", "", 1000, "nested too deep" },
		{ "'a'", "", " + 'a'", 5000, "the expression goes on" },
		{ "", "'a'", " + 'a'", 5000, "too many levels" },
		{ "", "process_exec", ".process", 5000, "too many levels" },
		{ "", "process_exec", "[0]", 5000, "too many levels" },
		{ "", "[1]", ".map(x, x)", 5000, "too many levels" },
		{ "a", "", "", 70000, "65536 are the most" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_cel_program_ struct cel_program *program = NULL;
		_cleanup_diag_ struct diag diag = {};
		_cleanup_buf_ struct buf text = {};

		repeat(&text, rows[i].before, rows[i].middle, rows[i].after, rows[i].count);
		assert_int_equal(cel_program_new(&program, buf_text(&text), &diag), -EINVAL);
		if (!strstr(buf_text(&diag.text), rows[i].says))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
	}
}

static void takes_what_the_language_asks_for_at_least(void **state)
{
	static const struct {
		const char *before, *middle, *after;
		int count;
	} rows[] = {
		{ "(", "has(process_exec.process)", ")", 25 },
		{ "", "has(process_exec.process)", " && has(process_exec.process)", 1000 },
		{ "", "has(process_exec.process)", " || has(process_exec.process)", 1000 },
		{ "process_exec.process.refcnt == 1u && 1", "", " + 1", 0 },
		{ "process_exec.process.binary in ['/usr/bin/curl'", "", ", 'a']", 1 },
		{ "!", "has(process_exec.process)", "", 30 },
		{ "", "has(process_exec.process)", " == true", 32 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_cel_program_ struct cel_program *program = NULL;
		_cleanup_diag_ struct diag diag = {};
		_cleanup_buf_ struct buf text = {};

		if (!rows[i].count)
			continue;
		repeat(&text, rows[i].before, rows[i].middle, rows[i].after, rows[i].count);
		if (cel_program_new(&program, buf_text(&text), &diag))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
		assert_int_equal(cel_program_evaluate(program, cel_exec_event(), &diag), 1);
	}
}

/* Each of these would take years, or all memory. */
static void an_event_costs_no_more_than_its_budget(void **state)
{
	static const char *const rows[] = {
		/* 10^12 rounds */
		"TEN.all(a, TEN.all(b, TEN.all(c, TEN.all(d, TEN.all(e, TEN.all(f, TEN.all(g, "
		"TEN.all(h, TEN.all(i, TEN.all(j, TEN.all(k, TEN.all(l, a + l >= 0u))))))))))))",
		/* 2^60 bytes, 10^9 elements */
		"[process_exec.process.binary]DOUBLE.size() > 0",
		"TEN.map(a, TEN.map(b, TEN.map(c, TEN.map(d, TEN.map(e, TEN.map(f, TEN)))))).size() == "
		"10",
		"TEN.map(a, TEN.map(b, TEN.map(c, TEN.map(d, TEN.map(e, process_exec.process.binary + "
		"'x'))))).size() == 10",
		/* long texts that are searched again and again */
		"[process_exec.process.arguments.replace('', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')"
		".replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')]"
		".all(s, TEN.all(x, TEN.all(y, TEN.all(z, !s.contains('b' + s)))))",
		"[process_exec.process.binary]DOUBLE.all(s, s.matches('(a*)*b'))",
		/* a pattern that backtracks: each search is long, and they are many */
		"TEN.all(a, TEN.all(b, TEN.all(c, !process_exec.process.binary.replace('u', "
		"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa').matches('(a|aa|aaa)*(aa|a)*[!?]'))))",
		/* patterns that are never the same */
		"TEN.all(a, TEN.all(b, TEN.all(c, process_exec.process.binary.matches(string(a * 100u + "
		"b * 10u + c) + '|curl'))))",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		static const char ten[] =
			"[process_exec.process.refcnt, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u]";
		static const char twice[] = ".map(s, s + s)";
		_cleanup_cel_program_ struct cel_program *program = NULL;
		_cleanup_diag_ struct diag diag = {};
		_cleanup_buf_ struct buf text = {};
		uint64_t begin_ns, took_ns;

		for (const char *c = rows[i]; *c;) {
			if (strncmp(c, "TEN", 3) == 0) {
				buf_add_text(&text, ten);
				c += 3;
			} else if (strncmp(c, "DOUBLE", 6) == 0) {
				for (int n = 0; n < 50; n++)
					buf_add_text(&text, twice);
				c += 6;
			} else {
				buf_add_char(&text, *c++);
			}
		}
		if (cel_program_new(&program, buf_text(&text), &diag))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
		begin_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
		assert_int_equal(cel_program_evaluate(program, cel_exec_event(), &diag), -E2BIG);
		took_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin_ns;
		assert_non_null(strstr(buf_text(&diag.text), "this takes more than"));
		/* a millisecond in truth; sanitizers and busy machines are slower */
		assert_in_range(took_ns, 0, 2000ull * 1000 * 1000);
		/* the next event finds a whole budget */
		assert_int_equal(cel_program_evaluate(program, cel_exec_event(), NULL), -E2BIG);
	}
}

static void the_end_of_the_budget_is_not_swallowed(void **state)
{
	static const char loop[] =
		"[1, 2, 3, 4, 5, 6, 7, 8, 9, 0].all(a, L.all(b, L.all(c, L.all(d, L.all(e, L.all(f, "
		"a != 77))))))";
	_cleanup_cel_program_ struct cel_program *program = NULL;
	_cleanup_buf_ struct buf text = {};

	for (const char *c = loop; *c; c++) {
		if (*c == 'L')
			buf_add_text(&text, "[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]");
		else
			buf_add_char(&text, *c);
	}
	buf_add_text(&text, " && has(process_exec.process) || true");
	assert_int_equal(cel_program_new(&program, buf_text(&text), NULL), 0);
	assert_int_equal(cel_program_evaluate(program, cel_exec_event(), NULL), -E2BIG);
}

/* Computing constants has a budget too: what is over it is left to the evaluation. */
static void constants_cost_no_more_than_an_event(void **state)
{
	_cleanup_cel_program_ struct cel_program *program = NULL;
	_cleanup_diag_ struct diag diag = {};
	_cleanup_buf_ struct buf text = {};
	uint64_t begin_ns;

	for (int i = 0; i < 500; i++)
		buf_add_text(&text,
			     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.replace('', "
			     "'aaaaaaaaaaaaaaaaaaaaaaa').size() > 1 && ");
	buf_add_text(&text, "has(process_exec.process)");
	begin_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (cel_program_new(&program, buf_text(&text), &diag))
		fail_msg("%s", buf_text(&diag.text));
	assert_in_range(clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin_ns, 0,
			2000ull * 1000 * 1000);
	assert_in_range(cel_program_evaluate(program, cel_exec_event(), &diag) + E2BIG, 0,
			E2BIG + 1);
}

static void says_why_an_event_could_not_be_evaluated(void **state)
{
	static const struct {
		const char *expression;
		const char *says;
	} rows[] = {
		{ "process_exec.process.pod.pod_labels['x'] == ''",
		  "at byte 36: there is no key \"x\"\n" },
		{ "process_exec.process.pod.pod_labels.x == ''",
		  "at byte 37: there is no key \"x\"\n" },
		{ "process_exec.process.refcnt / 0u == 1u", "at byte 29: division by zero\n" },
		{ "process_exec.ancestors[5].binary == ''",
		  "at byte 23: the list has no element with this number\n" },
		{ "process_exec.parent.pid > 5u",
		  "at byte 25: \">\" cannot take values of these types\n" },
		{ "process_exit.status == 1u && process_exec.process.refcnt == 1u",
		  "at byte 1: the event is no \"process_exit\"\n" },
		{ "ip(process_exec.process.binary).isLoopback()",
		  "at byte 1: \"/usr/bin/curl\" is no address of IPv4 or IPv6\n" },
		{ "ip(process_exec.process.cwd).isLoopback()",
		  "at byte 1: \"/tmp/\xef\xbf\xbd\" is no address of IPv4 or IPv6\n" },
		{ "'%q'.format([process_exec]) == ''",
		  "at byte 6: a format has %s %d %f %e %x %X %o %b and %%, with a precision as in "
		  "%.2f\n" },
		{ "process_exec.ancestors.all(a, dyn(a.binary))", "at byte 31: this is no bool\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_cel_program_ struct cel_program *program = NULL;
		_cleanup_diag_ struct diag diag = {};

		assert_int_equal(cel_program_new(&program, rows[i].expression, &diag), 0);
		assert_int_equal(cel_program_evaluate(program, cel_exec_event(), &diag), -EINVAL);
		assert_row_string(i, buf_text(&diag.text), rows[i].says);
	}
}

/* What the table promises: rows are tried one after the other as long as the name is the same. */
static void rows_of_one_name_stand_together(void **state)
{
	const struct cel_function *function, *other;

	for (size_t i = 0; (function = cel_function_at(i)); i++) {
		bool has_ended = false;

		for (size_t j = i + 1; (other = cel_function_at(j)); j++) {
			bool is_same = strcmp(function->name, other->name) == 0;

			assert_false(has_ended && is_same);
			has_ended |= !is_same;
		}
	}
}

/* Each block of lines between comments below the heading of docs/cel.md. */
static void examples_of_the_paper_are_taken(void **state)
{
	_cleanup_(cleanup_file) FILE *file = fopen(DOCS_DIR "/cel.md", "r");
	_cleanup_buf_ struct buf text = {};
	char line[512];
	int count = 0;
	bool is_inside = false;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "## ", 3) == 0)
			is_inside = strcmp(line, "## Ten examples\n") == 0;
		if (!is_inside || strncmp(line, "    ", 4) != 0 || line[4] == '#') {
			_cleanup_cel_program_ struct cel_program *program = NULL;
			_cleanup_diag_ struct diag diag = {};

			if (text.bytes && cel_program_new(&program, buf_text(&text), &diag))
				fail_msg("%s", buf_text(&diag.text));
			count += program != NULL;
			buf_reset(&text);
		} else {
			buf_add_text(&text, line);
		}
	}
	assert_int_equal(count, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_is_unknown_and_what_is_near),
		cmocka_unit_test(names_both_types_of_operands),
		cmocka_unit_test(says_where_the_grammar_is_broken),
		cmocka_unit_test(finds_constants_that_can_never_be),
		cmocka_unit_test(tells_several_mistakes_at_once_but_not_all),
		cmocka_unit_test(refuses_what_is_nested_too_deep_or_too_long),
		cmocka_unit_test(takes_what_the_language_asks_for_at_least),
		cmocka_unit_test(an_event_costs_no_more_than_its_budget),
		cmocka_unit_test(the_end_of_the_budget_is_not_swallowed),
		cmocka_unit_test(constants_cost_no_more_than_an_event),
		cmocka_unit_test(rows_of_one_name_stand_together),
		cmocka_unit_test(examples_of_the_paper_are_taken),
		cmocka_unit_test(says_why_an_event_could_not_be_evaluated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
