/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the schema allows and the agent does not do yet: found before anything is loaded, with its
 * place. In: a checked policy. Out: findings. Needs no kernel.
 */
#pragma once

#include "policy/policy.h"

/* -EINVAL: the report says what cannot be loaded. */
int policy_check_support(const struct policy *policy, struct report *report);
/* Whether nothing is wrong with this hook of POLICY. */
bool policy_hook_is_supported(const struct policy *policy, const struct policy_hook *hook);
