/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts -> a tree of eight bytes a step, as one hash table (struct wire_text). In: equal texts and
 * beginnings (or ends, then everything is turned around). Out: for each cell the selectors that are
 * possible when a text goes on there, or ends there.
 */
#include "policy/rules_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A text of a test, in the direction of the search. */
struct entry {
	const char *text;
	uint32_t bytes;
	uint32_t test; /* ENTRY_STEP: a step on the way to longer texts, and nothing more */
	bool is_whole;
};

#define ENTRY_STEP UINT32_MAX
/* Cells of a table for each one that is taken, before it is given up: with a good hash it is 2. */
#define TABLE_SPARSE_MAX 64
/* Attempts to find a place before the table is made larger. */
#define CELL_MOVES_MAX 200

struct text_builder {
	struct rules_builder *rules;
	const struct rules_tests *tests;
	struct entry *entries; /* owned; sorted */
	size_t count;
	struct wire_text head;
	struct wire_text_cell *cells; /* owned; in the order of the walk */
	size_t cells_count;
	struct wire_text_cell *table; /* owned; by hash */
	uint32_t nodes;
	uint32_t bytes_max;
};

/* ---- entries
 * -------------------------------------------------------------------------------------- */

/* Shorter first, so that a text comes right before those that it begins. */
static int entry_compare(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	uint32_t bytes = one->bytes < other->bytes ? one->bytes : other->bytes;
	int order = bytes ? memcmp(one->text, other->text, bytes) : 0;

	if (order)
		return order;
	return one->bytes == other->bytes ? 0 : one->bytes < other->bytes ? -1 : 1;
}

static char *text_copy(struct rules_builder *builder, struct span text, bool is_reversed)
{
	char *copy = arena_alloc(&builder->arena, text.bytes + 8);

	if (!copy) {
		builder->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < text.bytes; i++)
		copy[i] = text.data[is_reversed ? text.bytes - 1 - i : i];
	return copy;
}

static size_t entries_count(const struct rules_tests *tests)
{
	size_t count = 0;

	for (size_t i = 0; i < tests->count; i++) {
		for (size_t j = 0; j < tests->items[i].texts_count; j++)
			count += 1 + tests->items[i].texts[j].text.bytes / 8;
	}
	return count;
}

/* Each text, and each of its beginnings of whole steps. */
static int entries_collect(struct text_builder *builder, bool is_reversed)
{
	builder->entries = calloc(entries_count(builder->tests) + 1, sizeof(*builder->entries));
	if (!builder->entries)
		return -ENOMEM;
	for (size_t i = 0; i < builder->tests->count; i++) {
		const struct rules_test *test = &builder->tests->items[i];

		for (size_t j = 0; j < test->texts_count; j++) {
			uint32_t bytes = (uint32_t)test->texts[j].text.bytes;
			const char *text =
				text_copy(builder->rules, test->texts[j].text, is_reversed);

			if (!text)
				return -ENOMEM;
			for (uint32_t step = 8; step < bytes; step += 8)
				builder->entries[builder->count++] =
					(struct entry){ text, step, ENTRY_STEP, false };
			builder->entries[builder->count++] =
				(struct entry){ text, bytes, (uint32_t)i, test->texts[j].is_whole };
			if (bytes > builder->bytes_max)
				builder->bytes_max = bytes;
		}
	}
	qsort(builder->entries, builder->count, sizeof(*builder->entries), entry_compare);
	return 0;
}

/* ---- the walk
 * ------------------------------------------------------------------------------------- */

/* A text that begins those that come now: its entries, and the node of its last whole step. */
struct level {
	size_t first, last; /* entries of exactly this text */
	uint32_t bytes;
	uint32_t node;
	uint16_t *lengths; /* of that node */
};

static bool entry_begins(const struct entry *shorter, const struct entry *longer)
{
	return shorter->bytes <= longer->bytes &&
	       (!shorter->bytes || memcmp(shorter->text, longer->text, shorter->bytes) == 0);
}

