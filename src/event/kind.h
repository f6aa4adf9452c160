/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of events: one row each, with where the members lie that many kinds have. In: an event.
 * Out: whom it is about and which policy it is of.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <tetragon/events.pb-c.h>

/* Kinds by their row, one bit each. */
typedef uint32_t event_mask;

#define EVENT_MASK_ALL (~(event_mask)0)

struct event_kind {
	int number; /* in EventType and as member of GetEventsResponse's oneof */
	const ProtobufCMessageDescriptor *type;
	/* Offsets in its message; 0: it has no such member. */
	size_t process, parent, ancestors, ancestors_count, policy_name;
};

extern const struct event_kind event_kinds[];
extern const size_t event_kinds_count;

/* NULL: no kind of this API. */
const struct event_kind *event_kind_find(int number);
/* Its bit; 0: no kind of this API. */
event_mask event_kind_bit(int number);

/* What filters ask about; NULL: it has none. */
struct event_view {
	const Tetragon__Process *process, *parent;
	Tetragon__Process *const *ancestors;
	size_t ancestors_count;
	const char *policy_name;
};

struct event_view event_look(const Tetragon__GetEventsResponse *event);
