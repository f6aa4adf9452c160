/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the policies that are loaded. One path for all of them: which policies there will be
 * -> members of each hook that this touches -> all staged -> all committed, or none.
 */
#include "sensor/engine_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/syscalls.h"
#include "policy/support.h"

/* What is to be: REMOVED out, ADDED in (in the other's place, or last); either may be NULL. */
struct change {
	struct engine *engine;
	struct engine_policy *removed, *added;
	struct diag *diag;
};

/* ---- findings
 * ------------------------------------------------------------------------------------- */

/* TEXT, with the place in the policy that it is about. */
static void change_complain(const struct change *change, const struct policy *policy,
			    struct place place, const char *text)
{
	_cleanup_report_ struct report report = {};

	policy_show_source(policy, &report);
	report_error(&report, place, "%s", text);
	report_tell(&report, change->diag);
}

/* The text of a diagnosis without its last newline. */
static const char *diag_get_text(struct diag *diag)
{
	if (diag->text.bytes && diag->text.data[diag->text.bytes - 1] == '\n')
		diag->text.bytes--;
	return buf_text(&diag->text);
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

static int change_get_hook(const struct change *change, const char *function, bool is_syscall,
			   struct hook **out)
{
	struct hook *hook = engine_find_hook(change->engine, function);
	int error;

	if (!hook) {
		error = hook_new(&hook, &change->engine->space, function, is_syscall);
		if (error == -ENOSPC)
			diag_add(change->diag, "all policies together name more than %d functions",
				 WIRE_HOOKS_MAX - 1);
		if (error)
			return error;
		hook->next = change->engine->hooks;
		change->engine->hooks = hook;
	}
	*out = hook;
	return 0;
}

static int policy_add_function(const struct change *change, const struct policy_hook *hook,
			       const char *call)
{
	struct engine_policy *policy = change->added;
	struct engine_hook *one = &policy->hooks[policy->hooks_count];

	one->hook = hook;
	one->function = hook->is_syscall ? syscall_get_function(call) : strdup(call);
	if (!one->function)
		return -ENOMEM;
	policy->hooks_count++;
	return change_get_hook(change, one->function, hook->is_syscall, &one->point);
}

static size_t policy_count_functions(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->hooks_count; i++)
		count += policy->hooks[i]->list ? policy->hooks[i]->list->values.count : 1;
	return count;
}

static int policy_add_list(const struct change *change, const struct policy_hook *hook)
{
	const struct policy_list *list = hook->list;
	int error = 0;

	for (size_t i = 0; i < list->values.count && !error; i++) {
		bool is_syscalls = list->type.value == POLICY_LIST_SYSCALLS;

		if (is_syscalls && list->syscalls[i].abi != SYSCALL_ABI_NATIVE &&
		    list->syscalls[i].abi != SYSCALL_ABI_X64) {
			change_complain(change, change->added->policy, list->values.items[i].place,
					"system calls of another architecture cannot be hooked");
			return -EOPNOTSUPP;
		}
		error = policy_add_function(change, hook,
					    is_syscalls ? list->syscalls[i].name
							: list->values.items[i].data);
	}
	return error;
}

static int policy_find_functions(const struct change *change)
{
	const struct policy *policy = change->added->policy;
	int error = 0;

	change->added->hooks =
		calloc(policy_count_functions(policy) + 1, sizeof(*change->added->hooks));
	if (!change->added->hooks)
		return -ENOMEM;
	for (size_t i = 0; i < policy->hooks_count && !error; i++) {
		const struct policy_hook *hook = policy->hooks[i];

		error = hook->list ? policy_add_list(change, hook)
				   : policy_add_function(change, hook, hook->call.data);
	}
	return error;
}

/* ---- marks of a policy
 * ------------------------------------------------------------------------------ */

static int policy_ref_mark(const struct change *change, const struct policy_binaries *binaries,
			   const struct policy_pids *pids)
{
	struct engine_policy *policy = change->added;
	uint32_t mark = marks_ref(change->engine->marks, binaries, pids);
	uint32_t *marks;

	if (mark == RULES_NO_MARK) {
		change_complain(
			change, policy->policy, binaries ? binaries->place : pids->place,
			"too many different lists of binaries and followed pids in all policies; the limit is 512");
		return -ENOSPC;
	}
	marks = realloc(policy->marks, (policy->marks_count + 1) * sizeof(*marks));
	if (!marks) {
		marks_unref(change->engine->marks, mark);
		return -ENOMEM;
	}
	policy->marks = marks;
	policy->marks[policy->marks_count++] = mark;
	return 0;
}

