/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions. In: a pattern in RE2's language
 * (https://github.com/google/re2/wiki/Syntax, as Go's package regexp takes it), and texts. Out:
 * where they match.
 *
 * PCRE2 matches. What RE2 does not have is refused, what PCRE2 means otherwise is translated. No
 * pattern and no text can stall the caller: a match that takes too much ends as "no match" and is
 * counted. Bytes that are not UTF-8 are matched by nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/span.h"

/* A list of some hundred paths; RE2 would take more, and nobody could read it. */
#define REGEX_PATTERN_BYTES_MAX 16384u
/* Groups in groups; RE2 stops at 1000, and each level costs stack of PCRE2's compiler. */
#define REGEX_DEPTH_MAX 200u
/* Capture groups. */
#define REGEX_GROUPS_MAX 1000u

struct regex;

/* -EINVAL: DIAG says what is wrong and at which character (from 1); -ENOMEM. */
int regex_new(struct regex **out, const char *pattern, struct diag *diag);
void regex_free(struct regex *regex);

/* Whether it matches anywhere in TEXT. */
bool regex_matches(struct regex *regex, const char *text, size_t bytes);

/*
 * The first match at or behind byte AT (what stands before is seen by \b and ^): spans of the whole
 * match, then of its groups ({NULL, 0}: took no part). Returns how many spans there are (1 +
 * groups), 0: no match. At most MAX are written.
 */
size_t regex_find(struct regex *regex, const char *text, size_t bytes, size_t at, struct span *out,
		  size_t max);

/* How many capture groups it has. */
size_t regex_get_groups(const struct regex *regex);

/* Matches that were given up, since it was made. */
uint64_t regex_get_given_up(const struct regex *regex);

static inline void regex_cleanup(struct regex **regex)
{
	regex_free(*regex);
}
#define _cleanup_regex_ _cleanup_(regex_cleanup)