/* What beginnings of this text say, or what the whole text says, begins or ceases to hold. */
static void level_apply(struct text_builder *builder, struct rules_balance *balance,
			const struct level *level, bool is_whole, bool on)
{
	for (size_t i = level->first; i < level->last; i++) {
		const struct entry *entry = &builder->entries[i];

		if (entry->test == ENTRY_STEP || entry->is_whole != is_whole)
			continue;
		if (on)
			rules_balance_add(balance, entry->test);
		else
			rules_balance_remove(balance, entry->test);
	}
}

static uint64_t entry_get_word(const struct entry *entry, uint32_t from)
{
	uint64_t word = 0;

	memcpy(&word, entry->text + from, entry->bytes - from);
	return word;
}

/* The vectors of a text whose beginnings hold already. */
static void level_get_vectors(struct text_builder *builder, struct rules_balance *balance,
			      const struct level *level, uint32_t *going_on, uint32_t *ending)
{
	*going_on = rules_add_vector(builder->rules, balance->words);
	level_apply(builder, balance, level, true, true);
	*ending = rules_add_vector(builder->rules, balance->words);
	level_apply(builder, balance, level, true, false);
}

/*
 * The cell of a text below the node NODE, whose lengths stand at LENGTHS. A cell of eight bytes
 * leads to a node of its own.
 */
static void level_add_cell(struct text_builder *builder, struct rules_balance *balance,
			   struct level *level, const struct level *parent)
{
	const struct entry *entry = &builder->entries[level->first];
	struct wire_text_cell *cell = &builder->cells[builder->cells_count++];
	uint32_t from = (entry->bytes - 1) / 8 * 8;

	cell->word = entry_get_word(entry, from);
	cell->node = parent->node;
	cell->bytes = (uint16_t)(entry->bytes - from);
	level_get_vectors(builder, balance, level, &cell->going_on, &cell->ending);
	*parent->lengths |= (uint16_t)(1u << (cell->bytes - 1));
	level->node = parent->node;
	level->lengths = parent->lengths;
	if (cell->bytes == 8) {
		cell->next = ++builder->nodes;
		level->node = cell->next;
		level->lengths = &cell->next_lengths;
	}
}

/* The text with whose node a text of BYTES bytes goes on: the last one of whole steps before it. */
static const struct level *levels_find_node(const struct level *levels, size_t depth,
					    uint32_t bytes)
{
	uint32_t wanted = bytes ? (bytes - 1) / 8 * 8 : 0;

	while (depth > 1 && levels[depth - 1].bytes > wanted)
		depth--;
	return &levels[depth - 1];
}

/* Depth first, so that the balance always holds what the texts on the way here say. */
static int text_walk(struct text_builder *builder, struct rules_balance *balance)
{
	struct level *levels = calloc((size_t)builder->bytes_max + 3, sizeof(*levels));
	uint16_t root_lengths = 0;
	size_t depth = 1, i = 0;

	if (!levels)
		return -ENOMEM;
	levels[0].lengths = &root_lengths;
	while (i < builder->count && !builder->entries[i].bytes)
		i++;
	levels[0].last = i;
	level_apply(builder, balance, &levels[0], false, true);
	level_get_vectors(builder, balance, &levels[0], &builder->head.none, &builder->head.empty);
	while (i < builder->count) {
		struct level *level;

		while (depth > 1 && !entry_begins(&builder->entries[levels[depth - 1].first],
						  &builder->entries[i]))
			level_apply(builder, balance, &levels[--depth], false, false);
		level = &levels[depth];
		*level = (struct level){ .first = i, .bytes = builder->entries[i].bytes };
		while (i < builder->count &&
		       !entry_compare(&builder->entries[level->first], &builder->entries[i]))
			i++;
		level->last = i;
		level_apply(builder, balance, level, false, true);
		level_add_cell(builder, balance, level,
			       levels_find_node(levels, depth, level->bytes));
		depth++;
	}
	builder->head.lengths = root_lengths;
	free(levels);
	return 0;
}

