/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets and time. libmicrohttpd has an epoll set of its own, which is one source of our loop; it
 * gets accepted sockets, so that all addresses of a name can be listened on.
 */
#include "metrics/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "metrics/answer.h"
#include "rpc/address.h"

/* Accepted in one round of the loop. */
enum { ACCEPTS_PER_ROUND = 16 };
/* Without descriptors there is nothing to accept; it is tried again after this. */
#define ACCEPT_PAUSE_NS CLOCK_NS_PER_SECOND

struct metrics_listener {
	struct metrics_server *server;
	int fd;
	struct loop_source *source;
};

struct metrics_server {
	struct loop *loop;
	struct MHD_Daemon *http;
	struct loop_source *http_source, *timer;
	struct metrics_listener listeners[ADDRESS_SOCKETS_MAX];
	size_t listeners_count;
	bool is_paused;
	uint64_t resume_ns;
	/* open connections: until when each may live; 0: a free place */
	struct metrics_place {
		uint64_t deadline_ns;
		int fd;
	} places[METRICS_CONNECTIONS_MAX];
	struct metrics_answers answers;
	struct metrics_server_counters counters;
};

static void server_listen_to(struct metrics_server *server, uint32_t events)
{
	for (size_t i = 0; i < server->listeners_count; i++)
		loop_change_io(server->listeners[i].source, events);
}

/* The nearest of: a connection's end, what libmicrohttpd asks for, the end of a pause. */
static void server_set_timer(struct metrics_server *server)
{
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	uint64_t next = server->is_paused ? server->resume_ns : UINT64_MAX;
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	for (size_t i = 0; server->counters.open && i < METRICS_CONNECTIONS_MAX; i++) {
		uint64_t deadline = server->places[i].deadline_ns;

		if (deadline && deadline < next)
			next = deadline;
	}
	if (MHD_get_timeout(server->http, &timeout_ms) == MHD_YES &&
	    now + timeout_ms * CLOCK_NS_PER_MS < next)
		next = now + timeout_ms * CLOCK_NS_PER_MS;
	if (next == UINT64_MAX)
		loop_set_timer(server->timer, 0, 0);
	else
		loop_set_timer(server->timer, next > now ? next - now : 1, 0);
}

static void server_run(struct metrics_server *server)
{
	MHD_run(server->http);
	server_set_timer(server);
}

static void server_on_http(void *context, uint32_t events)
{
	server_run(context);
}

/* A shut socket is one whose peer has gone, to libmicrohttpd. */
static void server_on_timer(void *context)
{
	struct metrics_server *server = context;
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < METRICS_CONNECTIONS_MAX; i++) {
		struct metrics_place *place = &server->places[i];

		if (!place->deadline_ns || place->deadline_ns > now)
			continue;
		shutdown(place->fd, SHUT_RDWR);
		server->counters.expired++;
		place->deadline_ns = now + METRICS_CONNECTION_NS;
	}
	if (server->is_paused && server->resume_ns <= now) {
		server->is_paused = false;
		server_listen_to(server, EPOLLIN);
	}
	server_run(server);
}

static void server_pause(struct metrics_server *server)
{
	server->is_paused = true;
	server->resume_ns = clock_read_ns(CLOCK_MONOTONIC) + ACCEPT_PAUSE_NS;
	server_listen_to(server, 0);
}

/* False: there is nothing more to accept now. */
static bool server_accept(struct metrics_server *server, int listener)
{
	struct sockaddr_storage address = {};
	socklen_t bytes = sizeof(address);
	int fd = accept4(listener, (struct sockaddr *)&address, &bytes,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			server_pause(server);
		return errno == EINTR || errno == ECONNABORTED;
	}
	if (server->counters.open == METRICS_CONNECTIONS_MAX) {
		server->counters.refused++;
		close(fd);
		return true;
	}
	/* closes it when it does not want it */
	if (MHD_add_connection(server->http, fd, (struct sockaddr *)&address, bytes) != MHD_YES)
		server->counters.refused++;
	return true;
}

