/* SPDX-License-Identifier: Apache-2.0 */
/* The searches of bpf/lib/rules.h, match.h and match_task.h, without a kernel. */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>
#include <sys/stat.h>

#include "rules_call.h"

struct evaluation {
	struct rules_view *view;
	struct vector alive;
};

static void vector_and(struct evaluation *own, uint32_t at)
{
	const uint64_t *words = rules_view_get(own->view, at, own->view->config->words * 8);

	for (uint32_t i = 0; i < WIRE_VECTOR_WORDS_MAX; i++)
		own->alive.words[i] &= at && words && i < own->view->config->words ? words[i] : 0;
}

/* ---- ranges -----------------------------------------------------------------------------------
 */

static bool wide_is_at_most(const struct wire_wide *one, const struct wire_wide *other)
{
	return one->high != other->high ? one->high < other->high : one->low <= other->low;
}

/* By halves, in as many steps as the programs have. */
static uint32_t ranges_find(struct rules_view *view, uint32_t at, struct wire_wide value,
			    bool is_wide)
{
	const struct wire_ranges *head = rules_view_get(view, at, sizeof(*head));
	size_t bytes = is_wide ? sizeof(struct wire_wide) : 8;
	const char *starts =
		head ? rules_view_get(view, at + sizeof(*head), head->count * bytes) : NULL;
	const uint32_t *vectors =
		head ? rules_view_get(view, head->vectors, head->count * 4) : NULL;
	uint32_t low = 0, count = head ? head->count : 0;

	if (!starts || !vectors || !count)
		return 0;
	for (int i = 0; i < WIRE_RANGE_STEPS_MAX && count > 1; i++) {
		uint32_t half = count / 2;
		struct wire_wide start = {};

		memcpy(is_wide ? (void *)&start : &start.low, starts + (low + half) * bytes, bytes);
		low += half * wide_is_at_most(&start, &value);
		count -= half;
	}
	return vectors[low];
}

static uint32_t number_find(struct rules_view *view, uint32_t at, uint64_t number)
{
	return ranges_find(view, at, (struct wire_wide){ 0, number }, false);
}

/* ---- texts ------------------------------------------------------------------------------------
 */

struct text_search {
	struct rules_view *view;
	uint32_t table, node, lengths, vector;
};

static uint64_t text_get_word(struct span text, size_t step, bool is_reversed)
{
	uint64_t word = 0;

	for (size_t i = 0; i < 8 && step * 8 + i < text.bytes; i++) {
		size_t at = step * 8 + i;
		unsigned char c = (unsigned char)text.data[is_reversed ? text.bytes - 1 - at : at];

		word |= (uint64_t)c << (8 * i);
	}
	return word;
}

/* False: the search is over. */
static bool text_step(struct text_search *search, uint64_t word, size_t left)
{
	const struct wire_text_cell *cell;

	for (uint32_t length = 1; length < 8 && length <= left; length++) {
		if (!(search->lengths >> (length - 1) & 1))
			continue;
		cell = rules_find_cell(search->view, search->table, search->node, length,
				       word & ((1ULL << (length * 8)) - 1));
		if (cell)
			search->vector = length == left ? cell->ending : cell->going_on;
	}
	if (left < 8 || !(search->lengths & 0x80))
		return false;
	cell = rules_find_cell(search->view, search->table, search->node, 8, word);
	if (!cell)
		return false;
	search->vector = left == 8 ? cell->ending : cell->going_on;
	search->node = cell->next;
	search->lengths = cell->next_lengths;
	return search->lengths != 0;
}

static uint32_t text_find(struct rules_view *view, uint32_t at, struct span text, bool is_reversed,
			  uint32_t words)
{
	const struct wire_text *head = rules_view_get(view, at, sizeof(*head));
	struct text_search search = { .view = view, .table = at };

	if (!head)
		return 0;
	if (!text.bytes)
		return head->empty;
	search.lengths = head->lengths;
	search.vector = head->none;
	for (size_t i = 0; i < words && i * 8 < text.bytes; i++) {
		if (!text_step(&search, text_get_word(text, i, is_reversed), text.bytes - i * 8))
			break;
	}
	return search.vector;
}

