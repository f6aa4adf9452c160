/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equal events as one. In: events. Out: the first of those that are equal, a window later, with how
 * many there were and when the last one was. Equal is what differs in nothing but its time, and how
 * many processes refer to its process and parent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tetragon/events.pb-c.h>

struct aggregate;

struct aggregate_stats {
	uint32_t waiting;     /* different ones */
	uint64_t merged;      /* events that became part of another */
	uint64_t passed_full; /* that found no room, and went as they were */
	uint64_t bytes;	      /* of those that wait */
};

/* With arguments and environments of process and parent one may have a megabyte. */
#define AGGREGATE_BYTES_MAX (32u << 20)

/* -ENOMEM; ENTRIES_MAX different events wait at most, and AGGREGATE_BYTES_MAX of them. */
int aggregate_new(struct aggregate **out, uint64_t window_ns, uint32_t entries_max);
void aggregate_free(struct aggregate *aggregate); /* what waits is forgotten */

/* False: there is no room, and the event is the caller's still. NOW_NS: any clock that never goes
 * back. */
bool aggregate_take(struct aggregate *aggregate, const Tetragon__GetEventsResponse *event,
		    uint64_t now_ns);

/* EVENT NULL: there was no memory for one, which is lost, with all that are part of it. */
typedef void (*aggregate_emit_fn)(void *context, const Tetragon__GetEventsResponse *event);
/* Those whose window has ended, in the order of their first ones. NOW_NS UINT64_MAX: all. */
void aggregate_flush(struct aggregate *aggregate, uint64_t now_ns, aggregate_emit_fn emit,
		     void *context);

void aggregate_read_stats(const struct aggregate *aggregate, struct aggregate_stats *out);
