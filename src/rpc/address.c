/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets from the addresses that people write. */
#include "rpc/address.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* Connections that wait for accept; the kernel's default maximum is larger. */
enum { ADDRESS_BACKLOG = 128, ADDRESS_ERROR_BYTES = 96 };

static void address_free_info(struct addrinfo **info)
{
	if (*info)
		freeaddrinfo(*info);
}

const char *address_error_text(int error, char *room, size_t bytes)
{
	snprintf(room, bytes, "%s", strerror(error));
	if (bytes > 1 && room[0] && !isupper((unsigned char)room[1]))
		room[0] = (char)tolower((unsigned char)room[0]);
	return room;
}

bool address_is_unix(const char *text)
{
	return strncmp(text, "unix:", 5) == 0;
}

const char *address_get_path(const char *text)
{
	text += strlen("unix:");
	return strncmp(text, "//", 2) == 0 ? text + 2 : text;
}

static int address_fill_unix(const char *text, struct sockaddr_un *address, struct diag *diag)
{
	const char *path = address_get_path(text);
	size_t bytes = strlen(path);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (*path == '/' && bytes < sizeof(address->sun_path)) {
		memcpy(address->sun_path, path, bytes + 1);
		return 0;
	}
	diag_add(diag, "bad address \"%s\": want unix:///path with a path of at most %zu bytes",
		 text, sizeof(address->sun_path) - 1);
	return -EINVAL;
}

/* Host and port of "host:port" or "[host]:port". */
static bool address_split(const char *text, char **out_host, const char **out_port)
{
	const char *colon = strrchr(text, ':');
	bool is_bracketed = text[0] == '[';
	size_t bytes;

	if (!colon || !colon[1] || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strtoul(colon + 1, NULL, 10) > UINT16_MAX)
		return false;
	bytes = (size_t)(colon - text);
	if (is_bracketed && (bytes < 3 || colon[-1] != ']'))
		return false;
	if (!is_bracketed && memchr(text, ':', bytes))
		return false;
	*out_port = colon + 1;
	*out_host = is_bracketed ? strndup(text + 1, bytes - 2) : strndup(text, bytes);
	return *out_host;
}

char *address_get_host(const char *text)
{
	const char *port;
	char *host;

	return address_split(text, &host, &port) ? host : NULL;
}

/* Asks the resolver; an empty host is every address of this machine. */
static int address_resolve(const char *text, bool is_passive, struct addrinfo **out,
			   struct diag *diag)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = is_passive ? AI_PASSIVE : 0 };
	_cleanup_free_ char *host = NULL;
	const char *port;
	int error;

	if (!address_split(text, &host, &port)) {
		diag_add(diag,
			 "bad address \"%s\": want host:port, such as localhost:54321, or "
			 "unix:///path",
			 text);
		return -EINVAL;
	}
	error = getaddrinfo(*host ? host : NULL, port, &hints, out);
	if (!error)
		return 0;
	diag_add(diag, "cannot find the host of address \"%s\": %s", text, gai_strerror(error));
	return -EINVAL;
}

uint16_t address_get_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &bytes) < 0)
		return 0;
	if (address.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&address)->sin_port);
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return 0;
}

bool address_is_local(int fd)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &bytes) < 0)
		return false;
	if (address.ss_family == AF_INET)
		return ntohl(((struct sockaddr_in *)&address)->sin_addr.s_addr) >> 24 ==
		       IN_LOOPBACKNET;
	if (address.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&address)->sin6_addr);
	return address.ss_family == AF_UNIX;
}

