/* SPDX-License-Identifier: Apache-2.0 */
/* GetDebug and SetDebug: the agent's log level, and its process cache as it stands. */
#include <string.h>

#include "base/log.h"
#include "service/service_private.h"

/* The cache is packed process by process, for a whole one of structures would be many megabytes:
 * these are the keys (number << 3 | wire type) of the messages around. */
enum {
	KEY_RESPONSE_FLAG = 1 << 3 | 0,
	KEY_RESPONSE_PROCESSES = 3 << 3 | 2,
	KEY_PROCESSES_PROCESS = 1 << 3 | 2,
	VARINT_BYTES_MAX = 10
};

/* panic and fatal are heard whenever error is. */
static enum log_level debug_level_from_api(Tetragon__LogLevel level)
{
	int shifted = (int)level - (int)TETRAGON__LOG_LEVEL__LOG_LEVEL_ERROR;

	return shifted < 0 ? LOG_LEVEL_ERROR : (enum log_level)shifted;
}

static Tetragon__LogLevel debug_level_to_api(enum log_level level)
{
	return (Tetragon__LogLevel)((int)level + (int)TETRAGON__LOG_LEVEL__LOG_LEVEL_ERROR);
}

static size_t debug_put_varint(uint8_t *out, uint64_t value)
{
	size_t bytes = 0;

	for (; value >= 0x80; value >>= 7)
		out[bytes++] = (uint8_t)(value | 0x80);
	out[bytes++] = (uint8_t)value;
	return bytes;
}

static void debug_add_process(void *context, const Tetragon__ProcessInternal *process)
{
	size_t bytes = tetragon__process_internal__get_packed_size(process);
	struct buf *out = context;
	uint8_t *at;

	if (!buf_reserve(out, 1 + VARINT_BYTES_MAX + bytes))
		return;
	at = (uint8_t *)out->data + out->bytes;
	*at++ = KEY_PROCESSES_PROCESS;
	at += debug_put_varint(at, bytes);
	at += tetragon__process_internal__pack(process, at);
	out->bytes = (size_t)(at - (uint8_t *)out->data);
}

static void debug_reply_processes(struct service *service, struct rpc_call *call,
				  const Tetragon__GetDebugRequest *request)
{
	Tetragon__DumpProcessCacheReqArgs all = TETRAGON__DUMP_PROCESS_CACHE_REQ_ARGS__INIT;
	bool has_args = request->arg_case == TETRAGON__GET_DEBUG_REQUEST__ARG_DUMP;
	_cleanup_buf_ struct buf processes = {};
	uint8_t head[3 + VARINT_BYTES_MAX];
	struct rpc_message *message;
	size_t bytes = 0;

	if (!service->ops->visit_processes) {
		rpc_call_fail(call, RPC_UNIMPLEMENTED, "there is no process cache");
		return;
	}
	service->ops->visit_processes(service->ops_context, has_args ? request->dump : &all,
				      debug_add_process, &processes);
	head[bytes++] = KEY_RESPONSE_FLAG;
	head[bytes++] = TETRAGON__CONFIG_FLAG__CONFIG_FLAG_DUMP_PROCESS_CACHE;
	head[bytes++] = KEY_RESPONSE_PROCESSES;
	bytes += debug_put_varint(head + bytes, processes.bytes);
	message = processes.failed ? NULL : rpc_message_new(bytes + processes.bytes);
	if (message) {
		memcpy(rpc_message_body(message), head, bytes);
		if (processes.bytes)
			memcpy(rpc_message_body(message) + bytes, processes.data, processes.bytes);
	}
	rpc_call_reply(call, message);
}

static void debug_reply_level(struct rpc_call *call)
{
	Tetragon__GetDebugResponse response = TETRAGON__GET_DEBUG_RESPONSE__INIT;

	response.flag = TETRAGON__CONFIG_FLAG__CONFIG_FLAG_LOG_LEVEL;
	response.arg_case = TETRAGON__GET_DEBUG_RESPONSE__ARG_LEVEL;
	response.level = debug_level_to_api(log_get_level());
	service_reply(call, &response.base);
}

void service_get_debug(struct service *service, struct rpc_call *call,
		       const ProtobufCMessage *message)
{
	const Tetragon__GetDebugRequest *request = (const Tetragon__GetDebugRequest *)message;

	if (request->flag == TETRAGON__CONFIG_FLAG__CONFIG_FLAG_LOG_LEVEL)
		debug_reply_level(call);
	else if (request->flag == TETRAGON__CONFIG_FLAG__CONFIG_FLAG_DUMP_PROCESS_CACHE)
		debug_reply_processes(service, call, request);
	else
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "unknown flag %d; want CONFIG_FLAG_LOG_LEVEL or "
			      "CONFIG_FLAG_DUMP_PROCESS_CACHE",
			      (int)request->flag);
}

void service_set_debug(struct service *service, struct rpc_call *call,
		       const ProtobufCMessage *message)
{
	const Tetragon__SetDebugRequest *request = (const Tetragon__SetDebugRequest *)message;
	Tetragon__SetDebugResponse response = TETRAGON__SET_DEBUG_RESPONSE__INIT;

	if (request->flag != TETRAGON__CONFIG_FLAG__CONFIG_FLAG_LOG_LEVEL ||
	    request->arg_case != TETRAGON__SET_DEBUG_REQUEST__ARG_LEVEL) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "nothing to set; want CONFIG_FLAG_LOG_LEVEL and a level");
		return;
	}
	if ((int)request->level < 0 || request->level > TETRAGON__LOG_LEVEL__LOG_LEVEL_TRACE) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "unknown log level %d; want 0 (panic) to 6 (trace)",
			      (int)request->level);
		return;
	}
	log_set_level(debug_level_from_api(request->level));
	log_info("a client set the log level to %d (0 panic, 6 trace)", (int)request->level);
	response.flag = request->flag;
	response.arg_case = TETRAGON__SET_DEBUG_RESPONSE__ARG_LEVEL;
	response.level = request->level;
	service_reply(call, &response.base);
}
