/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events somebody wants. In: the API's Filter messages, and events. Out: yes or no. Which
 * fields of an event are shown is fields.h's, how filters are written is parse.h's
 * (docs/filters.md).
 *
 * Entries of a list are alternatives, keys of an entry must all hold, values of a key are
 * alternatives. An event about no process matches no key about processes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <tetragon/events.pb-c.h>

#include "base/diag.h"
#include "event/kind.h"

/* Entries of a list; a person writes ten. */
#define FILTER_ENTRIES_MAX 1024u
/* Values of all keys of all entries: a regular expression takes some kilobytes. */
#define FILTER_VALUES_MAX 4096u
/* Entries with pid_set: each remembers descendants in 256 KiB. */
#define FILTER_PID_SETS_MAX 16u

/* What the place of a list allows. A zeroed struct allows everything. */
struct filter_options {
	const char *name; /* of the list, for messages; NULL: "filter" */
	/* Keys that need something which is switched off: the flag that switches it on. */
	const char *pid_set_flag, *ancestors_flag, *credentials_flag;
};

struct filter_list;

/* -EINVAL: DIAG says which key of which entry is wrong, and what would be right; -ENOMEM. */
int filter_list_new(struct filter_list **out, Tetragon__Filter *const *filters, size_t count,
		    const struct filter_options *options, struct diag *diag);
void filter_list_free(struct filter_list *list);
/* Whether any entry matches; an empty list matches nothing. Allocates nothing. */
bool filter_list_matches(struct filter_list *list, const Tetragon__GetEventsResponse *event);

/* Events that it could not judge: to match a regular expression or to evaluate an expression would
 * have cost too much. They count as no match here. */
uint64_t filter_list_get_given_up(const struct filter_list *list);

/* An event passes if the first list is empty, matches it or cannot judge it, and the second does
 * not match it. */
struct filter {
	struct filter_list *allow, *deny; /* owned; NULL: an empty list */
};

void filter_done(struct filter *filter);
bool filter_passes(const struct filter *filter, const Tetragon__GetEventsResponse *event);
