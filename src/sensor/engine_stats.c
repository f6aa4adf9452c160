/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counted of the programs that stand on functions. In: the engine's hooks. Out: one
 * row each, and rows of what they share. */
#include <stdlib.h>
#include <string.h>

#include "kernel/programs.h"
#include "sensor/cost.h"
#include "sensor/engine_private.h"

/* By ATTACH_ENTRY and ATTACH_RETURN. */
static const char *const dispatch_names[ATTACH_MOMENTS] = { "sys_enter", "sys_exit" };

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
		point.counted_in = dispatch_names[ATTACH_ENTRY];
	for (int i = 0; i < ATTACH_MOMENTS; i++)
		stats_add_link(&point.stats, attachment->links[i]);
	visit(context, &point);
	free(policies);
}

struct process_visit {
	engine_point_fn visit;
	void *context;
};

static void process_visit_one(void *context, const char *section, const struct program_cost *cost)
{
	const struct process_visit *own = context;
	const char *slash = strrchr(section, '/');
	const struct engine_point point = {
		.name = slash ? slash + 1 : section,
		.mechanism = "process",
		.stats = { .calls = cost->runs,
			   .run_time_ns = cost->run_ns,
			   .missed = cost->missed },
	};

	own->visit(own->context, &point);
}

void engine_visit_points(const struct engine *engine, engine_point_fn visit, void *context)
{
	const struct attach_space *space = &engine->space.attach;
	struct process_visit process = { visit, context };

	process_sensor_visit_costs(engine->options.sensor, process_visit_one, &process);
	for (int i = 0; i < ATTACH_MOMENTS; i++) {
		struct engine_point point = { .name = dispatch_names[i],
					      .mechanism = "raw tracepoint" };

		if (space->dispatch_links[i] < 0)
			continue;
		stats_add_link(&point.stats, space->dispatch_links[i]);
		visit(context, &point);
	}
	for (const struct hook *hook = engine->hooks; hook; hook = hook->next) {
		if (hook->attachment.is_there && hook->views && hook->views->count)
			point_visit(hook, visit, context);
	}
}
