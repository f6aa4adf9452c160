/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that keep maps true for the hooks: groups of workloads, what processes start with. */
#include "sensor/engine_private.h"

#include <errno.h>

#include "base/cleanup.h"

struct watch_row {
	enum hook_template template;
	const char *tracepoint;
};

static int watch_open(struct engine *engine, const struct watch_row *rows, int count, uint32_t uses,
		      int *links)
{
	const struct wire_hook_config config = { .uses = uses };

	for (int i = 0; i < count; i++) {
		const struct hook_program program = { .template = rows[i].template,
						      .config = &config,
						      .memory_fd = -1,
						      .parked_fd = -1,
						      .slot_fd = -1,
						      .type = BPF_PROG_TYPE_RAW_TRACEPOINT };
		_cleanup_close_ int fd = -1;

		if (links[i] >= 0)
			continue;
		fd = hook_program_load(engine->space.attach.templates,
				       &engine->space.attach.stand_ins, &program);
		links[i] = fd < 0 ? fd : attach_raw_tracepoint(rows[i].tracepoint, fd);
		if (links[i] < 0)
			return links[i];
	}
	return 0;
}

/* Groups that are made below a known one belong to it from their first process on. */
int engine_watch_groups(struct engine *engine)
{
	static const struct watch_row rows[2] = {
		{ HOOK_TEMPLATE_CGROUP_MADE, "cgroup_mkdir" },
		{ HOOK_TEMPLATE_CGROUP_REMOVED, "cgroup_rmdir" },
	};

	return watch_open(engine, rows, 2, 0, engine->watch_links);
}

static bool config_asks_for_changes(const struct wire_hook_config *config)
{
	return config->task_tables &
	       (1u << WIRE_TASK_NS_CHANGE | 1u << WIRE_TASK_CAPABILITY_CHANGE);
}

int engine_watch_starts(struct engine *engine)
{
	static const struct watch_row rows[ENGINE_NOTE_LINKS] = {
		{ HOOK_TEMPLATE_NOTE_EXEC, "sched_process_exec" },
		{ HOOK_TEMPLATE_NOTE_FORK, "sched_process_fork" },
		{ HOOK_TEMPLATE_NOTE_EXIT, "sched_process_exit" },
	};
	bool is_asked = false;

	for (const struct hook *hook = engine->hooks; hook && !is_asked; hook = hook->next)
		is_asked = hook->change.is_staged &&
			   config_asks_for_changes(&hook->change.rules.config);
	return is_asked ? watch_open(engine, rows, ENGINE_NOTE_LINKS, WIRE_USES_TASK,
				     engine->note_links)
			: 0;
}

void engine_unwatch(struct engine *engine)
{
	for (const struct hook *hook = engine->hooks; hook; hook = hook->next) {
		if (hook->memory_fd >= 0 && config_asks_for_changes(&hook->config))
			return;
	}
	for (int i = 0; i < ENGINE_NOTE_LINKS; i++) {
		cleanup_close(&engine->note_links[i]);
		engine->note_links[i] = -1;
	}
}
