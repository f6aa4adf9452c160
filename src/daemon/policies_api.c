/* SPDX-License-Identifier: Apache-2.0 */
/* Policies from clients of the API, and the list of all. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/policies_private.h"

static int mode_from_api(Tetragon__TracingPolicyMode mode)
{
	switch (mode) {
	case TETRAGON__TRACING_POLICY_MODE__TP_MODE_ENFORCE:
		return POLICY_MODE_ENFORCE;
	case TETRAGON__TRACING_POLICY_MODE__TP_MODE_MONITOR:
		return POLICY_MODE_MONITOR;
	default:
		return -1;
	}
}

/* POLICY is the engine's now. What was to be kept and cannot be kept is not added: it would be gone
 * after the next start, and nobody would know. */
static int policies_keep_added(struct policies *policies, const struct policy *policy,
			       const char *domain, const char *yaml, struct diag *diag)
{
	unsigned int count;
	struct engine_policy *added =
		engine_find(policies->options.engine, domain, policy->metadata->namespace.data,
			    policy->metadata->name.data, &count);
	int error = policies_keep(policies, added, yaml, diag);

	if (error) {
		diag_add(diag, "policy \"%s\" is not added", added->name);
		engine_delete(policies->options.engine, added, diag);
	}
	return error;
}

int policies_add(void *context, const char *yaml, const char *domain,
		 Tetragon__TracingPolicyMode mode, struct diag *diag)
{
	struct policies *policies = context;
	const struct engine_add_options options = { .domain = domain, .mode = mode_from_api(mode) };
	_cleanup_report_ struct report report = {};
	uint64_t began_ns = clock_read_ns(CLOCK_MONOTONIC);
	_cleanup_policy_ struct policy *policy = NULL;
	int error = policy_read_text("policy", span_of(yaml), &report, &policy);

	report_tell(&report, diag);
	if (!error)
		error = engine_add(policies->options.engine, policy, &options, diag);
	if (!error)
		error = policies_keep_added(policies, TAKE_PTR(policy), domain, yaml, diag);
	if (!error) {
		policies_log(LOG_LEVEL_WARN, diag);
		log_info("policy of a client loaded in %llu us", policies_count_us(began_ns));
	}
	malloc_trim(0);
	return error;
}

/* The one that is meant; NULL: a line in DIAG says why not. */
static struct engine_policy *policies_find(const struct policies *policies, const char *name,
					   const char *namespace, const char *domain,
					   struct diag *diag)
{
	unsigned int count;
	struct engine_policy *policy =
		engine_find(policies->options.engine, domain, namespace, name, &count);

	if (count == 1)
		return policy;
	if (count)
		diag_add(diag, "there are %u policies \"%s\", in several domains; name the domain",
			 count, name);
	else if (*namespace)
		diag_add(diag, "there is no policy \"%s\" in namespace \"%s\"", name, namespace);
	else
		diag_add(diag, "there is no policy \"%s\"", name);
	return NULL;
}

/* Its file goes too: else it would be back after the next start. */
static int policies_delete_one(struct policies *policies, struct engine_policy *policy,
			       struct diag *diag)
{
	_cleanup_free_ char *name = strdup(policy->name);
	_cleanup_free_ char *namespace = strdup(policy->namespace);
	_cleanup_free_ char *domain = strdup(policy->domain);
	_cleanup_free_ char *source = strdup(policy->source);
	const struct policy_store_state state = { domain, namespace, name, .path = source };
	int error = name && namespace && domain && source ? 0 : -ENOMEM;

	if (!error)
		error = engine_delete(policies->options.engine, policy, diag);
	if (error || !policies->store)
		return error;
	error = policy_store_remove(policies->store, &state, diag);
	if (error)
		diag_add(diag, "policy \"%s\" is deleted, and comes back at the next start", name);
	return error;
}

int policies_delete(void *context, const char *name, const char *namespace, const char *domain,
		    struct diag *diag)
{
	struct policies *policies = context;
	struct engine_policy *policy = policies_find(policies, name, namespace, domain, diag);

