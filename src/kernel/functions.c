/* SPDX-License-Identifier: Apache-2.0 */
/* Names by their 64-bit hash, sorted: some fifty thousand of them, twelve bytes each. */
#include "kernel/functions.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/btf.h>

struct function {
	uint32_t hash[2]; /* high, low: without padding before the id */
	uint32_t id;
};

struct kernel_functions {
	uint32_t count;
	struct function list[];
};

/* FNV-1a, 64 bits. */
static struct function function_hash(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 0x100000001b3ULL;
	return (struct function){ .hash = { (uint32_t)(hash >> 32), (uint32_t)hash } };
}

static int function_compare(const void *a, const void *b)
{
	const struct function *one = a, *other = b;

	if (one->hash[0] != other->hash[0])
		return one->hash[0] < other->hash[0] ? -1 : 1;
	return (one->hash[1] > other->hash[1]) - (one->hash[1] < other->hash[1]);
}

int kernel_functions_new(struct kernel_functions **out, const struct btf *btf)
{
	uint32_t types = btf__type_cnt(btf), count = 0;
	struct kernel_functions *functions;

	for (uint32_t id = 1; id < types; id++)
		count += btf_is_func(btf__type_by_id(btf, id));
	functions = malloc(sizeof(*functions) + count * sizeof(functions->list[0]));
	if (!functions)
		return -ENOMEM;
	functions->count = 0;
	for (uint32_t id = 1; id < types; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (!btf_is_func(type))
			continue;
		functions->list[functions->count] =
			function_hash(btf__name_by_offset(btf, type->name_off));
		functions->list[functions->count++].id = id;
	}
	qsort(functions->list, functions->count, sizeof(functions->list[0]), function_compare);
	*out = functions;
	return 0;
}

void kernel_functions_free(struct kernel_functions *functions)
{
	free(functions);
}

uint32_t kernel_functions_find(const struct kernel_functions *functions, const char *name)
{
	struct function key = function_hash(name);
	const struct function *found = bsearch(&key, functions->list, functions->count,
					       sizeof(functions->list[0]), function_compare);

	return found ? found->id : 0;
}
