/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Tests: what is known of a call -> the selectors that are still possible (scratch->alive). Each
 * function returns false as soon as none is left. Which tables there are is a constant of the hook,
 * so that the verifier keeps only those.
 */
#pragma once

#include "lib/arg_cred.h"

/*
 * alive &= the vector at AT; 0 is the vector of nobody. The first one of a call is taken as it is:
 * no vector has other bits than those of selectors that there are.
 */
RULES_GLOBAL int vector_and_words(struct hook_scratch *scratch, __u32 at)
{
	const __u64 *vector = vector_get(rules_get_base(scratch), at, hook.words);
	__u64 any = 0, fresh;

	if (!scratch)
		return 0;
	if (!vector) {
		scratch->is_nobody = 1;
		return 0;
	}
	fresh = scratch->has_alive ? 0 : ~0ULL;
	scratch->has_alive = 1;
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++) {
		scratch->alive[i] = (scratch->alive[i] | fresh) & vector[i];
		any |= scratch->alive[i];
	}
	return any != 0;
}

/* Cost does not grow with the number of selectors where the answer is that nobody is left. */
static __always_inline int vector_and(struct hook_scratch *scratch, __u32 at)
{
	if (at)
		return vector_and_words(scratch, at);
	scratch->is_nobody = 1;
	return 0;
}

/* For callbacks of loops: 1 when nobody is left. The verifier knows nothing of what a global
 * function returns. */
static __always_inline long vector_ends(struct hook_scratch *scratch, __u32 at)
{
	int is_left = vector_and(scratch, at);

	barrier_var(is_left);
	return is_left ? 0 : 1;
}

/* Whether the vector at AT has a bit in common with those alive. */
RULES_GLOBAL int vector_meets(struct hook_scratch *scratch, __u32 at)
{
	const __u64 *vector = vector_get(rules_get_base(scratch), at, hook.words);
	__u64 any = 0;

	if (!scratch || !vector)
		return false;
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		any |= vector[i] & scratch->alive[i];
	return any != 0;
}

static __always_inline const struct wire_table *match_get_table(char *rules, __u32 slot,
								enum wire_hook_table table)
{
	return rules_get(rules,
			 offsetof(struct wire_rules, values) +
				 slot * sizeof(struct wire_value_rules) +
				 table * sizeof(struct wire_table),
			 sizeof(struct wire_table));
}

static __always_inline bool match_has(__u32 slot, enum wire_hook_table table)
{
	return hook.values[slot].tables & 1U << table;
}

/* ---- forms of tables
 * ----------------------------------------------------------------------------- */

static __always_inline bool match_ranges(char *rules, struct hook_scratch *scratch, __u32 slot,
					 enum wire_hook_table table, bool is_there, __u64 value)
{
	const struct wire_table *where;

	if (!match_has(slot, table))
		return true;
	where = match_get_table(rules, slot, table);
	if (!where)
		return false;
	return vector_and(scratch,
			  is_there ? ranges_find(scratch, where->at, value) : where->absent);
}

struct mask_rows {
	struct hook_scratch *scratch;
	char *rules;
	__u32 rows, count;
	struct mask_values values;
	__u32 in_user_namespace;
	__u32 pad;
};

static __always_inline bool vector_is_empty(const struct hook_scratch *scratch)
{
	__u64 any = 0;

	if (scratch->is_nobody || !scratch->has_alive)
		return scratch->is_nobody;
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		any |= scratch->alive[i];
	return !any;
}

/* A row whose test fails removes its selectors; see struct wire_mask_row. */
RULES_STEP mask_step(__u32 index, void *context)
{
	const struct mask_rows *rows = context;
	const struct wire_mask_row *row;
	__u64 value;

	if (index >= rows->count)
		return 1;
	row = rules_get(rows->rules, rows->rows + index * sizeof(*row), sizeof(*row));
	if (!row)
		return 1;
	value = row->set == 0	? rows->values.sets[0]
		: row->set == 1 ? rows->values.sets[1]
				: rows->values.sets[2];
	if ((rows->in_user_namespace || !row->in_user_namespace) &&
	    !(value & row->mask) == !!row->is_negated)
		return 0;
	return vector_ends(rows->scratch, row->failing);
}

