/* SPDX-License-Identifier: Apache-2.0 */
/* The table of methods, and the answers that fit on a few lines. */
#include <stdlib.h>

#include <grpc/health/v1/health.pb-c.h>
#include <tetragon/eventlogservice.pb-c.h>

#include "base/cleanup.h"
#include "service/service_private.h"

static void service_get_version(struct service *service, struct rpc_call *call,
				const ProtobufCMessage *request)
{
	Tetragon__GetVersionResponse response = TETRAGON__GET_VERSION_RESPONSE__INIT;

	response.version = (char *)TETRAD_VERSION;
	service_reply(call, &response.base);
}

/* An agent that answers is running; a client without types asks for all there are. */
static void service_get_health(struct service *service, struct rpc_call *call,
			       const ProtobufCMessage *request)
{
	Tetragon__GetHealthStatusResponse response = TETRAGON__GET_HEALTH_STATUS_RESPONSE__INIT;
	Tetragon__HealthStatus status = TETRAGON__HEALTH_STATUS__INIT;
	Tetragon__HealthStatus *list[] = { &status };

	status.event = TETRAGON__HEALTH_STATUS_TYPE__HEALTH_STATUS_TYPE_STATUS;
	status.status = TETRAGON__HEALTH_STATUS_RESULT__HEALTH_STATUS_RUNNING;
	status.details = (char *)"running";
	response.n_health_status = 1;
	response.health_status = list;
	service_reply(call, &response.base);
}

/* Adds what is known here. */
static void service_reply_info(void *context, const Tetragon__GetInfoResponse *info)
{
	Tetragon__GetInfoResponse response = *info;

	response.version = (char *)TETRAD_VERSION;
	response.name = (char *)"tetrad";
	service_reply(context, &response.base);
}

static void service_get_info(struct service *service, struct rpc_call *call,
			     const ProtobufCMessage *request)
{
	Tetragon__GetInfoResponse empty = TETRAGON__GET_INFO_RESPONSE__INIT;

	if (service->ops->get_info)
		service->ops->get_info(service->ops_context, service_reply_info, call);
	else
		service_reply_info(call, &empty);
}

/* Where a status goes that the daemon has filled in. */
struct status_answer {
	struct service *service;
	struct rpc_call *call;
};

/* Adds what is known here: streams now, events that clients missed. */
static void service_reply_status(void *context, const Tetragon__GetStatusResponse *status)
{
	const struct status_answer *answer = context;
	const struct service_counters *counters = &answer->service->counters;
	Tetragon__GetStatusResponse response = *status;
	Tetragon__LossCount own = TETRAGON__LOSS_COUNT__INIT;
	_cleanup_free_ Tetragon__LossCount **losses =
		calloc(status->n_losses + 1, sizeof(Tetragon__LossCount *));

	if (!losses) {
		rpc_call_fail(answer->call, RPC_RESOURCE_EXHAUSTED, "no memory for the answer");
		return;
	}
	for (size_t i = 0; i < status->n_losses; i++)
		losses[i] = status->losses[i];
	own.record = (char *)"event";
	own.reason = (char *)"client queue full";
	own.count = counters->events_dropped;
	own.advice = (char *)SERVICE_CLIENT_ADVICE;
	if (own.count)
		losses[response.n_losses++] = &own;
	response.losses = losses;
	response.streams = counters->streams;
	service_reply(answer->call, &response.base);
}

static void service_get_status(struct service *service, struct rpc_call *call,
			       const ProtobufCMessage *request)
{
	struct status_answer answer = { service, call };
	Tetragon__GetStatusResponse empty = TETRAGON__GET_STATUS_RESPONSE__INIT;

	empty.version = (char *)TETRAD_VERSION;
	if (service->ops->get_status)
		service->ops->get_status(service->ops_context,
					 (const Tetragon__GetStatusRequest *)request,
					 service_reply_status, &answer);
	else
		service_reply_status(&answer, &empty);
}

#define REQUEST(type) &tetragon__##type##_request__descriptor
#define READ(name)    SERVICE_SENSORS, name, SERVICE_READ
#define CHANGE(name)  SERVICE_SENSORS, name, SERVICE_CHANGE
#define HEALTH(name)  SERVICE_HEALTH, name, SERVICE_READ
#define CHECK	      &grpc__health__v1__health_check_request__descriptor
#define LIST	      &grpc__health__v1__health_list_request__descriptor
#define REFLECTION    "ServerReflectionInfo", SERVICE_READ, NULL

/* Those of health stand together: they are also served alone. */
const struct service_method service_methods[] = {
	{ READ("GetEvents"), REQUEST(get_events), service_get_events, .is_stream = true },
	{ READ("GetVersion"), REQUEST(get_version), service_get_version },
	{ READ("GetHealth"), REQUEST(get_health_status), service_get_health },
	{ READ("GetStatus"), REQUEST(get_status), service_get_status },
	{ READ("GetInfo"), REQUEST(get_info), service_get_info },
	{ READ("GetDebug"), REQUEST(get_debug), service_get_debug },
	{ CHANGE("SetDebug"), REQUEST(set_debug), service_set_debug },
	{ CHANGE("AddTracingPolicy"), REQUEST(add_tracing_policy), service_add_policy },
	{ CHANGE("DeleteTracingPolicy"), REQUEST(delete_tracing_policy), service_delete_policy },
	{ READ("ListTracingPolicies"), REQUEST(list_tracing_policies), service_list_policies },
	{ CHANGE("ConfigureTracingPolicy"), REQUEST(configure_tracing_policy),
	  service_configure_policy },
	{ CHANGE("EnableTracingPolicy"), REQUEST(enable_tracing_policy), service_enable_policy },
	{ CHANGE("DisableTracingPolicy"), REQUEST(disable_tracing_policy), service_disable_policy },
	{ READ("ListDomains"), REQUEST(list_domains), service_list_domains },
	{ CHANGE("RuntimeHook"), &tetragon__runtime_hook_request__descriptor,
	  service_runtime_hook },
	{ READ("ListSensors"), .instead = "it is deprecated: use ListTracingPolicies" },
	{ CHANGE("EnableSensor"), .instead = "it is deprecated: use ConfigureTracingPolicy" },
	{ CHANGE("DisableSensor"), .instead = "it is deprecated: use ConfigureTracingPolicy" },
	{ CHANGE("RemoveSensor"), .instead = "it is deprecated: use DeleteTracingPolicy" },
	{ SERVICE_EVENT_LOG, "GetEventLogParams", SERVICE_READ, REQUEST(get_event_log_params),
	  service_get_event_log },
	{ SERVICE_EVENT_LOG, "SetEventLogParams", SERVICE_CHANGE, REQUEST(set_event_log_params),
	  service_set_event_log },
	{ HEALTH("Check"), CHECK, service_check_health },
	{ HEALTH("List"), LIST, service_list_health },
	{ HEALTH("Watch"), CHECK, service_watch_health, .is_stream = true },
	{ "grpc.reflection.v1.ServerReflection", REFLECTION, service_reflect, .is_stream = true,
	  .takes_stream = true },
	{ "grpc.reflection.v1alpha.ServerReflection", REFLECTION, service_reflect,
	  .is_stream = true, .takes_stream = true },
};
const size_t service_methods_count = sizeof(service_methods) / sizeof(service_methods[0]);
