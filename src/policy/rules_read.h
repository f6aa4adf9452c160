/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as they stand in memory, read again. In: a configuration and bytes, which nobody vouches
 * for. Out: the rows of a table. Knows wire/hook.h and nothing of the code that builds rules, so
 * that a mistake there shows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#include "wire/hook.h"

struct rules_view {
	const struct wire_hook_config *config;
	const char *memory;
	size_t bytes;
	bool is_broken; /* something led nowhere */
};

/* NULL: not all of it lies in the memory; then the view is broken. */
const void *rules_view_get(struct rules_view *view, uint64_t at, size_t bytes);
/* Whether BIT is set in the vector at offset VECTOR; in the one at 0 none is. */
bool rules_view_has(struct rules_view *view, uint32_t vector, uint32_t bit);

/* Both ends belong to it. RANGES has only the lower halves. */
struct rules_range_row {
	struct wire_wide first, last;
	uint32_t vector;
};

typedef void (*rules_range_fn)(void *context, const struct rules_range_row *row);
void rules_read_ranges(struct rules_view *view, uint32_t at, bool is_wide, rules_range_fn visit,
		       void *context);

/* A text that the tree knows of, whole: the steps before its cell and the cell. */
struct rules_text_row {
	struct span text; /* valid until the next row */
	uint32_t going_on, ending;
	bool is_lost; /* no search finds it */
};

/* In the order of their bytes, in the direction of the search; each text as it is written. */
typedef void (*rules_text_fn)(void *context, const struct rules_text_row *row);
void rules_read_texts(struct rules_view *view, uint32_t at, bool is_reversed, rules_text_fn visit,
		      void *context);

/* The cell of (node, bytes, word), as a program finds it; NULL: there is none. */
const struct wire_text_cell *rules_find_cell(struct rules_view *view, uint32_t table, uint32_t node,
					     uint32_t bytes, uint64_t word);
