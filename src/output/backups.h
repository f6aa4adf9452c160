/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that were rotated away: "events-2026-11-25T15-04-05.000.log" beside "events.log", in UTC,
 * as upstream names them. In: the moment of a rotation. Out: at most so many of them, packed by
 * gzip if that is asked for. Packing and deleting is done by a thread of their own; what a crash
 * interrupts is done at the next start. Files with other names are never touched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct backups;

struct backups_options {
	uint32_t count_max; /* 0: all stay */
	bool compress;
	uint64_t delay_ns; /* that a file stays as it is, for readers that follow behind */
};

/* Of the file PATH, which need not be there. -ENOMEM, or an errno of pthread_create(3). */
int backups_new(struct backups **out, const char *path);
/* Waits for the thread; a file that is half packed stays as it was. */
void backups_free(struct backups *backups);

/* Looks through the files at once, in the thread. */
void backups_set_options(struct backups *backups, const struct backups_options *options);

/* Renames PATH to the name of this moment. A negative errno: it has its name still. */
int backups_put_aside(struct backups *backups);
/* Nobody writes any more to what was put aside: the thread may have it. */
void backups_tend(struct backups *backups);
/* Waits until the thread has nothing to do. */
void backups_wait(struct backups *backups);

/* The errno of a file that could not be packed or deleted when they were looked at last; 0: none.
 */
int backups_get_error(struct backups *backups);
