/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns that are not known before there is an event: the last few that were compiled. In: the
 * text of a pattern. Out: a regex. Which text is searched is not known here.
 */
#pragma once

#include "base/regex.h"
#include "cel/budget.h"

struct cel_patterns {
	struct {
		char *text;	     /* owned */
		struct regex *regex; /* owned */
		uint64_t used;	     /* when, in calls of cel_patterns_get() */
	} rows[CEL_PATTERNS_MAX];
	uint64_t calls;
};

void cel_patterns_done(struct cel_patterns *patterns);

/* NULL: no pattern, or no memory. IS_NEW: it had to be compiled. */
struct regex *cel_patterns_get(struct cel_patterns *patterns, struct span text, bool *is_new);