static char lower(char c, bool ignores_case)
{
	return ignores_case && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool substring_is_in(const struct wire_substring *row, struct span text)
{
	for (size_t i = 0; i + row->bytes <= text.bytes; i++) {
		size_t j = 0;

		while (j < row->bytes && lower(text.data[i + j], row->ignores_case) == row->text[j])
			j++;
		if (j == row->bytes)
			return true;
	}
	return false;
}

static void substrings_apply(struct evaluation *own, uint32_t at, struct span text)
{
	const struct wire_substrings *head = rules_view_get(own->view, at, sizeof(*head));
	const struct wire_substring *rows = rules_view_get(own->view, at + sizeof(*head),
							   head ? head->count * sizeof(*rows) : 0);
	bool is_found = false;

	for (uint32_t i = 0; head && rows && i < head->count; i++) {
		is_found = is_found || substring_is_in(&rows[i], text);
		if (!rows[i].is_last)
			continue;
		if (!is_found)
			vector_and(own, rows[i].failing);
		is_found = false;
	}
}

/* ---- bits and marks ---------------------------------------------------------------------------
 */

static void masks_apply(struct evaluation *own, uint32_t at, const uint64_t values[3],
			bool in_user_namespace)
{
	const struct wire_masks *head = rules_view_get(own->view, at, sizeof(*head));
	const struct wire_mask_row *rows = rules_view_get(own->view, at + sizeof(*head),
							  head ? head->count * sizeof(*rows) : 0);

	for (uint32_t i = 0; head && rows && i < head->count && i < WIRE_MASKS_MAX; i++) {
		bool is_set = values[rows[i].set] & rows[i].mask;

		if ((in_user_namespace || !rows[i].in_user_namespace) &&
		    is_set == !rows[i].is_negated)
			continue;
		vector_and(own, rows[i].failing);
	}
}

static bool mark_is_set(const struct call *call, uint32_t mark)
{
	return call->marks[mark / 64] >> mark % 64 & 1;
}

static void marks_collect(struct evaluation *own, const struct wire_marks *head,
			  const struct call *call)
{
	const uint32_t *marks = rules_view_get(own->view, head->marks, WIRE_MARKS_MAX * 4);

	for (uint32_t bit = 0; bit < own->view->config->words * 64; bit++) {
		bool is_wanted = rules_view_has(own->view, head->free, bit), is_forbidden = false;

		for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
			const struct wire_mark *mark;

			if (!mark_is_set(call, i) || !(head->relevant[i / 64] >> i % 64 & 1))
				continue;
			mark = rules_view_get(own->view, marks[i], sizeof(*mark));
			is_wanted = is_wanted || rules_view_has(own->view, mark->with, bit);
			is_forbidden =
				is_forbidden || rules_view_has(own->view, mark->without, bit);
		}
		if (!is_wanted || is_forbidden)
			own->alive.words[bit / 64] &= ~(1ULL << bit % 64);
	}
}

static void marks_apply(struct evaluation *own, uint32_t at, const struct call *call)
{
	const struct wire_marks *head = rules_view_get(own->view, at, sizeof(*head));
	const struct wire_mark_row *rows;
	uint64_t any = 0;

	if (!head)
		return;
	rows = rules_view_get(own->view, head->rows, head->rows_count * sizeof(*rows));
	for (int i = 0; i < WIRE_MARK_WORDS; i++)
		any |= call->marks[i] & head->relevant[i];
	if (any)
		marks_collect(own, head, call);
	else
		vector_and(own, head->none);
	for (uint32_t i = 0; rows && i < head->rows_count; i++) {
		if (mark_is_set(call, rows[i].mark) == !!rows[i].is_negated)
			vector_and(own, rows[i].failing);
	}
}

/* ---- the process ------------------------------------------------------------------------------
 */

static void eval_task_ranges(struct evaluation *own, const struct wire_rules *head,
			     const struct call *call)
{
	uint64_t numbers[WIRE_TASK_TABLES] = {
		[WIRE_TASK_PID] = call->pid,
		[WIRE_TASK_NAMESPACE_PID] = call->namespace_pid,
		[WIRE_TASK_WORKLOAD] = call->workload,
	};

	for (int i = 0; i < WIRE_NAMESPACES; i++)
		numbers[WIRE_TASK_NS_UTS + i] = call->inodes[i];
	for (uint32_t i = 0; i <= WIRE_TASK_WORKLOAD; i++) {
		if (own->view->config->task_tables >> i & 1)
			vector_and(own, number_find(own->view, head->task[i].at, numbers[i]));
	}
}

static void eval_task(struct evaluation *own, const struct wire_rules *head,
		      const struct call *call)
{
	const uint64_t spaces[3] = { call->namespace_changes };
	uint32_t tables = own->view->config->task_tables;

	eval_task_ranges(own, head, call);
	if (tables >> WIRE_TASK_MARKS & 1)
		marks_apply(own, head->task[WIRE_TASK_MARKS].at, call);
	if (tables >> WIRE_TASK_CAPABILITIES & 1)
		masks_apply(own, head->task[WIRE_TASK_CAPABILITIES].at, call->capabilities,
			    call->in_user_namespace);
	if (tables >> WIRE_TASK_NS_CHANGE & 1)
		masks_apply(own, head->task[WIRE_TASK_NS_CHANGE].at, spaces, true);
	if (tables >> WIRE_TASK_CAPABILITY_CHANGE & 1)
		masks_apply(own, head->task[WIRE_TASK_CAPABILITY_CHANGE].at,
			    call->capability_changes, call->in_user_namespace);
}

/* ---- values -----------------------------------------------------------------------------------
 */

static struct wire_wide address_get_wide(const uint8_t bytes[16])
{
	struct wire_wide wide;

