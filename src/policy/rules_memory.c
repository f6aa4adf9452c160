/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the rules, vectors among them (each kept once), and the balance of tests that hold. */
#include "policy/rules_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Vectors are found again by a hash table of offsets; it is kept at most half full. */
#define VECTORS_CAPACITY_FIRST 64

int rules_refuse_size(struct rules_builder *builder)
{
	diag_add(builder->diag,
		 "the rules of one function take more than %u MiB; that is the limit",
		 RULES_BYTES_MAX >> 20);
	return -ENOSPC;
}

int rules_get_error(const struct rules_builder *builder)
{
	if (!builder->failed)
		return 0;
	return builder->diag->lines > builder->lines_before ? -ENOSPC : -ENOMEM;
}

uint32_t rules_add_bytes(struct rules_builder *builder, const void *data, size_t bytes)
{
	struct buf *memory = &builder->out->memory;
	static const char zeros[8];
	size_t offset = memory->bytes;

	if (builder->failed)
		return 0;
	if (bytes + 7 > RULES_BYTES_MAX - memory->bytes) {
		rules_refuse_size(builder);
		builder->failed = true;
		return 0;
	}
	buf_add(memory, data, bytes);
	buf_add(memory, zeros, -bytes & 7);
	if (memory->failed) {
		builder->failed = true;
		return 0;
	}
	return (uint32_t)offset;
}

void *rules_at(struct rules_builder *builder, uint32_t offset)
{
	return builder->out->memory.data + offset;
}

void vector_set(uint64_t *words, uint32_t bit, bool on)
{
	if (on)
		words[bit / 64] |= 1ULL << bit % 64;
	else
		words[bit / 64] &= ~(1ULL << bit % 64);
}

static uint64_t vector_hash(const uint64_t *words, size_t count)
{
	uint64_t hash = WIRE_TEXT_HASH_B;

	for (size_t i = 0; i < count; i++) {
		hash = (hash ^ words[i]) * WIRE_TEXT_HASH_A;
		hash ^= hash >> 32;
	}
	return hash;
}

static bool vectors_grow(struct rules_builder *builder)
{
	size_t words = builder->out->config.words, old = builder->vectors_capacity;
	size_t capacity = old ? old * 2 : VECTORS_CAPACITY_FIRST;
	uint32_t *table = calloc(capacity, sizeof(*table));

	if (!table)
		return false;
	for (size_t i = 0; i < old; i++) {
		size_t at;

		if (!builder->vectors[i])
			continue;
		at = vector_hash(rules_at(builder, builder->vectors[i]), words) & (capacity - 1);
		while (table[at])
			at = (at + 1) & (capacity - 1);
		table[at] = builder->vectors[i];
	}
	free(builder->vectors);
	builder->vectors = table;
	builder->vectors_capacity = capacity;
	return true;
}

static bool vector_is_empty(const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i])
			return false;
	}
	return true;
}

uint32_t rules_add_vector(struct rules_builder *builder, const uint64_t *words)
{
	size_t bytes = builder->out->config.words * sizeof(*words), at;

	if (builder->failed || vector_is_empty(words, builder->out->config.words))
		return 0;
	if (builder->vectors_count * 2 >= builder->vectors_capacity && !vectors_grow(builder)) {
		builder->failed = true;
		return 0;
	}
	at = vector_hash(words, builder->out->config.words) & (builder->vectors_capacity - 1);
	for (; builder->vectors[at]; at = (at + 1) & (builder->vectors_capacity - 1)) {
		if (memcmp(rules_at(builder, builder->vectors[at]), words, bytes) == 0)
			return builder->vectors[at];
	}
	builder->vectors[at] = rules_add_bytes(builder, words, bytes);
	builder->vectors_count++;
	return builder->vectors[at];
}

void rules_vector_fill(struct rules_builder *builder, uint64_t *words)
{
	memset(words, 0, builder->out->config.words * sizeof(*words));
	for (uint32_t bit = 0; bit < builder->bits; bit++)
		vector_set(words, bit, true);
}

uint32_t rules_add_vector_without(struct rules_builder *builder, const struct rules_tests *tests)
{
	rules_vector_fill(builder, builder->vector);
	for (size_t i = 0; i < tests->count; i++)
		vector_set(builder->vector, tests->items[i].bit, false);
	return rules_add_vector(builder, builder->vector);
}

int rules_balance_init(struct rules_balance *balance, struct rules_builder *builder,
		       const struct rules_tests *tests)
{
	size_t words = builder->out->config.words;

	*balance = (struct rules_balance){
		.words = calloc(words, sizeof(uint64_t)),
		.failing = calloc(builder->bits + 1, sizeof(uint32_t)),
		.hits = calloc(tests->count + 1, sizeof(uint32_t)),
		.tests = tests,
	};
	if (!balance->words || !balance->failing || !balance->hits) {
		rules_balance_done(balance);
		builder->failed = true;
		return -ENOMEM;
	}
	rules_vector_fill(builder, balance->words);
	for (size_t i = 0; i < tests->count; i++) {
		if (tests->items[i].is_negated)
			continue;
		balance->failing[tests->items[i].bit]++;
		vector_set(balance->words, tests->items[i].bit, false);
	}
	return 0;
}

void rules_balance_done(struct rules_balance *balance)
{
	free(balance->words);
	free(balance->failing);
	free(balance->hits);
}

static void balance_change(struct rules_balance *balance, size_t test, bool holds)
{
	uint32_t bit = balance->tests->items[test].bit;
	uint32_t *failing = &balance->failing[bit];

	*failing += holds ? -1u : 1u;
	vector_set(balance->words, bit, !*failing);
}

void rules_balance_add(struct rules_balance *balance, size_t test)
{
	if (!balance->hits[test]++)
		balance_change(balance, test, !balance->tests->items[test].is_negated);
}

void rules_balance_remove(struct rules_balance *balance, size_t test)
{
	if (!--balance->hits[test])
		balance_change(balance, test, balance->tests->items[test].is_negated);
}
