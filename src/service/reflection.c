/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grpc.reflection.v1 and v1alpha: what there is to call, for tools that have no .proto files. In:
 * requests, any number on one call. Out: an answer to each, from the descriptors in the program.
 *
 * The messages of both versions are the same on the wire; v1's are used for both.
 */
#include <string.h>

#include <descriptors.h>
#include <grpc/reflection/v1/reflection.pb-c.h>

#include "service/descriptor_set.h"
#include "service/service_private.h"

#define REQUEST(name)  GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define RESPONSE(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

/* Answers that wait for one client; the largest file has 20 KiB. A client that asks on and on
 * without reading is ended. */
enum { QUEUE_MAX = 32, QUEUE_BYTES_MAX = 128 << 10, SERVICES_MAX = 16, REQUEST_BYTES_MAX = 4096 };

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;

static void reflection_send(struct rpc_call *call, const reflection_response *response)
{
	_cleanup_message_ struct rpc_message *message = service_pack(&response->base);

	if (!message || rpc_call_send(call, message))
		rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED,
			      "too many answers wait to be read; read them before asking more");
}

static void reflection_send_error(struct rpc_call *call, reflection_response *response,
				  enum rpc_status status, const char *text)
{
	Grpc__Reflection__V1__ErrorResponse error = GRPC__REFLECTION__V1__ERROR_RESPONSE__INIT;

	error.error_code = (int32_t)status;
	error.error_message = (char *)text;
	response->message_response_case = RESPONSE(ERROR_RESPONSE);
	response->error_response = &error;
	reflection_send(call, response);
}

static void reflection_send_file(struct rpc_call *call, reflection_response *response,
				 struct span file, const char *missing)
{
	Grpc__Reflection__V1__FileDescriptorResponse files =
		GRPC__REFLECTION__V1__FILE_DESCRIPTOR_RESPONSE__INIT;
	ProtobufCBinaryData data = { .len = file.bytes, .data = (uint8_t *)file.data };

	if (!file.data) {
		reflection_send_error(call, response, RPC_NOT_FOUND, missing);
		return;
	}
	files.n_file_descriptor_proto = 1;
	files.file_descriptor_proto = &data;
	response->message_response_case = RESPONSE(FILE_DESCRIPTOR_RESPONSE);
	response->file_descriptor_response = &files;
	reflection_send(call, response);
}

/* Each service of the table once; its methods stand together. */
static void reflection_send_services(struct rpc_call *call, reflection_response *response)
{
	Grpc__Reflection__V1__ListServiceResponse list =
		GRPC__REFLECTION__V1__LIST_SERVICE_RESPONSE__INIT;
	Grpc__Reflection__V1__ServiceResponse services[SERVICES_MAX];
	Grpc__Reflection__V1__ServiceResponse *pointers[SERVICES_MAX];
	const char *last = "";

	for (size_t i = 0; i < service_methods_count && list.n_service < SERVICES_MAX; i++) {
		const char *name = service_methods[i].service;

		if (strcmp(name, last) == 0)
			continue;
		last = name;
		grpc__reflection__v1__service_response__init(&services[list.n_service]);
		services[list.n_service].name = (char *)name;
		pointers[list.n_service] = &services[list.n_service];
		list.n_service++;
	}
	list.service = pointers;
	response->message_response_case = RESPONSE(LIST_SERVICES_RESPONSE);
	response->list_services_response = &list;
	reflection_send(call, response);
}

/* No message of ours can be extended. */
static void reflection_send_extensions(struct rpc_call *call, reflection_response *response,
				       struct span set, const char *type)
{
	Grpc__Reflection__V1__ExtensionNumberResponse numbers =
		GRPC__REFLECTION__V1__EXTENSION_NUMBER_RESPONSE__INIT;

	if (!descriptor_set_find_symbol(set, type).data) {
		reflection_send_error(call, response, RPC_NOT_FOUND, "there is no such type");
		return;
	}
	numbers.base_type_name = (char *)type;
	response->message_response_case = RESPONSE(ALL_EXTENSION_NUMBERS_RESPONSE);
	response->all_extension_numbers_response = &numbers;
	reflection_send(call, response);
}

static void reflection_answer(struct rpc_call *call, reflection_request *request)
{
	const struct span set = { (const char *)proto_descriptors, proto_descriptors_bytes };
	reflection_response response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;

	response.valid_host = request->host;
	response.original_request = request;
	switch (request->message_request_case) {
	case REQUEST(FILE_BY_FILENAME):
		reflection_send_file(call, &response,
				     descriptor_set_find_file(set, request->file_by_filename),
				     "there is no such file");
		break;
	case REQUEST(FILE_CONTAINING_SYMBOL):
		reflection_send_file(
			call, &response,
			descriptor_set_find_symbol(set, request->file_containing_symbol),
			"there is no such symbol");
		break;
	case REQUEST(FILE_CONTAINING_EXTENSION):
		reflection_send_error(call, &response, RPC_NOT_FOUND, "there are no extensions");
		break;
	case REQUEST(ALL_EXTENSION_NUMBERS_OF_TYPE):
		reflection_send_extensions(call, &response, set,
					   request->all_extension_numbers_of_type);
		break;
	case REQUEST(LIST_SERVICES):
		reflection_send_services(call, &response);
		break;
	default:
		reflection_send_error(call, &response, RPC_INVALID_ARGUMENT,
				      "the request asks nothing that is known here");
	}
}

static void reflection_on_message(void *context, struct rpc_call *call, const uint8_t *data,
				  size_t bytes)
{
	_cleanup_(service_free_request) ProtobufCMessage *request = NULL;

	/* Each answer repeats its request. */
	if (bytes <= REQUEST_BYTES_MAX)
		request = service_unpack(
			&grpc__reflection__v1__server_reflection_request__descriptor, data, bytes);
	if (request)
		reflection_answer(call, (reflection_request *)request);
	else
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "the request is not a ServerReflectionRequest of at most %d bytes",
			      REQUEST_BYTES_MAX);
}

static void reflection_on_requested(void *context, struct rpc_call *call)
{
	rpc_call_fail(call, RPC_OK, "%s", "");
}

void service_reflect(struct service *service, struct rpc_call *call, const ProtobufCMessage *none)
{
	static const struct rpc_stream_hooks hooks = { .message = reflection_on_message,
						       .requested = reflection_on_requested };

	rpc_call_start_stream(call, &hooks);
	rpc_call_set_queue(call, QUEUE_MAX, QUEUE_BYTES_MAX);
}
