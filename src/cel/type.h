/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of expressions, and the patterns that functions write theirs in. In: descriptors, patterns.
 * Out: does an argument fit, what type is the result. Values are not looked at here.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "cel/field.h"
#include "cel/value.h"

struct cel_type {
	enum cel_kind kind;
	bool is_nullable; /* of wrappers: null, too, which is seen when it is evaluated */
	const ProtobufCMessageDescriptor *message;
	const struct cel_type *key, *value; /* of maps; value: of lists, too */
};

/* The type of all values of a kind; lists and maps hold values of any type. */
const struct cel_type *cel_type_of_kind(enum cel_kind kind);
/* The following answer NULL when the arena ends. */
const struct cel_type *cel_type_of_field(struct arena *arena, const struct cel_field *field);
const struct cel_type *cel_type_of_list(struct arena *arena, const struct cel_type *element);
const struct cel_type *cel_type_of_map(struct arena *arena, const struct cel_type *key,
				       const struct cel_type *value);
const struct cel_type *cel_type_of_message(struct arena *arena,
					   const ProtobufCMessageDescriptor *message);

/* The type of what is of one type or the other; NULL: there is none but dyn. */
const struct cel_type *cel_type_join(struct arena *arena, const struct cel_type *a,
				     const struct cel_type *b);

/* "list(string)", "tetragon.Process" */
void cel_type_add_name(struct buf *out, const struct cel_type *type);
/* The kind's word as a type in the language: "int", "google.protobuf.Timestamp". */
const char *cel_kind_word(enum cel_kind kind);

/* What a function may take and give. A and B stand for one type each, the same wherever they stand;
 * numbers of different types are one type there, because they can be compared. */
enum cel_pattern {
	CEL_NOTHING,
	CEL_A,
	CEL_B,
	CEL_ANY,
	CEL_NUMBER,
	CEL_NULL,
	CEL_BOOL,
	CEL_INT,
	CEL_UINT,
	CEL_DOUBLE,
	CEL_STRING,
	CEL_BYTES,
	CEL_TIMESTAMP,
	CEL_DURATION,
	CEL_TYPE,
	CEL_IP,
	CEL_CIDR,
	CEL_LIST_A,
	CEL_LIST_NUMBER,
	CEL_LIST_STRING,
	CEL_LIST_ANY,
	CEL_MAP_AB,
	CEL_PATTERNS,
};

struct cel_bindings {
	struct arena *arena;
	const struct cel_type *types[2]; /* A and B, NULL: not bound yet */
	bool is_open; /* whether the pattern is met is seen only when there is a value */
};

bool cel_pattern_takes_type(enum cel_pattern pattern, const struct cel_type *type,
			    struct cel_bindings *bindings);
bool cel_pattern_takes_value(enum cel_pattern pattern, const struct cel_value *value);
const struct cel_type *cel_pattern_result(enum cel_pattern pattern,
					  const struct cel_bindings *bindings);
const char *cel_pattern_word(enum cel_pattern pattern);
