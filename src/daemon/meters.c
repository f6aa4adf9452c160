/* SPDX-License-Identifier: Apache-2.0 */
/* Where the process of each kind of event is, and its words, one row each. */
#include "daemon/meters.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"

/* Upstream's buckets. */
static const uint64_t latency_bounds_us[] = { 50, 100, 500, 1000, 10000, 100000 };
static const uint64_t data_bounds[] = { 1000,  3000,  5000,  7000,  9000,  11000, 13000,
					15000, 17000, 19000, 21000, 23000, 25000, 27000,
					29000, 31000, 33000, 35000, 37000, 39000 };

const char *const meters_label_names[METERS_LABELS] = {
	[METERS_NAMESPACE] = "namespace", [METERS_WORKLOAD] = "workload",   [METERS_POD] = "pod",
	[METERS_BINARY] = "binary",	  [METERS_NODE_NAME] = "node_name",
};

/* Offsets from the message of the kind; 0: it has none (a message begins with its base). */
struct event_kind {
	Tetragon__GetEventsResponse__EventCase number;
	const char *type;
	size_t process, policy, hook;
	const char *hook_prefix;
};

#define AT(type, member) offsetof(Tetragon__##type, member)
static const struct event_kind event_kinds[] = {
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC, "PROCESS_EXEC",
	  AT(ProcessExec, process) },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT, "PROCESS_EXIT",
	  AT(ProcessExit, process) },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE, "PROCESS_KPROBE",
	  AT(ProcessKprobe, process), AT(ProcessKprobe, policy_name),
	  AT(ProcessKprobe, function_name), "kprobe:" },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_TRACEPOINT, "PROCESS_TRACEPOINT",
	  AT(ProcessTracepoint, process), AT(ProcessTracepoint, policy_name),
	  AT(ProcessTracepoint, event), "tracepoint:" },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_LOADER, "PROCESS_LOADER",
	  AT(ProcessLoader, process) },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_UPROBE, "PROCESS_UPROBE",
	  AT(ProcessUprobe, process), AT(ProcessUprobe, policy_name), AT(ProcessUprobe, path),
	  "uprobe:" },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_LSM, "PROCESS_LSM", AT(ProcessLsm, process),
	  AT(ProcessLsm, policy_name), AT(ProcessLsm, function_name), "lsm:" },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_USDT, "PROCESS_USDT",
	  AT(ProcessUsdt, process), AT(ProcessUsdt, policy_name), AT(ProcessUsdt, path), "usdt:" },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_THROTTLE, "PROCESS_THROTTLE" },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_RATE_LIMIT_INFO, "RATE_LIMIT_INFO" },
	{ TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP, "GAP" },
};
#undef AT

static const struct event_kind *event_kind_find(Tetragon__GetEventsResponse__EventCase number)
{
	for (size_t i = 0; i < sizeof(event_kinds) / sizeof(event_kinds[0]); i++) {
		if (event_kinds[i].number == number)
			return &event_kinds[i];
	}
	return NULL;
}

int meters_init(struct meters *meters, bool with_events)
{
	const struct metrics_family_options events = { .labels = 1 + METERS_LABELS,
						       .sets_max = METERS_SETS_MAX,
						       .kept = 1 };
	const struct metrics_family_options policies = { .labels = 2 + METERS_LABELS,
							 .sets_max = METERS_SETS_MAX };
	int error = 0;

	for (int kind = 0; kind < WIRE_RECORD_KINDS; kind++) {
		meters->latency[kind].bounds = latency_bounds_us;
		meters->latency[kind].bounds_count =
			sizeof(latency_bounds_us) / sizeof(latency_bounds_us[0]);
	}
	meters->data_bytes.bounds = data_bounds;
	meters->data_bytes.bounds_count = sizeof(data_bounds) / sizeof(data_bounds[0]);
	if (!with_events)
		return 0;
	error = metrics_family_new(&meters->events, &events);
	return error ? error : metrics_family_new(&meters->policies, &policies);
}

void meters_done(struct meters *meters)
{
	metrics_family_free(meters->events);
	metrics_family_free(meters->policies);
}

static void *member_get(const ProtobufCMessage *message, size_t offset)
{
	return offset ? *(void *const *)((const char *)message + offset) : NULL;
}

/* Labels that are not switched on are there, and empty. */
static void fill_labels(const struct meters *meters, const Tetragon__GetEventsResponse *event,
			const Tetragon__Process *process, const char **out)
{
	const Tetragon__Pod *pod = process ? process->pod : NULL;

	for (int i = 0; i < METERS_LABELS; i++)
		out[i] = "";
	if (process && meters->shows[METERS_BINARY])
		out[METERS_BINARY] = process->binary;
	if (meters->shows[METERS_NODE_NAME])
		out[METERS_NODE_NAME] = event->node_name;
	if (!pod)
		return;
	if (meters->shows[METERS_NAMESPACE])
		out[METERS_NAMESPACE] = pod->namespace_;
	if (meters->shows[METERS_WORKLOAD])
		out[METERS_WORKLOAD] = pod->workload;
	if (meters->shows[METERS_POD])
		out[METERS_POD] = pod->name;
}

/* "kprobe:" and the function; what is too long is cut, as in all labels. */
static void fill_hook(char out[METRICS_LABEL_BYTES_MAX], const char *prefix, const char *name)
{
	size_t prefix_bytes = strlen(prefix);
	size_t bytes = strnlen(name, METRICS_LABEL_BYTES_MAX - prefix_bytes - 1);

	memcpy(out, prefix, prefix_bytes);
	memcpy(out + prefix_bytes, name, bytes);
	out[prefix_bytes + bytes] = '\0';
}

void meters_note_event(struct meters *meters, const Tetragon__GetEventsResponse *event)
{
	const struct event_kind *kind = event_kind_find(event->event_case);
	const char *values[1 + METRICS_LABELS_MAX], *policy;
	const Tetragon__Process *process;
	char hook[METRICS_LABEL_BYTES_MAX];

	if (!kind)
		return;
	process = member_get(&event->process_exec->base, kind->process);
	meters->missing_process += kind->process && (!process || !process->binary[0]);
	if (!meters->events)
		return;
	fill_labels(meters, event, process, &values[2]);
	values[1] = kind->type;
	metrics_family_add(meters->events, &values[1], 1, meters->now);
	policy = member_get(&event->process_exec->base, kind->policy);
	if (!policy || !policy[0])
		return;
	fill_hook(hook, kind->hook_prefix, member_get(&event->process_exec->base, kind->hook));
	values[0] = policy;
	values[1] = hook;
	metrics_family_add(meters->policies, values, 1, meters->now);
}

void meters_note_flags(struct meters *meters, uint32_t flags)
{
	flags &= ~WIRE_PROCESS_KERNEL_THREAD;
	while (flags) {
		meters->flags[__builtin_ctz(flags)]++;
		flags &= flags - 1;
	}
}

void meters_note_record(struct meters *meters, const struct wire_header *header)
{
	if (header->kind == WIRE_RECORD_DATA)
		metrics_histogram_note(&meters->data_bytes,
				       ((const struct wire_data *)header)->bytes);
	if (meters->with_latency)
		metrics_histogram_note(&meters->latency[header->kind],
				       (clock_read_ns(CLOCK_BOOTTIME) - header->time_ns) / 1000);
}
