/* SPDX-License-Identifier: Apache-2.0 */
/* Every offset is checked; trees are walked no longer than they have cells. */
#include "policy/rules_read.h"

#include <stdlib.h>

const void *rules_view_get(struct rules_view *view, uint64_t at, size_t bytes)
{
	if (at % 4 == 0 && at <= view->bytes && bytes <= view->bytes - at)
		return view->memory + at;
	view->is_broken = true;
	return NULL;
}

bool rules_view_has(struct rules_view *view, uint32_t vector, uint32_t bit)
{
	const uint64_t *words =
		rules_view_get(view, vector, view->config->words * sizeof(uint64_t));

	return vector && words && bit / 64 < view->config->words && words[bit / 64] >> bit % 64 & 1;
}

/* ---- ranges -----------------------------------------------------------------------------------
 */

/* Start number I; the one behind the last is 2^64 or 2^128, written as 0. */
static struct wire_wide range_get_start(const void *starts, uint32_t i, uint32_t count,
					bool is_wide)
{
	if (i >= count)
		return (struct wire_wide){};
	return is_wide ? ((const struct wire_wide *)starts)[i]
		       : (struct wire_wide){ 0, ((const uint64_t *)starts)[i] };
}

static struct wire_wide wide_get_before(struct wire_wide wide, bool is_wide)
{
	if (!wide.low && is_wide)
		wide.high--;
	wide.low--;
	return wide;
}

void rules_read_ranges(struct rules_view *view, uint32_t at, bool is_wide, rules_range_fn visit,
		       void *context)
{
	const struct wire_ranges *head = rules_view_get(view, at, sizeof(*head));
	size_t start_bytes = is_wide ? sizeof(struct wire_wide) : sizeof(uint64_t);
	const uint32_t *vectors;
	const void *starts;

	if (!head)
		return;
	vectors = rules_view_get(view, head->vectors, (size_t)head->count * sizeof(*vectors));
	starts = rules_view_get(view, at + sizeof(*head), head->count * start_bytes);
	for (uint32_t i = 0; vectors && starts && i < head->count; i++) {
		struct wire_wide next = range_get_start(starts, i + 1, head->count, is_wide);

		visit(context, &(struct rules_range_row){
				       .first = range_get_start(starts, i, head->count, is_wide),
				       .last = wide_get_before(next, is_wide),
				       .vector = vectors[i],
			       });
	}
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static const struct wire_text_cell *text_get_cell(struct rules_view *view, uint32_t table,
						  uint64_t number)
{
	return rules_view_get(
		view, table + sizeof(struct wire_text) + number * sizeof(struct wire_text_cell),
		sizeof(struct wire_text_cell));
}

const struct wire_text_cell *rules_find_cell(struct rules_view *view, uint32_t table, uint32_t node,
					     uint32_t bytes, uint64_t word)
{
	const struct wire_text *head = rules_view_get(view, table, sizeof(*head));
	uint64_t hash = wire_text_hash(word, node, bytes);
	const uint64_t hashes[2] = { hash, hash * WIRE_TEXT_HASH_A };

	for (int i = 0; head && i < 2; i++) {
		const struct wire_text_cell *cell =
			text_get_cell(view, table, hashes[i] >> 32 & head->mask);

		if (cell && cell->bytes == bytes && cell->node == node && cell->word == word)
			return cell;
	}
	return NULL;
}

struct text_reader {
	struct rules_view *view;
	uint32_t table;
	bool is_reversed;
	rules_text_fn visit;
	void *context;
	const struct wire_text_cell **cells; /* owned; by node, then by their bytes */
	size_t count, visited;
	char path[WIRE_VALUE_BYTES_MAX + 8];
};

static int cell_compare(const void *a, const void *b)
{
	const struct wire_text_cell *one = *(const struct wire_text_cell *const *)a;
	const struct wire_text_cell *other = *(const struct wire_text_cell *const *)b;
	int order;

	if (one->node != other->node)
		return one->node < other->node ? -1 : 1;
	order = memcmp(&one->word, &other->word, sizeof(one->word));
	return order ? order : (int)one->bytes - (int)other->bytes;
}

static void text_visit(struct text_reader *reader, const struct wire_text_cell *cell, size_t bytes,
		       uint16_t lengths)
{
	struct rules_text_row row = {
		.text = { reader->path, bytes },
		.going_on = cell->going_on,
		.ending = cell->ending,
		.is_lost = !(lengths >> (cell->bytes - 1) & 1) ||
			   rules_find_cell(reader->view, reader->table, cell->node, cell->bytes,
					   cell->word) != cell,
	};
	char turned[sizeof(reader->path)];

	for (size_t i = 0; i < bytes && reader->is_reversed; i++)
		turned[i] = reader->path[bytes - 1 - i];
	if (reader->is_reversed)
		row.text.data = turned;
	reader->visit(reader->context, &row);
}

static size_t text_find_node(const struct text_reader *reader, uint32_t node)
{
	size_t low = 0, high = reader->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (reader->cells[middle]->node < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Below NODE, which the first BYTES bytes of the path lead to. */
static void text_read_node(struct text_reader *reader, uint32_t node, uint16_t lengths,
			   size_t bytes)
{
	for (size_t i = text_find_node(reader, node);
	     i < reader->count && reader->cells[i]->node == node; i++) {
		const struct wire_text_cell *cell = reader->cells[i];

		if (cell->bytes > 8 || bytes + cell->bytes > WIRE_VALUE_BYTES_MAX ||
		    reader->visited++ >= reader->count) {
			reader->view->is_broken = true;
			return;
		}
		memcpy(reader->path + bytes, &cell->word, cell->bytes);
		text_visit(reader, cell, bytes + cell->bytes, lengths);
		if (cell->bytes == 8 && cell->next)
			text_read_node(reader, cell->next, cell->next_lengths, bytes + 8);
	}
}

void rules_read_texts(struct rules_view *view, uint32_t at, bool is_reversed, rules_text_fn visit,
		      void *context)
{
	const struct wire_text *head = rules_view_get(view, at, sizeof(*head));
	struct text_reader *reader = calloc(1, sizeof(*reader));
	size_t total = head ? (size_t)head->mask + 1 : 0;

	if (!head || !text_get_cell(view, at, head->mask) || !reader ||
	    !(reader->cells = calloc(total, sizeof(*reader->cells)))) {
		view->is_broken = true;
		free(reader);
		return;
	}
	reader->view = view;
	reader->table = at;
	reader->is_reversed = is_reversed;
	reader->visit = visit;
	reader->context = context;
	for (size_t i = 0; i < total; i++) {
		reader->cells[reader->count] = text_get_cell(view, at, i);
		reader->count += reader->cells[reader->count]->bytes != 0;
	}
	qsort(reader->cells, reader->count, sizeof(*reader->cells), cell_compare);
	text_read_node(reader, 0, (uint16_t)head->lengths, 0);
	if (reader->visited != reader->count)
		view->is_broken = true;
	free(reader->cells);
	free(reader);
}
