/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to hook a function, best first, and what each needs. In: a function, and what its policies
 * want of it. Out: the ways that this kernel may offer for it, to be tried in order; or why there
 * is none.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "kernel/probe.h"
#include "kernel/functions.h"
#include "sensor/hook_template.h"

enum hook_mechanism {
	MECHANISM_FENTRY,
	MECHANISM_FMOD_RET,
	MECHANISM_KPROBE_MULTI,
	MECHANISM_KPROBE,
	MECHANISM_SUBSTITUTE,
	MECHANISMS
};

/* What people call it: "fentry", "fmod_ret", "kprobe.multi", "kprobe", "substitute". */
const char *mechanism_get_name(enum hook_mechanism mechanism);
/* Bits of mechanisms named in a list with commas; 0: a name is unknown. */
unsigned int mechanisms_parse(const char *names);

struct hook_substitute {
	enum hook_template template;
	const char *places; /* system calls or a tracepoint */
	const char *difference;
};

/* NULL: none. A system call's own function has one of its own, see below. */
const struct hook_substitute *substitute_find(const char *function, bool is_syscall);

struct hook_wish {
	const char *function; /* with the prefix of a system call's function, if it is one */
	bool is_syscall;
	bool at_return;
	bool overrides;
};

struct hook_offer {
	enum hook_mechanism mechanisms[MECHANISMS];
	unsigned int count;
	uint32_t btf_id; /* for trampolines; 0: none */
	bool exists;
};

/*
 * ALLOWED: bits of mechanisms. When there is no offer,
 * REASON says why not, and what would do instead.
 */
void hook_offer_find(struct hook_offer *out, const struct hook_wish *wish,
		     const struct kernel_features *features, struct kernel_functions *functions,
		     unsigned int allowed, struct buf *reason);
