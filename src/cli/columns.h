/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for people. In: cells, row by row, from anywhere. Out: lines whose columns stand below
 * each other, three spaces apart, one line at a time, so that notes may stand between.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"

enum { COLUMNS_MAX = 12 };

struct columns {
	size_t count;  /* of columns, at most COLUMNS_MAX; set by the owner */
	size_t indent; /* spaces before each row */
	struct buf cells;
	size_t cells_count;
	size_t widths[COLUMNS_MAX];
	size_t written; /* bytes of cells that have become lines */
};

void columns_done(struct columns *columns);
#define _cleanup_columns_ _cleanup_(columns_done)

/* A cell without what a terminal must not get; an empty one is "-". */
void columns_add(struct columns *columns, const char *text);
void columns_add_uint(struct columns *columns, uint64_t value);
/* The next row, once all cells are there. */
void columns_write_row(struct columns *columns, struct buf *out);

/* Lines of TEXT between the rows, each without what a terminal must not get. */
void columns_add_note(struct buf *out, size_t indent, const char *text);
