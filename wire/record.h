/* SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only) */
/*
 * The kernel/user border: records in the lifecycle ring and values of the maps. Fixed-width types,
 * explicit padding, no pointers. Times are boot-clock nanoseconds; ids are those of the initial
 * namespaces.
 *
 * A process image is named by (pid, exec_ns): the thread group's number and the time of its last
 * execve, or of its start while it has not called execve. The kernel side decides both names, user
 * space never guesses.
 */
#pragma once

#ifdef __bpf__
#include "lib/kernel.h"
#else
#include <linux/types.h>
#endif

#include "wire/limits.h"

#define RECORD_KIND(name, text, type) WIRE_RECORD_##name,
enum wire_record_kind {
	WIRE_RECORD_NONE,
#include "wire/record_kinds.def"
	WIRE_RECORD_KINDS,
};
#undef RECORD_KIND

#define DROP_REASON(name, text, advice) WIRE_DROP_##name,
enum wire_drop_reason {
#include "wire/drop_reasons.def"
	WIRE_DROP_REASONS,
};
#undef DROP_REASON

#define PROCESS_FLAG(name, bit, word) WIRE_PROCESS_##name = 1U << (bit),
enum wire_process_flag {
#include "wire/process_flags.def"
};
#undef PROCESS_FLAG

/* Kept out of the public words: a kernel thread (its events stay inside the agent). */
#define WIRE_PROCESS_KERNEL_THREAD (1U << 31)

/* The name of a process image. exec_ns 0: unknown. */
struct wire_process_id {
	__u64 exec_ns;
	__u32 pid;
	__u32 pad;
};

struct wire_header {
	__u32 bytes;	/* of the whole record */
	__u16 kind;	/* enum wire_record_kind */
	__u16 cpu;	/* whose sequence `sequence` belongs to */
	__u64 sequence; /* per processor and ring, from 1; a lost record leaves its number out */
	__u64 time_ns;	/* when it happened */
};

enum wire_namespace {
	WIRE_NS_UTS,
	WIRE_NS_IPC,
	WIRE_NS_MNT,
	WIRE_NS_PID,
	WIRE_NS_PID_FOR_CHILDREN,
	WIRE_NS_NET,
	WIRE_NS_TIME,
	WIRE_NS_TIME_FOR_CHILDREN,
	WIRE_NS_CGROUP,
	WIRE_NS_USER,
	WIRE_NAMESPACES,
};

struct wire_credentials {
	__u64 permitted; /* capability sets, bit = number */
	__u64 effective;
	__u64 inheritable;
	__u32 uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
	__u32 securebits;
	__u32 pad;
};

/* How execve raised the privileges of the process (wire_exec.privileges). */
#define WIRE_PRIVILEGES_FILE_CAPS (1U << 0) /* capabilities of the file */
#define WIRE_PRIVILEGES_SETUID	  (1U << 1) /* its set-user-ID bit changed the effective user */
#define WIRE_PRIVILEGES_SETGID	  (1U << 2) /* its set-group-ID bit changed the effective group */

/*
 * A thread group as the kernel sees it at execve, and once for each that is older than the agent.
 * Behind it stand `binary_bytes` .. `environment_bytes` bytes in this order: path of the file that
 * runs (walked), name given to execve, current directory (walked), cgroup names, arguments,
 * environment; no terminators between.
 */
struct wire_exec {
	struct wire_header header;
	struct wire_process_id id;
	struct wire_process_id parent;	 /* of real_parent at this moment */
	struct wire_process_id previous; /* the image that execve replaced */
	__u64 start_ns;			 /* of the thread group leader */
	__u64 cgroup_id;
	__u64 file_inode;
	struct wire_credentials credentials;
	__u32 namespaces[WIRE_NAMESPACES];
	__u32 flags;
	__u32 login_uid;     /* 4294967295: not set */
	__u32 namespace_pid; /* pid in the innermost pid namespace, 0 in the initial one */
	__u32 file_links;    /* of the executable's inode; 0: deleted, or never had a name */
	__u32 privileges;    /* WIRE_PRIVILEGES_* */
	__u32 args_total;    /* bytes of argv with its NULs, before any limit */
	__u32 environment_total;
	/* Bytes that stand behind this struct, in this order. */
	__u32 binary_bytes;
	__u32 filename_bytes;
	__u32 cwd_bytes;
	__u32 cgroup_bytes;
	__u32 args_bytes; /* here; when 0 and args_total is not, they came in wire_data records just
			     before */
	__u32 environment_bytes;
	__u32 tid;
};

struct wire_fork {
	struct wire_header header;
	struct wire_process_id id;
	struct wire_process_id parent;
	__u64 start_ns;
	__u32 flags;
	__u32 namespace_pid;
};

struct wire_exit {
	struct wire_header header;
	struct wire_process_id id; /* exec_ns 0: the kernel side did not know the process */
	__u64 start_ns;
	__u32 code; /* as wait(2) reports it: status << 8 | signal */
	__u32 flags;
};

enum wire_data_part { WIRE_DATA_ARGS, WIRE_DATA_ENVIRONMENT };

/* A piece of long arguments; belongs to the next wire_exec record of the same processor. */
struct wire_data {
	struct wire_header header;
	__u32 pid;
	__u32 part;   /* enum wire_data_part */
	__u32 offset; /* of this piece */
	__u32 bytes;  /* of this piece that are meant */
	char data[WIRE_DATA_BYTES_MAX];
};

/* Value of the process map, keyed by pid (thread group). */
struct wire_process {
	__u64 exec_ns;
	__u64 start_ns;
	struct wire_process_id parent;
	__u32 flags;
	__u32 pad;
	__u64 marks[WIRE_MARK_WORDS]; /* what policies know of its binaries and ancestors */
};

/* Records of different rings cannot hide each other: a flood of one is a loss of that one only. */
enum wire_ring { WIRE_RING_LIFECYCLE, WIRE_RING_POLICY, WIRE_RINGS };

/* One per ring and processor: numbers given out, and what was lost of them. */
struct wire_ring_state {
	__u64 sequence;
	__u64 drops[WIRE_RECORD_KINDS][WIRE_DROP_REASONS];
	__u64 untracked; /* processes that found the process map full; their events lack the parent
			  */
	__u32 scratch_busy;
	__u32 pad;
};

/* What user space sets before load; the verifier removes the branches that are not taken. */
struct wire_process_config {
	__u32 has_bpf_loop;
	__u32 with_environment;
};

_Static_assert(sizeof(struct wire_header) == 24, "wire_header has no hidden padding");
_Static_assert(sizeof(struct wire_credentials) == 64, "wire_credentials has no hidden padding");
_Static_assert(sizeof(struct wire_exec) == 256, "wire_exec has no hidden padding");
_Static_assert(sizeof(struct wire_fork) == 72, "wire_fork has no hidden padding");
_Static_assert(sizeof(struct wire_exit) == 56, "wire_exit has no hidden padding");
_Static_assert(sizeof(struct wire_data) == 40 + WIRE_DATA_BYTES_MAX,
	       "wire_data has no hidden padding");
