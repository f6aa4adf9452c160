/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the policies that are loaded. One path for all of them: which policies come and leave
 * -> the hooks that this touches, each with its members -> all staged -> all committed, or none.
 * Policies that come are in the list from the beginning of a change, those that leave until its
 * end.
 */
#include "sensor/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "kernel/types.h"
#include "policy/check_kernel.h"
#include "policy/support.h"

/* The text of a diagnosis without its last newline. */
static const char *diag_get_text(struct diag *diag)
{
	if (diag->text.bytes && diag->text.data[diag->text.bytes - 1] == '\n')
		diag->text.bytes--;
	return buf_text(&diag->text);
}

/* ---- members
 * --------------------------------------------------------------------------------------- */

struct members {
	struct rules_member *items; /* owned */
	struct hook_owner **owners; /* owned */
	size_t count;
};

/* When the change is through. */
static bool policy_is_loaded(const struct engine_policy *policy)
{
	return policy->phase != ENGINE_LEAVES &&
	       (policy->state == ENGINE_ENABLED || policy->state == ENGINE_PARTIALLY_ENABLED);
}

/* A function that stands in a list twice is hooked once. */
static bool members_end_with(const struct members *members, const struct policy_hook *hook)
{
	return members->count && members->items[members->count - 1].hook == hook;
}

