/* SPDX-License-Identifier: Apache-2.0 */
/* A table so small that it is searched from end to end; the row that was not used for longest makes
 * room. */
#include "cel/patterns.h"

#include "base/cleanup.h"

static void row_clear(struct cel_patterns *patterns, size_t row)
{
	free(patterns->rows[row].text);
	regex_free(patterns->rows[row].regex);
	patterns->rows[row].text = NULL;
	patterns->rows[row].regex = NULL;
}

void cel_patterns_done(struct cel_patterns *patterns)
{
	for (size_t row = 0; row < CEL_PATTERNS_MAX; row++)
		row_clear(patterns, row);
}

/* The row of TEXT, or else the one to give up for it. */
static size_t row_find(const struct cel_patterns *patterns, struct span text, bool *is_there)
{
	size_t oldest = 0;

	*is_there = true;
	for (size_t row = 0; row < CEL_PATTERNS_MAX; row++) {
		const char *there = patterns->rows[row].text;

		if (there && strlen(there) == text.bytes &&
		    memcmp(there, text.data, text.bytes) == 0)
			return row;
		if (patterns->rows[row].used < patterns->rows[oldest].used)
			oldest = row;
	}
	*is_there = false;
	return oldest;
}

struct regex *cel_patterns_get(struct cel_patterns *patterns, struct span text, bool *is_new)
{
	_cleanup_free_ char *copy = NULL;
	struct regex *regex = NULL;
	bool is_there;
	size_t row;

	*is_new = false;
	if (text.bytes > CEL_PATTERN_BYTES_MAX || memchr(text.data, '\0', text.bytes))
		return NULL;
	row = row_find(patterns, text, &is_there);
	patterns->rows[row].used = ++patterns->calls;
	if (is_there)
		return patterns->rows[row].regex;
	*is_new = true;
	copy = strndup(text.data, text.bytes);
	if (!copy || regex_new(&regex, copy, NULL))
		return NULL;
	row_clear(patterns, row);
	patterns->rows[row].text = TAKE_PTR(copy);
	patterns->rows[row].regex = regex;
	return regex;
}
