/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook programs of bpf/hook.bpf.c as instructions: relocated once by libbpf, not loaded. In:
 * the object while it is loaded. Out: per program its instructions, from which each hook's own
 * programs are made (hook_program.h).
 *
 * So the kernel's types are read once for all hooks: loading a hook costs no more than the verifier
 * does.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

struct btf;

#define HOOK_TEMPLATES(row)                                                                        \
	row(ENTER, hook_enter) row(FENTRY, hook_fentry) row(FMOD_RET, hook_fmod_ret) row(          \
		FEXIT, hook_fexit) row(KPROBE, hook_kprobe) row(KPROBE_OVERRIDE,                   \
								hook_kprobe_override)              \
		row(KRETPROBE, hook_kretprobe) row(DISPATCH_ENTRY, hook_dispatch_entry) row(       \
			DISPATCH_EXIT, hook_dispatch_exit) row(SYS_ENTER, hook_sys_enter)          \
			row(SYS_EXIT, hook_sys_exit) row(NEW_DESCRIPTOR, hook_new_descriptor) row( \
				CONNECTING, hook_connecting) row(MARK_EXEC, hook_mark_exec)        \
				row(MARK_FORK, hook_mark_fork) row(MARK_SET, hook_mark_set) row(   \
					NOTE_EXEC, hook_note_exec) row(NOTE_FORK, hook_note_fork)  \
					row(NOTE_EXIT, hook_note_exit)                             \
						row(CGROUP_MADE, hook_cgroup_made)                 \
							row(CGROUP_REMOVED, hook_cgroup_removed)

enum hook_template {
#define HOOK_TEMPLATE(name, program) HOOK_TEMPLATE_##name,
	HOOK_TEMPLATES(HOOK_TEMPLATE)
#undef HOOK_TEMPLATE
		HOOK_TEMPLATE_COUNT
};

struct hook_code {
	struct bpf_insn *instructions; /* owned */
	size_t count;
	void *functions;			   /* owned; struct bpf_func_info records */
	uint32_t functions_count, functions_bytes; /* how many, and bytes of each */
	int btf_fd;				   /* the object's types; borrowed */
	/* owned; for each function the WIRE_USES_* without which nothing calls it, 0: always kept
	 */
	uint32_t *needs;
};

struct hook_templates {
	struct hook_code codes[HOOK_TEMPLATE_COUNT];
	int handler;			 /* libbpf's id, while registered */
	unsigned int verifier_log_level; /* for programs made from them */
};

/* From before the object is opened until it is loaded: its programs in "hook/" sections end up in
 * TEMPLATES. */
int hook_templates_begin(struct hook_templates *templates);
void hook_templates_end(struct hook_templates *templates);
/* TYPES: of the loaded object, for the names of functions. */
int hook_templates_find_needs(struct hook_templates *templates, const struct btf *types);
void hook_templates_done(struct hook_templates *templates);
