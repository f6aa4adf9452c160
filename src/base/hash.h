/* SPDX-License-Identifier: Apache-2.0 */
/* A hash for tables in memory. In: bytes, and a number that nobody outside can guess, so that
 * nobody can make entries meet. Out: 64 bits, different in each process. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

/* Both halves of the product, each of whose bits depends on many of A and B. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_bytes(uint64_t seed, struct span bytes)
{
	static const uint64_t mix = 0x9e3779b97f4a7c15;
	uint64_t sum = hash_fold(seed ^ mix, bytes.bytes ^ mix);

	while (bytes.bytes) {
		size_t step = bytes.bytes < sizeof(uint64_t) ? bytes.bytes : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, bytes.data, step);
		sum = hash_fold(sum ^ word, seed | 1) + mix;
		bytes.data += step;
		bytes.bytes -= step;
	}
	return hash_fold(sum, mix);
}
