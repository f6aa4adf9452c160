/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers for what there is of each policy. Policies of one name in two domains, and hooks of one
 * function, may have the same labels: their numbers are added up, and sets are bounded, by a family
 * for each reading.
 */
#include "daemon/agent_metrics_private.h"

#include <stdio.h>
#include <string.h>

/* Sets of labels of one metric: a thousand policies with some hooks each. */
#define POLICY_SETS_MAX 4096

/* What programs are part of no policy are labelled with, as upstream does. */
#define BASE "__base__"

struct policy_reading {
	struct metrics_family *family;
	size_t offset;	 /* of the counter that is read */
	bool wants_time; /* rather than runs */
	const char *values[METRICS_LABELS_MAX];
};

typedef void (*policy_visit_fn)(struct policy_reading *reading, const struct engine_policy *policy);

static void reading_add(struct policy_reading *reading, uint64_t number)
{
	metrics_family_add(reading->family, reading->values, number, 0);
}

/* Policies that could be read; those with errors have no numbers. */
static void read_policies(const struct agent_metrics *metrics, struct metrics_page *page,
			  size_t labels, policy_visit_fn visit, struct policy_reading *reading)
{
	const struct metrics_family_options options = { .labels = labels,
							.sets_max = POLICY_SETS_MAX };
	const struct engine *engine = *metrics->sources.engine;

	if (!engine || metrics_family_new(&reading->family, &options))
		return;
	for (const struct engine_policy *one = engine_first(engine); one; one = one->next) {
		reading->values[0] = one->name;
		reading->values[1] = one->namespace;
		if (one->policy)
			visit(reading, one);
	}
	metrics_family_write(reading->family, page);
	metrics_family_free(reading->family);
}

void read_policy_states(struct agent_metrics *metrics, struct metrics_page *page)
{
	static const char *const names[] = {
		[ENGINE_ENABLED] = "enabled",
		[ENGINE_DISABLED] = "disabled",
		[ENGINE_LOAD_ERROR] = "load_error",
		[ENGINE_PARTIALLY_ENABLED] = "partially_enabled",
	};
	const struct engine *engine = *metrics->sources.engine;
	uint64_t counts[sizeof(names) / sizeof(names[0])] = {};

	for (const struct engine_policy *one = engine ? engine_first(engine) : NULL; one;
	     one = one->next)
		counts[one->state]++;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		metrics_page_add(page, &names[i], counts[i]);
}

static void visit_memory(struct policy_reading *reading, const struct engine_policy *policy)
{
	reading_add(reading, policy->measured_bytes);
}

void read_policy_memory(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct policy_reading reading = {};

	read_policies(metrics, page, 2, visit_memory, &reading);
}

/* ---- counters
 * --------------------------------------------------------------------------------------- */

/* Upstream's words for what enforces; NULL: it does not. */
static const char *const action_words[][2] = {
	[POLICY_ACTION_SIGKILL] = { "signal", "monitor_signal" },
	[POLICY_ACTION_SIGNAL] = { "signal", "monitor_signal" },
	[POLICY_ACTION_OVERRIDE] = { "override", "monitor_override" },
	[POLICY_ACTION_NOTIFY_ENFORCER] = { "notify_enforcer", "monitor_notify_enforcer" },
	[POLICY_ACTION_SET] = { "set", "monitor_set" },
};

static const char *const *action_get_words(const struct policy_action *action)
{
	size_t kind = (size_t)action->facts->kind;
	bool is_known = kind < sizeof(action_words) / sizeof(action_words[0]);

	return is_known && action_words[kind][0] ? action_words[kind] : NULL;
}

/* The one way in which a policy enforces; NULL: it has none, or several, which are counted as one
 * number that says nothing of each. */
static const char *const *policy_find_words(const struct policy *policy)
{
	const char *const *found = NULL;

	for (size_t i = 0; i < policy->hooks_count; i++) {
		const struct policy_hook *hook = policy->hooks[i];

		for (size_t j = 0; j < hook->selectors.count; j++) {
			const struct policy_selector *selector = &hook->selectors.items[j];

			for (size_t k = 0; k < selector->actions.count; k++) {
				const char *const *words =
					action_get_words(&selector->actions.items[k]);

				if (words && found && strcmp(words[0], found[0]) != 0)
					return NULL;
				found = words ? words : found;
			}
		}
	}
	return found;
}