RULES_GLOBAL int masks_apply(struct hook_scratch *scratch, __u32 at,
			     const struct mask_values *values, __u32 in_user_namespace)
{
	char *rules = rules_get_base(scratch);
	const struct wire_masks *masks = rules_get(rules, at, sizeof(*masks));
	struct mask_rows rows = {
		.scratch = scratch,
		.rules = rules,
		.rows = at + sizeof(*masks),
		.count = masks ? masks->count : 0,
		.in_user_namespace = in_user_namespace,
	};

	if (!rules_use(WIRE_USES_MASKS))
		return 0;
	if (!scratch || !values)
		return 0;
	rows.values = *values;
	rules_loop(WIRE_MASKS_MAX, WIRE_MASKS_MAX, mask_step, &rows);
	return !vector_is_empty(scratch);
}

static __always_inline bool match_masks(char *rules, struct hook_scratch *scratch, __u32 slot,
					bool is_there)
{
	const struct wire_table *where;

	if (!match_has(slot, WIRE_TABLE_MASK))
		return true;
	where = match_get_table(rules, slot, WIRE_TABLE_MASK);
	if (!where)
		return false;
	if (!is_there)
		return vector_and(scratch, where->absent);
	__u64 number = scratch->numbers[slot];
	const struct mask_values values = { { number, number, number } };

	return masks_apply(scratch, where->at, &values, true);
}

struct substring_rows {
	struct substring_search search;
	__u32 table, count;
	__u32 alive;
};

/* One row of all; what changes from row to row stands in the scratch (see path_walk_up). */
static long substring_row_step(__u32 index, void *context)
{
	struct substring_rows *rows = context;
	struct hook_scratch *scratch = rows->search.scratch;
	__u32 at = rows->table + sizeof(struct wire_substrings) +
		   index * sizeof(struct wire_substring);
	const struct wire_substring *row;

	if (index >= rows->count)
		return 1;
	row = rules_get(rows->search.rules, at, sizeof(*row));
	if (!row)
		return 1;
	if (!scratch->substring_is_found && row->bytes <= rows->search.bytes) {
		rows->search.row = at;
		rows->search.length = row->bytes;
		rows->search.ignores_case = row->ignores_case;
		rows->search.first = *(const __u64 *)row->text;
		bpf_loop(WIRE_VALUE_BYTES_MAX, substring_step, &rows->search, 0);
	}
	if (!row->is_last)
		return 0;
	if (!scratch->substring_is_found)
		vector_and(scratch, row->failing);
	scratch->substring_is_found = 0;
	return 0;
}

RULES_GLOBAL int substrings_apply(struct hook_scratch *scratch, __u64 text, __u32 at)
{
	char *rules = rules_get_base(scratch);
	const struct wire_substrings *table = rules_get(rules, at, sizeof(*table));
	struct substring_rows rows = {
		.search = { .scratch = scratch,
			    .rules = rules,
			    .start = text,
			    .bytes = text >> 32 },
		.table = at,
	};

	if (!rules_use(WIRE_USES_SUBSTRINGS))
		return 0;
	if (!table || !scratch)
		return false;
	rows.count = table->count;
	scratch->substring_is_found = 0;
	bpf_loop(WIRE_SUBSTRINGS_MAX, substring_row_step, &rows, 0);
	return !vector_is_empty(scratch);
}

RULES_FUNCTION bool match_text_tables(char *rules, struct hook_scratch *scratch, __u32 slot,
				      bool is_there)
{
	__u64 text = (__u64)scratch->text_bytes[slot] << 32 | scratch->texts[slot];
	__u32 words = hook.values[slot].text_words;
	const struct wire_table *where;
	__u32 vector;

	for (__u32 reversed = 0; reversed < 2; reversed++) {
		enum wire_hook_table table = reversed ? WIRE_TABLE_TEXT_END : WIRE_TABLE_TEXT;

		if (!match_has(slot, table))
			continue;
		where = match_get_table(rules, slot, table);
		if (!where)
			return false;
		vector = is_there ? text_find(scratch, text, where->at, TEXT_HOW(words, reversed))
				  : where->absent;
		if (!vector_and(scratch, vector))
			return false;
	}
	if (!match_has(slot, WIRE_TABLE_SUBSTRING))
		return true;
	where = match_get_table(rules, slot, WIRE_TABLE_SUBSTRING);
	if (!where)
		return false;
	if (!is_there)
		return vector_and(scratch, where->absent);
	return substrings_apply(scratch, text, where->at);
}

static __always_inline bool match_text(char *rules, struct hook_scratch *scratch, __u32 slot,
				       bool is_there)
{
	return !rules_use(WIRE_USES_TEXTS | WIRE_USES_SUBSTRINGS) ||
	       match_text_tables(rules, scratch, slot, is_there);
}

