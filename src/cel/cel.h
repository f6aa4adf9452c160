/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Google's Common Expression Language over events (docs/cel.md).
 * In: the text of an expression, then events. Out: does the event match. Which events are asked,
 * and what a match means, is the caller's.
 *
 *	process_exec.process.binary == "/usr/bin/curl" && process_exec.process.uid == 0u
 *
 * The variables are the members of GetEventsResponse's oneof. An expression is read, checked and
 * bound to the fields once; a program is then asked for each event, one at a time. What an event
 * may cost is bounded (cel/budget.h), whatever the expression and the event are.
 *
 * The expressions of operator CelExpr in policies (policy/cel.h) are another dialect: integers
 * only, int32 as a type, numbers without a type of their own, bit functions; a part of the kernel's
 * rules. They share neither types nor tokens with these, so they share no code.
 */
#pragma once

#include <stdbool.h>

#include <tetragon/events.pb-c.h>

#include "base/diag.h"

struct cel_program;

/* -EINVAL: DIAG says what is wrong and where, with the line of the expression and a mark below. */
int cel_program_new(struct cel_program **out, const char *text, struct diag *diag);
void cel_program_free(struct cel_program *program);

/*
 * 1 or 0: what the expression says of the event; 0 also for events whose type it does not name.
 * -EINVAL: it could not be evaluated (no such key, division by zero, no function for these types),
 * -E2BIG: that would have taken more steps or memory than an event may cost; DIAG, which may be
 * NULL, says why.
 */
int cel_program_evaluate(struct cel_program *program, const Tetragon__GetEventsResponse *event,
			 struct diag *diag);

static inline void cel_program_freep(struct cel_program **program)
{
	cel_program_free(*program);
}
#define _cleanup_cel_program_ _cleanup_(cel_program_freep)
