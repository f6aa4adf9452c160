/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong in a file, by line. In: a line number and a sentence. Out: "file:line: sentence" in
 * a diag, the first hundred of them, and how many there were.
 */
#pragma once

#include "base/buf.h"
#include "base/diag.h"
#include "base/span.h"

/* A file with more mistakes than this is another kind of file. */
#define FINDINGS_SHOWN_MAX 100u

struct findings {
	const char *name; /* of the file */
	struct diag *diag;
	unsigned int count;
};

void findings_add(struct findings *findings, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Says how many were not shown. */
void findings_end(struct findings *findings);

/* Appends TEXT without what would write elsewhere than here on a terminal. */
void findings_add_safe(struct buf *out, struct span text);
/* The same in double quotes; of long texts the beginning. */
void findings_add_quoted(struct buf *out, struct span text);
