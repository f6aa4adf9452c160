/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules: what a search of the memory finds is what the policy says, for tables made by hand and by
 * chance; limits are named; slots keep their places. What tables look like is tested by
 * tests/policy/cases/plan_*.case.
 */
#include "cmocka_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "policy/limits.h"
#include "policy/plan.h"
#include "policy/plan_world.h"
#include "rules_call.h"
#include "rules_make.h"

#define HEAD	    "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p}\nspec:\n"
#define MEMBERS_MAX (WIRE_ACTING_MAX + 1)

struct fixture {
	struct plan_world world;
	struct policy *policies[MEMBERS_MAX];
	size_t policies_count;
	struct rules_member members[MEMBERS_MAX];
	size_t count;
	struct rules rules;
	struct diag diag;
	struct rules_maker maker;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	plan_world_init(&fixture->world);
	for (uint32_t i = 0; i < WIRE_NAMESPACES; i++)
		fixture->world.rules.host_namespaces[i] = 4;
	fixture->rules.config.has_bpf_loop = true;
	*state = fixture;
	return 0;
}

static void forget(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->policies_count; i++)
		policy_free(fixture->policies[i]);
	fixture->policies_count = fixture->count = 0;
	rules_done(&fixture->rules);
	fixture->rules = (struct rules){ .config.has_bpf_loop = true };
	diag_done(&fixture->diag);
	fixture->diag = (struct diag){};
	rules_maker_done(&fixture->maker);
	fixture->maker.text = (struct buf){};
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	forget(fixture);
	plan_world_done(&fixture->world);
	free(fixture);
	return 0;
}

/* Its hooks become members. */
static void add_policy(struct fixture *fixture, struct span text)
{
	_cleanup_report_ struct report report = {};
	_cleanup_buf_ struct buf findings = {};
	struct policy *policy = NULL;

	if (policy_read_text("p.yaml", text, &report, &policy)) {
		report_add_text(&report, &findings);
		print_error("%s", buf_text(&findings));
	}
	assert_non_null(policy);
	fixture->policies[fixture->policies_count++] = policy;
	for (size_t i = 0; i < policy->hooks_count; i++)
		fixture->members[fixture->count++] =
			(struct rules_member){ .policy = policy, .hook = policy->hooks[i] };
}

static int build(struct fixture *fixture)
{
	return rules_build(&fixture->rules, fixture->members, fixture->count, 1,
			   &fixture->world.rules, &fixture->diag);
}

static void build_well(struct fixture *fixture)
{
	int error = build(fixture);

	if (error)
		print_error("%s%s", buf_text(&fixture->diag.text), buf_text(&fixture->maker.text));
	assert_int_equal(error, 0);
}

static struct rules_view view_of(const struct fixture *fixture)
{
	return (struct rules_view){ .config = &fixture->rules.config,
				    .memory = fixture->rules.memory.data,
				    .bytes = fixture->rules.memory.bytes };
}

static const struct policy_selector *member_get_selector(const struct rules_member *member,
							 uint32_t bit)
{
	return member->hook->selectors.count ? &member->hook->selectors.items[bit] : NULL;
}

/* How many selectors match the call. */
static size_t compare(struct fixture *fixture, const struct call *call, uint64_t seed)
{
	struct rules_view view = view_of(fixture);
	struct vector found;
	size_t matching = 0;

	rules_eval(&view, call, &found);
	assert_false(view.is_broken);
	for (size_t i = 0; i < fixture->count; i++) {
		const struct rules_member *member = &fixture->members[i];

		for (uint32_t bit = 0; bit < member->bits; bit++) {
			bool wanted = rules_oracle(member, &fixture->world.rules,
						   member_get_selector(member, bit), call);

			if (vector_has(&found, member->first_bit + bit) != wanted)
				print_error("seed %llu, selector %u: %s\n%s",
					    (unsigned long long)seed, member->first_bit + bit,
					    wanted ? "is missing" : "is not wanted",
					    buf_text(&fixture->maker.text));
			assert_int_equal(vector_has(&found, member->first_bit + bit), wanted);
			matching += wanted;
		}
	}
	return matching;
}

