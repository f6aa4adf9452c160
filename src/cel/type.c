/* SPDX-License-Identifier: Apache-2.0 */
/* Types, and how they fit patterns: one row for each kind, one for each pattern. */
#include "cel/type.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kind_words[] = {
	[CEL_KIND_NULL] = "null_type",
	[CEL_KIND_BOOL] = "bool",
	[CEL_KIND_INT] = "int",
	[CEL_KIND_UINT] = "uint",
	[CEL_KIND_DOUBLE] = "double",
	[CEL_KIND_STRING] = "string",
	[CEL_KIND_BYTES] = "bytes",
	[CEL_KIND_LIST] = "list",
	[CEL_KIND_MAP] = "map",
	[CEL_KIND_MESSAGE] = "message",
	[CEL_KIND_TIMESTAMP] = "google.protobuf.Timestamp",
	[CEL_KIND_DURATION] = "google.protobuf.Duration",
	[CEL_KIND_TYPE] = "type",
	[CEL_KIND_IP] = "net.IP",
	[CEL_KIND_CIDR] = "net.CIDR",
	[CEL_KIND_DYN] = "dyn",
};
_Static_assert(COUNT(kind_words) == CEL_KINDS + 1, "a word for each kind");

#define PLAIN(name) [name] = { .kind = (name) }
#define DYN	    (&plain_types[CEL_KIND_DYN])

static const struct cel_type plain_types[] = {
	PLAIN(CEL_KIND_NULL),
	PLAIN(CEL_KIND_BOOL),
	PLAIN(CEL_KIND_INT),
	PLAIN(CEL_KIND_UINT),
	PLAIN(CEL_KIND_DOUBLE),
	PLAIN(CEL_KIND_STRING),
	PLAIN(CEL_KIND_BYTES),
	[CEL_KIND_LIST] = { .kind = CEL_KIND_LIST, .value = DYN },
	[CEL_KIND_MAP] = { .kind = CEL_KIND_MAP, .key = DYN, .value = DYN },
	PLAIN(CEL_KIND_MESSAGE),
	PLAIN(CEL_KIND_TIMESTAMP),
	PLAIN(CEL_KIND_DURATION),
	PLAIN(CEL_KIND_TYPE),
	PLAIN(CEL_KIND_IP),
	PLAIN(CEL_KIND_CIDR),
	PLAIN(CEL_KIND_DYN),
};

const char *cel_kind_word(enum cel_kind kind)
{
	return kind_words[kind];
}

const struct cel_type *cel_type_of_kind(enum cel_kind kind)
{
	return &plain_types[kind];
}

static const struct cel_type *type_new(struct arena *arena, struct cel_type type)
{
	struct cel_type *copy = arena_alloc(arena, sizeof(*copy));

	if (copy)
		*copy = type;
	return copy;
}

const struct cel_type *cel_type_of_list(struct arena *arena, const struct cel_type *element)
{
	return type_new(arena, (struct cel_type){ .kind = CEL_KIND_LIST, .value = element });
}

const struct cel_type *cel_type_of_map(struct arena *arena, const struct cel_type *key,
				       const struct cel_type *value)
{
	return type_new(arena,
			(struct cel_type){ .kind = CEL_KIND_MAP, .key = key, .value = value });
}

const struct cel_type *cel_type_of_message(struct arena *arena,
					   const ProtobufCMessageDescriptor *message)
{
	return type_new(arena, (struct cel_type){ .kind = CEL_KIND_MESSAGE, .message = message });
}

/* The type of one element of a list; of the field when it is no list. */
static const struct cel_type *type_of_element(struct arena *arena, const struct cel_field *field)
{
	enum cel_kind kind = cel_load_kind(field->load);

	if (kind == CEL_KIND_MESSAGE)
		return cel_type_of_message(arena, field->message);
	if (field->is_wrapped)
		return type_new(arena, (struct cel_type){ .kind = kind, .is_nullable = true });
	return cel_type_of_kind(kind);
}

