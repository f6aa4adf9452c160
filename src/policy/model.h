/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy after it was checked: what the plan is made from. In: nothing; this header is only
 * the shape. Out: one tree of structs, all in one arena, freed at once (policy.h).
 *
 * How to read it
 * --------------
 * struct policy
 *	metadata	name, namespace
 *	hooks[]		every attach point of every section, in the order of the sections
 *	    arguments[], data[], return_argument
 *	    values[]	the same collected values in the order of the record
 *	    selectors[]	first match wins
 *		pids[], binaries[], ... arguments[], data[]	filters, ANDed
 *		actions[]
 *		return_arguments[], return_actions[]		what happens at the return
 *	lists[], enforcers[], scope (pod, container, host, node selectors), options
 *
 * Each struct has two parts. Above the line "checked:" stands what the text says, field by field
 * (fields.def); below it, what the checks made of it: references are pointers, words are enums,
 * texts of values are numbers, addresses or bytes. A plan needs the lower parts, and the upper ones
 * where there is no lower.
 *
 * What holds for every model that policy_read_*() gives out
 * ---------------------------------------------------------
 * - Every required field is there, defaults are filled in, every reference resolves, every value
 *   has the form that its operator and type want, every limit of wire/limits.h is kept.
 * - Macros are expanded: a selector holds all its filters, also those from macros.
 * - No text of the model has a NUL inside, except texts of values; all are NUL-terminated too.
 * - Nothing depends on a kernel. What only a kernel can say is still open: whether functions exist,
 *   what type AUTO is, inode numbers of host_ns, what generated lists hold, whether regular
 *   expressions of lists match anything.
 *
 * Places are in characters, from 1, of the file that the model came from. Values from macros and
 * aliases have the place where they are written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "policy/place.h"
#include "policy/source.h"
#include "policy/tables.h"

/* ---- building blocks: a field of the text ------------------------------------------------- */

enum field_state {
	FIELD_ABSENT,	 /* the value is 0, "" or empty */
	FIELD_DEFAULTED, /* the text does not say it, the schema does */
	FIELD_GIVEN,
	FIELD_BAD, /* there was a finding about it; only while checking */
};

struct policy_text {
	const char *data; /* never NULL; NUL-terminated */
	size_t bytes;
	enum field_state state;
	struct place place;
};

struct policy_number {
	int64_t value;
	enum field_state state;
	struct place place;
};

struct policy_flag {
	bool value;
	enum field_state state;
	struct place place;
};

/* A word of a table; the comment at each says which enum. */
struct policy_word {
	int value; /* -1: absent or bad */
	enum field_state state;
	struct place place;
	const char *text; /* as written; NULL: absent */
};

/* Every list has this layout, so that one decoder fills them all in. */
#define POLICY_LIST_OF(type)            \
	struct {                        \
		type *items;            \
		size_t count;           \
		enum field_state state; \
		struct place place;     \
	}

struct policy_texts {
	struct policy_text *items;
	size_t count;
	enum field_state state;
	struct place place;
};

struct policy_numbers {
	struct policy_number *items;
	size_t count;
	enum field_state state;
	struct place place;
};

struct policy_label {
	struct policy_text key;
	struct policy_text value;
};

typedef POLICY_LIST_OF(struct policy_label) policy_labels;

/* How every object begins that stands under a key of its own. */
struct policy_named {
	struct place place;
	struct policy_text name;
};

/* ---- words (words.def; the other tables are in tables.h) ------------------------------------ */

