/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: collects lines, writes when there are many or nothing more is to come now. */
#include "cli/event_writer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
	WRITER_BATCH_BYTES = 32768,
	/* PIPE_BUF: a pipe that poll(2) calls writable takes that many without waiting. */
	WRITER_WRITE_BYTES = 4096
};

int event_writer_init(struct event_writer *writer)
{
	if (writer->is_compact)
		return 0;
	writer->json = json_encoder_new(&tetragon__get_events_response__descriptor);
	return writer->json ? 0 : -ENOMEM;
}

void event_writer_done(struct event_writer *writer)
{
	json_encoder_free(writer->json);
	buf_done(&writer->out);
}

static int event_writer_wait(const struct event_writer *writer)
{
	struct pollfd polls[] = { { .fd = STDOUT_FILENO, .events = POLLOUT },
				  { .fd = writer->stop_fd, .events = POLLIN } };

	if (poll(polls, 2, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	/* What the reader takes at once is written also by one who is to stop. */
	return polls[1].revents && !polls[0].revents ? -EINTR : 0;
}

int event_writer_flush(struct event_writer *writer)
{
	size_t at = 0;
	int error = 0;

	while (!error && at < writer->out.bytes) {
		size_t part = writer->out.bytes - at;
		ssize_t bytes;

		error = event_writer_wait(writer);
		if (error)
			break;
		if (part > WRITER_WRITE_BYTES)
			part = WRITER_WRITE_BYTES;
		bytes = write(STDOUT_FILENO, writer->out.data + at, part);
		if (bytes < 0 && errno != EINTR && errno != EAGAIN)
			error = -errno;
		at += bytes > 0 ? (size_t)bytes : 0;
	}
	buf_reset(&writer->out);
	return error;
}

int event_writer_add(struct event_writer *writer, const Tetragon__GetEventsResponse *event)
{
	if (writer->is_compact) {
		int error = compact_add_event(&writer->out, event, &writer->compact);

		if (error && error != -EINVAL)
			return error;
		writer->unwritable += error != 0;
	} else {
		json_encode(writer->json, &writer->out, &event->base);
		buf_add_char(&writer->out, '\n');
	}
	if (writer->out.failed)
		return -ENOMEM;
	return writer->out.bytes >= WRITER_BATCH_BYTES ? event_writer_flush(writer) : 0;
}
