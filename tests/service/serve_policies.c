/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the list, and fills in as much of the API's message as `tetra` can show. */
#include "serve_policies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STATE(name) TETRAGON__TRACING_POLICY_STATE__TP_STATE_##name
#define MODE(name)  TETRAGON__TRACING_POLICY_MODE__TP_MODE_##name

enum { ENDLESS_LINES = 500 };

/* The word behind KEY at the beginning of a line, "": there is none. */
static void policy_read_word(const char *yaml, const char *key, char out[SERVE_POLICY_TEXT_BYTES])
{
	const char *at = strstr(yaml, key);
	int bytes = at ? (int)strcspn(at + strlen(key), "\n") : 0;

	snprintf(out, SERVE_POLICY_TEXT_BYTES, "%.*s", bytes, at ? at + strlen(key) : "");
}

static struct serve_policy *policies_find(struct serve_policies *self, const char *name,
					  const char *namespace, const char *domain)
{
	for (size_t i = 0; i < self->count; i++) {
		struct serve_policy *one = &self->items[i];

		if (strcmp(one->name, name) == 0 && strcmp(one->namespace, namespace) == 0 &&
		    (!*domain || strcmp(one->domain, domain) == 0))
			return one;
	}
	return NULL;
}

static int policy_check(const char *yaml, struct diag *diag)
{
	if (strstr(yaml, "endless")) {
		for (int i = 0; i < ENDLESS_LINES; i++)
			diag_add(diag, "policy:%d:1: größer than 100%% is not possible", i + 1);
		return -EINVAL;
	}
	if (strstr(yaml, "Equals")) {
		diag_add(diag, "policy:14:19: unknown operator \"Equals\" for argument 1 (path)");
		diag_add(diag, "   14 |       - operator: Equals");
		diag_add(diag, "      |                   ^~~~~~ did you mean \"Equal\"?");
		return -EINVAL;
	}
	if (!strstr(yaml, "exotic"))
		return 0;
	diag_add(diag, "cannot attach lsm hook \"file_open\": the bpf LSM is not active");
	return -EOPNOTSUPP;
}

int serve_add_policy(void *context, const char *yaml, const char *domain,
		     Tetragon__TracingPolicyMode mode, struct diag *diag)
{
	struct serve_policies *self = context;
	struct serve_policy new = { .state = STATE(ENABLED), .mode = MODE(ENFORCE) };
	int error = policy_check(yaml, diag);

	if (error)
		return error;
	policy_read_word(yaml, " name: ", new.name);
	policy_read_word(yaml, " namespace: ", new.namespace);
	snprintf(new.domain, sizeof(new.domain), "%s", domain);
	if (policies_find(self, new.name, new.namespace, domain)) {
		diag_add(diag, "policy \"%s\" is there already; delete it first", new.name);
		return -EEXIST;
	}
	if (self->count == SERVE_POLICIES_MAX) {
		diag_add(diag, "%d policies are loaded; want at most %d", SERVE_POLICIES_MAX,
			 SERVE_POLICIES_MAX);
		return -ENOSPC;
	}
	if (strstr(yaml, "odd"))
		diag_add(diag, "policy:3:1: warning: \"odd\" does nothing");
	if (strstr(yaml, "broken"))
		new.state = STATE(LOAD_ERROR);
	if (strstr(yaml, "partial"))
		new.state = STATE(PARTIALLY_ENABLED);
	if (mode != MODE(UNKNOWN))
		new.mode = mode;
	new.id = ++self->last_id;
	self->items[self->count++] = new;
	return 0;
}

static int policies_complain(const char *name, struct diag *diag)
{
	diag_add(diag, "no policy \"%s\"; \"tetra tracingpolicy list\" shows all", name);
	return -ENOENT;
}

int serve_delete_policy(void *context, const char *name, const char *namespace, const char *domain,
			struct diag *diag)
{
	struct serve_policies *self = context;
	struct serve_policy *found = policies_find(self, name, namespace, domain);

	if (!found)
		return policies_complain(name, diag);
	memmove(found, found + 1, (size_t)(self->items + self->count - found - 1) * sizeof(*found));
	self->count--;
	return 0;
}

int serve_configure_policy(void *context, const struct service_policy_change *change,
			   struct diag *diag)
{
	struct serve_policy *found =
		policies_find(context, change->name, change->namespace, change->domain);

	if (!found)
		return policies_complain(change->name, diag);
	if (change->has_enable)
		found->state = change->enable ? STATE(ENABLED) : STATE(DISABLED);
	if (change->mode != MODE(UNKNOWN))
		found->mode = change->mode;
	return 0;
}

