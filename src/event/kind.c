/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds of events. */
#include "event/kind.h"

#define PEOPLE(message)                                                             \
	.process = offsetof(message, process), .parent = offsetof(message, parent), \
	.ancestors = offsetof(message, ancestors),                                  \
	.ancestors_count = offsetof(message, n_ancestors)
#define POLICY(message) .policy_name = offsetof(message, policy_name)

/* The most frequent ones first. */
const struct event_kind event_kinds[] = {
	{ TETRAGON__EVENT_TYPE__PROCESS_EXEC, &tetragon__process_exec__descriptor,
	  PEOPLE(Tetragon__ProcessExec) },
	{ TETRAGON__EVENT_TYPE__PROCESS_EXIT, &tetragon__process_exit__descriptor,
	  PEOPLE(Tetragon__ProcessExit) },
	{ TETRAGON__EVENT_TYPE__PROCESS_KPROBE, &tetragon__process_kprobe__descriptor,
	  PEOPLE(Tetragon__ProcessKprobe), POLICY(Tetragon__ProcessKprobe) },
	{ TETRAGON__EVENT_TYPE__PROCESS_TRACEPOINT, &tetragon__process_tracepoint__descriptor,
	  PEOPLE(Tetragon__ProcessTracepoint), POLICY(Tetragon__ProcessTracepoint) },
	{ TETRAGON__EVENT_TYPE__PROCESS_LSM, &tetragon__process_lsm__descriptor,
	  PEOPLE(Tetragon__ProcessLsm), POLICY(Tetragon__ProcessLsm) },
	{ TETRAGON__EVENT_TYPE__PROCESS_UPROBE, &tetragon__process_uprobe__descriptor,
	  PEOPLE(Tetragon__ProcessUprobe), POLICY(Tetragon__ProcessUprobe) },
	{ TETRAGON__EVENT_TYPE__PROCESS_USDT, &tetragon__process_usdt__descriptor,
	  PEOPLE(Tetragon__ProcessUsdt), POLICY(Tetragon__ProcessUsdt) },
	{ TETRAGON__EVENT_TYPE__PROCESS_LOADER, &tetragon__process_loader__descriptor,
	  PEOPLE(Tetragon__ProcessLoader) },
	{ TETRAGON__EVENT_TYPE__PROCESS_THROTTLE, &tetragon__process_throttle__descriptor },
	{ TETRAGON__EVENT_TYPE__TEST, &tetragon__test__descriptor },
	{ TETRAGON__EVENT_TYPE__RATE_LIMIT_INFO, &tetragon__rate_limit_info__descriptor },
	{ TETRAGON__EVENT_TYPE__GAP, &tetragon__gap__descriptor },
};
const size_t event_kinds_count = sizeof(event_kinds) / sizeof(event_kinds[0]);

const struct event_kind *event_kind_find(int number)
{
	for (size_t i = 0; i < event_kinds_count; i++) {
		if (event_kinds[i].number == number)
			return &event_kinds[i];
	}
	return NULL;
}

event_mask event_kind_bit(int number)
{
	const struct event_kind *kind = event_kind_find(number);

	return kind ? (event_mask)1 << (kind - event_kinds) : 0;
}

static const void *get_pointer(const void *message, size_t offset)
{
	return offset ? *(const void *const *)((const char *)message + offset) : NULL;
}

struct event_view event_look(const Tetragon__GetEventsResponse *event)
{
	const struct event_kind *kind = event_kind_find((int)event->event_case);
	struct event_view view = {};
	/* All members of the oneof are pointers that share their place. */
	const void *message = event->process_exec;

	if (!kind || !message)
		return view;
	view.process = get_pointer(message, kind->process);
	view.parent = get_pointer(message, kind->parent);
	view.ancestors = get_pointer(message, kind->ancestors);
	view.policy_name = get_pointer(message, kind->policy_name);
	if (kind->ancestors)
		view.ancestors_count =
			*(const size_t *)((const char *)message + kind->ancestors_count);
	return view;
}
