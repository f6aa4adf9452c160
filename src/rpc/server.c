/* SPDX-License-Identifier: Apache-2.0 */
/* The server itself: accepting within limits, time, the end. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/server_private.h"

/* More waiting connections are taken in the next round. */
enum { ACCEPTS_PER_ROUND = 16 };

const char *const rpc_refusal_names[RPC_REFUSALS] = {
	[RPC_REFUSED_CONNECTIONS] = "connections",
	[RPC_REFUSED_PEER_CONNECTIONS] = "peer_connections",
	[RPC_REFUSED_HANDSHAKE] = "handshake",
	[RPC_REFUSED_TLS] = "tls",
	[RPC_REFUSED_PROTOCOL] = "protocol",
	[RPC_REFUSED_FLOOD] = "flood",
	[RPC_REFUSED_HEADERS] = "headers",
	[RPC_REFUSED_RATE] = "rate",
	[RPC_REFUSED_CALLS] = "calls",
	[RPC_REFUSED_STREAMS] = "streams",
	[RPC_REFUSED_MESSAGE] = "message",
	[RPC_REFUSED_MEMORY] = "memory",
	[RPC_REFUSED_SLOW] = "slow",
	[RPC_REFUSED_ROLE] = "role",
};

void server_count_refusal(struct rpc_server *server, enum rpc_refusal why)
{
	server->counters.refused[why]++;
}

static void server_on_flush(void *context)
{
	rpc_server_flush(context);
}

void rpc_server_flush(struct rpc_server *server)
{
	while (server->dirty)
		connection_run(server->dirty, 0);
}

/* Whether a call waits for its peer, which may take only so long. */
static bool server_call_is_timed(const struct rpc_call *call)
{
	if (call->is_abandoned)
		return false;
	return !call->is_requested || !call->is_stream || call->is_finished;
}

/* A stream of messages whose next one has not begun, and that has no answers left to take. */
static bool server_call_rests(const struct rpc_call *call)
{
	return call->is_stream && !call->is_finished && !call->queue.count &&
	       !frame_reader_has_begun(&call->request);
}

/* Ends what is late. True: something here has to be looked at again. */
static bool server_watch_calls(struct rpc_connection *connection, uint64_t now)
{
	bool is_pending = false;

	for (struct rpc_call *call = connection->calls; call; call = call->next) {
		uint64_t limit = call->is_requested ? RPC_REPLY_NS : RPC_REQUEST_NS;

		if (!server_call_is_timed(call))
			continue;
		is_pending = true;
		if (now - call->began_ns <= limit)
			continue;
		if (server_call_rests(call)) {
			rpc_call_fail(call, RPC_OK, "%s", "");
			continue;
		}
		server_count_refusal(connection->server, RPC_REFUSED_SLOW);
		call_abandon(call);
	}
	return is_pending;
}

/* Whether anything but the end of those that were abandoned waits in it. */
static bool server_has_calls(const struct rpc_connection *connection)
{
	const struct rpc_call *call = connection->calls;

	while (call && call->is_abandoned)
		call = call->next;
	return call;
}

/* The same of a connection: it may have to speak HTTP/2, or to take what it was sent. */
static bool server_watch_connection(struct rpc_connection *connection, uint64_t now)
{
	bool is_shaking_hands = !connection->has_settings;
	uint64_t limit = is_shaking_hands ? RPC_HANDSHAKE_NS : RPC_REPLY_NS;

	if (!is_shaking_hands && (server_has_calls(connection) || !connection->unsent.bytes))
		return server_watch_calls(connection, now);
	if (now - connection->active_ns <= limit)
		return true;
	server_count_refusal(connection->server,
			     is_shaking_hands ? RPC_REFUSED_HANDSHAKE : RPC_REFUSED_SLOW);
	connection_free(connection);
	return false;
}