	memcpy(&wide.high, bytes, 8);
	memcpy(&wide.low, bytes + 8, 8);
	wide.high = be64toh(wide.high);
	wide.low = be64toh(wide.low);
	return wide;
}

/* Whether the value has what the table asks about, and where that leads: its vector. */
static bool value_find(struct rules_view *view, const struct call *call, uint32_t slot,
		       enum wire_hook_table table, uint32_t at, uint32_t *out)
{
	const struct wire_hook_value *facts = &view->config->values[slot];
	const struct call_value *value = &call->values[slot], *second;
	bool is_internet = value->family == AF_INET || value->family == AF_INET6;
	bool is_destination =
		table == WIRE_TABLE_DESTINATION_IPV4 || table == WIRE_TABLE_DESTINATION_IPV6;
	const uint8_t *address = is_destination ? value->destination : value->source;

	switch (table) {
	case WIRE_TABLE_NUMBER:
		*out = number_find(view, at,
				   value->number +
					   (facts->flags & WIRE_VALUE_SIGNED ? WIRE_SIGN_BIAS : 0));
		return value->is_there;
	case WIRE_TABLE_FILE_TYPE:
		*out = number_find(view, at, value->mode & S_IFMT);
		return value->mode != 0;
	case WIRE_TABLE_SOURCE_PORT:
		*out = number_find(view, at, value->source_port);
		return value->is_there && is_internet;
	case WIRE_TABLE_DESTINATION_PORT:
		*out = number_find(view, at, value->destination_port);
		return value->is_there && is_internet;
	case WIRE_TABLE_SOURCE_IPV4:
	case WIRE_TABLE_DESTINATION_IPV4:
		*out = number_find(view, at, address_get_wide(address).high >> 32);
		return value->is_there;
	case WIRE_TABLE_SOURCE_IPV6:
	case WIRE_TABLE_DESTINATION_IPV6:
		*out = ranges_find(view, at, address_get_wide(address), true);
		return value->is_there;
	case WIRE_TABLE_PROTOCOL:
		*out = number_find(view, at, value->protocol);
		return value->is_there;
	case WIRE_TABLE_FAMILY:
		*out = number_find(view, at, value->family);
		return value->is_there;
	case WIRE_TABLE_STATE:
		*out = number_find(view, at, value->state);
		return value->is_there;
	case WIRE_TABLE_GAINED:
		second = &call->values[facts->second];
		*out = number_find(view, at, second->number & ~value->number);
		return value->is_there && second->is_there;
	default:
		*out = text_find(view, at, value->text, table == WIRE_TABLE_TEXT_END,
				 facts->text_words);
		return value->is_there;
	}
}

/* Of the two families' tables, the one of the value's is asked; who has another one is absent. */
static bool table_is_asked(const struct call_value *value, enum wire_hook_table table)
{
	if (table == WIRE_TABLE_SOURCE_IPV4 || table == WIRE_TABLE_DESTINATION_IPV4)
		return value->family != AF_INET6;
	if (table == WIRE_TABLE_SOURCE_IPV6 || table == WIRE_TABLE_DESTINATION_IPV6)
		return value->family == AF_INET6 || !value->is_there;
	return true;
}

static bool address_is_there(const struct call_value *value, enum wire_hook_table table)
{
	if (table == WIRE_TABLE_SOURCE_IPV4 || table == WIRE_TABLE_DESTINATION_IPV4)
		return value->family == AF_INET;
	return true;
}

static void eval_table(struct evaluation *own, const struct wire_table *where,
		       const struct call *call, uint32_t slot, enum wire_hook_table table)
{
	const struct call_value *value = &call->values[slot];
	const uint64_t numbers[3] = { value->number };
	uint32_t found;

	if (!table_is_asked(value, table))
		return;
	if (table == WIRE_TABLE_MASK && value->is_there)
		masks_apply(own, where->at, numbers, true);
	else if (table == WIRE_TABLE_SUBSTRING && value->is_there)
		substrings_apply(own, where->at, value->text);
	else if (table != WIRE_TABLE_MASK && table != WIRE_TABLE_SUBSTRING &&
		 value_find(own->view, call, slot, table, where->at, &found) &&
		 address_is_there(value, table))
		vector_and(own, found);
	else
		vector_and(own, where->absent);
}

void rules_eval(struct rules_view *view, const struct call *call, struct vector *out)
{
	const struct wire_rules *head = rules_view_get(view, 0, sizeof(*head));
	struct evaluation own = { .view = view };

	*out = (struct vector){};
	if (!head)
		return;
	memset(&own.alive, 0xff, sizeof(own.alive));
	vector_and(&own, head->all);
	eval_task(&own, head, call);
	for (uint32_t slot = 0; slot < view->config->values_count; slot++) {
		for (uint32_t table = 0; table < WIRE_HOOK_TABLES; table++) {
			if (view->config->values[slot].tables >> table & 1)
				eval_table(&own, &head->values[slot].tables[table], call, slot,
					   table);
		}
	}
	*out = own.alive;
}
