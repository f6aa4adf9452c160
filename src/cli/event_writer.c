/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: collects lines, writes when there are many or nothing more is to come now. */
#include "cli/event_writer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"

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

static int event_writer_write(struct event_writer *writer)
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

int event_writer_flush(struct event_writer *writer)
{
	if (writer->live.is_on)
		live_line_draw(&writer->live, &writer->out, clock_read_ns(CLOCK_MONOTONIC));
	return event_writer_write(writer);
}

int event_writer_finish(struct event_writer *writer)
{
	live_line_clear(&writer->live, &writer->out);
	return event_writer_write(writer);
}

/* As upstream: the bytes of the second argument of calls whose first is the terminal's file. */
static void event_writer_add_tty(struct event_writer *writer,
				 const Tetragon__GetEventsResponse *event)
{
	const Tetragon__ProcessKprobe *kprobe = event->process_kprobe;
	const Tetragon__KprobeArgument *file, *bytes;

	if (event->event_case != TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE || !kprobe ||
	    kprobe->n_args < 2)
		return;
	file = kprobe->args[0];
	bytes = kprobe->args[1];
	if (file->arg_case != TETRAGON__KPROBE_ARGUMENT__ARG_FILE_ARG || !file->file_arg ||
	    !file->file_arg->path || strcmp(file->file_arg->path, writer->tty_path) != 0)
		return;
	if (bytes->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_BYTES_ARG)
		buf_add(&writer->out, bytes->bytes_arg.data, bytes->bytes_arg.len);
	else if (bytes->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_TRUNCATED_BYTES_ARG &&
		 bytes->truncated_bytes_arg)
		buf_add(&writer->out, bytes->truncated_bytes_arg->bytes_arg.data,
			bytes->truncated_bytes_arg->bytes_arg.len);
}

int event_writer_add(struct event_writer *writer, const Tetragon__GetEventsResponse *event)
{
	if (writer->live.is_on) {
		live_line_clear(&writer->live, &writer->out);
		writer->live.shown++;
		if (event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP && event->gap)
			writer->live.lost += event->gap->lost;
	}
	if (writer->tty_path) {
		event_writer_add_tty(writer, event);
	} else if (writer->is_compact) {
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
