/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the agent, runs it, takes it down: constructor and destructor mirror each other. */
#include "daemon/agent.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "daemon/agent_handover.h"
#include "daemon/agent_private.h"
#include "daemon/btf_file.h"
#include "daemon/notify.h"
#include "daemon/policies.h"
#include "daemon/reload.h"
#include "daemon/ring_reader.h"
#include "daemon/rundir.h"

#define AGENT_TICK_NS CLOCK_NS_PER_SECOND
/* Five listening sockets with RPC_CONNECTIONS_MAX each, and 4,096 policies' worth of programs. */
#define AGENT_DESCRIPTORS 16384
/* A file that takes nothing is reported this often. */
#define AGENT_REPORT_TICKS 60

/* Clients may hold more descriptors than the customary 1,024; policies need theirs besides. What
 * the administrator has set as the maximum stays. */
static void agent_allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= AGENT_DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max < AGENT_DESCRIPTORS ? limit.rlim_max : AGENT_DESCRIPTORS;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_debug("cannot raise the limit on open files: %s", strerror(errno));
}

static int agent_find_btf(struct agent *agent, struct diag *diag)
{
	const struct btf_places places = {
		.named = agent->options->btf,
		.kernel = BTF_KERNEL_PATH,
		.library = agent->options->bpf_lib,
	};
	int error = btf_find(&places, agent->btf_path, diag);

	if (error)
		return error;
	error = kernel_check_requirements(agent->btf_path, diag);
	if (strcmp(agent->btf_path, BTF_KERNEL_PATH) == 0)
		agent->btf_path[0] = '\0'; /* libbpf finds it by itself, and modules beside it */
	return error;
}

/* One that comes while the agent starts waits for the loop; by default it would end the agent. */
static void agent_hold_reload(void)
{
	sigset_t reload;

	sigemptyset(&reload);
	sigaddset(&reload, SIGHUP);
	sigaddset(&reload, SIGTERM);
	sigaddset(&reload, SIGINT);
	sigaddset(&reload, SIGUSR2);
	sigprocmask(SIG_BLOCK, &reload, NULL);
}

int agent_new(struct agent **out, struct config *config, struct diag *diag)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int error;

	if (!agent)
		return -ENOMEM;
	agent_hold_reload();
	agent_allow_descriptors();
	agent->config = config;
	agent->options = &config->values;
	agent->status.measure_fd = -1;
	agent->started_ns = clock_read_ns(CLOCK_BOOTTIME);
	error = export_filters_init(&agent->filters, agent->options, diag);
	if (!error)
		error = agent_find_btf(agent, diag);
	if (!error)
		error = rundir_new(&agent->rundir, agent->options->run_dir, diag);
	if (!error)
		error = notify_new(&agent->notify);
	if (!error)
		error = loop_new(&agent->loop);
	if (!error)
		agent->handover = agent_handover_find(agent->options);
	if (!error) {
		error = kernel_features_probe(&agent->features,
					      agent->btf_path[0] ? agent->btf_path : NULL,
					      &agent->functions);
		if (!error)
			error = agent_start_sensor(agent, diag);
	}
	if (!error)
		error = agent_start_pipeline(agent, diag);
	if (!error)
		error = agent_start_service(agent, diag);
	if (!error)
		error = agent_start_metrics(agent, diag);
	if (error) {
		agent_free(agent);
		return error;
	}
	*out = agent;
	return 0;
}

static void agent_log_lines(enum log_level level, const struct diag *diag)
{
	struct span rest = { diag->text.data, diag->text.bytes };

	while (rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		log_message(level, "%.*s", (int)line.bytes, line.data);
	}
}

/* Whole or not at all: one mistake, and everything stays as it was. */
static void agent_read_config(struct agent *agent)
{
	_cleanup_diag_ struct diag mistakes = {}, changed = {}, waiting = {};
	_cleanup_config_ struct config *next = NULL;
	unsigned int areas;

	if (config_new(&next, &agent->config->inputs, &mistakes)) {
		agent_log_lines(LOG_LEVEL_ERROR, &mistakes);
		log_error(
			"configuration not read again because of these mistakes; all stays as it was");
		return;
	}
	areas = config_take_over(agent->config, next, &changed, &waiting);
	agent_log_lines(LOG_LEVEL_WARN, &next->warnings);
	agent_log_lines(LOG_LEVEL_INFO, &changed);
	agent_log_lines(LOG_LEVEL_WARN, &waiting);
	if (areas & RELOAD_POLICIES)
		policies_reload_files(agent->policies);
	if (areas & RELOAD_EXPORT && agent_apply_export(agent))
		log_error("cannot change how the event file is rotated: out of memory");
	log_info("configuration read again; options changed: %u, waiting for a restart: %u",
		 changed.lines, waiting.lines);
}

