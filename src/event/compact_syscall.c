/* SPDX-License-Identifier: Apache-2.0 */
/* raw_syscalls/sys_enter in the compact form: the system call's name and what it was called with.
 */
#include "event/compact_line.h"

#include "event/abi.h"
#include "event/text.h"

static void add_argument(struct compact_line *line, const struct compact_syscall_arg *arg,
			 const Tetragon__KprobeArgument *value)
{
	size_t type_bytes = strlen(arg->type);
	bool is_known = value && value->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_SIZE_ARG;
	bool is_pointer = is_known && type_bytes && arg->type[type_bytes - 1] == '*';

	buf_add_format(line->out, "%s%s%s=", arg->type, is_pointer ? "" : " ", arg->name);
	if (!is_known)
		buf_add_char(line->out, '?');
	else
		buf_add_format(line->out, is_pointer ? "0x%lx" : "%lu",
			       (unsigned long)value->size_arg);
}

static void add_arguments(struct compact_line *line, const struct compact_syscall *syscall,
			  const Tetragon__ProcessTracepoint *tracepoint)
{
	buf_add_char(line->out, '(');
	for (unsigned int i = 0; i < syscall->arg_count; i++) {
		/* The first argument of the tracepoint is the number of the system call. */
		size_t at = (size_t)i + 1;

		if (i)
			buf_add_text(line->out, ", ");
		add_argument(line, &syscall->args[i],
			     at < tracepoint->n_args ? tracepoint->args[at] : NULL);
	}
	buf_add_char(line->out, ')');
}

void compact_add_syscall(struct compact_line *line, const Tetragon__ProcessTracepoint *tracepoint)
{
	const Tetragon__KprobeArgument *first = tracepoint->n_args ? tracepoint->args[0] : NULL;
	const struct compact_syscall *syscall = NULL;
	const char *abi = ABI_NATIVE;
	int64_t number = -1;

	if (first && first->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_LONG_ARG) {
		number = first->long_arg;
	} else if (first && first->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_SYSCALL_ID) {
		number = first->syscall_id->id;
		abi = first->syscall_id->abi ? first->syscall_id->abi : "";
	}
	if (line->options->find_syscall)
		syscall = line->options->find_syscall(abi, number);
	if (!syscall) {
		buf_add_text(line->out, "unknown");
		return;
	}
	if (strcmp(abi, ABI_NATIVE) != 0) {
		/* Arguments are known by the names of the own ABI only. */
		text_add_printable(line->out, abi);
		buf_add_char(line->out, '/');
		buf_add_text(line->out, syscall->name);
		return;
	}
	buf_add_text(line->out, syscall->name);
	if (syscall->has_args)
		add_arguments(line, syscall, tracepoint);
}
