/* SPDX-License-Identifier: Apache-2.0 */
/* Subtracts, divides, sorts. */
#include "cli/top_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void top_sample_done(struct top_sample *sample)
{
	if (sample->status)
		tetragon__get_status_response__free_unpacked(sample->status, NULL);
	if (sample->policies)
		tetragon__list_tracing_policies_response__free_unpacked(sample->policies, NULL);
	*sample = (struct top_sample){};
}

/* False: it went down, so it is a counter of something else by now. */
static bool rate_set(double *out, uint64_t old, uint64_t now, double seconds)
{
	if (now < old)
		return false;
	*out = (double)(now - old) / seconds;
	return true;
}

/* ---- hooks
 * ----------------------------------------------------------------------------------- */

static const Tetragon__ProgramStats *sample_find_hook(const struct top_sample *sample,
						      const Tetragon__ProgramStats *hook)
{
	for (size_t i = 0; sample->status && i < sample->status->n_hooks; i++) {
		const Tetragon__ProgramStats *one = sample->status->hooks[i];

		if (strcmp(one->name, hook->name) == 0 &&
		    strcmp(one->mechanism, hook->mechanism) == 0)
			return one;
	}
	return NULL;
}

static void hook_fill(struct top_row *row, const Tetragon__ProgramStats *old,
		      const Tetragon__ProgramStats *hook, double seconds)
{
	*row = (struct top_row){ .namespace = "",
				 .name = hook->name,
				 .detail = hook->mechanism,
				 .counted_in = hook->counted_in,
				 .shared = hook->n_policies };
	row->has_rates =
		old && !*hook->counted_in &&
		rate_set(&row->rates[TOP_CALLS], old->calls, hook->calls, seconds) &&
		rate_set(&row->rates[TOP_RUN_NS], old->run_time_ns, hook->run_time_ns, seconds) &&
		rate_set(&row->rates[TOP_MISSED], old->missed, hook->missed, seconds);
}

/* ---- policies
 * -------------------------------------------------------------------------------- */

static const Tetragon__TracingPolicyStatus *
sample_find_policy(const struct top_sample *sample, const Tetragon__TracingPolicyStatus *policy)
{
	for (size_t i = 0; sample->policies && i < sample->policies->n_policies; i++) {
		if (sample->policies->policies[i]->id == policy->id)
			return sample->policies->policies[i];
	}
	return NULL;
}

static bool hook_has_policy(const Tetragon__ProgramStats *hook,
			    const Tetragon__TracingPolicyStatus *policy)
{
	for (size_t i = 0; i < hook->n_policies; i++) {
		const char *title = hook->policies[i];
		size_t bytes = strlen(policy->namespace_);

		if (bytes &&
		    (strncmp(title, policy->namespace_, bytes) != 0 || title[bytes] != '/'))
			continue;
		if (strcmp(title + (bytes ? bytes + 1 : 0), policy->name) == 0)
			return true;
	}
	return false;
}

/* How many hooks are counted in that row. */
static size_t rows_count_sharers(const struct top_rows *rows, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->hooks_count; i++)
		count += strcmp(rows->hooks[i].counted_in, name) == 0;
	return count ? count : 1;
}

static const struct top_row *rows_find_counted(const struct top_rows *rows,
					       const struct top_row *row)
{
	for (size_t i = 0; *row->counted_in && i < rows->hooks_count; i++) {
		if (strcmp(rows->hooks[i].name, row->counted_in) == 0 &&
		    !*rows->hooks[i].counted_in)
			return &rows->hooks[i];
	}
	return row;
}

/* Who shares a hook shares its cost; which of them a call was for, nobody counts. ROWS' hooks are
 * in the order of the sample still. */
static void policy_add_hooks(struct top_row *row, const struct top_rows *rows,
			     const struct top_sample *sample,
			     const Tetragon__TracingPolicyStatus *policy)
{
	for (size_t i = 0; i < rows->hooks_count; i++) {
		const struct top_row *hook = &rows->hooks[i];
		const struct top_row *counted;
		double share;

		if (!hook_has_policy(sample->status->hooks[i], policy))
			continue;
		counted = rows_find_counted(rows, hook);
		share = counted->rates[TOP_RUN_NS];
		if (counted != hook)
			share /= (double)rows_count_sharers(rows, hook->counted_in);
		row->rates[TOP_RUN_NS] += share / (double)hook->shared;
		row->rates[TOP_CALLS] += hook->rates[TOP_CALLS];
		row->rates[TOP_MISSED] += hook->rates[TOP_MISSED];
	}
}

