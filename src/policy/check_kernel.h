/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a kernel has what a policy hooks: the functions, and arguments as the policy has them.
 * In: a checked policy, a kernel's type information, of this machine or another. Out: findings.
 */
#pragma once

#include "policy/policy.h"

struct kernel_functions;
struct kernel_types;

/* Whether the arguments of HOOK are what FUNCTION has, as far as the index knows: no types are
 * read. */
bool policy_may_fit(const struct policy_hook *hook, const char *function,
		    const struct kernel_functions *functions);

/* -EINVAL: the report says what the kernel does not have. */
int policy_check_kernel(const struct policy *policy, const struct kernel_types *types,
			struct report *report);
