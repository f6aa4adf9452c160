/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a bug report that are neither a file nor a command. Each is a collect_fn: it prints,
 * and its result is an exit status. */
#pragma once

#include "cli/command.h"

/* What is known of the agent; texts are "" if not. */
struct bugtool_agent {
	const struct cli_settings *cli;
	uint32_t pid; /* 0: there is none */
	const char *metrics_address;
	const char *event_file;
	uint64_t event_bytes;
};

int bugtool_print_policies(const void *agent);
int bugtool_print_config(const void *agent);  /* of the running agent */
int bugtool_print_bpf_fds(const void *agent); /* its programs, maps and links */
int bugtool_print_cgroup(const void *agent);  /* its memory */
int bugtool_print_metrics(const void *agent);
int bugtool_print_events(const void *agent); /* the end of the event file */
int bugtool_print_kernel_config(const void *agent);
int bugtool_print_file(const void *path);
