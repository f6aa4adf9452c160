/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent tells about itself through the API. In: its parts. Out: the service's answers. */
#pragma once

#include "daemon/pipeline.h"
#include "kernel/probe.h"
#include "sensor/process_sensor.h"
#include "service/service.h"

struct agent_status {
	const struct pipeline *pipeline;
	const struct process_sensor *sensor;
	const struct kernel_features *features;
	uint64_t started_ns; /* boot clock */
};

/* Functions of struct service_ops; CONTEXT is a struct agent_status. */
void agent_status_answer(void *context, service_status_fn answer, void *answer_context);
void agent_status_visit_processes(void *context, const Tetragon__DumpProcessCacheReqArgs *args,
				  service_process_fn visit, void *visit_context);
