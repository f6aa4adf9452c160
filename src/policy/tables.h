/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about argument types, operators, actions, sections and names of numbers, as tables. In: the
 * .def files. Out: enums, rows, and lookups by word. One fact is written in one row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/suggest.h"

/* ---- sections ------------------------------------------------------------------------------- */

enum policy_section {
#define SECTION(name, key, one, member, index_max, why) POLICY_SECTION_##name,
#include "policy/sections.def"
#undef SECTION
	POLICY_SECTIONS
};

struct section_facts {
	const char *key; /* of spec */
	const char *one; /* of them: "kprobe" */
	size_t offset;	 /* of its list in struct policy_spec */
	int64_t index_max;
	const char *index_reason;
};

extern const struct section_facts section_facts[POLICY_SECTIONS];

/* ---- argument types (wire/arg_types.def) ----------------------------------------------------- */

enum arg_type {
#define ARG_TYPE(name, id, word, class, field, group) ARG_TYPE_##name = (id),
#define ARG_TYPE_ALIAS(word, name)
#include "wire/arg_types.def"
#undef ARG_TYPE
#undef ARG_TYPE_ALIAS
};

enum value_class {
	VALUE_NOTHING,
	VALUE_S8,
	VALUE_S16,
	VALUE_S32,
	VALUE_S64,
	VALUE_U8,
	VALUE_U16,
	VALUE_U32,
	VALUE_U64,
	VALUE_TEXT,
	VALUE_BYTES,
	VALUE_FILE,
	VALUE_SOCKET,
	VALUE_PACKET,
	VALUE_ADDRESS,
	VALUE_UNIX_ADDRESS,
	VALUE_CAPABILITIES,
	VALUE_CREDENTIALS,
	VALUE_USER_NAMESPACE,
	VALUE_BPF_ATTR,
	VALUE_BPF_MAP,
	VALUE_BPF_PROG,
	VALUE_PERF_EVENT,
	VALUE_MODULE,
	VALUE_CLASSES
};

/* What a selector may ask of a value; bits of operator_facts.groups. */
enum operator_group {
	GROUP_NONE,
	GROUP_ANY, /* not known yet */
	GROUP_NUMBER,
	GROUP_CAPABILITY,
	GROUP_COMMAND,
	GROUP_SYSCALL,
	GROUP_TEXT,
	GROUP_FILE,
	GROUP_SOCKET,
	GROUP_PACKET,
	GROUP_ADDRESS,
	GROUP_UNIX_ADDRESS,
	GROUP_CAPABILITIES,
};

struct arg_type_facts {
	enum arg_type type;
	const char *name; /* the main word; aliases have the same facts */
	enum value_class class;
	enum operator_group group;
};

/* Bits of a whole number's class, or 0; OUT_SIGNED: whether it is signed. */
unsigned int value_class_get_bits(enum value_class class, bool *out_signed);

/* ---- operators of filters on arguments (operators.def) --------------------------------------- */

enum policy_test {
	TEST_EQUAL, /* also InMap, InRange: in any of the ranges; of texts: the same bytes */
	TEST_PREFIX,
	TEST_POSTFIX,
	TEST_SUBSTRING,
	TEST_SUBSTRING_ANY_CASE, /* ASCII letters only */
	TEST_FILE_TYPE,
	TEST_GREATER,
	TEST_LESS,
	TEST_MASK, /* value & operand != 0 */
	TEST_CEL,
	TEST_SOURCE_PORT, /* the Priv operators are ports 0 to 1023 */
	TEST_DESTINATION_PORT,
	TEST_SOURCE_ADDRESS,
	TEST_DESTINATION_ADDRESS,
	TEST_PROTOCOL,
	TEST_FAMILY,
	TEST_STATE,
	TEST_CAPABILITIES_GAINED, /* new & ~old != 0 */
};

/* How the values are written. */
enum value_syntax {
	SYNTAX_NOTHING,	   /* no values */
	SYNTAX_PRIVILEGED, /* no values; means ports below 1024 */
	SYNTAX_OF_TYPE,	   /* a number, a text or a capability set, as the type is */
	SYNTAX_RANGE,	   /* number or min:max */
	SYNTAX_RANGE_ONLY, /* min:max */
	SYNTAX_MASK,
	SYNTAX_TEXT,
	SYNTAX_PORT,
	SYNTAX_ADDRESS,
	SYNTAX_PROTOCOL,
	SYNTAX_FAMILY,
	SYNTAX_STATE,
	SYNTAX_FILE_TYPE,
	SYNTAX_CEL,
};

