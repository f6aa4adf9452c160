/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One hook's program: a template with this hook's configuration and memory in place of the
 * stand-ins. In: both. Out: a program descriptor that can be attached.
 */
#pragma once

#include "sensor/hook_template.h"

#include "wire/hook.h"

/* Maps that stand in templates and are replaced. */
struct hook_stand_ins {
	int config_fd, memory_fd, parked_fd, slot_fd;
};

struct hook_program {
	enum hook_template template;
	const struct wire_hook_config *config;
	int memory_fd;
	int parked_fd;			/* -1: this hook does not wait for returns */
	int slot_fd;			/* of ENTER; else -1 */
	unsigned int type, attach_type; /* enum bpf_prog_type, enum bpf_attach_type */
	unsigned int attach_btf_id;	/* of trampolines; 0: none */
	unsigned int flags;		/* BPF_F_SLEEPABLE, or 0 */
};

/* A descriptor, or a negative errno; the verifier's words at --log-level trace. */
int hook_program_load(const struct hook_templates *templates,
		      const struct hook_stand_ins *stand_ins, const struct hook_program *program);

/* A map with memory for two halves of rules, all zero: the first one holds. */
int hook_memory_new(uint32_t half_bytes);
/* A table for the two programs of a hook. */
int hook_slot_new(void);
/* A storage for calls that wait for their return, with room for BYTES of values each. */
int hook_parked_new(uint32_t bytes);
