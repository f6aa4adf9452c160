/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays a recording (tetrad --record FILE) through the event line, without a kernel. In: the
 * file. Out: the events as JSON lines, or with --measure only how fast they became JSON in memory.
 * When the file holds fewer records than asked for it is played again, later in time, so that every
 * process is a new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/options.h"
#include "daemon/pipeline.h"
#include "daemon/recording.h"

struct replay_options {
	bool help, measure, credentials, metrics;
	uint64_t count;
	const char *file, *format;
};

#define MEMBER(name) offsetof(struct replay_options, name)
static const struct option_row replay_rows[] = {
	{ "measure", 'm', OPTION_BOOL, MEMBER(measure), NULL, NULL, NULL,
	  "print figures instead of events", NULL },
	{ "count", 'n', OPTION_UINT, MEMBER(count), "0", "RECORDS", NULL,
	  "how many records; 0: those of the file, once", NULL },
	{ "enable-process-cred", 0, OPTION_BOOL, MEMBER(credentials), NULL, NULL, NULL,
	  "show credentials, as the agent's flag does", NULL },
	{ "metrics", 0, OPTION_BOOL, MEMBER(metrics), NULL, NULL, NULL,
	  "count events as for /metrics", NULL },
	{ "file", 'f', OPTION_TEXT, MEMBER(file), "", "PATH", NULL,
	  "write events there as the agent does, 10 MiB a file", NULL },
	{ "format", 0, OPTION_TEXT, MEMBER(format), "native", "FORMAT", OUTPUT_FORMAT_NAMES,
	  "how events are written", NULL },
	{ "help", 'h', OPTION_BOOL, MEMBER(help), NULL, NULL, NULL, "print this text and exit",
	  NULL },
};

struct replay {
	struct pipeline pipeline;
	struct buf text;
	bool prints;
	char *data; /* whole file, owned */
	size_t bytes;
	uint64_t records, events, json_bytes;
	uint64_t first_ns, span_ns; /* of the records that are no seeds */
};

static void replay_on_event(void *context, const Tetragon__GetEventsResponse *event)
{
	struct replay *replay = context;

	buf_reset(&replay->text);
	formatter_add(replay->pipeline.formatter, &replay->text, event);
	buf_add_char(&replay->text, '\n');
	replay->events++;
	replay->json_bytes += replay->text.bytes;
	if (replay->prints)
		fwrite(replay->text.data, 1, replay->text.bytes, stdout);
}

/* The file has it already. */
static void replay_count_event(void *context, const Tetragon__GetEventsResponse *event)
{
	struct replay *replay = context;

	replay->events++;
}

static int replay_read_file(struct replay *replay, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct recording_head head;
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return -errno;
	if (read(fd, &head, sizeof(head)) != sizeof(head) ||
	    memcmp(head.magic, RECORDING_MAGIC, sizeof(RECORDING_MAGIC)) ||
	    head.version != RECORDING_VERSION)
		return -EBADMSG;
	replay->bytes = (size_t)stat.st_size - sizeof(head);
	replay->data = malloc(replay->bytes);
	if (!replay->data)
		return -ENOMEM;
	if (read(fd, replay->data, replay->bytes) != (ssize_t)replay->bytes)
		return -EIO;
	return 0;
}

/* The record at *AT, which moves on. NULL: the file is over, or the rest is no record. */
static struct wire_header *replay_next(const struct replay *replay, size_t *at)
{
	struct wire_header *header = (void *)(replay->data + *at);

	if (replay->bytes - *at < sizeof(*header) || header->bytes < sizeof(*header) ||
	    header->bytes > replay->bytes - *at)
		return NULL;
	*at += header->bytes;
	return header;
}

static void replay_find_span(struct replay *replay)
{
	const struct wire_header *header;
	size_t at = 0;

	while ((header = replay_next(replay, &at))) {
		if (!header->sequence)
			continue;
		if (!replay->first_ns)
			replay->first_ns = header->time_ns;
		if (header->time_ns >= replay->first_ns)
			replay->span_ns = header->time_ns - replay->first_ns + 1;
	}
}

static void replay_shift_id(const struct replay *replay, struct wire_process_id *id)
{
	if (id->exec_ns >= replay->first_ns)
		id->exec_ns += replay->span_ns;
}

/* Moves a record to the next round. What happened before the first round stays where it is. */
static void replay_shift(const struct replay *replay, struct wire_header *header)
{
	struct wire_exec *exec = (void *)header;
	struct wire_fork *fork = (void *)header;
	struct wire_exit *exit = (void *)header;

	header->time_ns += replay->span_ns;
	if (header->kind == WIRE_RECORD_EXEC) {
		replay_shift_id(replay, &exec->id);
		replay_shift_id(replay, &exec->parent);
		replay_shift_id(replay, &exec->previous);
	} else if (header->kind == WIRE_RECORD_FORK) {
		replay_shift_id(replay, &fork->id);
		replay_shift_id(replay, &fork->parent);
		fork->start_ns += replay->span_ns;
	} else if (header->kind == WIRE_RECORD_EXIT) {
		replay_shift_id(replay, &exit->id);
	}
}

