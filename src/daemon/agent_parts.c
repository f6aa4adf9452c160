/* SPDX-License-Identifier: Apache-2.0 */
/* What each part of the agent is told, from the options; parts are started in this order. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/agent_handover.h"
#include "daemon/agent_info.h"
#include "daemon/agent_private.h"
#include "daemon/policies.h"
#include "daemon/recording.h"
#include "daemon/rundir.h"

static void agent_set_node_name(char out[PROCESS_NODE_BYTES_MAX])
{
	const char *name = getenv("HUBBLE_NODE_NAME");
	char host[HOST_NAME_MAX + 1] = "";

	if (!name || !name[0])
		name = getenv("NODE_NAME");
	if (!name || !name[0]) {
		gethostname(host, sizeof(host) - 1);
		name = host;
	}
	snprintf(out, PROCESS_NODE_BYTES_MAX, "%s", name);
}

static int agent_read_states(void *context, enum wire_ring ring, struct wire_ring_state *out)
{
	struct agent *agent = context;

	return process_sensor_read_states(agent->sensor, ring, out);
}

static void agent_catch_up(void *context)
{
	struct agent *agent = context;

	process_sensor_consume(agent->sensor, WIRE_RING_LIFECYCLE);
}

static bool agent_shows_ancestors(const struct agent *agent, const char *kind)
{
	const struct option_list *kinds = &agent->options->enable_ancestors;

	for (size_t i = 0; i < kinds->count; i++) {
		if (strcmp(kinds->items[i], kind) == 0)
			return true;
	}
	return false;
}

static void agent_publish(void *context, const Tetragon__GetEventsResponse *event)
{
	struct agent *agent = context;

	if (agent->service && service_has_streams(agent->service))
		service_publish(agent->service, event);
}

int agent_apply_export(struct agent *agent)
{
	const struct daemon_options *options = agent->options;
	const struct output_file_rotation rotation = {
		.bytes_max = (uint64_t)options->export_file_max_size_mb << 20,
		.interval_ns = options->export_file_rotation_interval_ns,
		.backups_max = (uint32_t)options->export_file_max_backups,
		.compress = options->export_file_compress,
	};

	agent->pipeline.limit.is_limited = options->export_rate_limit >= 0;
	agent->pipeline.limit.per_minute = (uint64_t)options->export_rate_limit;
	return agent->pipeline.file ? output_file_set_rotation(agent->pipeline.file, &rotation) : 0;
}

static int agent_open_file(struct agent *agent, struct diag *diag)
{
	const struct daemon_options *options = agent->options;
	int error = output_file_new(&agent->pipeline.file, options->export_filename,
				    (mode_t)strtoul(options->export_file_perm, NULL, 8), diag);

	return error ? error : agent_apply_export(agent);
}

int agent_start_pipeline(struct agent *agent, struct diag *diag)
{
	const struct daemon_options *options = agent->options;
	struct pipeline_options pipeline = {
		.process_cache_size = (uint32_t)options->process_cache_size,
		.cpus = process_sensor_cpus(agent->sensor),
		.procfs = options->procfs,
		.with_user_names = !strcmp(options->username_metadata, "unix"),
		.variables = { .names = options->filter_environment_variables.items,
			       .count = options->filter_environment_variables.count },
		.filters = &agent->filters,
		.export_format = output_format_find(options->export_format),
		.export_window_ns = options->enable_export_aggregation
					    ? options->export_aggregation_window_ns
					    : 0,
		.export_waiting_max = (uint32_t)options->export_aggregation_buffer_size,
		.event = { .with_environment = options->enable_process_environment_variables,
			   .with_ancestors = agent_shows_ancestors(agent, "base"),
			   .with_kprobe_ancestors = agent_shows_ancestors(agent, "kprobe"),
			   .cluster_name = options->cluster_name,
			   .message = { .with_credentials = options->enable_process_cred,
					.with_namespaces = options->enable_process_ns } },
	};
	int error;

	agent_set_node_name(pipeline.event.message.node_name);
	error = pipeline_init(&agent->pipeline, &pipeline);
	if (error)
		return error;
	agent->pipeline.read_states = agent_read_states;
	agent->pipeline.catch_up = agent_catch_up;
	agent->pipeline.states_context = agent;
	agent->pipeline.publish = agent_publish;
	agent->pipeline.publish_context = agent;
	if (agent->handover)
		agent_handover_take_pipeline(agent->handover, options, &agent->pipeline);
	agent->has_taken_events = agent->handover;
	if (options->export_filename[0])
		error = agent_open_file(agent, diag);
	if (!error && options->record[0])
		error = recording_create(&agent->pipeline.recording, options->record, pipeline.cpus,
					 diag);
	return error;
}

int agent_start_sensor(struct agent *agent, struct diag *diag)
{
	const struct daemon_options *options = agent->options;
	uint64_t per_cpu = options->rb_size * (uint64_t)sysconf(_SC_NPROCESSORS_CONF);
	struct process_sensor_options sensor = {
		.btf_path = agent->btf_path[0] ? agent->btf_path : NULL,
		.process_map_entries = daemon_options_get_process_entries(options),
		.ring_bytes = options->rb_size_total ? options->rb_size_total : per_cpu,
		.policy_ring_bytes = options->policy_rb_size_total,
		.with_environment = options->enable_process_environment_variables,
		.has_bpf_loop = agent->features.has[KERNEL_BPF_LOOP],
		.handover = agent->handover,
		.verifier_log_level = (unsigned int)options->verbose,
	};
	_cleanup_diag_ struct diag ignored = {};

	if (!options->rb_size_total && per_cpu > 1ULL << 30)
		log_warn("--rb-size asks for more than 1G in all; the kernel's event ring has 1G");
	if (agent->handover && process_sensor_new(&agent->sensor, &sensor, pipeline_on_record,
						  &agent->pipeline, &ignored)) {
		log_warn("what an earlier agent left cannot be taken over; this one begins anew");
		handover_free(agent->handover);
		sensor.handover = agent->handover = NULL;
	}
	if (agent->handover)
		return 0;
	return process_sensor_new(&agent->sensor, &sensor, pipeline_on_record, &agent->pipeline,
				  diag);
}

/* Everything that lives, for the marks of policies. */
struct agent_visit {
	void (*visit)(void *context, const struct mark_process *process);
	void *context;
};

