/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of an event. A record comes out of the kernel's ring; it is checked; the process cache
 * learns from it and says whom it is about; a call becomes an event for each policy that it
 * matched; an event that still lacks its parent waits a moment; then it goes to the file and to the
 * gRPC streams. Numbers that are missing between two records become events too.
 */
#include "daemon/pipeline.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "event/record.h"

/* Dead processes stay this long for events that come late. */
#define PIPELINE_DEAD_NS (60 * CLOCK_NS_PER_SECOND)

/* The file may have a limit in rate. */
static bool pipeline_may_write(struct pipeline *pipeline, const Tetragon__GetEventsResponse *event)
{
	uint64_t count = event->aggregation_info ? event->aggregation_info->count : 1;

	return !pipeline->limit.is_limited || export_is_notice(event) ||
	       output_limit_take(&pipeline->limit, clock_read_ns(CLOCK_MONOTONIC), count);
}

static void pipeline_write_line(void *context, const Tetragon__GetEventsResponse *event)
{
	struct pipeline *pipeline = context;
	struct buf *line;

	if (event && !pipeline_may_write(pipeline, event))
		return;
	line = event ? output_file_begin_line(pipeline->file) : NULL;
	if (!line) {
		output_file_drop_line(pipeline->file);
		return;
	}
	formatter_add(pipeline->formatter, line, event);
	buf_add_char(line, '\n');
	output_file_end_line(pipeline->file);
}

/* What says that something is missing goes at once; an exec and an exit are of one process each. */
static bool event_may_have_equals(const Tetragon__GetEventsResponse *event)
{
	return !export_is_notice(event) &&
	       event->event_case != TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC &&
	       event->event_case != TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT;
}

static void pipeline_write(struct pipeline *pipeline, const Tetragon__GetEventsResponse *event)
{
	struct export_filters *filters = pipeline->options.filters;
	bool no_memory = false;

	if (filters)
		event = export_filters_apply(filters, event, &no_memory);
	if (no_memory)
		output_file_drop_line(pipeline->file);
	if (!event)
		return;
	if (pipeline->aggregate && event_may_have_equals(event) &&
	    aggregate_take(pipeline->aggregate, event, clock_read_ns(CLOCK_MONOTONIC)))
		return;
	pipeline_write_line(pipeline, event);
}

/* Equal events whose window has ended. */
static void pipeline_write_merged(struct pipeline *pipeline, uint64_t now_ns)
{
	if (pipeline->aggregate && pipeline->file)
		aggregate_flush(pipeline->aggregate, now_ns, pipeline_write_line, pipeline);
}

static void pipeline_send(struct pipeline *pipeline, const Tetragon__GetEventsResponse *event)
{
	pipeline->stats.events++;
	if (pipeline->meters)
		meters_note_event(pipeline->meters, event);
	if (pipeline->file)
		pipeline_write(pipeline, event);
	if (pipeline->publish)
		pipeline->publish(pipeline->publish_context, event);
}

static void pipeline_report_ring(struct pipeline *pipeline, enum wire_ring ring, bool ring_is_empty)
{
	uint64_t now = clock_read_ns(CLOCK_REALTIME);
	struct loss_gap gap;

	if (pipeline->read_states(pipeline->states_context, ring, pipeline->states))
		return;
	for (unsigned int cpu = 0; cpu < pipeline->options.cpus; cpu++) {
		if (!loss_take_gap(pipeline->losses[ring], cpu, &pipeline->states[cpu],
				   ring_is_empty, &gap))
			continue;
		pipeline->wants_sweep = pipeline->wants_sweep || ring == WIRE_RING_LIFECYCLE;
		pipeline_send(pipeline, gap_fill_ring(&pipeline->gap, ring, &gap,
						      &pipeline->options.event, now));
	}
}

static void pipeline_report_gaps(struct pipeline *pipeline, bool ring_is_empty)
{
	for (enum wire_ring ring = 0; pipeline->read_states && ring < WIRE_RINGS; ring++)
		pipeline_report_ring(pipeline, ring, ring_is_empty);
}

/* What a process's exit is, also when nothing is known of it but its number. */
static void pipeline_fill_exit(struct pipeline *pipeline, const struct wire_exit *exit,
			       struct process_event *event)
{
	event->kind = PROCESS_EVENT_EXIT;
	event->id = exit->id;
	event->exit_code = exit->code;
	event->start_wall_ns = exit->start_ns + (uint64_t)pipeline->tracker.boot_to_wall_ns;
	if (exit->id.exec_ns)
		return;
	pipeline->wants_sweep =
		true; /* the kernel side did not know it: it may be here, as alive */
	pipeline->stats.exits_unmapped++;
}

/* Learns from the record. False: there is nothing to tell. PROCESS is NULL for the exit of an
 * unknown one. */
