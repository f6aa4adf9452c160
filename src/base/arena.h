/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is freed at once. In: sizes. Out: zeroed memory that stays where it is until
 * arena_done() or arena_reset().
 *
 * An arena has a limit, so that hostile input cannot take the machine's memory: when it is reached,
 * or when the machine has no more, `failed` is set and everything further is refused too.
 * A zeroed struct is an empty arena without a limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/span.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* owned, newest first */
	size_t bytes;		    /* taken from the machine so far */
	size_t bytes_max;	    /* 0: no limit */
	bool failed;
};

void arena_done(struct arena *arena);

/* Everything that was taken is free again. One chunk stays with the arena, so that whoever needs
 * little, and often, does not ask the machine each time. `failed` is forgotten. */
void arena_reset(struct arena *arena);

/* NULL: no memory or the limit. BYTES may be 0; the result is aligned for any type. */
void *arena_alloc(struct arena *arena, size_t bytes);
/* The same for COUNT elements; their product may overflow. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t element_bytes);
/* A copy with a NUL behind it. */
char *arena_copy(struct arena *arena, struct span text);

#define _cleanup_arena_ _cleanup_(arena_done)
