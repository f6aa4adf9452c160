/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's life, its lookups, and what records belong to. */
#include "sensor/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "sensor/sensor_private.h"

static void text_replace(char **text, const char *by)
{
	char *copy = strdup(by);

	if (!copy)
		return;
	free(*text);
	*text = copy;
}

void engine_set_error(struct engine_policy *policy, const char *error)
{
	text_replace(&policy->error, error);
}

void engine_set_source(struct engine_policy *policy, const char *source)
{
	text_replace(&policy->source, source);
}

struct engine_policy *engine_find(const struct engine *engine, const char *domain,
				  const char *namespace, const char *name, unsigned int *out_count)
{
	struct engine_policy *found = NULL;

	*out_count = 0;
	for (struct engine_policy *one = engine->policies; one; one = one->next) {
		if (one->phase == ENGINE_LEAVES || strcmp(one->name, name) != 0 ||
		    strcmp(one->namespace, namespace) != 0 ||
		    (*domain && strcmp(one->domain, domain) != 0))
			continue;
		found = one;
		++*out_count;
	}
	return found;
}

struct engine_policy *engine_first(const struct engine *engine)
{
	return engine->policies;
}

void engine_read_counters(const struct engine *engine, const struct engine_policy *policy,
			  struct engine_counters *out)
{
	struct wire_policy_stats *stats = calloc(engine->cpus, sizeof(*stats));

	*out = (struct engine_counters){ .matched = policy->plain_matched,
					 .posted = policy->posted };
	if (stats && bpf_map_lookup_elem(engine->stats_fd, &policy->stats, stats) == 0) {
		for (unsigned int i = 0; i < engine->cpus; i++) {
			out->matched += stats[i].matched;
			out->enforced += stats[i].enforced;
			out->would_enforce += stats[i].would_enforce;
			out->dropped += stats[i].dropped + stats[i].unparked;
			out->rate_limited += stats[i].rate_limited;
		}
	}
	free(stats);
}

uint64_t engine_count_bytes(const struct engine *engine, const struct engine_policy *policy)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < policy->hooks_count; i++) {
		const struct hook *hook = policy->hooks[i].point;

		if (hook && hook->views && hook->views->count)
			bytes += hook_count_bytes(hook) / hook->views->count;
	}
	return bytes;
}

const char *engine_hook_get_mechanism(const struct engine_hook *hook)
{
	if (!hook->point || hook->point->memory_fd < 0)
		return "";
	return mechanism_get_name(hook->point->attachment.mechanism);
}

const char *engine_hook_get_difference(const struct engine_hook *hook)
{
	const struct hook_substitute *substitute =
		hook->point ? hook->point->attachment.substitute : NULL;

	return substitute ? substitute->difference : "";
}

/* ---- records
 * --------------------------------------------------------------------------------------- */

static const struct hook *engine_find_number(const struct engine *engine, uint32_t number)
{
	for (const struct hook *hook = engine->hooks; hook; hook = hook->next) {
		if (hook->number == number)
			return hook;
	}
	return NULL;
}

/* The lowest of a member's bits in VECTOR; -1: none. */
static int member_find_bit(const struct rules_member *member, const uint64_t *vector,
			   uint32_t words)
{
	for (uint32_t bit = member->first_bit; bit < member->first_bit + member->bits; bit++) {
		if (bit / 64 < words && vector[bit / 64] >> bit % 64 & 1)
			return (int)(bit - member->first_bit);
	}
	return -1;
}

/* Whether the kernel side has counted this match: it looks at each selector of such a member. */
static bool member_is_counted(const struct policy_hook *hook)
{
	if (hook->returns.value || hook->has_return_copy)
		return true;
	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_selector *selector = &hook->selectors.items[i];

		for (size_t j = 0; j < selector->actions.count; j++) {
			if (selector->actions.items[j].facts->kind != POLICY_ACTION_POST ||
			    selector->actions.items[j].rate_limit_ns)
				return true;
		}
	}
	return false;
}

bool engine_resolve(struct engine *engine, const struct wire_hook_event *event,
		    const uint64_t *vector, engine_match_fn visit, void *context)
{
	const struct hook *hook = engine_find_number(engine, event->hook);
	const struct hook_view *view = hook ? hook_find_view(hook, event->generation) : NULL;

	if (!view)
		return false;
	for (size_t i = 0; i < view->count; i++) {
		const struct rules_member *member = &view->members[i];
		int bit = member_find_bit(member, vector, event->words);
		struct engine_policy *policy = (struct engine_policy *)view->owners[i];
		struct engine_match match = {
			.policy = policy,
			.member = member,
			.function = hook->function,
			.config = &view->config,
		};

		if (bit < 0)
			continue;
		policy->posted++;
		policy->plain_matched += !member_is_counted(member->hook);
		if (member->hook->selectors.count)
			match.selector = &member->hook->selectors.items[bit];
		visit(context, &match);
	}
	return true;
}