static void server_on_tick(void *context)
{
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	struct rpc_server *server = context;
	struct rpc_connection *next;
	bool is_pending = false;

	for (struct rpc_connection *one = server->connections; one; one = next) {
		next = one->next;
		is_pending |= server_watch_connection(one, now);
	}
	for (struct rpc_listener *one = server->listeners; one; one = one->next) {
		if (one->is_paused)
			loop_change_io(one->source, EPOLLIN);
		one->is_paused = false;
	}
	if (is_pending)
		return;
	loop_set_timer(server->tick_timer, 0, 0);
	server->ticks = false;
}

void server_need_tick(struct rpc_server *server)
{
	if (server->ticks)
		return;
	loop_set_timer(server->tick_timer, RPC_TICK_NS, RPC_TICK_NS);
	server->ticks = true;
}

static int server_make_session_parts(struct rpc_server *server)
{
	if (nghttp2_session_callbacks_new(&server->callbacks) ||
	    nghttp2_option_new(&server->option))
		return -ENOMEM;
	stream_fill_callbacks(server->callbacks);
	/* Closed streams would be kept only for priorities, which are not used. */
	nghttp2_option_set_no_closed_streams(server->option, 1);
	return 0;
}

static void server_cleanup(struct rpc_server **server)
{
	rpc_server_free(*server);
}

int rpc_server_new(struct rpc_server **out, struct loop *loop, const struct rpc_methods *methods)
{
	_cleanup_(server_cleanup) struct rpc_server *server = calloc(1, sizeof(*server));
	int error;

	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->methods = *methods;
	error = server_make_session_parts(server);
	if (error)
		return error;
	error = loop_add_timer(loop, server_on_flush, server, &server->flush_timer);
	if (error)
		return error;
	error = loop_add_timer(loop, server_on_tick, server, &server->tick_timer);
	if (error)
		return error;
	*out = TAKE_PTR(server);
	return 0;
}

void rpc_server_free(struct rpc_server *server)
{
	if (!server)
		return;
	while (server->connections)
		connection_free(server->connections);
	while (server->listeners) {
		struct rpc_listener *listener = server->listeners;

		server->listeners = listener->next;
		listener_close(listener);
		free(listener->path);
		free(listener);
	}
	tls_source_free(server->tls);
	quotas_done(&server->quotas);
	loop_remove(server->tick_timer);
	loop_remove(server->flush_timer);
	nghttp2_session_callbacks_del(server->callbacks);
	nghttp2_option_del(server->option);
	buf_done(&server->batch);
	free(server);
}

/* Closes the connection of LISTENER or of QUOTA that has been without a call for longest. */
static bool server_evict(struct rpc_server *server, const struct rpc_listener *listener,
			 const struct quota *quota)
{
	struct rpc_connection *oldest = NULL;

	for (struct rpc_connection *one = server->connections; one; one = one->next) {
		if ((one->listener == listener || one->quota == quota) && connection_is_idle(one) &&
		    (!oldest || one->active_ns < oldest->active_ns))
			oldest = one;
	}
	if (!oldest)
		return false;
	connection_free(oldest);
	return true;
}

/* Whether another connection of that peer, which QUOTA counts already, has a place. A peer that has
 * many makes way for itself before others have to. */
static bool server_admit(struct rpc_listener *listener, struct quota *quota, uint64_t now,
			 enum rpc_refusal *why)
{
	bool is_ours = quota->key.kind == AF_UNIX &&
		       (quota->key.value == 0 || quota->key.value == geteuid());
	uint32_t room = RPC_CONNECTIONS_MAX + (is_ours ? RPC_CONNECTIONS_RESERVED : 0);
	struct rpc_server *server = listener->server;
	unsigned int cost = listener->door == RPC_DOOR_TLS ? RPC_TLS_COST : 1;

