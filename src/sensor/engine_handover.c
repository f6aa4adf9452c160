/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies and hooks from one agent to the next. What is left of a hook: its way in with the
 * program in it, its number, and what the bits of its newest records mean. For that the texts of
 * the policies are left, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/programs.h"
#include "sensor/engine_private.h"

static const char *const moment_names[ATTACH_MOMENTS] = { "entry", "return" };

/* ---- leaving
 * ----------------------------------------------------------------------------------- */

static json_t *policy_leave(const struct engine_policy *policy)
{
	const struct span *text = &policy->policy->source.text;

	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:s%}", "name", policy->name, "namespace",
			 policy->namespace, "domain", policy->domain, "source", policy->source,
			 "mode", (int)policy->mode, "is_disabled", policy->state == ENGINE_DISABLED,
			 "text", text->data, text->bytes);
}

/* The number of POLICY among those that are left; -1: it is none of them. */
static int engine_find_place(const struct engine *engine, const struct engine_policy *policy)
{
	int place = 0;

	for (const struct engine_policy *one = engine->policies; one; one = one->next) {
		if (one == policy)
			return place;
		place += one->policy != NULL;
	}
	return -1;
}

static int policy_find_hook(const struct policy *policy, const struct policy_hook *hook)
{
	for (size_t i = 0; i < policy->hooks_count; i++) {
		if (policy->hooks[i] == hook)
			return (int)i;
	}
	return -1;
}

/* A member without its pointers. */
static json_t *member_leave(const struct engine *engine, const struct hook_view *view, size_t index)
{
	const struct rules_member *member = &view->members[index];
	struct rules_member plain = *member;
	json_t *left = json_pack(
		"{s:i, s:i}", "policy",
		engine_find_place(engine, (const struct engine_policy *)view->owners[index]),
		"hook", policy_find_hook(member->policy, member->hook));

	plain.policy = NULL;
	plain.hook = NULL;
	if (left)
		handover_set_bytes(left, "member", &plain, sizeof(plain));
	return left;
}

static json_t *view_leave(const struct engine *engine, const struct hook_view *view)
{
	json_t *members = json_array(), *left;

	for (size_t i = 0; i < view->count; i++)
		json_array_append_new(members, member_leave(engine, view, i));
	left = json_pack("{s:I, s:o}", "generation", (json_int_t)view->generation, "members",
			 members);
	if (left)
		handover_set_bytes(left, "config", &view->config, sizeof(view->config));
	return left;
}

static int hook_put_names(const struct hook *hook, struct pins *pins)
{
	const struct attachment *attachment = &hook->attachment;
	int error = 0;

	for (int i = 0; i < ATTACH_MOMENTS && !error; i++) {
		if (attachment->links[i] < 0)
			continue;
		error = pins_put(pins, attachment->slots[i], "slot_%u_%s", hook->number,
				 moment_names[i]);
		if (!error)
			error = pins_put(pins, attachment->links[i], "link_%u_%s", hook->number,
					 moment_names[i]);
	}
	return error;
}

/* All or nothing: a way in without its slot would stay, and do nothing. */
static void hook_drop_names(const struct hook *hook, struct pins *pins)
{
	for (int i = 0; i < ATTACH_MOMENTS; i++) {
		pins_drop(pins, "slot_%u_%s", hook->number, moment_names[i]);
		pins_drop(pins, "link_%u_%s", hook->number, moment_names[i]);
	}
}

static json_t *hook_leave(const struct engine *engine, struct hook *hook)
{
	json_t *left = json_pack("{s:i, s:s, s:b, s:i, s:b, s:I}", "number", (int)hook->number,
				 "function", hook->function, "is_syscall", hook->is_syscall,
				 "mechanism", (int)hook->attachment.mechanism, "uses_dispatch",
				 hook->attachment.uses_dispatch, "btf_id",
				 (json_int_t)hook->attachment.btf_id);

	hook->is_left = left != NULL;
	if (left && hook->views)
		json_object_set_new(left, "view", view_leave(engine, hook->views));
	return left;
}

static json_t *engine_leave_hooks(struct engine *engine, struct pins *pins, struct diag *diag)
{
	json_t *hooks = json_array();

	for (struct hook *hook = engine->hooks; hook; hook = hook->next) {
		int error = hook->memory_fd < 0 ? 0 : hook_put_names(hook, pins);

		if (error) {
			hook_drop_names(hook, pins);
			diag_add(diag, "the hook on \"%s\" ends with the agent: %s", hook->function,
				 strerror(-error));
		} else if (hook->memory_fd >= 0) {
			json_array_append_new(hooks, hook_leave(engine, hook));
		}
	}
	return hooks;
}

