/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation in chunks; a piece larger than a chunk gets its own. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Most policies fit one chunk, model and all. */
enum { CHUNK_BYTES = 16 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t capacity;
	alignas(max_align_t) char data[];
};

void arena_done(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	*arena = (struct arena){ .bytes_max = arena->bytes_max };
}

void arena_reset(struct arena *arena)
{
	struct arena_chunk *kept = NULL;

	while (arena->chunks) {
		struct arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		if (!kept && chunk->capacity == CHUNK_BYTES)
			kept = chunk;
		else
			free(chunk);
	}
	arena->failed = false;
	arena->bytes = 0;
	if (!kept)
		return;
	memset(kept->data, 0, kept->used); /* arena_alloc() promises zeroes */
	kept->used = 0;
	kept->next = NULL;
	arena->chunks = kept;
	arena->bytes = sizeof(*kept) + kept->capacity;
}

static struct arena_chunk *arena_grow(struct arena *arena, size_t bytes)
{
	size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	size_t total = sizeof(struct arena_chunk) + capacity;
	struct arena_chunk *chunk;

	if (arena->bytes_max && total > arena->bytes_max - arena->bytes)
		return NULL;
	chunk = calloc(1, total);
	if (!chunk)
		return NULL;
	chunk->capacity = capacity;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->bytes += total;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	const size_t align = alignof(max_align_t);
	struct arena_chunk *chunk = arena->chunks;
	void *result;

	if (arena->failed || bytes > SIZE_MAX / 2) {
		arena->failed = true;
		return NULL;
	}
	/* Also nothing gets an address of its own. */
	bytes = ((bytes ? bytes : 1) + align - 1) / align * align;
	if (!chunk || chunk->capacity - chunk->used < bytes)
		chunk = arena_grow(arena, bytes);
	if (!chunk) {
		arena->failed = true;
		return NULL;
	}
	result = chunk->data + chunk->used;
	chunk->used += bytes;
	return result;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t element_bytes)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, element_bytes, &bytes)) {
		arena->failed = true;
		return NULL;
	}
	return arena_alloc(arena, bytes);
}

char *arena_copy(struct arena *arena, struct span text)
{
	char *copy = arena_alloc(arena, text.bytes + 1);

	if (copy && text.bytes)
		memcpy(copy, text.data, text.bytes);
	return copy;
}
