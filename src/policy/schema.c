/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of objects.def and fields.def; that each member has the type of its kind is checked by
 * the compiler. */
#include "policy/schema.h"

#include "policy/model.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define OBJECT(name, struct_name, words) typedef struct struct_name struct_of_##name;
#include "policy/objects.def"
#undef OBJECT

typedef struct policy_text type_of_TEXT;
typedef struct policy_texts type_of_TEXTS;
typedef struct policy_texts type_of_VALUES;
typedef policy_labels type_of_LABELS;
typedef struct policy_flag type_of_FLAG;
typedef struct policy_word type_of_WORD;
typedef struct policy_number type_of_INT32;
typedef struct policy_number type_of_INDEX;
typedef struct policy_number type_of_INT64;
typedef struct policy_numbers type_of_NUMBERS_INDEX;
typedef struct policy_numbers type_of_NUMBERS_INT64;
typedef void *type_of_OBJECT;
typedef struct policy_texts type_of_OBJECTS;
typedef struct policy_texts type_of_NAMED_OBJECTS;
typedef struct place type_of_ANYTHING;

/* Pointers to objects and lists of them differ by their element: of these only the layout is
 * compared. */
enum {
	IS_LOOSE_TEXT,
	IS_LOOSE_TEXTS = 0,
	IS_LOOSE_VALUES = 0,
	IS_LOOSE_LABELS = 0,
	IS_LOOSE_FLAG = 0,
	IS_LOOSE_WORD = 0,
	IS_LOOSE_INT32 = 0,
	IS_LOOSE_INDEX = 0,
	IS_LOOSE_INT64 = 0,
	IS_LOOSE_NUMBERS_INDEX = 0,
	IS_LOOSE_NUMBERS_INT64 = 0,
	IS_LOOSE_ANYTHING = 0,
	IS_LOOSE_OBJECT = 1,
	IS_LOOSE_OBJECTS = 1,
	IS_LOOSE_NAMED_OBJECTS = 1,
};

#define MEMBER(object, member) (((struct_of_##object *)0)->member)
#define FIELD(object, name, member, kind, element, need, default_text, help)               \
	_Static_assert(__builtin_types_compatible_p(__typeof__(MEMBER(object, member)),    \
						    type_of_##kind) ||                     \
			       (IS_LOOSE_##kind &&                                         \
				sizeof(MEMBER(object, member)) == sizeof(type_of_##kind)), \
		       #object " has another type for " name);
#include "policy/fields.def"
#undef FIELD

enum { REQUIRED = true, OPTIONAL = false };

static const struct field_row field_rows[] = {
#define FIELD(object_, name_, member, kind_, element_, need, default_text_, help_) \
	{ .object = OBJECT_##object_,                                              \
	  .name = (name_),                                                         \
	  .kind = FIELD_##kind_,                                                   \
	  .element = (int)(element_),                                              \
	  .is_required = (need),                                                   \
	  .default_text = (default_text_),                                         \
	  .help = (help_),                                                         \
	  .offset = offsetof(struct_of_##object_, member) },
#include "policy/fields.def"
#undef FIELD
};

static const struct object_row object_rows[OBJECTS] = {
#define OBJECT(name, struct_name, words_) \
	[OBJECT_##name] = { sizeof(struct_of_##name), #struct_name, (words_) },
#include "policy/objects.def"
#undef OBJECT
};

const struct object_row *schema_get_object(enum object object)
{
	return &object_rows[object];
}

const struct field_row *schema_get_fields(enum object object, size_t *out_count)
{
	const struct field_row *first = field_rows;
	size_t count = 0;

	while (first->object != object)
		first++;
	while (first + count < field_rows + COUNT(field_rows) && first[count].object == object)
		count++;
	*out_count = count;
	return first;
}

const struct field_row *schema_get_all_fields(size_t *out_count)
{
	*out_count = COUNT(field_rows);
	return field_rows;
}

static bool field_is(const struct field_row *row, struct span name)
{
	return strlen(row->name) == name.bytes && memcmp(row->name, name.data, name.bytes) == 0;
}

const struct field_row *schema_find_field(enum object object, struct span name)
{
	size_t count;
	const struct field_row *rows = schema_get_fields(object, &count);

	for (size_t i = 0; i < count; i++) {
		if (field_is(&rows[i], name))
			return &rows[i];
	}
	return NULL;
}

const char *schema_get_help(const struct field_row *row)
{
	for (size_t i = 0; !row->help && i < COUNT(field_rows); i++) {
		if (strcmp(field_rows[i].name, row->name) == 0 && field_rows[i].help)
			return field_rows[i].help;
	}
	return row->help ? row->help : "";
}

enum object schema_find_owner(struct span name)
{
	for (size_t i = 0; i < COUNT(field_rows); i++) {
		if (field_is(&field_rows[i], name))
			return field_rows[i].object;
	}
	return OBJECTS;
}