static bool pipeline_find_who(struct pipeline *pipeline, const struct record *record,
			      struct process_event *event, const struct process **process)
{
	struct process_tracker *tracker = &pipeline->tracker;

	switch (record->kind) {
	case WIRE_RECORD_FORK:
		process_track_fork(tracker, record);
		return false;
	case WIRE_RECORD_DATA:
		pieces_add(tracker->pieces, record);
		return false;
	case WIRE_RECORD_EXEC:
		*process = process_track_exec(tracker, record);
		event->kind = PROCESS_EVENT_EXEC;
		event->id = record->exec->id;
		break;
	case WIRE_RECORD_EXIT:
		*process = process_track_exit(tracker, record);
		pipeline->stats.exits_missed += !*process;
		pipeline_fill_exit(pipeline, record->exit, event);
		if (record->exit->flags & WIRE_PROCESS_KERNEL_THREAD)
			return false;
		break;
	default:
		return false;
	}
	event->wall_ns = record->header->time_ns + (uint64_t)tracker->boot_to_wall_ns;
	return !*process || !((*process)->flags & WIRE_PROCESS_KERNEL_THREAD);
}

static void pipeline_tell(struct pipeline *pipeline, const struct process_event *event,
			  const struct process *process)
{
	if (pipeline->meters && event->kind == PROCESS_EVENT_EXEC && process)
		meters_note_flags(pipeline->meters, process->flags);
	pipeline_send(pipeline, process_event_build(pipeline->builder, event, process));
}

static bool pipeline_knows_parent(const struct pipeline *pipeline, const struct process *process)
{
	return !process->parent.exec_ns ||
	       process_table_find(pipeline->tracker.table, &process->parent);
}

static bool pipeline_event_is_ready(void *pipeline, const struct process_event *event,
				    const struct process *process)
{
	return pipeline_knows_parent(pipeline, process);
}

static void pipeline_release_event(void *context, const struct process_event *event,
				   const struct process *process)
{
	struct pipeline *pipeline = context;

	pipeline_tell(pipeline, event, process);
}

/* Calls are read behind the batch of processes that an exit came with; it goes out after them. */
static bool pipeline_calls_may_follow(const struct pipeline *pipeline,
				      const struct process_event *event)
{
	return event->kind == PROCESS_EVENT_EXIT && pipeline->engine &&
	       engine_first(pipeline->engine);
}

/*
 * True: the event waits, because its parent is not known yet, an earlier event of its process
 * waits, or calls of it may still come. When there is no room to wait everything that waits goes
 * out first, so that the order stays.
 */
static bool pipeline_hold(struct pipeline *pipeline, const struct process_event *event,
			  const struct process *process)
{
	bool follows =
		!pending_is_empty(pipeline->pending) && pending_has(pipeline->pending, &event->id);

	if (!follows && (!process || (pipeline_knows_parent(pipeline, process) &&
				      !pipeline_calls_may_follow(pipeline, event))))
		return false;
	if (pending_add(pipeline->pending, event, process, clock_read_ns(CLOCK_BOOTTIME)))
		return true;
	pending_release(pipeline->pending, UINT64_MAX, pipeline_event_is_ready,
			pipeline_release_event, pipeline);
	return false;
}

/* A recording that cannot be written ends; events go on. */
static void pipeline_record(struct pipeline *pipeline, const void *data, size_t bytes)
{
	if (!pipeline->recording || fwrite(data, 1, bytes, pipeline->recording) == bytes)
		return;
	log_error("cannot record: %s; the recording ends here", strerror(errno));
	fclose(pipeline->recording);
	pipeline->recording = NULL;
}

/* What is told of one call to one policy. */
struct pipeline_call {
	struct pipeline *pipeline;
	const struct record *record;
	struct process_event event;
	const struct process *process; /* NULL: nothing is known of it */
};

static void pipeline_send_call(void *context, const struct engine_match *match)
{
	const struct pipeline_call *call = context;
	struct pipeline *pipeline = call->pipeline;

	kprobe_message_fill(pipeline->kprobe, call->record, match);
	pipeline_send(pipeline,
		      process_event_build_kprobe(pipeline->builder, &call->event, call->process,
						 &pipeline->kprobe->message));
}

/* A process whose exec waits in the other ring is older than its call: that ring is read first. */
static const struct process *pipeline_find_caller(struct pipeline *pipeline,
						  const struct wire_process_id *id)
{
	const struct process *process = process_table_find(pipeline->tracker.table, id);

	if (process || !id->exec_ns || !pipeline->catch_up)
		return process;
	pipeline->catch_up(pipeline->states_context);
	return process_table_find(pipeline->tracker.table, id);
}