	*why = RPC_REFUSED_RATE;
	while (cost--) {
		if (!rate_take(&quota->requests, now, RPC_PEER_REQUESTS_PER_SECOND,
			       RPC_PEER_REQUESTS_BURST))
			return false;
	}
	*why = RPC_REFUSED_PEER_CONNECTIONS;
	if (quota->connections > RPC_PEER_CONNECTIONS_MAX && !server_evict(server, NULL, quota))
		return false;
	*why = RPC_REFUSED_CONNECTIONS;
	return listener->connections < room || server_evict(server, listener, NULL);
}

static void server_accept(struct rpc_listener *listener, int fd)
{
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	struct rpc_server *server = listener->server;
	struct rpc_peer peer;
	enum rpc_refusal why;
	struct quota *quota;

	/* One that is gone already has no address. */
	if (peer_init(&peer, listener->door, fd) < 0) {
		close(fd);
		return;
	}
	quota = quotas_take(&server->quotas, &peer, now);
	if (quota && server_admit(listener, quota, now, &why)) {
		connection_new(listener, fd, &peer, quota);
		return;
	}
	if (quota) {
		server_count_refusal(server, why);
		quotas_release(&server->quotas, quota, now);
	}
	close(fd);
}

void listener_on_io(void *context, uint32_t events)
{
	struct rpc_listener *listener = context;
	struct rpc_server *server = listener->server;

	for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
			/* It stays readable: asking again at once would spin. */
			listener->is_paused = true;
			loop_change_io(listener->source, 0);
			server_need_tick(server);
		}
		if (fd < 0)
			return;
		server_accept(listener, fd);
	}
}

struct rpc_counters rpc_server_get_counters(const struct rpc_server *server)
{
	return server->counters;
}

/* One that was run may have written to others, and ended them. */
static bool server_has(const struct rpc_server *server, const struct rpc_connection *connection)
{
	const struct rpc_connection *one = server->connections;

	while (one && one != connection)
		one = one->next;
	return one;
}

/* Waits for one round of what connections can do. False: there is nothing left to wait for. */
static bool server_drain_round(struct rpc_server *server, int timeout_ms)
{
	size_t room = server->counters.open;
	_cleanup_free_ struct rpc_connection **busy = calloc(room + 1, sizeof(*busy));
	_cleanup_free_ struct pollfd *polls = calloc(room + 1, sizeof(*polls));
	size_t count = 0;

	if (!busy || !polls)
		return false;
	for (struct rpc_connection *one = server->connections; one; one = one->next) {
		if (connection_is_idle(one))
			continue;
		polls[count].fd = one->fd;
		polls[count].events = (short)one->events;
		busy[count++] = one;
	}
	if (!count || poll(polls, count, timeout_ms) <= 0)
		return count && errno == EINTR;
	for (size_t i = 0; i < count; i++) {
		if (polls[i].revents && server_has(server, busy[i]))
			connection_run(busy[i], (uint32_t)polls[i].revents);
	}
	return true;
}

void rpc_server_drain(struct rpc_server *server, uint64_t timeout_ns)
{
	uint64_t deadline_ns = clock_read_ns(CLOCK_MONOTONIC) + timeout_ns;
	bool goes_on = true;

	for (struct rpc_listener *one = server->listeners; one; one = one->next)
		listener_close(one);
	for (struct rpc_connection *one = server->connections; one; one = one->next) {
		if (!one->session)
			continue;
		nghttp2_submit_goaway(one->session, NGHTTP2_FLAG_NONE,
				      nghttp2_session_get_last_proc_stream_id(one->session),
				      NGHTTP2_NO_ERROR, NULL, 0);
		connection_mark_dirty(one);
	}
	while (goes_on) {
		uint64_t now = clock_read_ns(CLOCK_MONOTONIC);

		rpc_server_flush(server);
		goes_on = now < deadline_ns &&
			  server_drain_round(server,
					     (int)((deadline_ns - now) / CLOCK_NS_PER_MS) + 1);
	}
}
