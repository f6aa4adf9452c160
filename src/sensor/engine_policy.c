/* SPDX-License-Identifier: Apache-2.0 */
/* One policy of the engine: its life, the functions that it names, the marks that it needs. */
#include "sensor/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "kernel/syscalls.h"

void engine_complain(const struct policy *policy, struct place place, const char *text,
		     struct diag *diag)
{
	_cleanup_report_ struct report report = {};

	policy_show_source(policy, &report);
	report_error(&report, place, "%s", text);
	report_tell(&report, diag);
}

/* ---- life
 * ------------------------------------------------------------------------------------------ */

void engine_policy_ref(struct engine_policy *policy)
{
	policy->refs++;
}

void engine_policy_unref(struct engine_policy *policy)
{
	if (--policy->refs)
		return;
	for (size_t i = 0; i < policy->hooks_count; i++) {
		free(policy->hooks[i].function);
		free(policy->hooks[i].reason);
	}
	if (!policy->policy) {
		free((char *)policy->name);
		free((char *)policy->namespace);
	}
	policy_free(policy->policy);
	free(policy->hooks);
	free(policy->marks);
	free(policy->domain);
	free(policy->source);
	free(policy->error);
	free(policy);
}

static void stats_clear(const struct engine *engine, uint32_t number)
{
	struct wire_policy_stats *zeros = calloc(engine->cpus, sizeof(*zeros));

	if (zeros)
		bpf_map_update_elem(engine->stats_fd, &number, zeros, BPF_ANY);
	free(zeros);
}

/* Number 0 counts for nobody. */
static uint32_t stats_take(struct engine *engine)
{
	for (uint32_t i = 1; i < WIRE_POLICIES_MAX; i++) {
		if (engine->stats_taken[i])
			continue;
		engine->stats_taken[i] = 1;
		stats_clear(engine, i);
		return i;
	}
	return 0;
}

struct engine_policy *engine_policy_new(struct engine *engine,
					const struct engine_add_options *options)
{
	struct engine_policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->refs = 1;
	policy->domain = strdup(options->domain);
	policy->source = strdup(options->source ? options->source : "");
	policy->stats = stats_take(engine);
	if (!policy->domain || !policy->source || !policy->stats) {
		engine->stats_taken[policy->stats] = 0;
		engine_policy_unref(policy);
		return NULL;
	}
	policy->id = ++engine->last_id;
	return policy;
}

int engine_add_failed(struct engine *engine, const char *name, const char *namespace,
		      const struct engine_add_options *options, const char *error)
{
	struct engine_policy *policy = engine_policy_new(engine, options),
			     **link = &engine->policies;

	if (!policy)
		return -ENOMEM;
	policy->name = strdup(name);
	policy->namespace = strdup(namespace);
	policy->error = strdup(error);
	policy->state = ENGINE_LOAD_ERROR;
	if (!policy->name || !policy->namespace || !policy->error) {
		engine->stats_taken[policy->stats] = 0;
		engine_policy_unref(policy);
		return -ENOMEM;
	}
	while (*link)
		link = &(*link)->next;
	*link = policy;
	return 0;
}

/* ---- functions of a policy
 * -------------------------------------------------------------------------- */

static struct hook *engine_find_hook(const struct engine *engine, const char *function)
{
	for (struct hook *hook = engine->hooks; hook; hook = hook->next) {
		if (strcmp(hook->function, function) == 0)
			return hook;
	}
	return NULL;
}

static int engine_get_hook(struct engine *engine, const char *function, bool is_syscall,
			   struct hook **out, struct diag *diag)
{
	struct hook *hook = engine_find_hook(engine, function);
	int error;

	if (!hook) {
		error = hook_new(&hook, &engine->space, function, is_syscall);
		if (error == -ENOSPC)
			diag_add(diag, "all policies together name more than %d functions",
				 WIRE_HOOKS_MAX - 1);
		if (error)
			return error;
		hook->next = engine->hooks;
		engine->hooks = hook;
	}
	*out = hook;
	return 0;
}

