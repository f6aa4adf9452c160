/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call of a hook for tests of rules, and two ways to find the selectors that match it: rules_eval
 * searches the memory as the programs of bpf/ do (see wire/hook.h), rules_oracle goes through the
 * filters of the policy one by one. Both must say the same.
 */
#pragma once

#include <stdbool.h>

#include "policy/policy.h"
#include "policy/rules.h"
#include "policy/rules_read.h"

/* A value that was read. Which members have a meaning depends on the type. */
struct call_value {
	bool is_there;
	uint64_t number; /* sign-extended; sets of capabilities too */
	struct span text;
	uint32_t mode; /* 0: not known */
	uint16_t family, protocol, source_port, destination_port;
	uint8_t state;
	uint8_t source[16], destination[16]; /* network order */
};

struct call {
	struct call_value values[WIRE_HOOK_VALUES_MAX]; /* by slot */
	uint32_t pid, namespace_pid, workload;
	uint32_t inodes[WIRE_NAMESPACES];
	uint64_t marks[WIRE_MARK_WORDS];
	uint64_t capabilities[3], capability_changes[3]; /* by enum wire_capability_set */
	uint64_t namespace_changes;
	bool in_user_namespace;
};

struct vector {
	uint64_t words[WIRE_VECTOR_WORDS_MAX];
};

static inline bool vector_has(const struct vector *vector, uint32_t bit)
{
	return vector->words[bit / 64] >> bit % 64 & 1;
}

/* Both stages of a call, entry and return, at once. */
void rules_eval(struct rules_view *view, const struct call *call, struct vector *out);

bool rules_oracle(const struct rules_member *member, const struct rules_world *world,
		  const struct policy_selector *selector, const struct call *call);
