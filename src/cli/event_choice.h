/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events, and what of them, a command line asks for. In: flags. Out: the request for the
 * agent, and the same compiled, for events from elsewhere (docs/filters.md).
 */
#pragma once

#include <tetragon/events.pb-c.h>

#include "base/options.h"
#include "cli/command.h"
#include "filter/fields.h"
#include "filter/filter.h"

struct event_choice_settings {
	struct option_list event_types, namespaces, namespace_regexes, processes, pods;
	struct option_list containers, policy_names, include_fields, exclude_fields;
	const char *cel_expression, *process_filter;
	bool host;
};

struct event_choice {
	Tetragon__GetEventsRequest request; /* what it points to is owned */
	struct filter filter;
	struct field_filters *fields; /* NULL: all fields */
};

/* CLI_USAGE: it was said what is wrong. CHOICE is zeroed before, and to be done away with
 * afterwards in any case. */
enum cli_exit event_choice_init(struct event_choice *choice,
				const struct event_choice_settings *settings);
void event_choice_done(struct event_choice *choice);
/* The event as it is to be shown, valid until the next call; NULL: not at all. What was lost is
 * always shown. */
const Tetragon__GetEventsResponse *event_choice_apply(struct event_choice *choice,
						      const Tetragon__GetEventsResponse *event);
