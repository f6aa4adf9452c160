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

/* Defaults of options; the ring holds some ten thousand exec records. */
#define WIRE_RING_BYTES_DEFAULT		 (4 * 1024 * 1024)
#define WIRE_PROCESS_MAP_ENTRIES_DEFAULT 32768

/* Selectors of one policy on one function: a match vector has at most 16 words of 64 bits. */
#define WIRE_SELECTORS_MAX 1024
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
