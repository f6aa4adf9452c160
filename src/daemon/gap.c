/* SPDX-License-Identifier: Apache-2.0 */
/* Fills Gap messages; counting is done where things get lost. */
#include "daemon/gap.h"

#include <string.h>

#include "base/clock.h"
#include "event/record.h"

/* What to change; the kernel side's reasons have theirs in wire/drop_reasons.def. */
static const struct {
	const char *reason, *advice;
} gap_advices[] = {
	{ "process map full", "raise --execve-map-entries" },
	{ "process cache full", "raise --process-cache-size" },
	{ "memory of process cache full", "none: arguments of many processes are very long" },
	{ "no space in event file", "free space where the event file is" },
	{ "unexplained", "none: please report it" },
	{ "malformed", "none: please report it" },
	{ "hook not known any more", "none: please report it" },
};

static const char *gap_find_advice(const char *reason)
{
	for (size_t i = 0; i < sizeof(gap_advices) / sizeof(gap_advices[0]); i++) {
		if (strcmp(gap_advices[i].reason, reason) == 0)
			return gap_advices[i].advice;
	}
	return "";
}

void gap_add_count(struct gap_message *out, size_t *count, const char *record, const char *reason,
		   uint64_t lost)
{
	Tetragon__LossCount *row = &out->counts[*count];

	if (!lost)
		return;
	tetragon__loss_count__init(row);
	row->record = (char *)record;
	row->reason = (char *)reason;
	row->count = lost;
	row->advice = (char *)gap_find_advice(reason);
	out->count_list[(*count)++] = row;
}

size_t gap_fill_counts(struct gap_message *out, const struct loss_gap *gap)
{
	size_t count = 0;

	for (unsigned int kind = 0; kind < WIRE_RECORD_KINDS; kind++) {
		for (unsigned int reason = 0; reason < WIRE_DROP_REASONS; reason++) {
			gap_add_count(out, &count, record_kind_name(kind), record_drop_text(reason),
				      gap->counts[kind][reason]);
			if (gap->counts[kind][reason])
				out->counts[count - 1].advice = (char *)record_drop_advice(reason);
		}
	}
	gap_add_count(out, &count, "record", "unexplained", gap->unexplained);
	gap_add_count(out, &count, "process", "process map full", gap->untracked);
	return count;
}

static void gap_fill_response(struct gap_message *out, const struct process_event_options *options,
			      uint64_t wall_ns)
{
	tetragon__get_events_response__init(&out->response);
	out->response.node_name = (char *)options->message.node_name;
	out->response.cluster_name = (char *)options->cluster_name;
	process_message_set_time(&out->time, wall_ns);
	out->response.time = &out->time;
}

static void gap_fill(struct gap_message *out, const char *where, uint64_t lost,
		     const struct process_event_options *options, uint64_t wall_ns)
{
	tetragon__gap__init(&out->gap);
	out->gap.where = (char *)where;
	out->gap.lost = lost;
	out->gap.counts = out->count_list;
	gap_fill_response(out, options, wall_ns);
	out->response.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP;
	out->response.gap = &out->gap;
}

const Tetragon__GetEventsResponse *gap_fill_ring(struct gap_message *out, enum wire_ring ring,
						 const struct loss_gap *gap,
						 const struct process_event_options *options,
						 uint64_t wall_ns)
{
	static const char *const names[WIRE_RINGS] = {
		[WIRE_RING_LIFECYCLE] = "lifecycle",
		[WIRE_RING_POLICY] = "policy",
	};

	gap_fill(out, names[ring], gap->lost, options, wall_ns);
	google__protobuf__uint32_value__init(&out->cpu);
	out->cpu.value = gap->cpu;
	out->gap.cpu = &out->cpu;
	out->gap.first_sequence = gap->first_sequence;
	out->gap.n_counts = gap_fill_counts(out, gap);
	return &out->response;
}

const Tetragon__GetEventsResponse *gap_fill_output(struct gap_message *out, const char *where,
						   const char *reason, uint64_t lost,
						   const struct process_event_options *options)
{
	size_t count = 0;

	gap_fill(out, where, lost, options, clock_read_ns(CLOCK_REALTIME));
	gap_add_count(out, &count, "event", reason, lost);
	out->gap.n_counts = count;
	return &out->response;
}

const Tetragon__GetEventsResponse *gap_fill_limit(struct gap_message *out, uint64_t dropped,
						  const struct process_event_options *options)
{
	tetragon__rate_limit_info__init(&out->limit);
	out->limit.number_of_dropped_process_events = dropped;
	gap_fill_response(out, options, clock_read_ns(CLOCK_REALTIME));
	out->response.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_RATE_LIMIT_INFO;
	out->response.rate_limit_info = &out->limit;
	return &out->response;
}
