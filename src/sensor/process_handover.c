/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process sensor leaves and takes over: the maps that hold its state, and the ways in.
 * Everything else (scratch memory, constants, the programs themselves) each agent has its own.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "sensor/hook_attach.h"
#include "sensor/sensor_private.h"

/* Names in the object and, behind "map_", in the directory. */
static const struct {
	const char *name;
	bool has_own_size; /* an option said how many entries it has */
} shared_maps[] = {
	{ "lifecycle_ring", true },	{ "policy_ring", true },
	{ "processes", true },		{ "ring_states", false },
	{ "tracked_socks", false },	{ "baselines", false },
	{ "syscall_entries", false },	{ "syscall_exits", false },
	{ "process_fork_slot", false }, { "process_exec_slot", false },
	{ "process_exit_slot", false },
};

static int map_take(struct bpf_map *map, int fd, bool has_own_size)
{
	struct bpf_map_info info = {};
	uint32_t bytes = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &bytes))
		return -errno;
	if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
	    info.value_size != bpf_map__value_size(map) ||
	    (!has_own_size && info.max_entries != bpf_map__max_entries(map)))
		return -ESTALE;
	if (info.max_entries != bpf_map__max_entries(map))
		log_debug("map \"%s\" keeps its %u entries", bpf_map__name(map), info.max_entries);
	return bpf_map__reuse_fd(map, fd);
}

int sensor_take_maps(struct process_sensor *sensor, const struct handover *handover)
{
	for (size_t i = 0; i < sizeof(shared_maps) / sizeof(shared_maps[0]); i++) {
		const char *name = shared_maps[i].name;
		struct bpf_map *map = bpf_object__find_map_by_name(sensor->bpf->obj, name);
		_cleanup_close_ int fd = pins_get(handover->pins, "map_%s", name);
		int error = !map     ? -ENOENT
			    : fd < 0 ? fd
				     : map_take(map, fd, shared_maps[i].has_own_size);

		if (error) {
			log_debug("cannot take over map \"%s\": %s", name, strerror(-error));
			return error;
		}
	}
	return 0;
}

/* Variables that programs go by from their first moment on. */
int sensor_take_variables(struct process_sensor *sensor, const struct handover *handover)
{
	uint64_t followed[WIRE_MARK_WORDS];

	if (!handover_get_bytes(handover->root, "followed_marks", followed, sizeof(followed)))
		return -ESTALE;
	for (int i = 0; i < WIRE_MARK_WORDS; i++)
		sensor->bpf->bss->followed_marks[i] = followed[i];
	sensor->bpf->bss->map_was_full =
		json_is_true(json_object_get(handover->root, "map_was_full"));
	return 0;
}

/* The programs of each tracepoint: what is attached for good, and what stands in its slot. */
struct tracepoint_parts {
	const char *name; /* of the link, behind "link_" */
	const struct bpf_program *enter, *program;
	const struct bpf_map *slot;
};

static void sensor_fill_parts(const struct process_sensor *sensor,
			      struct tracepoint_parts out[PROCESS_TRACEPOINTS])
{
	const struct sensor_bpf *bpf = sensor->bpf;

	out[PROCESS_FORK] =
		(struct tracepoint_parts){ "sched_process_fork", bpf->progs.process_fork_enter,
					   bpf->progs.process_fork, bpf->maps.process_fork_slot };
	out[PROCESS_EXEC] =
		(struct tracepoint_parts){ "sched_process_exec", bpf->progs.process_exec_enter,
					   bpf->progs.process_exec, bpf->maps.process_exec_slot };
	out[PROCESS_EXIT] =
		(struct tracepoint_parts){ "sched_process_exit", bpf->progs.process_exit_enter,
					   bpf->progs.process_exit, bpf->maps.process_exit_slot };
}

static int tracepoint_attach(const struct tracepoint_parts *parts, int *link)
{
	int program_fd = bpf_program__fd(parts->program);
	uint32_t zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(parts->slot), &zero, &program_fd, BPF_ANY))
		return -errno;
	if (*link < 0)
		*link = attach_raw_tracepoint(NULL, bpf_program__fd(parts->enter));
	return *link < 0 ? *link : 0;
}

