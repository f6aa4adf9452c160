/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel can do, found by trying and never by version. One row per feature; each is tried
 * once, when kernel_features_probe() is called.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"
#include "kernel/functions.h"

enum kernel_feature {
	KERNEL_BPF_LOOP,     /* helper bpf_loop */
	KERNEL_FENTRY,	     /* trampolines on functions */
	KERNEL_KPROBE,	     /* kprobes through perf events */
	KERNEL_LSM,	     /* BPF programs as security module, active */
	KERNEL_KPROBE_MULTI, /* one program on many functions, cheaply */
	KERNEL_OVERRIDE,     /* kprobes may replace return values where the kernel allows it */
	KERNEL_FEATURES,
};

struct kernel_features {
	bool has[KERNEL_FEATURES];
};

/* "bpf_loop", "BPF LSM". */
const char *kernel_feature_get_name(enum kernel_feature feature);

/* FUNCTIONS: an index of the types at BTF_PATH (NULL: the running kernel's own), which are read
 * anyway; may be NULL. */
int kernel_features_probe(struct kernel_features *out, const char *btf_path,
			  struct kernel_functions **functions);

/* Whether a kprobe may replace what FUNCTION returns: it is on the kernel's list for error
 * injection. */
bool kernel_can_inject(const char *function);

/* The tier in one line: which function hooks there are, or that substitutes take their place. */
void kernel_features_add_tier(struct buf *out, const struct kernel_features *features);

/*
 * Whether the process sensor can run at all: privileges, BTF at BTF_PATH. -EPERM or -ENOENT with a
 * line in DIAG.
 */
int kernel_check_requirements(const char *btf_path, struct diag *diag);