	if (!policy)
		return -ENOENT;
	return policies_delete_one(policies, policy, diag);
}

int policies_configure(void *context, const struct service_policy_change *change, struct diag *diag)
{
	struct policies *policies = context;
	struct engine_policy *policy =
		policies_find(policies, change->name, change->namespace, change->domain, diag);
	int error;

	if (!policy)
		return -ENOENT;
	error = engine_configure(policies->options.engine, policy,
				 change->has_enable ? change->enable : -1,
				 mode_from_api(change->mode), diag);
	if (!error)
		error = policies_keep_state(policies, policy, diag);
	malloc_trim(0);
	return error;
}

/* ---- the list
 * ---------------------------------------------------------------------------------------- */

/* Storage of one row. */
struct policy_row {
	Tetragon__TracingPolicyStatus status;
	Tetragon__TracingPolicyStats stats;
	Tetragon__TracingPolicyActionCounters actions;
	Tetragon__PolicyCounters counters;
	Tetragon__HookStatus *hooks; /* owned */
	Tetragon__HookStatus **hook_list;
	char *sensors[1];
	char *yaml; /* owned */
};

static const Tetragon__TracingPolicyState api_states[] = {
	[ENGINE_ENABLED] = TETRAGON__TRACING_POLICY_STATE__TP_STATE_ENABLED,
	[ENGINE_DISABLED] = TETRAGON__TRACING_POLICY_STATE__TP_STATE_DISABLED,
	[ENGINE_LOAD_ERROR] = TETRAGON__TRACING_POLICY_STATE__TP_STATE_LOAD_ERROR,
	[ENGINE_PARTIALLY_ENABLED] = TETRAGON__TRACING_POLICY_STATE__TP_STATE_PARTIALLY_ENABLED,
};

static const Tetragon__TracingPolicyMode api_modes[] = {
	[POLICY_MODE_ENFORCE] = TETRAGON__TRACING_POLICY_MODE__TP_MODE_ENFORCE,
	[POLICY_MODE_MONITOR] = TETRAGON__TRACING_POLICY_MODE__TP_MODE_MONITOR,
	[POLICY_MODE_MONITOR_ONLY] = TETRAGON__TRACING_POLICY_MODE__TP_MODE_MONITOR_ONLY,
};

static void row_fill_hook(Tetragon__HookStatus *out, const struct engine_hook *hook)
{
	tetragon__hook_status__init(out);
	out->section = (char *)section_facts[hook->hook->section].key;
	out->hook_description = hook->function;
	out->hook_idx = (uint32_t)hook->hook->number;
	out->state = hook->state == ENGINE_HOOK_LOADED
			     ? TETRAGON__HOOK_STATE__STATUS_LOADED
			     : TETRAGON__HOOK_STATE__STATUS_CALL_NOT_FOUND;
	out->mechanism = (char *)engine_hook_get_mechanism(hook);
	out->reason = hook->reason ? hook->reason : (char *)engine_hook_get_difference(hook);
}

static void row_fill_hooks(struct policy_row *row, const struct engine_policy *policy)
{
	row->hooks = calloc(policy->hooks_count + 1, sizeof(*row->hooks));
	row->hook_list = calloc(policy->hooks_count + 1, sizeof(Tetragon__HookStatus *));
	if (!row->hooks || !row->hook_list)
		return;
	for (size_t i = 0; i < policy->hooks_count; i++) {
		row_fill_hook(&row->hooks[i], &policy->hooks[i]);
		row->hook_list[i] = &row->hooks[i];
	}
	row->status.n_hook_statuses = policy->hooks_count;
	row->status.hook_statuses = row->hook_list;
}

