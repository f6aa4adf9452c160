/* SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only) */
/*
 * The kernel/user border of hooks: what a hook program is told (configuration before it is loaded,
 * rules while it runs), and what it tells (records in the policy ring).
 *
 * Rules are one run of bytes per hook, written by user space (src/policy/rules.c) into one half of
 * the hook's memory and made valid by one store. Each selector of each policy on the hook owns one
 * bit of a vector. Every table answers a vector: the selectors that are still possible, given the
 * value that it was asked about. A selector that does not ask is in every answer; negations are
 * worked into the answers. All offsets are in bytes from the start of the half, multiples of 8; 0
 * is no table.
 */
#pragma once

#include "wire/limits.h"
#include "wire/record.h"

#define ARG_TYPE(name, id, word, class, field, group) WIRE_ARG_##name = (id),
#define ARG_TYPE_ALIAS(word, name)
enum wire_arg_type {
#include "wire/arg_types.def"
};
#undef ARG_TYPE
#undef ARG_TYPE_ALIAS

#define HOOK_TABLE(name, text, form) WIRE_TABLE_##name,
enum wire_hook_table {
#include "wire/hook_tables.def"
	WIRE_HOOK_TABLES,
};
#undef HOOK_TABLE

#define TASK_TABLE(name, text, form) WIRE_TASK_##name,
enum wire_task_table {
#include "wire/task_tables.def"
	WIRE_TASK_TABLES,
};
#undef TASK_TABLE

/* ---- configuration, read-only data of one program ---------------------------------------------
 */

enum wire_value_from {
	WIRE_FROM_ARGUMENT, /* `index`th argument of the function */
	WIRE_FROM_RETURN,   /* what the function returned */
	WIRE_FROM_TASK,	    /* the task_struct that calls */
};

/* wire_hook_value.flags */
#define WIRE_VALUE_USER	  (1U << 0) /* pointers point into user memory: arguments of system calls */
#define WIRE_VALUE_LATE	  (1U << 1) /* read when the function returns */
#define WIRE_VALUE_SIGNED (1U << 2) /* numbers of the table NUMBER are biased */

/* Added to signed numbers, so that all tables are sorted as unsigned ones. */
#define WIRE_SIGN_BIAS (1ULL << 63)

/* A step from an argument to a member: the address moves by `offset`, then what stands there is
 * taken. */
struct wire_step {
	__u32 offset;
	__u32 is_pointer; /* follow it */
};

struct wire_hook_value {
	__u16 type; /* enum wire_arg_type */
	__u8 from;  /* enum wire_value_from */
	__u8 index;
	__u8 size_from;	  /* argument with the size + 1; 0: none */
	__u8 second;	  /* GAINED: slot of the new set */
	__u16 flags;	  /* WIRE_VALUE_* */
	__u32 tables;	  /* bit per enum wire_hook_table that has a table */
	__u16 text_words; /* longest text of TEXT and TEXT_END, in words of 8 bytes */
	__u16 steps_count;
	struct wire_step steps[WIRE_RESOLVE_STEPS_MAX];
};

/* wire_hook_config.flags */
#define WIRE_HOOK_SYSCALL  (1U << 0) /* the only argument is the registers of a system call */
#define WIRE_HOOK_RETURNS  (1U << 1) /* something waits for the return */
#define WIRE_HOOK_ACTS	   (1U << 2) /* there are selectors with more to do than to post */
#define WIRE_HOOK_OVERRIDE (1U << 3) /* the return value may be replaced */
#define WIRE_HOOK_SOCKS	   (1U << 4) /* tracked sockets name the process */

/*
 * wire_hook_config.uses: what of the program this hook needs. Functions for anything else are not
 * loaded (src/sensor/hook_code.c); of what is left the verifier removes what is never reached.
 */
#define WIRE_USES_RANGES      (1U << 0)
#define WIRE_USES_WIDE_RANGES (1U << 1)
#define WIRE_USES_TEXTS	      (1U << 2)
#define WIRE_USES_MASKS	      (1U << 3)
#define WIRE_USES_SUBSTRINGS  (1U << 4)
#define WIRE_USES_MARKS	      (1U << 5)
#define WIRE_USES_TASK	      (1U << 6)
#define WIRE_USES_RETURNS     (1U << 7)
#define WIRE_USES_MARKING     (1U << 8)
#define WIRE_USES_FILES	      (1U << 9)	 /* values that are a path */
#define WIRE_USES_NETWORK     (1U << 10) /* sockets, packets, addresses */
#define WIRE_USES_CREDENTIALS (1U << 11) /* credentials, user namespaces */
#define WIRE_USES_BUFFERS     (1U << 12)
#define WIRE_USES_NUMBERS     (1U << 13)
#define WIRE_USES_STRINGS     (1U << 14) /* values that are a text and no path */

