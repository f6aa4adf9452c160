/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the candidate with the fewest changed characters from a mistyped word.
 * In: a word, then candidates one by one. Out: the nearest one, or nothing when none is near.
 *
 *	struct suggest suggest = suggest_start("getevent");
 *	suggest_offer(&suggest, "getevents");
 *	suggest.best; -> "getevents"
 */
#pragma once

#include <stddef.h>

struct suggest {
	const char *word;
	const char *best; /* borrowed from the caller of suggest_offer(); NULL: nothing is near */
	size_t distance;  /* of best; before that, one more than is still called near */
};

struct suggest suggest_start(const char *word);
void suggest_offer(struct suggest *suggest, const char *candidate);
