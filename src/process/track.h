/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of processes: records of the kernel side -> the process cache. In: decoded records in
 * ring order. Out: the process that each is about. Events, parents' absence and printing are
 * decided elsewhere.
 */
#pragma once

#include "event/record.h"
#include "process/pieces.h"
#include "process/table.h"
#include "process/users.h"

/* Variables of the environment to keep; no names: all. */
struct process_variable_filter {
	const char *const *names;
	size_t count;
};

struct process_tracker {
	/* set by the owner */
	struct process_table *table;
	struct pieces *pieces;
	struct users *users; /* NULL: no user names */
	const char *procfs;
	bool with_environment;
	struct process_variable_filter filter;
	struct process_redaction redaction;
	int64_t boot_to_wall_ns; /* kept fresh by the owner */
	/* the tracker's own */
	struct buf kept_variables;
	struct buf file_args, file_environment;
	/* the latest process that the full table refused, or that it holds without its arguments */
	struct process overflow;
	uint64_t mount_user_namespaces[2]; /* of pid 1; 0 until it was seen */
};

bool process_keeps_variable(const struct process_variable_filter *filter, struct span name);

void process_tracker_done(struct process_tracker *tracker);

/* NULL: the table is full, or (exit) the process is not in it. Valid until the next record. */
struct process *process_track_fork(struct process_tracker *tracker, const struct record *record);
/*
 * Never NULL but for lack of memory: a process that finds no room, itself or its arguments, is kept
 * aside until the next such one. `previous` ends.
 */
struct process *process_track_exec(struct process_tracker *tracker, const struct record *record);
struct process *process_track_exit(struct process_tracker *tracker, const struct record *record);
/* A record of the start-up scan; its arguments are read from procfs. */
struct process *process_track_seed(struct process_tracker *tracker, const struct record *record);