struct wire_hook_config {
	__u32 hook;	   /* its number, told in records */
	__u32 flags;	   /* WIRE_HOOK_* */
	__u32 words;	   /* of a vector */
	__u32 half_bytes;  /* room for rules */
	__u32 task_tables; /* bit per enum wire_task_table */
	__u32 values_count;
	__u32 has_bpf_loop;
	__u32 parked_bytes; /* room for values that wait for the return */
	__u32 uses;	    /* WIRE_USES_* */
	__u32 pad;
	__u32 arguments_count; /* of the function, as far as anybody reads them */
	__u32 filtered; /* argument + 1 that is a struct file whose path is asked for; 0: none */
	__u8 order[WIRE_HOOK_VALUES_MAX]; /* slots, cheapest to read first */
	struct wire_hook_value values[WIRE_HOOK_VALUES_MAX];
};

/* ---- rules
 * --------------------------------------------------------------------------------------- */

struct wire_table {
	__u32 at;     /* the table; 0: none */
	__u32 absent; /* vector when there is no such value (unreadable, another family) */
};

struct wire_value_rules {
	struct wire_table tables[WIRE_HOOK_TABLES];
	__u32 wanted; /* vector: selectors whose events show this value */
	__u32 pad;
};

struct wire_rules {
	/* Of the first half only: whose rules hold, 0 or 1. Rules are written behind it. */
	__u32 half;
	__u32 half_pad;
	__u32 generation;
	__u32 bytes;  /* of all rules */
	__u32 all;    /* vector: selectors that there are */
	__u32 acts;   /* vector: selectors with a row to be looked at, see struct wire_selector */
	__u32 filter; /* struct wire_root_filter; 0: none */
	__u32 pad;
	__u32 selectors; /* array of struct wire_selector, one per bit */
	__u32 selectors_count;
	struct wire_table task[WIRE_TASK_TABLES];
	struct wire_value_rules values[WIRE_HOOK_VALUES_MAX];
};

/* RANGES: `count` starts, ascending, the first 0; then as many offsets of vectors. A value belongs
 * to the last start that is not above it. */
struct wire_ranges {
	__u32 count;
	__u32 vectors; /* array of __u32 */
	__u64 starts[];
};

/* WIDE_RANGES: the same with numbers of 128 bits. */
struct wire_wide {
	__u64 high, low;
};

struct wire_wide_ranges {
	__u32 count;
	__u32 vectors;
	struct wire_wide starts[];
};

/* MASKS: each row whose test fails removes its selectors. */
struct wire_mask_row {
	__u64 mask;
	__u32 is_negated;	 /* the test: some bit of the mask is set; negated: none is */
	__u32 failing;		 /* vector of the selectors that stay when it fails */
	__u32 set;		 /* capabilities: which set (enum wire_capability_set) */
	__u32 in_user_namespace; /* the test also wants a user namespace that is not the initial one
				  */
};

struct wire_masks {
	__u32 count;
	__u32 pad;
	struct wire_mask_row rows[];
};

enum wire_capability_set {
	WIRE_CAPABILITIES_EFFECTIVE,
	WIRE_CAPABILITIES_INHERITABLE,
	WIRE_CAPABILITIES_PERMITTED
};

/*
 * TEXT: a tree of texts, eight bytes a step, kept as one hash table. A text's last one to eight
 * bytes are a cell of that length; cells of eight bytes lead on. Looked up by (node, length,
 * bytes), which is exact: nothing else is compared. A cell stands at one of two places.
 */
struct wire_text_cell {
	__u64 word;	    /* the bytes, first one lowest, rest 0 */
	__u32 node;	    /* that it belongs to */
	__u16 bytes;	    /* 1 to 8; 0: no cell */
	__u16 next_lengths; /* of the node that it leads to */
	__u32 next;	    /* that node */
	__u32 going_on;	    /* vector when the text goes on behind it */
	__u32 ending;	    /* vector when it ends here */
	__u32 pad;
};

struct wire_text {
	__u32 mask;    /* number of cells - 1 */
	__u32 lengths; /* bit N-1: the root has cells of N bytes */
	__u32 none;    /* vector when no cell is found */
	__u32 empty;   /* vector for the empty text */
	struct wire_text_cell cells[];
};

#define WIRE_TEXT_HASH_A 0x9e3779b97f4a7c15ULL
#define WIRE_TEXT_HASH_B 0xc2b2ae3d27d4eb4fULL

