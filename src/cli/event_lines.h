/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events from standard input, one JSON object per line, as an event file has them. In: bytes from
 * anywhere. Out: events, and a line on standard error for each line that is none.
 */
#pragma once

#include <tetragon/events.pb-c.h>

/* Complaints about single lines; a person has understood by then. */
enum { EVENT_LINES_SAID_MAX = 20 };

struct event_lines_sink {
	/* Not 0 ends the reading. */
	int (*on_event)(void *context, const Tetragon__GetEventsResponse *event);
	int (*on_idle)(void *context); /* nothing more is there to read now; the same */
	void *context;
	int stop_fd;
};

struct event_lines_result {
	size_t bytes; /* read */
	size_t bad;   /* lines that are no events */
};

/* Until the end of input. Negative errno of reading, -EINTR: stop_fd; or what on_event returned. */
int event_lines_read(const struct event_lines_sink *sink, struct event_lines_result *out);