/* ---- values of one kind
 * --------------------------------------------------------------------------- */

/* Family, addresses and ports, as sockets, packets and plain addresses have them. */
struct match_ends {
	const __u64 *source, *destination; /* two words each; NULL: it has none */
	__u16 source_port, destination_port;
	__u16 family;
};

/* Tables of both families are there or neither is; who has another family has no address. */
static __always_inline bool match_address(char *rules, struct hook_scratch *scratch, __u32 slot,
					  enum wire_hook_table ipv4, const __u64 *address,
					  __u32 family)
{
	const struct wire_table *where;
	__u32 vector;

	if (!match_has(slot, ipv4))
		return true;
	where = match_get_table(rules, slot, family == AF_INET6 ? ipv4 + 1 : ipv4);
	if (!where)
		return false;
	if (family == AF_INET)
		vector = ranges_find(scratch, where->at, bpf_ntohl(*(const __u32 *)address));
	else if (family == AF_INET6)
		vector = wide_ranges_find(scratch, where->at, bpf_be64_to_cpu(address[0]),
					  bpf_be64_to_cpu(address[1]));
	else
		vector = where->absent;
	return vector_and(scratch, vector);
}

static __always_inline bool match_ends(char *rules, struct hook_scratch *scratch, __u32 slot,
				       const struct match_ends *ends)
{
	bool is_internet = ends->family == AF_INET || ends->family == AF_INET6;

	if (!match_ranges(rules, scratch, slot, WIRE_TABLE_FAMILY, true, ends->family) ||
	    !match_ranges(rules, scratch, slot, WIRE_TABLE_SOURCE_PORT, is_internet,
			  ends->source_port) ||
	    !match_address(rules, scratch, slot, WIRE_TABLE_SOURCE_IPV4, ends->source,
			   ends->family))
		return false;
	if (!ends->destination)
		return true;
	return match_ranges(rules, scratch, slot, WIRE_TABLE_DESTINATION_PORT, is_internet,
			    ends->destination_port) &&
	       match_address(rules, scratch, slot, WIRE_TABLE_DESTINATION_IPV4, ends->destination,
			     ends->family);
}

/* The bytes of a value that was read; NULL: it was not. */
static __always_inline void *match_get_value(struct hook_scratch *scratch, __u32 slot,
					     bool is_there)
{
	__u64 place = scratch->places[slot];

	if (!is_there || !place)
		return NULL;
	barrier_var(place);
	if (place > WIRE_VALUES_BYTES_MAX)
		return NULL;
	barrier_var(place);
	return scratch->data + place + sizeof(struct wire_value);
}

/* Nothing is known of the value: every table answers what it says for that. */
RULES_GLOBAL int match_absent(struct hook_scratch *scratch, __u32 slot)
{
	char *rules = rules_get_base(scratch);

	slot &= WIRE_HOOK_VALUES_MAX - 1;
	for (__u32 table = 0; table < WIRE_HOOK_TABLES; table++) {
		const struct wire_table *where;

		if (!match_has(slot, table))
			continue;
		where = match_get_table(rules, slot, table);
		if (!where || !vector_and(scratch, where->absent))
			return false;
	}
	return true;
}

RULES_FUNCTION bool match_socket(char *rules, struct hook_scratch *scratch, __u32 slot)
{
	const struct wire_socket *socket =
		match_get_value(scratch, slot, scratch->statuses[slot] == WIRE_VALUE_OK);
	struct match_ends ends = {};

	if (!socket)
		return match_absent(scratch, slot);
	if (!match_ranges(rules, scratch, slot, WIRE_TABLE_STATE, true, socket->state) ||
	    !match_ranges(rules, scratch, slot, WIRE_TABLE_PROTOCOL, true, socket->protocol))
		return false;
	ends.source = socket->source;
	ends.destination = socket->destination;
	ends.source_port = socket->source_port;
	ends.destination_port = socket->destination_port;
	ends.family = socket->family;
	return match_ends(rules, scratch, slot, &ends);
}

RULES_FUNCTION bool match_packet(char *rules, struct hook_scratch *scratch, __u32 slot)
{
	const struct wire_packet *packet =
		match_get_value(scratch, slot, scratch->statuses[slot] == WIRE_VALUE_OK);
	struct match_ends ends = {};

	if (!packet)
		return match_absent(scratch, slot);
	if (!match_ranges(rules, scratch, slot, WIRE_TABLE_PROTOCOL, packet->family != 0,
			  packet->protocol))
		return false;
	ends.source = packet->source;
	ends.destination = packet->destination;
	ends.source_port = packet->source_port;
	ends.destination_port = packet->destination_port;
	ends.family = packet->family;
	return match_ends(rules, scratch, slot, &ends);
}

