/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a tree to the model, by the schema's table. In: a tree. Out: a struct policy whose upper
 * parts (model.h) are filled in, and a finding for each unknown or missing field, wrong kind,
 * unknown word and number out of range. What fields mean together is not looked at: that is
 * check.h.
 *
 * Operators of filters on arguments are the exception: an unknown one is left to the checks, which
 * know the argument's type and so what would be right.
 */
#pragma once

#include "policy/model.h"
#include "policy/report.h"
#include "policy/tree.h"

/* Fills in a zeroed POLICY from its arena. False: the arena ended. Whether there were findings, the
 * report knows. */
bool decode_policy(const struct tree *tree, struct report *report, struct policy *policy);
