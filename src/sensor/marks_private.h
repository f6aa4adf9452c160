/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by marks.c and marks_handover.c (from one agent to the next). */
#pragma once

#include "sensor/marks.h"

struct condition {
	struct rules_mark rule; /* its texts and pids are owned */
	uint32_t refs;
	bool follows;
	bool is_new; /* since the last update */
};

struct marks {
	struct marks_options options;
	struct condition *conditions[WIRE_MARKS_MAX];
	bool has_changed;
	/* programs: behind exec and fork, and one that user space runs; -1: not loaded */
	int memory_fd;
	int links[2];
	int set_fd;
	uint32_t generation;
};

void condition_free(struct condition *condition); /* NULL is fine */
