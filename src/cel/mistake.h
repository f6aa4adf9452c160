/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with an expression, as text for its author. In: a place in the expression, a
 * sentence, a hint. Out: lines in a struct diag: the sentence with line and column, the line of the
 * expression, and a mark below it with the hint.
 *
 *	1:14: unknown field "binry" of tetragon.Process
 *	   1 | process_exec.process.binry == "x"
 *	     |                      ^~~~~ did you mean "binary"?
 */
#pragma once

#include "base/diag.h"
#include "cel/node.h"

struct cel_mistakes {
	struct span text; /* the whole expression */
	struct diag *diag;
	unsigned int count;
};

/* HINT may be NULL or empty. */
void cel_mistake(struct cel_mistakes *mistakes, struct cel_place place, const char *hint,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* TEXT as it may be shown on a terminal: control characters become blanks, what is no UTF-8 its
 * mark. */
void cel_add_shown(struct buf *out, struct span text);
