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
/*
 * Verified once, on its own: knows no constants of its callers, and keeps the verifier's work from
 * multiplying. Takes plain numbers and pointers to whole structs, and returns a number.
 */
#define RULES_GLOBAL __attribute__((noinline))

static __always_inline char *rules_get_half(__u32 half)
{
	char *memory = (char *)&hook_memory;
	__u64 which = half & 1;

	barrier_var(memory); /* the stand-in's size says nothing */
	/* a product, not a branch, behind which all would be verified twice; of 64 bits, whose
	 * bounds older verifiers keep */
	barrier_var(which);
	return memory + which * hook.half_bytes;
}

/* The half that holds. */
static __always_inline char *rules_find(__u32 *half)
{
	*half = *(volatile const __u32 *)&hook_memory.half & 1;
	return rules_get_half(*half);
}

static __always_inline bool rules_use(__u32 what)
{
	return hook.uses & what;
}

/* The half that this call of the hook goes by. */
static __always_inline char *rules_get_base(const struct hook_scratch *scratch)
{
	return scratch ? rules_get_half(scratch->half) : NULL;
}

static __always_inline void *rules_get(char *rules, __u64 offset, __u32 bytes)
{
	__u64 last = hook.half_bytes - bytes;

	barrier_var(offset); /* all 64 bits are compared: older verifiers learn nothing from 32 */
	if (!rules || offset > last)
		return NULL;
	barrier_var(offset); /* or the sum is taken before the check, with a bound of its own */
	return rules + offset;
}

/*
 * The vector at AT; NULL is the vector of nobody. Checked once for all its words: loops over them
 * have no branches then, and the verifier's work does not multiply with their number.
 */
static __always_inline const __u64 *vector_get(char *rules, __u32 at, __u32 words)
{
	return at ? rules_get(rules, at, words * 8) : NULL;
}

/* A step of rules_loop(). Not inline, or the loop of older kernels is a second copy of it. */
#define RULES_STEP static __attribute__((noinline)) long

/*
 * Steps of a search, bounded for both kinds of kernels: with bpf_loop (5.17) the verifier looks at
 * a step once, without it at each of the first UNROLLED ones. What steps change stands in the
 * scratch, see path_walk_up().
 */
static __always_inline void rules_loop(__u32 count, __u32 unrolled, long (*step)(__u32, void *),
				       void *context)
{
	if (hook.has_bpf_loop) {
		bpf_loop(count, step, context, 0);
		return;
	}
	for (__u32 i = 0; i < unrolled; i++) {
		if (step(i, context))
			break;
	}
}

/* 1 if A is at most B; without a branch, so that the verifier follows one path. */
static __always_inline __u32 is_at_most(__u64 a, __u64 b)
{
	return 1 - (((~b & a) | ((~b | a) & (b - a))) >> 63);
}

/* Offset of the vector that VALUE belongs to; 0: there is none. */
RULES_GLOBAL __u32 ranges_find(struct hook_scratch *scratch, __u32 at, __u64 value)
{
	char *rules = rules_get_base(scratch);
	const struct wire_ranges *ranges = rules_get(rules, at, sizeof(*ranges));
	__u32 low = 0, count;
	const __u32 *vector;

	if (!rules_use(WIRE_USES_RANGES))
		return 0;
	if (!ranges)
		return 0;
	count = ranges->count;
	for (int i = 0; i < WIRE_RANGE_STEPS_MAX && count > 1; i++) {
		__u32 half = count / 2;
		const __u64 *start = rules_get(rules, at + sizeof(*ranges) + (low + half) * 8, 8);

		if (!start)
			return 0;
		low += half * is_at_most(*start, value);
		count -= half;
	}
	vector = rules_get(rules, ranges->vectors + low * 4, 4);
	return vector ? *vector : 0;
}

RULES_GLOBAL __u32 wide_ranges_find(struct hook_scratch *scratch, __u32 at, __u64 value_high,
				    __u64 value_low)
{
	char *rules = rules_get_base(scratch);
	const struct wire_wide_ranges *ranges = rules_get(rules, at, sizeof(*ranges));
	__u32 low = 0, count;
	const __u32 *vector;

	if (!rules_use(WIRE_USES_WIDE_RANGES))
		return 0;
	if (!ranges)
		return 0;
	count = ranges->count;
	for (int i = 0; i < WIRE_RANGE_STEPS_MAX && count > 1; i++) {
		__u32 half = count / 2, is_above, is_same;
		const struct wire_wide *start =
			rules_get(rules, at + sizeof(*ranges) + (low + half) * sizeof(*start),
				  sizeof(*start));

		if (!start)
			return 0;
		is_same = is_at_most(start->high, value_high) & is_at_most(value_high, start->high);
		is_above = is_at_most(start->high, value_high) &
			   (1 - is_same * (1 - is_at_most(start->low, value_low)));
		low += half * is_above;
		count -= half;
	}
	vector = rules_get(rules, ranges->vectors + low * 4, 4);
	return vector ? *vector : 0;
}

/* ---- texts
 * --------------------------------------------------------------------------------------- */

/* Which text, and how it is read: from its end, backwards, when `is_reversed`. */
#define TEXT_IS_REVERSED	  1U
#define TEXT_HOW(words, reversed) ((__u32)(words) << 1 | (reversed))

static __always_inline bool text_probe(char *rules, __u32 at, __u64 word, __u32 node, __u32 bytes)
{
	const struct wire_text_cell *cell = rules_get(rules, at, sizeof(*cell));

	return cell && cell->word == word && cell->node == node && cell->bytes == bytes;
}

