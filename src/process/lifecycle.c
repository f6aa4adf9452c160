/* SPDX-License-Identifier: Apache-2.0 */
/* Puts process, parent and ancestors together into process_exec and process_exit. */
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

	if (!builder)
		return -ENOMEM;
	builder->table = table;
	builder->options = options;
	if (options->with_environment)
		builder->variables = calloc(1, sizeof(*builder->variables));
	if (options->with_ancestors)
		builder->ancestors = calloc(PROCESS_ANCESTORS_MAX, sizeof(*builder->ancestors));
	if ((options->with_environment && !builder->variables) ||
	    (options->with_ancestors && !builder->ancestors)) {
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

	if (!builder->ancestors)
		return 0;
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

struct process_family {
	Tetragon__Process *parent; /* NULL: even its number is unknown */
	Tetragon__Process **ancestors;
	size_t ancestor_count;
};

static struct process_family fill_family(struct process_event_builder *builder,
					 const struct process *process)
{
	const struct process_message_options *options = &builder->options->message;
	struct process_family family = { .ancestors = builder->ancestor_list };
	const struct process *parent;

	if (!process)
		return family;
	parent = process_table_find(builder->table, &process->parent);
	if (parent)
		process_message_fill(&builder->parent, parent, options, false);
	else
		process_message_fill_unknown(&builder->parent, &process->parent, 0, options);
	family.parent = &builder->parent.process;
	family.ancestor_count = fill_ancestors(builder, parent);
	return family;
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
	message->process = &builder->process.process;
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
	message->process = &builder->process.process;
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

const Tetragon__GetEventsResponse *process_event_build(struct process_event_builder *builder,
						       const struct process_event *event,
						       const struct process *process)
{
	const struct process_event_options *options = builder->options;
	bool is_exec = event->kind == PROCESS_EVENT_EXEC;
	struct process_family family;

	tetragon__get_events_response__init(&builder->response);
	builder->process.variables = is_exec ? builder->variables : NULL;
	if (process)
		process_message_fill(&builder->process, process, &options->message, is_exec);
	else
		process_message_fill_unknown(&builder->process, &event->id, event->start_wall_ns,
					     &options->message);
	family = fill_family(builder, process);
	if (is_exec)
		fill_exec(builder, &family);
	else
		fill_exit(builder, event, &family);
	builder->response.node_name = (char *)options->message.node_name;
	builder->response.cluster_name = (char *)options->cluster_name;
	process_message_set_time(&builder->time, event->wall_ns);
	builder->response.time = &builder->time;
	return &builder->response;
}
