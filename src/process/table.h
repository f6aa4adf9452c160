/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process cache: who is who. In: fork, exec, exit and start-up facts from the kernel side. Out:
 * processes by id. Of a fixed size; when full it gives up dead processes, those without living
 * children first, the oldest first, and never a living one: then a new process is refused, and
 * counted.
 *
 * A process is alive from its fork or exec until its exit or its next exec, which makes a new
 * process of it. `refs` counts as upstream's refcnt does: itself while alive, and each living
 * child.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "process/image.h"

struct process {
	struct wire_process_id id;
	struct wire_process_id parent;
	uint64_t start_wall_ns; /* Unix epoch; of the last execve, or of the start */
	uint64_t dead_ns;	/* boot clock, since when no living thing needs it; 0 while alive */
	struct process_image *image; /* shared; NULL: nothing is known but the id */
	uint32_t flags;		     /* enum wire_process_flag */
	uint32_t tid;
	uint32_t namespace_pid;
	uint32_t refs;
	/* the table's own */
	uint32_t hash_next;
	uint32_t older, newer;
	uint16_t list;
	bool counted; /* in the parent's refs */
};

struct process_table;

struct process_table_stats {
	uint32_t capacity, size, alive;
	uint64_t evicted;     /* dead ones given up before their time, to make room */
	uint64_t refused;     /* living ones that found no room */
	uint64_t cut;	      /* living ones whose arguments found no room */
	uint64_t image_bytes; /* names and arguments held now */
};

/*
 * What names, arguments and environments of all processes may take. A thousand images of an
 * ordinary machine take 1 MiB, so this is out of reach but for somebody who starts processes with
 * arguments of hundreds of kilobytes and keeps them.
 */
#define PROCESS_IMAGE_BYTES_MAX (64u * 1024 * 1024)

int process_table_new(struct process_table **out, uint32_t capacity);
void process_table_free(struct process_table *table);
/* Another bound than PROCESS_IMAGE_BYTES_MAX. */
void process_table_set_image_bytes_max(struct process_table *table, uint64_t bytes);

/* NULL: not here. Valid until the next insert, expire or making of room. */
struct process *process_table_find(const struct process_table *table,
				   const struct wire_process_id *id);

/*
 * A new living process of that id and parent (refs 1, the parent's count raised). NULL: full of
 * living ones. An id that is here already is returned as it is. Takes over IMAGE's reference unless
 * it returns NULL.
 */
struct process *process_table_insert(struct process_table *table, const struct wire_process_id *id,
				     const struct wire_process_id *parent,
				     struct process_image *image);

/*
 * Room for an image of BYTES under the bound: dead processes are given up for it, the oldest first.
 * False: what the living hold leaves no room, so that nobody was given up; counted in `cut`.
 * Without ARGUMENTS the image is of names only, and twice the bound holds for it.
 */
bool process_table_make_room(struct process_table *table, uint32_t bytes, bool arguments);

/* Gives IMAGE to a process that has none or an inherited one; takes the reference over. */
void process_table_set_image(struct process_table *table, struct process *process,
			     struct process_image *image);

/* Raises the counts of parents that came after their children, as the start-up scan can find them.
 */
void process_table_adopt(struct process_table *table);

/* It exited, or its next image took over, at NOW_NS of the boot clock. Once per process; later
 * calls do nothing. */
void process_table_end(struct process_table *table, struct process *process, uint64_t now_ns);

/* Forgets dead processes that had their end, and that of their last living child, before BEFORE_NS.
 */
void process_table_expire(struct process_table *table, uint64_t before_ns);

typedef void (*process_table_fn)(void *context, struct process *process);
/* All of them, oldest slot first. FUNCTION may end processes, not insert. */
void process_table_visit(struct process_table *table, process_table_fn function, void *context);

void process_table_read_stats(const struct process_table *table, struct process_table_stats *out);
