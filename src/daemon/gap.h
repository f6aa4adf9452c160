/* SPDX-License-Identifier: Apache-2.0 */
/* Losses -> Gap and RateLimitInfo events, and the lines of `tetra status` about them. */
#pragma once

#include <tetragon/sensors.pb-c.h>

#include "process/lifecycle.h"
#include "sensor/loss.h"

enum { GAP_COUNTS_MAX = WIRE_RECORD_KINDS * WIRE_DROP_REASONS + 8 };

/* Storage of the message; valid until the next use. */
struct gap_message {
	Tetragon__GetEventsResponse response;
	Tetragon__Gap gap;
	Google__Protobuf__UInt32Value cpu;
	Google__Protobuf__Timestamp time;
	Tetragon__RateLimitInfo limit;
	Tetragon__LossCount counts[GAP_COUNTS_MAX];
	Tetragon__LossCount *count_list[GAP_COUNTS_MAX];
};

/* One row per kind and reason that lost anything. How many rows. */
size_t gap_fill_counts(struct gap_message *out, const struct loss_gap *gap);

/* Appends one row at *COUNT unless nothing was lost. */
void gap_add_count(struct gap_message *out, size_t *count, const char *record, const char *reason,
		   uint64_t lost);

const Tetragon__GetEventsResponse *gap_fill_ring(struct gap_message *out, enum wire_ring ring,
						 const struct loss_gap *gap,
						 const struct process_event_options *options,
						 uint64_t wall_ns);
/* Events lost on the way out: WHERE is "export", REASON in plain words. */
const Tetragon__GetEventsResponse *gap_fill_output(struct gap_message *out, const char *where,
						   const char *reason, uint64_t lost,
						   const struct process_event_options *options);
/* DROPPED events were over the rate that the export may have. */
const Tetragon__GetEventsResponse *gap_fill_limit(struct gap_message *out, uint64_t dropped,
						  const struct process_event_options *options);
