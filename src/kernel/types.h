/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of the kernel and their arguments, from its type information (BTF). It takes some
 * megabytes while it is open: open, ask, close.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/suggest.h"

struct kernel_types;

/* PATH NULL: the running kernel's own. */
int kernel_types_open(struct kernel_types **out, const char *path);
void kernel_types_close(struct kernel_types *types); /* NULL is fine */

/* The id of a function; 0: there is none of that name. */
uint32_t kernel_types_find_function(const struct kernel_types *types, const char *name);
/* How many arguments it takes; -1: no such function. */
int kernel_types_count_arguments(const struct kernel_types *types, const char *name);
/*
 * What an argument points to ("file" for struct file *), "" if it is no pointer to a struct, NULL
 * if there is no such argument. Valid while TYPES is open.
 */
const char *kernel_types_get_struct(const struct kernel_types *types, const char *function,
				    unsigned int index);
/* Offers the names of all functions. */
void kernel_types_suggest(const struct kernel_types *types, struct suggest *suggest);

/* Whether a function of that name is in /proc/kallsyms, which also knows those without type
 * information. */
bool kernel_has_symbol(const char *name);
