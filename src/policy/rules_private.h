/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files that build rules: rules.c (the whole), rules_slots.c (which values are
 * collected), rules_collect.c (filters -> tests), rules_ranges.c, rules_text.c and rules_bits.c
 * (tests -> tables), rules_memory.c (vectors).
 */
#pragma once

#include "policy/rules.h"

/* Of one function, both while they are built and in the end. */
#define RULES_BYTES_MAX (64u << 20)

/* A text of a filter. */
struct rules_text {
	struct span text;
	bool is_whole; /* equal; else the text may go on */
};

/*
 * One condition of one selector on one table: what its filter wants, before all are put together.
 * Which members hold is the table's form.
 */
struct rules_test {
	uint32_t bit;
	bool is_negated;
	const struct rules_range *ranges;
	const struct wire_wide *wide_ranges; /* pairs: first, last */
	size_t ranges_count;
	const struct rules_text *texts;
	size_t texts_count;
	uint64_t mask;
	uint32_t set;
	bool in_user_namespace;
	uint32_t mark;
	const struct policy_value *substrings;
	size_t substrings_count;
	bool ignores_case;
};

struct rules_tests {
	struct rules_test *items; /* owned */
	size_t count, capacity;
};

/* What is being built. Memory of tests lives in `arena`. */
struct rules_builder {
	struct rules *out;
	struct rules_member *members;
	size_t members_count;
	const struct rules_world *world;
	struct diag *diag;
	struct arena arena;
	uint32_t bits; /* selectors */
	struct rules_tests task[WIRE_TASK_TABLES];
	struct rules_tests values[WIRE_HOOK_VALUES_MAX][WIRE_HOOK_TABLES];
	uint32_t wanted[WIRE_HOOK_VALUES_MAX]; /* vectors */
	uint64_t *vector;		       /* owned; scratch of config.words words */
	/* vectors that are in the memory already, by hash: owned; offsets, 0 none */
	uint32_t *vectors;
	size_t vectors_capacity, vectors_count;
	unsigned int lines_before; /* of diag */
	bool failed;		   /* no memory, or a limit, which diag names */
};

/* rules_slots.c: config.values and the members' slots. */
int rules_assign_slots(struct rules_builder *builder);
/* A slot with the value of SLOT that is compared with SECOND, for the table GAINED. */
int rules_find_gained_slot(struct rules_builder *builder, uint8_t slot, uint8_t second,
			   uint8_t *out);

/* rules_collect.c: the tests of all selectors. */
int rules_collect(struct rules_builder *builder);
struct rules_test *rules_add_test(struct rules_builder *builder, struct rules_tests *tests,
				  uint32_t bit);

/* rules.c: from tests to memory */
int rules_build_memory(struct rules_builder *builder, uint32_t generation);
void rules_builder_done(struct rules_builder *builder);

/* rules_memory.c */
uint32_t rules_add_bytes(struct rules_builder *builder, const void *data,
			 size_t bytes); /* offset, aligned to 8 */
/* What `failed` means: -ENOSPC or -ENOMEM. */
int rules_get_error(const struct rules_builder *builder);
/* Says that the rules are too large; -ENOSPC. */
int rules_refuse_size(struct rules_builder *builder);
void *rules_at(struct rules_builder *builder, uint32_t offset);
/* Kept once; 0: it is empty, or there is no memory. */
uint32_t rules_add_vector(struct rules_builder *builder, const uint64_t *words);
void vector_set(uint64_t *words, uint32_t bit, bool on);
/* All selectors, but without those that have a test among TESTS. */
uint32_t rules_add_vector_without(struct rules_builder *builder, const struct rules_tests *tests);
void rules_vector_fill(struct rules_builder *builder, uint64_t *words); /* all selectors */

/* Offset of the table; 0 after a failure. */
uint32_t rules_add_ranges(struct rules_builder *builder, const struct rules_tests *tests);
uint32_t rules_add_wide_ranges(struct rules_builder *builder, const struct rules_tests *tests);
uint32_t rules_add_text(struct rules_builder *builder, const struct rules_tests *tests,
			bool is_reversed, uint16_t *words);
uint32_t rules_add_masks(struct rules_builder *builder, const struct rules_tests *tests);
uint32_t rules_add_marks(struct rules_builder *builder, const struct rules_tests *tests);
uint32_t rules_add_substrings(struct rules_builder *builder, const struct rules_tests *tests);

/*
 * Which selectors' tests all hold, while single ones begin and cease to hold. Tests are numbered as
 * in TESTS.
 */
struct rules_balance {
	uint64_t *words;   /* owned: selectors whose tests hold */
	uint32_t *failing; /* owned: per selector, tests that do not hold */
	uint32_t *hits;	   /* owned: per test, reasons why it holds (before the negation) */
	const struct rules_tests *tests;
};

int rules_balance_init(struct rules_balance *balance, struct rules_builder *builder,
		       const struct rules_tests *tests);
void rules_balance_done(struct rules_balance *balance);
void rules_balance_add(struct rules_balance *balance, size_t test);
void rules_balance_remove(struct rules_balance *balance, size_t test);
