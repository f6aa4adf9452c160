/* SPDX-License-Identifier: Apache-2.0 */
/* The service's life: its addresses, the way from a path to a row of the table, its end. */
#include "service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "rpc/address.h"
#include "service/service_private.h"

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
	const struct service *service = context;

	service_count_start(context, method);
	if (!method->answer) {
		service_refuse(call, method->instead);
		return;
	}
	if (!roles_check(service->roles, call, method))
		return;
	if (method->takes_stream) {
		method->answer(context, call, NULL);
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

		if (asprintf(&path, "/%s/%s", row->service, row->name) < 0)
			return -ENOMEM;
		service->methods[i] = (struct rpc_method){ .path = path,
							   .start = service_start_method,
							   .row = row,
							   .is_stream = row->is_stream,
							   .takes_stream = row->takes_stream };
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

static int service_listen_unix(struct service *service, const char *path,
			       const struct service_options *options, struct diag *diag)
{
	struct rpc_listen_options listen = {
		.flag = "--server-address",
		.mode = options->socket_mode ? options->socket_mode : SOCKET_MODE,
		.group = (gid_t)-1,
	};
	_cleanup_free_ char *address = NULL;
	int error = 0;

	if (options->socket_group && *options->socket_group)
		error = roles_find_group(options->socket_group, &listen.group, diag);
	if (!error)
		error = service_make_directory(path, diag);
	if (error)
		return error;
	if (asprintf(&address, "unix://%s", path) < 0) {
		address = NULL;
		return -ENOMEM;
	}
	listen.address = address;
	return rpc_server_listen(service->server, &listen, diag);
}

static void service_on_reload(void *context, const struct diag *problem)
{
	struct span rest = { problem->text.data, problem->text.bytes };

	if (!problem->lines)
		log_info("TLS certificates of the API were read anew");
	while (rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		log_error("TLS certificates of the API changed, and the old ones stay: %.*s",
			  (int)line.bytes, line.data);
	}
}

static int service_listen_tcp(struct service *service, const struct service_options *options,
			      struct diag *diag)
{
	bool has_tls = options->tls_cert_file && *options->tls_cert_file;
	const struct rpc_tls_options tls = {
		.cert_file = options->tls_cert_file,
		.key_file = options->tls_key_file ? options->tls_key_file : "",
		.ca_files = options->tls_client_ca_files.items,
		.ca_files_count = options->tls_client_ca_files.count,
		.requires_certificate = options->tls_requires_client_cert,
		.reloaded = service_on_reload,
		.context = service,
	};
	const struct rpc_listen_options listen = { .address = options->server_address,
						   .flag = "--server-address",
						   .tls = has_tls ? &tls : NULL };
	int error = rpc_server_listen(service->server, &listen, diag);

	if (!error && !has_tls && !rpc_server_is_local(service->server))
		log_warn("the API is open to the network on \"%s\", in clear: whoever reaches it "
			 "reads all events%s; see --server-tls-cert-file",
			 options->server_address,
			 options->tcp_may_change ? " and changes policies" : "");
	return error;
}

static int service_listen(struct service *service, const struct service_options *options,
			  struct diag *diag)
{
	const char *address = options->server_address;
	int error;

	if (!*address)
		return 0;
	if (address_is_unix(address))
		return service_listen_unix(service, address_get_path(address), options, diag);
	error = service_listen_tcp(service, options, diag);
	if (error || !options->socket_path || !*options->socket_path)
		return error;
	return service_listen_unix(service, options->socket_path, options, diag);
}

/* A server of its own, so that a crowd at one address leaves the other alone. */
static int service_start_health(struct service *service, struct loop *loop,
				const struct service_options *options, struct diag *diag)
{
	const struct rpc_listen_options listen = { .address = options->health_address,
						   .flag = "--health-server-address",
						   .mode = SOCKET_MODE,
						   .group = (gid_t)-1 };
	struct rpc_methods methods = { .context = service, .ended = service_count_end };
	int error = health_new(&service->health, service, loop, options->health_interval_ns);

	if (error || !options->health_address || !*options->health_address)
		return error;
	for (size_t i = 0; i < service_methods_count; i++) {
		if (strcmp(service_methods[i].service, SERVICE_HEALTH) != 0)
			continue;
		if (!methods.count)
			methods.rows = &service->methods[i];
		methods.count++;
	}
	error = rpc_server_new(&service->health_server, loop, &methods);
	return error ? error : rpc_server_listen(service->health_server, &listen, diag);
}

static int service_start_server(struct service *service, struct loop *loop,
				const struct service_options *options, struct diag *diag)
{
	const struct rpc_methods methods = { .rows = service->methods,
					     .count = service_methods_count,
					     .context = service,
					     .ended = service_count_end };
	int error = rpc_server_new(&service->server, loop, &methods);

	return error ? error : service_listen(service, options, diag);
}

static void service_cleanup(struct service **service)
{
	service_free(*service);
}

int service_new(struct service **out, struct loop *loop, const struct service_options *options,
		const struct service_ops *ops, void *ops_context, struct diag *diag)
{
	_cleanup_(service_cleanup) struct service *service = calloc(1, sizeof(*service));
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
	if (!error)
		error = roles_new(&service->roles, options, diag);
	if (!error)
		error = service_start_server(service, loop, options, diag);
	if (!error)
		error = service_start_health(service, loop, options, diag);
	if (error)
		return error;
	*out = TAKE_PTR(service);
	return 0;
}

void service_free(struct service *service)
{
	if (!service)
		return;
	health_end(service->health);
	if (service->server) {
		service_end_streams(service);
		rpc_server_drain(service->server, SERVICE_STOP_NS);
	}
	/* Who watches health has been told above; a slow one is not waited for. */
	if (service->health_server)
		rpc_server_drain(service->health_server, 0);
	rpc_server_free(service->health_server);
	rpc_server_free(service->server);
	health_free(service->health);
	roles_free(service->roles);
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

uint16_t service_get_health_port(const struct service *service)
{
	return service->health_server ? rpc_server_get_port(service->health_server) : 0;
}

void service_read_rpc_counters(const struct service *service, struct rpc_counters *out)
{
	*out = rpc_server_get_counters(service->server);
	if (!service->health_server)
		return;
	struct rpc_counters more = rpc_server_get_counters(service->health_server);

	out->connections += more.connections;
	out->open += more.open;
	for (size_t i = 0; i < RPC_REFUSALS; i++)
		out->refused[i] += more.refused[i];
}
