/* SPDX-License-Identifier: Apache-2.0 */
/* The server itself: addresses, accepting within limits, time, the end. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "rpc/server_private.h"

/* More waiting connections are taken in the next round. */
enum { ACCEPTS_PER_ROUND = 16 };

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

/* Ends what is late. True: something here has to be looked at again. */
static bool server_watch_calls(struct rpc_connection *connection, uint64_t now)
{
	bool is_pending = false;

	for (struct rpc_call *call = connection->calls; call; call = call->next) {
		uint64_t limit = call->is_requested ? RPC_REPLY_NS : RPC_REQUEST_NS;

		if (!server_call_is_timed(call))
			continue;
		is_pending = true;
		if (now - call->began_ns > limit)
			call_abandon(call);
	}
	return is_pending;
}

static void server_on_tick(void *context)
{
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	struct rpc_server *server = context;
	struct rpc_connection *next;
	bool is_pending = false;

	for (struct rpc_connection *one = server->connections; one; one = next) {
		next = one->next;
		if (!one->has_settings && now - one->active_ns > RPC_HANDSHAKE_NS) {
			server->counters.refused++;
			connection_free(one);
			continue;
		}
		is_pending |= !one->has_settings;
		is_pending |= server_watch_calls(one, now);
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

/* Removes the socket's file unless another server has put its own there. */
static void listener_unlink(const struct rpc_listener *listener)
{
	struct stat status;

	if (!listener->path || stat(listener->path, &status) < 0)
		return;
	if (status.st_dev == listener->device && status.st_ino == listener->inode)
		unlink(listener->path);
}

static void listener_close(struct rpc_listener *listener)
{
	if (listener->fd < 0)
		return;
	loop_remove(listener->source);
	listener->source = NULL;
	close(TAKE_FD(listener->fd));
	listener_unlink(listener);
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
	loop_remove(server->tick_timer);
	loop_remove(server->flush_timer);
	nghttp2_session_callbacks_del(server->callbacks);
	nghttp2_option_del(server->option);
	buf_done(&server->batch);
	free(server);
}

/* Closes the connection of LISTENER that has been without a call for longest. */
static bool server_evict(struct rpc_server *server, const struct rpc_listener *listener)
{
	struct rpc_connection *oldest = NULL;

	for (struct rpc_connection *one = server->connections; one; one = one->next) {
		if (one->listener == listener && connection_is_idle(one) &&
		    (!oldest || one->active_ns < oldest->active_ns))
			oldest = one;
	}
	if (!oldest)
		return false;
	connection_free(oldest);
	return true;
}

static void listener_on_io(void *context, uint32_t events)
{
	struct rpc_listener *listener = context;
	struct rpc_server *server = listener->server;

	for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
			/* It stays readable: asking again at once would spin. */
			listener->is_paused = true;
			loop_change_io(listener->source, 0);
			server_need_tick(server);
		}
		if (fd < 0)
			return;
		if (listener->connections >= RPC_CONNECTIONS_MAX &&
		    !server_evict(server, listener)) {
			server->counters.refused++;
			close(fd);
			continue;
		}
		connection_new(listener, fd);
	}
}

static int server_add_listener(struct rpc_server *server, int fd, const char *path)
{
	struct rpc_listener *listener = calloc(1, sizeof(*listener));
	struct stat status = {};

	if (!listener) {
		close(fd);
		return -ENOMEM;
	}
	listener->server = server;
	listener->fd = fd;
	listener->path = path ? strdup(path) : NULL;
	if (path && stat(path, &status) == 0) {
		listener->device = status.st_dev;
		listener->inode = status.st_ino;
	}
	listener->next = server->listeners;
	server->listeners = listener;
	return loop_add_io(server->loop, fd, EPOLLIN, listener_on_io, listener, &listener->source);
}

int rpc_server_listen(struct rpc_server *server, const char *address, mode_t mode,
		      struct diag *diag)
{
	const char *path = address_is_unix(address) ? address_get_path(address) : NULL;
	int fds[ADDRESS_SOCKETS_MAX];
	size_t count = 0;
	int error = address_listen(address, mode, fds, &count, diag);

	for (size_t i = 0; i < count; i++) {
		int failure = server_add_listener(server, fds[i], path);

		if (!error && failure) {
			error = failure;
			diag_add(diag, "cannot listen on \"%s\": no memory", address);
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

struct rpc_counters rpc_server_get_counters(const struct rpc_server *server)
{
	return server->counters;
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
		if (polls[i].revents)
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