static int policy_add_function(struct engine *engine, struct engine_policy *policy,
			       const struct policy_hook *hook, const char *call, struct diag *diag)
{
	struct engine_hook *one = &policy->hooks[policy->hooks_count];

	one->hook = hook;
	one->function = hook->is_syscall ? syscall_get_function(call) : strdup(call);
	if (!one->function)
		return -ENOMEM;
	policy->hooks_count++;
	return engine_get_hook(engine, one->function, hook->is_syscall, &one->point, diag);
}

static size_t policy_count_functions(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->hooks_count; i++)
		count += policy->hooks[i]->list ? policy->hooks[i]->list->values.count : 1;
	return count;
}

static int policy_add_list(struct engine *engine, struct engine_policy *policy,
			   const struct policy_hook *hook, struct diag *diag)
{
	const struct policy_list *list = hook->list;
	int error = 0;

	for (size_t i = 0; i < list->values.count && !error; i++) {
		bool is_syscalls = list->type.value == POLICY_LIST_SYSCALLS;

		if (is_syscalls && list->syscalls[i].abi != SYSCALL_ABI_NATIVE &&
		    list->syscalls[i].abi != SYSCALL_ABI_X64) {
			engine_complain(policy->policy, list->values.items[i].place,
					"system calls of another architecture cannot be hooked",
					diag);
			return -EOPNOTSUPP;
		}
		error = policy_add_function(
			engine, policy, hook,
			is_syscalls ? list->syscalls[i].name : list->values.items[i].data, diag);
	}
	return error;
}

int engine_policy_find_functions(struct engine *engine, struct engine_policy *policy,
				 struct diag *diag)
{
	const struct policy *text = policy->policy;
	int error = 0;

	policy->hooks = calloc(policy_count_functions(text) + 1, sizeof(*policy->hooks));
	if (!policy->hooks)
		return -ENOMEM;
	for (size_t i = 0; i < text->hooks_count && !error; i++) {
		const struct policy_hook *hook = text->hooks[i];

		error = hook->list
				? policy_add_list(engine, policy, hook, diag)
				: policy_add_function(engine, policy, hook, hook->call.data, diag);
	}
	return error;
}

/* ---- marks of a policy
 * ------------------------------------------------------------------------------ */

static int policy_ref_mark(struct engine *engine, struct engine_policy *policy,
			   const struct policy_binaries *binaries, const struct policy_pids *pids,
			   struct diag *diag)
{
	uint32_t mark = marks_ref(engine->marks, binaries, pids);
	uint32_t *marks;

	if (mark == RULES_NO_MARK) {
		engine_complain(
			policy->policy, binaries ? binaries->place : pids->place,
			"too many different lists of binaries and followed pids in all policies; the limit is 512",
			diag);
		return -ENOSPC;
	}
	marks = realloc(policy->marks, (policy->marks_count + 1) * sizeof(*marks));
	if (!marks) {
		marks_unref(engine->marks, mark);
		return -ENOMEM;
	}
	policy->marks = marks;
	policy->marks[policy->marks_count++] = mark;
	return 0;
}

static int policy_ref_selector(struct engine *engine, struct engine_policy *policy,
			       const struct policy_selector *selector, struct diag *diag)
{
	int error = 0;

	for (size_t i = 0; i < selector->binaries.count && !error; i++)
		error = policy_ref_mark(engine, policy, &selector->binaries.items[i], NULL, diag);
	for (size_t i = 0; i < selector->pids.count && !error; i++) {
		if (selector->pids.items[i].follow_forks.value)
			error = policy_ref_mark(engine, policy, NULL, &selector->pids.items[i],
						diag);
	}
	return error;
}

int engine_policy_ref_marks(struct engine *engine, struct engine_policy *policy, struct diag *diag)
{
	int error = 0;

	for (size_t i = 0; i < policy->policy->hooks_count; i++) {
		const struct policy_hook *hook = policy->policy->hooks[i];

		for (size_t j = 0; j < hook->selectors.count && !error; j++)
			error = policy_ref_selector(engine, policy, &hook->selectors.items[j],
						    diag);
	}
	return error;
}

void engine_policy_unref_marks(struct engine *engine, struct engine_policy *policy)
{
	for (size_t i = 0; i < policy->marks_count; i++)
		marks_unref(engine->marks, policy->marks[i]);
	free(policy->marks);
	policy->marks = NULL;
	policy->marks_count = 0;
}