/* SIGHUP: files that were rotated are opened anew, and the configuration is read again. */
static void agent_reload(struct agent *agent)
{
	_cleanup_diag_ struct diag diag = {};
	int error;

	agent_read_config(agent);
	if (config_apply_log_file(agent->options, &diag))
		agent_log_lines(LOG_LEVEL_ERROR, &diag);
	error = agent->pipeline.file ? output_file_reopen(agent->pipeline.file) : 0;
	if (error)
		log_error("cannot reopen event file \"%s\": %s; events still go to the old file",
			  agent->options->export_filename, strerror(-error));
}

static void agent_on_signal(void *context, int signal)
{
	struct agent *agent = context;

	if (signal == SIGHUP) {
		notify_tell(agent->notify, NOTIFY_RELOADING, NULL);
		agent_reload(agent);
		notify_tell(agent->notify, NOTIFY_READY, NULL);
		return;
	}
	log_info("stopping on signal %s", sigabbrev_np(signal));
	notify_tell(agent->notify, NOTIFY_STOPPING, "stopping");
	agent->leaves_sensors = signal == SIGUSR2 || agent->options->keep_sensors_on_exit;
	loop_stop(agent->loop, 0);
}

/* Each once, until it is another: events are written all the same. */
static void agent_report_rotation(struct agent *agent, const struct output_file_stats *stats)
{
	const char *path = agent->options->export_filename;

	if (stats->rotation_error && stats->rotation_error != agent->told_rotation_error)
		log_error("cannot put event file \"%s\" aside: %s; it grows until that is possible",
			  path, strerror(stats->rotation_error));
	if (stats->backups_error && stats->backups_error != agent->told_backups_error)
		log_warn("cannot pack or delete files that were rotated from \"%s\": %s", path,
			 strerror(stats->backups_error));
	agent->told_rotation_error = stats->rotation_error;
	agent->told_backups_error = stats->backups_error;
}

/* At once, then once a minute while it lasts: the event file takes nothing. */
static void agent_report_file(struct agent *agent)
{
	struct output_file *file = agent->pipeline.file;
	struct output_file_stats stats = {};
	int error = file ? output_file_flush(file) : 0;

	if (file)
		output_file_read_stats(file, &stats);
	agent_report_rotation(agent, &stats);
	if (!error) {
		agent->report_tick = agent->ticks;
		return;
	}
	if (agent->ticks < agent->report_tick)
		return;
	log_error(
		"cannot write event file \"%s\": %s; %llu events lost so far; %s, it goes on by itself",
		agent->options->export_filename,
		error == -EAGAIN ? "its reader is too slow" : strerror(-error),
		(unsigned long long)stats.dropped,
		error == -EAGAIN ? "once it reads" : "free space");
	agent->report_tick = agent->ticks + AGENT_REPORT_TICKS;
}

/* Exits may have been lost: believe the kernel. */
static void agent_sweep_one(void *context, struct process *process)
{
	struct agent *agent = context;
	const struct wire_process_id *id = &process->id;

	if (!process->dead_ns && id->pid &&
	    !process_sensor_knows(agent->sensor, id->pid, id->exec_ns))
		process_table_end(agent->pipeline.tracker.table, process,
				  clock_read_ns(CLOCK_BOOTTIME));
}

/* That this is called shows that the loop runs; that the rings were read is the rest of being well.
 */
static void agent_notify(struct agent *agent, bool is_read)
{
	uint64_t now_ns = clock_read_ns(CLOCK_MONOTONIC);
	_cleanup_buf_ struct buf status = {};

	if (!notify_is_due(agent->notify, now_ns))
		return;
	agent_status_add_line(&agent->status, &status);
	notify_beat(agent->notify, now_ns, is_read, buf_text(&status));
}

static void agent_on_tick(void *context)
{
	struct agent *agent = context;

	agent->status.look_error = 0;
	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++) {
		int records = process_sensor_consume(agent->sensor, ring);

		if (records < 0)
			agent->status.look_error = records;
	}
	agent->status.looked_ns = clock_read_ns(CLOCK_MONOTONIC);
	pipeline_tick(&agent->pipeline);
	engine_tick(agent->engine);
	agent_status_tick(&agent->status);
	if (agent->pipeline.wants_sweep) {
		agent->pipeline.wants_sweep = false;
		process_table_visit(agent->pipeline.tracker.table, agent_sweep_one, agent);
	}
	agent_report_file(agent);
	if (agent->metrics)
		agent_metrics_tick(agent->metrics);
	agent_notify(agent, !agent->status.look_error);
	agent->ticks++;
}

