/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy room promises to those who call it from C: places, references, findings, limits
 * of memory, and types that are found out later. What `tetra policy check` shows of it is tested by
 * tests/policy.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/print.h"
#include "policy/snippet.h"

#define HEAD "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p}\nspec:\n"

struct fixture {
	struct report report;
	struct policy *policy;
};

static int setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){};
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	report_done(&fixture->report);
	policy_free(fixture->policy);
	return 0;
}

static int read_policy(struct fixture *fixture, const char *text)
{
	return policy_read_text("p.yaml", span_of(text), &fixture->report, &fixture->policy);
}

static void the_model_outlives_the_text(void **state)
{
	struct fixture *fixture = *state;
	char text[] = HEAD "  kprobes: [{call: f, syscall: false}]\n";

	assert_int_equal(read_policy(fixture, text), 0);
	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(fixture->policy->metadata->name.data, "p");
	assert_string_equal(fixture->policy->hooks[0]->call.data, "f");
	assert_memory_equal(fixture->policy->source.text.data, "apiVersion", 10);
}

static void every_node_knows_its_place(void **state)
{
	struct fixture *fixture = *state;
	const struct policy_hook *hook;

	assert_int_equal(read_policy(fixture, HEAD "  kprobes:\n"
						   "  - call: \"f\"\n"
						   "    syscall: false\n"
						   "    args: [{index: 0, type: int}]\n"),
			 0);
	hook = fixture->policy->hooks[0];
	assert_int_equal(hook->place.line, 6);
	assert_int_equal(hook->place.column, 5);
	assert_int_equal(hook->call.place.column, 11);
	assert_int_equal(hook->call.place.width, 3);
	assert_int_equal(hook->arguments.items[0].type.place.line, 8);
	assert_int_equal(hook->arguments.items[0].type.place.column, 29);
}

static void fields_say_whether_they_were_given(void **state)
{
	struct fixture *fixture = *state;
	const struct policy_hook *hook;

	assert_int_equal(
		read_policy(fixture, HEAD "  kprobes: [{call: sys_read, return: false}]\n"), 0);
	hook = fixture->policy->hooks[0];
	assert_int_equal(hook->returns.state, FIELD_GIVEN);
	assert_int_equal(hook->syscall.state, FIELD_DEFAULTED);
	assert_true(hook->syscall.value);
	assert_int_equal(hook->message.state, FIELD_ABSENT);
	assert_string_equal(hook->message.data, "");
	/* Members of other sections are blank, too. */
	assert_string_equal(hook->path.data, "");
	assert_int_equal(hook->return_action.value, -1);
}

static void references_are_pointers(void **state)
{
	struct fixture *fixture = *state;
	const struct policy_hook *hook;
	const struct policy_filter *filter;

	assert_int_equal(
		read_policy(fixture, HEAD
			    "  lists: [{name: l, type: syscalls, values: [i386/sys_read]}]\n"
			    "  kprobes:\n"
			    "  - call: list:l\n"
			    "    args: [{index: 2, type: path}, {index: 1, type: int}]\n"
			    "    selectors:\n"
			    "    - matchArgs: [{index: 1, operator: InMap, values: [\"-1:1\"]}]\n"),
		0);
	hook = fixture->policy->hooks[0];
	assert_ptr_equal(hook->list, &fixture->policy->spec->lists.items[0]);
	assert_int_equal(hook->list->syscalls[0].abi, SYSCALL_ABI_I386);
	assert_string_equal(hook->list->syscalls[0].name, "sys_read");
	assert_true(hook->is_syscall);
	filter = &hook->selectors.items[0].arguments.items[0];
	assert_ptr_equal(filter->subject, &hook->arguments.items[1]);
	assert_ptr_equal(hook->values[1], filter->subject);
	assert_int_equal(filter->form, POLICY_FORM_RANGE);
	assert_int_equal((int64_t)filter->values[0].range.min, -1);
	assert_int_equal(filter->values[0].range.max, 1);
}

static const char open_policy[] =
	HEAD "  tracepoints:\n"
	     "  - subsystem: a\n"
	     "    event: b\n"
	     "    args: [{index: 5}]\n"
	     "    selectors:\n"
	     "    - matchArgs: [{index: 5, operator: Equal, values: [\"7\"]}]\n";

static struct policy_filter *get_open_filter(struct fixture *fixture)
{
	assert_int_equal(read_policy(fixture, open_policy), 0);
	return &fixture->policy->hooks[0]->selectors.items[0].arguments.items[0];
}

static const struct arg_type_facts *get_type(const char *word)
{
	int row = words_find(WORDS_ARG_TYPE, span_of(word));

	assert_true(row >= 0);
	return arg_type_get_facts(row);
}

static void a_type_that_is_found_out_later_makes_values(void **state)
{
	struct fixture *fixture = *state;
	struct policy_filter *filter = get_open_filter(fixture);

	assert_int_equal(filter->form, POLICY_FORM_OPEN);
	assert_int_equal(
		policy_check_filter(fixture->policy, filter, get_type("uint8"), &fixture->report),
		0);
	assert_int_equal(filter->form, POLICY_FORM_RANGE);
	assert_int_equal(filter->values_count, 1);
	assert_int_equal(filter->values[0].range.min, 7);
}

