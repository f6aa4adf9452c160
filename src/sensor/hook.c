/* SPDX-License-Identifier: Apache-2.0 */
/* Staging, committing and undoing changes of one attach point. */
#include "sensor/hook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "sensor/memory.h"

/* ---- life
 * ----------------------------------------------------------------------------------------- */

static int number_take(struct hook_space *space)
{
	for (int i = 1; i < WIRE_HOOKS_MAX; i++) {
		if (space->numbers[i])
			continue;
		space->numbers[i] = 1;
		return i;
	}
	return -ENOSPC;
}

int hook_new(struct hook **out, struct hook_space *space, const char *function, bool is_syscall)
{
	struct hook *hook = calloc(1, sizeof(*hook));
	int number;

	if (!hook)
		return -ENOMEM;
	hook->function = strdup(function);
	number = hook->function ? number_take(space) : -ENOMEM;
	if (number < 0) {
		free(hook->function);
		free(hook);
		return number;
	}
	hook->number = (uint32_t)number;
	hook->is_syscall = is_syscall;
	hook->memory_fd = hook->parked_fd = -1;
	hook->change.memory_fd = hook->change.parked_fd = -1;
	attachment_init(&hook->attachment);
	attachment_init(&hook->change.attachment);
	attach_programs_init(&hook->programs);
	attach_programs_init(&hook->change.programs);
	*out = hook;
	return 0;
}

static void view_free(struct hook_view *view, struct hook_space *space)
{
	if (!view)
		return;
	for (size_t i = 0; i < view->count; i++)
		space->unref_owner(view->owners[i]);
	free(view->members);
	free(view->owners);
	free(view);
}

static void memory_release(int *fd, char **memory, uint32_t half_bytes)
{
	if (*memory)
		munmap(*memory, 2 * (size_t)half_bytes);
	*memory = NULL;
	cleanup_close(fd);
	*fd = -1;
}

static struct attach_target hook_get_target(const struct hook *hook)
{
	return (struct attach_target){ .function = hook->function,
				       .is_syscall = hook->is_syscall,
				       .btf_id = hook->attachment.btf_id };
}

void hook_detach(struct hook *hook, struct hook_space *space)
{
	struct attach_target target = hook_get_target(hook);

	attachment_close(&hook->attachment, &space->attach, &target);
	attach_programs_done(&hook->programs);
	memory_release(&hook->memory_fd, &hook->memory, hook->config.half_bytes);
	cleanup_close(&hook->parked_fd);
	hook->parked_fd = -1;
}

void hook_free(struct hook *hook, struct hook_space *space)
{
	if (!hook)
		return;
	hook_rollback(hook, space);
	if (hook->is_left)
		attachment_forget(&hook->attachment, &space->attach);
	hook_detach(hook, space);
	while (hook->views) {
		struct hook_view *view = hook->views;

		hook->views = view->older;
		view_free(view, space);
	}
	space->numbers[hook->number] = 0;
	rules_done(&hook->change.rules);
	free(hook->function);
	free(hook);
}

/* ---- waiting
 * -------------------------------------------------------------------------------------- */

/* The kernel waits for running programs before an update of such a map returns
 * (maybe_wait_bpf_programs, 4.18). */
void hook_space_wait(struct hook_space *space)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(space->grace_fd, &zero, &space->grace_inner_fd, BPF_ANY))
		log_debug("cannot wait for programs: %s", strerror(errno));
	space->grace_is_due = false;
}

/* ---- staging
 * -------------------------------------------------------------------------------------- */

static struct hook_view *view_new(struct hook_space *space, const struct rules_member *members,
				  struct hook_owner *const *owners, size_t count)
{
	struct hook_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->members = calloc(count + 1, sizeof(*view->members));
	view->owners = calloc(count + 1, sizeof(struct hook_owner *));
	if (!view->members || !view->owners) {
		view_free(view, space);
		return NULL;
	}
	memcpy(view->members, members, count * sizeof(*members));
	for (size_t i = 0; i < count; i++) {
		view->owners[i] = owners[i];
		space->ref_owner(owners[i]);
	}
	view->count = count;
	return view;
}

static int stage_memory(struct hook *hook)
{
	struct hook_change *change = &hook->change;
	uint32_t half = change->rules.config.half_bytes;
	void *memory;

	change->memory_fd = hook_memory_new(half);
	if (change->memory_fd < 0)
		return change->memory_fd;
	memory = mmap(NULL, 2 * (size_t)half, PROT_READ | PROT_WRITE, MAP_SHARED, change->memory_fd,
		      0);
	if (memory == MAP_FAILED)
		return -errno;
	change->memory = memory;
	if (!(change->rules.config.flags & WIRE_HOOK_RETURNS))
		return 0;
	change->parked_fd = hook_parked_new(change->rules.config.parked_bytes);
	return change->parked_fd < 0 ? change->parked_fd : 0;
}

