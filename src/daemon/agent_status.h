/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent tells about itself through the API. In: its parts. Out: the service's answers. */
#pragma once

#include "daemon/pipeline.h"
#include "daemon/policies.h"
#include "kernel/probe.h"
#include "sensor/process_sensor.h"
#include "service/service.h"

struct agent_status {
	const struct pipeline *pipeline;
	const struct process_sensor *sensor;
	const struct kernel_features *features;
	uint64_t started_ns;	   /* boot clock */
	struct policies *policies; /* NULL until they are there */
};

/* Functions of struct service_ops; CONTEXT is a struct agent_status. */
void agent_status_answer(void *context, service_status_fn answer, void *answer_context);
void agent_status_visit_processes(void *context, const Tetragon__DumpProcessCacheReqArgs *args,
				  service_process_fn visit, void *visit_context);
int agent_status_add_policy(void *context, const char *yaml, const char *domain,
			    Tetragon__TracingPolicyMode mode, struct diag *diag);
int agent_status_delete_policy(void *context, const char *name, const char *namespace,
			       const char *domain, struct diag *diag);
int agent_status_configure_policy(void *context, const struct service_policy_change *change,
				  struct diag *diag);
void agent_status_list_policies(void *context, const char *domain, service_policies_fn answer,
				void *answer_context);