static void row_fill_counters(struct policy_row *row, const struct engine *engine,
			      const struct engine_policy *policy)
{
	struct engine_counters counters;

	engine_read_counters(engine, policy, &counters);
	tetragon__policy_counters__init(&row->counters);
	row->counters.matched = counters.matched;
	row->counters.posted = counters.posted;
	row->counters.enforced = counters.enforced;
	row->counters.would_enforce = counters.would_enforce;
	row->counters.dropped = counters.dropped;
	row->counters.rate_limited = counters.rate_limited;
	row->status.counters = &row->counters;
	tetragon__tracing_policy_action_counters__init(&row->actions);
	row->actions.post = counters.posted;
	row->actions.signal = counters.enforced;
	row->actions.monitor_signal = counters.would_enforce;
	tetragon__tracing_policy_stats__init(&row->stats);
	row->stats.action_counters = &row->actions;
	row->status.optional_stats_case = TETRAGON__TRACING_POLICY_STATUS__OPTIONAL_STATS_STATS;
	row->status.stats = &row->stats;
}

/* `enabled` is deprecated, and read by old clients all the same. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void row_set_enabled(Tetragon__TracingPolicyStatus *status,
			    const struct engine_policy *policy)
{
	status->enabled =
		policy->state == ENGINE_ENABLED || policy->state == ENGINE_PARTIALLY_ENABLED;
}
#pragma GCC diagnostic pop

static void row_fill(struct policy_row *row, const struct engine *engine,
		     const struct engine_policy *policy)
{
	Tetragon__TracingPolicyStatus *status = &row->status;

	tetragon__tracing_policy_status__init(status);
	status->id = policy->id;
	status->name = (char *)policy->name;
	status->namespace_ = (char *)policy->namespace;
	status->domain = policy->domain;
	status->source = policy->source;
	status->state = api_states[policy->state];
	row_set_enabled(status, policy);
	if (policy->error)
		status->error = policy->error;
	if (policy->policy) {
		status->mode = api_modes[policy->mode];
		status->kernel_memory_bytes = engine_count_bytes(engine, policy);
		row->sensors[0] = (char *)"generic_kprobe";
		status->sensors = row->sensors;
		status->n_sensors = policy->hooks_count ? 1 : 0;
		row_fill_hooks(row, policy);
		row_fill_counters(row, engine, policy);
	}
}

static void row_fill_yaml(struct policy_row *row, const struct engine_policy *policy)
{
	const struct source *source = policy->policy ? &policy->policy->source : NULL;

	row->yaml = source ? strndup(source->text.data, source->text.bytes) : NULL;
	if (row->yaml)
		row->status.yaml = row->yaml;
}

static bool policy_is_wanted(const struct engine_policy *policy,
			     const Tetragon__ListTracingPoliciesRequest *request)
{
	return (!*request->domain || strcmp(policy->domain, request->domain) == 0) &&
	       (!*request->name || strcmp(policy->name, request->name) == 0);
}

void policies_list(void *context, const Tetragon__ListTracingPoliciesRequest *request,
		   service_policies_fn answer, void *answer_context)
{
	const struct engine *engine = ((struct policies *)context)->options.engine;
	Tetragon__ListTracingPoliciesResponse response =
		TETRAGON__LIST_TRACING_POLICIES_RESPONSE__INIT;
	_cleanup_free_ Tetragon__TracingPolicyStatus **list = NULL;
	_cleanup_free_ struct policy_row *rows = NULL;
	size_t count = 0;

	for (const struct engine_policy *one = engine_first(engine); one; one = one->next)
		count++;
	rows = calloc(count + 1, sizeof(*rows));
	list = calloc(count + 1, sizeof(Tetragon__TracingPolicyStatus *));
	for (const struct engine_policy *one = engine_first(engine); one && rows && list;
	     one = one->next) {
		if (!policy_is_wanted(one, request))
			continue;
		row_fill(&rows[response.n_policies], engine, one);
		if (request->with_yaml)
			row_fill_yaml(&rows[response.n_policies], one);
		list[response.n_policies] = &rows[response.n_policies].status;
		response.n_policies++;
	}
	response.policies = list;
	answer(answer_context, &response);
	for (size_t i = 0; rows && i < response.n_policies; i++) {
		free(rows[i].hooks);
		free(rows[i].hook_list);
		free(rows[i].yaml);
	}
}
