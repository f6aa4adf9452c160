/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that fit a terminal. In: printable UTF-8, and a width. Out: as much of it as has room. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* How many columns the terminal of FD has; 0: it is none, or does not tell. */
size_t screen_get_columns(int fd);

/* At most COLUMNS (0: no limit) of BYTES bytes. Letters that may be wide count as two. */
void screen_add_cut(struct buf *out, const char *text, size_t bytes, size_t columns);

/* A span of time as ps(1) writes it: "05:09", "1-02:03:04"; negative: "-". */
void screen_add_elapsed(struct buf *out, int64_t seconds);

/* "1.5M": at most five characters, in powers of 1024, or of 1000 for counts. */
void screen_add_bytes(struct buf *out, uint64_t bytes);
void screen_add_count(struct buf *out, double count);
