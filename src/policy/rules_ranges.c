/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of numbers -> sorted boundaries, each with the vector of what holds from there on. A sweep
 * over all ends of all ranges, so that the work grows with their number and not with that of the
 * selectors.
 */
#include "policy/rules_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where a range begins, or the first number behind it. */
struct boundary {
	struct wire_wide at;
	uint32_t test;
	bool begins;
};

struct boundaries {
	struct boundary *items; /* owned */
	size_t count;
};

static int boundary_compare(const void *a, const void *b)
{
	const struct boundary *one = a, *other = b;

	if (one->at.high != other->at.high)
		return one->at.high < other->at.high ? -1 : 1;
	if (one->at.low != other->at.low)
		return one->at.low < other->at.low ? -1 : 1;
	return 0;
}

static void boundaries_add(struct boundaries *boundaries, uint32_t test, struct wire_wide first,
			   struct wire_wide last, bool is_wide)
{
	boundaries->items[boundaries->count++] = (struct boundary){ first, test, true };
	last.low++;
	if (!last.low) {
		last.high++;
		if (!is_wide || !last.high) /* up to the largest number: it never ends */
			return;
	}
	boundaries->items[boundaries->count++] = (struct boundary){ last, test, false };
}

static int boundaries_collect(struct boundaries *boundaries, const struct rules_tests *tests)
{
	size_t total = 0;

	for (size_t i = 0; i < tests->count; i++)
		total += tests->items[i].ranges_count;
	boundaries->items = calloc(2 * total + 1, sizeof(*boundaries->items));
	if (!boundaries->items)
		return -ENOMEM;
	for (size_t i = 0; i < tests->count; i++) {
		const struct rules_test *test = &tests->items[i];

		for (size_t j = 0; j < test->ranges_count; j++) {
			bool is_wide = test->wide_ranges != NULL;
			struct wire_wide first, last;

			first = is_wide ? test->wide_ranges[2 * j]
					: (struct wire_wide){ 0, test->ranges[j].min };
			last = is_wide ? test->wide_ranges[2 * j + 1]
				       : (struct wire_wide){ 0, test->ranges[j].max };
			boundaries_add(boundaries, (uint32_t)i, first, last, is_wide);
		}
	}
	qsort(boundaries->items, boundaries->count, sizeof(*boundaries->items), boundary_compare);
	return 0;
}

/* The starts and their vectors, as they go into the memory. */
struct starts {
	struct wire_wide *at; /* owned */
	uint32_t *vectors;    /* owned */
	uint32_t count;
};

static void starts_add(struct starts *starts, struct wire_wide at, uint32_t vector)
{
	if (starts->count && starts->vectors[starts->count - 1] == vector)
		return;
	starts->at[starts->count] = at;
	starts->vectors[starts->count++] = vector;
}

static int starts_sweep(struct rules_builder *builder, struct starts *starts,
			const struct boundaries *boundaries, const struct rules_tests *tests)
{
	struct rules_balance balance;
	size_t i = 0;

	starts->at = calloc(boundaries->count + 1, sizeof(*starts->at));
	starts->vectors = calloc(boundaries->count + 1, sizeof(*starts->vectors));
	if (!starts->at || !starts->vectors || rules_balance_init(&balance, builder, tests))
		return -ENOMEM;
	starts_add(starts, (struct wire_wide){ 0, 0 }, rules_add_vector(builder, balance.words));
	while (i < boundaries->count) {
		const struct boundary *first = &boundaries->items[i];

		for (; i < boundaries->count && !boundary_compare(first, &boundaries->items[i]);
		     i++) {
			if (boundaries->items[i].begins)
				rules_balance_add(&balance, boundaries->items[i].test);
			else
				rules_balance_remove(&balance, boundaries->items[i].test);
		}
		if (!first->at.high && !first->at.low)
			starts->count =
				0; /* what holds from 0 on replaces what held before anything */
		starts_add(starts, first->at, rules_add_vector(builder, balance.words));
	}
	rules_balance_done(&balance);
	return 0;
}

static uint32_t starts_write(struct rules_builder *builder, const struct starts *starts,
			     bool is_wide)
{
	struct wire_ranges head = { .count = starts->count };
	uint32_t at;

	if (starts->count > 1u << WIRE_RANGE_STEPS_MAX) {
		diag_add(builder->diag,
			 "too many ranges on one value of one function: %u; the limit is %u",
			 starts->count, 1u << WIRE_RANGE_STEPS_MAX);
		return 0;
	}
	head.vectors =
		rules_add_bytes(builder, starts->vectors, starts->count * sizeof(*starts->vectors));
	at = rules_add_bytes(builder, &head, sizeof(head));
	for (uint32_t i = 0; i < starts->count; i++) {
		if (is_wide)
			rules_add_bytes(builder, &starts->at[i], sizeof(starts->at[i]));
		else
			rules_add_bytes(builder, &starts->at[i].low, sizeof(starts->at[i].low));
	}
	return builder->failed ? 0 : at;
}

static uint32_t ranges_add(struct rules_builder *builder, const struct rules_tests *tests,
			   bool is_wide)
{
	struct boundaries boundaries = {};
	struct starts starts = {};
	uint32_t at = 0;

	if (boundaries_collect(&boundaries, tests) ||
	    starts_sweep(builder, &starts, &boundaries, tests))
		builder->failed = true;
	else
		at = starts_write(builder, &starts, is_wide);
	free(boundaries.items);
	free(starts.at);
	free(starts.vectors);
	return at;
}

uint32_t rules_add_ranges(struct rules_builder *builder, const struct rules_tests *tests)
{
	return ranges_add(builder, tests, false);
}

uint32_t rules_add_wide_ranges(struct rules_builder *builder, const struct rules_tests *tests)
{
	return ranges_add(builder, tests, true);
}
