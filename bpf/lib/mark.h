/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Marks: which of the policies' lists of binaries and pids a process belongs to. Decided once, when
 * it executes a file or is born, so that a hook asks for a bit and not for a path. The rules are
 * laid out like a hook's: each mark is a "selector", the two names of the executable are asked
 * about as value 0.
 */
#pragma once

#include "lib/hook.h"

/* Marks that the table at SLOT 0 gives: of its vector, those that the table asks about. */
RULES_GLOBAL int mark_add(struct hook_scratch *scratch, __u32 pid, __u32 vector, __u32 absent)
{
	char *rules = rules_get_base(scratch);
	struct wire_process *process = task_find_process(pid); /* atomics want a map's memory */
	const __u64 *found, *without;

	if (!rules_use(WIRE_USES_MARKING) || !process)
		return 0;
	found = vector_get(rules, vector, WIRE_MARK_WORDS);
	without = vector_get(rules, absent, WIRE_MARK_WORDS);
	for (__u32 i = 0; found && i < WIRE_MARK_WORDS; i++) {
		__u64 word = found[i] & ~(without ? without[i] : 0);

		if (word)
			__sync_fetch_and_or(&process->marks[i], word);
	}
	return 0;
}

RULES_GLOBAL int mark_by_name(struct hook_scratch *scratch, __u32 pid, __u32 bytes)
{
	char *rules = rules_get_base(scratch);
	__u64 text = (__u64)bytes << 32 | offsetof(struct hook_scratch, data);

	if (!rules_use(WIRE_USES_MARKING))
		return 0;
	if (!scratch)
		return 0;
	for (__u32 reversed = 0; reversed < 2; reversed++) {
		enum wire_hook_table table = reversed ? WIRE_TABLE_TEXT_END : WIRE_TABLE_TEXT;
		const struct wire_table *where = match_get_table(rules, 0, table);

		if (!match_has(0, table) || !where)
			continue;
		mark_add(scratch, pid,
			 text_find(scratch, text, where->at,
				   TEXT_HOW(hook.values[0].text_words, reversed)),
			 where->absent);
	}
	return 0;
}

/* The names of the image that the exec program has just put together on this processor. */
static __always_inline void mark_image(char *rules, struct hook_scratch *scratch,
				       struct wire_process *process)
{
	struct exec_scratch *image = scratch_find(SCRATCH_EXEC);
	__u32 bytes, filename;

	if (!image || image->record.id.exec_ns != process->exec_ns)
		return;
	bytes = image->record.binary_bytes & (WIRE_PATH_BYTES_MAX - 1);
	filename = image->record.filename_bytes & (WIRE_PATH_BYTES_MAX - 1);
	if (bpf_probe_read_kernel(scratch->data, bytes, image->data))
		return;
	mark_by_name(scratch, image->record.id.pid, bytes);
	if (bpf_probe_read_kernel(scratch->data, filename, image->data + bytes) ||
	    scratch->data[0] != '/')
		return;
	mark_by_name(scratch, image->record.id.pid, filename);
}

/* Pids that policies follow, should they be given again. */
static __always_inline void mark_pid(char *rules, struct hook_scratch *scratch, __u32 pid)
{
	const struct wire_table *where = task_get_table(rules, WIRE_TASK_PID);

	if (task_has(WIRE_TASK_PID) && where)
		mark_add(scratch, pid, ranges_find(scratch, where->at, pid), where->absent);
}
