/* SPDX-License-Identifier: Apache-2.0 */
/* Costs of one program, of the sensor's, and of what each policy has hooked. */
#include "sensor/cost.h"

#include <stdio.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "sensor/engine_private.h"
#include "sensor/sensor_private.h"

/* Keys and values of this many processes are read by one system call. */
enum { COUNT_BATCH = 512 };

void program_cost_read(int fd, struct program_cost *out)
{
	struct bpf_prog_info info = {};
	uint32_t bytes = sizeof(info);

	*out = (struct program_cost){};
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &bytes))
		return;
	out->runs = info.run_cnt;
	out->run_ns = info.run_time_ns;
	out->missed = info.recursion_misses;
}

int program_of_link(int link_fd)
{
	struct bpf_link_info info = {};
	uint32_t bytes = sizeof(info);
	int fd;

	if (link_fd < 0 || bpf_obj_get_info_by_fd(link_fd, &info, &bytes))
		return -1;
	fd = bpf_prog_get_fd_by_id(info.prog_id);
	return fd < 0 ? -1 : fd;
}

/* ---- the sensor
 * ------------------------------------------------------------------------------------- */

void process_sensor_visit_costs(const struct process_sensor *sensor, process_sensor_cost_fn visit,
				void *context)
{
	const struct bpf_program *enters[PROCESS_TRACEPOINTS] = {
		[PROCESS_FORK] = sensor->bpf->progs.process_fork_enter,
		[PROCESS_EXEC] = sensor->bpf->progs.process_exec_enter,
		[PROCESS_EXIT] = sensor->bpf->progs.process_exit_enter,
	};

	for (int i = 0; i < PROCESS_TRACEPOINTS; i++) {
		/* a link that an agent before left has its program, not ours */
		_cleanup_close_ int fd = program_of_link(sensor->links[i]);
		struct program_cost cost;

		program_cost_read(fd >= 0 ? fd : bpf_program__fd(enters[i]), &cost);
		visit(context, bpf_program__section_name(enters[i]), &cost);
	}
}

uint64_t process_sensor_get_ring_bytes(const struct process_sensor *sensor, enum wire_ring ring)
{
	return bpf_map__max_entries(ring == WIRE_RING_LIFECYCLE ? sensor->bpf->maps.lifecycle_ring
								: sensor->bpf->maps.policy_ring);
}

uint64_t process_sensor_read_ring_used(const struct process_sensor *sensor, enum wire_ring ring)
{
	return ring_peak_read(&sensor->peaks[ring]);
}

uint64_t process_sensor_take_ring_peak(struct process_sensor *sensor, enum wire_ring ring)
{
	uint64_t most = sensor->peaks[ring].most;

	sensor->peaks[ring].most = 0;
	return most;
}

uint32_t process_sensor_get_process_map_size(const struct process_sensor *sensor)
{
	return bpf_map__max_entries(sensor->bpf->maps.processes);
}

uint32_t process_sensor_count_processes(const struct process_sensor *sensor)
{
	_cleanup_free_ struct wire_process *values = calloc(COUNT_BATCH, sizeof(*values));
	uint32_t limit = bpf_map__max_entries(sensor->bpf->maps.processes);
	int fd = bpf_map__fd(sensor->bpf->maps.processes);
	uint32_t keys[COUNT_BATCH], next, total = 0;
	int error = values ? 0 : -1;

	/* entries may come and go meanwhile, so that the walk may not end by itself */
	while (!error && total <= limit) {
		uint32_t count = COUNT_BATCH;

		error = bpf_map_lookup_batch(fd, total ? &next : NULL, &next, keys, values, &count,
					     NULL);
		if (error && errno != ENOENT)
			break;
		total += count;
		if (!count)
			break;
	}
	return total;
}

/* ---- policies
 * --------------------------------------------------------------------------------------- */

/* What was added since the last look; programs that came anew count from zero. */
static struct program_cost cost_advance(struct program_cost *last, const struct program_cost *now)
{
	const struct program_cost zero = {};
	const struct program_cost *from =
		now->runs < last->runs || now->missed < last->missed ? &zero : last;
	const struct program_cost more = {
		.runs = now->runs - from->runs,
		.run_ns = now->run_ns - from->run_ns,
		.missed = now->missed - from->missed,
	};

	*last = *now;
	return more;
}

static void hook_measure(struct hook *hook)
{
	struct hook_measure *measure = &hook->measure;
	struct program_cost now = {};

	measure->more = (struct program_cost){};
	if (!hook->views) {
		measure->last = now;
		return;
	}
	if (measure->generation != hook->views->generation) {
		measure->generation = hook->views->generation;
		measure->bytes = hook_count_bytes(hook);
	}
	for (int moment = 0; moment < ATTACH_MOMENTS; moment++) {
		struct program_cost one;

		program_cost_read(hook->attachment.enters[moment], &one);
		now.runs += one.runs;
		now.run_ns += one.run_ns;
		now.missed += one.missed;
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
			own->cost.runs += hook->measure.more.runs;
			own->cost.run_ns += hook->measure.more.run_ns / hook->views->count;
			own->cost.missed += hook->measure.more.missed;
		}
	}
}

void engine_visit_shared_costs(const struct engine *engine, process_sensor_cost_fn visit,
			       void *context)
{
	static const char *const sections[2] = { "raw_tp/sys_enter", "raw_tp/sys_exit" };

	for (int i = 0; i < 2; i++) {
		struct program_cost cost;

		program_cost_read(engine->space.attach.dispatch_fds[i], &cost);
		visit(context, sections[i], &cost);
	}
}

void engine_read_changes(const struct engine *engine, struct engine_changes *out)
{
	*out = engine->changes;
}