static void visit_actions(struct policy_reading *reading, const struct engine_policy *policy)
{
	const char *const *words = policy_find_words(policy->policy);
	const struct engine_counters *counters = &policy->measured;

	for (int i = 2; i < 6; i++)
		reading->values[i] = ""; /* hook, hook_index, selector_index, selector_label */
	reading->values[6] = "post";
	reading_add(reading, counters->posted);
	if (!words)
		return;
	reading->values[6] = words[0];
	reading_add(reading, counters->enforced);
	reading->values[6] = words[1];
	reading_add(reading, counters->would_enforce);
}

void read_policy_actions(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct policy_reading reading = {};

	read_policies(metrics, page, 7, visit_actions, &reading);
}

static void visit_counter(struct policy_reading *reading, const struct engine_policy *policy)
{
	uint64_t number;

	memcpy(&number, (const char *)&policy->measured + reading->offset, sizeof(number));
	reading->values[2] = policy->domain;
	reading_add(reading, number);
}

static void read_counter(struct agent_metrics *metrics, struct metrics_page *page, size_t offset)
{
	struct policy_reading reading = { .offset = offset };

	read_policies(metrics, page, 3, visit_counter, &reading);
}

void read_policy_matched(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_counter(metrics, page, offsetof(struct engine_counters, matched));
}

void read_policy_posted(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_counter(metrics, page, offsetof(struct engine_counters, posted));
}

void read_policy_enforced(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_counter(metrics, page, offsetof(struct engine_counters, enforced));
}

void read_policy_would_enforce(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_counter(metrics, page, offsetof(struct engine_counters, would_enforce));
}

void read_policy_dropped(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_counter(metrics, page, offsetof(struct engine_counters, dropped));
}

void read_policy_rate_limited(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_counter(metrics, page, offsetof(struct engine_counters, rate_limited));
}

void read_policy_changes(struct agent_metrics *metrics, struct metrics_page *page)
{
	static const char *const results[] = { "done", "failed" };
	const struct engine *engine = *metrics->sources.engine;
	struct engine_changes changes = {};

	if (engine)
		engine_read_changes(engine, &changes);
	metrics_page_add(page, &results[0], changes.done);
	metrics_page_add(page, &results[1], changes.failed);
}

/* ---- costs
 * ------------------------------------------------------------------------------------------ */

static void visit_misses(struct policy_reading *reading, const struct engine_policy *policy)
{
	for (size_t i = 0; i < policy->hooks_count; i++) {
		reading->values[1] = policy->hooks[i].function;
		reading_add(reading, policy->hooks[i].cost.missed);
	}
}

void read_policy_misses(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct policy_reading reading = {};

	read_policies(metrics, page, 2, visit_misses, &reading);
}

struct cost_reading {
	struct metrics_page *page;
	const char *sensor;
	bool wants_time;
};

/* Nothing ran, or nobody counts: no sample, rather than a zero that says that it costs nothing. */
static void add_base_cost(void *context, const char *section,
			  const struct kernel_program_stats *cost)
{
	const struct cost_reading *reading = context;
	const char *slash = strchr(section, '/');
	const char *const values[] = { BASE, "", slash ? slash + 1 : section, section,
				       reading->sensor };

	if (cost->calls)
		metrics_page_add(reading->page, values,
				 reading->wants_time ? cost->run_time_ns : cost->calls);
}

static void read_base_costs(const struct agent_metrics *metrics, struct metrics_page *page,
			    bool wants_time)
{
	struct cost_reading base = { page, BASE, wants_time };
	struct cost_reading shared = { page, "generic_kprobe", wants_time };

	if (metrics->sources.sensor)
		process_sensor_visit_costs(metrics->sources.sensor, add_base_cost, &base);
	if (*metrics->sources.engine)
		engine_visit_shared_costs(*metrics->sources.engine, add_base_cost, &shared);
}

static void visit_costs(struct policy_reading *reading, const struct engine_policy *policy)
{
	for (size_t i = 0; i < policy->hooks_count; i++) {
		const struct engine_hook *hook = &policy->hooks[i];
		char section[METRICS_LABEL_BYTES_MAX];

		if (!hook->cost.calls)
			continue;
		snprintf(section, sizeof(section), "kprobe/%s", hook->function);
		reading->values[2] = hook->function;
		reading->values[3] = section;
		reading->values[4] = "generic_kprobe";
		reading_add(reading,
			    reading->wants_time ? hook->cost.run_time_ns : hook->cost.calls);
	}
}

static void read_costs(const struct agent_metrics *metrics, struct metrics_page *page,
		       bool wants_time)
{
	struct policy_reading reading = { .wants_time = wants_time };

	read_base_costs(metrics, page, wants_time);
	read_policies(metrics, page, 5, visit_costs, &reading);
}

void read_program_runs(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_costs(metrics, page, false);
}

void read_program_time(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_costs(metrics, page, true);
}
