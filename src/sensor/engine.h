/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies of this agent, in the kernel. In: checked policies, and changes of them. Out: hooks
 * that go by all of them together, and for each record the policies that it belongs to.
 *
 * Every change is whole: it takes effect at once and completely, or leaves everything as it was.
 */
#pragma once

#include "kernel/programs.h"
#include "policy/policy.h"
#include "policy/scope.h"
#include "sensor/marks.h"
#include "sensor/process_sensor.h"

enum engine_state { ENGINE_ENABLED, ENGINE_DISABLED, ENGINE_LOAD_ERROR, ENGINE_PARTIALLY_ENABLED };

enum engine_hook_state { ENGINE_HOOK_LOADED, ENGINE_HOOK_NOT_FOUND, ENGINE_HOOK_NOT_AVAILABLE };

/* Where a policy is in the change that is being made. */
enum engine_phase { ENGINE_STAYS, ENGINE_COMES, ENGINE_LEAVES };

/* One attach point of a policy. */
struct engine_hook {
	const struct policy_hook *hook;
	char *function; /* as the kernel calls it */
	enum engine_hook_state state;
	char *reason;	    /* why it is not loaded; NULL */
	struct hook *point; /* the engine's; NULL: not loaded */
	/* since the policy came, by engine_measure(); of the time its share, as of memory */
	struct kernel_program_stats cost;
};

struct engine_counters {
	uint64_t matched, posted, enforced, would_enforce, dropped, rate_limited;
};

struct engine_policy {
	struct engine_policy *next;
	uint32_t refs;
	uint64_t id;
	const char *name, *namespace; /* of `policy`, or owned when there is none */
	char *domain, *source;
	struct policy *policy; /* NULL: it could not be read */
	enum engine_state state;
	enum engine_phase phase;
	char *error; /* NULL: none */
	enum policy_mode mode;
	uint32_t stats;
	struct engine_hook *hooks;
	size_t hooks_count;
	uint32_t *marks;
	size_t marks_count;
	/* counted from records; the kernel side counts the rest */
	uint64_t plain_matched, posted;
	/* at the last engine_measure(): engine_count_bytes(), engine_read_counters() */
	uint64_t measured_bytes;
	struct engine_counters measured;
};

/* Changes so far: whole ones, and ones that left everything as it was. */
struct engine_changes {
	uint64_t done, failed, last_ns, total_ns;
};

/* A workload, for scopes; number 0 is the host. Texts are the owner's. */
struct engine_workload {
	uint32_t number;
	struct scope_subject subject;
};

struct engine_options {
	struct process_sensor *sensor;
	const struct kernel_features *features;
	struct kernel_functions *functions;
	const char *btf_path;		 /* NULL: the running kernel's own; for suggestions */
	unsigned int mechanisms;	 /* bits of enum hook_mechanism that may be used */
	const uint32_t *host_namespaces; /* WIRE_NAMESPACES of them; read at each change */
	mark_processes_fn processes;
	void *processes_context;
};

struct engine;

int engine_new(struct engine **out, const struct engine_options *options, struct diag *diag);
void engine_free(struct engine *engine);

struct engine_add_options {
	const char *domain; /* "static", "grpc", ... */
	const char *source; /* what people call it: a file's path; "" */
	int mode;	    /* enum policy_mode ENFORCE or MONITOR; -1: what the policy says */
	bool is_disabled;   /* it is there and does nothing until it is enabled */
};

/* REMOVED goes, ADDED comes in its place, or as the last one; either may be NULL. */
struct engine_step {
	struct engine_policy *removed;
	struct policy *added;
	struct engine_add_options options; /* of ADDED */
};

/*
 * All steps at once, or none. What is added belongs to the engine then, or after an error still to
 * the caller. After a success DIAG may have warnings. -EEXIST: there is one of that name, namespace
 * and domain. -EINVAL, -EOPNOTSUPP, -ENOENT, -ENOSPC: it cannot be loaded, as DIAG says.
 */
int engine_change(struct engine *engine, const struct engine_step *steps, size_t count,
		  struct diag *diag);
/* The same for one, which may take the place of one that could not be loaded. */
int engine_add(struct engine *engine, struct policy *policy,
	       const struct engine_add_options *options, struct diag *diag);