/* Whether what is attached can carry programs of the new configuration. */
static bool attachment_suffices(const struct hook *hook, const struct wire_hook_config *config)
{
	enum hook_mechanism mechanism = hook->attachment.mechanism;
	bool overrides = config->flags & WIRE_HOOK_OVERRIDE;

	if (!hook->attachment.is_there)
		return false;
	if (!overrides)
		return true;
	return mechanism == MECHANISM_FMOD_RET ||
	       (mechanism == MECHANISM_KPROBE && kernel_can_inject(hook->function));
}

static int stage_load(struct hook *hook, struct hook_space *space,
		      const struct attachment *attachment)
{
	struct hook_change *change = &hook->change;

	return attach_programs_load(&change->programs, &space->attach, attachment,
				    &change->rules.config, change->memory_fd, change->parked_fd);
}

/* New programs for what is attached already. */
static int stage_into(struct hook *hook, struct hook_space *space)
{
	struct attach_target target = hook_get_target(hook);
	bool has_return = hook->attachment.links[ATTACH_RETURN] >= 0;
	int error = stage_load(hook, space, &hook->attachment);

	if (error || !(hook->change.rules.config.flags & WIRE_HOOK_RETURNS))
		return error;
	error = attachment_add_return(&hook->attachment, &space->attach, &target);
	hook->change.adds_return = !error && !has_return;
	return error;
}

/* The first mechanism of the ladder that the kernel takes. */
static int stage_attach(struct hook *hook, struct hook_space *space, const struct hook_offer *offer)
{
	struct hook_change *change = &hook->change;
	struct attach_target target = hook_get_target(hook);
	bool at_return = change->rules.config.flags & WIRE_HOOK_RETURNS;
	int error = -EOPNOTSUPP;

	target.btf_id = offer->btf_id;
	for (unsigned int i = 0; i < offer->count; i++) {
		error = attachment_open(&change->attachment, &space->attach, offer->mechanisms[i],
					&target, at_return);
		if (!error)
			error = stage_load(hook, space, &change->attachment);
		if (!error)
			return 0;
		attachment_close(&change->attachment, &space->attach, &target);
		log_debug("cannot hook \"%s\" by %s: %s", hook->function,
			  mechanism_get_name(offer->mechanisms[i]), strerror(-error));
	}
	return error;
}

static int stage_find_mechanism(struct hook *hook, struct hook_space *space, struct diag *diag)
{
	const struct wire_hook_config *config = &hook->change.rules.config;
	struct hook_wish wish = {
		.function = hook->function,
		.is_syscall = hook->is_syscall,
		.at_return = config->flags & WIRE_HOOK_RETURNS,
		.overrides = config->flags & WIRE_HOOK_OVERRIDE,
	};
	_cleanup_buf_ struct buf reason = {};
	struct hook_offer offer;
	int error;

	hook_offer_find(&offer, &wish, space->features, space->functions, space->allowed, &reason);
	if (!offer.count) {
		diag_add(diag, "%s", buf_text(&reason));
		return offer.exists ? -EOPNOTSUPP : -ENOENT;
	}
	error = stage_attach(hook, space, &offer);
	if (error)
		diag_add(diag, "cannot hook \"%s\": %s; the kernel's own words: --log-level trace",
			 hook->function, strerror(-error));
	return error;
}

static int stage_program(struct hook *hook, struct hook_space *space, struct diag *diag)
{
	int error = stage_memory(hook);

	if (error) {
		diag_add(diag, "no memory for the rules of \"%s\": %s", hook->function,
			 strerror(-error));
		return error;
	}
	hook->change.has_program = true;
	if (!attachment_suffices(hook, &hook->change.rules.config))
		return stage_find_mechanism(hook, space, diag);
	error = stage_into(hook, space);
	if (error)
		diag_add(diag, "cannot hook \"%s\": %s; the kernel's own words: --log-level trace",
			 hook->function, strerror(-error));
	return error;
}

/* Whether the program that is there does all that the new rules ask. */
static bool program_suffices(const struct hook *hook)
{
	return hook->memory_fd >= 0 &&
	       memcmp(&hook->config, &hook->change.rules.config, sizeof(hook->config)) == 0;
}

static int stage_rules(struct hook *hook, struct hook_space *space, struct diag *diag)
{
	struct hook_change *change = &hook->change;
	struct wire_hook_config *config = &change->rules.config;
	int error;

	*config = hook->config;
	config->hook = hook->number;
	config->has_bpf_loop = space->features->has[KERNEL_BPF_LOOP];
	change->view->generation = ++space->generation;
	error = rules_build(&change->rules, change->view->members, change->view->count,
			    change->view->generation, space->world, diag);
	if (error)
		return error;
	change->view->config = *config;
	return program_suffices(hook) ? 0 : stage_program(hook, space, diag);
}

int hook_stage(struct hook *hook, struct hook_space *space, const struct rules_member *members,
	       struct hook_owner *const *owners, size_t count, struct diag *diag)
{
	int error = 0;

