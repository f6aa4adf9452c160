/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one peer: socket to TLS to HTTP/2 session and back. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "rpc/server_private.h"
#include "rpc/tls.h"

/* The first byte of a TLS connection: a handshake record (RFC 8446 5.1). */
enum { TLS_HANDSHAKE_BYTE = 0x16 };

/* What a peer gets that speaks in clear where TLS is spoken: SETTINGS, and GOAWAY with
 * INADEQUATE_SECURITY and a text, which gRPC clients show. */
static const char connection_wants_tls[] = "\0\0\0\4\0\0\0\0\0"
					   "\0\0\x24\7\0\0\0\0\0"
					   "\0\0\0\0\0\0\0\x0c"
					   "this address speaks TLS only";

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
	return 0;
}

/* In clear at once, or the beginning of TLS. */
static int connection_start(struct rpc_connection *connection)
{
	struct rpc_server *server = connection->server;

	connection->events = EPOLLIN;
	if (loop_add_io(server->loop, connection->fd, EPOLLIN, connection_on_io, connection,
			&connection->source))
		return -ENOMEM;
	if (connection->peer.door != RPC_DOOR_TLS)
		return connection_start_session(connection);
	connection->tls = tls_new(tls_source_get(server->tls), connection->fd, true);
	return connection->tls ? 0 : -ENOMEM;
}

void connection_new(struct rpc_listener *listener, int fd, const struct rpc_peer *peer,
		    struct quota *quota)
{
	struct rpc_connection *connection = calloc(1, sizeof(*connection));
	struct rpc_server *server = listener->server;
	int on = 1;