static void server_on_accept(void *context, uint32_t events)
{
	struct metrics_listener *listener = context;
	int left = ACCEPTS_PER_ROUND;

	/* who has gone makes room for who comes */
	MHD_run(listener->server->http);
	while (left-- && server_accept(listener->server, listener->fd))
		;
	server_run(listener->server);
}

static enum MHD_Result server_on_request(void *context, struct MHD_Connection *connection,
					 const char *path, const char *method, const char *version,
					 const char *data, size_t *data_bytes, void **state)
{
	struct metrics_server *server = context;

	return metrics_answer(&server->answers, connection, path, method);
}

static void server_on_connection(void *context, struct MHD_Connection *connection, void **place,
				 enum MHD_ConnectionNotificationCode code)
{
	struct metrics_server *server = context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*place) {
			*(struct metrics_place *)*place = (struct metrics_place){};
			server->counters.open--;
		}
		return;
	}
	for (size_t i = 0; info && i < METRICS_CONNECTIONS_MAX; i++) {
		if (server->places[i].deadline_ns)
			continue;
		server->places[i].fd = info->connect_fd;
		server->places[i].deadline_ns =
			clock_read_ns(CLOCK_MONOTONIC) + METRICS_CONNECTION_NS;
		server->counters.open++;
		*place = &server->places[i];
		return;
	}
}

static int server_start_http(struct metrics_server *server)
{
	const union MHD_DaemonInfo *info;

	server->http = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, server_on_request, server,
		MHD_OPTION_NOTIFY_CONNECTION, server_on_connection, server,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)METRICS_CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)METRICS_CONNECTIONS_PER_PEER_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)METRICS_REQUEST_BYTES_MAX,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	info = server->http ? MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return -ENOMEM;
	return loop_add_io(server->loop, info->epoll_fd, EPOLLIN, server_on_http, server,
			   &server->http_source);
}

static int server_listen(struct metrics_server *server, const char *address, struct diag *diag)
{
	const struct address_options listen = { .text = address,
						.flag = "--metrics-server",
						.group = (gid_t)-1 };
	int fds[ADDRESS_SOCKETS_MAX];
	size_t count = 0;
	int error;

	if (address_is_unix(address)) {
		diag_add(
			diag,
			"cannot serve metrics on \"%s\": want host:port or :port, which Prometheus can reach",
			address);
		return -EINVAL;
	}
	error = address_listen(&listen, fds, &count, diag);
	if (error)
		return error;
	for (size_t i = 0; i < count; i++)
		server->listeners[i] = (struct metrics_listener){ .server = server, .fd = fds[i] };
	server->listeners_count = count;
	for (size_t i = 0; i < count && !error; i++)
		error = loop_add_io(server->loop, fds[i], EPOLLIN, server_on_accept,
				    &server->listeners[i], &server->listeners[i].source);
	return error;
}

static void cleanup_server(struct metrics_server **server)
{
	metrics_server_free(*server);
}

int metrics_server_new(struct metrics_server **out, struct loop *loop,
		       const struct metrics_server_options *options, struct diag *diag)
{
	_cleanup_(cleanup_server) struct metrics_server *server = calloc(1, sizeof(*server));
	int error;

	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->answers.options = *options;
	server->answers.counters = &server->counters;
	error = server_start_http(server);
	if (!error)
		error = loop_add_timer(loop, server_on_timer, server, &server->timer);
	if (error) {
		diag_add(diag, "cannot prepare for serving metrics: %s", strerror(-error));
		return error;
	}
	error = server_listen(server, options->address, diag);
	if (error)
		return error;
	*out = TAKE_PTR(server);
	return 0;
}

void metrics_server_free(struct metrics_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < server->listeners_count; i++) {
		loop_remove(server->listeners[i].source);
		close(server->listeners[i].fd);
	}
	loop_remove(server->timer);
	loop_remove(server->http_source);
	if (server->http)
		MHD_stop_daemon(server->http);
	metrics_answers_done(&server->answers);
	free(server);
}

struct metrics_server_counters metrics_server_get_counters(const struct metrics_server *server)
{
	return server->counters;
}

uint16_t metrics_server_get_port(const struct metrics_server *server)
{
	return server->listeners_count ? address_get_port(server->listeners[0].fd) : 0;
}
