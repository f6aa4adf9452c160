/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs of one hook, loaded and attached by one mechanism. In: a mechanism, a configuration,
 * memory. Out: links that hold the programs attached until they are closed.
 */
#pragma once

#include "sensor/hook_mechanism.h"
#include "sensor/hook_program.h"

/* One place per system call, for hooks on it and for functions that it stands for. */
#define ATTACH_SUBSTITUTE_OFFSET WIRE_SYSCALLS_MAX
#define ATTACH_LINKS_MAX	 2
#define ATTACH_SLOTS_MAX	 16

/* What all hooks share. */
struct attach_space {
	const struct hook_templates *templates;
	struct hook_stand_ins stand_ins;
	int entries_fd, exits_fd; /* of programs for system calls */
	/* the tail-calling programs on the tracepoints of system calls; links, -1: not attached */
	int dispatch_links[2];
	unsigned int dispatch_users;
};

struct attachment {
	enum hook_mechanism mechanism;
	const struct hook_substitute *substitute;
	int entry_fd, exit_fd; /* programs; -1: none */
	int links[ATTACH_LINKS_MAX];
	unsigned int links_count;
	bool uses_dispatch;
};

/* What is attached where. */
struct attach_target {
	const char *function;
	bool is_syscall;
	uint32_t btf_id;
	const struct wire_hook_config *config;
	int memory_fd, parked_fd;
};

/*
 * Loads, and attaches what does not take effect by itself: programs of another epoch stay silent.
 * Programs for system calls only get their places with attachment_enter(). LOG: the verifier's
 * words, may be NULL.
 */
int attachment_load(struct attachment *out, struct attach_space *space,
		    enum hook_mechanism mechanism, const struct attach_target *target);
int attachment_enter(struct attachment *attachment, struct attach_space *space,
		     const struct attach_target *target);
/* Takes places back that are not another attachment's by now. REPLACED: another one has taken them
 * over. */
void attachment_leave(struct attachment *attachment, struct attach_space *space,
		      const struct attach_target *target, bool replaced);
void attachment_init(struct attachment *attachment);

/* A raw tracepoint; a link, or a negative errno. */
int attach_raw_tracepoint(const char *name, int program_fd);