static void pipeline_on_call(struct pipeline *pipeline, const struct record *record)
{
	struct pipeline_call call = { .pipeline = pipeline, .record = record };

	call.event.id = record->hook->id;
	call.event.tid = record->hook->tid;
	call.event.wall_ns = record->header->time_ns + (uint64_t)pipeline->tracker.boot_to_wall_ns;
	call.process = pipeline_find_caller(pipeline, &record->hook->id);
	pipeline->stats.callers_missed += !call.process;
	/* its exec comes before its calls, be it that its parent is not known yet */
	pending_release_exec(pipeline->pending, &call.event.id, pipeline_release_event, pipeline);
	if (!pipeline->engine || !engine_resolve(pipeline->engine, record->hook, record->vector,
						 pipeline_send_call, &call))
		pipeline->stats.unresolved++;
}

static void pipeline_on_life(struct pipeline *pipeline, const struct record *record)
{
	struct process_event event = {};
	const struct process *process = NULL;

	if (pipeline_find_who(pipeline, record, &event, &process) &&
	    !pipeline_hold(pipeline, &event, process))
		pipeline_tell(pipeline, &event, process);
}

/* A kind that there is not, and a record without room for one, count as none. */
static void pipeline_count_malformed(struct pipeline *pipeline, const void *data, size_t bytes)
{
	const struct wire_header *header = data;
	unsigned int kind = bytes < sizeof(*header) ? WIRE_RECORD_NONE : header->kind;

	pipeline->stats.malformed++;
	pipeline->stats.malformed_kinds[kind < WIRE_RECORD_KINDS ? kind : WIRE_RECORD_NONE]++;
}

void pipeline_on_record(void *context, const void *data, size_t bytes)
{
	struct pipeline *pipeline = context;
	struct record record;
	enum wire_ring ring;

	pipeline->stats.records++;
	pipeline_record(pipeline, data, bytes);
	if (record_decode(&record, data, bytes) < 0) {
		pipeline_count_malformed(pipeline, data, bytes);
		return;
	}
	pipeline->stats.kinds[record.kind]++;
	ring = record.kind == WIRE_RECORD_HOOK ? WIRE_RING_POLICY : WIRE_RING_LIFECYCLE;
	if (loss_note_record(pipeline->losses[ring], record.header) && !pipeline->gaps_are_told) {
		pipeline_report_gaps(pipeline, false);
		pipeline->gaps_are_told = true; /* until the next batch */
	}
	if (ring == WIRE_RING_POLICY)
		pipeline_on_call(pipeline, &record);
	else
		pipeline_on_life(pipeline, &record);
	if (pipeline->meters)
		meters_note_record(pipeline->meters, record.header);
}

void pipeline_on_seed(void *context, const void *data, size_t bytes)
{
	struct pipeline *pipeline = context;
	struct record record;

	pipeline_record(pipeline, data, bytes);
	if (record_decode(&record, data, bytes) < 0 || record.kind != WIRE_RECORD_EXEC) {
		pipeline->stats.malformed++;
		return;
	}
	if (record.exec->id.pid == 1)
		memcpy(pipeline->options.event.message.host_namespaces, record.exec->namespaces,
		       sizeof(record.exec->namespaces));
	process_track_seed(&pipeline->tracker, &record);
}

static void pipeline_publish_seed(void *context, struct process *process)
{
	struct pipeline *pipeline = context;
	struct process_event event = {
		.kind = PROCESS_EVENT_EXEC,
		.id = process->id,
		.wall_ns = process->start_wall_ns,
	};

	if (!(process->flags & WIRE_PROCESS_PROCFS) ||
	    (process->flags & WIRE_PROCESS_KERNEL_THREAD) ||
	    pipeline_hold(pipeline, &event, process))
		return;
	pipeline_tell(pipeline, &event, process);
}

void pipeline_publish_seeds(struct pipeline *pipeline)
{
	process_table_adopt(pipeline->tracker.table);
	process_table_visit(pipeline->tracker.table, pipeline_publish_seed, pipeline);
}

static void pipeline_flush_file(struct pipeline *pipeline)
{
	int error = pipeline->file ? output_file_flush(pipeline->file) : 0;
	uint64_t lost;

	if (error || !pipeline->file)
		return;
	lost = output_file_take_dropped(pipeline->file);
	if (!lost)
		return;
	log_warn("event file takes events again; %llu were lost meanwhile",
		 (unsigned long long)lost);
	pipeline_send(pipeline, gap_fill_output(&pipeline->gap, "export", "no space", lost,
						&pipeline->options.event));
}

/* To the file alone: only there something is missing. */
static void pipeline_report_limit(struct pipeline *pipeline, uint64_t now_ns)
{
	uint64_t dropped = output_limit_take_dropped(&pipeline->limit, now_ns);

	if (dropped && pipeline->file)
		pipeline_write(pipeline,
			       gap_fill_limit(&pipeline->gap, dropped, &pipeline->options.event));
}