enum policy_api_version { POLICY_API_V1ALPHA1 };
enum policy_kind { POLICY_CLUSTER, POLICY_NAMESPACED };
enum policy_label_operator {
	POLICY_LABEL_IN,
	POLICY_LABEL_NOT_IN,
	POLICY_LABEL_EXISTS,
	POLICY_LABEL_DOES_NOT_EXIST
};
enum policy_in_operator { POLICY_IN, POLICY_NOT_IN };
enum policy_binary_operator {
	POLICY_BINARY_IN,
	POLICY_BINARY_NOT_IN,
	POLICY_BINARY_PREFIX,
	POLICY_BINARY_NOT_PREFIX,
	POLICY_BINARY_POSTFIX,
	POLICY_BINARY_NOT_POSTFIX
};
enum policy_capability_set {
	POLICY_CAPABILITIES_EFFECTIVE,
	POLICY_CAPABILITIES_INHERITABLE,
	POLICY_CAPABILITIES_PERMITTED
};
enum policy_namespace {
	POLICY_NAMESPACE_UTS,
	POLICY_NAMESPACE_IPC,
	POLICY_NAMESPACE_MNT,
	POLICY_NAMESPACE_PID,
	POLICY_NAMESPACE_PID_FOR_CHILDREN,
	POLICY_NAMESPACE_NET,
	POLICY_NAMESPACE_TIME,
	POLICY_NAMESPACE_TIME_FOR_CHILDREN,
	POLICY_NAMESPACE_CGROUP,
	POLICY_NAMESPACE_USER,
	POLICY_NAMESPACES
};
enum policy_rate_limit_scope {
	POLICY_RATE_LIMIT_THREAD,
	POLICY_RATE_LIMIT_PROCESS,
	POLICY_RATE_LIMIT_GLOBAL
};
enum policy_list_type {
	POLICY_LIST_PLAIN = -1, /* no word: symbols as they are written */
	POLICY_LIST_SYSCALLS,
	POLICY_LIST_GENERATED_SYSCALLS,
	POLICY_LIST_GENERATED_FTRACE
};
enum policy_mode { POLICY_MODE_ENFORCE, POLICY_MODE_MONITOR, POLICY_MODE_MONITOR_ONLY };
enum policy_override_method {
	POLICY_OVERRIDE_AUTO = -1, /* no word */
	POLICY_OVERRIDE_RETURN,
	POLICY_OVERRIDE_FMOD_RET
};
enum policy_return_action {
	POLICY_RETURN_NOTHING = -1, /* no word */
	POLICY_RETURN_TRACK_SOCK,
	POLICY_RETURN_UNTRACK_SOCK
};

/* ---- which workloads ------------------------------------------------------------------------ */

struct policy_label_expression {
	struct place place;
	struct policy_text key;
	struct policy_word operator; /* policy_label_operator */
	struct policy_texts values;  /* non-empty for In and NotIn, empty for the others */
};

/* Both kinds of conditions are ANDed; without any it selects everything. */
struct policy_label_selector {
	struct place place;
	policy_labels labels;
	POLICY_LIST_OF(struct policy_label_expression) expressions;
};

/*
 * NULL and empty differ: NULL does not select by that, empty selects all of that. A host selector
 * is NULL or empty. The keys of a container selector are "name" and "repo".
 */
struct policy_workloads {
	struct place place;
	struct policy_label_selector *pod_selector;
	struct policy_label_selector *container_selector;
	struct policy_label_selector *host_selector;
};

/* ---- lists ---------------------------------------------------------------------------------- */

struct policy_list {
	struct place place;
	struct policy_text name; /* unique in the policy */
	struct policy_word type; /* policy_list_type */
	struct policy_texts values;
	struct policy_text pattern;   /* of POLICY_LIST_GENERATED_FTRACE: a regular expression */
	struct policy_flag validated; /* accepted and without meaning */

	/* checked: of POLICY_LIST_SYSCALLS, as many as values */
	struct policy_list_syscall {
		enum syscall_abi abi; /* SYSCALL_ABI_NATIVE: no "abi/" before it */
		const char *name; /* as written behind the "abi/": "sys_read", "__x64_sys_read" */
	} *syscalls;
};

/* ---- values that a hook collects ------------------------------------------------------------ */

enum { POLICY_INDEX_NONE = -1 };

/* A step of `resolve`: a member, or an element of what was reached. */
struct policy_step {
	const char *member; /* NULL: an element */
	uint32_t element;
};

/* An item of args or data, or returnArg. */
struct policy_argument {
	struct place place;
	/*
	 * args: which argument of the function (from 0), field of the tracepoint, or argument of
	 * the USDT. data, returnArg: without meaning.
	 */
	struct policy_number index;
	struct policy_word type; /* row of arg_type_words: use `facts` below */
	struct policy_text label;
	struct policy_number size_index; /* as written: from 1, 0: none; use size_from */
	struct policy_flag max_data;	 /* CHAR_BUF: up to 327,360 bytes in records of their own */
	struct policy_flag return_copy;	 /* read when the function returns */
	struct policy_text resolve;
	struct policy_text btf_type;
	struct policy_text btf_module;
	struct policy_text source; /* data only */

