/* SPDX-License-Identifier: Apache-2.0 */
/* What the process sensor costs and holds. */
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "kernel/programs.h"
#include "sensor/sensor_private.h"

/* Keys and values of this many processes are read by one system call. */
enum { COUNT_BATCH = 512 };

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
		_cleanup_close_ int fd = kernel_link_open_program(sensor->links[i]);
		struct kernel_program_stats cost;

		kernel_program_read_stats(fd >= 0 ? fd : bpf_program__fd(enters[i]), &cost);
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
