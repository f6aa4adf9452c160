/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merge keys (yaml.org/type/merge): what a map says itself wins over what it merges, and earlier
 * merged maps win over later ones. Sorting finds equal keys, however many there are.
 */
#include "policy/tree_map.h"

#include <errno.h>
#include <stdlib.h>

struct merged_entry {
	struct tree_entry entry;
	size_t order;
	bool is_own; /* not from a merge */
	bool is_dropped;
};

struct merger {
	struct merged_entry *items; /* in the arena */
	size_t count;
	size_t capacity;
};

static bool tree_is_merge_key(const struct tree *key)
{
	return key->scalar.kind == SCALAR_TEXT && key->text.bytes == 2 && key->place.width == 2 &&
	       memcmp(key->text.data, "<<", 2) == 0;
}

/* How many maps a merge key's value names; 0: it is no such value. */
static size_t merge_count_maps(const struct tree *value)
{
	if (value->kind == TREE_MAP)
		return 1;
	for (size_t i = 0; i < value->count; i++) {
		if (value->entries[i].value->kind != TREE_MAP)
			return 0;
	}
	return value->kind == TREE_LIST ? value->count : 0;
}

static const struct tree *merge_get_map(const struct tree *value, size_t i)
{
	return value->kind == TREE_MAP ? value : value->entries[i].value;
}

static size_t merge_count_entries(const struct tree *value)
{
	size_t count = 0;

	for (size_t i = 0; i < merge_count_maps(value); i++)
		count += merge_get_map(value, i)->count;
	return count;
}

static void merger_add(struct merger *merger, struct tree_entry entry, bool is_own)
{
	merger->items[merger->count] = (struct merged_entry){ entry, merger->count, is_own };
	merger->count++;
}

static void merger_add_value(struct merger *merger, const struct tree *value)
{
	for (size_t i = 0; i < merge_count_maps(value); i++) {
		const struct tree *map = merge_get_map(value, i);

		for (size_t j = 0; j < map->count; j++)
			merger_add(merger, map->entries[j], false);
	}
}

static int merged_compare(const void *left, const void *right)
{
	const struct merged_entry *const *a = left, *const *b = right;
	struct span x = (*a)->entry.key->text, y = (*b)->entry.key->text;
	int r = memcmp(x.data, y.data, x.bytes < y.bytes ? x.bytes : y.bytes);

	if (r)
		return r;
	if (x.bytes != y.bytes)
		return x.bytes < y.bytes ? -1 : 1;
	return (*a)->order < (*b)->order ? -1 : 1;
}

static bool merged_is_same_key(const struct merged_entry *a, const struct merged_entry *b)
{
	struct span x = a->entry.key->text, y = b->entry.key->text;

	return x.bytes == y.bytes && memcmp(x.data, y.data, x.bytes) == 0;
}

/* Keeps the first of each key. -EINVAL: the text gives one twice. */
static int merger_drop_repeated(struct merger *merger, struct arena *arena, struct report *report)
{
	struct merged_entry **sorted = arena_alloc_array(arena, merger->count, sizeof(*sorted));
	const struct merged_entry *first;
	int result = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < merger->count; i++)
		sorted[i] = &merger->items[i];
	qsort(sorted, merger->count, sizeof(*sorted), merged_compare);
	first = merger->count ? sorted[0] : NULL;
	for (size_t i = 1; i < merger->count; i++) {
		if (!merged_is_same_key(first, sorted[i])) {
			first = sorted[i];
			continue;
		}
		sorted[i]->is_dropped = true;
		if (!first->is_own || !sorted[i]->is_own)
			continue;
		report_error(report, sorted[i]->entry.key->place,
			     "%s stands here twice; it is in line %u already",
			     report_quote(report, first->entry.key->text),
			     first->entry.key->place.line);
		result = -EINVAL;
	}
	return result;
}

static int merger_collect(struct merger *merger, const struct tree_entry *entries, size_t count,
			  struct report *report)
{
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		if (!tree_is_merge_key(entries[i].key))
			merger_add(merger, entries[i], true);
	}
	for (size_t i = 0; i < count; i++) {
		if (!tree_is_merge_key(entries[i].key))
			continue;
		if (!merge_count_maps(entries[i].value)) {
			report_error(report, entries[i].value->place,
				     "\"<<\" merges a map or a list of maps, this is %s",
				     tree_get_kind_words(entries[i].value));
			result = -EINVAL;
		}
		merger_add_value(merger, entries[i].value);
	}
	return result;
}

static int merger_give(const struct merger *merger, struct tree *map, struct arena *arena)
{
	struct tree_entry *entries = arena_alloc_array(arena, merger->count, sizeof(*entries));
	size_t count = 0;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < merger->count; i++) {
		if (!merger->items[i].is_dropped)
			entries[count++] = merger->items[i].entry;
	}
	map->entries = entries;
	map->count = count;
	return 0;
}

int tree_finish_map(struct tree *map, const struct tree_entry *entries, size_t count,
		    struct arena *arena, struct report *report)
{
	struct merger merger = {};
	int error, repeated;

	for (size_t i = 0; i < count; i++)
		merger.capacity += tree_is_merge_key(entries[i].key)
					   ? merge_count_entries(entries[i].value)
					   : 1;
	/* Empty maps stay without entries. */
	if (merger.capacity > TREE_NODES_MAX) {
		report_error(report, map->place,
			     "this map merges %zu entries; a file has at most %u", merger.capacity,
			     TREE_NODES_MAX);
		return -EINVAL;
	}
	merger.items = arena_alloc_array(arena, merger.capacity, sizeof(*merger.items));
	if (!merger.items)
		return -ENOMEM;
	error = merger_collect(&merger, entries, count, report);
	repeated = merger_drop_repeated(&merger, arena, report);
	if (repeated == -ENOMEM || merger_give(&merger, map, arena))
		return -ENOMEM;
	return error ? error : repeated;
}
