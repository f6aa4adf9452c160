/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to bytes and back, with a bound on what foreign bytes can make this process allocate. */
#include <errno.h>
#include <stdlib.h>

#include "rpc/address.h"
#include "service/service_private.h"

/* Two bytes on the wire can become a structure of some hundred bytes. No honest request comes near.
 */
#define REQUEST_MEMORY_MAX (32UL << 20)

struct rpc_message *service_pack(const ProtobufCMessage *message)
{
	struct rpc_message *packed = rpc_message_new(protobuf_c_message_get_packed_size(message));

	if (packed)
		protobuf_c_message_pack(message, rpc_message_body(packed));
	return packed;
}

void service_reply(struct rpc_call *call, const ProtobufCMessage *message)
{
	rpc_call_reply(call, service_pack(message));
}

void service_fail(struct rpc_call *call, enum rpc_status status, struct diag *diag)
{
	/* Lines end with a newline there, a status does not. */
	diag->text.bytes -= diag->text.bytes > 0;
	rpc_call_fail(call, status, "%s", buf_text(&diag->text));
}

/* What clients get for the negative errno of an operation; any other is INTERNAL. */
static const struct {
	int error;
	enum rpc_status status;
} operation_statuses[] = {
	{ -EINVAL, RPC_INVALID_ARGUMENT },
	{ -EEXIST, RPC_ALREADY_EXISTS },
	{ -ENOENT, RPC_NOT_FOUND },
	{ -ENOSPC, RPC_RESOURCE_EXHAUSTED },
	{ -EOPNOTSUPP, RPC_FAILED_PRECONDITION },
};

static enum rpc_status operation_get_status(int error)
{
	for (size_t i = 0; i < sizeof(operation_statuses) / sizeof(operation_statuses[0]); i++) {
		if (operation_statuses[i].error == error)
			return operation_statuses[i].status;
	}
	return RPC_INTERNAL;
}

void service_fail_operation(struct rpc_call *call, int error, struct diag *diag)
{
	char room[96];

	if (!diag->lines)
		diag_add(diag, "%s", address_error_text(-error, room, sizeof(room)));
	service_fail(call, operation_get_status(error), diag);
}

static void *budget_alloc(void *context, size_t bytes)
{
	size_t *left = context;

	if (bytes > *left)
		return NULL;
	*left -= bytes;
	return malloc(bytes);
}

static void budget_free(void *context, void *memory)
{
	free(memory);
}

ProtobufCMessage *service_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *data,
				 size_t bytes)
{
	size_t left = REQUEST_MEMORY_MAX;
	ProtobufCAllocator allocator = { .alloc = budget_alloc,
					 .free = budget_free,
					 .allocator_data = &left };

	return protobuf_c_message_unpack(type, &allocator, bytes, data);
}

void service_free_request(ProtobufCMessage **request)
{
	protobuf_c_message_free_unpacked(*request, NULL);
}
