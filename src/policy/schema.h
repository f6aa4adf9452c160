/* SPDX-License-Identifier: Apache-2.0 */
/* The schema as a table: which object has which fields, and where the model keeps them. In:
 * objects.def, fields.def. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum object {
#define OBJECT(name, struct_name, words) OBJECT_##name,
#include "policy/objects.def"
#undef OBJECT
	OBJECTS
};

/* The kind decides the type of the member. */
enum field_kind {
	FIELD_TEXT,	     /* struct policy_text; no NUL inside */
	FIELD_TEXTS,	     /* struct policy_texts of those */
	FIELD_VALUES,	     /* the same, and NUL is allowed */
	FIELD_LABELS,	     /* policy_labels: a map from text to text */
	FIELD_FLAG,	     /* struct policy_flag */
	FIELD_WORD,	     /* struct policy_word; element: the table of words */
	FIELD_INT32,	     /* struct policy_number */
	FIELD_INDEX,	     /* the same, not negative */
	FIELD_INT64,	     /* the same */
	FIELD_NUMBERS_INDEX, /* struct policy_numbers of those */
	FIELD_NUMBERS_INT64, /* the same */
	FIELD_OBJECT,	     /* pointer to the struct of the element; NULL when absent */
	FIELD_OBJECTS,	     /* POLICY_LIST_OF() the struct of the element */
	FIELD_NAMED_OBJECTS, /* the same from a map; the key goes to the object's member `name` */
	FIELD_ANYTHING,	     /* not looked at */
};

struct field_row {
	enum object object;
	const char *name;
	enum field_kind kind;
	int element; /* enum object or enum words */
	bool is_required;
	const char *default_text; /* NULL: none */
	const char *help;	  /* a sentence; NULL: see schema_get_help() */
	size_t offset;
};

struct object_row {
	size_t bytes; /* of its struct, which begins with its place */
	const char *struct_name;
	const char *words; /* "a selector" */
};

const struct object_row *schema_get_object(enum object object);
/* Every object has at least one. */
const struct field_row *schema_get_fields(enum object object, size_t *out_count);
/* The fields of all objects, for members that other objects with the same struct have. */
const struct field_row *schema_get_all_fields(size_t *out_count);
/* NULL: the object has no such field. */
const struct field_row *schema_find_field(enum object object, struct span name);
/* What the field is for, in a sentence. */
const char *schema_get_help(const struct field_row *row);
/* An object that has a field of this name, or OBJECTS. */
enum object schema_find_owner(struct span name);
