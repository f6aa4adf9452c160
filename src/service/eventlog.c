/* SPDX-License-Identifier: Apache-2.0 */
/* The event file's rotation as clients see and change it, and containers that a runtime announces.
 * What a request cannot mean is refused here; what it does is the daemon's. */
#include <inttypes.h>
#include <stdio.h>

#include <tetragon/eventlogservice.pb-c.h>

#include "base/option_value.h"
#include "service/service_private.h"

enum { INTERVAL_TEXT_BYTES = 32 };

/* As Go writes durations, to the millisecond: "1h30m0s", "10s", "1.5s". */
static void eventlog_write_interval(uint64_t interval_ns, char out[INTERVAL_TEXT_BYTES])
{
	uint64_t ms = interval_ns / CLOCK_NS_PER_MS;
	uint64_t seconds = ms / 1000;
	int bytes = 0;

	ms %= 1000;
	if (seconds >= 3600)
		bytes += snprintf(out, INTERVAL_TEXT_BYTES, "%" PRIu64 "h", seconds / 3600);
	if (seconds >= 60)
		bytes += snprintf(out + bytes, (size_t)(INTERVAL_TEXT_BYTES - bytes),
				  "%" PRIu64 "m", seconds / 60 % 60);
	if (ms)
		snprintf(out + bytes, (size_t)(INTERVAL_TEXT_BYTES - bytes),
			 "%" PRIu64 ".%03" PRIu64 "s", seconds % 60, ms);
	else
		snprintf(out + bytes, (size_t)(INTERVAL_TEXT_BYTES - bytes), "%" PRIu64 "s",
			 seconds % 60);
}

void service_get_event_log(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message)
{
	Tetragon__GetEventLogParamsResponse response =
		TETRAGON__GET_EVENT_LOG_PARAMS_RESPONSE__INIT;
	char interval[INTERVAL_TEXT_BYTES];
	struct service_event_log log = {};
	_cleanup_diag_ struct diag diag = {};
	int error;

	if (!service->ops->get_event_log) {
		rpc_call_fail(call, RPC_FAILED_PRECONDITION,
			      "this agent writes no event file; see --export-filename");
		return;
	}
	error = service->ops->get_event_log(service->ops_context, &log, &diag);
	if (error) {
		service_fail_operation(call, error, &diag);
		return;
	}
	eventlog_write_interval(log.rotation_interval_ns, interval);
	response.max_size = log.max_size_mb;
	response.max_backups = log.max_backups;
	response.rotation_interval = interval;
	service_reply(call, &response.base);
}

/* False: a value is none, and the call ended with that. */
static bool eventlog_read_change(struct rpc_call *call,
				 const Tetragon__SetEventLogParamsRequest *request,
				 struct service_event_log_change *out)
{
	const struct option_kind_facts *duration = option_kind_get_facts(OPTION_DURATION);

	out->has_max_size = request->optional_max_size_case != 0;
	out->has_max_backups = request->optional_max_backups_case != 0;
	out->has_rotation_interval = request->optional_rotation_interval_case != 0;
	if (out->has_max_size)
		out->wanted.max_size_mb = request->max_size;
	if (out->has_max_backups)
		out->wanted.max_backups = request->max_backups;
	if (out->wanted.max_size_mb < 0 || out->wanted.max_backups < 0) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "size and number of files cannot be negative; 0 is without a limit");
		return false;
	}
	if (out->has_rotation_interval &&
	    !duration->parse(request->rotation_interval, &out->wanted.rotation_interval_ns)) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "rotation interval \"%s\" is no time; want %s",
			      request->rotation_interval, duration->wanted);
		return false;
	}
	if (out->has_max_size || out->has_max_backups || out->has_rotation_interval)
		return true;
	rpc_call_fail(call, RPC_INVALID_ARGUMENT,
		      "the request changes nothing; want max_size, max_backups or "
		      "rotation_interval");
	return false;
}

void service_set_event_log(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message)
{
	Tetragon__SetEventLogParamsResponse response =
		TETRAGON__SET_EVENT_LOG_PARAMS_RESPONSE__INIT;
	struct service_event_log_change change = {};
	_cleanup_diag_ struct diag diag = {};
	int error;

	if (!eventlog_read_change(call, (const Tetragon__SetEventLogParamsRequest *)message,
				  &change))
		return;
	if (!service->ops->set_event_log) {
		rpc_call_fail(call, RPC_FAILED_PRECONDITION,
			      "this agent does not rotate its event file; logrotate(8) can, with "
			      "SIGHUP to the agent");
		return;
	}
	error = service->ops->set_event_log(service->ops_context, &change, &diag);
	if (error)
		service_fail_operation(call, error, &diag);
	else
		service_reply(call, &response.base);
}

void service_runtime_hook(struct service *service, struct rpc_call *call,
			  const ProtobufCMessage *message)
{
	const Tetragon__RuntimeHookRequest *request = (const Tetragon__RuntimeHookRequest *)message;
	Tetragon__RuntimeHookResponse response = TETRAGON__RUNTIME_HOOK_RESPONSE__INIT;
	_cleanup_diag_ struct diag diag = {};
	int error;

	if (!service->ops->create_container) {
		service_refuse(call, "this agent learns containers from --workload-file");
		return;
	}
	if (request->event_case != TETRAGON__RUNTIME_HOOK_REQUEST__EVENT_CREATE_CONTAINER) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "the request has no event that is known here; want createContainer");
		return;
	}
	error = service->ops->create_container(service->ops_context, request->createcontainer,
					       &diag);
	if (error)
		service_fail_operation(call, error, &diag);
	else
		service_reply(call, &response.base);
}
