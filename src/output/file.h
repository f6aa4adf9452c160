/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event file: whole lines in, files of whole lines out. Lines are gathered and written in
 * batches. A file that is large or old enough is put aside (backups.h), and a new one begun. While
 * the disk takes nothing, new lines are dropped and counted; once it does again, a line cut by the
 * disk is finished first. What was cut and cannot be finished, because the file was replaced or the
 * agent ends, is taken out of the file again: it never holds half a line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/diag.h"

struct output_file;

struct output_file_rotation {
	uint64_t bytes_max; /* no file has more, but for a single line; 0: not for its size */
	uint64_t
		interval_ns; /* a file that has lines is put aside that often; 0: not for its age */
	uint32_t backups_max; /* 0: all stay */
	bool compress;
};

struct output_file_stats {
	uint64_t lines, bytes; /* handed to the disk */
	uint64_t dropped;      /* lines that found no room */
	uint64_t waiting;      /* bytes in memory that the disk has not taken yet */
	uint64_t rotations;
	int rotation_error; /* errno: why the file is not put aside though it is due; 0: nothing */
	int backups_error;  /* errno of the last one that could not be packed or deleted */
};

/*
 * Creates or appends; half a line at the end, of an agent that was killed, is ended first. PATH "-"
 * is standard output. A line in DIAG with every error.
 */
int output_file_new(struct output_file **out, const char *path, mode_t mode, struct diag *diag);
/* Flushes and closes. What cannot be written is lost; its lines are in the result. */
uint64_t output_file_free(struct output_file *file);

/*
 * Where to append one line with its newline. NULL: the disk is full and the memory for it too;
 * count the line with output_file_drop_line(). After appending call output_file_end_line().
 */
struct buf *output_file_begin_line(struct output_file *file);
/* A line that memory did not suffice for is taken out again, and counted. */
void output_file_end_line(struct output_file *file);
void output_file_drop_line(struct output_file *file);

/* 0, or the negative errno of the write that failed; what is left is kept for the next call. */
int output_file_flush(struct output_file *file);

/*
 * Opens the path anew (after it was renamed); on an error goes on with the old one. A line that the
 * old file has half of goes to the new one whole.
 */
int output_file_reopen(struct output_file *file);

/* Not of what is no regular file: there it does nothing. -ENOMEM, or no thread can be had. */
int output_file_set_rotation(struct output_file *file, const struct output_file_rotation *rotation);
struct output_file_rotation output_file_get_rotation(const struct output_file *file);

/* Lines dropped since the last call of this function. */
uint64_t output_file_take_dropped(struct output_file *file);
void output_file_read_stats(const struct output_file *file, struct output_file_stats *out);
