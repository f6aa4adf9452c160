/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process cache as a tree. In: processes in any order, each naming its parent, from a server
 * that may say anything. Out: the wanted ones, parents before children, in an order that depends on
 * the processes alone. A parent that is missing, or that is its own descendant, makes a root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tetragon/sensors.pb-c.h>

struct process_tree_options {
	bool with_kernel_threads;
	bool with_exited;
	bool is_flat; /* all are roots */
	bool has_pid; /* only the processes of this pid, and their descendants */
	uint32_t pid;
};

struct process_tree_row {
	const Tetragon__ProcessInternal *item;
	size_t depth; /* 0: a root */
	bool is_last; /* of the children of its parent */
};

/* At least one row's room, owned by the caller; -ENOMEM. PROCESSES outlive the rows. */
int process_tree_new(struct process_tree_row **out, size_t *out_count,
		     Tetragon__ProcessInternal *const *processes, size_t count,
		     const struct process_tree_options *options);
