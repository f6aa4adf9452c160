/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and views of records. One row per kind comes from wire/record_kinds.def. */
#include "event/record.h"

#include <errno.h>
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

int record_decode(struct record *out, const void *data, size_t bytes)
{
	const struct wire_header *header = data;
	struct record record = { .header = header };

	if (bytes < sizeof(*header) || header->bytes != bytes || header->kind >= WIRE_RECORD_KINDS)
		return -EBADMSG;
	record.kind = header->kind;
	if (!record_kinds[record.kind].name || bytes < record_kinds[record.kind].bytes_min)
		return -EBADMSG;
	record.fork = data;
	if (record.kind == WIRE_RECORD_EXEC) {
		int error =
			record_decode_exec(&record, (const char *)data + sizeof(struct wire_exec),
					   bytes - sizeof(struct wire_exec));

		if (error)
			return error;
	}
	if (record.kind == WIRE_RECORD_DATA) {
		if (record.data->bytes > WIRE_DATA_BYTES_MAX ||
		    record.data->offset > WIRE_ARGS_BYTES_MAX - record.data->bytes ||
		    record.data->part > WIRE_DATA_ENVIRONMENT)
			return -EBADMSG;
		record.piece = (struct span){ record.data->data, record.data->bytes };
	}
	*out = record;
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
