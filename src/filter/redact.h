/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hides secrets in the texts of processes. In: the API's RedactionFilter messages; the binary of a
 * process, and its arguments or a variable of its environment. Out: the text in which each capture
 * group that matched is "*****".
 *
 * A pattern whose matching is given up hides the whole text: it cannot be known what is in it.
 */
#pragma once

#include <stddef.h>

#include <tetragon/events.pb-c.h>

#include "base/buf.h"
#include "base/diag.h"

struct redaction;

/* -EINVAL: DIAG says what is wrong; also for a pattern without a group, which would hide nothing.
 */
int redaction_new(struct redaction **out, Tetragon__RedactionFilter *const *filters, size_t count,
		  const char *name, struct diag *diag);
void redaction_free(struct redaction *redaction);
/* TEXT is changed in place. It is empty and failed if there is no memory for it. */
void redaction_apply(struct redaction *redaction, const char *binary, struct buf *text);
