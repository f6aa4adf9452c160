/* SPDX-License-Identifier: Apache-2.0 */
/* What a piece of work prints, within a time and a size. In: a function, or a command. Out: its
 * bytes, and what became of it. It runs in a process of its own, so that what hangs or crashes
 * costs its own piece only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Prints to standard output; its result is the exit status. */
typedef int (*collect_fn)(const void *argument);

struct collect_limits {
	uint64_t timeout_ns;
	size_t bytes_max;
};

struct collected {
	struct buf data;
	bool is_cut, has_timed_out;
	int status; /* exit status, or 128 and the signal */
};

/* Negative errno: it was not started. */
int collect_function(struct collected *out, const struct collect_limits *limits,
		     collect_fn function, const void *argument);
/* ARGV[0] is searched in PATH; its complaints are part of its output. */
int collect_command(struct collected *out, const struct collect_limits *limits, char *const *argv);
