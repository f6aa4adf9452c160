/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which functions the kernel's type information (BTF) knows, as a small index that stays: looking
 * one up costs nothing when a policy is loaded. The types themselves take megabytes (types.h).
 */
#pragma once

#include <stdint.h>

struct btf;
struct kernel_functions;

int kernel_functions_new(struct kernel_functions **out, const struct btf *btf);
void kernel_functions_free(struct kernel_functions *functions); /* NULL is fine */

/* The id of a function's type; 0: there is none of that name. */
uint32_t kernel_functions_find(const struct kernel_functions *functions, const char *name);
