/* SPDX-License-Identifier: Apache-2.0 */
/* Where the kernel's types are read from. In: places. Out: the first that is there. */
#pragma once

#include <limits.h>

#include "base/diag.h"

#define BTF_KERNEL_PATH "/sys/kernel/btf/vmlinux"

struct btf_places {
	const char *named;   /* --btf; "": not named */
	const char *kernel;  /* BTF_KERNEL_PATH */
	const char *library; /* --bpf-lib: metadata/vmlinux-RELEASE or btf in it */
};

/* The named file is not looked at: who opens it says what is wrong with it. -ENOENT: there is none
 * anywhere, and a line in DIAG. */
int btf_find(const struct btf_places *places, char out[PATH_MAX], struct diag *diag);