/* One that could not be loaded, to be listed with its error. NAME may be what the file is called.
 */
int engine_add_failed(struct engine *engine, const char *name, const char *namespace,
		      const struct engine_add_options *options, const char *error);
/* What the list says about a policy, which goes on as it is. */
void engine_set_error(struct engine_policy *policy, const char *error);
/* Where it is said to come from. */
void engine_set_source(struct engine_policy *policy, const char *source);
int engine_delete(struct engine *engine, struct engine_policy *policy, struct diag *diag);
/* ENABLE: 0, 1, or -1 as it is; MODE: enum policy_mode, or -1. */
int engine_configure(struct engine *engine, struct engine_policy *policy, int enable, int mode,
		     struct diag *diag);

/* DOMAIN "": any; then OUT_COUNT tells how many there are of that name. NULL: none. */
struct engine_policy *engine_find(const struct engine *engine, const char *domain,
				  const char *namespace, const char *name, unsigned int *out_count);
struct engine_policy *engine_first(const struct engine *engine);

void engine_read_counters(const struct engine *engine, const struct engine_policy *policy,
			  struct engine_counters *out);
/* Its share of the kernel memory of its hooks. */
uint64_t engine_count_bytes(const struct engine *engine, const struct engine_policy *policy);
/* What its hook is attached by: "fentry", "substitute"; and how that differs, or "". */
const char *engine_hook_get_mechanism(const struct engine_hook *hook);
const char *engine_hook_get_difference(const struct engine_hook *hook);

/* What is attached in one place. */
struct engine_point {
	const char *name; /* of the function, or of a program of the agent's own */
	const char *mechanism;
	const struct engine_policy *const *policies; /* that have hooks there, each once */
	size_t policies_count;
	struct kernel_program_stats stats;
	const char *counted_in; /* STATS are in the row of that name; NULL: here */
	uint64_t memory_bytes;
};

typedef void (*engine_point_fn)(void *context, const struct engine_point *point);
/* Asks the kernel some questions for each: for people, not for every event. */
void engine_visit_points(const struct engine *engine, engine_point_fn visit, void *context);

/* All workloads that there are; scopes of all policies are decided anew. LIST is copied, its texts
 * are not. With an error the list before, and its texts, are in use as before. */
int engine_set_workloads(struct engine *engine, const struct engine_workload *list, size_t count,
			 struct diag *diag);
/* Map of cgroup ids to numbers of workloads, for the owner to fill. */
int engine_get_workloads_fd(const struct engine *engine);

/* A policy whose selector matched the call that a record tells. */
struct engine_match {
	struct engine_policy *policy;
	const struct rules_member *member;
	const struct policy_selector *selector; /* NULL: the hook has none */
	const char *function;
	const struct wire_hook_config *config;
};

typedef void (*engine_match_fn)(void *context, const struct engine_match *match);
/* Calls VISIT for each policy that EVENT belongs to. False: its hook is not known any more. */
bool engine_resolve(struct engine *engine, const struct wire_hook_event *event,
		    const uint64_t *vector, engine_match_fn visit, void *context);

/*
 * From one agent to the next. What ENGINE has attached goes on without it, until the next agent has
 * loaded its own policies: their programs take the places of these in one step each. A hook that
 * cannot be left ends with its agent; DIAG has a line about it.
 */
void engine_leave(struct engine *engine, struct handover *handover, struct diag *diag);
/* Goes on from there; of an engine that has no policies yet. */
void engine_take(struct engine *engine, const struct handover *handover);
/* All policies are loaded: what was taken over and is asked for no more ends. */
void engine_end_taking(struct engine *engine);

/* Once a second, with the ring just emptied. */
void engine_tick(struct engine *engine);

/*
 * Looks at all policies at once: struct engine_hook's cost, and what struct engine_policy says of
 * it. A look is one system call for each policy, and some for each function that has hooks.
 */
void engine_measure(struct engine *engine);
/* Programs on all system calls, which hooks on system calls share. All zero: there are none. */
void engine_visit_shared_costs(const struct engine *engine, process_sensor_cost_fn visit,
			       void *context);
void engine_read_changes(const struct engine *engine, struct engine_changes *out);
