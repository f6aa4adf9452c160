/* SPDX-License-Identifier: Apache-2.0 */
/* How `tetra top` looks. In: rows of rates. Out: lines without control characters, or JSON. */
#pragma once

#include "base/buf.h"
#include "cli/top_rows.h"

struct top_view {
	const struct top_sample *sample;
	const struct top_rows *rows;
	size_t lines;	     /* that there is room for; 0: no limit */
	const char *message; /* what went wrong at the last look; "" */
	const char *keys;    /* the last line; "" */
};

void top_view_add_text(struct buf *out, const struct top_view *view);
void top_view_add_json(struct buf *out, const struct top_view *view);
