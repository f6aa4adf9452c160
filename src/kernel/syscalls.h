/* SPDX-License-Identifier: Apache-2.0 */
/* System calls of this architecture: names and numbers, and the functions that serve them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The prefix of functions that serve system calls, before "sys_read". */
#if defined(__aarch64__)
#define SYSCALL_PREFIX "__arm64_"
#else
#define SYSCALL_PREFIX "__x64_"
#endif

/* NAME: "read", "sys_read" or "__x64_sys_read". -1: this architecture has none of that name. */
int syscall_find_number(const char *name);
/* The kernel's function for "sys_read", or the one that is named: "__x64_sys_read". Owned by the
 * caller. */
char *syscall_get_function(const char *name);
/* The same without prefixes: "read". */
const char *syscall_strip_prefix(const char *name);

/* All of them, by name: row ROW of the table; NULL: there are no more. */
const char *syscall_get_name(size_t row);
