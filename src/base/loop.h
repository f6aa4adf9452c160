/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread, one epoll set. In: descriptors, timers, signals with a function each. Out: calls, one
 * at a time.
 *
 * A source is owned by the loop from loop_add_*() until loop_remove(), which may be called from any
 * callback, also the source's own. Descriptors stay the caller's to close, after loop_remove().
 */
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;
struct loop_source;

typedef void (*loop_io_fn)(void *context, uint32_t events); /* EPOLL* bits */
typedef void (*loop_timer_fn)(void *context);
typedef void (*loop_signal_fn)(void *context, int signal);

int loop_new(struct loop **out);
void loop_free(struct loop *loop); /* also removes all sources; NULL is fine */

int loop_add_io(struct loop *loop, int fd, uint32_t events, loop_io_fn function, void *context,
		struct loop_source **out);
int loop_change_io(struct loop_source *source, uint32_t events);

/* A timer on the monotonic clock. It is created stopped. */
int loop_add_timer(struct loop *loop, loop_timer_fn function, void *context,
		   struct loop_source **out);
/* First call after DELAY_NS (at least 1), then every PERIOD_NS; period 0: once. Delay 0 stops it.
 */
int loop_set_timer(struct loop_source *timer, uint64_t delay_ns, uint64_t period_ns);

/* Blocks the signals of SET for this thread and hands them to the function. */
int loop_add_signals(struct loop *loop, const sigset_t *set, loop_signal_fn function, void *context,
		     struct loop_source **out);

void loop_remove(struct loop_source *source); /* NULL is fine */

/*
 * Runs until loop_stop(), of which one before the call counts too. Returns what loop_stop() was
 * given, or a negative errno of epoll. It may be called again.
 */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int result);