enum policy_operator {
#define OPERATOR(name, word, test, negated, syntax, groups) POLICY_OPERATOR_##name,
#include "policy/operators.def"
#undef OPERATOR
	POLICY_OPERATORS
};

struct operator_facts {
	const char *name;
	enum policy_test test;
	bool is_negated;
	enum value_syntax syntax;
	uint32_t groups; /* bit per operator_group */
};

extern const struct operator_facts operator_facts[POLICY_OPERATORS];

/* ---- actions (actions.def) ------------------------------------------------------------------- */

enum action_parameter {
#define ACTION_PARAMETER(name, word, member) ACTION_PARAMETER_##name,
#include "policy/action_parameters.def"
#undef ACTION_PARAMETER
	ACTION_PARAMETERS
};

enum policy_action_kind {
#define ACTION(name, word, api, sections, needs, takes, enforces, at_return) POLICY_ACTION_##name,
#include "policy/actions.def"
#undef ACTION
	POLICY_ACTIONS
};

struct action_facts {
	enum policy_action_kind kind;
	const char *name;
	unsigned int api_number; /* KprobeAction in the public API */
	uint32_t sections;	 /* bit per policy_section */
	uint32_t needs;		 /* bit per action_parameter */
	uint32_t takes;		 /* the same; also those that it needs */
	bool is_enforcing;	 /* monitor mode holds it back */
	bool is_at_return;	 /* may stand in matchReturnActions */
};

extern const struct action_facts action_facts[POLICY_ACTIONS];
extern const char *const action_parameter_words[ACTION_PARAMETERS];

/* ---- words of the schema -------------------------------------------------------------------- */

enum words {
	WORDS_NONE,
	WORDS_ARG_TYPE,
	WORDS_OPERATOR,
	WORDS_ACTION,
	WORDS_API_VERSION,
	WORDS_KIND,
	WORDS_LABEL_OPERATOR,
	WORDS_IN_OPERATOR,
	WORDS_BINARY_OPERATOR,
	WORDS_CAPABILITY_SET,
	WORDS_NAMESPACE,
	WORDS_RATE_LIMIT_SCOPE,
	WORDS_LIST_TYPE,
	WORDS_MODE,
	WORDS_OVERRIDE_METHOD,
	WORDS_RETURN_ACTION,
	WORDS_TABLES
};

size_t words_get_count(enum words table);
/* ROW: a value of the table's enum, below the count. */
const char *words_get(enum words table, size_t row);
/* Row of WORD, or -1. */
int words_find(enum words table, struct span word);

/* The facts of a row of WORDS_ARG_TYPE, and of a type. */
const struct arg_type_facts *arg_type_get_facts(int row);
const struct arg_type_facts *arg_type_get_facts_of(enum arg_type type);

/* ---- names of numbers in values (value_names.def) -------------------------------------------- */

enum value_names {
	NAMES_PROTOCOL,
	NAMES_FAMILY,
	NAMES_STATE,
	NAMES_CAPABILITY,
	NAMES_FILE_TYPE,
	NAMES_BPF_COMMAND,
	NAMES_TABLES
};

/* Ignores case, and the table's prefix may be left out ("tcp" is IPPROTO_TCP). */
bool value_names_find(enum value_names table, struct span name, uint32_t *out);
/* The main name of a number, or NULL. */
const char *value_names_get(enum value_names table, uint32_t number);
void value_names_suggest(enum value_names table, struct suggest *suggest);

/* ---- system calls ---------------------------------------------------------------------------- */

enum syscall_abi {
	SYSCALL_ABI_NATIVE,
	SYSCALL_ABI_X64,
	SYSCALL_ABI_I386,
	SYSCALL_ABI_ARM64,
	SYSCALL_ABI_ARM32,
};

/* Takes "abi/" off REST. False: what stands before the slash is no abi. */
bool syscall_abi_take(struct span *rest, enum syscall_abi *out);
/* The word before the slash; "" for SYSCALL_ABI_NATIVE. */
/* Whether NAME can be a system call's function: sys_x, or with an architecture's prefix. */
bool syscall_is_name(struct span name);
