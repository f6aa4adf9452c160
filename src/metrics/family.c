/* SPDX-License-Identifier: Apache-2.0 */
/* An index of slots into a list of entries, probed in line; half of the slots are always free. */
#include "metrics/family.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"

struct family_entry {
	uint64_t hash, number;
	uint32_t touched;
	bool is_overflow;
	char *values; /* each with its NUL */
};

struct metrics_family {
	struct metrics_family_options options;
	uint64_t seed; /* binaries choose their names: nobody may choose who collides */
	uint64_t overflowed;
	size_t count, overflow_count;
	size_t slots; /* a power of two */
	struct family_entry *entries;
	uint32_t index[]; /* place in `entries` plus one; 0: free */
};

int metrics_family_new(struct metrics_family **out, const struct metrics_family_options *options)
{
	size_t entries = options->sets_max + METRICS_OVERFLOW_SETS + 1;
	_cleanup_free_ struct metrics_family *family = NULL;
	size_t slots = 64;

	while (slots < 2 * entries)
		slots *= 2;
	family = calloc(1, sizeof(*family) + slots * sizeof(family->index[0]));
	if (!family)
		return -ENOMEM;
	family->options = *options;
	family->slots = slots;
	family->entries = calloc(entries, sizeof(*family->entries));
	if (!family->entries)
		return -ENOMEM;
	if (getrandom(&family->seed, sizeof(family->seed), GRND_NONBLOCK) < 0)
		family->seed = (uint64_t)(uintptr_t)family;
	*out = TAKE_PTR(family);
	return 0;
}

void metrics_family_clear(struct metrics_family *family)
{
	for (size_t i = 0; i < family->count; i++)
		free(family->entries[i].values);
	memset(family->index, 0, family->slots * sizeof(family->index[0]));
	family->count = family->overflow_count = 0;
	family->overflowed = 0;
}

void metrics_family_free(struct metrics_family *family)
{
	if (!family)
		return;
	metrics_family_clear(family);
	free(family->entries);
	free(family);
}

/* The two halves of a 128-bit product: the mixing step of the wyhash family. */
static uint64_t family_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* At most eight bytes as one number; which bytes are read twice depends on BYTES only. */
static uint64_t family_load(const char *text, size_t bytes)
{
	uint64_t word;
	uint32_t first, last;

	if (bytes == sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		return word;
	}
	if (bytes >= sizeof(first)) {
		memcpy(&first, text, sizeof(first));
		memcpy(&last, text + bytes - sizeof(last), sizeof(last));
		return (uint64_t)first << 32 | last;
	}
	return (uint64_t)(uint8_t)text[0] << 16 | (uint64_t)(uint8_t)text[bytes / 2] << 8 |
	       (uint8_t)text[bytes - 1];
}

static uint64_t family_hash(uint64_t hash, const char *text, size_t bytes)
{
	size_t at = 0;

	for (; at + 8 < bytes; at += 8)
		hash = family_mix(hash ^ family_load(text + at, 8), 0x9e3779b97f4a7c15ULL);
	return family_mix(hash ^ family_load(text + at, bytes - at), 0xd1b54a32d192ed03ULL + bytes);
}

/*
 * Sets are told apart by this number alone: in a full family two are taken for one with a chance of
 * one in 10^13. Most labels of most events are empty; they cost a look at their first byte.
 */
static uint64_t family_hash_set(const struct metrics_family *family, const char *const *values)
{
	uint64_t hash = family->seed;

	for (size_t i = 0; i < family->options.labels; i++) {
		if (values[i][0])
			hash = family_hash(hash + i, values[i],
					   strnlen(values[i], METRICS_LABEL_BYTES_MAX));
	}
	return hash;
}

/* The slot that has HASH's entry, or the free one where it would go. */
static uint32_t *family_find_slot(struct metrics_family *family, uint64_t hash)
{
	size_t mask = family->slots - 1;
	size_t at = hash & mask;

	while (family->index[at] && family->entries[family->index[at] - 1].hash != hash)
		at = (at + 1) & mask;
	return &family->index[at];
}

