/* SPDX-License-Identifier: Apache-2.0 */
/* Wires a pipeline to memory. */
#include "run_pipeline.h"

#include <errno.h>
#include <stdlib.h>

#include "event/json_parse.h"

static void tell_process(struct buf *out, const char *what, const Tetragon__Process *process)
{
	bool is_unknown = !strcmp(process->flags, "unknown");

	buf_add_format(out, "%s %u %s", what, process->pid->value,
		       is_unknown ? "unknown" : process->binary);
}

static void tell_exec(struct buf *out, const Tetragon__ProcessExec *exec)
{
	tell_process(out, "exec", exec->process);
	if (exec->process->arguments[0])
		buf_add_format(out, " [%s]", exec->process->arguments);
	if (exec->parent) {
		tell_process(out, " <", exec->parent);
		buf_add_char(out, '>');
	}
}

static void tell_exit(struct buf *out, const Tetragon__ProcessExit *exit)
{
	tell_process(out, "exit", exit->process);
	if (exit->signal[0])
		buf_add_format(out, " signal %s", exit->signal);
	else
		buf_add_format(out, " status %u", exit->status);
}

static void tell_gap(struct buf *out, const Tetragon__Gap *gap)
{
	buf_add_format(out, "gap %s %llu", gap->where, (unsigned long long)gap->lost);
	for (size_t i = 0; i < gap->n_counts; i++)
		buf_add_format(out, "%s %s %s %llu", i ? "," : ":", gap->counts[i]->record,
			       gap->counts[i]->reason, (unsigned long long)gap->counts[i]->count);
}

static void check_json(struct run *run, const Tetragon__GetEventsResponse *event)
{
	Tetragon__GetEventsResponse *again = NULL;
	_cleanup_diag_ struct diag diag = {};
	_cleanup_buf_ struct buf line = {};

	formatter_add(run->pipeline.formatter, &line, event);
	if (json_parse_event(line.data, line.bytes, &again, &diag)) {
		run->bad_json++;
		return;
	}
	protobuf_c_message_free_unpacked(&again->base, NULL);
}

static void take_event(void *context, const Tetragon__GetEventsResponse *event)
{
	struct run *run = context;

	if (event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC)
		tell_exec(&run->told, event->process_exec);
	else if (event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT)
		tell_exit(&run->told, event->process_exit);
	else
		tell_gap(&run->told, event->gap);
	buf_add_char(&run->told, '\n');
	check_json(run, event);
}

static int read_states(void *context, enum wire_ring ring, struct wire_ring_state *out)
{
	static const struct wire_ring_state nothing[RUN_CPUS];
	const struct run *run = context;

	memcpy(out, ring == WIRE_RING_LIFECYCLE ? run->states : nothing, sizeof(run->states));
	return 0;
}

int run_init(struct run *run, uint32_t process_cache_size)
{
	const struct pipeline_options options = {
		.process_cache_size = process_cache_size,
		.cpus = RUN_CPUS,
		.procfs = "/nonexistent",
		.event = { .with_environment = true,
			   .with_ancestors = true,
			   .cluster_name = "",
			   .message = { .node_name = "node",
					.with_credentials = true,
					.with_namespaces = true } },
	};

	run->pipeline.publish = take_event;
	run->pipeline.publish_context = run;
	run->pipeline.read_states = read_states;
	run->pipeline.states_context = run;
	return pipeline_init(&run->pipeline, &options);
}

void run_done(struct run *run)
{
	pipeline_done(&run->pipeline);
	buf_done(&run->told);
}

static void *copy_made(const struct run *run)
{
	void *copy = malloc(run->made.header.bytes);

	if (!copy)
		abort();
	return memcpy(copy, &run->made, run->made.header.bytes);
}

void run_send(struct run *run)
{
	uint64_t *sequences =
		run->made.header.kind == WIRE_RECORD_HOOK ? run->call_sequences : run->sequences;
	void *copy;

	if (run->made.header.cpu < RUN_CPUS)
		run->made.header.sequence = ++sequences[run->made.header.cpu];
	copy = copy_made(run);
	pipeline_on_record(&run->pipeline, copy, run->made.header.bytes);
	free(copy);
}

void run_seed(struct run *run)
{
	void *copy = copy_made(run);

	pipeline_on_seed(&run->pipeline, copy, run->made.header.bytes);
	free(copy);
}

void run_fork(struct run *run, struct wire_process_id id, struct wire_process_id parent)
{
	make_fork(&run->made, id, parent);
	run_send(run);
}

void run_exec(struct run *run, struct wire_process_id id, struct wire_process_id parent,
	      struct wire_process_id previous, const struct made_texts *texts)
{
	make_exec(&run->made, id, parent, texts);
	run->made.exec.previous = previous;
	run_send(run);
}

void run_exit(struct run *run, struct wire_process_id id, uint32_t code)
{
	make_exit(&run->made, id, code);
	run_send(run);
}

void run_call(struct run *run, struct wire_process_id id)
{
	static const uint64_t vector[1] = { 1 };

	make_hook(&run->made, id, vector, 1);
	run_send(run);
}

const char *run_told(struct run *run)
{
	const char *text = buf_text(&run->told);

	buf_reset(&run->told); /* the bytes stay until the next event */
	return text;
}