static void members_add(struct members *members, struct engine_policy *policy,
			const struct hook *hook)
{
	for (size_t i = 0; policy_is_loaded(policy) && i < policy->hooks_count; i++) {
		if (policy->hooks[i].point != hook ||
		    members_end_with(members, policy->hooks[i].hook))
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

static size_t engine_count_functions(const struct engine *engine)
{
	size_t count = 0;

	for (const struct engine_policy *one = engine->policies; one; one = one->next)
		count += one->hooks_count;
	return count;
}

static int members_collect(struct members *members, const struct engine *engine,
			   const struct hook *hook)
{
	size_t most = engine_count_functions(engine);

	members->items = calloc(most + 1, sizeof(*members->items));
	members->owners = calloc(most + 1, sizeof(struct hook_owner *));
	members->count = 0;
	if (!members->items || !members->owners)
		return -ENOMEM;
	for (struct engine_policy *one = engine->policies; one; one = one->next)
		members_add(members, one, hook);
	return 0;
}

static void policy_touch(const struct engine_policy *policy)
{
	for (size_t i = 0; i < policy->hooks_count; i++) {
		if (policy->hooks[i].point)
			policy->hooks[i].point->is_touched = true;
	}
}

static bool policy_names(const struct engine_policy *policy, const struct hook *hook)
{
	for (size_t i = 0; i < policy->hooks_count; i++) {
		if (policy->hooks[i].point == hook)
			return true;
	}
	return false;
}

/* ---- staging
 * --------------------------------------------------------------------------------------- */

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

/* HOOK cannot be had: POLICY goes without it, or not at all. */
static int policy_do_without(const struct engine *engine, struct engine_policy *policy,
			     const struct hook *hook, int error, const char *reason,
			     struct diag *diag)
{
	for (size_t i = 0; i < policy->hooks_count; i++) {
		struct engine_hook *one = &policy->hooks[i];

		if (one->point != hook)
			continue;
		if (!hook_may_be_missing(engine, one, error)) {
			engine_complain(policy->policy, one->hook->call.place, reason, diag);
			return error;
		}
		one->point = NULL;
		one->state = error == -ENOENT ? ENGINE_HOOK_NOT_FOUND : ENGINE_HOOK_NOT_AVAILABLE;
		free(one->reason);
		one->reason = strdup(reason);
		policy->state = ENGINE_PARTIALLY_ENABLED;
	}
	return 0;
}

/* The same for the one that comes and names it. If several do, one of them may be to blame and the
 * others not: then, as if none did, it is an error of the change. */
static int change_do_without(struct engine *engine, const struct hook *hook, int error,
			     const char *reason, struct diag *diag)
{
	struct engine_policy *named = NULL;
	unsigned int count = 0;

	for (struct engine_policy *one = engine->policies; one; one = one->next) {
		if (one->phase != ENGINE_COMES || !policy_names(one, hook))
			continue;
		named = one;
		count++;
	}
	if (count == 1)
		return policy_do_without(engine, named, hook, error, reason, diag);
	diag_add(diag, "%s", reason);
	return error;
}

static int change_stage_hook(struct engine *engine, struct hook *hook, struct diag *diag)
{
	_cleanup_diag_ struct diag reason = {};
	struct members members;
	int error = members_collect(&members, engine, hook);

	if (!error)
		error = hook_stage(hook, &engine->space, members.items, members.owners,
				   members.count, &reason);
	free(members.items);
	free(members.owners);
	return error ? change_do_without(engine, hook, error,
					 reason.lines ? diag_get_text(&reason) : strerror(-error),
					 diag)
		     : 0;
}

static void change_unstage(struct engine *engine)
{
	for (struct hook *hook = engine->hooks; hook; hook = hook->next) {
		hook_rollback(hook, &engine->space);
		hook->is_touched = false;
	}
}

/* Everything that is touched; after an error nothing is. */
static int change_stage(struct engine *engine, struct diag *diag)
{
	int error = 0;

	for (struct hook *hook = engine->hooks; hook && !error; hook = hook->next) {
		if (hook->is_touched)
			error = change_stage_hook(engine, hook, diag);
	}
	if (!error)
		error = marks_update(engine->marks, diag);
	if (!error) {
		error = engine_watch_starts(engine);
		if (error)
			diag_add(diag, "cannot note what processes start with: %s",
				 strerror(-error));
	}
	if (error)
		change_unstage(engine);
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

/* Somebody may still read what was valid before the change before this one. */
static void engine_wait_for_readers(struct engine *engine)
{
	bool swaps = false;

	for (const struct hook *hook = engine->hooks; hook; hook = hook->next)
		swaps = swaps || hook_swaps_rules(hook);
	if (swaps && engine->space.grace_is_due)
		hook_space_wait(&engine->space);
}

static void change_commit(struct engine *engine)
{
	engine_wait_for_readers(engine);
	for (struct hook *hook = engine->hooks; hook; hook = hook->next) {
		hook_commit(hook, &engine->space);
		hook->is_touched = false;
	}
	engine_note_socks(engine);
	engine_unwatch(engine);
}

/* Whether a policy has it, be it that it is disabled. */
static bool hook_is_named(const struct engine *engine, const struct hook *hook)
{
	for (const struct engine_policy *one = engine->policies; one; one = one->next) {
		if (policy_names(one, hook))
			return true;
	}
	return false;
}

/* Hooks without any program, and whose records have all been read. */
void engine_sweep_hooks(struct engine *engine)
{
	struct hook **link = &engine->hooks;

	while (*link) {
		struct hook *hook = *link;

		if (hook->memory_fd >= 0 || hook->views || hook_is_named(engine, hook)) {
			link = &hook->next;
			continue;
		}
		*link = hook->next;
		hook_free(hook, &engine->space);
	}
}

/* ---- policies that come and leave
 * ------------------------------------------------------------------- */

static void policy_leave(struct engine_policy *policy)
{
	policy->phase = ENGINE_LEAVES;
	policy_touch(policy);
}

static int policy_check(const struct engine_policy *policy, struct diag *diag)
{
	_cleanup_report_ struct report report = {};

	if (policy_check_support(policy->policy, &report) == 0)
		return 0;
	report_tell(&report, diag);
	return -EINVAL;
}

/*
 * Arguments that the function does not have, or that point to something else: told and not
 * refused, as upstream does; what is read then says so itself or makes no sense. The types of the
 * kernel take long to read, so the index of functions is asked first.
 */
static void policy_check_arguments(const struct engine *engine, const struct engine_policy *policy,
				   struct diag *diag)
{
	_cleanup_report_ struct report report = {};
	struct kernel_types *types = NULL;
	bool fits = true;

	for (size_t i = 0; i < policy->hooks_count; i++)
		fits = fits && policy_may_fit(policy->hooks[i].hook, policy->hooks[i].function,
					      engine->options.functions);
	if (fits || kernel_types_open(&types, engine->options.btf_path))
		return;
	policy_check_kernel(policy->policy, types, &report);
	kernel_types_close(types);
	report_tell(&report, diag);
}

static void engine_link(struct engine *engine, struct engine_policy *policy,
			struct engine_policy *before)
{
	struct engine_policy **link = before ? &before->next : &engine->policies;

	while (*link && !before)
		link = &(*link)->next;
	policy->next = *link;
	*link = policy;
}

static int policy_come(struct engine *engine, const struct engine_step *step, struct diag *diag)
{
	const struct policy_metadata *metadata = step->added->metadata;
	struct engine_policy *policy;
	unsigned int count;
	int error;

	if (engine_find(engine, step->options.domain, metadata->namespace.data, metadata->name.data,
			&count)) {
		diag_add(
			diag,
			"there is a policy \"%s\" already; delete it first, or give this one another name",
			metadata->name.data);
		return -EEXIST;
	}
	policy = engine_policy_new(engine, &step->options);
	if (!policy) {
		diag_add(diag, "there are %d policies already; that is the limit",
			 WIRE_POLICIES_MAX);
		return -ENOSPC;
	}
	policy->phase = ENGINE_COMES;
	policy->state = step->options.is_disabled ? ENGINE_DISABLED : ENGINE_ENABLED;
	policy->policy = step->added;
	policy->name = metadata->name.data;
	policy->namespace = metadata->namespace.data;
	policy->mode = step->added->mode == POLICY_MODE_MONITOR_ONLY || step->options.mode < 0
			       ? step->added->mode
			       : (enum policy_mode)step->options.mode;
	engine_link(engine, policy, step->removed);
	error = policy_check(policy, diag);
	if (!error)
		error = engine_policy_find_functions(engine, policy, diag);
	policy_touch(policy);
	if (!error)
		policy_check_arguments(engine, policy, diag);
	return error ? error : engine_policy_ref_marks(engine, policy, diag);
}

/* None of its hooks works: then it is not loaded at all. */
static int policy_check_any(const struct engine_policy *policy, struct diag *diag)
{
	if (policy->phase != ENGINE_COMES || policy->state != ENGINE_PARTIALLY_ENABLED)
		return 0;
	for (size_t i = 0; i < policy->hooks_count; i++) {
		if (policy->hooks[i].point)
			return 0;
	}
	for (size_t i = 0; i < policy->hooks_count; i++)
		engine_complain(policy->policy, policy->hooks[i].hook->call.place,
				policy->hooks[i].reason, diag);
	return policy->hooks[0].state == ENGINE_HOOK_NOT_FOUND ? 0 : -EOPNOTSUPP;
}

static void engine_unlink(struct engine *engine, struct engine_policy **link)
{
	struct engine_policy *policy = *link;

	*link = policy->next;
	engine_policy_unref_marks(engine, policy);
	engine->stats_taken[policy->stats] = 0;
	for (size_t i = 0; i < policy->hooks_count; i++)
		policy->hooks[i].point = NULL;
	engine_policy_unref(policy);
}

/* Takes those of PHASE out of the list; the others stay. */
static void engine_settle(struct engine *engine, enum engine_phase phase)
{
	_cleanup_diag_ struct diag ignored = {};
	struct engine_policy **link = &engine->policies;

	while (*link) {
		if ((*link)->phase == phase) {
			engine_unlink(engine, link);
		} else {
			(*link)->phase = ENGINE_STAYS;
			link = &(*link)->next;
		}
	}
	marks_update(engine->marks, &ignored);
}

/* What came goes back to who gave it. */
static void change_undo(struct engine *engine)
{
	change_unstage(engine);
	for (struct engine_policy *one = engine->policies; one; one = one->next) {
		if (one->phase != ENGINE_COMES)
			continue;
		one->policy = NULL;
		one->name = one->namespace = NULL;
	}
	engine_settle(engine, ENGINE_COMES);
	engine_unwatch(engine);
	engine_sweep_hooks(engine);
}

/* ---- the changes
 * ------------------------------------------------------------------------------------ */

static int change_prepare(struct engine *engine, const struct engine_step *steps, size_t count,
			  struct diag *diag)
{
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		if (steps[i].removed)
			policy_leave(steps[i].removed);
	}
	for (size_t i = 0; i < count && !error; i++) {
		if (steps[i].added)
			error = policy_come(engine, &steps[i], diag);
	}
	if (!error)
		error = change_stage(engine, diag);
	for (struct engine_policy *one = engine->policies; one && !error; one = one->next)
		error = policy_check_any(one, diag);
	return error;
}

static int change_make(struct engine *engine, const struct engine_step *steps, size_t count,
		       struct diag *diag)
{
	int error = change_prepare(engine, steps, count, diag);

	if (error) {
		change_undo(engine);
		return error;
	}
	change_commit(engine);
	engine_settle(engine, ENGINE_LEAVES);
	return 0;
}

int engine_change(struct engine *engine, const struct engine_step *steps, size_t count,
		  struct diag *diag)
{
	uint64_t began_ns = clock_read_ns(CLOCK_MONOTONIC);
	int error = change_make(engine, steps, count, diag);

	engine->changes.last_ns = clock_read_ns(CLOCK_MONOTONIC) - began_ns;
	engine->changes.total_ns += engine->changes.last_ns;
	engine->changes.done += !error;
	engine->changes.failed += error != 0;
	return error;
}

int engine_add(struct engine *engine, struct policy *policy,
	       const struct engine_add_options *options, struct diag *diag)
{
	struct engine_step step = { .added = policy, .options = *options };
	unsigned int count;

	step.removed = engine_find(engine, options->domain, policy->metadata->namespace.data,
				   policy->metadata->name.data, &count);
	if (step.removed && step.removed->state != ENGINE_LOAD_ERROR)
		step.removed = NULL;
	return engine_change(engine, &step, 1, diag);
}

int engine_delete(struct engine *engine, struct engine_policy *policy, struct diag *diag)
{
	const struct engine_step step = { .removed = policy };

	return engine_change(engine, &step, 1, diag);
}

/* The rules of what is touched, with the policies as they are now. */
static int engine_reload(struct engine *engine, struct diag *diag)
{
	int error = change_stage(engine, diag);

	if (!error)
		change_commit(engine);
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
	policy_touch(policy);
	error = engine_reload(engine, diag);
	if (error) {
		policy->state = old_state;
		policy->mode = old_mode;
	}
	return error;
}

int engine_rebuild(struct engine *engine, struct diag *diag)
{
	/* one that was taken over, and that no policy has asked for yet, goes on as it is */
	for (struct hook *hook = engine->hooks; hook; hook = hook->next)
		hook->is_touched = hook->memory_fd >= 0;
	return engine_reload(engine, diag);
}
