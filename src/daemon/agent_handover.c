/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts are left, in which order, and in which files. */
#include "daemon/agent_handover.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/policies.h"
#include "process/saved.h"

#define HANDOVER_FILE  "handover.json"
#define PROCESSES_FILE "handover-processes.json"

static const char *const ring_names[WIRE_RINGS] = {
	[WIRE_RING_LIFECYCLE] = "loss_lifecycle",
	[WIRE_RING_POLICY] = "loss_policy",
};

static void handover_get_path(const struct daemon_options *options, const char *name,
			      char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%.4000s/%s", options->run_dir, name);
}

/* Told at the start and not at the end, when it is too late. */
static void handover_check_place(const struct daemon_options *options)
{
	_cleanup_(cleanup_pins) struct pins *pins = NULL;
	_cleanup_diag_ struct diag diag = {};

	if (!options->keep_sensors_on_exit || pins_open(&pins, options->bpf_dir, true, &diag) == 0)
		return;
	policies_log(LOG_LEVEL_WARN, &diag);
	log_warn("policies will end with this agent, in spite of --keep-sensors-on-exit");
}

struct handover *agent_handover_find(const struct daemon_options *options)
{
	_cleanup_(cleanup_handover) struct handover *handover = NULL;
	_cleanup_diag_ struct diag diag = {};
	char path[PATH_MAX];
	int error;

	handover_check_place(options);
	handover_get_path(options, HANDOVER_FILE, path);
	error = handover_read(&handover, options->bpf_dir, path, &diag);
	if (!error) {
		unlink(path); /* true of this moment only: after a crash there is nothing to go on
				 with */
		return TAKE_PTR(handover);
	}
	policies_log(LOG_LEVEL_WARN, &diag);
	log_warn(
		"it stays attached until this agent's own programs are; of what happens until then "
		"some may be told by neither");
	return NULL;
}

/* ---- taking over
 * ------------------------------------------------------------------------------- */

static void handover_take_processes(const struct daemon_options *options, struct pipeline *pipeline)
{
	char path[PATH_MAX];
	FILE *file;
	int error;

	handover_get_path(options, PROCESSES_FILE, path);
	file = fopen(path, "re");
	error = file ? process_table_restore(&pipeline->tracker, file) : -errno;
	if (error)
		log_warn("cannot read \"%s\": %s; older processes are known by number only", path,
			 strerror(-error));
	if (file)
		fclose(file);
}

void agent_handover_take_pipeline(const struct handover *handover,
				  const struct daemon_options *options, struct pipeline *pipeline)
{
	uint32_t *host = pipeline->options.event.message.host_namespaces;

	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++) {
		if (!loss_take(pipeline->losses[ring],
			       json_object_get(handover->root, ring_names[ring])))
			log_warn("the number of processors has changed; losses are counted anew");
	}
	if (handover_get_bytes(handover->root, "host_namespaces", host,
			       WIRE_NAMESPACES * sizeof(*host))) {
		pipeline->tracker.mount_user_namespaces[0] = host[WIRE_NS_MNT];
		pipeline->tracker.mount_user_namespaces[1] = host[WIRE_NS_USER];
	}
	handover_take_processes(options, pipeline);
}

void agent_handover_clear(const struct daemon_options *options)
{
	_cleanup_(cleanup_pins) struct pins *pins = NULL;
	_cleanup_diag_ struct diag ignored = {};
	char path[PATH_MAX];

	if (pins_open(&pins, options->bpf_dir, false, &ignored) == 0 && pins_exist(pins))
		pins_remove(pins);
	handover_get_path(options, HANDOVER_FILE, path);
	unlink(path);
	handover_get_path(options, PROCESSES_FILE, path);
	unlink(path);
}

/* ---- leaving
 * ----------------------------------------------------------------------------------- */

static int handover_leave_processes(const struct daemon_options *options,
				    const struct pipeline *pipeline, struct diag *diag)
{
	char path[PATH_MAX];
	FILE *file;
	int fd, error;

	handover_get_path(options, PROCESSES_FILE, path);
	fd = file_create(path, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	error = fd < 0 ? fd : file ? process_table_save(pipeline->tracker.table, file) : -errno;
	if (file ? fclose(file) && !error : fd >= 0 && close(fd))
		error = -errno;
	if (error)
		diag_add(diag, "cannot write \"%s\": %s", path, strerror(-error));
	return error;
}

static void handover_leave_pipeline(const struct handover *handover,
				    const struct pipeline *pipeline)
{
	const uint32_t *host = pipeline->options.event.message.host_namespaces;

	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++)
		json_object_set_new(handover->root, ring_names[ring],
				    loss_leave(pipeline->losses[ring]));
	handover_set_bytes(handover->root, "host_namespaces", host,
			   WIRE_NAMESPACES * sizeof(*host));
}

bool agent_handover_put_back(const struct daemon_options *options, const struct handover *handover,
			     const struct pipeline *pipeline)
{
	_cleanup_diag_ struct diag diag = {};
	char path[PATH_MAX];
	int error = 0;

	handover_get_path(options, HANDOVER_FILE, path);
	if (pipeline) {
		handover_leave_pipeline(handover, pipeline);
		error = handover_leave_processes(options, pipeline, &diag);
	}
	if (!error)
		error = handover_write(handover, path, &diag);
	policies_log(LOG_LEVEL_ERROR, &diag);
	if (error)
		agent_handover_clear(options);
	return !error;
}

bool agent_handover_leave(const struct daemon_options *options, struct process_sensor *sensor,
			  struct engine *engine, const struct policies *policies,
			  struct pipeline *pipeline)
{
	_cleanup_(cleanup_handover) struct handover *handover = NULL;
	_cleanup_diag_ struct diag diag = {};
	char path[PATH_MAX];
	int error;

	handover_get_path(options, HANDOVER_FILE, path);
	error = handover_new(&handover, options->bpf_dir, &diag);
	if (!error)
		error = process_sensor_leave(sensor, handover, &diag);
	if (!error) {
		engine_leave(engine, handover, &diag);
		json_object_set_new(handover->root, "workloads",
				    policies_leave_workloads(policies));
		for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++)
			process_sensor_consume(sensor, ring);
		pipeline_flush(pipeline);
		handover_leave_pipeline(handover, pipeline);
		error = handover_leave_processes(options, pipeline, &diag);
	}
	if (!error)
		error = handover_write(handover, path, &diag);
	policies_log(error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, &diag);
	if (!error) {
		log_info(
			"policies go on without the agent, in \"%s\", until the next one takes over",
			pins_get_path(handover->pins));
		return true;
	}
	log_error("policies end with the agent");
	agent_handover_clear(options);
	return false;
}
