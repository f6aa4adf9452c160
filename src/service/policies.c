/* SPDX-License-Identifier: Apache-2.0 */
/* Policies, as clients add, delete, list and change them. What a request cannot mean is refused
 * here; what it does is the daemon's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "rpc/address.h"
#include "service/service_private.h"

/* False: the daemon has no such operation, and the call ended with that. */
static bool policies_can(struct rpc_call *call, bool has_operation)
{
	if (!has_operation)
		service_refuse(call, "this agent takes no policies from clients");
	return has_operation;
}

static bool policies_has_name(struct rpc_call *call, const char *name)
{
	if (!*name)
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "the request names no policy; want its metadata.name");
	return *name;
}

/* Modes that a policy can be put into; MONITOR_ONLY is what one is that cannot enforce. */
static bool policies_has_mode(struct rpc_call *call, Tetragon__TracingPolicyMode mode)
{
	if (mode == TETRAGON__TRACING_POLICY_MODE__TP_MODE_ENFORCE ||
	    mode == TETRAGON__TRACING_POLICY_MODE__TP_MODE_MONITOR)
		return true;
	rpc_call_fail(call, RPC_INVALID_ARGUMENT,
		      "a policy cannot be put into mode %d; want TP_MODE_ENFORCE or "
		      "TP_MODE_MONITOR",
		      (int)mode);
	return false;
}

void service_add_policy(struct service *service, struct rpc_call *call,
			const ProtobufCMessage *message)
{
	const Tetragon__AddTracingPolicyRequest *request =
		(const Tetragon__AddTracingPolicyRequest *)message;
	Tetragon__AddTracingPolicyResponse response = TETRAGON__ADD_TRACING_POLICY_RESPONSE__INIT;
	const char *domain = *request->domain ? request->domain : SERVICE_POLICY_DOMAIN_DEFAULT;
	_cleanup_diag_ struct diag diag = {};
	int error;

	if (!policies_can(call, service->ops->add_policy))
		return;
	if (request->mode != TETRAGON__TRACING_POLICY_MODE__TP_MODE_UNKNOWN &&
	    !policies_has_mode(call, request->mode))
		return;
	error = service->ops->add_policy(service->ops_context, request->yaml, domain, request->mode,
					 &diag);
	if (error) {
		service_fail_operation(call, error, &diag);
		return;
	}
	response.warnings = (char *)buf_text(&diag.text);
	service_reply(call, &response.base);
}

void service_delete_policy(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message)
{
	const Tetragon__DeleteTracingPolicyRequest *request =
		(const Tetragon__DeleteTracingPolicyRequest *)message;
	Tetragon__DeleteTracingPolicyResponse response =
		TETRAGON__DELETE_TRACING_POLICY_RESPONSE__INIT;
	_cleanup_diag_ struct diag diag = {};
	int error;

	if (!policies_can(call, service->ops->delete_policy) ||
	    !policies_has_name(call, request->name))
		return;
	error = service->ops->delete_policy(service->ops_context, request->name,
					    request->namespace_, request->domain, &diag);
	if (error)
		service_fail_operation(call, error, &diag);
	else
		service_reply(call, &response.base);
}

/* RESPONSE, which says nothing, if all goes well. */
static void policies_change(struct service *service, struct rpc_call *call,
			    const struct service_policy_change *change,
			    const ProtobufCMessage *response)
{
	_cleanup_diag_ struct diag diag = {};
	int error;

	if (!policies_can(call, service->ops->configure_policy) ||
	    !policies_has_name(call, change->name))
		return;
	error = service->ops->configure_policy(service->ops_context, change, &diag);
	if (error)
		service_fail_operation(call, error, &diag);
	else
		service_reply(call, response);
}

