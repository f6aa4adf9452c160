/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talks to the service manager that started us: sd_notify(3)'s protocol, one datagram a message.
 * In: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of the environment; the agent's states. Out:
 * datagrams that never make the agent wait. Without NOTIFY_SOCKET every call does nothing.
 *
 * libsystemd would say the same, but brings six more libraries (compression, encryption) into a
 * process that runs as root, and 0.95 MB of memory that nobody shares.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct notify;

enum notify_state {
	NOTIFY_NONE,
	NOTIFY_READY, /* started, or done with reloading */
	NOTIFY_RELOADING,
	NOTIFY_STOPPING,
	NOTIFY_STATES
};

/* -ENOMEM only: a socket that cannot be used is warned about, and nobody is told anything then. */
int notify_new(struct notify **out);
void notify_free(struct notify *notify);

/*
 * STATUS is a line for people (`systemctl status`), or NULL. A message that the manager has no room
 * for is sent again with the next beat, unless a newer state takes its place.
 */
void notify_tell(struct notify *notify, enum notify_state state, const char *status);

/* Whether a beat at NOW_NS (monotonic clock) may say anything: a status need not be made for
 * nothing. */
bool notify_is_due(const struct notify *notify, uint64_t now_ns);

/*
 * To be called from the loop about once a second. Keeps the watchdog quiet, twice in its time, but
 * only if IS_WELL; sends what could not be sent; tells a STATUS that has changed.
 */
void notify_beat(struct notify *notify, uint64_t now_ns, bool is_well, const char *status);