/* ---- the hash table
 * ------------------------------------------------------------------------------- */

/* The two places of a cell, as bpf/lib/rules.h finds them. */
static void cell_get_places(const struct wire_text_cell *cell, uint32_t mask, uint32_t out[2])
{
	uint64_t hash = wire_text_hash(cell->word, cell->node, cell->bytes);

	out[0] = (uint32_t)(hash >> 32) & mask;
	out[1] = (uint32_t)(hash * WIRE_TEXT_HASH_A >> 32) & mask;
}

/* Puts a cell down; the one that stood there goes to its other place, and so on. */
static bool table_insert(struct wire_text_cell *table, uint32_t mask, struct wire_text_cell cell)
{
	uint32_t places[2], at;

	cell_get_places(&cell, mask, places);
	at = places[0];
	if (table[at].bytes && !table[places[1]].bytes)
		at = places[1];
	for (int moves = 0; moves < CELL_MOVES_MAX; moves++) {
		struct wire_text_cell moved = table[at];

		table[at] = cell;
		if (!moved.bytes)
			return true;
		cell = moved;
		cell_get_places(&cell, mask, places);
		at = places[at == places[0]];
	}
	return false;
}

/* All cells into a table of SIZE cells. 1: they found no places; a larger table may have some. */
static int table_fill(struct text_builder *builder, uint32_t size)
{
	size_t i = 0;

	free(builder->table);
	builder->table = calloc(size, sizeof(*builder->table));
	if (!builder->table)
		return -ENOMEM;
	builder->head.mask = size - 1;
	while (i < builder->cells_count &&
	       table_insert(builder->table, size - 1, builder->cells[i]))
		i++;
	return i < builder->cells_count;
}

/* The smallest table that has room. */
static int table_build(struct text_builder *builder)
{
	const size_t cells_max = RULES_BYTES_MAX / sizeof(*builder->table);
	size_t size = 2, sparse = TABLE_SPARSE_MAX * (builder->cells_count + 1);
	int error = 1;

	while (size <
	       2 * builder->cells_count) /* fuller ones have no room with two places a cell */
		size *= 2;
	if (size > cells_max)
		return rules_refuse_size(builder->rules);
	for (; size <= cells_max && size <= sparse && error > 0; size *= 2)
		error = table_fill(builder, (uint32_t)size);
	if (error <= 0)
		return error;
	diag_add(builder->rules->diag,
		 "texts on one value of one function find no place in their table");
	return -ENOSPC;
}

static uint32_t text_write(struct text_builder *builder)
{
	uint32_t at = rules_add_bytes(builder->rules, &builder->head, sizeof(builder->head));

	rules_add_bytes(builder->rules, builder->table,
			(builder->head.mask + 1) * sizeof(*builder->table));
	return builder->rules->failed ? 0 : at;
}

uint32_t rules_add_text(struct rules_builder *rules, const struct rules_tests *tests,
			bool is_reversed, uint16_t *words)
{
	struct text_builder builder = { .rules = rules, .tests = tests };
	struct rules_balance balance;
	uint32_t at = 0;

	if (rules_balance_init(&balance, rules, tests))
		return 0;
	if (entries_collect(&builder, is_reversed) == 0) {
		builder.cells = calloc(builder.count + 1, sizeof(*builder.cells));
		if (builder.cells && text_walk(&builder, &balance) == 0 &&
		    table_build(&builder) == 0)
			at = text_write(&builder);
	}
	if (!at)
		rules->failed = true;
	if ((builder.bytes_max + 7) / 8 > *words)
		*words = (uint16_t)((builder.bytes_max + 7) / 8);
	rules_balance_done(&balance);
	free(builder.entries);
	free(builder.cells);
	free(builder.table);
	return at;
}
