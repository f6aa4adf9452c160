/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attach point: the hooks of all policies on one function. In: its members. Out: rules in the
 * kernel, a program that goes by them, and what the bits of its records mean.
 *
 * A change has three steps: hook_stage() does everything that can fail and shows no effect,
 * hook_commit() makes it hold at once, hook_rollback() undoes the stage.
 */
#pragma once

#include "policy/rules.h"
#include "kernel/programs.h"
#include "sensor/hook_attach.h"

struct hook_owner; /* a policy, as the engine knows it */

/* What the bits of records of one generation mean. */
struct hook_view {
	struct hook_view *older;
	uint32_t generation;
	bool is_retired; /* its records have been read by the next tick but one */
	struct wire_hook_config config;
	struct rules_member *members;
	struct hook_owner **owners; /* one per member; a reference each */
	size_t count;
};

struct hook_space {
	struct attach_space attach;
	const struct kernel_features *features;
	const char *btf_path; /* NULL: the running kernel's own */
	struct kernel_functions *functions;
	unsigned int allowed; /* mechanisms */
	int grace_fd, grace_inner_fd;
	bool grace_is_due; /* rules were replaced since the last one */
	uint32_t generation;
	const struct rules_world *world;
	void (*ref_owner)(struct hook_owner *owner);
	void (*unref_owner)(struct hook_owner *owner);
	uint8_t numbers[WIRE_HOOKS_MAX]; /* taken ones */
};

struct hook {
	struct hook *next;
	char *function; /* with the prefix of a system call's function */
	bool is_syscall;
	bool is_touched; /* the engine's: by the change that it is making */
	bool is_left;	 /* goes on without us: its parts have names */
	uint32_t number;
	struct hook_view *views; /* newest first; NULL: nothing holds */
	/* what holds */
	struct attachment attachment;
	struct attach_programs programs;
	struct wire_hook_config config;
	int memory_fd, parked_fd;
	char *memory; /* mapped */
	/* what it cost when it was looked at, engine_stats.c */
	struct hook_measure {
		uint32_t generation; /* of the rules that `bytes` were counted for; 0: never */
		uint64_t bytes;
		struct kernel_program_stats last, more; /* more: since the look before */
	} measure;
	/* what is staged */
	struct hook_change {
		bool is_staged, has_program;
		bool adds_return; /* to the attachment that holds */
		struct rules rules;
		struct hook_view *view;
		struct attachment attachment; /* another one than holds */
		struct attach_programs programs;
		int memory_fd, parked_fd;
		char *memory;
	} change;
};

int hook_new(struct hook **out, struct hook_space *space, const char *function, bool is_syscall);
void hook_free(struct hook *hook, struct hook_space *space); /* detached or not */
/* Ends what is attached. */
void hook_detach(struct hook *hook, struct hook_space *space);

/*
 * MEMBERS may be none: then the commit detaches. -EOPNOTSUPP: this kernel cannot hook the function
 * as wished; -ENOENT: there is no such function; -ENOSPC; others. A line in DIAG with each.
 */
int hook_stage(struct hook *hook, struct hook_space *space, const struct rules_member *members,
	       struct hook_owner *const *owners, size_t count, struct diag *diag);
/* Whether the commit writes where programs may still read: then the caller waits for them first,
 * with hook_space_wait(), if that is due. */
bool hook_swaps_rules(const struct hook *hook);
void hook_commit(struct hook *hook, struct hook_space *space);
void hook_rollback(struct hook *hook, struct hook_space *space);

/* Once a second, with the ring just emptied: forgets what older records would have needed. */
void hook_expire_views(struct hook *hook, struct hook_space *space);
const struct hook_view *hook_find_view(const struct hook *hook, uint32_t generation);

/* Waits until no program runs that began before. */
void hook_space_wait(struct hook_space *space);
uint64_t hook_count_bytes(const struct hook *hook); /* kernel memory of programs and maps */
