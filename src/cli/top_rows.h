/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened between two looks at the agent. In: two samples. Out: rows of rates, for policies
 * and for hooks. How they look is not decided here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tetragon/sensors.pb-c.h>

struct top_sample {
	Tetragon__GetStatusResponse *status;		 /* owned; NULL: there is no sample yet */
	Tetragon__ListTracingPoliciesResponse *policies; /* owned; NULL: the agent has none */
	uint64_t at_ns;					 /* monotonic clock */
};

void top_sample_done(struct top_sample *sample);

enum top_sort {
	TOP_SORT_CPU,
	TOP_SORT_CALLS,
	TOP_SORT_MATCHES,
	TOP_SORT_EVENTS,
	TOP_SORT_DROPS,
	TOP_SORT_NAME
};

enum top_rate {
	TOP_CALLS,
	TOP_RUN_NS,
	TOP_MISSED,
	TOP_MATCHED,
	TOP_POSTED,
	TOP_ENFORCED,
	TOP_DROPPED,
	TOP_RATE_LIMITED,
	TOP_RATES
};

struct top_row {
	const char *namespace, *name; /* of the sample */
	const char *detail;	      /* a policy's mode or state, a hook's mechanism */
	const char *counted_in;	      /* a hook: its rates are in that row; "" */
	size_t shared;		      /* a hook: policies there */
	bool has_rates;
	double rates[TOP_RATES]; /* in a second */
	uint64_t total;		 /* a policy: matched since it was loaded */
};

struct top_rows {
	struct top_row *policies, *hooks; /* owned, sorted */
	size_t policies_count, hooks_count;
	bool has_rates;
	double seconds;
	double agent_cpu, events; /* shares of one processor; in a second */
};

/* -ENOMEM. SAMPLES outlive the rows; OLD may be empty. */
int top_rows_fill(struct top_rows *out, const struct top_sample *old, const struct top_sample *new,
		  enum top_sort sort);
void top_rows_done(struct top_rows *rows);
