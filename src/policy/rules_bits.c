/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that are short lists: conditions on bits, on marks, and texts that stand anywhere. */
#include "policy/rules_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- masks
 * ---------------------------------------------------------------------------------------- */

static bool masks_are_equal(const struct rules_test *one, const struct rules_test *other)
{
	return one->mask == other->mask && one->is_negated == other->is_negated &&
	       one->set == other->set && one->in_user_namespace == other->in_user_namespace;
}

/* The vector of all selectors but those whose test is like test FIRST. */
static uint32_t masks_add_failing(struct rules_builder *builder, const struct rules_tests *tests,
				  size_t first)
{
	rules_vector_fill(builder, builder->vector);
	for (size_t i = first; i < tests->count; i++) {
		if (masks_are_equal(&tests->items[first], &tests->items[i]))
			vector_set(builder->vector, tests->items[i].bit, false);
	}
	return rules_add_vector(builder, builder->vector);
}

static bool masks_has_before(const struct rules_tests *tests, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (masks_are_equal(&tests->items[i], &tests->items[at]))
			return true;
	}
	return false;
}

uint32_t rules_add_masks(struct rules_builder *builder, const struct rules_tests *tests)
{
	struct wire_mask_row rows[WIRE_MASKS_MAX] = {};
	struct wire_masks head = {};
	uint32_t at;

	for (size_t i = 0; i < tests->count; i++) {
		const struct rules_test *test = &tests->items[i];

		if (masks_has_before(tests, i))
			continue;
		if (head.count == WIRE_MASKS_MAX) {
			diag_add(
				builder->diag,
				"too many different masks on one value of one function; the limit is %u",
				WIRE_MASKS_MAX);
			return 0;
		}
		rows[head.count++] = (struct wire_mask_row){
			.mask = test->mask,
			.is_negated = test->is_negated,
			.failing = masks_add_failing(builder, tests, i),
			.set = test->set,
			.in_user_namespace = test->in_user_namespace,
		};
	}
	at = rules_add_bytes(builder, &head, sizeof(head));
	rules_add_bytes(builder, rows, head.count * sizeof(rows[0]));
	return builder->failed ? 0 : at;
}

/* ---- marks
 * ---------------------------------------------------------------------------------------- */

struct marks_builder {
	struct rules_builder *rules;
	const struct rules_tests *tests;
	bool *is_further; /* owned; per test: another positive test of its selector came before */
	uint64_t *vector; /* owned */
};

static void marks_find_further(struct marks_builder *builder)
{
	for (size_t i = 0; i < builder->tests->count; i++) {
		const struct rules_test *test = &builder->tests->items[i];

		for (size_t j = 0; j < i && !test->is_negated; j++) {
			if (builder->tests->items[j].bit == test->bit &&
			    !builder->tests->items[j].is_negated)
				builder->is_further[i] = true;
		}
	}
}

/* Selectors with a test on MARK: those that want it first of all, or those that forbid it. */
static uint32_t marks_add_vector(struct marks_builder *builder, uint32_t mark, bool is_negated)
{
	memset(builder->vector, 0, builder->rules->out->config.words * sizeof(*builder->vector));
	for (size_t i = 0; i < builder->tests->count; i++) {
		const struct rules_test *test = &builder->tests->items[i];

		if (test->mark == mark && test->is_negated == is_negated && !builder->is_further[i])
			vector_set(builder->vector, test->bit, true);
	}
	return rules_add_vector(builder->rules, builder->vector);
}

static void marks_add_rows(struct marks_builder *builder, struct wire_marks *head)
{
	struct wire_mark_row rows[WIRE_MASKS_MAX] = {};

	for (size_t i = 0; i < builder->tests->count; i++) {
		const struct rules_test *test = &builder->tests->items[i];

		if (!builder->is_further[i])
			continue;
		if (head->rows_count == WIRE_MASKS_MAX) {
			diag_add(
				builder->rules->diag,
				"too many selectors with several lists of binaries on one function; the limit is %u",
				WIRE_MASKS_MAX);
			builder->rules->failed = true;
			return;
		}
		rules_vector_fill(builder->rules, builder->vector);
		vector_set(builder->vector, test->bit, false);
		rows[head->rows_count++] = (struct wire_mark_row){
			.mark = test->mark,
			.failing = rules_add_vector(builder->rules, builder->vector),
		};
	}
	head->rows = rules_add_bytes(builder->rules, rows, head->rows_count * sizeof(rows[0]));
}

