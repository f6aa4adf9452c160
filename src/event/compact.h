/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one-line form of events for people, as `tetra getevents -o compact` writes it.
 * In: an event. Out: its line with a newline, and the lines of its stack traces or hash below it.
 *
 * What came from a process (paths, arguments, names) is quoted where a terminal must not get it as
 * it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tetragon/events.pb-c.h>

#include "base/buf.h"

struct compact_syscall_arg {
	const char *type; /* as in C; a pointer ends in '*' */
	const char *name;
};

struct compact_syscall {
	const char *name;
	bool has_args; /* whether its arguments are known; some system calls have none */
	unsigned int arg_count;
	const struct compact_syscall_arg *args;
};

struct compact_options {
	bool color; /* ANSI escapes */
	bool timestamps;
	bool stack_traces;
	bool ima_hash;
	/* The system call of an ABI (x64, i386, arm64, arm32), NULL when unknown; may be NULL
	 * itself. */
	const struct compact_syscall *(*find_syscall)(const char *abi, int64_t number);
};

/*
 * -EINVAL: there is no line for this kind of event (upstream has none for rate_limit_info), or it
 * lacks its process; -ENOMEM. Nothing is appended then.
 */
int compact_add_event(struct buf *out, const Tetragon__GetEventsResponse *event,
		      const struct compact_options *options);