static int policy_ref_selector(const struct change *change, const struct policy_selector *selector)
{
	int error = 0;

	for (size_t i = 0; i < selector->binaries.count && !error; i++)
		error = policy_ref_mark(change, &selector->binaries.items[i], NULL);
	for (size_t i = 0; i < selector->pids.count && !error; i++) {
		if (selector->pids.items[i].follow_forks.value)
			error = policy_ref_mark(change, NULL, &selector->pids.items[i]);
	}
	return error;
}

static int policy_ref_marks(const struct change *change)
{
	const struct policy *policy = change->added->policy;
	int error = 0;

	for (size_t i = 0; i < policy->hooks_count; i++) {
		for (size_t j = 0; j < policy->hooks[i]->selectors.count && !error; j++)
			error = policy_ref_selector(change, &policy->hooks[i]->selectors.items[j]);
	}
	return error;
}

static void policy_unref_marks(struct engine *engine, struct engine_policy *policy)
{
	for (size_t i = 0; i < policy->marks_count; i++)
		marks_unref(engine->marks, policy->marks[i]);
	free(policy->marks);
	policy->marks = NULL;
	policy->marks_count = 0;
}

/* ---- members
 * --------------------------------------------------------------------------------------- */

struct members {
	struct rules_member *items; /* owned */
	struct hook_owner **owners; /* owned */
	size_t count;
};

static bool policy_is_loaded(const struct engine_policy *policy)
{
	return policy->state == ENGINE_ENABLED || policy->state == ENGINE_PARTIALLY_ENABLED;
}

static void members_add(struct members *members, struct engine_policy *policy,
			const struct hook *hook)
{
	for (size_t i = 0; policy_is_loaded(policy) && i < policy->hooks_count; i++) {
		if (policy->hooks[i].point != hook)
			continue;
		members->items[members->count] = (struct rules_member){
			.policy = policy->policy,
			.hook = policy->hooks[i].hook,
			.stats = policy->stats,
			.is_monitored = policy->mode == POLICY_MODE_MONITOR,
		};
		members->owners[members->count++] = (struct hook_owner *)policy;
	}
}

static size_t engine_count_functions(const struct engine *engine, const struct engine_policy *added)
{
	size_t count = added ? added->hooks_count : 0;

	for (const struct engine_policy *one = engine->policies; one; one = one->next)
		count += one->hooks_count;
	return count;
}

static int members_collect(struct members *members, const struct change *change,
			   const struct hook *hook)
{
	size_t most = engine_count_functions(change->engine, change->added);
	bool is_in = false;

	members->items = calloc(most + 1, sizeof(*members->items));
	members->owners = calloc(most + 1, sizeof(struct hook_owner *));
	members->count = 0;
	if (!members->items || !members->owners)
		return -ENOMEM;
	for (struct engine_policy *one = change->engine->policies; one; one = one->next) {
		if (one != change->removed)
			members_add(members, one, hook);
		else if (change->added)
			members_add(members, change->added, hook);
		is_in = is_in || one == change->added || (one == change->removed && change->added);
	}
	if (change->added && !is_in)
		members_add(members, change->added, hook);
	return 0;
}

static bool policy_touches(const struct engine_policy *policy, const struct hook *hook)
{
	for (size_t i = 0; policy && i < policy->hooks_count; i++) {
		if (policy->hooks[i].point == hook)
			return true;
	}
	return false;
}

/* ---- staging
 * --------------------------------------------------------------------------------------- */

static void change_rollback(const struct change *change)
{
	for (struct hook *hook = change->engine->hooks; hook; hook = hook->next)
		hook_rollback(hook, &change->engine->space);
}

static bool hook_has_override(const struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->selectors.count; i++) {
		for (size_t j = 0; j < hook->selectors.items[i].actions.count; j++) {
			if (hook->selectors.items[i].actions.items[j].facts->kind ==
			    POLICY_ACTION_OVERRIDE)
				return true;
		}
	}
	return false;
}

/* Whether a policy may be without a hook that this kernel does not offer; then it is told, and the
 * rest works. */
static bool hook_may_be_missing(const struct engine *engine, const struct engine_hook *one,
				int error)
{
	const struct kernel_features *features = engine->options.features;
	bool has_hooks = features->has[KERNEL_FENTRY] || features->has[KERNEL_KPROBE];

	if (error == -ENOENT)
		return one->hook->ignore && one->hook->ignore->call_not_found.value;
	return error == -EOPNOTSUPP && !has_hooks && !hook_has_override(one->hook);
}

/* HOOK cannot be had: the policy goes without it, or not at all. */
static int change_do_without(const struct change *change, const struct hook *hook, int error,
			     const char *reason)
{
	for (size_t i = 0; i < change->added->hooks_count; i++) {
		struct engine_hook *one = &change->added->hooks[i];

		if (one->point != hook)
			continue;
		if (!hook_may_be_missing(change->engine, one, error)) {
			change_complain(change, change->added->policy, one->hook->call.place,
					reason);
			return error;
		}
		one->point = NULL;
		one->state = error == -ENOENT ? ENGINE_HOOK_NOT_FOUND : ENGINE_HOOK_NOT_AVAILABLE;
		free(one->reason);
		one->reason = strdup(reason);
		change->added->state = ENGINE_PARTIALLY_ENABLED;
	}
	return 0;
}

