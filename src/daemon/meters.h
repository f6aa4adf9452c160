/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted event by event, for the page of metrics. In: records and events as they pass the
 * line. Out: numbers, by kind, by flag, and by process and policy within bounds. Nothing is
 * allocated and nothing formatted for an event like one before.
 */
#pragma once

#include <tetragon/events.pb-c.h>

#include "metrics/family.h"

#include "wire/record.h"

/* Sets of labels of one family: a machine has some hundred binaries that run again and again. */
#define METERS_SETS_MAX 2048
/* Bits of enum wire_process_flag. */
#define METERS_FLAGS 32

/* Labels that --metrics-label-filter switches on. */
enum meters_label {
	METERS_NAMESPACE,
	METERS_WORKLOAD,
	METERS_POD,
	METERS_BINARY,
	METERS_NODE_NAME,
	METERS_LABELS
};

extern const char *const meters_label_names[METERS_LABELS];

struct meters {
	bool shows[METERS_LABELS];
	bool with_latency;
	uint32_t now;			 /* seconds; set by the owner */
	struct metrics_family *events;	 /* type and the labels; NULL: not counted */
	struct metrics_family *policies; /* policy, hook and the labels; NULL: not counted */
	uint64_t flags[METERS_FLAGS];	 /* by bit */
	uint64_t missing_process;	 /* events of which nothing is known but its number */
	struct metrics_histogram latency[WIRE_RECORD_KINDS]; /* microseconds */
	struct metrics_histogram data_bytes;
};

/* METERS is zeroed memory of the owner. */
int meters_init(struct meters *meters, bool with_events);
void meters_done(struct meters *meters);

void meters_note_event(struct meters *meters, const Tetragon__GetEventsResponse *event);
/* Flags of a process as its exec event shows them. */
void meters_note_flags(struct meters *meters, uint32_t flags);
/* A record that has been handled. */
void meters_note_record(struct meters *meters, const struct wire_header *header);
