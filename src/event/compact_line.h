/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the compact form while it grows. Private to compact*.c. */
#pragma once

#include "event/compact.h"

/* Codes of ANSI (ECMA-48) for the foreground. */
enum compact_color {
	COMPACT_RED = 31,
	COMPACT_GREEN,
	COMPACT_YELLOW,
	COMPACT_BLUE,
	COMPACT_MAGENTA,
	COMPACT_CYAN,
};

struct compact_line {
	struct buf *out;
	const struct compact_options *options;
	const char *node_name;
};

void compact_begin_color(struct compact_line *line, enum compact_color color);
void compact_end_color(struct compact_line *line);

/* The emoji and the name, padded to a column. */
void compact_add_title(struct compact_line *line, enum compact_color color, const char *emoji,
		       const char *name);

/* A space, who (pod or node), a space, and the binary. */
void compact_add_process(struct compact_line *line, const Tetragon__Process *process);

/* TEXT in COLOR, quoted if it has spaces or what a terminal must not get; NULL is as "". */
void compact_add_quoted(struct compact_line *line, enum compact_color color, const char *text);

/* The whole line of a kprobe event but the trailer. */
void compact_add_kprobe(struct compact_line *line, const Tetragon__ProcessKprobe *kprobe);

/* Of a tracepoint at raw_syscalls/sys_enter: the call with its arguments. */
void compact_add_syscall(struct compact_line *line, const Tetragon__ProcessTracepoint *tracepoint);