enum { HOOKS = 2 };

/* A policy's message and all that it points to. */
struct listed {
	Tetragon__TracingPolicyStatus status;
	Tetragon__TracingPolicyStats stats;
	Tetragon__TracingPolicyActionCounters actions;
	Tetragon__PolicyCounters counters;
	Tetragon__HookStatus hooks[HOOKS];
	Tetragon__HookStatus *hook_pointers[HOOKS];
	char *sensor;
};

static void listed_fill_hooks(struct listed *out, const struct serve_policy *policy)
{
	static const Tetragon__HookStatus hook = TETRAGON__HOOK_STATUS__INIT;

	for (uint32_t i = 0; i < HOOKS; i++) {
		out->hooks[i] = hook;
		out->hooks[i].section = (char *)"kprobes";
		out->hooks[i].hook_idx = i;
		out->hooks[i].hook_description = (char *)(i ? "no_such_call" : "sys_openat");
		out->hooks[i].state = TETRAGON__HOOK_STATE__STATUS_LOADED;
		out->hooks[i].mechanism = (char *)(i ? "" : "raw tracepoint (substitute)");
		out->hook_pointers[i] = &out->hooks[i];
	}
	out->hooks[0].reason = (char *)"return values are not seen";
	if (policy->state == STATE(PARTIALLY_ENABLED)) {
		out->hooks[1].state = TETRAGON__HOOK_STATE__STATUS_CALL_NOT_FOUND;
		out->hooks[1].reason = (char *)"this kernel has no function \"no_such_call\"";
	}
	out->status.n_hook_statuses = HOOKS;
	out->status.hook_statuses = out->hook_pointers;
}

static void listed_fill_counters(struct listed *out)
{
	out->actions = (Tetragon__TracingPolicyActionCounters)
		TETRAGON__TRACING_POLICY_ACTION_COUNTERS__INIT;
	out->actions.post = 5;
	out->actions.signal = 1;
	out->actions.override = 2;
	out->actions.notify_enforcer = 4;
	out->actions.set = 8;
	out->actions.monitor_signal = 100;
	out->actions.monitor_override = 200;
	out->stats = (Tetragon__TracingPolicyStats)TETRAGON__TRACING_POLICY_STATS__INIT;
	out->stats.action_counters = &out->actions;
	out->status.optional_stats_case = TETRAGON__TRACING_POLICY_STATUS__OPTIONAL_STATS_STATS;
	out->status.stats = &out->stats;
	out->counters = (Tetragon__PolicyCounters)TETRAGON__POLICY_COUNTERS__INIT;
	out->counters.matched = 20;
	out->counters.posted = 5;
	out->counters.rate_limited = 7;
	out->status.counters = &out->counters;
}

static void listed_fill(struct listed *out, const struct serve_policy *policy)
{
	out->status = (Tetragon__TracingPolicyStatus)TETRAGON__TRACING_POLICY_STATUS__INIT;
	out->status.id = policy->id;
	out->status.name = (char *)policy->name;
	out->status.namespace_ = (char *)policy->namespace;
	out->status.domain = (char *)policy->domain;
	out->status.state = policy->state;
	out->status.mode = policy->mode;
	out->status.kernel_memory_bytes = 3 << 19;
	out->status.source = (char *)"/etc/tetragon/tetragon.tp.d/web.yaml";
	if (policy->state == STATE(LOAD_ERROR)) {
		out->status.error = (char *)"cannot load \"kprobes[0]\":\n  argument 1\x1b[2J";
		return;
	}
	out->sensor = (char *)"generic_kprobe";
	out->status.n_sensors = 1;
	out->status.sensors = &out->sensor;
	listed_fill_hooks(out, policy);
	listed_fill_counters(out);
}

void serve_list_policies(void *context, const Tetragon__ListTracingPoliciesRequest *request,
			 service_policies_fn answer, void *answer_context)
{
	Tetragon__ListTracingPoliciesResponse list = TETRAGON__LIST_TRACING_POLICIES_RESPONSE__INIT;
	Tetragon__TracingPolicyStatus *pointers[SERVE_POLICIES_MAX];
	struct listed listed[SERVE_POLICIES_MAX];
	struct serve_policies *self = context;

	for (size_t i = 0; i < self->count; i++) {
		if (*request->domain && strcmp(request->domain, self->items[i].domain) != 0)
			continue;
		if (*request->name && strcmp(request->name, self->items[i].name) != 0)
			continue;
		listed_fill(&listed[i], &self->items[i]);
		pointers[list.n_policies++] = &listed[i].status;
	}
	list.policies = pointers;
	answer(answer_context, &list);
}