static void agent_visit_process(void *context, struct process *process)
{
	const struct agent_visit *visit = context;
	const struct process_image *image = process->image;
	const struct mark_process one = {
		.id = process->id,
		.parent = process->parent,
		.binary = image ? image->binary : "",
		.executable = image && image->file_path ? image->file_path : "",
	};

	if (!process->dead_ns)
		visit->visit(visit->context, &one);
}

static void agent_visit_processes(void *context,
				  void (*visit)(void *visit_context,
						const struct mark_process *process),
				  void *visit_context)
{
	struct agent *agent = context;
	struct agent_visit both = { visit, visit_context };

	process_sensor_consume(agent->sensor, WIRE_RING_LIFECYCLE);
	process_table_visit(agent->pipeline.tracker.table, agent_visit_process, &both);
}

static unsigned int agent_get_mechanisms(const struct daemon_options *options)
{
	unsigned int mechanisms = mechanisms_parse(options->hook_mechanisms);

	return options->disable_kprobe_multi ? mechanisms & ~(1U << MECHANISM_KPROBE_MULTI)
					     : mechanisms;
}

/* After the seeds: what policies ask about processes is known then. */
int agent_start_policies(struct agent *agent, struct diag *diag)
{
	const struct daemon_options *options = agent->options;
	const struct engine_options engine = {
		.sensor = agent->sensor,
		.features = &agent->features,
		.functions = agent->functions,
		.btf_path = agent->btf_path[0] ? agent->btf_path : NULL,
		.mechanisms = agent_get_mechanisms(options),
		.host_namespaces = agent->pipeline.options.event.message.host_namespaces,
		.processes = agent_visit_processes,
		.processes_context = agent,
	};
	struct policies_options policies = {
		.loop = agent->loop,
		.files = &options->tracing_policy,
		.directory = options->tracing_policy_dir,
		.workload_file = options->workload_file,
		.left = agent->handover ? json_object_get(agent->handover->root, "policies") : NULL,
		.left_workloads = agent->handover
					  ? json_object_get(agent->handover->root, "workloads")
					  : NULL,
		.kept_directory =
			options->persist_grpc_policies ? options->persist_grpc_policies_dir : "",
	};
	unsigned int bad;
	int error = engine_new(&agent->engine, &engine, diag);

	policies.engine = agent->pipeline.engine = agent->engine;
	if (!error)
		error = policies_new(&agent->policies, &policies, diag);
	if (error)
		return error;
	agent->status.policies = agent->policies;
	agent->status.engine = agent->engine;
	if (agent->handover)
		engine_take(agent->engine, agent->handover);
	agent->has_taken_policies = agent->handover;
	bad = policies_load(agent->policies);
	if (agent->handover)
		engine_end_taking(agent->engine);
	if (!bad || !options->policy_errors_are_fatal)
		return 0;
	diag_add(
		diag,
		"%u policies could not be loaded; without --tracing-policy-errors-fatal the agent goes on",
		bad);
	return -EINVAL;
}

