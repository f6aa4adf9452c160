/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page of metrics as Prometheus reads it. In: rows (name, kind, unit, labels, help) and their
 * samples. Out: the text format 0.0.4 or OpenMetrics 1.0. Where numbers come from is not known
 * here.
 *
 * A page is bounded: samples beyond METRICS_PAGE_BYTES_MAX are left out and counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Some 40,000 samples of common size; Prometheus itself takes them in a fraction of a second. */
#define METRICS_PAGE_BYTES_MAX (8UL << 20)
/* What is shown of one label's value: Kubernetes names have 253 at most, longer paths are cut. */
#define METRICS_LABEL_BYTES_MAX 256
#define METRICS_LABELS_MAX	8
#define METRICS_BUCKETS_MAX	24

enum metrics_kind {
	METRICS_COUNTER,
	METRICS_GAUGE,
	METRICS_HISTOGRAM,
	/* The same two where samples are nanoseconds, which are shown as seconds. */
	METRICS_COUNTER_NS,
	METRICS_GAUGE_NS,
	METRICS_KINDS
};

struct metrics_row {
	const char *name;
	enum metrics_kind kind;
	const char *unit; /* last word of the name (before "_total") as OpenMetrics wants it; "" */
	const char *labels; /* names, a space between; "" */
	const char *help;   /* one sentence without a full stop */
};

struct metrics_histogram {
	const uint64_t *bounds;			  /* ascending */
	size_t bounds_count;			  /* at most METRICS_BUCKETS_MAX */
	uint64_t counts[METRICS_BUCKETS_MAX + 1]; /* not cumulative; the last: beyond all bounds */
	uint64_t sum;
};

struct metrics_page {
	struct buf text;
	bool is_openmetrics;
	const struct metrics_row *row; /* the one that samples belong to */
	uint64_t left_out;	       /* samples */
};

/* A word for reports: "counter", "gauge", "histogram". */
const char *metrics_kind_name(enum metrics_kind kind);

/* ROW outlives the page. All samples of a row follow its beginning. */
void metrics_page_begin(struct metrics_page *page, const struct metrics_row *row);
/* VALUES: one per label of the row, in its order; bytes that are no UTF-8 are replaced. */
void metrics_page_add(struct metrics_page *page, const char *const *values, uint64_t number);
void metrics_page_add_histogram(struct metrics_page *page, const char *const *values,
				const struct metrics_histogram *histogram);
/* The same on a page that is full, for the number of what was left out. */
void metrics_page_add_always(struct metrics_page *page, const char *const *values, uint64_t number);
/* The last thing of a page. */
void metrics_page_end(struct metrics_page *page);

void metrics_histogram_note(struct metrics_histogram *histogram, uint64_t value);
