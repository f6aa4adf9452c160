/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events to standard output, many per write(2). In: events. Out: their lines, as JSON or compact.
 * Reading them, and choosing which, is not done here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <tetragon/events.pb-c.h>

#include "cli/live_line.h"
#include "event/compact.h"
#include "event/json.h"

struct event_writer {
	bool is_compact;
	struct compact_options compact;
	struct json_encoder *json; /* owned; unless is_compact */
	struct buf out;
	int stop_fd;	   /* a write that has to wait ends when this is readable; -1: none */
	size_t unwritable; /* events that have no line in this form */
	/* NULL: lines. Else only what processes wrote to the terminal of this path. */
	const char *tty_path;
	struct live_line live;
};

/* WRITER's is_compact, compact, tty_path, live.is_on and stop_fd are set. -ENOMEM. */
int event_writer_init(struct event_writer *writer);
void event_writer_done(struct event_writer *writer);

/* Negative errno of the write that may be due, see event_writer_flush(). */
int event_writer_add(struct event_writer *writer, const Tetragon__GetEventsResponse *event);
/* Draws the counters, too, if there are some. -EPIPE: the reader is gone; -EINTR: stop_fd. */
int event_writer_flush(struct event_writer *writer);
/* The same before the end, without counters. */
int event_writer_finish(struct event_writer *writer);