RULES_FUNCTION bool match_plain_address(char *rules, struct hook_scratch *scratch, __u32 slot)
{
	const struct wire_address *address =
		match_get_value(scratch, slot, scratch->statuses[slot] == WIRE_VALUE_OK);
	struct match_ends ends = {};

	if (!address)
		return match_absent(scratch, slot);
	ends.source = address->address;
	ends.source_port = address->port;
	ends.family = address->family;
	return match_ends(rules, scratch, slot, &ends);
}

/* A path can be missing where the mode is known: the tests of the file type go on. */
RULES_FUNCTION bool match_file(char *rules, struct hook_scratch *scratch, __u32 slot)
{
	__u32 status = scratch->statuses[slot];
	bool has_path = status == WIRE_VALUE_OK || status == WIRE_VALUE_CUT;

	return match_ranges(rules, scratch, slot, WIRE_TABLE_FILE_TYPE, scratch->modes[slot] != 0,
			    scratch->modes[slot] & S_IFMT) &&
	       match_text(rules, scratch, slot, has_path);
}

RULES_FUNCTION bool match_number(char *rules, struct hook_scratch *scratch, __u32 slot)
{
	bool is_there = scratch->statuses[slot] != WIRE_VALUE_UNREADABLE;
	__u64 number = scratch->numbers[slot];

	if (match_has(slot, WIRE_TABLE_GAINED)) {
		__u32 second = hook.values[slot].second & (WIRE_HOOK_VALUES_MAX - 1);
		bool both = is_there && scratch->statuses[second] != WIRE_VALUE_UNREADABLE;

		if (!match_ranges(rules, scratch, slot, WIRE_TABLE_GAINED, both,
				  scratch->numbers[second] & ~number))
			return false;
	}
	if (!match_masks(rules, scratch, slot, is_there))
		return false;
	if (hook.values[slot].flags & WIRE_VALUE_SIGNED)
		number += WIRE_SIGN_BIAS;
	return match_ranges(rules, scratch, slot, WIRE_TABLE_NUMBER, is_there, number);
}

RULES_FUNCTION bool match_unix_address(char *rules, struct hook_scratch *scratch, __u32 slot)
{
	bool is_there = scratch->statuses[slot] == WIRE_VALUE_OK;

	return match_ranges(rules, scratch, slot, WIRE_TABLE_FAMILY, is_there,
			    scratch->numbers[slot]) &&
	       match_text(rules, scratch, slot, is_there && scratch->numbers[slot] == AF_UNIX);
}

/* All tables of a slot that has been read. */
static __always_inline bool match_value(char *rules, struct hook_scratch *scratch, __u32 slot)
{
	__u32 status;

	slot &= WIRE_HOOK_VALUES_MAX - 1;
	status = scratch->statuses[slot];
	switch (hook.values[slot].type) {
	case WIRE_ARG_STRING:
	case WIRE_ARG_FILENAME:
	case WIRE_ARG_NET_DEVICE:
	case WIRE_ARG_DATA_LOC:
	case WIRE_ARG_CHAR_BUF:
	case WIRE_ARG_CHAR_IOVEC:
	case WIRE_ARG_IOV_ITER:
	case WIRE_ARG_CONST_BUF:
		return match_text(rules, scratch, slot,
				  status == WIRE_VALUE_OK || status == WIRE_VALUE_CUT);
	case WIRE_ARG_FD:
	case WIRE_ARG_FILE:
	case WIRE_ARG_KIOCB:
	case WIRE_ARG_PATH:
	case WIRE_ARG_DENTRY:
	case WIRE_ARG_LINUX_BINPRM:
		return match_file(rules, scratch, slot);
	case WIRE_ARG_SOCK:
	case WIRE_ARG_SOCKET:
		return match_socket(rules, scratch, slot);
	case WIRE_ARG_SKB:
		return match_packet(rules, scratch, slot);
	case WIRE_ARG_SOCKADDR:
		return match_plain_address(rules, scratch, slot);
	case WIRE_ARG_SOCKADDR_UN:
		return match_unix_address(rules, scratch, slot);
	default:
		return match_number(rules, scratch, slot);
	}
}
