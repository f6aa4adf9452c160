/* SPDX-License-Identifier: Apache-2.0 */
/* The table comes from the kernel's header that this was built with. */
#include "kernel/syscalls.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

static const struct {
	const char *name;
	int number;
} syscall_rows[] = {
#define SYSCALL_NAME(name) { #name, __NR_##name },
#include "syscall_names.def"
#undef SYSCALL_NAME
};

char *syscall_get_function(const char *name)
{
	char *function;

	if (strncmp(name, "__", 2) == 0)
		return strdup(name);
	return asprintf(&function, SYSCALL_PREFIX "%s", name) < 0 ? NULL : function;
}

const char *syscall_strip_prefix(const char *name)
{
	if (strncmp(name, SYSCALL_PREFIX, strlen(SYSCALL_PREFIX)) == 0)
		name += strlen(SYSCALL_PREFIX);
	if (strncmp(name, "sys_", 4) == 0)
		name += 4;
	return name;
}

int syscall_find_number(const char *name)
{
	name = syscall_strip_prefix(name);
	for (size_t i = 0; i < sizeof(syscall_rows) / sizeof(syscall_rows[0]); i++) {
		if (strcmp(syscall_rows[i].name, name) == 0)
			return syscall_rows[i].number;
	}
	return -1;
}

const char *syscall_get_name(size_t row)
{
	return row < sizeof(syscall_rows) / sizeof(syscall_rows[0]) ? syscall_rows[row].name : NULL;
}
