/* SPDX-License-Identifier: Apache-2.0 */
/* The service's life: its addresses, the way from a path to a row of the table, its end. */
#include "service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "rpc/address.h"
#include "service/service_private.h"

#define SERVICE_PATH "/tetragon.FineGuidanceSensors/"

enum { SOCKET_MODE = 0660, SOCKET_DIRECTORY_MODE = 0755 };

void service_refuse(struct rpc_call *call, const char *instead)
{
	const struct service_method *method = rpc_call_get_row(call);

	rpc_call_fail(call, RPC_UNIMPLEMENTED, "method \"%s\" is not available: %s", method->name,
		      instead);
}

static void service_start_method(void *context, struct rpc_call *call, const uint8_t *data,
				 size_t bytes)
{
	_cleanup_(service_free_request) ProtobufCMessage *request = NULL;
	const struct service_method *method = rpc_call_get_row(call);

	service_count_start(context, method);
	if (!method->answer) {
		service_refuse(call, method->instead);
		return;
	}
	request = service_unpack(method->request, data, bytes);
	if (!request) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "the request of method \"%s\" is not a %s", method->name,
			      method->request->name);
		return;
	}
	method->answer(context, call, request);
}

static void service_free_methods(struct service *service)
{
	for (size_t i = 0; service->methods && i < service_methods_count; i++)
		free((char *)service->methods[i].path);
	free(service->methods);
}

static int service_make_methods(struct service *service)
{
	service->methods = calloc(service_methods_count, sizeof(*service->methods));
	service->called = calloc(service_methods_count, sizeof(*service->called));
	if (!service->methods || !service->called)
		return -ENOMEM;
	for (size_t i = 0; i < service_methods_count; i++) {
		const struct service_method *row = &service_methods[i];
		char *path;

		if (asprintf(&path, SERVICE_PATH "%s", row->name) < 0)
			return -ENOMEM;
		service->methods[i] = (struct rpc_method){ .path = path,
							   .start = service_start_method,
							   .row = row };
	}
	return 0;
}

static int service_make_directory(const char *socket_path, struct diag *diag)
{
	const char *slash = strrchr(socket_path, '/');
	_cleanup_free_ char *path = NULL;
	char room[96];
	int error;

	if (!slash || slash == socket_path)
		return 0;
	path = strndup(socket_path, (size_t)(slash - socket_path));
	if (!path)
		return -ENOMEM;
	if (mkdir(path, SOCKET_DIRECTORY_MODE) == 0 || errno == EEXIST)
		return 0;
	error = errno;
	diag_add(diag, "cannot create directory \"%s\" for the socket: %s%s", path,
		 address_error_text(error, room, sizeof(room)),
		 error == EACCES ? "; run as root" : "");
	return -error;
}

static int service_listen_unix(struct service *service, const char *path, struct diag *diag)
{
	_cleanup_free_ char *address = NULL;
	int error = service_make_directory(path, diag);

	if (error)
		return error;
	if (asprintf(&address, "unix://%s", path) < 0) {
		address = NULL;
		return -ENOMEM;
	}
	return rpc_server_listen(service->server, address, SOCKET_MODE, diag);
}

static int service_listen(struct service *service, const struct service_options *options,
			  struct diag *diag)
{
	const char *address = options->server_address;
	int error;

	if (!*address)
		return 0;
	if (address_is_unix(address))
		return service_listen_unix(service, address_get_path(address), diag);
	error = rpc_server_listen(service->server, address, 0, diag);
	if (error || !options->socket_path || !*options->socket_path)
		return error;
	return service_listen_unix(service, options->socket_path, diag);
}

static void service_cleanup(struct service **service)
{
	service_free(*service);
}

int service_new(struct service **out, struct loop *loop, const struct service_options *options,
		const struct service_ops *ops, void *ops_context, struct diag *diag)
{
	_cleanup_(service_cleanup) struct service *service = calloc(1, sizeof(*service));
	struct rpc_methods methods = { .count = service_methods_count,
				       .context = service,
				       .ended = service_count_end };
	int error;

	if (!service)
		return -ENOMEM;
	service->ops = ops;
	service->filter_options = options->filters;
	service->ops_context = ops_context;
	service->with_deprecated_policy_methods = options->with_deprecated_policy_methods;
	service->queue_events_max = options->queue_events_max ? options->queue_events_max
							      : SERVICE_QUEUE_EVENTS_DEFAULT;
	service->node_name = strdup(options->node_name ? options->node_name : "");
	if (!service->node_name)
		return -ENOMEM;
	error = service_make_methods(service);
	if (error)
		return error;
	methods.rows = service->methods;
	error = rpc_server_new(&service->server, loop, &methods);
	if (error)
		return error;
	error = service_listen(service, options, diag);
	if (error)
		return error;
	*out = TAKE_PTR(service);
	return 0;
}

void service_free(struct service *service)
{
	if (!service)
		return;
	if (service->server) {
		service_end_streams(service);
		rpc_server_drain(service->server, SERVICE_STOP_NS);
	}
	rpc_server_free(service->server);
	service_free_methods(service);
	free(service->called);
	free(service->node_name);
	free(service);
}

struct service_counters service_get_counters(const struct service *service)
{
	return service->counters;
}

uint16_t service_get_port(const struct service *service)
{
	return rpc_server_get_port(service->server);
}
