/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a map, once all are there. In: what stands in the text. Out: without "<<", each
 * key once. */
#pragma once

#include "policy/tree.h"

/*
 * Resolves merge keys and finds duplicates in ENTRIES; the result is in the arena. -EINVAL: there
 * were findings; the entries are usable still. -ENOMEM: no memory, nothing is there.
 */
int tree_finish_map(struct tree *map, const struct tree_entry *entries, size_t count,
		    struct arena *arena, struct report *report);