void engine_tick(struct engine *engine)
{
	/* now, while nobody waits for it, rather than at the next change */
	if (engine->space.grace_is_due)
		hook_space_wait(&engine->space);
	for (struct hook *hook = engine->hooks; hook; hook = hook->next)
		hook_expire_views(hook, &engine->space);
	engine_sweep_hooks(engine);
}

/* ---- life
 * ------------------------------------------------------------------------------------------ */

static uint32_t engine_find_mark(void *context, const struct policy_binaries *binaries,
				 const struct policy_pids *pids)
{
	const struct engine *engine = context;

	return marks_find(engine->marks, binaries, pids);
}

static void engine_ref_owner(struct hook_owner *owner)
{
	engine_policy_ref((struct engine_policy *)owner);
}

static void engine_unref_owner(struct hook_owner *owner)
{
	engine_policy_unref((struct engine_policy *)owner);
}

static void engine_take_maps(struct engine *engine)
{
	const struct sensor_bpf *bpf = engine->options.sensor->bpf;
	struct attach_space *attach = &engine->space.attach;

	attach->templates = &engine->options.sensor->templates;
	attach->stand_ins.config_fd = bpf_map__fd(bpf->maps.rodata_hook);
	attach->stand_ins.memory_fd = bpf_map__fd(bpf->maps.data_memory);
	attach->stand_ins.parked_fd = bpf_map__fd(bpf->maps.hook_parked);
	attach->stand_ins.slot_fd = bpf_map__fd(bpf->maps.hook_slot);
	attach->entries_fd = bpf_map__fd(bpf->maps.syscall_entries);
	attach->exits_fd = bpf_map__fd(bpf->maps.syscall_exits);
	attach->dispatch_links[0] = attach->dispatch_links[1] = -1;
	attach->dispatch_fds[0] = attach->dispatch_fds[1] = -1;
	engine->space.grace_fd = bpf_map__fd(bpf->maps.grace);
	engine->stats_fd = bpf_map__fd(bpf->maps.policy_stats);
	engine->workloads_fd = bpf_map__fd(bpf->maps.workloads);
	engine->socks_are_tracked = &bpf->bss->socks_are_tracked;
}

static int engine_prepare_grace(struct engine *engine)
{
	engine->space.grace_inner_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "grace", sizeof(uint32_t),
						      sizeof(uint32_t), 1, NULL);
	return engine->space.grace_inner_fd < 0 ? -errno : 0;
}

static void engine_init(struct engine *engine, const struct engine_options *options)
{
	engine->options = *options;
	engine->cpus = process_sensor_cpus(options->sensor);
	engine->world.context = engine;
	engine->world.find_mark = engine_find_mark;
	engine->world.find_workloads = engine_find_workloads;
	memcpy(engine->world.host_namespaces, options->host_namespaces,
	       sizeof(engine->world.host_namespaces));
	engine->space.features = options->features;
	engine->space.functions = options->functions;
	engine->space.btf_path = options->btf_path;
	engine->space.allowed = options->mechanisms;
	engine->space.world = &engine->world;
	engine->space.ref_owner = engine_ref_owner;
	engine->space.unref_owner = engine_unref_owner;
	engine->watch_links[0] = engine->watch_links[1] = -1;
	engine->taken_watch_links[0] = engine->taken_watch_links[1] = -1;
	for (int i = 0; i < ENGINE_NOTE_LINKS; i++)
		engine->note_links[i] = -1;
	engine_take_maps(engine);
}

int engine_new(struct engine **out, const struct engine_options *options, struct diag *diag)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	struct marks_options marks;
	int error;

	if (!engine)
		return -ENOMEM;
	engine_init(engine, options);
	engine->ranges = calloc(2, sizeof(*engine->ranges));
	error = engine->ranges ? engine_prepare_grace(engine) : -ENOMEM;
	marks = (struct marks_options){ .space = &engine->space,
					.followed = options->sensor->bpf->bss->followed_marks,
					.processes = options->processes,
					.processes_context = options->processes_context };
	if (!error)
		error = marks_new(&engine->marks, &marks);
	if (error) {
		diag_add(diag, "cannot prepare for policies: %s", strerror(-error));
		engine_free(engine);
		return error;
	}
	*out = engine;
	return 0;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	while (engine->hooks) {
		struct hook *hook = engine->hooks;

		engine->hooks = hook->next;
		hook_free(hook, &engine->space);
	}
	while (engine->policies) {
		struct engine_policy *policy = engine->policies;

		engine->policies = policy->next;
		engine_policy_unref(policy);
	}
	marks_free(engine->marks);
	for (int i = 0; i < 2; i++) {
		cleanup_close(&engine->watch_links[i]);
		cleanup_close(&engine->taken_watch_links[i]);
	}
	for (int i = 0; i < ENGINE_NOTE_LINKS; i++)
		cleanup_close(&engine->note_links[i]);
	if (engine->space.grace_inner_fd > 0)
		close(engine->space.grace_inner_fd);
	free(engine->workloads);
	free(engine->ranges);
	free(engine);
}
