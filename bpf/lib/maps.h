/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Maps of the process sensor, which hooks read too: weak, because both families are linked into one
 * object. Sizes marked "set before load" come from options of the daemon.
 */
#pragma once

#include "lib/kernel.h"

#include <bpf/bpf_helpers.h>

#include "wire/record.h"

const volatile struct wire_process_config config __weak;

/* 0, or BPF_RB_NO_WAKEUP while the reader polls by the clock: producers then leave it asleep. */
volatile __u32 reader_polls __weak;

/* Whether a process ever found no room in the process map. */
volatile bool map_was_full __weak;

/* Marks that a process keeps when it executes another file. */
volatile __u64 followed_marks[WIRE_MARK_WORDS] __weak;

/* Whether the start-up scan looks at the parents of tasks, or at the tasks. */
volatile bool seed_parents __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WIRE_RING_BYTES_PER_CPU); /* set before load */
} lifecycle_ring SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRE_RINGS);
	__type(key, __u32);
	__type(value, struct wire_ring_state);
} ring_states SEC(".maps") __weak;

/* Who is who, by thread group: written at fork and exec, removed by the last thread's exit. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_PROCESS_MAP_ENTRIES_DEFAULT); /* set before load */
	__type(key, __u32);
	__type(value, struct wire_process);
} processes SEC(".maps") __weak;

/* The programs of the three tracepoints at this moment. Three maps, because kernels refuse one for
 * programs of different tracepoints. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} process_fork_slot SEC(".maps") __weak, process_exec_slot SEC(".maps") __weak,
	process_exit_slot SEC(".maps") __weak;

/* A walk from a dentry to the root of its process; see lib/path.h. */
struct path_walk {
	const struct dentry *dentry, *root_dentry, *leaf;
	const struct vfsmount *mount, *root_mount;
	/* of `mount`: its parent, where it is mounted, its root */
	const void *mount_parent;
	const struct dentry *mountpoint, *mount_root;
	__u32 at;  /* the path found so far is path[at .. WIRE_PATH_BYTES_MAX) */
	__u32 end; /* enum path_end */
};

/* Where an exec record is put together, and a path walked; too large for the stack. */
struct exec_scratch {
	struct path_walk walk;
	char path[WIRE_PATH_BYTES_MAX + WIRE_NAME_BYTES_MAX];
	__u64 address; /* see address_of() */
	__u32 used;    /* bytes of record data */
	__u32 pad;
	struct wire_exec record;
	char data[6 * WIRE_PATH_BYTES_MAX]; /* continues `record`; six parts of at most a page */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct exec_scratch);
} exec_scratches SEC(".maps") __weak;

/* The task iterator can be preempted, so it does not share the scratch of the tracepoints. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct exec_scratch);
} seed_scratch SEC(".maps") __weak;

enum scratch_kind { SCRATCH_EXEC, SCRATCH_SEED };

static __always_inline struct exec_scratch *scratch_find(enum scratch_kind kind)
{
	__u32 zero = 0;

	if (kind == SCRATCH_SEED)
		return bpf_map_lookup_elem(&seed_scratch, &zero);
	return bpf_map_lookup_elem(&exec_scratches, &zero);
}

/*
 * A kernel pointer as a plain number. Functions that the verifier checks on their own, once, take
 * numbers only; that keeps its work from multiplying with every branch taken before the call.
 */
static __always_inline __u64 address_of(struct exec_scratch *scratch, const void *pointer)
{
	volatile __u64 *address = &scratch->address;

	*address = (__u64)pointer;
	return *address;
}