	hook->change.is_staged = true;
	if (!count)
		return 0;
	hook->change.view = view_new(space, members, owners, count);
	if (!hook->change.view)
		return -ENOMEM;
	error = stage_rules(hook, space, diag);
	if (error)
		hook_rollback(hook, space);
	return error;
}

void hook_rollback(struct hook *hook, struct hook_space *space)
{
	struct hook_change *change = &hook->change;
	struct attach_target target = hook_get_target(hook);

	if (!change->is_staged)
		return;
	attachment_close(&change->attachment, &space->attach, &target);
	attach_programs_done(&change->programs);
	if (change->adds_return)
		attachment_drop_return(&hook->attachment);
	memory_release(&change->memory_fd, &change->memory, change->rules.config.half_bytes);
	cleanup_close(&change->parked_fd);
	change->parked_fd = -1;
	view_free(change->view, space);
	change->view = NULL;
	change->is_staged = change->has_program = change->adds_return = false;
}

/* ---- committing
 * ----------------------------------------------------------------------------------- */

/* Behind the word that says which half holds. */
static void memory_write(char *memory, const struct wire_hook_config *config, uint32_t half,
			 const struct buf *rules)
{
	const size_t begin = offsetof(struct wire_rules, generation);

	memcpy(memory + (size_t)half * config->half_bytes + begin, rules->data + begin,
	       rules->bytes - begin);
}

bool hook_swaps_rules(const struct hook *hook)
{
	return hook->change.is_staged && hook->change.view && !hook->change.has_program;
}

/* New rules for the program that is there: written into the half that is not in use, then made
 * valid by one store. */
static void commit_rules(struct hook *hook, struct hook_space *space)
{
	struct wire_rules *first = (struct wire_rules *)hook->memory;
	uint32_t other = !(first->half & 1);

	memory_write(hook->memory, &hook->config, other, &hook->change.rules.memory);
	__atomic_store_n(&first->half, other, __ATOMIC_RELEASE);
	space->grace_is_due = true;
}

/*
 * The programs take their places in one step each. Where another mechanism takes over, it begins
 * before the old one ends: a call in between is told twice rather than not at all.
 */
static void commit_program(struct hook *hook, struct hook_space *space)
{
	struct hook_change *change = &hook->change;
	struct attach_target target = hook_get_target(hook);
	struct attachment *attachment =
		change->attachment.is_there ? &change->attachment : &hook->attachment;
	int error;

	memory_write(change->memory, &change->rules.config, 0, &change->rules.memory);
	error = attachment_put(attachment, &space->attach, &target, &change->programs);
	if (error)
		log_error("cannot put programs on \"%s\": %s", hook->function, strerror(-error));
	if (change->attachment.is_there) {
		attachment_close(&hook->attachment, &space->attach, &target);
		hook->attachment = change->attachment;
		attachment_init(&change->attachment);
	}
	attach_programs_done(&hook->programs);
	memory_release(&hook->memory_fd, &hook->memory, hook->config.half_bytes);
	cleanup_close(&hook->parked_fd);
	hook->programs = change->programs;
	hook->config = change->rules.config;
	hook->memory_fd = change->memory_fd;
	hook->memory = change->memory;
	hook->parked_fd = change->parked_fd;
	change->memory_fd = change->parked_fd = -1;
	change->memory = NULL;
	attach_programs_init(&change->programs);
}

void hook_commit(struct hook *hook, struct hook_space *space)
{
	struct hook_change *change = &hook->change;

	if (!change->is_staged)
		return;
	if (hook->views)
		hook->views->is_retired = false;
	if (!change->view) {
		hook_detach(hook, space);
		hook->config = (struct wire_hook_config){};
	} else if (change->has_program) {
		commit_program(hook, space);
	} else {
		commit_rules(hook, space);
	}
	if (change->view) {
		change->view->older = hook->views;
		hook->views = change->view;
	}
	change->view = NULL;
	change->is_staged = change->has_program = change->adds_return = false;
}

/* ---- what records mean
 * ------------------------------------------------------------------------------ */

const struct hook_view *hook_find_view(const struct hook *hook, uint32_t generation)
{
	for (const struct hook_view *view = hook->views; view; view = view->older) {
		if (view->generation == generation)
			return view;
	}
	return NULL;
}

/* A view that another one replaced before the last tick: all its records have been read since. */
void hook_expire_views(struct hook *hook, struct hook_space *space)
{
	bool is_attached = hook->memory_fd >= 0;
	struct hook_view **link = hook->views && is_attached ? &hook->views->older : &hook->views;

	while (*link) {
		struct hook_view *view = *link;

		if (!view->is_retired) {
			view->is_retired = true;
			link = &view->older;
			continue;
		}
		*link = view->older;
		view_free(view, space);
	}
}

uint64_t hook_count_bytes(const struct hook *hook)
{
	return memory_of_map(hook->memory_fd) + memory_of_map(hook->parked_fd) +
	       memory_of_program(hook->programs.fds[ATTACH_ENTRY]) +
	       memory_of_program(hook->programs.fds[ATTACH_RETURN]);
}