const struct cel_type *cel_type_of_field(struct arena *arena, const struct cel_field *field)
{
	const struct cel_type *key, *value;
	struct cel_field part;

	if (field->is_map) {
		cel_field_describe(&part, &field->message->fields[0]);
		key = type_of_element(arena, &part);
		cel_field_describe(&part, &field->message->fields[1]);
		value = type_of_element(arena, &part);
		return cel_type_of_map(arena, key, value);
	}
	value = type_of_element(arena, field);
	return field->is_repeated ? cel_type_of_list(arena, value) : value;
}

/* ---- two types -------------------------------------------------------------------------------
 */

/* Null stands for what is not set: wrappers, messages, times. */
static bool type_takes_null(const struct cel_type *type)
{
	return type->is_nullable || type->kind == CEL_KIND_NULL || type->kind == CEL_KIND_MESSAGE ||
	       type->kind == CEL_KIND_TIMESTAMP || type->kind == CEL_KIND_DURATION;
}

const struct cel_type *cel_type_join(struct arena *arena, const struct cel_type *a,
				     const struct cel_type *b)
{
	const struct cel_type *key, *value;

	if (!a || !b)
		return NULL;
	if (a->kind == CEL_KIND_DYN || b->kind == CEL_KIND_DYN)
		return DYN;
	if (b->kind == CEL_KIND_NULL)
		return type_takes_null(a) ? a : NULL;
	if (a->kind == CEL_KIND_NULL)
		return type_takes_null(b) ? b : NULL;
	if (a->kind != b->kind || a->message != b->message)
		return NULL;
	if (a->kind == CEL_KIND_LIST) {
		value = cel_type_join(arena, a->value, b->value);
		return value ? cel_type_of_list(arena, value) : NULL;
	}
	if (a->kind == CEL_KIND_MAP) {
		key = cel_type_join(arena, a->key, b->key);
		value = cel_type_join(arena, a->value, b->value);
		return key && value ? cel_type_of_map(arena, key, value) : NULL;
	}
	return a->is_nullable ? a : b;
}

void cel_type_add_name(struct buf *out, const struct cel_type *type)
{
	if (type->kind == CEL_KIND_MESSAGE && type->message) {
		buf_add_text(out, type->message->name);
		return;
	}
	buf_add_text(out, kind_words[type->kind]);
	if (type->kind != CEL_KIND_LIST && type->kind != CEL_KIND_MAP)
		return;
	buf_add_char(out, '(');
	if (type->key) {
		cel_type_add_name(out, type->key);
		buf_add_text(out, ", ");
	}
	cel_type_add_name(out, type->value);
	buf_add_char(out, ')');
}

/* ---- patterns --------------------------------------------------------------------------------
 */

#define BIT(kind)   (1u << (kind))
#define ALL_KINDS   (BIT(CEL_KINDS) - 1)
#define NUMBER_BITS (BIT(CEL_KIND_INT) | BIT(CEL_KIND_UINT) | BIT(CEL_KIND_DOUBLE))

static const struct {
	const char *word;
	uint32_t kinds;	    /* that fit */
	uint8_t variable;   /* 1: A, 2: B */
	uint8_t key, value; /* patterns of what is in a list or map */
} facts[] = {
	[CEL_NOTHING] = { "nothing", 0 },
	[CEL_A] = { "A", ALL_KINDS, .variable = 1 },
	[CEL_B] = { "B", ALL_KINDS, .variable = 2 },
	[CEL_ANY] = { "dyn", ALL_KINDS },
	[CEL_NUMBER] = { "number", NUMBER_BITS },
	[CEL_NULL] = { "null_type", BIT(CEL_KIND_NULL) },
	[CEL_BOOL] = { "bool", BIT(CEL_KIND_BOOL) },
	[CEL_INT] = { "int", BIT(CEL_KIND_INT) },
	[CEL_UINT] = { "uint", BIT(CEL_KIND_UINT) },
	[CEL_DOUBLE] = { "double", BIT(CEL_KIND_DOUBLE) },
	[CEL_STRING] = { "string", BIT(CEL_KIND_STRING) },
	[CEL_BYTES] = { "bytes", BIT(CEL_KIND_BYTES) },
	[CEL_TIMESTAMP] = { "timestamp", BIT(CEL_KIND_TIMESTAMP) },
	[CEL_DURATION] = { "duration", BIT(CEL_KIND_DURATION) },
	[CEL_TYPE] = { "type", BIT(CEL_KIND_TYPE) },
	[CEL_IP] = { "ip", BIT(CEL_KIND_IP) },
	[CEL_CIDR] = { "cidr", BIT(CEL_KIND_CIDR) },
	[CEL_LIST_A] = { "list(A)", BIT(CEL_KIND_LIST), .value = CEL_A },
	[CEL_LIST_NUMBER] = { "list(number)", BIT(CEL_KIND_LIST), .value = CEL_NUMBER },
	[CEL_LIST_STRING] = { "list(string)", BIT(CEL_KIND_LIST), .value = CEL_STRING },
	[CEL_LIST_ANY] = { "list(dyn)", BIT(CEL_KIND_LIST), .value = CEL_ANY },
	[CEL_MAP_AB] = { "map(A, B)", BIT(CEL_KIND_MAP), .key = CEL_A, .value = CEL_B },
};
_Static_assert(COUNT(facts) == CEL_PATTERNS, "a row for each pattern");
_Static_assert(CEL_KINDS < 32, "a bit for each kind");

