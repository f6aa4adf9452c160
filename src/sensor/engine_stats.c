/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counted of the programs that stand on functions. In: the engine's hooks. Out: one
 * row each, and rows of what they share. */
#include <stdlib.h>
#include <string.h>

#include "kernel/programs.h"
#include "sensor/engine_private.h"

/* By ATTACH_ENTRY and ATTACH_RETURN. */
static const char *const dispatch_sections[ATTACH_MOMENTS] = { "raw_tp/sys_enter",
							       "raw_tp/sys_exit" };

static void stats_add(struct kernel_program_stats *sum, const struct kernel_program_stats *more)
{
	sum->calls += more->calls;
	sum->run_time_ns += more->run_time_ns;
	sum->missed += more->missed;
}

/* The way in counts for what it tail-calls. */
static void stats_add_link(struct kernel_program_stats *sum, int link)
{
	struct kernel_program_stats one;

	if (link >= 0 && kernel_link_read_stats(link, &one) == 0)
		stats_add(sum, &one);
}

/* Each policy once, however many hooks it has there. */
static size_t point_find_policies(const struct hook_view *view, const struct engine_policy **out)
{
	size_t count = 0;

	for (size_t i = 0; i < view->count; i++) {
		const struct engine_policy *policy = (const struct engine_policy *)view->owners[i];
		size_t at = 0;

		while (at < count && out[at] != policy)
			at++;
		out[at] = policy;
		count += at == count;
	}
	return count;
}

static void point_visit(const struct hook *hook, engine_point_fn visit, void *context)
{
	const struct attachment *attachment = &hook->attachment;
	struct engine_point point = {
		.name = hook->function,
		.mechanism = mechanism_get_name(attachment->mechanism),
		.memory_bytes = hook_count_bytes(hook),
	};
	const struct engine_policy **policies;

	policies = calloc(hook->views->count + 1, sizeof(struct engine_policy *));
	if (!policies)
		return;
	point.policies = policies;
	point.policies_count = point_find_policies(hook->views, policies);
	if (attachment->uses_dispatch)
		point.counted_in = strchr(dispatch_sections[ATTACH_ENTRY], '/') + 1;
	for (int i = 0; i < ATTACH_MOMENTS; i++)
		stats_add_link(&point.stats, attachment->links[i]);
	visit(context, &point);
	free(policies);
}

struct shared_visit {
	engine_point_fn visit;
	void *context;
	const char *mechanism;
};

static void shared_visit_one(void *context, const char *section,
			     const struct kernel_program_stats *stats)
{
	const struct shared_visit *own = context;
	const char *slash = strrchr(section, '/');
	const struct engine_point point = {
		.name = slash ? slash + 1 : section,
		.mechanism = own->mechanism,
		.stats = *stats,
	};

	own->visit(own->context, &point);
}

void engine_visit_shared_costs(const struct engine *engine, process_sensor_cost_fn visit,
			       void *context)
{
	for (int i = 0; i < ATTACH_MOMENTS; i++) {
		struct kernel_program_stats stats;

		if (engine->space.attach.dispatch_links[i] < 0)
			continue;
		kernel_program_read_stats(engine->space.attach.dispatch_fds[i], &stats);
		visit(context, dispatch_sections[i], &stats);
	}
}

void engine_visit_points(const struct engine *engine, engine_point_fn visit, void *context)
{
	struct shared_visit process = { visit, context, "process" };
	struct shared_visit dispatch = { visit, context, "raw tracepoint" };

	process_sensor_visit_costs(engine->options.sensor, shared_visit_one, &process);
	engine_visit_shared_costs(engine, shared_visit_one, &dispatch);
	for (const struct hook *hook = engine->hooks; hook; hook = hook->next) {
		if (hook->attachment.is_there && hook->views && hook->views->count)
			point_visit(hook, visit, context);
	}
}

/* What was added since the last look; programs that came anew count from zero. */
static struct kernel_program_stats cost_advance(struct kernel_program_stats *last,
						const struct kernel_program_stats *now)
{
	const struct kernel_program_stats zero = {};
	const struct kernel_program_stats *from =
		now->calls < last->calls || now->missed < last->missed ? &zero : last;
	const struct kernel_program_stats more = {
		.calls = now->calls - from->calls,
		.run_time_ns = now->run_time_ns - from->run_time_ns,
		.missed = now->missed - from->missed,
	};

	*last = *now;
	return more;
}

static void hook_measure(struct hook *hook)
{
	struct hook_measure *measure = &hook->measure;
	struct kernel_program_stats now = {};

	measure->more = (struct kernel_program_stats){};
	if (!hook->views) {
		measure->last = now;
		return;
	}
	if (measure->generation != hook->views->generation) {
		measure->generation = hook->views->generation;
		measure->bytes = hook_count_bytes(hook);
	}
	for (int moment = 0; moment < ATTACH_MOMENTS; moment++) {
		struct kernel_program_stats one;

		kernel_program_read_stats(hook->attachment.enters[moment], &one);
		stats_add(&now, &one);
	}
	measure->more = cost_advance(&measure->last, &now);
}

void engine_measure(struct engine *engine)
{
	for (struct hook *hook = engine->hooks; hook; hook = hook->next)
		hook_measure(hook);
	for (struct engine_policy *one = engine->policies; one; one = one->next) {
		engine_read_counters(engine, one, &one->measured);
		one->measured_bytes = 0;
		for (size_t i = 0; i < one->hooks_count; i++) {
			struct engine_hook *own = &one->hooks[i];
			const struct hook *hook = own->point;

			if (!hook || !hook->views || !hook->views->count)
				continue;
			one->measured_bytes += hook->measure.bytes / hook->views->count;
			own->cost.calls += hook->measure.more.calls;
			own->cost.run_time_ns +=
				hook->measure.more.run_time_ns / hook->views->count;
			own->cost.missed += hook->measure.more.missed;
		}
	}
}

void engine_read_changes(const struct engine *engine, struct engine_changes *out)
{
	*out = engine->changes;
}
