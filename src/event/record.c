/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and views of records. One row per kind comes from wire/record_kinds.def. */
#include "event/record.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_KIND(name, text, type) [WIRE_RECORD_##name] = { text, sizeof(struct type) },
static const struct {
	const char *name;
	size_t bytes_min;
} record_kinds[WIRE_RECORD_KINDS] = {
#include "wire/record_kinds.def"
};
#undef RECORD_KIND

#define DROP_REASON(name, text, advice) [WIRE_DROP_##name] = { text, advice },
static const struct {
	const char *text, *advice;
} record_drops[WIRE_DROP_REASONS] = {
#include "wire/drop_reasons.def"
};
#undef DROP_REASON

static int record_decode_exec(struct record *out, const char *data, size_t bytes)
{
	const struct wire_exec *exec = out->exec;
	const struct {
		struct span *part;
		uint32_t bytes, bytes_max;
	} parts[] = {
		{ &out->binary, exec->binary_bytes, WIRE_PATH_BYTES_MAX },
		{ &out->filename, exec->filename_bytes, WIRE_PATH_BYTES_MAX },
		{ &out->cwd, exec->cwd_bytes, WIRE_PATH_BYTES_MAX },
		{ &out->cgroup, exec->cgroup_bytes, WIRE_CGROUP_BYTES_MAX },
		{ &out->args, exec->args_bytes, WIRE_INLINE_BYTES_MAX },
		{ &out->environment, exec->environment_bytes, WIRE_INLINE_BYTES_MAX },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].bytes > parts[i].bytes_max || parts[i].bytes > bytes)
			return -EBADMSG;
		*parts[i].part = (struct span){ data, parts[i].bytes };
		data += parts[i].bytes;
		bytes -= parts[i].bytes;
	}
	return 0;
}

/* Cuts the next value, with its padding, off what is left of a record. */
static int record_cut_value(struct span *rest, struct wire_value *head, struct span *bytes)
{
	size_t room;

	if (rest->bytes < sizeof(*head))
		return -EBADMSG;
	memcpy(head, rest->data, sizeof(*head));
	room = ((size_t)head->bytes + 7) & ~(size_t)7;
	if (head->slot >= WIRE_HOOK_VALUES_MAX || head->status > WIRE_VALUE_NO_ROOM ||
	    room > rest->bytes - sizeof(*head))
		return -EBADMSG;
	*bytes = (struct span){ rest->data + sizeof(*head), head->bytes };
	*rest = (struct span){ bytes->data + room, rest->bytes - sizeof(*head) - room };
	return 0;
}

static int record_decode_values(struct record_value values[WIRE_HOOK_VALUES_MAX],
				unsigned int count, struct span rest)
{
	for (unsigned int slot = 0; slot < WIRE_HOOK_VALUES_MAX; slot++)
		values[slot].is_there = false;
	for (unsigned int i = 0; i < count; i++) {
		struct wire_value head;
		struct span bytes;

		if (record_cut_value(&rest, &head, &bytes) < 0 || values[head.slot].is_there)
			return -EBADMSG;
		values[head.slot] = (struct record_value){ true, head.status, bytes };
	}
	return rest.bytes ? -EBADMSG : 0;
}

static int record_decode_hook(struct record *out, const char *data, size_t bytes)
{
	const struct wire_hook_event *hook = out->hook;
	size_t vector_bytes = hook->words * sizeof(uint64_t);

	if (!hook->words || hook->words > WIRE_VECTOR_WORDS_MAX || vector_bytes > bytes)
		return -EBADMSG;
	out->vector = (const uint64_t *)data;
	return record_decode_values(out->values, hook->values,
				    (struct span){ data + vector_bytes, bytes - vector_bytes });
}

static int record_decode_data(struct record *out, const char *data, size_t bytes)
{
	const struct wire_data *piece = out->data;

	if (piece->bytes > WIRE_DATA_BYTES_MAX ||
	    piece->offset > WIRE_ARGS_BYTES_MAX - piece->bytes ||
	    piece->part > WIRE_DATA_ENVIRONMENT)
		return -EBADMSG;
	out->piece = (struct span){ piece->data, piece->bytes };
	return 0;
}

/* Takes what stands behind the struct; NULL: nothing that is looked at. */
typedef int (*record_decode_fn)(struct record *out, const char *data, size_t bytes);

static const record_decode_fn record_decoders[WIRE_RECORD_KINDS] = {
	[WIRE_RECORD_EXEC] = record_decode_exec,
	[WIRE_RECORD_DATA] = record_decode_data,
	[WIRE_RECORD_HOOK] = record_decode_hook,
};

/* What is cleared and copied for every record: all but the values of hooks. */
enum { RECORD_HEAD_BYTES = offsetof(struct record, values) };

int record_decode(struct record *out, const void *data, size_t bytes)
{
	const struct wire_header *header = data;
	struct record record;
	size_t bytes_min;

	if (bytes < sizeof(*header) || header->bytes != bytes || header->kind >= WIRE_RECORD_KINDS)
		return -EBADMSG;
	bytes_min = record_kinds[header->kind].bytes_min;
	if (!bytes_min || bytes < bytes_min)
		return -EBADMSG;
	memset(&record, 0, RECORD_HEAD_BYTES);
	record.kind = header->kind;
	record.header = header;
	record.fork = data;
	if (record_decoders[record.kind]) {
		int error = record_decoders[record.kind](&record, (const char *)data + bytes_min,
							 bytes - bytes_min);

		if (error)
			return error;
	}
	memcpy(out, &record, record.kind == WIRE_RECORD_HOOK ? sizeof(record) : RECORD_HEAD_BYTES);
	return 0;
}

const char *record_kind_name(unsigned int kind)
{
	return kind < WIRE_RECORD_KINDS && record_kinds[kind].name ? record_kinds[kind].name : "";
}

const char *record_drop_text(unsigned int reason)
{
	return reason < WIRE_DROP_REASONS ? record_drops[reason].text : "";
}

const char *record_drop_advice(unsigned int reason)
{
	return reason < WIRE_DROP_REASONS ? record_drops[reason].advice : "";
}