/*
 * The places of a cell: the upper half of its hash, and of that times HASH_A, modulo the size.
 * Folded between two multiplications: one alone moves a difference only upwards, and texts often
 * differ in the last byte of a step alone.
 */
static inline __attribute__((always_inline)) __u64 wire_text_hash(__u64 word, __u32 node,
								  __u32 bytes)
{
	__u64 hash = word * WIRE_TEXT_HASH_A + ((__u64)node << 4 | bytes) * WIRE_TEXT_HASH_B;

	return (hash ^ hash >> 32) * WIRE_TEXT_HASH_B;
}

/* SUBSTRINGS: rows of the same filter stand together; when none of them is found its selectors are
 * removed. */
struct wire_substring {
	char text[WIRE_SUBSTRING_BYTES_MAX + 8]; /* rest 0; lower case if the case is ignored */
	__u32 bytes;
	__u32 ignores_case;
	__u32 is_last; /* of its filter */
	__u32 failing; /* vector of the selectors that stay when none was found */
};

struct wire_substrings {
	__u32 count;
	__u32 pad;
	struct wire_substring rows[];
};

/*
 * What the paths that rules ask for begin with: up to four bytes behind the first slash, the next
 * slash among them. A call about a file elsewhere ends there, before a path is put together. It is
 * there only when nobody is left whose path is not one of the texts.
 */
struct wire_root_filter {
	__u32 lengths; /* bit N: some beginning has N bytes (1 to 4) */
	__u32 pad;
	__u64 bits[WIRE_ROOT_FILTER_WORDS];
};

static inline __attribute__((always_inline)) __u32 wire_root_filter_bit(__u32 bytes, __u32 length)
{
	__u32 hash = (bytes ^ length << 28) * 0x9e3779b1U;

	return (hash >> 16) & (WIRE_ROOT_FILTER_WORDS * 64 - 1);
}

/*
 * MARKS: what a process is marked with (wire_process.marks). A process without marks that matter
 * gets `none`. Else for each mark that it has: `with` is what its selectors want, `without` those
 * who forbid it. result = (free | OR of all with) & ~OR of all without, then the rows of MASKS that
 * follow.
 */
struct wire_mark {
	__u32 with, without; /* vectors */
};

struct wire_marks {
	__u64 relevant[WIRE_MARK_WORDS]; /* marks that any selector of this hook asks about */
	__u32 none;
	__u32 free;  /* vector: selectors that want no mark */
	__u32 marks; /* array of WIRE_MARKS_MAX __u32: offset of struct wire_mark, 0: none */
	__u32 rows;  /* array of struct wire_mark_row */
	__u32 rows_count;
	__u32 pad;
};

/* A further condition on marks of a selector that has several. */
struct wire_mark_row {
	__u32 mark;
	__u32 is_negated;
	__u32 failing;
	__u32 pad;
};

/* For one process: bits that go, and bits that come. */
struct wire_mark_change {
	struct wire_process_id id;
	__u64 clear[WIRE_MARK_WORDS];
	__u64 set[WIRE_MARK_WORDS];
};

/* What a selector does besides posting; wire_selector.flags. */
#define WIRE_ACT_NO_POST    (1U << 0)
#define WIRE_ACT_SIGNAL	    (1U << 1) /* `signal`, SIGKILL too */
#define WIRE_ACT_OVERRIDE   (1U << 2) /* `error` */
#define WIRE_ACT_TRACK	    (1U << 3) /* the socket in slot `socket` */
#define WIRE_ACT_UNTRACK    (1U << 4)
#define WIRE_ACT_RATE_LIMIT (1U << 5)
#define WIRE_ACT_RETURNS    (1U << 6) /* its event is told at the return */
#define WIRE_ACT_MONITOR    (1U << 7) /* enforcing actions are only counted */

enum wire_rate_scope { WIRE_RATE_THREAD, WIRE_RATE_PROCESS, WIRE_RATE_GLOBAL };

struct wire_actions {
	__u32 flags; /* WIRE_ACT_* */
	__s32 signal;
	__s32 error;
	__u32 socket;
	__u64 rate_ns;
	__u32 rate_scope;
	__u32 rate; /* whose limit: stays when other policies come and go */
};

struct wire_selector {
	__u32 last;  /* bit of the last selector of the same policy on this hook: the first that
			matches silences the others */
	__u32 stats; /* index in policy_stats */
	struct wire_actions entry;
	struct wire_actions at_return;
};

/* ---- counters, one per policy and processor
 * ------------------------------------------------------- */

