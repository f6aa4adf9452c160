/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why an event was made. In: an event, and the policy that it names. Out: for each selector of the
 * hooks it may come from, what each filter says to the event's values. The kernel decided by values
 * of its own, of which an event shows most: what it does not show cannot be judged here.
 */
#pragma once

#include <tetragon/events.pb-c.h>

#include "base/buf.h"
#include "policy/policy.h"

enum reasons_verdict { REASONS_HOLDS, REASONS_FAILS, REASONS_OPEN };

/* What policies see of an event. Pointers are the event's. */
struct reasons_event {
	enum policy_section section;
	const char *policy_name;
	const char *function; /* kprobes, lsmhooks; of tracepoints the event */
	const char *group;    /* tracepoints: the subsystem; uprobes, usdts: the path */
	const char *symbol;   /* uprobes: the symbol; usdts: the name */
	const char *message;
	const Tetragon__Process *process, *parent;
	Tetragon__Process *const *ancestors;
	size_t ancestors_count;
	Tetragon__KprobeArgument *const *arguments;
	size_t arguments_count;
	Tetragon__KprobeArgument *const *data;
	size_t data_count;
	const Tetragon__KprobeArgument *result; /* NULL: none */
	Tetragon__KprobeAction action, return_action;
};

/* False: no policy makes events of this type. */
bool reasons_event_read(struct reasons_event *out, const Tetragon__GetEventsResponse *event);

/* One line about a part of a selector. */
struct reasons_finding {
	size_t hook, selector; /* of the policy; of the hook */
	enum reasons_verdict verdict;
	const char *filter; /* "matchArgs" */
	struct place place;
	char *text; /* owned */
};

struct reasons {
	struct reasons_finding *findings; /* owned */
	size_t count, capacity;
	/* The first selector that nothing speaks against; NULL: there is none. */
	const struct policy_hook *hook;
	const struct policy_selector *selector; /* NULL: the hook has none */
	enum reasons_verdict verdict;		/* HOLDS or OPEN, if there is a hook */
	size_t hooks_seen;			/* that the event may come from */
	bool failed;				/* no memory */
};

/* Types that the policy leaves open are taken from the event, which completes filters of POLICY. */
void reasons_policy(struct reasons *out, struct policy *policy, const struct reasons_event *event);
void reasons_done(struct reasons *reasons);

/* ---- values (reasons_value.c) ---------------------------------------------------------------- */

/* What a filter says to ARGUMENT, and in OUT in words why. SECOND: of CapabilitiesGained. */
enum reasons_verdict reasons_value(const struct policy_filter *filter,
				   const Tetragon__KprobeArgument *argument,
				   const Tetragon__KprobeArgument *second, struct buf *out);
/* The type of an argument that a policy leaves open; AUTO: none that can be tested. */
enum arg_type reasons_value_get_type(const Tetragon__KprobeArgument *argument);
/* A number that is there. */
bool reasons_value_get_number(const Tetragon__KprobeArgument *argument, uint64_t *out);

/* ---- processes (reasons_process.c) ------------------------------------------------------------
 */

enum reasons_verdict reasons_pids(const struct policy_pids *pids, const struct reasons_event *event,
				  struct buf *out);
enum reasons_verdict reasons_binaries(const struct policy_binaries *binaries,
				      const struct reasons_event *event, bool of_parent,
				      struct buf *out);
enum reasons_verdict reasons_namespaces(const struct policy_namespaces *namespaces,
					const struct reasons_event *event, struct buf *out);
enum reasons_verdict reasons_capabilities(const struct policy_capabilities *capabilities,
					  const struct reasons_event *event, struct buf *out);

/* ---- expressions (reasons_cel.c) --------------------------------------------------------------
 */

/* OPEN: a variable has no value. */
enum reasons_verdict reasons_cel(const struct cel_node *node, const struct policy_hook *hook,
				 const struct reasons_event *event);

/* Which argument of the event shows the hook's ARGUMENT; NULL: none. */
const Tetragon__KprobeArgument *reasons_find_argument(const struct policy_hook *hook,
						      const struct policy_argument *argument,
						      const struct reasons_event *event);
