/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pseudo-random policies on one function "f", and calls of it. In: a seed. Out: the same text and
 * calls for the same seed. Values of calls lie near those that the policy names, so that they
 * match about as often as not.
 */
#pragma once

#include "base/buf.h"
#include "rules_call.h"

#define MAKER_POOL_MAX 512

struct rules_maker {
	uint64_t state;
	struct buf text; /* the policy, YAML */
	uint64_t numbers[MAKER_POOL_MAX];
	size_t numbers_count;
	char texts[MAKER_POOL_MAX][48];
	size_t texts_count;
	uint8_t addresses[MAKER_POOL_MAX][16];
	size_t addresses_count;
};

void rules_maker_init(struct rules_maker *maker, uint64_t seed);
void rules_maker_done(struct rules_maker *maker);
uint64_t rules_maker_random(struct rules_maker *maker, uint64_t count); /* below COUNT */

/* Filters of all kinds, as many selectors as are said. */
void rules_make_policy(struct rules_maker *maker, size_t hooks, size_t selectors);
/* One value of TYPE, which each selector asks about with as many values as are said. */
void rules_make_table(struct rules_maker *maker, const char *type, size_t selectors, size_t values);
/* CALL's texts live in the maker's pool. */
void rules_make_call(struct rules_maker *maker, const struct wire_hook_config *config,
		     uint32_t marks, uint32_t workloads, struct call *call);
