/* SPDX-License-Identifier: Apache-2.0 */
/* The .def files as arrays, and lookups in them. */
#include "policy/tables.h"

#include <strings.h>

#include "policy/model.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct section_facts section_facts[POLICY_SECTIONS] = {
#define SECTION(name, key_, one_, member, index_max_, why)                          \
	[POLICY_SECTION_##name] = { .key = (key_),                                  \
				    .one = (one_),                                  \
				    .offset = offsetof(struct policy_spec, member), \
				    .index_max = (index_max_),                      \
				    .index_reason = (why) },
#include "policy/sections.def"
#undef SECTION
};

/* One row per word: aliases come last and share the facts of what they mean. */
static const struct arg_type_facts arg_types[] = {
#define ARG_TYPE(name_, id, word, class_, field, group_) \
	[ARG_TYPE_##name_] = { ARG_TYPE_##name_, (word), VALUE_##class_, GROUP_##group_ },
#define ARG_TYPE_ALIAS(word, name)
#include "wire/arg_types.def"
#undef ARG_TYPE
#undef ARG_TYPE_ALIAS
};

struct arg_type_word {
	const char *word;
	enum arg_type type;
};

static const struct arg_type_word arg_type_words[] = {
#define ARG_TYPE(name, id, word, class, field, group) { (word), ARG_TYPE_##name },
#define ARG_TYPE_ALIAS(word, name)		      { (word), ARG_TYPE_##name },
#include "wire/arg_types.def"
#undef ARG_TYPE
#undef ARG_TYPE_ALIAS
};

#define IN(group) (1u << GROUP_##group)
/* Texts, and what has a path. */
#define TEXTS (IN(TEXT) | IN(FILE) | IN(UNIX_ADDRESS))
/* What has an address and a port. */
#define INTERNET (IN(SOCKET) | IN(PACKET) | IN(ADDRESS))

const struct operator_facts operator_facts[POLICY_OPERATORS] = {
#define OPERATOR(name_, word, test_, negated, syntax_, groups_) \
	[POLICY_OPERATOR_##                                     \
		name_] = { (word), TEST_##test_, (negated), SYNTAX_##syntax_, (groups_) },
#include "policy/operators.def"
#undef OPERATOR
};

#define S(section)    (1u << POLICY_SECTION_##section)
#define EVERYWHERE    ((1u << POLICY_SECTIONS) - 1)
#define NOT_FENTRIES  (EVERYWHERE & ~S(FENTRIES))
#define P(parameter)  (1u << ACTION_PARAMETER_##parameter)
#define NO_PARAMETERS 0u

const struct action_facts action_facts[POLICY_ACTIONS] = {
#define ACTION(name_, word, api, sections_, needs_, takes_, enforces, at_return)                 \
	[POLICY_ACTION_##                                                                        \
		name_] = { POLICY_ACTION_##name_, (word),     (api),	  (sections_), (needs_), \
			   (needs_) | (takes_),	  (enforces), (at_return) },
#include "policy/actions.def"
#undef ACTION
};

const char *const action_parameter_words[ACTION_PARAMETERS] = {
#define ACTION_PARAMETER(name, word, member) [ACTION_PARAMETER_##name] = (word),
#include "policy/action_parameters.def"
#undef ACTION_PARAMETER
};

struct plain_word {
	enum words table;
	int value;
	const char *word;
};

static const struct plain_word plain_words[] = {
#define WORD(table, value, word) { WORDS_##table, (value), (word) },
#include "policy/words.def"
#undef WORD
};

struct value_name {
	enum value_names table;
	uint32_t number;
	const char *name;
};

static const struct value_name value_name_rows[] = {
#define VALUE_NAME(table, name, number) { NAMES_##table, (number), (name) },
#include "policy/value_names.def"
#undef VALUE_NAME
};

static const char *const value_name_prefixes[NAMES_TABLES] = {
	[NAMES_PROTOCOL] = "IPPROTO_", [NAMES_FAMILY] = "AF_", [NAMES_STATE] = "TCP_",
	[NAMES_CAPABILITY] = "CAP_",   [NAMES_FILE_TYPE] = "", [NAMES_BPF_COMMAND] = "BPF_",
};

unsigned int value_class_get_bits(enum value_class class, bool *out_signed)
{
	static const unsigned int bits[] = {
		[VALUE_S8] = 8, [VALUE_S16] = 16, [VALUE_S32] = 32, [VALUE_S64] = 64,
		[VALUE_U8] = 8, [VALUE_U16] = 16, [VALUE_U32] = 32, [VALUE_U64] = 64,
	};

	*out_signed = class >= VALUE_S8 && class <= VALUE_S64;
	return class < COUNT(bits) ? bits[class] : 0;
}

size_t words_get_count(enum words table)
{
	size_t count = 0;

	if (table == WORDS_ARG_TYPE)
		return COUNT(arg_type_words);
	if (table == WORDS_OPERATOR)
		return POLICY_OPERATORS;
	if (table == WORDS_ACTION)
		return POLICY_ACTIONS;
	for (size_t i = 0; i < COUNT(plain_words); i++)
		count += plain_words[i].table == table;
	return count;
}

const char *words_get(enum words table, size_t row)
{
	if (table == WORDS_ARG_TYPE)
		return arg_type_words[row].word;
	if (table == WORDS_OPERATOR)
		return operator_facts[row].name;
	if (table == WORDS_ACTION)
		return action_facts[row].name;
	for (size_t i = 0; i < COUNT(plain_words); i++) {
		if (plain_words[i].table == table && plain_words[i].value == (int)row)
			return plain_words[i].word;
	}
	return "";
}

int words_find(enum words table, struct span word)
{
	for (size_t row = 0; row < words_get_count(table); row++) {
		const char *candidate = words_get(table, row);

		if (strlen(candidate) == word.bytes &&
		    memcmp(candidate, word.data, word.bytes) == 0)
			return (int)row;
	}
	return -1;
}

const struct arg_type_facts *arg_type_get_facts_of(enum arg_type type)
{
	return &arg_types[(size_t)type < COUNT(arg_types) ? type : ARG_TYPE_NOP];
}

const struct arg_type_facts *arg_type_get_facts(int row)
{
	return row < 0 ? NULL : &arg_types[arg_type_words[row].type];
}

static bool value_name_is(const char *candidate, struct span name)
{
	return strlen(candidate) == name.bytes &&
	       strncasecmp(candidate, name.data, name.bytes) == 0;
}

bool value_names_find(enum value_names table, struct span name, uint32_t *out)
{
	size_t prefix = strlen(value_name_prefixes[table]);

	for (size_t i = 0; i < COUNT(value_name_rows); i++) {
		const struct value_name *row = &value_name_rows[i];

		if (row->table != table)
			continue;
		if (!value_name_is(row->name, name) &&
		    !(strlen(row->name) > prefix && value_name_is(row->name + prefix, name)))
			continue;
		*out = row->number;
		return true;
	}
	return false;
}

const char *value_names_get(enum value_names table, uint32_t number)
{
	for (size_t i = 0; i < COUNT(value_name_rows); i++) {
		if (value_name_rows[i].table == table && value_name_rows[i].number == number)
			return value_name_rows[i].name;
	}
	return NULL;
}

void value_names_suggest(enum value_names table, struct suggest *suggest)
{
	for (size_t i = 0; i < COUNT(value_name_rows); i++) {
		if (value_name_rows[i].table == table)
			suggest_offer(suggest, value_name_rows[i].name);
	}
}

static const char *const abi_words[] = {
	[SYSCALL_ABI_NATIVE] = "",     [SYSCALL_ABI_X64] = "x64",     [SYSCALL_ABI_I386] = "i386",
	[SYSCALL_ABI_ARM64] = "arm64", [SYSCALL_ABI_ARM32] = "arm32",
};

bool syscall_abi_take(struct span *rest, enum syscall_abi *out)
{
	const char *slash = memchr(rest->data, '/', rest->bytes);
	struct span word = { rest->data, slash ? (size_t)(slash - rest->data) : 0 };

	if (!slash) {
		*out = SYSCALL_ABI_NATIVE;
		return true;
	}
	for (size_t i = SYSCALL_ABI_X64; i < COUNT(abi_words); i++) {
		if (strlen(abi_words[i]) != word.bytes ||
		    memcmp(abi_words[i], word.data, word.bytes) != 0)
			continue;
		*out = (enum syscall_abi)i;
		rest->data += word.bytes + 1;
		rest->bytes -= word.bytes + 1;
		return true;
	}
	return false;
}

/*
 * The same for every architecture: "__", its word, "_", then "sys_" or "compat_sys_". The kernel's
 * inner functions
 * __do_sys_x and __se_sys_x only look like that.
 */
bool syscall_is_name(struct span name)
{
	size_t i = 2;

	if (name.bytes > 4 && memcmp(name.data, "sys_", 4) == 0)
		return true;
	if (name.bytes < 3 || memcmp(name.data, "__", 2) != 0)
		return name.bytes > 11 && memcmp(name.data, "compat_sys_", 11) == 0;
	while (i < name.bytes && name.data[i] != '_')
		i++;
	if (i == 2 || name.bytes - i < 6 || memcmp(name.data, "__do_", 5) == 0 ||
	    memcmp(name.data, "__se_", 5) == 0)
		return false;
	if (memcmp(name.data + i, "_sys_", 5) == 0)
		return true;
	return name.bytes - i > 12 && memcmp(name.data + i, "_compat_sys_", 12) == 0;
}