/*
 * False: three cells of a tree of texts have the same two places. Texts that are made by chance
 * from few letters come to that more often than people's do.
 */
/* The policy that was made, and CALLS calls. Returns how many selectors matched. */
static size_t compare_made(struct fixture *fixture, uint64_t seed, size_t calls)
{
	struct span text = { fixture->maker.text.data, fixture->maker.text.bytes };
	size_t matching = 0;

	add_policy(fixture, text);
	build_well(fixture);
	for (size_t i = 0; i < calls; i++) {
		struct call call;

		rules_make_call(&fixture->maker, &fixture->rules.config, fixture->world.marks_count,
				fixture->world.scopes_count, &call);
		matching += compare(fixture, &call, seed);
	}
	return matching;
}

/* ---- what is found ----------------------------------------------------------------------------
 */

static void filters_of_all_kinds_match_as_the_policy_says(void **state)
{
	struct fixture *fixture = *state;
	size_t matching = 0;

	for (uint64_t seed = 1; seed <= 400; seed++) {
		rules_maker_init(&fixture->maker, seed);
		rules_make_policy(&fixture->maker, 1 + seed % 3, seed % 7);
		matching += compare_made(fixture, seed, 100);
		forget(fixture);
	}
	assert_true(matching > 10000); /* else nothing is shown */
}

static void vectors_of_several_words_are_searched_alike(void **state)
{
	struct fixture *fixture = *state;

	for (uint64_t seed = 1; seed <= 6; seed++) {
		rules_maker_init(&fixture->maker, seed);
		rules_make_policy(&fixture->maker, 3, 40 * seed);
		assert_true(compare_made(fixture, seed, 30) > 0);
		assert_in_range(fixture->rules.config.words, 2, 16);
		forget(fixture);
	}
}

static void tables_of_one_value_match_as_the_policy_says(void **state)
{
	static const char *const types[] = { "string", "string", "int64",	"uint64",
					     "sock",   "int8",	 "sockaddr_un", "file" };
	struct fixture *fixture = *state;

	for (uint64_t seed = 1; seed <= 400; seed++) {
		rules_maker_init(&fixture->maker, seed);
		rules_make_table(&fixture->maker, types[seed % COUNT(types)], 1 + seed % 5,
				 1 + seed % 30);
		compare_made(fixture, seed, 200);
		forget(fixture);
	}
}

static void the_plan_of_any_policy_can_be_printed(void **state)
{
	struct fixture *fixture = *state;

	for (uint64_t seed = 1; seed <= 100; seed++) {
		_cleanup_report_ struct report report = {};
		_cleanup_buf_ struct buf plan = {};

		rules_maker_init(&fixture->maker, seed);
		rules_make_policy(&fixture->maker, 1 + seed % 3, seed % 9);
		add_policy(fixture,
			   (struct span){ fixture->maker.text.data, fixture->maker.text.bytes });
		assert_int_equal(policy_print_plan(fixture->policies[0], &report, &plan), 0);
		assert_null(strstr(buf_text(&plan), "broken"));
		assert_null(strstr(buf_text(&plan), "no search finds it"));
		assert_null(strstr(buf_text(&plan), "unknown,"));
		forget(fixture);
	}
}

/* ---- texts whose cells get in each other's way ------------------------------------------------
 */

#define TEXT_HOOK                                                                            \
	HEAD "  kprobes:\n  - call: f\n    syscall: false\n    args: [{index: 0, type: "     \
	     "char_buf, sizeArgIndex: 2}, {index: 1, type: size_t}]\n    selectors:\n    - " \
	     "matchArgs: [{index: 0, operator: Equal, values: ["

