/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fields of a policy mean together, without a kernel. In: a decoded model. Out: the parts
 * of it that are marked "checked", and a finding for each mistake. Nothing is attached, read or
 * resolved on this machine.
 */
#pragma once

#include "policy/model.h"
#include "policy/report.h"

/* False: the arena ended. Whether there were errors, the report knows. */
bool check_policy(struct policy *policy, struct report *report);
