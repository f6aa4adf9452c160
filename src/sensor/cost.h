/* SPDX-License-Identifier: Apache-2.0 */
/* What programs cost: in: a program's descriptor. Out: runs, their time, runs that the kernel had
 * to leave out. The first two are counted only while kernel.bpf_stats_enabled is 1. */
#pragma once

#include <stdint.h>

struct program_cost {
	uint64_t runs, run_ns;
	uint64_t missed; /* the program was running on that processor already (5.12) */
};

/* All zero for -1, and where the kernel does not tell. */
void program_cost_read(int fd, struct program_cost *out);
/* The program that a link attaches, for the caller to close; -1: not told, as to those without
 * CAP_SYS_ADMIN. */
int program_of_link(int link_fd);