static int change_stage_hook(const struct change *change, struct hook *hook)
{
	_cleanup_diag_ struct diag diag = {};
	struct members members;
	int error = members_collect(&members, change, hook);

	if (!error)
		error = hook_stage(hook, &change->engine->space, members.items, members.owners,
				   members.count, &diag);
	free(members.items);
	free(members.owners);
	if (!error)
		return 0;
	if (policy_touches(change->added, hook) && change->added->policy)
		return change_do_without(change, hook, error,
					 diag.lines ? diag_get_text(&diag) : strerror(-error));
	diag_add(change->diag, "%s", diag.lines ? diag_get_text(&diag) : strerror(-error));
	return error;
}

static int change_stage(const struct change *change)
{
	int error = 0;

	for (struct hook *hook = change->engine->hooks; hook && !error; hook = hook->next) {
		if (policy_touches(change->removed, hook) || policy_touches(change->added, hook))
			error = change_stage_hook(change, hook);
	}
	if (!error)
		error = marks_update(change->engine->marks, change->diag);
	if (!error) {
		error = engine_watch_starts(change->engine);
		if (error)
			diag_add(change->diag, "cannot note what processes start with: %s",
				 strerror(-error));
	}
	if (error)
		change_rollback(change);
	return error;
}

/* ---- committing
 * ------------------------------------------------------------------------------------- */

static void engine_note_socks(struct engine *engine)
{
	uint32_t tracked = 0;

	for (const struct hook *hook = engine->hooks; hook; hook = hook->next)
		tracked |= hook->config.flags & WIRE_HOOK_SOCKS;
	*engine->socks_are_tracked = tracked != 0;
}

static void change_commit(const struct change *change)
{
	struct engine *engine = change->engine;

	for (struct hook *hook = engine->hooks; hook; hook = hook->next)
		hook_commit(hook, &engine->space);
	engine_note_socks(engine);
	engine_unwatch(engine);
}

/* Hooks without any program, and whose records have all been read. */
void engine_sweep_hooks(struct engine *engine)
{
	struct hook **link = &engine->hooks;

	while (*link) {
		struct hook *hook = *link;

		if (hook->memory_fd >= 0 || hook->views) {
			link = &hook->next;
			continue;
		}
		*link = hook->next;
		hook_free(hook, &engine->space);
	}
}

static void engine_link(const struct change *change)
{
	struct engine_policy **link = &change->engine->policies;

	while (*link && *link != change->removed)
		link = &(*link)->next;
	if (change->added) {
		change->added->next = *link ? (*link)->next : NULL;
		*link = change->added;
	} else if (*link) {
		*link = (*link)->next;
	}
}

static void change_finish_removed(const struct change *change)
{
	_cleanup_diag_ struct diag ignored = {};

	if (!change->removed)
		return;
	policy_unref_marks(change->engine, change->removed);
	change->engine->stats_taken[change->removed->stats] = 0;
	for (size_t i = 0; i < change->removed->hooks_count; i++)
		change->removed->hooks[i].point = NULL;
	engine_policy_unref(change->removed);
	marks_update(change->engine->marks, &ignored);
}

/* ---- the changes
 * ------------------------------------------------------------------------------------ */

static int change_check_support(const struct change *change)
{
	_cleanup_report_ struct report report = {};

	if (policy_check_support(change->added->policy, &report) == 0)
		return 0;
	report_tell(&report, change->diag);
	return -EINVAL;
}

/* None of its hooks works: then it is not loaded at all. */
static int change_check_any(const struct change *change)
{
	struct engine_policy *added = change->added;

	if (added->state != ENGINE_PARTIALLY_ENABLED)
		return 0;
	for (size_t i = 0; i < added->hooks_count; i++) {
		if (added->hooks[i].point)
			return 0;
	}
	for (size_t i = 0; i < added->hooks_count; i++)
		change_complain(change, added->policy, added->hooks[i].hook->call.place,
				added->hooks[i].reason);
	return added->hooks[0].state == ENGINE_HOOK_NOT_FOUND ? 0 : -EOPNOTSUPP;
}

static int change_run(const struct change *change)
{
	int error = change_check_support(change);

	if (!error)
		error = policy_find_functions(change);
	if (!error)
		error = policy_ref_marks(change);
	if (!error)
		error = change_stage(change);
	if (!error) {
		error = change_check_any(change);
		if (error)
			change_rollback(change);
	}
	if (error) {
		_cleanup_diag_ struct diag ignored = {};

		policy_unref_marks(change->engine, change->added);
		marks_update(change->engine->marks, &ignored);
		engine_sweep_hooks(change->engine);
		return error;
	}
	change_commit(change);
	engine_link(change);
	change_finish_removed(change);
	return 0;
}