static const char *policy_get_detail(const Tetragon__TracingPolicyStatus *policy)
{
	static const char *const modes[] = { "-", "enforce", "monitor", "monitor-only" };

	if (policy->state == TETRAGON__TRACING_POLICY_STATE__TP_STATE_DISABLED)
		return "disabled";
	if (policy->state == TETRAGON__TRACING_POLICY_STATE__TP_STATE_LOAD_ERROR)
		return "error";
	return (size_t)policy->mode < sizeof(modes) / sizeof(modes[0]) ? modes[policy->mode] : "-";
}

static bool policy_set_rates(struct top_row *row, const Tetragon__PolicyCounters *old,
			     const Tetragon__PolicyCounters *new, double seconds)
{
	return rate_set(&row->rates[TOP_MATCHED], old->matched, new->matched, seconds) &&
	       rate_set(&row->rates[TOP_POSTED], old->posted, new->posted, seconds) &&
	       rate_set(&row->rates[TOP_ENFORCED], old->enforced, new->enforced, seconds) &&
	       rate_set(&row->rates[TOP_DROPPED], old->dropped, new->dropped, seconds) &&
	       rate_set(&row->rates[TOP_RATE_LIMITED], old->rate_limited, new->rate_limited,
			seconds);
}

static void policy_fill(struct top_row *row, const Tetragon__TracingPolicyStatus *old,
			const Tetragon__TracingPolicyStatus *policy, double seconds)
{
	*row = (struct top_row){ .namespace = policy->namespace_,
				 .name = policy->name,
				 .detail = policy_get_detail(policy),
				 .counted_in = "" };
	row->total = policy->counters ? policy->counters->matched : 0;
	row->has_rates = old && old->counters && policy->counters &&
			 policy_set_rates(row, old->counters, policy->counters, seconds);
}

/* ---- order
 * ----------------------------------------------------------------------------------- */

/* Of equal ones the name decides, so that rows do not change places without a reason. */
static int compare_rows(const void *left, const void *right, void *context)
{
	static const enum top_rate keys[] = {
		[TOP_SORT_CPU] = TOP_RUN_NS,	  [TOP_SORT_CALLS] = TOP_CALLS,
		[TOP_SORT_MATCHES] = TOP_MATCHED, [TOP_SORT_EVENTS] = TOP_POSTED,
		[TOP_SORT_DROPS] = TOP_DROPPED,
	};
	const struct top_row *a = left, *b = right;
	enum top_sort sort = *(const enum top_sort *)context;
	int order = 0;

	if (sort != TOP_SORT_NAME)
		order = (a->rates[keys[sort]] < b->rates[keys[sort]]) -
			(a->rates[keys[sort]] > b->rates[keys[sort]]);
	if (!order)
		order = strcmp(a->name, b->name);
	return order ? order : strcmp(a->namespace, b->namespace);
}

/* ---- all
 * ------------------------------------------------------------------------------------- */

static void rows_fill_agent(struct top_rows *out, const struct top_sample *old,
			    const struct top_sample *new)
{
	double ns;

	out->has_rates =
		old->status &&
		rate_set(&ns, old->status->cpu_time_ns, new->status->cpu_time_ns, out->seconds) &&
		rate_set(&out->events, old->status->events, new->status->events, out->seconds);
	if (out->has_rates)
		out->agent_cpu = ns / (double)CLOCK_NS_PER_SECOND;
}

int top_rows_fill(struct top_rows *out, const struct top_sample *old, const struct top_sample *new,
		  enum top_sort sort)
{
	size_t policies = new->policies ? new->policies->n_policies : 0;

	out->hooks = calloc(new->status->n_hooks + 1, sizeof(*out->hooks));
	out->policies = calloc(policies + 1, sizeof(*out->policies));
	if (!out->hooks || !out->policies)
		return -ENOMEM;
	out->seconds = (double)(new->at_ns - old->at_ns) / (double)CLOCK_NS_PER_SECOND;
	rows_fill_agent(out, old, new);
	out->hooks_count = new->status->n_hooks;
	for (size_t i = 0; i < out->hooks_count; i++) {
		const Tetragon__ProgramStats *hook = new->status->hooks[i];

		hook_fill(&out->hooks[i], sample_find_hook(old, hook), hook, out->seconds);
	}
	for (size_t i = 0; i < policies; i++) {
		const Tetragon__TracingPolicyStatus *policy = new->policies->policies[i];
		struct top_row *row = &out->policies[out->policies_count++];

		policy_fill(row, sample_find_policy(old, policy), policy, out->seconds);
		policy_add_hooks(row, out, new, policy);
	}
	qsort_r(out->hooks, out->hooks_count, sizeof(*out->hooks), compare_rows, &sort);
	qsort_r(out->policies, out->policies_count, sizeof(*out->policies), compare_rows, &sort);
	return 0;
}

void top_rows_done(struct top_rows *rows)
{
	free(rows->policies);
	free(rows->hooks);
	*rows = (struct top_rows){};
}
