/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts standard input into lines and parses them. */
#include "cli/event_lines.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "event/json_parse.h"

enum { LINES_READ_BYTES = 65536 };

struct event_lines {
	const struct event_lines_sink *sink;
	struct event_lines_result *result;
	struct buf line;  /* begun, not ended */
	size_t number;	  /* of the line, from 1 */
	bool is_too_long; /* the rest of this line is skipped */
};

static void event_lines_complain(struct event_lines *lines, struct diag *diag)
{
	if (++lines->result->bad > EVENT_LINES_SAID_MAX)
		return;
	/* The first finding is enough: one line of input, one line of complaint. */
	diag->text.bytes = diag->text.bytes ? strcspn(buf_text(&diag->text), "\n") : 0;
	cli_complain("standard input line %zu: %s", lines->number, buf_text(&diag->text));
}

static int event_lines_parse(struct event_lines *lines, const char *data, size_t bytes)
{
	Tetragon__GetEventsResponse *event = NULL;
	_cleanup_diag_ struct diag diag = {};
	int error;

	lines->number++;
	if (strspn(data, " \t\r\n") >= bytes)
		return 0;
	error = json_parse_event(data, bytes, &event, &diag);
	if (error == -EINVAL) {
		event_lines_complain(lines, &diag);
		return 0;
	}
	if (error)
		return error;
	error = lines->sink->on_event(lines->sink->context, event);
	tetragon__get_events_response__free_unpacked(event, NULL);
	return error;
}

/* The line that is complete in the buffer. */
static int event_lines_end(struct event_lines *lines)
{
	_cleanup_diag_ struct diag diag = {};
	int error = 0;

	if (lines->is_too_long) {
		lines->number++;
		diag_add(&diag, "longer than %u bytes", JSON_PARSE_BYTES_MAX);
		event_lines_complain(lines, &diag);
	} else {
		error = event_lines_parse(lines, buf_text(&lines->line), lines->line.bytes);
	}
	lines->is_too_long = false;
	buf_reset(&lines->line);
	return error;
}

static int event_lines_take(struct event_lines *lines, const char *data, size_t bytes)
{
	while (bytes) {
		const char *end = memchr(data, '\n', bytes);
		size_t part = end ? (size_t)(end - data) : bytes;
		int error;

		if (lines->line.bytes + part > JSON_PARSE_BYTES_MAX) {
			lines->is_too_long = true;
			buf_reset(&lines->line);
		}
		if (!lines->is_too_long)
			buf_add(&lines->line, data, part);
		if (lines->line.failed)
			return -ENOMEM;
		if (!end)
			return 0;
		error = event_lines_end(lines);
		if (error)
			return error;
		data = end + 1;
		bytes -= part + 1;
	}
	return 0;
}

/* Waits for input, after telling the sink that there is none now. */
static int event_lines_wait(const struct event_lines_sink *sink)
{
	struct pollfd polls[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				  { .fd = sink->stop_fd, .events = POLLIN } };
	int count = poll(polls, 2, 0);

	if (count == 0) {
		int error = sink->on_idle(sink->context);

		if (error)
			return error;
		count = poll(polls, 2, -1);
	}
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	return polls[1].revents ? -EINTR : 0;
}

static int event_lines_run(struct event_lines *lines)
{
	char data[LINES_READ_BYTES];

	for (;;) {
		int error = event_lines_wait(lines->sink);
		ssize_t bytes;

		if (error)
			return error;
		bytes = read(STDIN_FILENO, data, sizeof(data));
		if (bytes < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (bytes == 0)
			return lines->line.bytes || lines->is_too_long ? event_lines_end(lines) : 0;
		if (bytes < 0)
			continue;
		lines->result->bytes += (size_t)bytes;
		error = event_lines_take(lines, data, (size_t)bytes);
		if (error)
			return error;
	}
}

int event_lines_read(const struct event_lines_sink *sink, struct event_lines_result *out)
{
	struct event_lines lines = { .sink = sink, .result = out };
	int error;

	*out = (struct event_lines_result){};
	error = event_lines_run(&lines);
	buf_done(&lines.line);
	return error;
}
