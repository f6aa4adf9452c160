/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies of the test server: a list in memory, without a kernel. In: what the service is asked
 * for. Out: a list that says so, and refusals.
 *
 * A policy's text decides what becomes of it. "name: NAME" is its key, "namespace: NAME" is, too,
 * if it is there. Words anywhere: "Equals" is refused with findings in several lines, "endless"
 * with more of them than fit, "exotic" as impossible on this kernel, "odd" is added with a warning,
 * "broken" is listed with an error, "partial" with one of its two hooks not loaded. There is room
 * for SERVE_POLICIES_MAX.
 */
#pragma once

#include "service/service.h"

enum { SERVE_POLICIES_MAX = 4, SERVE_POLICY_TEXT_BYTES = 64 };

struct serve_policy {
	char name[SERVE_POLICY_TEXT_BYTES];
	char namespace[SERVE_POLICY_TEXT_BYTES];
	char domain[SERVE_POLICY_TEXT_BYTES];
	Tetragon__TracingPolicyState state;
	Tetragon__TracingPolicyMode mode;
	uint64_t id;
};

struct serve_policies {
	struct serve_policy items[SERVE_POLICIES_MAX];
	size_t count;
	uint64_t last_id;
};

/* Functions of struct service_ops; CONTEXT is a struct serve_policies. */
int serve_add_policy(void *context, const char *yaml, const char *domain,
		     Tetragon__TracingPolicyMode mode, struct diag *diag);
int serve_delete_policy(void *context, const char *name, const char *namespace, const char *domain,
			struct diag *diag);
int serve_configure_policy(void *context, const struct service_policy_change *change,
			   struct diag *diag);
void serve_list_policies(void *context, const Tetragon__ListTracingPoliciesRequest *request,
			 service_policies_fn answer, void *answer_context);
