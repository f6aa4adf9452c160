/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world without a kernel, for plans that nobody loads. In: what rules ask for. Out: numbers that
 * stand for texts: conditions on processes become marks in the order in which they are met, scopes
 * become workloads, and the host's namespaces are all 0.
 */
#pragma once

#include "base/buf.h"
#include "policy/rules.h"

struct plan_world {
	struct rules_world rules;
	struct arena arena; /* of the texts */
	const char *marks[WIRE_MARKS_MAX];
	uint32_t marks_count;
	const char *scopes[WIRE_SELECTORS_MAX + 1]; /* 0 is the host */
	uint32_t scopes_count;
	struct rules_range ranges[2]; /* of the last answer */
};

void plan_world_init(struct plan_world *world);
void plan_world_done(struct plan_world *world);