static uint32_t marks_write(struct marks_builder *builder)
{
	uint32_t marks[WIRE_MARKS_MAX] = {};
	struct wire_marks head = {};

	rules_vector_fill(builder->rules, builder->vector);
	for (size_t i = 0; i < builder->tests->count; i++) {
		const struct rules_test *test = &builder->tests->items[i];

		head.relevant[test->mark / 64] |= 1ULL << test->mark % 64;
		if (!test->is_negated)
			vector_set(builder->vector, test->bit, false);
	}
	head.none = head.free = rules_add_vector(builder->rules, builder->vector);
	for (size_t i = 0; i < builder->tests->count; i++) {
		uint32_t mark = builder->tests->items[i].mark;
		struct wire_mark one;

		if (marks[mark])
			continue;
		one.with = marks_add_vector(builder, mark, false);
		one.without = marks_add_vector(builder, mark, true);
		marks[mark] = rules_add_bytes(builder->rules, &one, sizeof(one));
	}
	marks_add_rows(builder, &head);
	head.marks = rules_add_bytes(builder->rules, marks, sizeof(marks));
	return rules_add_bytes(builder->rules, &head, sizeof(head));
}

uint32_t rules_add_marks(struct rules_builder *rules, const struct rules_tests *tests)
{
	struct marks_builder builder = {
		.rules = rules,
		.tests = tests,
		.is_further = calloc(tests->count + 1, sizeof(bool)),
		.vector = calloc(rules->out->config.words, sizeof(uint64_t)),
	};
	uint32_t at = 0;

	if (builder.is_further && builder.vector) {
		marks_find_further(&builder);
		at = marks_write(&builder);
	} else {
		rules->failed = true;
	}
	free(builder.is_further);
	free(builder.vector);
	return rules->failed ? 0 : at;
}

/* ---- substrings
 * ----------------------------------------------------------------------------------- */

static void substring_write(struct rules_builder *builder, const struct rules_test *test,
			    size_t index, uint32_t failing)
{
	const struct span *text = &test->substrings[index].text;
	struct wire_substring row = {
		.bytes = (uint32_t)text->bytes,
		.ignores_case = test->ignores_case,
		.is_last = index + 1 == test->substrings_count,
		.failing = failing,
	};

	for (size_t i = 0; i < text->bytes && i < WIRE_SUBSTRING_BYTES_MAX; i++) {
		char c = text->data[i];

		row.text[i] = test->ignores_case && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	rules_add_bytes(builder, &row, sizeof(row));
}

uint32_t rules_add_substrings(struct rules_builder *builder, const struct rules_tests *tests)
{
	struct wire_substrings head = {};
	uint32_t *failing = calloc(tests->count + 1, sizeof(*failing));
	uint32_t at;

	if (!failing) {
		builder->failed = true;
		return 0;
	}
	for (size_t i = 0; i < tests->count; i++) {
		rules_vector_fill(builder, builder->vector);
		vector_set(builder->vector, tests->items[i].bit, false);
		failing[i] = rules_add_vector(builder, builder->vector);
		head.count += (uint32_t)tests->items[i].substrings_count;
	}
	at = rules_add_bytes(builder, &head, sizeof(head));
	for (size_t i = 0; i < tests->count; i++) {
		for (size_t j = 0; j < tests->items[i].substrings_count; j++)
			substring_write(builder, &tests->items[i], j, failing[i]);
	}
	free(failing);
	if (head.count > WIRE_SUBSTRINGS_MAX) {
		diag_add(builder->diag,
			 "too many substrings on one value of one function: %u; the limit is %u",
			 head.count, WIRE_SUBSTRINGS_MAX);
		return 0;
	}
	return builder->failed ? 0 : at;
}