const char *cel_pattern_word(enum cel_pattern pattern)
{
	return facts[pattern].word;
}

/* Numbers of different types are compared as numbers. */
static const struct cel_type *types_meet(struct arena *arena, const struct cel_type *a,
					 const struct cel_type *b)
{
	if (a->kind != b->kind && (BIT(a->kind) & NUMBER_BITS) && (BIT(b->kind) & NUMBER_BITS))
		return DYN;
	if (a->kind == CEL_KIND_LIST && b->kind == CEL_KIND_LIST) {
		const struct cel_type *value = types_meet(arena, a->value, b->value);

		return value ? cel_type_of_list(arena, value) : NULL;
	}
	return cel_type_join(arena, a, b);
}

static bool bind(const struct cel_type **bound, const struct cel_type *type,
		 struct cel_bindings *bindings)
{
	const struct cel_type *met = *bound ? types_meet(bindings->arena, *bound, type) : type;

	if (met)
		*bound = met;
	return met != NULL;
}

bool cel_pattern_takes_type(enum cel_pattern pattern, const struct cel_type *type,
			    struct cel_bindings *bindings)
{
	if (facts[pattern].variable)
		return bind(&bindings->types[facts[pattern].variable - 1], type, bindings);
	if (pattern == CEL_ANY)
		return true;
	if (type->kind == CEL_KIND_DYN) {
		bindings->is_open = true;
		return true;
	}
	if (!(facts[pattern].kinds & BIT(type->kind)))
		return false;
	bindings->is_open |= type->is_nullable;
	return (!facts[pattern].key ||
		cel_pattern_takes_type(facts[pattern].key, type->key, bindings)) &&
	       (!facts[pattern].value ||
		cel_pattern_takes_type(facts[pattern].value, type->value, bindings));
}

bool cel_pattern_takes_value(enum cel_pattern pattern, const struct cel_value *value)
{
	return facts[pattern].kinds & BIT(value->kind);
}

static const struct cel_type *result_of(enum cel_pattern pattern,
					const struct cel_bindings *bindings)
{
	const struct cel_type *bound;

	if (facts[pattern].variable) {
		bound = bindings->types[facts[pattern].variable - 1];
		return bound ? bound : DYN;
	}
	for (unsigned int kind = 0; kind < CEL_KINDS; kind++) {
		if (facts[pattern].kinds == BIT(kind))
			return &plain_types[kind];
	}
	return DYN;
}

const struct cel_type *cel_pattern_result(enum cel_pattern pattern,
					  const struct cel_bindings *bindings)
{
	if (facts[pattern].key)
		return cel_type_of_map(bindings->arena, result_of(facts[pattern].key, bindings),
				       result_of(facts[pattern].value, bindings));
	if (facts[pattern].value)
		return cel_type_of_list(bindings->arena, result_of(facts[pattern].value, bindings));
	return result_of(pattern, bindings);
}
