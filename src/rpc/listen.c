/* SPDX-License-Identifier: Apache-2.0 */
/* Listening: sockets from addresses, their files, their certificates. Who comes is server.c's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rpc/server_private.h"

/* Removes the socket's file unless another server has put its own there. */
static void listener_unlink(const struct rpc_listener *listener)
{
	struct stat status;

	if (!listener->path || stat(listener->path, &status) < 0)
		return;
	if (status.st_dev == listener->device && status.st_ino == listener->inode)
		unlink(listener->path);
}

void listener_close(struct rpc_listener *listener)
{
	if (listener->fd < 0)
		return;
	loop_remove(listener->source);
	listener->source = NULL;
	close(TAKE_FD(listener->fd));
	listener_unlink(listener);
}

static int server_add_listener(struct rpc_server *server, int fd, enum rpc_door door,
			       const char *path)
{
	struct rpc_listener *listener = calloc(1, sizeof(*listener));
	struct stat status = {};

	if (!listener) {
		close(fd);
		return -ENOMEM;
	}
	listener->server = server;
	listener->fd = fd;
	listener->door = door;
	listener->path = path ? strdup(path) : NULL;
	if (path && stat(path, &status) == 0) {
		listener->device = status.st_dev;
		listener->inode = status.st_ino;
	}
	listener->next = server->listeners;
	server->listeners = listener;
	return loop_add_io(server->loop, fd, EPOLLIN, listener_on_io, listener, &listener->source);
}

/* Certificates first: an address that is open answers. */
static int server_prepare_tls(struct rpc_server *server, const struct rpc_listen_options *options,
			      struct diag *diag)
{
	int error;

	if (!options->tls || server->tls)
		return 0;
	error = tls_source_new(&server->tls, server->loop, options->tls, diag);
	if (error && !diag->lines)
		diag_add(diag, "cannot prepare TLS for \"%s\": %s", options->address,
			 strerror(-error));
	return error;
}

int rpc_server_listen(struct rpc_server *server, const struct rpc_listen_options *options,
		      struct diag *diag)
{
	const char *path =
		address_is_unix(options->address) ? address_get_path(options->address) : NULL;
	const struct address_options address = { options->address, options->flag, options->mode,
						 options->group };
	enum rpc_door door = options->tls ? RPC_DOOR_TLS : RPC_DOOR_TCP;
	int fds[ADDRESS_SOCKETS_MAX];
	size_t count = 0;
	int error = path ? 0 : server_prepare_tls(server, options, diag);

	if (error)
		return error;
	error = address_listen(&address, fds, &count, diag);
	for (size_t i = 0; i < count; i++) {
		int failure =
			server_add_listener(server, fds[i], path ? RPC_DOOR_UNIX : door, path);

		if (!error && failure) {
			error = failure;
			diag_add(diag, "cannot listen on \"%s\": no memory", options->address);
		}
	}
	return error;
}

uint16_t rpc_server_get_port(const struct rpc_server *server)
{
	uint16_t port = 0;

	for (const struct rpc_listener *one = server->listeners; one; one = one->next) {
		if (!one->path && one->fd >= 0)
			port = address_get_port(one->fd);
	}
	return port;
}

bool rpc_server_is_local(const struct rpc_server *server)
{
	for (const struct rpc_listener *one = server->listeners; one; one = one->next) {
		if (one->fd >= 0 && !address_is_local(one->fd))
			return false;
	}
	return true;
}