	/* checked: */
	const struct arg_type_facts *facts; /* NULL only when there were findings; may be AUTO */
	enum policy_argument_place {
		POLICY_FROM_ARGUMENT, /* args */
		POLICY_FROM_RETURN,   /* returnArg */
		POLICY_FROM_TASK,     /* data with source current_task: steps lead from the task */
		POLICY_FROM_REGISTER, /* data with source pt_regs: resolve names the register */
	} from;
	int size_from; /* index (from 0) of the argument with the size, or POLICY_INDEX_NONE */
	const struct policy_step *steps; /* of resolve; NULL: take the argument itself */
	size_t steps_count;
	size_t position; /* in values of the hook; without meaning for returnArg */
};

/* ---- selectors ------------------------------------------------------------------------------ */

/*
 * A value of a filter on arguments. Which member holds depends on the filter's form, see there.
 */
struct policy_value {
	struct place place;
	/* NULL: the number or text below. Else the numbers of all system calls of that list. */
	const struct policy_list *list;
	union {
		/*
		 * Both ends belong to it; one number has min == max. Of signed types the numbers
		 * are sign-extended to 64 bits and must be compared signed.
		 */
		struct {
			uint64_t min, max;
		} range;
		struct span text; /* without trailing NULs, except for the class BYTES */
		uint64_t bits;	  /* Mask, capability sets, mode bits of a file type (S_IFMT) */
		struct {
			uint8_t bytes[16]; /* network order; of IPv4 the first 4; bits behind the
					      prefix are 0 */
			uint8_t prefix_bits;
			bool is_ipv6;
		} address;
	};
};

/* How the values of a filter are held. */
enum policy_form {
	POLICY_FORM_NONE,    /* no values: CapabilitiesGained */
	POLICY_FORM_RANGE,   /* the number lies in any of the ranges; GT, LT: min is the operand */
	POLICY_FORM_TEXT,    /* bytes */
	POLICY_FORM_BITS,    /* masks, sets, file types */
	POLICY_FORM_ADDRESS, /* prefixes */
	POLICY_FORM_CEL,     /* see `expression` */
	POLICY_FORM_OPEN,    /* the type is AUTO: call policy_check_filter() once it is known */
};

struct cel_node; /* cel.h */

/*
 * An entry of matchArgs, matchData or matchReturnArgs: does the tested value fulfil the test for
 * any of the values; `facts->is_negated` turns that around. An argument that could not be read
 * fulfils nothing, also no negation.
 */
struct policy_filter {
	struct place place;
	struct policy_number index;
	struct policy_numbers positions; /* "args" */
	struct policy_word operator;	 /* row of operator_facts: use `facts` */
	struct policy_texts texts;	 /* "values" */

	/* checked: */
	const struct operator_facts *facts; /* NULL only when there were findings */
	/* What is tested. NULL: CEL, or there were findings. CapabilitiesGained: the old set. */
	const struct policy_argument *subject;
	const struct policy_argument *second; /* CapabilitiesGained: the new set */
	enum policy_form form;
	struct policy_value *values;
	size_t values_count;
	const struct cel_node *expression; /* CEL: its variables are positions in args */
};

/* Entries of matchPIDs are ANDed, as are all filters. */
struct policy_pids {
	struct place place;
	struct policy_word operator; /* policy_in_operator */
	struct policy_numbers values;
	struct policy_flag follow_forks; /* descendants of these processes too */
	/*
	 * Pids as the innermost pid namespace of the process sees them; 0 stands for all processes
	 * of the host's pid namespace. Else 0 is the idle task.
	 */
	struct policy_flag is_namespace;
};

/* matchBinaries, matchParentBinaries. Paths of In, NotIn, Prefix and NotPrefix begin with "/". */
struct policy_binaries {
	struct place place;
	struct policy_word operator;	    /* policy_binary_operator */
	struct policy_texts values;	    /* never empty */
	struct policy_flag follow_children; /* In, NotIn only: descendants of such processes too */