static void address_set_port(struct sockaddr *address, uint16_t port)
{
	if (address->sa_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons(port);
	else if (address->sa_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

static int address_listen_at(const struct addrinfo *info, uint16_t port, int *out_fd)
{
	_cleanup_close_ int fd = -1;
	int on = 1;

	fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* The wildcard of IPv6 must leave the one of IPv4 to its own socket. */
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (port)
		address_set_port(info->ai_addr, port);
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, ADDRESS_BACKLOG) < 0)
		return -errno;
	*out_fd = TAKE_FD(fd);
	return 0;
}

/* Errors that say "not on this machine" and not "not for you". */
static bool address_is_absent(int error)
{
	return error == -EADDRNOTAVAIL || error == -EAFNOSUPPORT;
}

/* Whether a result before INFO is for the same address: /etc/hosts may name one in several lines.
 */
static bool address_is_repeated(const struct addrinfo *all, const struct addrinfo *info)
{
	for (; all != info; all = all->ai_next) {
		const struct sockaddr_in *one = (const void *)all->ai_addr;
		const struct sockaddr_in *two = (const void *)info->ai_addr;
		const struct sockaddr_in6 *one6 = (const void *)all->ai_addr;
		const struct sockaddr_in6 *two6 = (const void *)info->ai_addr;

		if (all->ai_family != info->ai_family)
			continue;
		if (all->ai_family == AF_INET && one->sin_addr.s_addr == two->sin_addr.s_addr)
			return true;
		if (all->ai_family == AF_INET6 && one6->sin6_scope_id == two6->sin6_scope_id &&
		    !memcmp(&one6->sin6_addr, &two6->sin6_addr, sizeof(one6->sin6_addr)))
			return true;
	}
	return false;
}

static int address_listen_tcp(const char *text, int *out_fds, size_t *out_count, struct diag *diag)
{
	_cleanup_(address_free_info) struct addrinfo *all = NULL;
	int error = address_resolve(text, true, &all, diag);
	int absent = -EADDRNOTAVAIL;
	uint16_t port = 0;
	size_t count = 0;

	if (error)
		return error;
	for (struct addrinfo *info = all; info; info = info->ai_next) {
		if (address_is_repeated(all, info))
			continue;
		error = count < ADDRESS_SOCKETS_MAX ? address_listen_at(info, port, &out_fds[count])
						    : -E2BIG;
		if (address_is_absent(error)) {
			absent = error;
			continue;
		}
		if (error == -E2BIG)
			diag_add(diag,
				 "the host of \"%s\" has more than %d addresses; name one of them",
				 text, ADDRESS_SOCKETS_MAX);
		if (error) {
			while (count)
				close(out_fds[--count]);
			return error;
		}
		port = address_get_port(out_fds[count++]);
	}
	if (!count)
		return absent;
	*out_count = count;
	return 0;
}

static int address_connect_unix(const struct sockaddr_un *address, int *out_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	*out_fd = TAKE_FD(fd);
	return 0;
}

/* Makes way for a new socket: removes the file of a dead server, and only that. */
static int address_clear_unix(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = -1;
	struct stat status;
	int error;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -ENOTSOCK;
	error = address_connect_unix(address, &fd);
	if (error != -ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static int address_listen_unix(const struct address_options *options, int *out_fd,
			       struct diag *diag)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_un address;
	int error = address_fill_unix(options->text, &address, diag);

	if (error)
		return error;
	error = address_clear_unix(&address);
	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Linux gives the file the mode of the socket, less the umask: it is never too open. */
	if (fchmod(fd, options->mode) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (chown(address.sun_path, (uid_t)-1, options->group) < 0 ||
	    chmod(address.sun_path, options->mode) < 0 || listen(fd, ADDRESS_BACKLOG) < 0) {
		error = -errno;
		unlink(address.sun_path);
		return error;
	}
	*out_fd = TAKE_FD(fd);
	return 0;
}

static const char *address_get_advice(const struct address_options *options, int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "; stop the other instance or choose another with ";
	case -EACCES:
	case -EPERM:
		return address_is_unix(options->text)
			       ? "; run as root or choose a path that may be written with "
			       : "; run as root or choose a port above 1023 with ";
	case -ENOENT:
		return "; create its directory first or choose another with ";
	case -ENOTSOCK:
		return "; the file there is not a socket; choose another with ";
	default:
		return "; see ";
	}
}

int address_listen(const struct address_options *options, int *out_fds, size_t *out_count,
		   struct diag *diag)
{
	unsigned int lines = diag ? diag->lines : 0;
	char room[ADDRESS_ERROR_BYTES];
	int error;

	if (address_is_unix(options->text)) {
		error = address_listen_unix(options, out_fds, diag);
		if (!error)
			*out_count = 1;
	} else {
		error = address_listen_tcp(options->text, out_fds, out_count, diag);
	}
	if (error && diag && diag->lines == lines)
		diag_add(diag, "cannot listen on \"%s\": %s%s%s", options->text,
			 address_error_text(-error, room, sizeof(room)),
			 address_get_advice(options, error),
			 options->flag ? options->flag : "--server-address");
	return error;
}

/* Waits until a connect in progress is decided. */
static int address_wait(int fd, uint64_t deadline_ns)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
	socklen_t bytes = sizeof(int);
	int error = 0;

	for (;;) {
		uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
		uint64_t ms = now < deadline_ns ? (deadline_ns - now) / CLOCK_NS_PER_MS + 1 : 0;
		int count = poll(&pollfd, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);

		if (count > 0)
			break;
		if (count < 0)
			return -errno;
		if (clock_read_ns(CLOCK_MONOTONIC) >= deadline_ns)
			return -ETIMEDOUT;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0)
		return -errno;
	return -error;
}

static int address_connect_at(const struct addrinfo *info, uint64_t deadline_ns, int *out_fd)
{
	_cleanup_close_ int fd = -1;
	int error;
	int on = 1;

	fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, info->ai_addr, info->ai_addrlen) < 0) {
		if (errno != EINPROGRESS)
			return -errno;
		error = address_wait(fd, deadline_ns);
		if (error)
			return error;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*out_fd = TAKE_FD(fd);
	return 0;
}

int address_connect(const char *text, uint64_t timeout_ns, int *out_fd, struct diag *diag)
{
	uint64_t deadline_ns = clock_read_deadline_ns(CLOCK_MONOTONIC, timeout_ns);
	_cleanup_(address_free_info) struct addrinfo *all = NULL;
	struct sockaddr_un address;
	int error;

	if (address_is_unix(text)) {
		error = address_fill_unix(text, &address, diag);
		return error ? error : address_connect_unix(&address, out_fd);
	}
	error = address_resolve(text, false, &all, diag);
	if (error)
		return error;
	error = -EADDRNOTAVAIL;
	for (struct addrinfo *info = all; info; info = info->ai_next) {
		error = address_connect_at(info, deadline_ns, out_fd);
		if (!error || error == -EINTR)
			break;
	}
	return error;
}