static void a_type_that_is_found_out_later_refuses_operators(void **state)
{
	struct fixture *fixture = *state;
	struct policy_filter *filter = get_open_filter(fixture);
	_cleanup_buf_ struct buf text = {};

	assert_int_equal(
		policy_check_filter(fixture->policy, filter, get_type("sock"), &fixture->report),
		-EINVAL);
	report_add_text(&fixture->report, &text);
	assert_non_null(
		strstr(buf_text(&text),
		       "p.yaml:10:40: operator Equal cannot be used for argument 5 (sock)\n"
		       "   10 |     - matchArgs: [{index: 5, operator: Equal, values: [\"7\"]}]\n"
		       "      |                                        ^~~~~ sock takes "));
}

static void aliases_of_a_type_are_one_type(void **state)
{
	(void)state;
	assert_ptr_equal(get_type("int"), get_type("sint32"));
	assert_ptr_equal(get_type("long"), get_type("int64"));
	assert_ptr_not_equal(get_type("size_t"), get_type("uint64"));
}

static void one_mistake_is_kept_once(void **state)
{
	struct fixture *fixture = *state;
	struct place place = { 1, 2, 3 };

	assert_non_null(report_error(&fixture->report, place, "no %d", 1));
	assert_null(report_error(&fixture->report, place, "no %d", 1));
	assert_non_null(report_error(&fixture->report, place, "no %d", 2));
	assert_int_equal(fixture->report.errors, 2);
}

static void findings_beyond_the_limit_are_counted(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};

	for (uint32_t i = 1; i <= FINDINGS_MAX + 5; i++)
		report_warning(&fixture->report, (struct place){ i, 1, 1 }, "no");
	assert_int_equal(fixture->report.count, FINDINGS_MAX);
	assert_int_equal(fixture->report.warnings, FINDINGS_MAX + 5);
	assert_int_equal(fixture->report.errors, 0);
	report_add_text(&fixture->report, &text);
	assert_non_null(strstr(buf_text(&text), "policy: 5 more; correct these first\n"));
}

static void findings_stand_in_the_order_of_the_text(void **state)
{
	struct fixture *fixture = *state;
	struct report *report = &fixture->report;

	report_error(report, (struct place){ 9, 1, 1 }, "c");
	report_error(report, (struct place){ 2, 5, 1 }, "b");
	report_error(report, (struct place){ 2, 3, 1 }, "a");
	report_error(report, (struct place){ 2, 5, 1 }, "d");
	report_sort(report);
	assert_string_equal(report->findings[0].message, "a");
	assert_string_equal(report->findings[1].message, "b");
	assert_string_equal(report->findings[2].message, "d");
	assert_string_equal(report->findings[3].message, "c");
}

struct safe_text {
	const char *text, *shown;
};

static void text_for_a_terminal_moves_nothing(void **state)
{
	static const struct safe_text texts[] = {
		{ "plain", "plain" },
		{ "a\tb", "a b" },
		{ "a\033[31mb", "a\xef\xbf\xbd[31mb" },
		{ "a\xc2\x9b"
		  "b",
		  "a\xef\xbf\xbd"
		  "b" },
		{ "a\xe2\x80\xae"
		  "b",
		  "a\xef\xbf\xbd"
		  "b" },
		{ "a\xff"
		  "b",
		  "a\xef\xbf\xbd"
		  "b" },
		{ "\xe6\x97\xa5", "\xe6\x97\xa5" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_buf_ struct buf out = {};

		assert_int_equal(snippet_add_safe(&out, span_of(texts[i].text), 100),
				 strlen(texts[i].text));
		assert_string_equal(buf_text(&out), texts[i].shown);
	}
}

static void every_table_of_words_is_complete(void **state)
{
	(void)state;
	for (size_t table = WORDS_NONE + 1; table < WORDS_TABLES; table++) {
		size_t count = words_get_count((enum words)table);

		assert_true(count > 0);
		for (size_t row = 0; row < count; row++) {
			const char *word = words_get((enum words)table, row);

			assert_true(*word);
			assert_int_equal(words_find((enum words)table, span_of(word)), row);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_model_outlives_the_text, setup, teardown),
		cmocka_unit_test_setup_teardown(every_node_knows_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(fields_say_whether_they_were_given, setup,
						teardown),
		cmocka_unit_test_setup_teardown(references_are_pointers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_type_that_is_found_out_later_makes_values, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_type_that_is_found_out_later_refuses_operators,
						setup, teardown),
		cmocka_unit_test(aliases_of_a_type_are_one_type),
		cmocka_unit_test_setup_teardown(one_mistake_is_kept_once, setup, teardown),
		cmocka_unit_test_setup_teardown(findings_beyond_the_limit_are_counted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(findings_stand_in_the_order_of_the_text, setup,
						teardown),
		cmocka_unit_test(text_for_a_terminal_moves_nothing),
		cmocka_unit_test(every_table_of_words_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
