/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which fields of an event are shown. In: the API's FieldFilter messages, and events. Out: events
 * that lack what is not wanted. What is not of the event itself (node_name, time, ...) stays.
 *
 * Nothing is copied deeply: a filtered event has its own structs where something is left out, and
 * points into the event for the rest.
 */
#pragma once

#include <tetragon/events.pb-c.h>

#include "base/diag.h"

/* Filters, and paths of all of them. */
#define FIELD_FILTERS_MAX 256u
#define FIELD_PATHS_MAX	  1024u

struct field_filters;

/* NAME is that of the list, for messages. -EINVAL: DIAG says which path of which entry is wrong;
 * -ENOMEM. */
int field_filters_new(struct field_filters **out, Tetragon__FieldFilter *const *filters,
		      size_t count, const char *name, struct diag *diag);
void field_filters_free(struct field_filters *filters);
/* EVENT itself if no filter is for it; else one that is valid until the next call, while EVENT is.
 * NULL: no memory. */
const Tetragon__GetEventsResponse *field_filters_apply(struct field_filters *filters,
						       const Tetragon__GetEventsResponse *event);
