/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Rules in memory: values in, vectors out. What the tables mean stands in wire/hook.h. Every offset
 * comes from user space and is checked where it is used; one that points outside reads as "no
 * table".
 */
#pragma once

#include "lib/hook_maps.h"

/* Verified at each call, with what the verifier knows there: constants stay constants. */
#define RULES_FUNCTION static __attribute__((noinline))

/* The half that holds, or NULL. */
static __always_inline char *rules_find(struct wire_hook_control **control)
{
	__u32 zero = 0;
	char *memory = bpf_map_lookup_elem(&hook_memory, &zero);

	if (!memory)
		return NULL;
	*control = (struct wire_hook_control *)memory;
	return memory + sizeof(**control) + ((*control)->half & 1) * hook.half_bytes;
}

static __always_inline void *rules_get(char *rules, __u32 offset, __u32 bytes)
{
	if (offset > hook.half_bytes - bytes)
		return NULL;
	return rules + offset;
}

/* Offset of the vector that VALUE belongs to; 0: there is none. */
RULES_FUNCTION __u32 ranges_find(char *rules, __u32 at, __u64 value)
{
	const struct wire_ranges *ranges = rules_get(rules, at, sizeof(*ranges));
	__u32 low = 0, high;
	const __u32 *vector;

	if (!ranges)
		return 0;
	high = ranges->count;
	for (int i = 0; i < WIRE_RANGE_STEPS_MAX && high - low > 1; i++) {
		__u32 middle = (low + high) / 2;
		const __u64 *start = rules_get(rules, at + sizeof(*ranges) + middle * 8, 8);

		if (!start)
			return 0;
		if (*start <= value)
			low = middle;
		else
			high = middle;
	}
	vector = rules_get(rules, ranges->vectors + low * 4, 4);
	return vector ? *vector : 0;
}

RULES_FUNCTION __u32 wide_ranges_find(char *rules, __u32 at, __u64 value_high, __u64 value_low)
{
	const struct wire_wide_ranges *ranges = rules_get(rules, at, sizeof(*ranges));
	__u32 low = 0, high;
	const __u32 *vector;

	if (!ranges)
		return 0;
	high = ranges->count;
	for (int i = 0; i < WIRE_RANGE_STEPS_MAX && high - low > 1; i++) {
		__u32 middle = (low + high) / 2;
		const struct wire_wide *start = rules_get(
			rules, at + sizeof(*ranges) + middle * sizeof(*start), sizeof(*start));

		if (!start)
			return 0;
		if (start->high < value_high ||
		    (start->high == value_high && start->low <= value_low))
			low = middle;
		else
			high = middle;
	}
	vector = rules_get(rules, ranges->vectors + low * 4, 4);
	return vector ? *vector : 0;
}

/* ---- texts
 * --------------------------------------------------------------------------------------- */

/* Which text, and how it is read: from its end, backwards, when `is_reversed`. */
#define TEXT_IS_REVERSED	  1U
#define TEXT_HOW(words, reversed) ((__u32)(words) << 1 | (reversed))

static __always_inline const struct wire_text_cell *text_probe(char *rules, __u32 at, __u64 word,
							       __u32 node, __u32 bytes)
{
	const struct wire_text_cell *cell = rules_get(rules, at, sizeof(*cell));

	if (!cell || cell->word != word || cell->node != node || cell->bytes != bytes)
		return NULL;
	return cell;
}

/* The cell of (node, length, bytes), at one of its two places; NULL: there is none. */
static __always_inline const struct wire_text_cell *
text_find_cell(char *rules, __u32 table, __u32 mask, __u32 node, __u64 word, __u32 bytes)
{
	__u64 hash = (word ^ ((__u64)node << 4 | bytes)) * WIRE_TEXT_HASH_A;
	__u32 cells = table + sizeof(struct wire_text);
	const struct wire_text_cell *cell;

	cell = text_probe(rules, cells + (hash >> 32 & mask) * sizeof(*cell), word, node, bytes);
	if (cell)
		return cell;
	return text_probe(rules, cells + ((hash * WIRE_TEXT_HASH_B) >> 32 & mask) * sizeof(*cell),
			  word, node, bytes);
}