static void links_leave(const int *links, int count, struct pins *pins, const char *name,
			struct diag *diag)
{
	for (int i = 0; i < count; i++) {
		int error = links[i] < 0 ? 0 : pins_put(pins, links[i], "%s_%d", name, i);

		if (error)
			diag_add(diag, "\"%s\" ends with the agent: %s", name, strerror(-error));
	}
}

void engine_leave(struct engine *engine, struct handover *handover, struct diag *diag)
{
	json_t *policies = json_array();

	for (const struct engine_policy *one = engine->policies; one; one = one->next) {
		json_t *left = one->policy ? policy_leave(one) : NULL;

		if (one->policy && !left)
			diag_add(diag, "policy \"%s\" is not left: its text is not UTF-8",
				 one->name);
		/* their places are their numbers */
		if (one->policy)
			json_array_append_new(policies, left ? left : json_null());
	}
	json_object_set_new(handover->root, "policies", policies);
	json_object_set_new(handover->root, "generation", json_integer(engine->space.generation));
	json_object_set_new(handover->root, "marks", marks_leave(engine->marks, handover->pins));
	links_leave(engine->watch_links, 2, handover->pins, "watch", diag);
	links_leave(engine->note_links, ENGINE_NOTE_LINKS, handover->pins, "note", diag);
	links_leave(engine->space.attach.dispatch_links, 2, handover->pins, "dispatch", diag);
	json_object_set_new(handover->root, "hooks",
			    engine_leave_hooks(engine, handover->pins, diag));
}

/* ---- taking over
 * ------------------------------------------------------------------------------- */

/* Policies as they were, for the meaning of bits only. */
struct left_policies {
	struct engine_policy **list; /* owned, a reference each; NULL: one that cannot be read */
	size_t count;
};

static struct engine_policy *policy_take(const json_t *left)
{
	_cleanup_report_ struct report report = {};
	struct engine_policy *policy = calloc(1, sizeof(*policy));
	const char *text = handover_get_text(left, "text");

	if (!policy)
		return NULL;
	policy->refs = 1;
	policy->domain = strdup(handover_get_text(left, "domain"));
	policy->source = strdup(handover_get_text(left, "source"));
	if (policy->domain && policy->source &&
	    policy_read_text(policy->source, span_of(text), &report, &policy->policy) == 0) {
		policy->name = policy->policy->metadata->name.data;
		policy->namespace = policy->policy->metadata->namespace.data;
		return policy;
	}
	engine_policy_unref(policy);
	return NULL;
}

static void left_policies_take(struct left_policies *policies, const json_t *left)
{
	policies->count = json_array_size(left);
	policies->list = calloc(policies->count + 1, sizeof(struct engine_policy *));
	if (!policies->list)
		policies->count = 0;
	for (size_t i = 0; i < policies->count; i++)
		policies->list[i] = policy_take(json_array_get(left, i));
}

static void left_policies_done(struct left_policies *policies)
{
	for (size_t i = 0; i < policies->count; i++) {
		if (policies->list[i])
			engine_policy_unref(policies->list[i]);
	}
	free(policies->list);
}

/* False: it belongs to a policy that cannot be read. */
static bool member_take(struct hook_view *view, const struct left_policies *policies,
			const json_t *left)
{
	struct rules_member *member = &view->members[view->count];
	uint64_t place = handover_get_uint(left, "policy"), hook = handover_get_uint(left, "hook");
	struct engine_policy *policy = place < policies->count ? policies->list[place] : NULL;
	size_t selectors;

	if (!policy || hook >= policy->policy->hooks_count ||
	    !handover_get_bytes(left, "member", member, sizeof(*member)))
		return false;
	member->policy = policy->policy;
	member->hook = policy->policy->hooks[hook];
	selectors = member->hook->selectors.count;
	if (member->bits != (selectors ? selectors : 1))
		return false;
	engine_policy_ref(policy);
	view->owners[view->count++] = (struct hook_owner *)policy;
	return true;
}

static void view_take(struct hook *hook, const struct left_policies *policies, const json_t *left)
{
	const json_t *members = json_object_get(left, "members");
	struct hook_view *view = calloc(1, sizeof(*view));

	if (!view)
		return;
	view->generation = (uint32_t)handover_get_uint(left, "generation");
	view->members = calloc(json_array_size(members) + 1, sizeof(*view->members));
	view->owners = calloc(json_array_size(members) + 1, sizeof(struct hook_owner *));
	if (!view->members || !view->owners ||
	    !handover_get_bytes(left, "config", &view->config, sizeof(view->config))) {
		free(view->members);
		free(view->owners);
		free(view);
		return;
	}
	for (size_t i = 0; i < json_array_size(members); i++) {
		if (!member_take(view, policies, json_array_get(members, i)))
			log_debug("a policy on \"%s\" cannot be read any more", hook->function);
	}
	hook->views = view;
}

