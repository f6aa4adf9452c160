/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings for the user: what is wrong, and what would be right. In: one line per mistake. Out:
 * text.
 *
 * A function that can be wrong through its user takes a `struct diag *`, adds a line per mistake
 * and returns -EINVAL; a function that fails because the world does returns a negative errno and
 * may add the line that a person needs ("cannot ...: why; what to do").
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

struct diag {
	struct buf text; /* lines, each ended by a newline */
	unsigned int lines;
};

void diag_done(struct diag *diag);
void diag_add(struct diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each line of TEXT, which may or may not end with a newline. */
void diag_add_lines(struct diag *diag, struct span text);

#define _cleanup_diag_ _cleanup_(diag_done)