	/* checked: (one test with texts, like a filter's) */
	enum policy_test test; /* EQUAL, PREFIX or POSTFIX */
	bool is_negated;
};

struct policy_namespaces {
	struct place place;
	struct policy_word namespace; /* policy_namespace */
	struct policy_word operator;  /* policy_in_operator */
	struct policy_texts values;

	/* checked: */
	uint32_t *inodes; /* as many as inodes_count */
	size_t inodes_count;
	bool has_host; /* "host_ns" is among the values: the namespace of pid 1 */
};

struct policy_namespace_changes {
	struct place place;
	struct policy_word operator; /* policy_in_operator */
	struct policy_texts values;

	/* checked: bit N for policy_namespace N */
	uint32_t namespaces;
};

/* matchCapabilities, matchCapabilityChanges */
struct policy_capabilities {
	struct place place;
	struct policy_word type;	 /* policy_capability_set */
	struct policy_word operator;	 /* policy_in_operator */
	struct policy_flag is_namespace; /* only for processes outside the initial user namespace */
	struct policy_texts values;

	/* checked: bit N for capability N */
	uint64_t bits;
};

/* A register that uprobe's Override sets: target = [value at] (source + offset). */
struct policy_register {
	const char *target;
	const char *source; /* NULL: a constant */
	int64_t offset;	    /* or the constant itself */
	bool is_memory;	    /* what stands at that address is taken */
};

struct policy_action {
	struct place place;
	struct policy_word action; /* row of action_facts: use `facts` */
	struct policy_number error, signal, sock, index, value, new_addr, new_offset;
	struct policy_text url, fqdn, new_symbol, rate_limit;
	struct policy_texts regs;
	struct policy_word rate_limit_scope; /* policy_rate_limit_scope; -1: thread */
	struct policy_flag kernel_stack_trace, user_stack_trace, ima_hash;

	/* checked: */
	const struct action_facts *facts;	 /* NULL only when there were findings */
	uint64_t rate_limit_ns;			 /* 0: none */
	const struct policy_argument *subject;	 /* TrackSock, UntrackSock: the socket */
	const struct policy_register *registers; /* as many as regs */
};

struct policy_selector {
	struct place place;
	struct policy_text name;    /* of a macro: its key; else absent */
	struct policy_text label;   /* told with the event; from a macro if the selector has none */
	struct policy_texts macros; /* already expanded below */
	POLICY_LIST_OF(struct policy_pids) pids;
	POLICY_LIST_OF(struct policy_binaries) binaries;
	POLICY_LIST_OF(struct policy_binaries) parent_binaries;
	POLICY_LIST_OF(struct policy_namespaces) namespaces;
	POLICY_LIST_OF(struct policy_namespace_changes) namespace_changes;
	POLICY_LIST_OF(struct policy_capabilities) capabilities;
	POLICY_LIST_OF(struct policy_capabilities) capability_changes;
	struct policy_workloads *workloads; /* NULL: wherever the policy applies */
	POLICY_LIST_OF(struct policy_filter) arguments;
	POLICY_LIST_OF(struct policy_filter) data;
	POLICY_LIST_OF(struct policy_filter) return_arguments;
	POLICY_LIST_OF(struct policy_action) actions;	     /* none: Post */
	POLICY_LIST_OF(struct policy_action) return_actions; /* none: Post */

	/* checked: */
	size_t number; /* in its hook, from 0 */
};

/* ---- hooks ---------------------------------------------------------------------------------- */

struct policy_ignore {
	struct place place;
	struct policy_flag call_not_found;  /* kprobes, fentries */
	struct policy_flag digest_mismatch; /* uprobes */
};

/* "name" or "name+offset" */
struct policy_symbol {
	const char *name;
	uint64_t offset;
};

