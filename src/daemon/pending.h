/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that wait for their parent's record, or for calls that came before them: at most
 * PENDING_MAX of them, at most one second each. In: events in order. Out: the same, those of one
 * process still in order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "process/lifecycle.h"

enum {
	/* A parent is missing only while the start-up scan runs or after its record was lost. */
	PENDING_MAX = 1024,
	PENDING_WAIT_MS = 1000,
};

struct pending;

struct pending_stats {
	uint32_t entries;
	uint64_t inserts, refused;		/* refused: there was no room */
	uint64_t retries;			/* looks at an event that was not ready */
	uint64_t failures[PROCESS_EVENT_KINDS]; /* went out unready, for they had waited long enough
						 */
};

int pending_new(struct pending **out);
void pending_free(struct pending *pending);

bool pending_is_empty(const struct pending *pending);
/* Whether an event of this process waits, so that a later one must wait behind it. */
bool pending_has(struct pending *pending, const struct wire_process_id *id);
/*
 * Keeps a copy of PROCESS, so that the cache may forget it meanwhile; NULL: the one that came with
 * an earlier event of it. False: no room.
 */
bool pending_add(struct pending *pending, const struct process_event *event,
		 const struct process *process, uint64_t now_ns);

/* PROCESS is as it was when the event began to wait. */
typedef bool (*pending_ready_fn)(void *context, const struct process_event *event,
				 const struct process *process);
typedef void (*pending_release_fn)(void *context, const struct process_event *event,
				   const struct process *process);

/* Releases what is ready or has waited long enough by NOW_NS; UINT64_MAX: all. */
void pending_release(struct pending *pending, uint64_t now_ns, pending_ready_fn ready,
		     pending_release_fn release, void *context);
/* Releases the exec of this process, if it waits: nothing of it waits before that. */
void pending_release_exec(struct pending *pending, const struct wire_process_id *id,
			  pending_release_fn release, void *context);

void pending_read_stats(const struct pending *pending, struct pending_stats *out);
