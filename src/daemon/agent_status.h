/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent tells about itself through the API. In: its parts. Out: the service's answers. */
#pragma once

#include "daemon/loss_history.h"
#include "daemon/pipeline.h"
#include "daemon/policies.h"
#include "kernel/probe.h"
#include "sensor/process_sensor.h"
#include "service/service.h"

struct agent_status {
	struct pipeline *pipeline;
	const struct process_sensor *sensor;
	const struct kernel_features *features;
	uint64_t started_ns; /* boot clock */
	struct loss_history *history;
	/* NULL until they are there */
	const struct engine *engine;
	const struct service *service;
	struct policies *policies;
	/* A client asks for run times: the kernel measures until then. -1: it does not. */
	int measure_fd;
	uint64_t measure_end_ns; /* monotonic clock */
	uint64_t looked_ns;	 /* monotonic; when the rings were last looked into by the clock */
	int look_error;		 /* 0, or the negative errno of that */
};

/* MEASURE_FD is closed by the second. */
void agent_status_tick(struct agent_status *status); /* once a second */
void agent_status_done(struct agent_status *status);

/* agent_hooks.c: has the kernel measure, and fills `hooks` in, which stay valid until
 * agent_hooks_done(). */
struct agent_hooks {
	struct agent_hooks_row *rows; /* owned, as the next */
	Tetragon__ProgramStats **list;
	size_t count, capacity;
};

void agent_hooks_measure(struct agent_status *status);
int agent_hooks_fill(struct agent_hooks *out, const struct agent_status *status);
void agent_hooks_done(struct agent_hooks *hooks);
/* The state in one line, for the service manager: how many processes, policies, losses. */
void agent_status_add_line(const struct agent_status *status, struct buf *out);

/* Functions of struct service_ops; CONTEXT is a struct agent_status. */
void agent_status_answer(void *context, const Tetragon__GetStatusRequest *request,
			 service_status_fn answer, void *answer_context);
void agent_status_visit_processes(void *context, const Tetragon__DumpProcessCacheReqArgs *args,
				  service_process_fn visit, void *visit_context);
int agent_status_add_policy(void *context, const char *yaml, const char *domain,
			    Tetragon__TracingPolicyMode mode, struct diag *diag);
int agent_status_delete_policy(void *context, const char *name, const char *namespace,
			       const char *domain, struct diag *diag);
int agent_status_configure_policy(void *context, const struct service_policy_change *change,
				  struct diag *diag);
int agent_status_create_container(void *context, const Tetragon__CreateContainer *container,
				  struct diag *diag);
void agent_status_list_policies(void *context, const Tetragon__ListTracingPoliciesRequest *request,
				service_policies_fn answer, void *answer_context);
/* The sensor is attached, and its rings are read. */
bool agent_status_is_healthy(void *context, struct diag *why);
int agent_status_get_event_log(void *context, struct service_event_log *out, struct diag *diag);
int agent_status_set_event_log(void *context, const struct service_event_log_change *change,
			       struct diag *diag);
