/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of one attach point: the hooks of all policies on it -> configuration and memory of its
 * program (wire/hook.h). Pure: no kernel is asked; what only a kernel or the agent knows comes in
 * through `struct rules_world`.
 *
 * A member is one hook of one policy. Each selector of each member gets a bit, in the order of the
 * members and of their selectors, so that of several bits of one member the lowest is the selector
 * that acts.
 */
#pragma once

#include "base/buf.h"
#include "base/diag.h"
#include "policy/model.h"

#include "wire/hook.h"

/* Which number stands for a set of binaries or followed pids. RULES_NO_MARK: there is none left. */
#define RULES_NO_MARK UINT32_MAX

/* Numbers that belong to a condition, e.g. workloads; both ends belong to it. */
struct rules_range {
	uint64_t min, max;
};

struct rules_world {
	void *context;
	/* The mark that processes of this condition carry. NULL member of the pair: it is the other
	 * one. */
	uint32_t (*find_mark)(void *context, const struct policy_binaries *binaries,
			      const struct policy_pids *pids);
	/*
	 * Numbers of the workloads that policy and selector (NULL: a hook without selectors) apply
	 * to; 0 is the host. False: they apply to everything. OUT is valid until the next call.
	 */
	bool (*find_workloads)(void *context, const struct policy *policy,
			       const struct policy_selector *selector,
			       const struct rules_range **out, size_t *count);
	uint32_t host_namespaces[WIRE_NAMESPACES]; /* inodes, of pid 1 */
};

struct rules_member {
	const struct policy *policy;
	const struct policy_hook *hook;
	uint32_t stats;	   /* index in policy_stats */
	bool is_monitored; /* enforcing actions are only counted */
	/* set by rules_build(): */
	uint32_t first_bit, bits;
	uint8_t slots[WIRE_HOOK_VALUES_MAX]; /* of hook->values, in their order */
	uint8_t return_slot;		     /* of hook->return_argument */
};

struct rules {
	struct wire_hook_config config; /* hook, epoch, has_bpf_loop are the caller's */
	struct buf memory;		/* what goes into one half */
};

void rules_done(struct rules *rules);

/*
 * CONFIG of OUT is, before, what the attached program has (all zero: none): slots keep their
 * places, and what it can already do stays, so that an equal config afterwards means that the
 * program need not change. -ENOSPC: a limit, named in DIAG. -ENOMEM.
 */
int rules_build(struct rules *out, struct rules_member *members, size_t count, uint32_t generation,
		const struct rules_world *world, struct diag *diag);

/* What a mark stands for: binaries (TEST is EQUAL, PREFIX or POSTFIX), or else pids. */
struct rules_mark {
	enum policy_test test;
	const struct span *texts;
	size_t texts_count;
	const struct rules_range *pids;
	size_t pids_count;
};

/* The same for the programs that mark processes. MARKS: WIRE_MARKS_MAX of them, NULL where there is
 * none. */
int rules_build_marks(struct rules *out, const struct rules_mark *const *marks, uint32_t generation,
		      struct diag *diag);

static inline void cleanup_rules(struct rules *rules)
{
	rules_done(rules);
}