struct policy_hook {
	struct place place;
	/* kprobes, fentries: a function or "list:NAME". lsmhooks: the hook, as in "file_open". */
	struct policy_text call;
	struct policy_flag syscall;			  /* kprobes, fentries; use is_syscall */
	struct policy_text subsystem, event;		  /* tracepoints */
	struct policy_flag raw;				  /* tracepoints */
	struct policy_text path;			  /* uprobes, usdts: an ELF file */
	struct policy_texts symbols;			  /* uprobes: exactly one of these three */
	struct policy_numbers offsets, addrs;		  /* in bytes */
	struct policy_numbers ref_ctr_offsets;		  /* uprobes: none, or as many as places */
	struct policy_texts digests;			  /* uprobes: "algorithm:hex" */
	struct policy_text btf_path;			  /* uprobes, usdts */
	struct policy_text provider, name;		  /* usdts */
	POLICY_LIST_OF(struct policy_argument) arguments; /* "args" */
	POLICY_LIST_OF(struct policy_argument) data;
	struct policy_flag
		returns; /* "return": also at the return; then return_argument is there */
	struct policy_argument *return_argument;
	struct policy_word return_action;		  /* policy_return_action */
	POLICY_LIST_OF(struct policy_selector) selectors; /* none: every call is posted */
	struct policy_text message; /* at most POLICY_MESSAGE_BYTES_MAX, cut if need be */
	struct policy_texts tags;
	struct policy_ignore *ignore; /* NULL: nothing is ignored */

	/* checked: */
	enum policy_section section;
	size_t number;			/* in its section, from 0 */
	const struct policy_list *list; /* "list:NAME": one attach point for each element */
	/*
	 * Arguments are those of a system call, taken from the registers that it was called with;
	 * the name lacks its architecture's prefix, or has one ("__x64_sys_read").
	 */
	bool is_syscall;
	/* What a record holds, in this order: all args, then all data. */
	const struct policy_argument **values;
	size_t values_count;
	const struct policy_symbol *symbol_places; /* as many as symbols */
	bool has_return_copy; /* an argument is read at the return, so a return hook is needed */
};

typedef POLICY_LIST_OF(struct policy_hook) policy_hooks;

/* ---- the policy ----------------------------------------------------------------------------- */

struct policy_enforcer {
	struct place place;
	struct policy_texts calls;

	/* checked: as many as calls; NULL: the call itself, else "list:NAME" */
	const struct policy_list **lists;
};

struct policy_option {
	struct place place;
	struct policy_text name;
	struct policy_text value;
};

struct policy_options {
	int mode;	     /* POLICY_MODE_ENFORCE or POLICY_MODE_MONITOR; -1: not said */
	int override_method; /* policy_override_method */
	bool disable_kprobe_multi;
	bool disable_uprobe_multi;
	uint64_t sleepable_preload_size; /* 0: the agent's */
};

struct policy_metadata {
	struct place place;
	struct policy_text name;
	struct policy_text namespace; /* of POLICY_NAMESPACED, else "" */
};

struct policy_spec {
	struct place place;
	/* By section; struct policy lists them together. */
	policy_hooks kprobes;
	policy_hooks tracepoints;
	policy_hooks lsmhooks;
	policy_hooks uprobes;
	policy_hooks usdts;
	policy_hooks fentries;
	/* See struct policy_workloads. All NULL: all processes; of a namespaced policy, all pods of
	 * its namespace. */
	struct policy_label_selector *pod_selector;
	struct policy_label_selector *container_selector;
	struct policy_label_selector *host_selector;
	struct policy_label_selector *node_selector; /* only for policies from Kubernetes */
	POLICY_LIST_OF(struct policy_list) lists;
	POLICY_LIST_OF(struct policy_enforcer) enforcers;
	POLICY_LIST_OF(struct policy_option) options; /* use `options` of struct policy */
	POLICY_LIST_OF(struct policy_selector) macros;
	struct policy_flag loader; /* report what processes map as executable */
};

struct policy {
	struct place place;
	struct policy_word api_version;
	struct policy_word kind; /* policy_kind */
	struct policy_metadata *metadata;
	struct policy_spec *spec; /* never NULL once checked */

	/* checked: */
	struct policy_hook **hooks;
	size_t hooks_count;
	size_t selectors_count; /* of all hooks */
	struct policy_options options;
	/* As it begins; MONITOR_ONLY: no action enforces anything, the mode cannot be changed. */
	enum policy_mode mode;

	/* The text, for findings of later stages; it lives with the policy. */
	struct source source;
	struct arena arena; /* holds all of this, the policy itself excepted */
};
