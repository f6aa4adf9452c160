/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in BTF, by libbpf. */
#include "kernel/types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

struct kernel_types {
	struct btf *btf;
};

int kernel_types_open(struct kernel_types **out, const char *path)
{
	struct kernel_types *types = calloc(1, sizeof(*types));

	if (!types)
		return -ENOMEM;
	types->btf = path ? btf__parse(path, NULL) : btf__load_vmlinux_btf();
	if (!types->btf) {
		int error = -errno;

		free(types);
		return error;
	}
	*out = types;
	return 0;
}

void kernel_types_close(struct kernel_types *types)
{
	if (!types)
		return;
	btf__free(types->btf);
	free(types);
}

uint32_t kernel_types_find_function(const struct kernel_types *types, const char *name)
{
	int id = btf__find_by_name_kind(types->btf, name, BTF_KIND_FUNC);

	return id > 0 ? (uint32_t)id : 0;
}

static const struct btf_type *types_find_prototype(const struct kernel_types *types,
						   const char *name)
{
	uint32_t id = kernel_types_find_function(types, name);

	return id ? btf__type_by_id(types->btf, btf__type_by_id(types->btf, id)->type) : NULL;
}

int kernel_types_count_arguments(const struct kernel_types *types, const char *name)
{
	const struct btf_type *prototype = types_find_prototype(types, name);

	return prototype ? btf_vlen(prototype) : -1;
}

const char *kernel_types_get_struct(const struct kernel_types *types, const char *function,
				    unsigned int index)
{
	const struct btf_type *prototype = types_find_prototype(types, function);
	const struct btf_type *type;
	int id;

	if (!prototype || index >= btf_vlen(prototype))
		return NULL;
	id = btf__resolve_type(types->btf, btf_params(prototype)[index].type);
	type = id > 0 ? btf__type_by_id(types->btf, (uint32_t)id) : NULL;
	if (!type || !btf_is_ptr(type))
		return "";
	id = btf__resolve_type(types->btf, type->type);
	type = id > 0 ? btf__type_by_id(types->btf, (uint32_t)id) : NULL;
	return type && btf_is_composite(type) ? btf__name_by_offset(types->btf, type->name_off)
					      : "";
}

void kernel_types_suggest(const struct kernel_types *types, struct suggest *suggest)
{
	uint32_t count = btf__type_cnt(types->btf);

	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(types->btf, id);

		if (btf_is_func(type))
			suggest_offer(suggest, btf__name_by_offset(types->btf, type->name_off));
	}
}

bool kernel_has_symbol(const char *name)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], kind, symbol[256];
	bool is_found = false;

	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file)) {
		is_found = sscanf(line, "%*s %c %255s", &kind, symbol) == 2 &&
			   (kind == 't' || kind == 'T') && strcmp(symbol, name) == 0;
	}
	fclose(file);
	return is_found;
}
