/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one peer: socket to HTTP/2 session and back. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rpc/server_private.h"

static void connection_on_io(void *context, uint32_t events)
{
	connection_run(context, events);
}

static int connection_start_session(struct rpc_connection *connection)
{
	static const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, RPC_CALLS_PER_CONNECTION_MAX },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, RPC_HEADER_BYTES_MAX },
	};
	struct rpc_server *server = connection->server;

	if (nghttp2_session_server_new2(&connection->session, server->callbacks, connection,
					server->option))
		return -ENOMEM;
	if (nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings,
				    sizeof(settings) / sizeof(settings[0])))
		return -ENOMEM;
	connection->events = EPOLLIN;
	return loop_add_io(server->loop, connection->fd, EPOLLIN, connection_on_io, connection,
			   &connection->source);
}

void connection_new(struct rpc_listener *listener, int fd)
{
	struct rpc_connection *connection = calloc(1, sizeof(*connection));
	struct rpc_server *server = listener->server;
	int on = 1;

	if (!connection) {
		close(fd);
		return;
	}
	/* On unix sockets these fail, and are not needed. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	connection->server = server;
	connection->listener = listener;
	connection->fd = fd;
	connection->active_ns = clock_read_ns(CLOCK_MONOTONIC);
	connection->next = server->connections;
	connection->link = &server->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	server->connections = connection;
	listener->connections++;
	server->counters.open++;
	server->counters.connections++;
	if (connection_start_session(connection)) {
		connection_free(connection);
		return;
	}
	server_need_tick(server);
	connection_mark_dirty(connection);
}

static void connection_unmark_dirty(struct rpc_connection *connection)
{
	struct rpc_connection **link = &connection->server->dirty;

	if (!connection->is_dirty)
		return;
	while (*link != connection)
		link = &(*link)->next_dirty;
	*link = connection->next_dirty;
	connection->is_dirty = false;
}

void connection_free(struct rpc_connection *connection)
{
	/* Hooks that run now must not put it back into the list. */
	connection->is_running = true;
	connection_unmark_dirty(connection);
	while (connection->calls)
		call_free(connection->calls);
	loop_remove(connection->source);
	nghttp2_session_del(connection->session);
	close(connection->fd);
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	connection->listener->connections--;
	connection->server->counters.open--;
	buf_done(&connection->unsent);
	free(connection);
}

void connection_mark_dirty(struct rpc_connection *connection)
{
	struct rpc_server *server = connection->server;

	if (connection->is_dirty || connection->is_running)
		return;
	if (!server->dirty)
		loop_set_timer(server->flush_timer, 1, 0);
	connection->is_dirty = true;
	connection->next_dirty = server->dirty;
	server->dirty = connection;
}

bool connection_is_idle(const struct rpc_connection *connection)
{
	return !connection->calls && !connection->unsent.bytes &&
	       !nghttp2_session_want_write(connection->session);
}

static void connection_read(struct rpc_connection *connection)
{
	uint8_t data[RPC_READ_BYTES];
	ssize_t bytes = recv(connection->fd, data, sizeof(data), 0);

	if (bytes < 0) {
		connection->is_broken = errno != EAGAIN && errno != EINTR;
		return;
	}
	if (bytes == 0 || nghttp2_session_mem_recv(connection->session, data, (size_t)bytes) < 0 ||
	    nghttp2_session_get_outbound_queue_size(connection->session) > RPC_OUTBOUND_FRAMES_MAX)
		connection->is_broken = true;
}

/* How many of the bytes the socket took. */
static size_t connection_send(struct rpc_connection *connection, const char *data, size_t bytes)
{
	ssize_t sent = bytes ? send(connection->fd, data, bytes, MSG_NOSIGNAL) : 0;

	if (sent >= 0)
		return (size_t)sent;
	if (errno != EAGAIN && errno != EINTR)
		connection->is_broken = true;
	return 0;
}

/* Writes the batch; what the socket does not take stays with the connection. */
static void connection_send_batch(struct rpc_connection *connection)
{
	struct buf *batch = &connection->server->batch;
	size_t sent = connection_send(connection, batch->data, batch->bytes);

	if (batch->failed)
		connection->is_broken = true;
	else if (sent < batch->bytes)
		buf_add(&connection->unsent, batch->data + sent, batch->bytes - sent);
	if (connection->unsent.failed)
		connection->is_broken = true;
	buf_reset(batch);
}

static void connection_write(struct rpc_connection *connection)
{
	struct buf *batch = &connection->server->batch;

	if (connection->unsent.bytes) {
		buf_drop_front(&connection->unsent,
			       connection_send(connection, connection->unsent.data,
					       connection->unsent.bytes));
		if (connection->unsent.bytes)
			return;
		buf_done(&connection->unsent);
	}
	while (!connection->is_broken && !connection->unsent.bytes) {
		const uint8_t *data;
		ssize_t bytes = nghttp2_session_mem_send(connection->session, &data);

		if (bytes < 0)
			connection->is_broken = true;
		if (bytes > 0)
			buf_add(batch, data, (size_t)bytes);
		if (bytes <= 0 || batch->bytes >= RPC_WRITE_BYTES)
			connection_send_batch(connection);
		if (bytes <= 0)
			break;
	}
}

void connection_run(struct rpc_connection *connection, uint32_t events)
{
	uint32_t wanted = EPOLLIN;

	connection->is_running = true;
	connection_unmark_dirty(connection);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		connection_read(connection);
	/* A broken one still gets to know why, if its socket has room. */
	if (connection->is_broken && !connection->unsent.bytes) {
		connection->is_broken = false;
		connection_write(connection);
		connection->is_broken = true;
	} else {
		connection_write(connection);
	}
	if (connection->is_broken ||
	    (!nghttp2_session_want_read(connection->session) &&
	     !nghttp2_session_want_write(connection->session) && !connection->unsent.bytes)) {
		connection_free(connection);
		return;
	}
	if (connection->unsent.bytes)
		wanted |= EPOLLOUT;
	if (wanted != connection->events) {
		connection->events = wanted;
		loop_change_io(connection->source, wanted);
	}
	connection->is_running = false;
}
