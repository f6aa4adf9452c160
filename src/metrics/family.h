/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers by the values of some labels, of which there may be only so many. In: values and what to
 * add. Out: a row's samples. Adding to what is there already takes a hash and a comparison, and no
 * memory.
 *
 * Values that find no place are counted under "_overflow", so that sums stay right, and how much
 * that is can be read. Values beyond METRICS_LABEL_BYTES_MAX bytes are cut.
 */
#pragma once

#include "metrics/page.h"

/* What stands in place of values that found no place. */
#define METRICS_OVERFLOW "_overflow"

struct metrics_family;

struct metrics_family_options {
	size_t labels; /* at most METRICS_LABELS_MAX */
	size_t sets_max;
	/* Values of this many first labels are kept in overflow, if there are few of them (at most
	 * METRICS_OVERFLOW_SETS combinations). */
	size_t kept;
};

enum { METRICS_OVERFLOW_SETS = 16 };

int metrics_family_new(struct metrics_family **out, const struct metrics_family_options *options);
void metrics_family_free(struct metrics_family *family); /* NULL is fine */
void metrics_family_clear(struct metrics_family *family);

/* NOW: any clock that only the owner reads, for metrics_family_expire(). */
void metrics_family_add(struct metrics_family *family, const char *const *values, uint64_t number,
			uint32_t now);

bool metrics_family_has(struct metrics_family *family, const char *const *values);
uint64_t metrics_family_count(const struct metrics_family *family); /* sets, overflow not counted */
uint64_t metrics_family_overflowed(const struct metrics_family *family); /* numbers added there */
void metrics_family_write(const struct metrics_family *family, struct metrics_page *page);

/* Whether a set whose last addition was at TOUCHED may go. */
typedef bool (*metrics_expire_fn)(void *context, const char *const *values, uint32_t touched);
void metrics_family_expire(struct metrics_family *family, metrics_expire_fn may_go, void *context);