/* One round over the file, at most LEFT records of it. */
static void replay_round(struct replay *replay, bool is_first, uint64_t left)
{
	struct wire_header *header;
	size_t at = 0;

	while (left && (header = replay_next(replay, &at))) {
		if (!header->sequence) {
			if (is_first)
				pipeline_on_seed(&replay->pipeline, header, header->bytes);
			continue;
		}
		if (!is_first)
			replay_shift(replay, header);
		pipeline_on_record(&replay->pipeline, header, header->bytes);
		replay->records++;
		left--;
	}
}

static void replay_all(struct replay *replay, uint64_t count)
{
	uint64_t before;

	replay_find_span(replay);
	replay_round(replay, true, count ? count : UINT64_MAX);
	do {
		before = replay->records;
		if (count > before)
			replay_round(replay, false, count - before);
	} while (replay->records != before);
	pipeline_flush(&replay->pipeline);
}

static int replay_open(struct replay *replay, const char *path,
		       const struct replay_options *options)
{
	const struct output_file_rotation rotation = { 10 << 20, .backups_max = 5 };
	struct pipeline_options pipeline = {
		.process_cache_size = 65536,
		.cpus = 1024,
		.procfs = "/nonexistent",
		.export_format = output_format_find(options->format),
		.event = { .cluster_name = "",
			   .message = { .node_name = "replay",
					.with_credentials = options->credentials } },
	};
	_cleanup_diag_ struct diag diag = {};
	int error = replay_read_file(replay, path);

	if (!error)
		error = pipeline_init(&replay->pipeline, &pipeline);
	if (!error && options->file[0])
		error = output_file_new(&replay->pipeline.file, options->file, 0600, &diag);
	if (!error && replay->pipeline.file)
		error = output_file_set_rotation(replay->pipeline.file, &rotation);
	if (error)
		fprintf(stderr, "%scannot replay \"%s\": %s\n", buf_text(&diag.text), path,
			error == -EBADMSG ? "not a recording of this version" : strerror(-error));
	return error;
}

static void replay_tell(const struct replay *replay, uint64_t took_ns)
{
	struct output_file_stats stats = { .bytes = replay->json_bytes };

	if (replay->pipeline.file)
		output_file_read_stats(replay->pipeline.file, &stats);
	printf("%llu records, %llu events, %llu bytes of JSON in %.3f s: %.0f events/s, %.0f records/s\n",
	       (unsigned long long)replay->records, (unsigned long long)replay->events,
	       (unsigned long long)stats.bytes, (double)took_ns / 1e9,
	       (double)replay->events * 1e9 / (double)took_ns,
	       (double)replay->records * 1e9 / (double)took_ns);
}

static int replay_run(const char *path, const struct replay_options *options)
{
	struct replay replay = { .prints = !options->measure };
	struct meters meters = { .shows = { true, true, true, true } };
	uint64_t start_ns;

	if (replay_open(&replay, path, options))
		return 1;
	if (options->metrics && meters_init(&meters, true) == 0)
		replay.pipeline.meters = &meters;
	replay.pipeline.publish = options->file[0] ? replay_count_event : replay_on_event;
	replay.pipeline.publish_context = &replay;
	start_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
	replay_all(&replay, options->count);
	if (options->measure)
		replay_tell(&replay, clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - start_ns);
	output_file_free(replay.pipeline.file);
	pipeline_done(&replay.pipeline);
	meters_done(&meters);
	buf_done(&replay.text);
	free(replay.data);
	return 0;
}

static void cleanup_options(struct options **options)
{
	options_free(*options);
}

int main(int argc, char **argv)
{
	_cleanup_(cleanup_options) struct options *options = NULL;
	struct replay_options values = {};
	_cleanup_diag_ struct diag diag = {};
	_cleanup_buf_ struct buf help = {};

	if (options_new(&options) ||
	    options_add_table(options, replay_rows, sizeof(replay_rows) / sizeof(replay_rows[0]),
			      &values))
		return 1;
	if (options_parse(options, argc - 1, argv + 1, &diag) ||
	    (!values.help && options_get_words(options)->count != 1)) {
		fprintf(stderr, "%susage: replay [flags] FILE; see --help\n", buf_text(&diag.text));
		return 2;
	}
	if (values.help) {
		buf_add_text(
			&help,
			"replay plays a recording of tetrad --record through the event line.\n\n"
			"Usage: replay [flags] FILE\n\n");
		options_add_help(options, &help);
		fputs(buf_text(&help), stdout);
		return 0;
	}
	return replay_run(options_get_words(options)->items[0], &values);
}
