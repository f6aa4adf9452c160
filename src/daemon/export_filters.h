/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon's flags say about events: which go to the event file and with which fields, and
 * what is hidden in every process. In: flags as text, events. Out: events for the file; texts
 * without secrets. The meaning of filters is src/filter's.
 */
#pragma once

#include "daemon/daemon_options.h"
#include "filter/fields.h"
#include "filter/filter.h"
#include "filter/redact.h"

struct export_filters {
	struct filter filter;
	struct field_filters *fields; /* owned, as all; NULL: all fields */
	struct redaction *redaction;  /* NULL: nothing is hidden */
};

/* What the flags switch off for filters of all lists; NAME is the list's. */
struct filter_options export_filters_options(const struct daemon_options *options,
					     const char *name);
/* FILTERS is zeroed. -EINVAL: lines in DIAG; -ENOMEM. */
int export_filters_init(struct export_filters *filters, const struct daemon_options *options,
			struct diag *diag);
void export_filters_done(struct export_filters *filters);
/* The event as the file gets it, valid until the next call; NULL: not at all. *NO_MEMORY: it should
 * have been there. */
const Tetragon__GetEventsResponse *export_filters_apply(struct export_filters *filters,
							const Tetragon__GetEventsResponse *event,
							bool *no_memory);
/* What says that something is missing: it goes to everybody, unfiltered and unlimited. */
bool export_is_notice(const Tetragon__GetEventsResponse *event);
/* As process_redact_fn; FILTERS is one of this kind. */
void export_filters_redact(void *filters, const char *binary, struct buf *text);
