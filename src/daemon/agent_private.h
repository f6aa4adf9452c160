/* SPDX-License-Identifier: Apache-2.0 */
/* Between agent.c, which runs the agent, and agent_parts.c, which starts its parts. */
#pragma once

#include <limits.h>

#include "daemon/agent.h"
#include "daemon/agent_metrics.h"
#include "daemon/agent_status.h"
#include "daemon/export_filters.h"
#include "daemon/pipeline.h"
#include "kernel/probe.h"
#include "sensor/process_sensor.h"
#include "service/service.h"

struct agent {
	struct config *config;
	const struct daemon_options *options; /* of `config` */
	char btf_path[PATH_MAX];	      /* "": the running kernel's own */
	uint64_t started_ns;		      /* boot clock */
	struct kernel_features features;
	struct kernel_functions *functions;
	struct loop *loop;
	struct rundir *rundir;
	struct export_filters filters;
	struct notify *notify;
	struct pipeline pipeline;
	struct process_sensor *sensor;
	struct ring_reader *reader;
	struct engine *engine;
	struct handover *handover; /* of the agent before, until this one is ready; NULL: none */
	struct policies *policies;
	struct service *service;
	struct agent_status status;
	struct agent_metrics *metrics;
	struct loop_source *tick, *signals;
	bool leaves_sensors, has_taken_events, has_taken_policies;
	int told_rotation_error, told_backups_error; /* errno, as logged last */
	uint64_t ticks, report_tick; /* the next report of a file that takes nothing */
	char socket_path[PATH_MAX];
};

/* Each after the one above it; a line in DIAG where the reason is not the errno alone. */
int agent_start_sensor(struct agent *agent, struct diag *diag);
int agent_start_pipeline(struct agent *agent, struct diag *diag);
int agent_start_service(struct agent *agent, struct diag *diag);
int agent_start_metrics(struct agent *agent, struct diag *diag);
int agent_start_policies(struct agent *agent, struct diag *diag);

/* Rotation of the event file and its limit in rate, as the options say now. */
int agent_apply_export(struct agent *agent);
/* Whether the API is on TCP, so that the unix socket is a second one. */
bool agent_has_tcp(const struct agent *agent);
