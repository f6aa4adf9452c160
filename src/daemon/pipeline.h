/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event line: rings -> decode -> who -> which policies -> {file, gRPC streams}. In: record
 * bytes. Out: events, each once, to everybody who takes them. What belongs to the machine (sensor,
 * loop, signals) is wired in agent.c.
 */
#pragma once

#include <stdio.h>

#include "daemon/export_filters.h"
#include "daemon/gap.h"
#include "daemon/kprobe.h"
#include "daemon/meters.h"
#include "daemon/pending.h"
#include "output/aggregate.h"
#include "output/file.h"
#include "output/format.h"
#include "output/limit.h"
#include "process/lifecycle.h"
#include "process/track.h"
#include "sensor/loss.h"

/* Takes each event besides the file: the gRPC streams, or a test. */
typedef void (*pipeline_publish_fn)(void *context, const Tetragon__GetEventsResponse *event);
/* Reads the counters of all processors, as process_sensor_read_states() does. */
typedef int (*pipeline_states_fn)(void *context, enum wire_ring ring, struct wire_ring_state *out);
/* Hands over what waits in the lifecycle ring. */
typedef void (*pipeline_catch_up_fn)(void *context);

struct pipeline_options {
	uint32_t process_cache_size;
	unsigned int cpus;
	const char *procfs;
	bool with_user_names;
	struct process_variable_filter variables;
	struct export_filters *filters; /* NULL: all goes to the file, nothing is hidden */
	struct process_event_options event;
	enum output_format export_format;
	uint64_t export_window_ns;   /* in which equal ones are written once; 0: each is written */
	uint32_t export_waiting_max; /* different ones then */
};

struct pipeline_stats {
	uint64_t records, malformed, events, unresolved;
	uint64_t kinds[WIRE_RECORD_KINDS];	     /* records that were understood */
	uint64_t malformed_kinds[WIRE_RECORD_KINDS]; /* others, by what they say they are */
	uint64_t callers_missed; /* calls of processes that are not in the cache */
	uint64_t exits_missed;	 /* exits of such processes */
	uint64_t exits_unmapped; /* exits of processes that the kernel side did not know */
};

struct pipeline {
	struct pipeline_options options;
	struct process_tracker tracker;
	struct process_event_builder *builder;
	struct formatter *formatter; /* of the file */
	struct pending *pending;
	struct loss *losses[WIRE_RINGS];
	struct kprobe_message *kprobe;
	struct wire_ring_state *states; /* one per processor */
	struct gap_message gap;
	struct pipeline_stats stats;
	bool gaps_are_told; /* the kernel's counters were read in this batch */
	bool wants_sweep;   /* exits may have been lost: ask the kernel side who lives */
	/* set by the owner; NULL: none */
	struct meters *meters;
	struct output_file *file;
	struct output_limit limit;   /* of the file, as the next */
	struct aggregate *aggregate; /* NULL: events go as they come */
	FILE *recording;
	pipeline_publish_fn publish;
	void *publish_context;
	pipeline_states_fn read_states;
	pipeline_catch_up_fn catch_up;
	void *states_context;  /* of both */
	struct engine *engine; /* which policies a call belongs to */
};

/* PIPELINE is zeroed memory of the owner. OPTIONS are copied, what they point to is not. */
int pipeline_init(struct pipeline *pipeline, const struct pipeline_options *options);
void pipeline_done(struct pipeline *pipeline); /* the owner closes file and recording */

/* One record of the lifecycle ring. */
void pipeline_on_record(void *pipeline, const void *data, size_t bytes);
/* One record of the start-up scan: enters the cache. Call pipeline_publish_seeds() after the last.
 */
void pipeline_on_seed(void *pipeline, const void *data, size_t bytes);
void pipeline_publish_seeds(struct pipeline *pipeline);

/* After each batch of records: lets pending events go and hands the file its lines. */
void pipeline_end_batch(struct pipeline *pipeline);
/* Once a second: clocks, losses without a record behind them, expiry. The ring has just been
 * emptied. */
void pipeline_tick(struct pipeline *pipeline);
/* Before the end: everything that waits goes out. */
void pipeline_flush(struct pipeline *pipeline);