void pipeline_end_batch(struct pipeline *pipeline)
{
	pipeline->gaps_are_told = false;
	if (!pending_is_empty(pipeline->pending))
		pending_release(pipeline->pending, clock_read_ns(CLOCK_BOOTTIME),
				pipeline_event_is_ready, pipeline_release_event, pipeline);
	pipeline_flush_file(pipeline);
}

void pipeline_tick(struct pipeline *pipeline)
{
	uint64_t now = clock_read_ns(CLOCK_BOOTTIME);

	pipeline->tracker.boot_to_wall_ns = clock_boot_to_wall_ns();
	if (pipeline->tracker.users)
		users_refresh(pipeline->tracker.users);
	pipeline_report_gaps(pipeline, true);
	pipeline_write_merged(pipeline, clock_read_ns(CLOCK_MONOTONIC));
	pipeline_report_limit(pipeline, clock_read_ns(CLOCK_MONOTONIC));
	pipeline_end_batch(pipeline);
	if (now > PIPELINE_DEAD_NS)
		process_table_expire(pipeline->tracker.table, now - PIPELINE_DEAD_NS);
}

void pipeline_flush(struct pipeline *pipeline)
{
	pipeline_report_gaps(pipeline, true);
	pending_release(pipeline->pending, UINT64_MAX, pipeline_event_is_ready,
			pipeline_release_event, pipeline);
	pipeline_write_merged(pipeline, UINT64_MAX);
	pipeline_report_limit(pipeline, UINT64_MAX);
	pipeline_flush_file(pipeline);
}

/* The kernel itself: parent of the first processes. */
static int pipeline_add_kernel(struct pipeline *pipeline)
{
	static const struct wire_exec kernel = {
		.id = { .exec_ns = 1 },
		.login_uid = UINT32_MAX,
	};
	struct process_image_source source = { .exec = &kernel, .user = "" };
	struct process_image *image;
	struct process *process;

	source.binary = span_of("<kernel>");
	if (process_image_new(&image, &source))
		return -ENOMEM;
	process = process_table_insert(pipeline->tracker.table, &kernel.id, &kernel.id, image);
	process->flags = WIRE_PROCESS_PROCFS | WIRE_PROCESS_KERNEL_THREAD;
	return 0;
}

int pipeline_init(struct pipeline *pipeline, const struct pipeline_options *options)
{
	struct process_tracker *tracker = &pipeline->tracker;
	int error;

	pipeline->options = *options;
	tracker->procfs = options->procfs;
	tracker->with_environment = options->event.with_environment;
	tracker->filter = options->variables;
	if (options->filters && options->filters->redaction)
		tracker->redaction =
			(struct process_redaction){ export_filters_redact, options->filters };
	tracker->boot_to_wall_ns = clock_boot_to_wall_ns();
	pipeline->states = calloc(options->cpus, sizeof(*pipeline->states));
	pipeline->kprobe = calloc(1, sizeof(*pipeline->kprobe));
	pipeline->formatter = formatter_new(options->export_format, TETRAD_VERSION);
	error = pipeline->states && pipeline->kprobe && pipeline->formatter ? 0 : -ENOMEM;
	if (!error)
		error = process_table_new(&tracker->table, options->process_cache_size);
	if (!error)
		error = pieces_new(&tracker->pieces, options->cpus);
	if (!error && options->export_window_ns)
		error = aggregate_new(&pipeline->aggregate, options->export_window_ns,
				      options->export_waiting_max);
	if (!error && options->with_user_names)
		error = users_new(&tracker->users, "/etc/passwd");
	if (!error)
		error = process_event_builder_new(&pipeline->builder, tracker->table,
						  &pipeline->options.event);
	if (!error)
		error = pending_new(&pipeline->pending);
	for (enum wire_ring ring = 0; ring < WIRE_RINGS && !error; ring++)
		error = loss_new(&pipeline->losses[ring], options->cpus);
	return error ? error : pipeline_add_kernel(pipeline);
}

void pipeline_done(struct pipeline *pipeline)
{
	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++)
		loss_free(pipeline->losses[ring]);
	if (pipeline->kprobe)
		kprobe_message_done(pipeline->kprobe);
	free(pipeline->kprobe);
	pending_free(pipeline->pending);
	process_event_builder_free(pipeline->builder);
	process_tracker_done(&pipeline->tracker);
	formatter_free(pipeline->formatter);
	aggregate_free(pipeline->aggregate);
	users_free(pipeline->tracker.users);
	pieces_free(pipeline->tracker.pieces);
	process_table_free(pipeline->tracker.table);
	free(pipeline->states);
}