static bool slot_is_one(int slot)
{
	struct bpf_map_info info = {};
	uint32_t bytes = sizeof(info);

	return slot >= 0 && bpf_obj_get_info_by_fd(slot, &info, &bytes) == 0 &&
	       info.type == BPF_MAP_TYPE_PROG_ARRAY;
}

/* Both or none: a way in whose slot is lost would run its old program for ever. */
static void moment_take(struct attachment *attachment, int moment, unsigned int number,
			const struct pins *pins)
{
	_cleanup_close_ int link = pins_get(pins, "link_%u_%s", number, moment_names[moment]);
	_cleanup_close_ int slot = pins_get(pins, "slot_%u_%s", number, moment_names[moment]);

	if (link < 0 || !slot_is_one(slot))
		return;
	attachment->enters[moment] = kernel_link_open_program(link);
	attachment->links[moment] = TAKE_FD(link);
	attachment->slots[moment] = TAKE_FD(slot);
}

/* False: nothing of it is attached any more. */
static bool attachment_take(struct hook *hook, struct attach_space *space, const json_t *left,
			    const struct pins *pins)
{
	struct attachment *attachment = &hook->attachment;
	uint64_t mechanism = handover_get_uint(left, "mechanism");

	if (mechanism >= MECHANISMS)
		return false;
	attachment->mechanism = (enum hook_mechanism)mechanism;
	attachment->btf_id = (uint32_t)handover_get_uint(left, "btf_id");
	for (int i = 0; i < ATTACH_MOMENTS; i++)
		moment_take(attachment, i, hook->number, pins);
	if (attachment->mechanism == MECHANISM_SUBSTITUTE)
		attachment->substitute = substitute_find(hook->function, hook->is_syscall);
	attachment->uses_dispatch = json_is_true(json_object_get(left, "uses_dispatch")) &&
				    attachment->substitute && space->dispatch_links[0] >= 0 &&
				    space->dispatch_links[1] >= 0;
	space->dispatch_users += attachment->uses_dispatch;
	attachment->is_there = attachment->links[ATTACH_ENTRY] >= 0 || attachment->uses_dispatch;
	return attachment->is_there;
}

static void hook_take(struct engine *engine, const struct left_policies *policies,
		      const json_t *left, const struct pins *pins)
{
	uint64_t number = handover_get_uint(left, "number");
	const char *function = handover_get_text(left, "function");
	struct hook *hook;

	if (!number || number >= WIRE_HOOKS_MAX || engine->space.numbers[number] ||
	    hook_new(&hook, &engine->space, function,
		     json_is_true(json_object_get(left, "is_syscall"))))
		return;
	engine->space.numbers[hook->number] = 0;
	engine->space.numbers[number] = 1;
	hook->number = (uint32_t)number;
	if (!attachment_take(hook, &engine->space.attach, left, pins)) {
		hook_free(hook, &engine->space);
		return;
	}
	view_take(hook, policies, json_object_get(left, "view"));
	hook->next = engine->hooks;
	engine->hooks = hook;
}

static void links_take(int *links, int count, const struct pins *pins, const char *name)
{
	for (int i = 0; i < count; i++) {
		links[i] = pins_get(pins, "%s_%d", name, i);
		if (links[i] < 0)
			links[i] = -1;
	}
}

void engine_take(struct engine *engine, const struct handover *handover)
{
	const json_t *hooks = json_object_get(handover->root, "hooks");
	struct left_policies policies = {};

	engine->space.generation = (uint32_t)handover_get_uint(handover->root, "generation");
	marks_take(engine->marks, json_object_get(handover->root, "marks"), handover->pins);
	links_take(engine->taken_watch_links, 2, handover->pins, "watch");
	links_take(engine->note_links, ENGINE_NOTE_LINKS, handover->pins, "note");
	links_take(engine->space.attach.dispatch_links, 2, handover->pins, "dispatch");
	for (int i = 0; i < 2; i++)
		engine->space.attach.dispatch_fds[i] =
			kernel_link_open_program(engine->space.attach.dispatch_links[i]);
	left_policies_take(&policies, json_object_get(handover->root, "policies"));
	for (size_t i = 0; i < json_array_size(hooks); i++)
		hook_take(engine, &policies, json_array_get(hooks, i), handover->pins);
	left_policies_done(&policies);
}

void engine_end_taking(struct engine *engine)
{
	_cleanup_diag_ struct diag ignored = {};

	for (struct hook *hook = engine->hooks; hook; hook = hook->next) {
		if (hook->attachment.is_there && hook->memory_fd < 0)
			hook_detach(hook, &engine->space);
	}
	marks_end_taking(engine->marks);
	marks_update(engine->marks, &ignored);
	for (int i = 0; i < 2; i++) {
		cleanup_close(&engine->taken_watch_links[i]);
		engine->taken_watch_links[i] = -1;
	}
	dispatch_drop_unused(&engine->space.attach);
	engine_unwatch(engine);
}