static const struct service_ops agent_ops = {
	.get_status = agent_status_answer,
	.visit_processes = agent_status_visit_processes,
	.add_policy = agent_status_add_policy,
	.delete_policy = agent_status_delete_policy,
	.configure_policy = agent_status_configure_policy,
	.list_policies = agent_status_list_policies,
	.create_container = agent_status_create_container,
	.get_info = agent_info_answer,
	.is_healthy = agent_status_is_healthy,
	.get_event_log = agent_status_get_event_log,
	.set_event_log = agent_status_set_event_log,
};

bool agent_has_tcp(const struct agent *agent)
{
	const char *address = agent->options->server_address;

	return address[0] && strncmp(address, "unix:", strlen("unix:")) != 0;
}

int agent_start_service(struct agent *agent, struct diag *diag)
{
	const struct daemon_options *options = agent->options;
	struct service_options service = {
		.filters = export_filters_options(agent->options, NULL),
		.server_address = options->server_address,
		.socket_path = agent_has_tcp(agent) ? agent->socket_path : "",
		.node_name = agent->pipeline.options.event.message.node_name,
		.queue_events_max = (uint32_t)options->event_queue_size,
		.with_deprecated_policy_methods = options->enable_deprecated_tracingpolicy_grpc,
		.socket_mode = (mode_t)strtoul(options->server_socket_mode, NULL, 8),
		.socket_group = options->server_socket_group,
		.tls_cert_file = options->server_tls_cert_file,
		.tls_key_file = options->server_tls_key_file,
		.tls_client_ca_files = options->server_tls_client_ca_files,
		.tls_requires_client_cert = options->server_tls_require_client_cert,
		.tcp_may_change = options->server_tcp_may_change,
		.admins = options->server_admins,
		.socket_admins = options->server_socket_admins,
		.health_address = options->health_server_address,
		.health_interval_ns = options->health_server_interval * CLOCK_NS_PER_SECOND,
	};
	int error;

	snprintf(agent->socket_path, sizeof(agent->socket_path), "%.4000s/tetragon.sock",
		 rundir_get_path(agent->rundir));
	agent->status = (struct agent_status){
		.pipeline = &agent->pipeline,
		.sensor = agent->sensor,
		.features = &agent->features,
		.started_ns = agent->started_ns,
		.measure_fd = -1,
		.looked_ns = clock_read_ns(CLOCK_MONOTONIC),
	};
	error = loss_history_new(&agent->status.history, agent->started_ns);
	if (!error)
		error = service_new(&agent->service, agent->loop, &service, &agent_ops,
				    &agent->status, diag);
	agent->status.service = agent->service;
	return error;
}

int agent_start_metrics(struct agent *agent, struct diag *diag)
{
	const struct daemon_options *options = agent->options;
	const struct agent_metrics_sources sources = {
		.pipeline = &agent->pipeline,
		.sensor = agent->sensor,
		.engine = &agent->engine,
		.service = &agent->service,
		.started_ns = agent->started_ns,
		.queue_events_max = options->event_queue_size,
	};
	const struct agent_metrics_options metrics = {
		.address = options->metrics_server,
		.with_events = options->enable_event_metrics,
		.with_latency = options->enable_msg_handling_latency,
		.labels = &options->metrics_label_filter,
	};

	/* without a page, nobody asks for what is counted for it */
	if (!options->metrics_server[0])
		return 0;
	return agent_metrics_new(&agent->metrics, agent->loop, &sources, &metrics, diag);
}
