/* SPDX-License-Identifier: Apache-2.0 */
/* States -> datagrams to the service manager. */
#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* Each status is a signal on the system's bus: no more of them than a person could read. */
#define NOTIFY_STATUS_NS    (30 * CLOCK_NS_PER_SECOND)
#define NOTIFY_STATUS_BYTES 128

struct notify {
	int fd; /* -1: nobody listens */
	struct sockaddr_un address;
	socklen_t address_bytes;
	uint64_t beat_ns; /* between two keep-alives; 0: no watchdog */
	uint64_t next_beat_ns, next_status_ns;
	enum notify_state unsent; /* the manager had no room for it */
	char status[NOTIFY_STATUS_BYTES];
};

static const char *const notify_words[NOTIFY_STATES] = {
	[NOTIFY_NONE] = "",
	[NOTIFY_READY] = "READY=1\n",
	[NOTIFY_RELOADING] = "RELOADING=1\n",
	[NOTIFY_STOPPING] = "STOPPING=1\n",
};

static bool notify_set_address(struct notify *notify, const char *path)
{
	size_t bytes = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || bytes < 2 ||
	    bytes >= sizeof(notify->address.sun_path)) {
		log_warn(
			"cannot use NOTIFY_SOCKET \"%s\": it must begin with / or @ and have less than %zu bytes; "
			"the service manager is not told that the agent is ready",
			path, sizeof(notify->address.sun_path));
		return false;
	}
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, path, bytes);
	if (path[0] == '@') /* the kernel's abstract names begin with a NUL */
		notify->address.sun_path[0] = '\0';
	notify->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
	return true;
}

static uint64_t notify_read_number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	uint64_t value;

	if (!text || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	value = strtoull(text, &end, 10);
	return errno || *end ? 0 : value;
}

/* WATCHDOG_PID says whom the watchdog is for: the environment is inherited. */
static uint64_t notify_read_watchdog_ns(void)
{
	uint64_t us = notify_read_number("WATCHDOG_USEC");
	uint64_t pid = notify_read_number("WATCHDOG_PID");

	if (getenv("WATCHDOG_PID") && pid != (uint64_t)getpid())
		return 0;
	return us > UINT64_MAX / 1000 ? 0 : us * 1000;
}

int notify_new(struct notify **out)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		return -ENOMEM;
	*out = notify;
	notify->fd = -1;
	if (!path || !path[0] || !notify_set_address(notify, path))
		return 0;
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify->fd < 0)
		log_warn("cannot open a socket for NOTIFY_SOCKET \"%s\": %s", path,
			 strerror(errno));
	notify->beat_ns = notify_read_watchdog_ns() / 2;
	return 0;
}

void notify_free(struct notify *notify)
{
	if (!notify)
		return;
	if (notify->fd >= 0)
		close(notify->fd);
	free(notify);
}

static int notify_send(const struct notify *notify, enum notify_state state, bool with_beat,
		       bool with_status)
{
	char text[NOTIFY_STATUS_BYTES + 96], time[48] = "";
	ssize_t sent;
	int bytes;

	if (state == NOTIFY_RELOADING)
		snprintf(time, sizeof(time), "MONOTONIC_USEC=%" PRIu64 "\n",
			 clock_read_ns(CLOCK_MONOTONIC) / 1000);
	bytes = snprintf(text, sizeof(text), "%s%s%s%s%s%s", notify_words[state], time,
			 with_beat ? "WATCHDOG=1\n" : "", with_status ? "STATUS=" : "",
			 with_status ? notify->status : "", with_status ? "\n" : "");
	sent = sendto(notify->fd, text, (size_t)bytes, MSG_NOSIGNAL,
		      (const struct sockaddr *)&notify->address, notify->address_bytes);
	return sent < 0 ? -errno : 0;
}

/* Whether STATUS is news. A line break would begin a message of its own. */
static bool notify_take_status(struct notify *notify, const char *status)
{
	char line[NOTIFY_STATUS_BYTES];

	if (!status)
		return false;
	snprintf(line, sizeof(line), "%s", status);
	line[strcspn(line, "\n")] = '\0';
	if (!strcmp(line, notify->status))
		return false;
	memcpy(notify->status, line, sizeof(line));
	return true;
}

void notify_tell(struct notify *notify, enum notify_state state, const char *status)
{
	bool with_status = notify_take_status(notify, status);
	int error;

	if (notify->fd < 0)
		return;
	error = notify_send(notify, state, false, with_status);
	notify->unsent = error ? state : NOTIFY_NONE;
	if (!error)
		return;
	if (with_status)
		notify->status[0] = '\0';
	log_debug("the service manager did not take \"%.*s\": %s",
		  (int)strcspn(notify_words[state], "\n"), notify_words[state], strerror(-error));
}

static bool notify_has_beat(const struct notify *notify, uint64_t now_ns)
{
	return notify->beat_ns && now_ns >= notify->next_beat_ns;
}

bool notify_is_due(const struct notify *notify, uint64_t now_ns)
{
	return notify->fd >= 0 && (notify->unsent || notify_has_beat(notify, now_ns) ||
				   now_ns >= notify->next_status_ns);
}

void notify_beat(struct notify *notify, uint64_t now_ns, bool is_well, const char *status)
{
	bool with_beat = is_well && notify_has_beat(notify, now_ns);
	bool may_tell = now_ns >= notify->next_status_ns;
	bool with_status = may_tell && notify_take_status(notify, status);

	if (notify->fd < 0)
		return;
	if ((notify->unsent || with_beat || with_status) &&
	    notify_send(notify, notify->unsent, with_beat, with_status)) {
		if (with_status)
			notify->status[0] = '\0'; /* news again with the next beat */
		return;
	}
	notify->unsent = NOTIFY_NONE;
	if (with_beat)
		notify->next_beat_ns = now_ns + notify->beat_ns;
	if (may_tell)
		notify->next_status_ns = now_ns + NOTIFY_STATUS_NS;
}