static void ends_of_many_steps_find_their_places(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};
	struct call call = {};

	buf_add_text(&text, TEXT_HOOK);
	for (int i = 0; i < 4000; i++)
		buf_add_format(&text, "%s\"%04d----%c\"", i ? ", " : "", i, " 09AZaz~"[i % 8]);
	buf_add_text(&text, "]}]\n");
	add_policy(fixture, (struct span){ text.data, text.bytes });
	build_well(fixture);
	call.values[0].is_there = true;
	for (int i = 0; i < 4000; i++) {
		char one[16];

		snprintf(one, sizeof(one), "%04d----%c", i, " 09AZaz~"[i % 8]);
		call.values[0].text = span_of(one);
		assert_int_equal(compare(fixture, &call, 0), 1);
		one[8]++; /* nobody's end */
		assert_int_equal(compare(fixture, &call, 0), 0);
	}
}

static void long_runs_of_one_letter_find_their_places(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};

	buf_add_format(&text, TEXT_HOOK "\"%0560d\", \"%0384d0b000000\", \"%0256d0c000000\"]}]\n",
		       0, 0, 0);
	add_policy(fixture, (struct span){ text.data, text.bytes });
	build_well(fixture);
	assert_in_range(fixture->rules.memory.bytes, 1, 16384);
}

static void texts_that_end_in_nuls_find_their_places(void **state)
{
	static const struct span texts[] = { { "a", 1 }, { "b\0", 2 }, { "c\0\0", 3 } };
	struct fixture *fixture = *state;
	struct call call = {};

	add_policy(fixture, span_of(TEXT_HOOK "\"a\", \"b\\0\", \"c\\0\\0\"]}]\n"));
	build_well(fixture);
	call.values[0].is_there = true;
	for (int i = 0; i < 3; i++) {
		call.values[0].text = texts[i];
		assert_int_equal(compare(fixture, &call, 0), 1);
		call.values[0].text.bytes++; /* of its C string: one more NUL */
		assert_int_equal(compare(fixture, &call, 0), 0);
	}
}

/* ---- limits -----------------------------------------------------------------------------------
 */

static void add_list(struct buf *text, const char *format, size_t first, size_t count)
{
	buf_add_text(text, "[");
	for (size_t i = 0; i < count; i++) {
		buf_add_text(text, i ? ", " : "");
		buf_add_format(text, format, first + i);
	}
	buf_add_text(text, "]");
}

/* A hook with a value of TYPE and as many selectors; each has FILTERS filters with COUNT values of
 * their own. */
static void add_large(struct fixture *fixture, const char *type, size_t selectors, size_t filters,
		      const char *operator, const char * format, size_t count)
{
	_cleanup_buf_ struct buf text = {};
	size_t first = 0;

	buf_add_format(
		&text,
		HEAD
		"  kprobes:\n  - call: f\n    syscall: false\n    args: [{index: 0, type: %s}]\n    selectors:\n",
		type);
	for (size_t i = 0; i < selectors; i++) {
		buf_add_text(&text, "    - matchArgs:\n");
		for (size_t j = 0; j < filters; j++, first += count) {
			buf_add_format(&text,
				       "      - {index: 0, operator: %s, values: ", operator);
			add_list(&text, format, first, count);
			buf_add_text(&text, "}\n");
		}
	}
	add_policy(fixture, (struct span){ text.data, text.bytes });
}

static void expect_limit(struct fixture *fixture, const char *words)
{
	assert_int_equal(build(fixture), -ENOSPC);
	if (!strstr(buf_text(&fixture->diag.text), words))
		print_error("%s", buf_text(&fixture->diag.text));
	assert_non_null(strstr(buf_text(&fixture->diag.text), words));
	forget(fixture);
}

static void sixteen_thousand_texts_are_found(void **state)
{
	struct fixture *fixture = *state;
	struct call call = { .values[0] = { .is_there = true } };

	add_large(fixture, "string", 1, 1, "Equal", "\"/usr/bin/program-%zu\"", 16384);
	build_well(fixture);
	for (size_t i = 0; i < 16384; i += 16) {
		char text[64];

		snprintf(text, sizeof(text), "/usr/bin/program-%zu", i);
		call.values[0].text = span_of(text);
		assert_int_equal(compare(fixture, &call, i), 1);
		snprintf(text, sizeof(text), "/usr/bin/program-%zu", i + 16384);
		call.values[0].text = span_of(text);
		assert_int_equal(compare(fixture, &call, i), 0);
	}
}