static int engine_change(struct engine *engine, struct engine_policy *old, struct policy *policy,
			 const struct engine_add_options *options, struct diag *diag)
{
	struct change change = { .engine = engine, .removed = old, .diag = diag };
	int error;

	change.added = engine_policy_new(engine, options);
	if (!change.added) {
		policy_free(policy);
		diag_add(diag, "there are %d policies already; that is the limit",
			 WIRE_POLICIES_MAX);
		return -ENOSPC;
	}
	change.added->policy = policy;
	change.added->name = policy->metadata->name.data;
	change.added->namespace = policy->metadata->namespace.data;
	change.added->mode = policy->mode == POLICY_MODE_MONITOR_ONLY || options->mode < 0
				     ? policy->mode
				     : (enum policy_mode)options->mode;
	error = change_run(&change);
	if (error) {
		engine->stats_taken[change.added->stats] = 0;
		engine_policy_unref(change.added);
	}
	return error;
}

static struct engine_policy *engine_find_same(const struct engine *engine,
					      const struct policy *policy,
					      const struct engine_add_options *options)
{
	unsigned int count;

	return engine_find(engine, options->domain, policy->metadata->namespace.data,
			   policy->metadata->name.data, &count);
}

static int engine_refuse_same(struct policy *policy, struct diag *diag)
{
	diag_add(diag,
		 "there is a policy \"%s\" already; delete it first, or give this one another name",
		 policy->metadata->name.data);
	policy_free(policy);
	return -EEXIST;
}

int engine_add(struct engine *engine, struct policy *policy,
	       const struct engine_add_options *options, struct diag *diag)
{
	struct engine_policy *old = engine_find_same(engine, policy, options);

	if (old && old->state != ENGINE_LOAD_ERROR)
		return engine_refuse_same(policy, diag);
	return engine_change(engine, old, policy, options, diag);
}

int engine_replace(struct engine *engine, struct engine_policy *old, struct policy *policy,
		   const struct engine_add_options *options, struct diag *diag)
{
	struct engine_policy *same = engine_find_same(engine, policy, options);

	if (same && same != old)
		return engine_refuse_same(policy, diag);
	return engine_change(engine, old, policy, options, diag);
}

int engine_delete(struct engine *engine, struct engine_policy *policy, struct diag *diag)
{
	const struct change change = { .engine = engine, .removed = policy, .diag = diag };
	int error = change_stage(&change);

	if (error)
		return error;
	change_commit(&change);
	engine_link(&change);
	change_finish_removed(&change);
	return 0;
}

/* A policy that stays, as it is now: its rules are built anew. */
static int engine_reload(struct engine *engine, struct engine_policy *policy, struct diag *diag)
{
	const struct change change = { .engine = engine, .added = policy, .diag = diag };
	int error = change_stage(&change);

	if (!error)
		change_commit(&change);
	return error;
}

int engine_configure(struct engine *engine, struct engine_policy *policy, int enable, int mode,
		     struct diag *diag)
{
	enum engine_state old_state = policy->state;
	enum policy_mode old_mode = policy->mode;
	int error;

	if (policy->state == ENGINE_LOAD_ERROR) {
		diag_add(diag,
			 "policy \"%s\" is not loaded: it has errors; correct and add it again",
			 policy->name);
		return -EINVAL;
	}
	if (mode >= 0 && policy->mode == POLICY_MODE_MONITOR_ONLY) {
		diag_add(diag, "policy \"%s\" enforces nothing, so it has no mode to change",
			 policy->name);
		return -EINVAL;
	}
	if (mode >= 0)
		policy->mode = (enum policy_mode)mode;
	if (enable == 0)
		policy->state = ENGINE_DISABLED;
	else if (enable > 0 && policy->state == ENGINE_DISABLED)
		policy->state = ENGINE_ENABLED;
	for (size_t i = 0; enable > 0 && i < policy->hooks_count; i++) {
		if (!policy->hooks[i].point)
			policy->state = ENGINE_PARTIALLY_ENABLED;
	}
	error = engine_reload(engine, policy, diag);
	if (error) {
		policy->state = old_state;
		policy->mode = old_mode;
	}
	return error;
}

int engine_rebuild(struct engine *engine, struct diag *diag)
{
	const struct change change = { .engine = engine, .diag = diag };
	int error = 0;

	for (struct hook *hook = engine->hooks; hook && !error; hook = hook->next)
		error = change_stage_hook(&change, hook);
	if (error)
		change_rollback(&change);
	else
		change_commit(&change);
	return error;
}