static int agent_watch(struct agent *agent)
{
	sigset_t signals;
	int error;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR2);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on file size is an error of write(2) like others */
	error = loop_add_signals(agent->loop, &signals, agent_on_signal, agent, &agent->signals);
	if (!error)
		error = ring_reader_new(&agent->reader, agent->loop, agent->sensor,
					&agent->pipeline);
	if (!error)
		error = loop_add_timer(agent->loop, agent_on_tick, agent, &agent->tick);
	if (!error)
		error = loop_set_timer(agent->tick, AGENT_TICK_NS, AGENT_TICK_NS);
	return error;
}

/* One line that says how things stand, once they do. */
static void agent_log_ready(const struct agent *agent)
{
	_cleanup_buf_ struct buf tier = {};
	struct process_table_stats stats;
	uint64_t took_ns = clock_read_ns(CLOCK_BOOTTIME) - agent->started_ns;

	kernel_features_add_tier(&tier, &agent->features);
	process_table_read_stats(agent->pipeline.tracker.table, &stats);
	log_info("ready after %llu ms; %u processes; tier: %s",
		 (unsigned long long)(took_ns / CLOCK_NS_PER_MS), stats.alive, buf_text(&tier));
}

int agent_run(struct agent *agent, struct diag *diag)
{
	const struct rundir_info info = {
		.server_address = agent->options->server_address,
		.metrics_address = agent->options->metrics_server,
		.socket_path = agent_has_tcp(agent) ? agent->socket_path : NULL,
		.export_filename = agent->options->export_filename,
		.btf = agent->btf_path[0] ? agent->btf_path : BTF_KERNEL_PATH,
	};
	_cleanup_buf_ struct buf status = {};
	int error = process_sensor_attach(agent->sensor, diag);

	if (!error)
		error = process_sensor_seed(agent->sensor, pipeline_on_seed, &agent->pipeline);
	if (!error)
		error = agent_start_policies(agent, diag);
	if (!error)
		error = agent_watch(agent);
	if (!error)
		error = rundir_write_info(agent->rundir, &info, diag);
	if (error) {
		if (!diag->lines)
			diag_add(diag, "cannot start: %s", strerror(-error));
		return error;
	}
	if (!agent->handover) /* else they have been told */
		pipeline_publish_seeds(&agent->pipeline);
	agent_handover_clear(agent->options);
	handover_free(agent->handover);
	agent->handover = NULL;
	agent->has_taken_policies = false;
	pipeline_end_batch(&agent->pipeline);
	malloc_trim(0); /* what libbpf needed to load, some megabytes */
	agent_log_ready(agent);
	if (agent->metrics)
		agent_metrics_note_ready(agent->metrics);
	agent_status_add_line(&agent->status, &status);
	notify_tell(agent->notify, NOTIFY_READY, buf_text(&status));
	return loop_run(agent->loop);
}

void agent_free(struct agent *agent)
{
	bool is_left = false;
	uint64_t lost;

	if (!agent)
		return;
	if (agent->leaves_sensors || agent->has_taken_policies)
		is_left = agent_handover_leave(agent->options, agent->sensor, agent->engine,
					       agent->policies, &agent->pipeline);
	else if (agent->handover)
		is_left =
			agent_handover_put_back(agent->options, agent->handover,
						agent->has_taken_events ? &agent->pipeline : NULL);
	if (agent->sensor && agent->reader && !is_left) {
		process_sensor_detach(agent->sensor);
		for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++)
			process_sensor_consume(agent->sensor, ring);
		pipeline_flush(&agent->pipeline);
	}
	agent_metrics_free(agent->metrics);
	service_free(agent->service);
	agent_status_done(&agent->status);
	loss_history_free(agent->status.history);
	policies_free(agent->policies);
	engine_free(agent->engine);
	ring_reader_free(agent->reader);
	loop_remove(agent->tick);
	loop_remove(agent->signals);
	lost = output_file_free(agent->pipeline.file);
	if (lost)
		log_error("%llu events could not be written to \"%s\" before the end",
			  (unsigned long long)lost, agent->options->export_filename);
	if (agent->pipeline.recording)
		fclose(agent->pipeline.recording);
	pipeline_done(&agent->pipeline);
	export_filters_done(&agent->filters);
	process_sensor_free(agent->sensor);
	loop_free(agent->loop);
	handover_free(agent->handover);
	notify_free(agent->notify);
	rundir_free(agent->rundir);
	kernel_functions_free(agent->functions);
	free(agent);
}