static char *values_copy(const char *const *values, size_t labels)
{
	size_t bytes = 0;
	char *copy, *at;

	for (size_t i = 0; i < labels; i++)
		bytes += strnlen(values[i], METRICS_LABEL_BYTES_MAX) + 1;
	copy = at = calloc(1, bytes);
	for (size_t i = 0; copy && i < labels; i++) {
		size_t one = strnlen(values[i], METRICS_LABEL_BYTES_MAX);

		memcpy(at, values[i], one);
		at += one + 1;
	}
	return copy;
}

/* NULL: there is no room for another set. */
static struct family_entry *family_get(struct metrics_family *family, const char *const *values,
				       size_t sets_max)
{
	uint64_t hash = family_hash_set(family, values);
	uint32_t *slot = family_find_slot(family, hash);
	struct family_entry *entry;

	if (__builtin_expect(*slot != 0, 1))
		return &family->entries[*slot - 1];
	if (family->count >= sets_max)
		return NULL;
	entry = &family->entries[family->count];
	*entry = (struct family_entry){ .hash = hash };
	entry->values = values_copy(values, family->options.labels);
	if (!entry->values)
		return NULL;
	*slot = (uint32_t)++family->count;
	return entry;
}

static struct family_entry *family_get_overflow(struct metrics_family *family,
						const char *const *values)
{
	const char *instead[METRICS_LABELS_MAX];
	size_t kept = family->options.kept;
	struct family_entry *entry = NULL;
	size_t before = family->count;

	/* at first with what is kept, then without */
	for (int tries = 0; tries < 2 && !entry; tries++, kept = 0) {
		size_t room = METRICS_OVERFLOW_SETS - (tries == 0);

		for (size_t i = 0; i < family->options.labels; i++)
			instead[i] = i < kept ? values[i] : METRICS_OVERFLOW;
		entry = family_get(family, instead, family->overflow_count < room ? SIZE_MAX : 0);
	}
	if (entry && family->count > before) {
		entry->is_overflow = true;
		family->overflow_count++;
	}
	return entry;
}

void metrics_family_add(struct metrics_family *family, const char *const *values, uint64_t number,
			uint32_t now)
{
	struct family_entry *entry =
		family_get(family, values, family->options.sets_max + family->overflow_count);

	if (!entry) {
		family->overflowed += number;
		entry = family_get_overflow(family, values);
	}
	if (!entry)
		return;
	entry->number += number;
	entry->touched = now;
}

bool metrics_family_has(struct metrics_family *family, const char *const *values)
{
	return *family_find_slot(family, family_hash_set(family, values)) != 0;
}

uint64_t metrics_family_count(const struct metrics_family *family)
{
	return family->count - family->overflow_count;
}

uint64_t metrics_family_overflowed(const struct metrics_family *family)
{
	return family->overflowed;
}

static void entry_fill_values(const struct family_entry *entry, size_t labels,
			      const char *out[METRICS_LABELS_MAX])
{
	const char *text = entry->values;

	for (size_t i = 0; i < labels; i++) {
		out[i] = text;
		text += strlen(text) + 1;
	}
}

void metrics_family_write(const struct metrics_family *family, struct metrics_page *page)
{
	const char *values[METRICS_LABELS_MAX];

	for (size_t i = 0; i < family->count; i++) {
		entry_fill_values(&family->entries[i], family->options.labels, values);
		metrics_page_add(page, values, family->entries[i].number);
	}
}

static void family_index_again(struct metrics_family *family)
{
	size_t mask = family->slots - 1;

	memset(family->index, 0, family->slots * sizeof(family->index[0]));
	for (size_t i = 0; i < family->count; i++) {
		size_t at = family->entries[i].hash & mask;

		while (family->index[at])
			at = (at + 1) & mask;
		family->index[at] = (uint32_t)i + 1;
	}
}

void metrics_family_expire(struct metrics_family *family, metrics_expire_fn may_go, void *context)
{
	const char *values[METRICS_LABELS_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < family->count; i++) {
		const struct family_entry *entry = &family->entries[i];

		entry_fill_values(entry, family->options.labels, values);
		if (!entry->is_overflow && may_go(context, values, entry->touched))
			free(entry->values);
		else
			family->entries[kept++] = *entry;
	}
	if (kept == family->count)
		return;
	family->count = kept;
	family_index_again(family);
}
