/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of one function as text, decoded from their memory. In: what rules_build() made, and the
 * world that it was made in. Out: lines, indented by two. Numbers are written as values are:
 * signed, as addresses, by name. "{0,2-4}" is a vector.
 */
#pragma once

#include "policy/plan_world.h"

void print_rules(const struct rules *rules, const struct rules_member *members, size_t count,
		 const struct plan_world *world, struct buf *out);