static void sixteen_thousand_numbers_are_found(void **state)
{
	struct fixture *fixture = *state;
	struct call call = { .values[0] = { .is_there = true } };

	add_large(fixture, "uint64", 1, 1, "InMap", "\"%zu0\"", 16384);
	build_well(fixture);
	for (size_t i = 0; i < 163840; i += 5) {
		call.values[0].number = i;
		assert_int_equal(compare(fixture, &call, i), i % 10 == 0);
	}
}

static void thousands_of_selectors_have_a_bit_each(void **state)
{
	struct fixture *fixture = *state;
	struct call call = { .values[0] = { .is_there = true } };

	for (size_t i = 0; i < WIRE_SELECTORS_MAX; i += POLICY_ITEMS_MAX)
		add_large(fixture, "int", POLICY_ITEMS_MAX, 1, "Equal", "\"%zu\"", 2);
	build_well(fixture);
	assert_int_equal(fixture->rules.config.words, WIRE_VECTOR_WORDS_MAX);
	for (size_t i = 0; i < 2 * (size_t)POLICY_ITEMS_MAX; i += 63) {
		call.values[0].number = i;
		assert_int_equal(compare(fixture, &call, i), WIRE_SELECTORS_MAX / POLICY_ITEMS_MAX);
	}
}

static void one_selector_more_is_refused(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < WIRE_SELECTORS_MAX; i += POLICY_ITEMS_MAX)
		add_large(fixture, "int", POLICY_ITEMS_MAX, 1, "Equal", "\"%zu\"", 1);
	add_policy(fixture, span_of(HEAD "  kprobes: [{call: f, syscall: false}]\n"));
	expect_limit(fixture, "have 4097 selectors; the limit is 4096");
}

static void limits_of_tables_are_named(void **state)
{
	struct fixture *fixture = *state;

	add_large(fixture, "uint64", WIRE_MASKS_MAX, 1, "Mask", "\"%zu1\"", 1);
	build_well(fixture);
	forget(fixture);
	add_large(fixture, "uint64", WIRE_MASKS_MAX + 1, 1, "Mask", "\"%zu1\"", 1);
	expect_limit(fixture, "too many different masks");
	add_large(fixture, "string", 1, 1, "SubString", "\"%zu\"", WIRE_SUBSTRINGS_MAX);
	build_well(fixture);
	forget(fixture);
	add_large(fixture, "string", 1, 1, "SubString", "\"%zu\"", WIRE_SUBSTRINGS_MAX + 1);
	expect_limit(fixture, "too many substrings on one value of one function: 257");
	/* a number and what is behind it are two ranges; the first range makes it one too many */
	add_large(fixture, "uint64", 1, 4, "NotInMap", "\"%zu1\"", 16384);
	expect_limit(fixture, "too many ranges on one value of one function: 131073");
}

static void kernels_without_loops_have_limits_of_their_own(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};
	char format[300];

	memset(format, 'x', sizeof(format));
	memcpy(format, "\"%zu", 4);
	memcpy(format + 270, "\"", 2);
	add_large(fixture, "string", 1, 1, "Equal", format, 1);
	build_well(fixture);
	forget(fixture);
	fixture->rules.config.has_bpf_loop = false;
	add_large(fixture, "string", 1, 1, "Equal", format, 1);
	expect_limit(fixture, "texts of more than 128 bytes are compared from Linux 5.17 on only");
	fixture->rules.config.has_bpf_loop = false;
	add_large(fixture, "string", 1, 1, "SubString", "\"%zu\"", 1);
	expect_limit(fixture, "parts of texts are searched from Linux 5.17 on only");
	buf_add_text(&text, HEAD "  kprobes:\n");
	for (int i = 0; i <= WIRE_ACTING_MAX; i++)
		buf_add_text(&text, "  - {call: f, syscall: false, selectors: [{"
				    "matchActions: [{action: Sigkill}]}]}\n");
	add_policy(fixture, (struct span){ text.data, text.bytes });
	build_well(fixture);
	fixture->rules.config.has_bpf_loop = false;
	expect_limit(fixture, "65 hooks of policies act on one function; before Linux 5.17");
}