/*
 * Offset of the cell of (node, length, bytes), at one of its two places; 0: there is none. CELLS:
 * offset of the first << 32 | mask.
 */
static __always_inline __u32 text_find_cell(char *rules, __u64 cells, __u64 word, __u32 node,
					    __u32 bytes)
{
	__u64 hash = wire_text_hash(word, node, bytes);
	__u32 mask = cells;
	__u32 at = (cells >> 32) + (hash >> 32 & mask) * sizeof(struct wire_text_cell);

	if (text_probe(rules, at, word, node, bytes))
		return at;
	at = (cells >> 32) +
	     ((hash * WIRE_TEXT_HASH_A) >> 32 & mask) * sizeof(struct wire_text_cell);
	return text_probe(rules, at, word, node, bytes) ? at : 0;
}

/* The lowest BYTES bytes of a word; 8 and more: all. */
static __always_inline __u64 text_mask(__u32 bytes)
{
	return bytes >= 8 ? ~0ULL : (1ULL << (bytes * 8)) - 1;
}

/* Eight bytes of the scratch, from OFFSET; 0 beyond it. */
static __always_inline __u64 text_load(struct hook_scratch *scratch, __u32 offset)
{
	__u64 at = offset;

	barrier_var(at);
	if (at > sizeof(*scratch) - 8)
		return 0;
	barrier_var(at);
	return *(__u64 *)((char *)scratch + at);
}

struct text_search {
	struct hook_scratch *scratch;
	char *rules;
	__u32 start, bytes; /* of the text */
	__u32 is_reversed;
	__u32 pad;
	__u64 cells; /* see text_find_cell() */
};

#define TEXT_FOUND (1ULL << 32)

/* For a cell shorter than eight bytes, TEXT_FOUND and the vector of a text that ends with it or
 * goes on; 0: there is none. SIZES: its length, and << 8 how much of the text is left. */
RULES_GLOBAL __u64 text_find_end(struct hook_scratch *scratch, __u64 cells, __u64 word, __u32 node,
				 __u32 sizes)
{
	char *rules = rules_get_base(scratch);
	__u32 bytes = sizes & 0xff, left = sizes >> 8;
	const struct wire_text_cell *cell;
	__u32 at;

	if (!rules_use(WIRE_USES_TEXTS))
		return 0;
	at = text_find_cell(rules, cells, word & text_mask(bytes), node, bytes);
	cell = at ? rules_get(rules, at, sizeof(*cell)) : NULL;
	if (!cell)
		return 0;
	return TEXT_FOUND | (bytes == left ? cell->ending : cell->going_on);
}

/* Lengths below eight that the node has and the text too, shortest first: the longest found counts.
 */
static __always_inline void text_find_short(const struct text_search *search, __u64 word,
					    __u32 left)
{
	struct hook_scratch *scratch = search->scratch;
	__u32 node = scratch->text.node, lengths = scratch->text.lengths;

	if (left < 8)
		lengths &= (1U << left) - 1;
	for (__u32 length = 1; length < 8; length++) {
		__u64 found;

		if (!(lengths >> (length - 1) & 1))
			continue;
		found = text_find_end(scratch, search->cells, word, node, left << 8 | length);
		if (found)
			scratch->text.vector = found;
	}
}

/* Eight bytes of the text. True: it is over, or no text of the table goes on like that. */
RULES_STEP text_step(__u32 index, void *context)
{
	const struct text_search *search = context;
	struct hook_scratch *scratch = search->scratch;
	__u32 left = search->bytes - index * 8;
	const struct wire_text_cell *cell;
	__u64 word;
	__u32 at;

	if (index * 8 >= search->bytes)
		return 1;
	word = text_load(scratch, search->start + (search->is_reversed ? left - 8 : index * 8));
	if (search->is_reversed)
		word = __builtin_bswap64(word);
	word &= text_mask(left);
	if (scratch->text.lengths & 0x7f)
		text_find_short(search, word, left);
	if (left < 8 || !(scratch->text.lengths & 0x80))
		return 1;
	at = text_find_cell(search->rules, search->cells, word, scratch->text.node, 8);
	cell = at ? rules_get(search->rules, at, sizeof(*cell)) : NULL;
	if (!cell)
		return 1;
	scratch->text.vector = left == 8 ? cell->ending : cell->going_on;
	scratch->text.node = cell->next;
	scratch->text.lengths = cell->next_lengths;
	return !scratch->text.lengths;
}

/*
 * The vector of the longest texts that TEXT (bytes << 32 | offset in the scratch) begins or ends
 * with. HOW: TEXT_HOW.
 */
RULES_GLOBAL __u32 text_find(struct hook_scratch *scratch, __u64 text, __u32 table, __u32 how)
{
	char *rules = rules_get_base(scratch);
	const struct wire_text *header = rules_get(rules, table, sizeof(*header));
	struct text_search search = {
		.scratch = scratch,
		.rules = rules,
		.start = text,
		.bytes = text >> 32,
		.is_reversed = how & TEXT_IS_REVERSED,
	};

	if (!rules_use(WIRE_USES_TEXTS))
		return 0;
	if (!header || !scratch)
		return 0;
	if (!search.bytes)
		return header->empty;
	search.cells = (__u64)(table + sizeof(*header)) << 32 | header->mask;
	scratch->text.vector = header->none;
	scratch->text.lengths = header->lengths;
	scratch->text.node = 0;
	rules_loop(how >> 1, WIRE_TEXT_WORDS_UNROLLED, text_step, &search);
	return scratch->text.vector;
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
