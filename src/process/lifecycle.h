/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments in the life of a process, and calls of hooked functions -> the API's events. In: the
 * process and what happened. Out: a GetEventsResponse that is valid until the next one is built
 * with the same builder, or the cache changes.
 */
#pragma once

#include <tetragon/events.pb-c.h>

#include "process/message.h"

/* More than real trees are deep. Of a longer line the last one shown has only its id, and the flag
 * "unknown". */
enum { PROCESS_ANCESTORS_MAX = 128 };

enum process_event_kind { PROCESS_EVENT_EXEC, PROCESS_EVENT_EXIT, PROCESS_EVENT_KINDS };

struct process_event {
	enum process_event_kind kind;
	struct wire_process_id id; /* of the process */
	uint64_t wall_ns;	   /* when */
	uint32_t tid;		   /* the thread that did it; 0: the one that the cache has */
	uint32_t exit_code;	   /* exit: as wait(2) reports it */
	uint64_t start_wall_ns;	   /* exit of a process that is not in the cache */
};

struct process_event_builder;

struct process_event_options {
	struct process_message_options message;
	bool with_environment;
	bool with_ancestors;	    /* process_exec, process_exit */
	bool with_kprobe_ancestors; /* process_kprobe */
	const char *cluster_name;   /* "" none */
};

/* OPTIONS outlive the builder, and so does the table. */
int process_event_builder_new(struct process_event_builder **out, const struct process_table *table,
			      const struct process_event_options *options);
void process_event_builder_free(struct process_event_builder *builder);

/* PROCESS NULL: it is not in the cache; the event has its id and the flag "unknown". */
const Tetragon__GetEventsResponse *process_event_build(struct process_event_builder *builder,
						       const struct process_event *event,
						       const struct process *process);

/*
 * The same for a call: EVENT's kind and exit_code are not looked at. KPROBE has what the function
 * tells; process, parent and ancestors are set in it, and it must outlive the response.
 */
const Tetragon__GetEventsResponse *process_event_build_kprobe(struct process_event_builder *builder,
							      const struct process_event *event,
							      const struct process *process,
							      Tetragon__ProcessKprobe *kprobe);