static void limits_of_the_world_are_named(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};

	buf_add_text(&text, HEAD "  kprobes:\n  - call: f\n    syscall: false\n    selectors:\n");
	for (int i = 0; i <= WIRE_MARKS_MAX; i++)
		buf_add_format(&text, "    - matchBinaries: [{operator: In, values: [/bin/%d]}]\n",
			       i);
	add_policy(fixture, (struct span){ text.data, text.bytes });
	expect_limit(fixture, "too many different lists of binaries and followed pids");
}

static void further_lists_of_binaries_have_a_limit(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};

	buf_add_text(&text, HEAD "  kprobes:\n  - call: f\n    syscall: false\n    selectors:\n");
	for (int i = 0; i <= WIRE_MASKS_MAX; i++)
		buf_add_text(
			&text,
			"    - matchBinaries: [{operator: In, values: [/a]}, {operator: In, values: [/b]}]\n");
	add_policy(fixture, (struct span){ text.data, text.bytes });
	expect_limit(fixture, "too many selectors with several lists of binaries");
}

/* Texts of 4,000 bytes that differ in the first of them: 500 cells each. */
static void add_long_texts(struct fixture *fixture, size_t first, size_t count)
{
	_cleanup_buf_ struct buf text = {};
	char tail[3996];

	memset(tail, 'x', sizeof(tail));
	buf_add_text(&text, TEXT_HOOK);
	for (size_t i = first; i < first + count; i++) {
		buf_add_format(&text, "%s\"%04zu", i > first ? ", " : "", i);
		buf_add(&text, tail, sizeof(tail));
		buf_add_text(&text, "\"");
	}
	buf_add_text(&text, "]}]\n");
	add_policy(fixture, (struct span){ text.data, text.bytes });
}

static void rules_have_a_size(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 900; i += 300)
		add_long_texts(fixture, i, 300);
	build_well(fixture);
	assert_in_range(fixture->rules.config.half_bytes, 32 << 20, 64 << 20);
	for (size_t i = 900; i < 2700; i += 300)
		add_long_texts(fixture, i, 300);
	rules_done(&fixture->rules);
	fixture->rules = (struct rules){};
	expect_limit(fixture, "the rules of one function take more than 64 MiB");
}

/* A line that stands in the diagnosis already is none of these rules. */
static void earlier_lines_change_nothing(void **state)
{
	struct fixture *fixture = *state;

	diag_add(&fixture->diag, "something else");
	add_policy(fixture, span_of(HEAD "  kprobes: [{call: f, syscall: false}]\n"));
	build_well(fixture);
	assert_int_equal(fixture->diag.lines, 1);
}

/* ---- configurations that are there already ----------------------------------------------------
 */

#define ASKS(index, type, operator, value)                                                         \
	"  - {call: f, syscall: false, args: [{index: " index ", type: " type                      \
	"}], selectors: [{matchArgs: [{index: " index ", operator: " operator", values: [\"" value \
									     "\"]}]}]}\n"

static void slots_keep_their_places(void **state)
{
	struct fixture *fixture = *state;
	struct wire_hook_config before;

	add_policy(fixture, span_of(HEAD "  kprobes:\n" ASKS("1", "string", "Equal", "a")
					    ASKS("0", "int", "Equal", "1")));
	build_well(fixture);
	before = fixture->rules.config;
	/* the other way round, and something new */
	fixture->count = 0;
	add_policy(fixture, span_of(HEAD "  kprobes:\n" ASKS("0", "int", "Equal", "2")
					    ASKS("2", "file", "Prefix", "/a")
						    ASKS("1", "string", "Equal", "b")));
	build_well(fixture);
	assert_int_equal(fixture->members[0].slots[0], 1);
	assert_int_equal(fixture->members[1].slots[0], 2);
	assert_int_equal(fixture->members[2].slots[0], 0);
	assert_int_equal(fixture->rules.config.values_count, 3);
	assert_memory_equal(fixture->rules.config.values, before.values,
			    2 * sizeof(before.values[0]));
}

