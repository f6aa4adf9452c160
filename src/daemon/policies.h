/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where policies come from: files, a directory that is watched, clients of the API. In: their
 * texts. Out: changes of the engine, and what the API tells of it. A policy that cannot be loaded
 * is reported and listed; the agent goes on.
 */
#pragma once

#include <jansson.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/options.h"
#include "sensor/engine.h"
#include "service/service.h"

struct policies;

struct policies_options {
	struct engine *engine;
	struct loop *loop;
	const struct option_list *files; /* --tracing-policy */
	const char *directory;		 /* --tracing-policy-dir; "": none */
	const char *workload_file;	 /* --workload-file; "": none */
	/* Policies of the agent before (engine_leave()): those of clients are loaded again, and all
	 * are in the mode that they were in. NULL: none. Only while policies_load() runs. */
	const json_t *left, *left_workloads;
	const char *kept_directory; /* where policies of clients are kept; "": nowhere */
};

int policies_new(struct policies **out, const struct policies_options *options, struct diag *diag);
void policies_free(struct policies *policies);

/* Reads all sources once and watches them from then on. How many policies could not be loaded; each
 * was reported. */
unsigned int policies_load(struct policies *policies);
/* Looks again: `files` may name others now. */
void policies_reload_files(struct policies *policies);

void policies_log(enum log_level level, const struct diag *diag); /* each of its lines */

/* What runtimes told of containers, for the next agent's `left_workloads`. */
json_t *policies_leave_workloads(const struct policies *policies);

/* Functions of struct service_ops; CONTEXT is a struct policies. */
int policies_add(void *context, const char *yaml, const char *domain,
		 Tetragon__TracingPolicyMode mode, struct diag *diag);
int policies_delete(void *context, const char *name, const char *namespace, const char *domain,
		    struct diag *diag);
int policies_configure(void *context, const struct service_policy_change *change,
		       struct diag *diag);
void policies_list(void *context, const Tetragon__ListTracingPoliciesRequest *request,
		   service_policies_fn answer, void *answer_context);
int policies_create_container(void *context, const Tetragon__CreateContainer *container,
			      struct diag *diag);
