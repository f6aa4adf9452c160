/* SPDX-License-Identifier: Apache-2.0 */
/* Edit distance (insert, delete, replace, swap of neighbours), ignoring case. */
#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* A beginning this long stands for the whole word. */
enum { SUGGEST_PREFIX_BYTES_MIN = 3 };

/* Longer words are nobody's typing mistake, and the rows stay on the stack. */
enum { SUGGEST_BYTES_MAX = 63 };

struct suggest_rows {
	size_t older[SUGGEST_BYTES_MAX + 1];
	size_t above[SUGGEST_BYTES_MAX + 1];
	size_t here[SUGGEST_BYTES_MAX + 1];
};

static bool suggest_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t suggest_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t suggest_cell(const struct suggest_rows *rows, const char *a, const char *b, size_t i,
			   size_t j)
{
	bool same = suggest_same(a[i - 1], b[j - 1]);
	size_t cost = suggest_min(rows->above[j] + 1, rows->here[j - 1] + 1);

	cost = suggest_min(cost, rows->above[j - 1] + (same ? 0 : 1));
	if (i > 1 && j > 1 && suggest_same(a[i - 1], b[j - 2]) && suggest_same(a[i - 2], b[j - 1]))
		cost = suggest_min(cost, rows->older[j - 2] + 1);
	return cost;
}

static size_t suggest_distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	struct suggest_rows rows = {};

	for (size_t j = 0; j <= b_bytes; j++)
		rows.above[j] = j;
	for (size_t i = 1; i <= a_bytes; i++) {
		rows.here[0] = i;
		for (size_t j = 1; j <= b_bytes; j++)
			rows.here[j] = suggest_cell(&rows, a, b, i, j);
		memcpy(rows.older, rows.above, sizeof(rows.older));
		memcpy(rows.above, rows.here, sizeof(rows.above));
	}
	return rows.above[b_bytes];
}

struct suggest suggest_start(const char *word)
{
	/* One mistake in three letters is still the same word. */
	return (struct suggest){ .word = word, .distance = strlen(word) / 3 + 2 };
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
	size_t word_bytes = strlen(suggest->word);
	size_t bytes = strlen(candidate);
	size_t distance;

	if (word_bytes > SUGGEST_BYTES_MAX || bytes > SUGGEST_BYTES_MAX)
		return;
	distance = suggest_distance(suggest->word, word_bytes, candidate, bytes);
	if (word_bytes >= SUGGEST_PREFIX_BYTES_MIN && distance > 1 &&
	    strncasecmp(suggest->word, candidate, word_bytes) == 0)
		distance = 1;
	if (distance >= suggest->distance || distance >= bytes)
		return;
	suggest->best = candidate;
	suggest->distance = distance;
}
