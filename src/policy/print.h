/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checked model as text, for people and for tests: defaults filled in, references resolved,
 * macros expanded, values in one form. In: a policy that was read without errors. Out: lines.
 */
#pragma once

#include "base/buf.h"
#include "policy/model.h"

void policy_print_model(const struct policy *policy, struct buf *out);
/* "policy "name", 2 hooks, 3 selectors" */
void policy_print_summary(const struct policy *policy, struct buf *out);
/* One value as the model prints it; FORM is its filter's. */
void policy_print_value(const struct policy_filter *filter, const struct policy_value *value,
			struct buf *out);
