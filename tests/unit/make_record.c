/* SPDX-License-Identifier: Apache-2.0 */
/* Fills records. */
#include "make_record.h"

#include <stdlib.h>

static void make_header(struct made_record *out, enum wire_record_kind kind, size_t bytes,
			uint64_t time_ns)
{
	memset(out, 0, sizeof(*out));
	out->header.bytes = (uint32_t)bytes;
	out->header.kind = (uint16_t)kind;
	out->header.time_ns = time_ns;
}

void make_fork(struct made_record *out, struct wire_process_id id, struct wire_process_id parent)
{
	make_header(out, WIRE_RECORD_FORK, sizeof(out->fork), id.exec_ns);
	out->fork.id = id;
	out->fork.parent = parent;
	out->fork.start_ns = id.exec_ns;
	out->fork.flags = WIRE_PROCESS_CLONE;
}

static char *add_text(char *at, struct span text, uint32_t *out_bytes)
{
	if (text.bytes)
		memcpy(at, text.data, text.bytes);
	*out_bytes = (uint32_t)text.bytes;
	return at + text.bytes;
}

void make_exec(struct made_record *out, struct wire_process_id id, struct wire_process_id parent,
	       const struct made_texts *texts)
{
	size_t bytes = texts->binary.bytes + texts->filename.bytes + texts->cwd.bytes +
		       texts->cgroup.bytes + texts->args.bytes + texts->environment.bytes;
	char *at = out->bytes + sizeof(out->exec);

	if (bytes > MADE_TEXT_BYTES_MAX)
		abort();
	make_header(out, WIRE_RECORD_EXEC, sizeof(out->exec) + ((bytes + 7) & ~(size_t)7),
		    id.exec_ns);
	out->exec.id = id;
	out->exec.parent = parent;
	out->exec.start_ns = id.exec_ns;
	out->exec.flags = WIRE_PROCESS_EXECVE;
	out->exec.tid = id.pid;
	out->exec.login_uid = UINT32_MAX;
	out->exec.file_links = 1;
	out->exec.file_inode = 7;
	out->exec.args_total = (uint32_t)texts->args.bytes;
	out->exec.environment_total = (uint32_t)texts->environment.bytes;
	at = add_text(at, texts->binary, &out->exec.binary_bytes);
	at = add_text(at, texts->filename, &out->exec.filename_bytes);
	at = add_text(at, texts->cwd, &out->exec.cwd_bytes);
	at = add_text(at, texts->cgroup, &out->exec.cgroup_bytes);
	at = add_text(at, texts->args, &out->exec.args_bytes);
	add_text(at, texts->environment, &out->exec.environment_bytes);
}

void make_exit(struct made_record *out, struct wire_process_id id, uint32_t code)
{
	make_header(out, WIRE_RECORD_EXIT, sizeof(out->exit), id.exec_ns + 1000000000);
	out->exit.id = id;
	out->exit.start_ns = id.exec_ns;
	out->exit.code = code;
}

void make_data(struct made_record *out, uint32_t pid, enum wire_data_part part, uint32_t offset,
	       struct span piece)
{
	if (piece.bytes > WIRE_DATA_BYTES_MAX)
		abort();
	make_header(out, WIRE_RECORD_DATA, sizeof(out->data), 0);
	out->data.pid = pid;
	out->data.part = part;
	out->data.offset = offset;
	out->data.bytes = (uint32_t)piece.bytes;
	memcpy(out->data.data, piece.data, piece.bytes);
}

/* Room for BYTES more, zeroed, at the end of the record. */
static char *grow(struct made_record *out, size_t bytes)
{
	char *at = out->bytes + out->header.bytes;

	if (bytes > sizeof(out->bytes) - out->header.bytes)
		abort();
	memset(at, 0, bytes);
	out->header.bytes += (uint32_t)bytes;
	return at;
}

void make_hook(struct made_record *out, struct wire_process_id id, const uint64_t *vector,
	       uint16_t words)
{
	make_header(out, WIRE_RECORD_HOOK, sizeof(out->hook), id.exec_ns);
	out->hook.id = id;
	out->hook.tid = id.pid;
	out->hook.words = words;
	memcpy(grow(out, words * sizeof(*vector)), vector, words * sizeof(*vector));
}

void make_value(struct made_record *out, uint16_t slot, enum wire_value_status status,
		struct span bytes)
{
	const struct wire_value head = { slot, (uint16_t)status, (uint32_t)bytes.bytes };

	memcpy(grow(out, sizeof(head)), &head, sizeof(head));
	if (bytes.bytes)
		memcpy(grow(out, (bytes.bytes + 7) & ~(size_t)7), bytes.data, bytes.bytes);
	out->hook.values++;
}
