/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a hook is called, and by what. An attachment holds the way in: a small program on the
 * function, or places in the tables of system calls. Programs do the work; they are put in and
 * replaced in one step each, without touching the function.
 */
#pragma once

#include "sensor/hook_mechanism.h"
#include "sensor/hook_program.h"

/* One place per system call, for hooks on it and for functions that it stands for. */
#define ATTACH_SUBSTITUTE_OFFSET WIRE_SYSCALLS_MAX
#define ATTACH_PLACES_MAX	 16

/* What all hooks share. */
struct attach_space {
	const struct hook_templates *templates;
	struct hook_stand_ins stand_ins;
	int entries_fd, exits_fd; /* of programs for system calls */
	/* the tail-calling programs on the tracepoints of system calls; links, -1: not attached */
	int dispatch_links[2];
	int dispatch_fds[2]; /* of these programs */
	unsigned int dispatch_users;
};

/* What is attached where. */
struct attach_target {
	const char *function;
	bool is_syscall;
	uint32_t btf_id; /* 0: not known */
};

enum { ATTACH_ENTRY, ATTACH_RETURN, ATTACH_MOMENTS };

struct attachment {
	bool is_there;
	enum hook_mechanism mechanism;
	const struct hook_substitute *substitute;
	uint32_t btf_id;
	int links[ATTACH_MOMENTS];  /* -1: not attached */
	int enters[ATTACH_MOMENTS]; /* the small programs, which all costs are counted for */
	int slots[ATTACH_MOMENTS];  /* where the programs go; -1: into the dispatch's */
	bool uses_dispatch;
};

struct attach_programs {
	int fds[ATTACH_MOMENTS]; /* -1: none */
};

void attachment_init(struct attachment *attachment);
/* Attaches the way in; without programs nothing happens there. AT_RETURN: also at the return. */
int attachment_open(struct attachment *out, struct attach_space *space,
		    enum hook_mechanism mechanism, const struct attach_target *target,
		    bool at_return);
/* Adds the return to one that is open. */
int attachment_add_return(struct attachment *attachment, struct attach_space *space,
			  const struct attach_target *target);
void attachment_drop_return(struct attachment *attachment);
void attachment_close(struct attachment *attachment, struct attach_space *space,
		      const struct attach_target *target);

/* Lets go of one that has names: it goes on, for the next agent. */
void attachment_forget(struct attachment *attachment, struct attach_space *space);

/* The programs on the tracepoints of system calls go, unless somebody needs them. */
void dispatch_drop_unused(struct attach_space *space);

/* Programs for ATTACHMENT, as CONFIG says. */
int attach_programs_load(struct attach_programs *out, const struct attach_space *space,
			 const struct attachment *attachment, const struct wire_hook_config *config,
			 int memory_fd, int parked_fd);
void attach_programs_init(struct attach_programs *programs);
void attach_programs_done(struct attach_programs *programs);
/* They take effect, in place of others. */
int attachment_put(const struct attachment *attachment, const struct attach_space *space,
		   const struct attach_target *target, const struct attach_programs *programs);

/* A raw tracepoint; a link, or a negative errno. */
int attach_raw_tracepoint(const char *name, int program_fd);
