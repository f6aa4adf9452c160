/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel would be told of a policy, as text, for people and for the tests. In: a checked
 * policy. Out: for each function its selectors, the values it collects, and the tables, decoded
 * from the memory that rules_build() makes.
 */
#pragma once

#include "base/buf.h"
#include "policy/model.h"
#include "policy/report.h"

/*
 * What policy_check_support() finds becomes warnings, and hooks that it finds fault with have no
 * plan. -ENOSPC: the rules of a function reach a limit, which the report names; other functions are
 * printed. -ENOMEM.
 */
int policy_print_plan(const struct policy *policy, struct report *report, struct buf *out);