int process_sensor_attach(struct process_sensor *sensor, struct diag *diag)
{
	struct tracepoint_parts parts[PROCESS_TRACEPOINTS];

	sensor_fill_parts(sensor, parts);
	for (int i = 0; i < PROCESS_TRACEPOINTS; i++) {
		int error = tracepoint_attach(&parts[i], &sensor->links[i]);

		if (!error)
			continue;
		diag_add(diag, "cannot attach to tracepoint \"%s\": %s", parts[i].name,
			 strerror(-error));
		return error;
	}
	return 0;
}

/* Whether the link still runs something, and something stands in the slot that it calls. */
static bool tracepoint_is_attached(const struct tracepoint_parts *parts, int link)
{
	struct bpf_link_info info = {};
	uint32_t bytes = sizeof(info), zero = 0, program;

	return link >= 0 && bpf_obj_get_info_by_fd(link, &info, &bytes) == 0 && info.prog_id &&
	       bpf_map_lookup_elem(bpf_map__fd(parts->slot), &zero, &program) == 0;
}

bool process_sensor_is_attached(const struct process_sensor *sensor, struct diag *diag)
{
	struct tracepoint_parts parts[PROCESS_TRACEPOINTS];

	sensor_fill_parts(sensor, parts);
	for (int i = 0; i < PROCESS_TRACEPOINTS; i++) {
		if (tracepoint_is_attached(&parts[i], sensor->links[i]))
			continue;
		diag_add(diag, "nothing is attached to tracepoint \"%s\" any more", parts[i].name);
		return false;
	}
	return true;
}

void process_sensor_detach(struct process_sensor *sensor)
{
	for (int i = 0; i < PROCESS_TRACEPOINTS; i++)
		cleanup_close(&sensor->links[i]);
	for (int i = 0; i < PROCESS_TRACEPOINTS; i++)
		sensor->links[i] = -1;
}

int sensor_take_links(struct process_sensor *sensor, const struct handover *handover)
{
	struct tracepoint_parts parts[PROCESS_TRACEPOINTS];

	sensor_fill_parts(sensor, parts);
	for (int i = 0; i < PROCESS_TRACEPOINTS; i++) {
		sensor->links[i] = pins_get(handover->pins, "link_%s", parts[i].name);
		if (sensor->links[i] < 0)
			return sensor->links[i];
	}
	return 0;
}

static int sensor_put_links(const struct process_sensor *sensor, struct pins *pins)
{
	struct tracepoint_parts parts[PROCESS_TRACEPOINTS];
	int error = 0;

	sensor_fill_parts(sensor, parts);
	for (int i = 0; i < PROCESS_TRACEPOINTS && !error; i++)
		error = pins_put(pins, sensor->links[i], "link_%s", parts[i].name);
	return error;
}

int process_sensor_leave(const struct process_sensor *sensor, struct handover *handover,
			 struct diag *diag)
{
	const struct sensor_bpf *bpf = sensor->bpf;
	uint64_t followed[WIRE_MARK_WORDS];
	int error = sensor_put_links(sensor, handover->pins);

	for (size_t i = 0; i < sizeof(shared_maps) / sizeof(shared_maps[0]) && !error; i++)
		error = pins_put(handover->pins,
				 bpf_object__find_map_fd_by_name(bpf->obj, shared_maps[i].name),
				 "map_%s", shared_maps[i].name);
	if (error) {
		diag_add(diag, "cannot leave the process sensor in \"%s\": %s",
			 pins_get_path(handover->pins), strerror(-error));
		return error;
	}
	for (int i = 0; i < WIRE_MARK_WORDS; i++)
		followed[i] = bpf->bss->followed_marks[i];
	handover_set_bytes(handover->root, "followed_marks", followed, sizeof(followed));
	json_object_set_new(handover->root, "map_was_full", json_boolean(bpf->bss->map_was_full));
	return 0;
}
