/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells about loaded BPF programs and maps. In: descriptors, or nothing for all
 * there are. Out: names, sizes, how often and how long programs ran. Nothing is changed but whether
 * the kernel measures run times.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Calls and times count only while somebody has the kernel measure them. */
struct kernel_program_stats {
	uint64_t calls, run_time_ns;
	uint64_t missed; /* left out because the program was running on that processor (5.12) */
};

/* The first two are counted only while the kernel measures (below). With an error all is zero. */
int kernel_program_read_stats(int program_fd, struct kernel_program_stats *out);
/* The program that a link, or a perf event, attaches, for the caller to close. Negative errno, as
 * to those without CAP_SYS_ADMIN. */
int kernel_link_open_program(int link_fd);
/* Of the program that a link, or a perf event, attaches. Stays with that program whatever it
 * tail-calls. */
int kernel_link_read_stats(int link_fd, struct kernel_program_stats *out);

/* A descriptor: the kernel measures until it is closed. Negative errno. */
int kernel_measure_programs(void);
/* Whether the administrator has it measure all the time. */
bool kernel_measures_programs(void);

enum { KERNEL_OBJECT_NAME_BYTES = 16 };

/* A program or a map. */
struct kernel_object {
	uint32_t id;
	char name[KERNEL_OBJECT_NAME_BYTES];
	const char *type; /* "tracing"; "" if it is newer than our table */
	uint32_t type_number;
	uint64_t memory_bytes; /* locked, as the kernel accounts it */
	/* programs */
	struct kernel_program_stats stats;
	uint32_t instructions; /* after translation */
	uint64_t loaded_ns;    /* boot clock */
	/* maps */
	uint32_t key_bytes, value_bytes, max_entries;
};

enum kernel_object_kind { KERNEL_PROGRAMS, KERNEL_MAPS };

typedef void (*kernel_object_fn)(void *context, const struct kernel_object *object);
/* All of the machine, in the order of their numbers. Those that end meanwhile are left out. -EPERM:
 * only for root. */
int kernel_visit_objects(enum kernel_object_kind kind, kernel_object_fn visit, void *context);

/* What of a program or map a descriptor refers to, of any process: "prog_id", "map_id", ...
 * -ENOENT: neither. PID 0: this process. */
int kernel_fd_read_object(unsigned int pid, int fd, enum kernel_object_kind *out_kind,
			  uint32_t *out_id);
