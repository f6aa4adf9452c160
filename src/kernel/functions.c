/* SPDX-License-Identifier: Apache-2.0 */
/* Names by their 64-bit hash, sorted: some fifty thousand of them, sixteen bytes each. */
#include "kernel/functions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "base/cleanup.h"
#include "kernel/types.h"

/* A shape: four bits for how many arguments there are, and four for what each points to. */
#define SHAPE_ARGUMENTS_MAX 7
#define SHAPE_BITS	    4
_Static_assert(KERNEL_STRUCT_COUNT <= 1 << SHAPE_BITS, "a struct fits its place in a shape");

struct function {
	uint32_t hash[2]; /* high, low: without padding before the id */
	uint32_t id;
	uint32_t shape;
};

struct kernel_functions {
	char *missing, *suggestion; /* of the last question */
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

const char *kernel_struct_get_name(enum kernel_struct what)
{
	static const char *const names[KERNEL_STRUCT_COUNT] = { [KERNEL_STRUCT_ANY] = "",
								[KERNEL_STRUCT_OTHER] = "",
#define X(name, text) [KERNEL_STRUCT_##name] = text,
								KERNEL_STRUCTS(X)
#undef X
	};

	return names[what];
}

static enum kernel_struct struct_find(const char *name)
{
	for (enum kernel_struct i = KERNEL_STRUCT_OTHER + 1; i < KERNEL_STRUCT_COUNT; i++) {
		if (strcmp(kernel_struct_get_name(i), name) == 0)
			return i;
	}
	return KERNEL_STRUCT_OTHER;
}

/* By the ids of types: which of the structs each is. */
static uint8_t *structs_find(const struct btf *btf, uint32_t types)
{
	uint8_t *structs = calloc(types, sizeof(*structs));

	for (uint32_t id = 1; structs && id < types; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		structs[id] = btf_is_struct(type)
				      ? struct_find(btf__name_by_offset(btf, type->name_off))
				      : KERNEL_STRUCT_OTHER;
	}
	return structs;
}

static enum kernel_struct argument_find_struct(const struct btf *btf, const uint8_t *structs,
					       const struct btf_param *argument)
{
	int id = btf__resolve_type(btf, argument->type);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	if (!type || !btf_is_ptr(type))
		return KERNEL_STRUCT_OTHER;
	id = btf__resolve_type(btf, type->type);
	return id > 0 ? (enum kernel_struct)structs[id] : KERNEL_STRUCT_OTHER;
}

static uint32_t function_find_shape(const struct btf *btf, const uint8_t *structs,
				    const struct btf_type *function)
{
	const struct btf_type *prototype = btf__type_by_id(btf, function->type);
	uint32_t count = btf_vlen(prototype), shape;

	if (count > SHAPE_ARGUMENTS_MAX)
		count = SHAPE_ARGUMENTS_MAX + 1;
	shape = count;
	for (uint32_t i = 0; i < count && i < SHAPE_ARGUMENTS_MAX; i++)
		shape |= (uint32_t)argument_find_struct(btf, structs, &btf_params(prototype)[i])
			 << (i + 1) * SHAPE_BITS;
	return shape;
}

int kernel_functions_new(struct kernel_functions **out, const struct btf *btf)
{
	uint32_t types = btf__type_cnt(btf), count = 0;
	_cleanup_free_ uint8_t *structs = structs_find(btf, types);
	struct kernel_functions *functions;

	if (!structs)
		return -ENOMEM;
	for (uint32_t id = 1; id < types; id++)
		count += btf_is_func(btf__type_by_id(btf, id));
	functions = calloc(1, sizeof(*functions) + count * sizeof(functions->list[0]));
	if (!functions)
		return -ENOMEM;
	functions->count = 0;
	for (uint32_t id = 1; id < types; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		struct function *function = &functions->list[functions->count];

		if (!btf_is_func(type))
			continue;
		*function = function_hash(btf__name_by_offset(btf, type->name_off));
		function->id = id;
		function->shape = function_find_shape(btf, structs, type);
		functions->count++;
	}
	qsort(functions->list, functions->count, sizeof(functions->list[0]), function_compare);
	*out = functions;
	return 0;
}

void kernel_functions_free(struct kernel_functions *functions)
{
	if (!functions)
		return;
	free(functions->missing);
	free(functions->suggestion);
	free(functions);
}

static const struct function *functions_find(const struct kernel_functions *functions,
					     const char *name)
{
	struct function key = function_hash(name);

	return bsearch(&key, functions->list, functions->count, sizeof(functions->list[0]),
		       function_compare);
}

uint32_t kernel_functions_find(const struct kernel_functions *functions, const char *name)
{
	const struct function *found = functions_find(functions, name);

	return found ? found->id : 0;
}

bool kernel_functions_may_take(const struct kernel_functions *functions, const char *name,
			       unsigned int index, enum kernel_struct what)
{
	const struct function *function = functions_find(functions, name);
	const uint32_t mask = (1u << SHAPE_BITS) - 1;

	if (!function)
		return true;
	if (index >= (function->shape & mask))
		return (function->shape & mask) > SHAPE_ARGUMENTS_MAX;
	if (what == KERNEL_STRUCT_ANY || index >= SHAPE_ARGUMENTS_MAX)
		return true;
	return (function->shape >> (index + 1) * SHAPE_BITS & mask) == (uint32_t)what;
}

const char *kernel_functions_suggest(struct kernel_functions *functions, const char *name)
{
	struct suggest suggest = suggest_start(name);
	struct kernel_types *types = NULL;

	if (functions->missing && strcmp(functions->missing, name) == 0)
		return functions->suggestion;
	if (!kernel_types_open(&types, NULL))
		kernel_types_suggest(types, &suggest);
	free(functions->missing);
	free(functions->suggestion);
	functions->missing = strdup(name);
	functions->suggestion = suggest.best ? strdup(suggest.best) : NULL;
	kernel_types_close(types);
	return functions->suggestion;
}
