/* SPDX-License-Identifier: Apache-2.0 */
/* Puts process, parent and ancestors together into process_exec, process_exit and process_kprobe.
 */
#include "process/lifecycle.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct process_event_builder {
	const struct process_table *table;
	const struct process_event_options *options;
	struct process_message process, parent;
	struct process_variables_message *variables;
	struct process_message *ancestors; /* PROCESS_ANCESTORS_MAX, or NULL */
	Tetragon__Process *ancestor_list[PROCESS_ANCESTORS_MAX];
	Tetragon__ProcessExec exec;
	Tetragon__ProcessExit exit;
	Google__Protobuf__Timestamp time, exit_time;
	Tetragon__GetEventsResponse response;
	char signal[24];
};

void process_event_builder_free(struct process_event_builder *builder)
{
	if (!builder)
		return;
	free(builder->variables);
	free(builder->ancestors);
	free(builder);
}

int process_event_builder_new(struct process_event_builder **out, const struct process_table *table,
			      const struct process_event_options *options)
{
	struct process_event_builder *builder = calloc(1, sizeof(*builder));
	bool needs_ancestors = options->with_ancestors || options->with_kprobe_ancestors;

	if (!builder)
		return -ENOMEM;
	builder->table = table;
	builder->options = options;
	if (options->with_environment)
		builder->variables = calloc(1, sizeof(*builder->variables));
	if (needs_ancestors)
		builder->ancestors = calloc(PROCESS_ANCESTORS_MAX, sizeof(*builder->ancestors));
	if ((options->with_environment && !builder->variables) ||
	    (needs_ancestors && !builder->ancestors)) {
		process_event_builder_free(builder);
		return -ENOMEM;
	}
	*out = builder;
	return 0;
}

/* From the grandparent upward; init and kthreadd end the line, the kernel itself is not in it. */
static size_t fill_ancestors(struct process_event_builder *builder, const struct process *parent)
{
	const struct process_message_options *options = &builder->options->message;
	size_t count = 0;

	while (parent && parent->id.pid > 2 && count < PROCESS_ANCESTORS_MAX) {
		struct process_message *message = &builder->ancestors[count];
		const struct wire_process_id *id = &parent->parent;

		parent = process_table_find(builder->table, id);
		if (!parent)
			break;
		builder->ancestor_list[count++] = &message->process;
		if (count == PROCESS_ANCESTORS_MAX && id->pid > 2)
			process_message_fill_unknown(message, id, 0, options);
		else
			process_message_fill(message, parent, options, false);
	}
	return count;
}

/* Who an event is about. */
struct process_family {
	Tetragon__Process *process;
	Tetragon__Process *parent; /* NULL: even its number is unknown */
	Tetragon__Process **ancestors;
	size_t ancestor_count;
};

static void fill_parents(struct process_event_builder *builder, struct process_family *family,
			 const struct process *process, bool with_ancestors)
{
	const struct process_message_options *options = &builder->options->message;
	const struct process *parent = process_table_find(builder->table, &process->parent);

	if (parent)
		process_message_fill(&builder->parent, parent, options, false);
	else
		process_message_fill_unknown(&builder->parent, &process->parent, 0, options);
	family->parent = &builder->parent.process;
	if (with_ancestors)
		family->ancestor_count = fill_ancestors(builder, parent);
}

static void fill_process(struct process_event_builder *builder, const struct process_event *event,
			 const struct process *process, bool is_exec)
{
	const struct process_message_options *options = &builder->options->message;
	struct process_message *message = &builder->process;

	message->variables = is_exec ? builder->variables : NULL;
	if (process)
		process_message_fill(message, process, options, is_exec);
	else
		process_message_fill_unknown(message, &event->id, event->start_wall_ns, options);
	if (event->tid)
		message->process.tid = uint32_message_fill(&message->tid, event->tid);
}

/* "SIGKILL"; real-time signals by their distance from the first. */
static char *fill_signal(struct process_event_builder *builder, uint32_t exit_code)
{
	int number = (int)(exit_code & 0x7f);
	const char *name = number ? sigabbrev_np(number) : NULL;

	if (!number)
		builder->signal[0] = '\0';
	else if (name)
		snprintf(builder->signal, sizeof(builder->signal), "SIG%s", name);
	else
		snprintf(builder->signal, sizeof(builder->signal), "SIGRTMIN%+d",
			 number - SIGRTMIN);
	return builder->signal;
}

static void fill_exec(struct process_event_builder *builder, const struct process_family *family)
{
	Tetragon__ProcessExec *message = &builder->exec;

	tetragon__process_exec__init(message);
	message->process = family->process;
	message->parent = family->parent;
	message->n_ancestors = family->ancestor_count;
	message->ancestors = family->ancestors;
	builder->response.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC;
	builder->response.process_exec = message;
}

static void fill_exit(struct process_event_builder *builder, const struct process_event *event,
		      const struct process_family *family)
{
	Tetragon__ProcessExit *message = &builder->exit;

	tetragon__process_exit__init(message);
	message->process = family->process;
	message->parent = family->parent;
	message->signal = fill_signal(builder, event->exit_code);
	message->status = event->exit_code >> 8 & 0xff;
	process_message_set_time(&builder->exit_time, event->wall_ns);
	message->time = &builder->exit_time;
	message->n_ancestors = family->ancestor_count;
	message->ancestors = family->ancestors;
	builder->response.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT;
	builder->response.process_exit = message;
}

static void fill_kprobe(struct process_event_builder *builder, Tetragon__ProcessKprobe *message,
			const struct process_family *family)
{
	message->process = family->process;
	message->parent = family->parent;
	message->n_ancestors = family->ancestor_count;
	message->ancestors = family->ancestors;
	builder->response.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE;
	builder->response.process_kprobe = message;
}

/* All of the response but the event itself, and who that is about. */
static struct process_family begin_event(struct process_event_builder *builder,
					 const struct process_event *event,
					 const struct process *process, bool is_exec,
					 bool with_ancestors)
{
	const struct process_event_options *options = builder->options;
	struct process_family family = { .process = &builder->process.process,
					 .ancestors = builder->ancestor_list };

	tetragon__get_events_response__init(&builder->response);
	builder->response.node_name = (char *)options->message.node_name;
	builder->response.cluster_name = (char *)options->cluster_name;
	process_message_set_time(&builder->time, event->wall_ns);
	builder->response.time = &builder->time;
	fill_process(builder, event, process, is_exec);
	if (process)
		fill_parents(builder, &family, process, with_ancestors);
	return family;
}

const Tetragon__GetEventsResponse *process_event_build(struct process_event_builder *builder,
						       const struct process_event *event,
						       const struct process *process)
{
	bool is_exec = event->kind == PROCESS_EVENT_EXEC;
	struct process_family family =
		begin_event(builder, event, process, is_exec, builder->options->with_ancestors);

	if (is_exec)
		fill_exec(builder, &family);
	else
		fill_exit(builder, event, &family);
	return &builder->response;
}

const Tetragon__GetEventsResponse *process_event_build_kprobe(struct process_event_builder *builder,
							      const struct process_event *event,
							      const struct process *process,
							      Tetragon__ProcessKprobe *kprobe)
{
	struct process_family family = begin_event(builder, event, process, false,
						   builder->options->with_kprobe_ancestors);

	fill_kprobe(builder, kprobe, &family);
	return &builder->response;
}
