/* SPDX-License-Identifier: Apache-2.0 */
/* What only procfs can tell of a process that is older than the agent: its arguments and
 * environment. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

/*
 * Replaces OUT by the file NAME ("cmdline", "environ") of PID, at most BYTES_MAX of it. Negative
 * errno: OUT is empty (the process is gone, or hides it); 1: there was more.
 */
int scan_read(struct buf *out, const char *procfs, uint32_t pid, const char *name,
	      size_t bytes_max);
