/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by engine.c (life, lookups), engine_policy.c (one policy), engine_change.c (changes) and
 * engine_scope.c (which workloads). */
#pragma once

#include "sensor/engine.h"

#define ENGINE_NOTE_LINKS 3

struct engine {
	struct engine_options options;
	struct hook_space space;
	struct rules_world world;
	struct marks *marks;
	struct hook *hooks;
	struct engine_policy *policies; /* in the order of adding */
	uint64_t last_id;
	struct engine_changes changes;
	int stats_fd, workloads_fd;
	unsigned int cpus;
	volatile uint32_t *socks_are_tracked;
	uint8_t stats_taken[WIRE_POLICIES_MAX];
	struct engine_workload *workloads; /* owned */
	size_t workloads_count;
	struct rules_range *ranges;	   /* owned; of the last question */
	int watch_links[2];		   /* cgroups that come and go; -1: not watched */
	int taken_watch_links[2];	   /* the same of the agent before, until ours are there */
	int note_links[ENGINE_NOTE_LINKS]; /* what processes start with; -1: nobody asks */
};

/* engine_policy.c */
/* TEXT, with the place in the policy that it is about. */
void engine_complain(const struct policy *policy, struct place place, const char *text,
		     struct diag *diag);
void engine_policy_ref(struct engine_policy *policy);
void engine_policy_unref(struct engine_policy *policy);
struct engine_policy *engine_policy_new(struct engine *engine,
					const struct engine_add_options *options);
int engine_policy_find_functions(struct engine *engine, struct engine_policy *policy,
				 struct diag *diag);
int engine_policy_ref_marks(struct engine *engine, struct engine_policy *policy, struct diag *diag);
void engine_policy_unref_marks(struct engine *engine, struct engine_policy *policy);

/* engine_change.c */
void engine_sweep_hooks(struct engine *engine);
int engine_rebuild(struct engine *engine, struct diag *diag); /* the rules of all hooks */

/* engine_watch.c: small programs on tracepoints, each as long as somebody needs it */
int engine_watch_groups(struct engine *engine);
/* For filters of changes, of hooks that are staged. */
int engine_watch_starts(struct engine *engine);
/* Of what no hook needs any more. */
void engine_unwatch(struct engine *engine);

/* engine_scope.c */
bool engine_find_workloads(void *engine, const struct policy *policy,
			   const struct policy_selector *selector, const struct rules_range **out,
			   size_t *count);