struct wire_policy_stats {
	__u64 matched; /* of selectors that are looked at in the kernel; the others are counted from
			  their records */
	__u64 enforced;
	__u64 would_enforce; /* mode monitor */
	__u64 rate_limited;
	__u64 dropped;	/* matched, and the ring was full */
	__u64 unparked; /* matched, and what was to be told at the return found no place */
};

/* ---- records
 * -------------------------------------------------------------------------------------- */

/* wire_hook_event.flags */
#define WIRE_EVENT_AT_RETURN (1U << 0)
#define WIRE_EVENT_OWNER     (1U << 1) /* the process is the one that tracks the socket */

/*
 * A call that selectors matched. Behind it stand `words` words of the vector of those selectors (of
 * several of one policy the lowest is meant), then `values` values, each a struct wire_value and
 * its bytes, padded to 8.
 */
struct wire_hook_event {
	struct wire_header header;
	struct wire_process_id id;
	__u32 tid;
	__u32 hook;
	__u32 generation; /* of the rules that matched */
	__u32 flags;	  /* WIRE_EVENT_* */
	__u16 words;
	__u16 values;
	__u32 pad;
};

/* What waits for the return of a call: the record as it was at the entry. */
struct wire_parked_call {
	__u64 vector[WIRE_VECTOR_WORDS_MAX];
	__u64 arguments[6];
	__u64 numbers[WIRE_HOOK_VALUES_MAX];
	__u32 places[WIRE_HOOK_VALUES_MAX];
	__u32 used, values;
	char data[8]; /* wire_hook_config.parked_bytes of them */
};

#define WIRE_PARKED_HEAD_BYTES (sizeof(struct wire_parked_call) - 8)

enum wire_value_status {
	WIRE_VALUE_OK,
	WIRE_VALUE_UNREADABLE,
	WIRE_VALUE_CUT,	    /* BYTES: there was more; FILE: the path is not complete */
	WIRE_VALUE_NO_ROOM, /* the record is full */
};

struct wire_value {
	__u16 slot;
	__u16 status; /* enum wire_value_status */
	__u32 bytes;  /* that follow, without padding */
};

/* What stands behind a wire_value, by the type's class; numbers are 8 bytes, TEXT is bytes. */

struct wire_bytes {
	__u64 total; /* before it was cut; the bytes follow */
};

struct wire_file {
	__u32 mode; /* 0: not known */
	__u32 pad;  /* the path follows */
};

struct wire_socket {
	__u64 cookie;
	__u64 source[2]; /* network byte order; IPv4 in the first four bytes */
	__u64 destination[2];
	__u32 mark;
	__u32 priority;
	__u16 family;
	__u16 type;
	__u16 protocol;
	__u16 source_port; /* host byte order */
	__u16 destination_port;
	__u8 state;
	__u8 pad[5];
};

struct wire_packet {
	__u64 source[2];
	__u64 destination[2];
	__u32 hash;
	__u32 length;
	__u32 mark;
	__u32 priority;
	__u16 family;
	__u16 protocol;	     /* of the transport */
	__u16 link_protocol; /* skb->protocol, host byte order */
	__u16 source_port;
	__u16 destination_port;
	__u16 security_path_length;
	__u16 security_path_old_length;
	__u16 pad;
};

struct wire_address {
	__u64 address[2];
	__u16 family;
	__u16 port;
	__u32 pad;
};

struct wire_unix_address {
	__u32 family;
	__u32 pad; /* the path follows; a leading NUL marks an abstract name */
};

struct wire_user_namespace {
	__u32 level;
	__u32 uid, gid;
	__u32 inode;
};

struct wire_cred {
	struct wire_credentials credentials;
	struct wire_user_namespace user_namespace;
};

_Static_assert(sizeof(struct wire_hook_value) == 16 + 8 * WIRE_RESOLVE_STEPS_MAX,
	       "no hidden padding");
_Static_assert(sizeof(struct wire_text_cell) == 32, "no hidden padding");
_Static_assert(sizeof(struct wire_actions) == 32, "no hidden padding");
_Static_assert(sizeof(struct wire_selector) == 72, "no hidden padding");
_Static_assert(sizeof(struct wire_substring) % 8 == 0, "no hidden padding");
_Static_assert(sizeof(struct wire_marks) % 8 == 0, "no hidden padding");
_Static_assert(sizeof(struct wire_hook_event) == 64, "no hidden padding");
_Static_assert(sizeof(struct wire_socket) == 64, "no hidden padding");
_Static_assert(sizeof(struct wire_packet) == 64, "no hidden padding");
_Static_assert(sizeof(struct wire_cred) == 80, "no hidden padding");