	if (!connection) {
		quotas_release(&server->quotas, quota, 0);
		close(fd);
		return;
	}
	/* On unix sockets these fail, and are not needed. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	connection->server = server;
	connection->listener = listener;
	connection->fd = fd;
	connection->peer = *peer;
	connection->quota = quota;
	connection->active_ns = clock_read_ns(CLOCK_MONOTONIC);
	connection->next = server->connections;
	connection->link = &server->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	server->connections = connection;
	listener->connections++;
	server->counters.open++;
	server->counters.connections++;
	if (connection_start(connection)) {
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
	tls_free(connection->tls);
	close(connection->fd);
	quotas_release(&connection->server->quotas, connection->quota, connection->active_ns);
	peer_done(&connection->peer);
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
	       (!connection->session || !nghttp2_session_want_write(connection->session));
}

/* Bytes, 0: the peer has ended, or a negative errno. */
static ssize_t connection_receive(struct rpc_connection *connection, uint8_t *out, size_t bytes)
{
	ssize_t got;

	if (connection->tls)
		return tls_read(connection->tls, out, bytes);
	got = recv(connection->fd, out, bytes, 0);
	return got < 0 ? -errno : got;
}

static void connection_take(struct rpc_connection *connection, const uint8_t *data, size_t bytes)
{
	ssize_t taken = nghttp2_session_mem_recv(connection->session, data, bytes);
	bool is_flood = taken == NGHTTP2_ERR_FLOODED;

	if (taken >= 0 &&
	    nghttp2_session_get_outbound_queue_size(connection->session) <= RPC_OUTBOUND_FRAMES_MAX)
		return;
	connection->is_broken = true;
	if (!connection->is_flooding)
		server_count_refusal(connection->server, taken < 0 && !is_flood
								 ? RPC_REFUSED_PROTOCOL
								 : RPC_REFUSED_FLOOD);
}

static void connection_read(struct rpc_connection *connection)
{
	uint8_t data[RPC_READ_BYTES];

	do {
		ssize_t bytes = connection_receive(connection, data, sizeof(data));

		if (connection->tls && flood_take(connection, tls_take_messages(connection->tls))) {
			connection->is_broken = true;
			return;
		}
		if (bytes == -EAGAIN || bytes == -EINTR)
			return;
		if (bytes > 0)
			connection_take(connection, data, (size_t)bytes);
		else
			connection->is_broken = true;
	} while (!connection->is_broken && connection->tls && tls_has_pending(connection->tls));
}

/* How many of the bytes the socket took. */
static size_t connection_send(struct rpc_connection *connection, const char *data, size_t bytes)
{
	size_t total = 0;

	while (total < bytes) {
		ssize_t sent =
			connection->tls
				? tls_write(connection->tls, data + total, bytes - total)
				: send(connection->fd, data + total, bytes - total, MSG_NOSIGNAL);
		int error = connection->tls ? (int)-sent : errno;

		if (sent < 0) {
			connection->is_broken |= error != EAGAIN && error != EINTR;
			break;
		}
		total += (size_t)sent;
	}
	return total;
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
	if (connection->unsent.bytes)
		server_need_tick(connection->server);
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

/* Looks at the first byte before OpenSSL does. A peer that speaks in clear is told what is spoken
 * here, in its language. 0: TLS; -EAGAIN: nothing has come yet; -EPROTO. */
static int connection_greet(struct rpc_connection *connection)
{
	uint8_t data[RPC_READ_BYTES];
	ssize_t bytes = connection->has_begun ? 1 : recv(connection->fd, data, 1, MSG_PEEK);

	if (bytes < 1)
		return bytes ? -errno : -ECONNRESET;
	if (connection->has_begun || data[0] == TLS_HANDSHAKE_BYTE) {
		connection->has_begun = true;
		return 0;
	}
	/* What nobody has read when the socket is closed would make the kernel reset the
	 * connection, and the peer lose these words. */
	if (recv(connection->fd, data, sizeof(data), 0) > 0 && data[0] == 'P')
		send(connection->fd, connection_wants_tls, sizeof(connection_wants_tls) - 1,
		     MSG_NOSIGNAL);
	return -EPROTO;
}

static void connection_complain_handshake(const struct rpc_connection *connection)
{
	_cleanup_buf_ struct buf why = {};
	char who[128];

	server_count_refusal(connection->server, RPC_REFUSED_TLS);
	if (log_get_level() < LOG_LEVEL_DEBUG)
		return;
	if (connection->has_begun)
		tls_explain(connection->tls, &why);
	else
		buf_add_text(&why, "the other side does not speak TLS");
	rpc_peer_describe(&connection->peer, who, sizeof(who));
	log_debug("no TLS with %s: %s", who, buf_text(&why));
}

static void connection_shake_hands(struct rpc_connection *connection)
{
	int error = connection_greet(connection);

	if (!error)
		error = tls_handshake(connection->tls);
	if (error == -EAGAIN || error == -EINTR)
		return;
	if (error) {
		connection_complain_handshake(connection);
		connection->is_broken = true;
		return;
	}
	connection->is_encrypted = true;
	/* Those of the handshake were what was wanted. */
	tls_take_messages(connection->tls);
	if (tls_fill_peer(connection->tls, &connection->peer) ||
	    connection_start_session(connection))
		connection->is_broken = true;
}

static void connection_exchange(struct rpc_connection *connection, uint32_t events)
{
	/* TLS may have to write before it can read. Without an event nothing is read: a method that
	 * is run by a flush would stand between two events of one round. */
	uint32_t readable =
		connection->tls ? (uint32_t)tls_get_read_events(connection->tls) : EPOLLIN;

	if (events & (readable | EPOLLHUP | EPOLLERR))
		connection_read(connection);
	/* A broken one still gets to know why, if its socket has room. */
	if (connection->is_broken && !connection->unsent.bytes) {
		connection->is_broken = false;
		connection_write(connection);
		connection->is_broken = true;
	} else {
		connection_write(connection);
	}
}

static bool connection_is_over(const struct rpc_connection *connection)
{
	if (connection->is_broken || !connection->session)
		return connection->is_broken;
	return !nghttp2_session_want_read(connection->session) &&
	       !nghttp2_session_want_write(connection->session) && !connection->unsent.bytes;
}

static uint32_t connection_get_events(const struct rpc_connection *connection)
{
	bool is_waiting = connection->unsent.bytes > 0;

	if (!connection->tls)
		return is_waiting ? EPOLLIN | EPOLLOUT : EPOLLIN;
	/* EPOLLIN and EPOLLOUT are POLLIN and POLLOUT. */
	return (uint32_t)(tls_get_read_events(connection->tls) |
			  (is_waiting ? tls_get_write_events(connection->tls) : 0));
}

void connection_run(struct rpc_connection *connection, uint32_t events)
{
	uint32_t wanted;

	connection->is_running = true;
	connection_unmark_dirty(connection);
	if (connection->tls && !connection->is_encrypted)
		connection_shake_hands(connection);
	if (connection->session)
		connection_exchange(connection, events);
	if (connection_is_over(connection)) {
		connection_free(connection);
		return;
	}
	wanted = connection_get_events(connection);
	if (wanted != connection->events) {
		connection->events = wanted;
		loop_change_io(connection->source, wanted);
	}
	connection->is_running = false;
}
