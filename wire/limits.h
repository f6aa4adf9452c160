/* SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only) */
/*
 * Every limit that the kernel side and the user side share, each with its reason. Reaching one is
 * counted or flagged in the event, never silent. Plain numbers only: this file is read by both
 * compilers.
 */
#pragma once

/* PATH_MAX of the kernel: what path-taking system calls accept, with the final NUL. */
#define WIRE_PATH_BYTES_MAX 4096
/* NAME_MAX of the kernel plus the slash before it; a power of two for the verifier. */
#define WIRE_NAME_BYTES_MAX 256
/* The shortest component takes two bytes ("/a"), so no path of PATH_MAX has more; mounts crossed
 * count too. */
#define WIRE_PATH_STEPS_MAX 2100
/* The same without bpf_loop (before 5.17), where the verifier walks each step: deeper paths are
 * flagged. */
#define WIRE_PATH_STEPS_UNROLLED 48

/* Names of a cgroup and of this many of its ancestors: a container's own nested groups stay below
 * it. */
#define WIRE_CGROUP_LEVELS    4
#define WIRE_CGROUP_BYTES_MAX 1024

/* Arguments up to this travel inside the exec record: one page holds all but a few in ten thousand.
 */
#define WIRE_INLINE_BYTES_MAX 4096
/* Longer arguments and environments travel ahead of it, in pieces of this size. */
#define WIRE_DATA_BYTES_MAX 8192
/* At most this many pieces for each of the two: 256 KiB; the rest is cut and the event says
 * truncArgs. */
#define WIRE_DATA_PIECES_MAX 32
#define WIRE_ARGS_BYTES_MAX  (WIRE_DATA_BYTES_MAX * WIRE_DATA_PIECES_MAX)

/* How far up a parent is looked for among processes that are known (upstream's bound). */
#define WIRE_PARENT_LEVELS_MAX 4

/*
 * Defaults of options. Rings grow with the machine: for each processor some two thousand exec
 * records, which is more than it can make while the agent loads a policy. A ring counts twice in
 * the agent's resident memory, because it is mapped twice.
 */
#define WIRE_RING_BYTES_PER_CPU		 (1024 * 1024)
#define WIRE_RING_BYTES_DEFAULT_MAX	 (32 * 1024 * 1024)
#define WIRE_PROCESS_MAP_ENTRIES_DEFAULT 32768

/* Selectors of all policies on one function: a vector has at most 64 words of 64 bits. */
#define WIRE_SELECTORS_MAX 4096
/* Values of one filter: a block list of some size; longer ones belong into a sink's pipeline. */
#define WIRE_FILTER_VALUES_MAX 16384
/* Values that one hook collects: twelve arguments are the most that a function's trampoline has,
 * and data beside them. */
#define WIRE_HOOK_VALUES_MAX 16
/* Prefixes and postfixes: an LPM trie of the kernel has keys of at most 256 bytes
 * (LPM_DATA_SIZE_MAX, 4.11). */
#define WIRE_PREFIX_BYTES_MAX 256
/* Substrings are searched by a bounded scan; upstream's bound is 100. */
#define WIRE_SUBSTRING_BYTES_MAX 128
/* Members that a `resolve` path crosses, dereferences included (upstream's bound is 10). */
#define WIRE_RESOLVE_STEPS_MAX 16
/* Sets of binaries and of pids that policies ask about, all policies together; a process carries a
 * bit for each (64 bytes of its entry in the process map). */
#define WIRE_MARKS_MAX	512
#define WIRE_MARK_WORDS (WIRE_MARKS_MAX / 64)
/* Words of a vector: WIRE_SELECTORS_MAX selectors on one function. */
#define WIRE_VECTOR_WORDS_MAX (WIRE_SELECTORS_MAX / 64)
/* Halvings that find a place among 131,072 ranges: four full lists of values on one argument. */
#define WIRE_RANGE_STEPS_MAX 17
/* Bytes that one text, path or buffer shows (PATH_MAX, upstream's bound for buffers too). */
#define WIRE_VALUE_BYTES_MAX 4096
/* Segments of an iovec that are looked at. */
#define WIRE_IOVEC_SEGMENTS_MAX 8
/* Values of one record: five of the longest kind, and what stands before them. */
#define WIRE_VALUES_BYTES_MAX (5 * (WIRE_VALUE_BYTES_MAX + 64))
/* Programs of hooks that can meet on one processor: a task, a soft interrupt and an interrupt. */
#define WIRE_HOOK_LEVELS 3
/* Conditions on bits, and further conditions on marks, of one value on one function. */
#define WIRE_MASKS_MAX 64
/* Marks of one process that one function's rules ask about, on kernels without bpf_loop. */
#define WIRE_MARKS_UNROLLED 64
/* Substrings that are searched in one value (upstream's bound is 100 per hook). */
#define WIRE_SUBSTRINGS_MAX 256
/* Hooks that act on one function, on kernels without bpf_loop. */
#define WIRE_ACTING_MAX 64
/* Policies that are counted one by one. */
#define WIRE_POLICIES_MAX 4096
/* Intervals and sockets that are remembered; the oldest are forgotten. */
#define WIRE_RATES_MAX	 8192
#define WIRE_TRACKED_MAX 16384
/* Functions and system calls that policies name, all together. */
#define WIRE_HOOKS_MAX 2048
/* Beginnings of paths: 2,048 bits, of which thousands of policies set few. */
#define WIRE_ROOT_FILTER_WORDS 32
/* Components and mounts up to which a path is looked at by its first component alone; the verifier
 * looks at each of them anew. */
#define WIRE_ROOT_FILTER_STEPS 16
/* Steps of a text of eight bytes each: the longest path. */
#define WIRE_TEXT_WORDS_MAX (WIRE_VALUE_BYTES_MAX / 8)
/* The same without bpf_loop: longer texts of policies are refused there. */
#define WIRE_TEXT_WORDS_UNROLLED 16
/* Policy records wait here for the agent, which looks every 5 ms. */
#define WIRE_POLICY_RING_BYTES_PER_CPU (512 * 1024)
/* System calls have smaller numbers (x86-64 has 470 of them). */
#define WIRE_SYSCALLS_MAX 512
/* cgroups of workloads: 250 pods of some containers each, with groups below them. */
#define WIRE_CGROUPS_MAX 32768
/* Namespaces and capabilities of processes that rules compare with. */
#define WIRE_BASELINES_MAX 32768
/* Raised when records, rules or maps change their meaning and not their size: agents of different
 * numbers do not take over from each other. */
#define WIRE_BORDER 1