static void an_equal_configuration_needs_no_other_program(void **state)
{
	struct fixture *fixture = *state;
	struct wire_hook_config before;
	struct call call = { .values[0] = { .is_there = true, .number = 7 } };

	add_policy(fixture, span_of(HEAD "  kprobes:\n" ASKS("0", "int", "Equal", "7")
					    ASKS("1", "string", "Postfix", "abc")
						    ASKS("0", "int", "Mask", "4")));
	build_well(fixture);
	before = fixture->rules.config;
	/* fewer tables, shorter texts, fewer values: what the program can do, it still can */
	fixture->count = 0;
	add_policy(fixture, span_of(HEAD "  kprobes:\n" ASKS("0", "int", "GT", "5")));
	build_well(fixture);
	assert_memory_equal(&fixture->rules.config, &before, sizeof(before));
	assert_int_equal(compare(fixture, &call, 0), 1);
	call.values[0].number = 5;
	assert_int_equal(compare(fixture, &call, 0), 0);
	/* nobody is left: the tables are asked and say so */
	fixture->count = 0;
	build_well(fixture);
	assert_memory_equal(&fixture->rules.config, &before, sizeof(before));
	assert_int_equal(compare(fixture, &call, 0), 0);
}

static void a_new_partner_of_a_set_gets_a_slot(void **state)
{
	static const char *const gained =
		HEAD "  kprobes:\n  - call: f\n    syscall: false\n"
		     "    args: [{index: 0, type: cap_effective}, {index: 1, type: "
		     "cap_effective}, {index: 2, type: cap_effective}]\n    selectors:\n"
		     "    - matchArgs: [{args: [0, 1], operator: CapabilitiesGained}]\n"
		     "    - matchArgs: [{args: [0, 2], operator: CapabilitiesGained}]\n";
	struct fixture *fixture = *state;
	struct wire_hook_config before;
	struct call call = {};

	add_policy(fixture, span_of(gained));
	build_well(fixture);
	before = fixture->rules.config;
	assert_int_equal(before.values_count, 4);
	for (uint32_t i = 0; i < 4; i++)
		call.values[i] = (struct call_value){ .is_there = true, .number = i == 2 };
	assert_int_equal(compare(fixture, &call, 0), 1);
	build_well(fixture);
	assert_memory_equal(&fixture->rules.config, &before, sizeof(before));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(filters_of_all_kinds_match_as_the_policy_says),
		CASE(vectors_of_several_words_are_searched_alike),
		CASE(tables_of_one_value_match_as_the_policy_says),
		CASE(the_plan_of_any_policy_can_be_printed),
		CASE(ends_of_many_steps_find_their_places),
		CASE(long_runs_of_one_letter_find_their_places),
		CASE(texts_that_end_in_nuls_find_their_places),
		CASE(sixteen_thousand_texts_are_found),
		CASE(sixteen_thousand_numbers_are_found),
		CASE(thousands_of_selectors_have_a_bit_each),
		CASE(one_selector_more_is_refused),
		CASE(limits_of_tables_are_named),
		CASE(kernels_without_loops_have_limits_of_their_own),
		CASE(limits_of_the_world_are_named),
		CASE(further_lists_of_binaries_have_a_limit),
		CASE(rules_have_a_size),
		CASE(earlier_lines_change_nothing),
		CASE(slots_keep_their_places),
		CASE(an_equal_configuration_needs_no_other_program),
		CASE(a_new_partner_of_a_set_gets_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