static __always_inline __u64 text_mask(__u32 bytes)
{
	return bytes >= 8 ? ~0ULL : (1ULL << (bytes * 8)) - 1;
}

/* Eight bytes of the scratch, from OFFSET; 0 beyond it. */
static __always_inline __u64 text_load(struct hook_scratch *scratch, __u32 offset)
{
	if (offset > sizeof(*scratch) - 8)
		return 0;
	return *(__u64 *)((char *)scratch + offset);
}

/*
 * The vector of the longest texts that TEXT (bytes << 32 | offset in the scratch) begins or ends
 * with. HOW: TEXT_HOW.
 */
RULES_FUNCTION __u32 text_find(char *rules, struct hook_scratch *scratch, __u64 text, __u32 table,
			       __u32 how)
{
	const struct wire_text *header = rules_get(rules, table, sizeof(*header));
	__u32 start = text, bytes = text >> 32, node = 0, vector, lengths, mask;

	if (!header)
		return 0;
	if (!bytes)
		return header->empty;
	vector = header->none;
	lengths = header->lengths;
	mask = header->mask;
	for (__u32 i = 0; i < how >> 1 && lengths; i++) {
		__u32 left = bytes - i * 8;
		const struct wire_text_cell *cell;
		__u64 word;

		if (i * 8 >= bytes)
			break;
		if (how & TEXT_IS_REVERSED)
			word = __builtin_bswap64(text_load(scratch, start + left - 8));
		else
			word = text_load(scratch, start + i * 8);
		word &= text_mask(left);
		for (__u32 length = 1; length < 8; length++) {
			if (length > left)
				break;
			if (!(lengths >> (length - 1) & 1))
				continue;
			cell = text_find_cell(rules, table, mask, node, word & text_mask(length),
					      length);
			if (cell)
				vector = length == left ? cell->ending : cell->going_on;
		}
		if (left < 8 || !(lengths & 0x80))
			break;
		cell = text_find_cell(rules, table, mask, node, word, 8);
		if (!cell)
			break;
		vector = left == 8 ? cell->ending : cell->going_on;
		node = cell->next;
		lengths = cell->next_lengths;
	}
	return vector;
}

/* ---- substrings
 * ---------------------------------------------------------------------------------- */

/* ASCII letters of eight bytes in lower case. */
static __always_inline __u64 text_lower(__u64 word)
{
	const __u64 ones = 0x0101010101010101ULL;
	__u64 low7 = word & (ones * 0x7f);
	__u64 above = low7 + ones * (0x80 - 'A');      /* bit 7: at least 'A' */
	__u64 beyond = low7 + ones * (0x80 - 'Z' - 1); /* bit 7: above 'Z' */

	return word | ((above & ~beyond & ~word & ones * 0x80) >> 2);
}

struct substring_search {
	struct hook_scratch *scratch;
	char *rules;
	__u32 start, bytes; /* of the text */
	__u32 row;	    /* offset of the struct wire_substring */
	__u32 length;
	__u32 ignores_case;
	__u64 first; /* its first bytes */
};

static __always_inline bool substring_is_at(const struct substring_search *search, __u32 place)
{
	for (__u32 i = 0; i < WIRE_SUBSTRING_BYTES_MAX / 8; i++) {
		const __u64 *want;
		__u64 word;

		if (i * 8 >= search->length)
			break;
		want = rules_get(search->rules, search->row + i * 8, 8);
		if (!want)
			return false;
		word = text_load(search->scratch, place + i * 8);
		if (search->ignores_case)
			word = text_lower(word);
		if ((word ^ *want) & text_mask(search->length - i * 8))
			return false;
	}
	return true;
}

static long substring_step(__u32 index, void *context)
{
	struct substring_search *search = context;
	__u64 word;

	if (index + search->length > search->bytes)
		return 1;
	word = text_load(search->scratch, search->start + index);
	if (search->ignores_case)
		word = text_lower(word);
	if ((word ^ search->first) & text_mask(search->length))
		return 0;
	if (!substring_is_at(search, search->start + index))
		return 0;
	search->scratch->substring_is_found = 1;
	return 1;
}