void service_configure_policy(struct service *service, struct rpc_call *call,
			      const ProtobufCMessage *message)
{
	const Tetragon__ConfigureTracingPolicyRequest *request =
		(const Tetragon__ConfigureTracingPolicyRequest *)message;
	Tetragon__ConfigureTracingPolicyResponse response =
		TETRAGON__CONFIGURE_TRACING_POLICY_RESPONSE__INIT;
	/* "case" says which member of an optional is there: none, or its only one. */
	bool has_enable = request->optional_enable_case;
	bool has_mode = request->optional_mode_case;
	struct service_policy_change change = {
		.name = request->name,
		.namespace = request->namespace_,
		.domain = request->domain,
		.has_enable = has_enable,
		.enable = has_enable && request->enable,
	};

	if (!has_enable && !has_mode) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "the request changes nothing; want \"enable\" or \"mode\"");
		return;
	}
	if (has_mode && !policies_has_mode(call, request->mode))
		return;
	if (has_mode)
		change.mode = request->mode;
	policies_change(service, call, &change, &response.base);
}

/* The two deprecated methods, whose requests differ in name only. */
static void policies_enable(struct service *service, struct rpc_call *call,
			    const struct service_policy_change *change,
			    const ProtobufCMessage *response)
{
	if (service->with_deprecated_policy_methods)
		policies_change(service, call, change, response);
	else
		service_refuse(call, "it is deprecated: use ConfigureTracingPolicy");
}

void service_enable_policy(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message)
{
	const Tetragon__EnableTracingPolicyRequest *request =
		(const Tetragon__EnableTracingPolicyRequest *)message;
	Tetragon__EnableTracingPolicyResponse response =
		TETRAGON__ENABLE_TRACING_POLICY_RESPONSE__INIT;
	struct service_policy_change change = { .name = request->name,
						.namespace = request->namespace_,
						.domain = request->domain,
						.has_enable = true,
						.enable = true };

	policies_enable(service, call, &change, &response.base);
}

void service_disable_policy(struct service *service, struct rpc_call *call,
			    const ProtobufCMessage *message)
{
	const Tetragon__DisableTracingPolicyRequest *request =
		(const Tetragon__DisableTracingPolicyRequest *)message;
	Tetragon__DisableTracingPolicyResponse response =
		TETRAGON__DISABLE_TRACING_POLICY_RESPONSE__INIT;
	struct service_policy_change change = { .name = request->name,
						.namespace = request->namespace_,
						.domain = request->domain,
						.has_enable = true };

	policies_enable(service, call, &change, &response.base);
}

static void policies_reply_list(void *context, const Tetragon__ListTracingPoliciesResponse *list)
{
	service_reply(context, &list->base);
}

void service_list_policies(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message)
{
	const Tetragon__ListTracingPoliciesRequest *request =
		(const Tetragon__ListTracingPoliciesRequest *)message;

	if (policies_can(call, service->ops->list_policies))
		service->ops->list_policies(service->ops_context, request, policies_reply_list,
					    call);
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void policies_reply_domains(void *context, const Tetragon__ListTracingPoliciesResponse *list)
{
	Tetragon__ListDomainsResponse response = TETRAGON__LIST_DOMAINS_RESPONSE__INIT;
	_cleanup_free_ char **domains = calloc(list->n_policies + 1, sizeof(char *));
	size_t count = 0;

	if (!domains) {
		rpc_call_fail(context, RPC_RESOURCE_EXHAUSTED, "no memory for the answer");
		return;
	}
	for (size_t i = 0; i < list->n_policies; i++)
		domains[i] = list->policies[i]->domain;
	qsort(domains, list->n_policies, sizeof(char *), compare_texts);
	for (size_t i = 0; i < list->n_policies; i++) {
		if (!count || strcmp(domains[count - 1], domains[i]) != 0)
			domains[count++] = domains[i];
	}
	response.n_domains = count;
	response.domains = domains;
	service_reply(context, &response.base);
}

void service_list_domains(struct service *service, struct rpc_call *call,
			  const ProtobufCMessage *message)
{
	const Tetragon__ListTracingPoliciesRequest all =
		TETRAGON__LIST_TRACING_POLICIES_REQUEST__INIT;

	if (policies_can(call, service->ops->list_policies))
		service->ops->list_policies(service->ops_context, &all, policies_reply_domains,
					    call);
}
