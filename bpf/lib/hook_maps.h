/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What hook programs read and write. `hook` and `hook_memory` are stand-ins: each loaded program
 * gets its own of both (src/sensor/hook_program.c), so that the verifier sees this hook's constants
 * and nothing else.
 */
#pragma once

#include "lib/maps.h"

#include "wire/hook.h"

const volatile struct wire_hook_config hook SEC(".rodata.hook");

/* Set while any policy tracks sockets. */
volatile __u32 socks_are_tracked __weak;

/* Two halves of hook.half_bytes each. A variable, because its address needs no lookup. */
struct wire_rules hook_memory SEC(".data.memory");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WIRE_POLICY_RING_BYTES_PER_CPU); /* set before load */
} policy_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRE_POLICIES_MAX);
	__type(key, __u32);
	__type(value, struct wire_policy_stats);
} policy_stats SEC(".maps");

/* What rows of masks ask about, by wire_mask_row.set; where there are no sets, the same thrice. */
struct mask_values {
	__u64 sets[3];
};

/* What a process had when rules looked at it last. */
struct baseline {
	__u64 exec_ns;
	struct mask_values capabilities; /* by enum wire_capability_set */
	__u32 namespaces[WIRE_NAMESPACES];
};

/* A record that is being put together, and a path being walked. Texts are named by their offset in
 * this struct. */
struct hook_scratch {
	__u32 busy;
	__u32 half;	 /* of the rules that this call goes by */
	__u32 has_alive; /* `alive` says something */
	__u32 is_nobody; /* nobody is left, whatever it says */
	__u32 pad;
	__u32 used; /* bytes of `data` */
	__u32 substring_is_found;
	struct {
		__u32 vector, node, lengths;
	} text; /* a search in a tree of texts */
	struct {
		__u64 bits;
		__u32 word;
		__u32 is_over;
	} marks;	     /* a walk over the marks of a process */
	struct baseline now; /* namespaces and capabilities of the process */
	__u32 bit;	     /* a selector, opaque to the verifier */
	__u32 socket_state;  /* that the socket is about to enter; 0: it is in it */
	__u64 arguments[6];
	__u64 result;
	__u64 alive[WIRE_VECTOR_WORDS_MAX];
	__u64 acting[WIRE_VECTOR_WORDS_MAX];  /* whose actions are still to come */
	__u64 posting[WIRE_VECTOR_WORDS_MAX]; /* told now */
	__u64 parking[WIRE_VECTOR_WORDS_MAX]; /* told at the return */
	__s64 override_error;		      /* what the function is to return; 0: what it does */
	__u64 numbers[WIRE_HOOK_VALUES_MAX];  /* of numbers: the value; of sockets: their address */
	__u32 places[WIRE_HOOK_VALUES_MAX];   /* of the value in `data`, behind the vector; 0: not
						 read */
	__u32 texts[WIRE_HOOK_VALUES_MAX];    /* offset of its text in this struct */
	__u32 text_bytes[WIRE_HOOK_VALUES_MAX];
	__u32 modes[WIRE_HOOK_VALUES_MAX];    /* of files */
	__u32 statuses[WIRE_HOOK_VALUES_MAX]; /* enum wire_value_status */
	struct path_walk walk;
	char path[WIRE_PATH_BYTES_MAX + WIRE_NAME_BYTES_MAX];
	struct wire_hook_event record;
	/* Continues the record: the words of the vector, then values. */
	char data[WIRE_VALUES_BYTES_MAX +
		  WIRE_VALUE_BYTES_MAX]; /* the last part is never used: room for the verifier */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRE_HOOK_LEVELS);
	__type(key, __u32);
	__type(value, struct hook_scratch);
} hook_scratches SEC(".maps");

/* Calls that wait for their return; a stand-in too: one storage per hook, with room for its values.
 */

/*
 * A stand-in too: the hook's program at one moment of its function. A map for each moment: kernels
 * refuse one for programs of different attach types.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} hook_slot SEC(".maps");

/* Updated by user space only, to wait until no program runs that saw rules from before. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, 1);
			__type(key, __u32);
			__type(value, __u32);
		});
} grace SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct wire_parked_call);
} hook_parked SEC(".maps");

struct rate_key {
	__u64 values; /* hash of them and of the hook */
	__u32 rate;   /* wire_actions.rate */
	__u32 scope;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WIRE_RATES_MAX);
	__type(key, struct rate_key);
	__type(value, __u64);
} rates SEC(".maps");

struct tracked_sock {
	struct wire_process_id owner;
	__u32 tid;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WIRE_TRACKED_MAX);
	__type(key, __u64);
	__type(value, struct tracked_sock);
} tracked_socks SEC(".maps");

/* Of living processes, while some hook asks for changes. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WIRE_BASELINES_MAX);
	__type(key, __u32);
	__type(value, struct baseline);
} baselines SEC(".maps");

/* cgroup id -> number of its workload; cgroups that are made below a known one are added in the
 * kernel. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WIRE_CGROUPS_MAX);
	__type(key, __u64);
	__type(value, __u32);
} workloads SEC(".maps");

/*
 * Programs for system calls where functions cannot be hooked, by number: those of the system call
 * itself, then those of functions that it stands for.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2 * WIRE_SYSCALLS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} syscall_entries SEC(".maps"), syscall_exits SEC(".maps");
