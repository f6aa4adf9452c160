/* SPDX-License-Identifier: Apache-2.0 */
/* JSON -> numbers, strings, bytes and enums, each checked against what its protobuf type can hold.
 */
#include "event/json_read.h"

#include "base/suggest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct integer_type {
	int64_t min;
	uint64_t max;
	uint8_t bytes;
	const char *wanted;
};

#define INTEGER_32  { INT32_MIN, INT32_MAX, 4, "a number from -2147483648 to 2147483647" }
#define INTEGER_64  { INT64_MIN, INT64_MAX, 8, "a number from -2^63 to 2^63-1" }
#define UNSIGNED_32 { 0, UINT32_MAX, 4, "a number from 0 to 4294967295" }
#define UNSIGNED_64 { 0, UINT64_MAX, 8, "a number from 0 to 2^64-1" }

static const struct integer_type integer_types[] = {
	[PROTOBUF_C_TYPE_INT32] = INTEGER_32,	 [PROTOBUF_C_TYPE_SINT32] = INTEGER_32,
	[PROTOBUF_C_TYPE_SFIXED32] = INTEGER_32, [PROTOBUF_C_TYPE_INT64] = INTEGER_64,
	[PROTOBUF_C_TYPE_SINT64] = INTEGER_64,	 [PROTOBUF_C_TYPE_SFIXED64] = INTEGER_64,
	[PROTOBUF_C_TYPE_UINT32] = UNSIGNED_32,	 [PROTOBUF_C_TYPE_FIXED32] = UNSIGNED_32,
	[PROTOBUF_C_TYPE_UINT64] = UNSIGNED_64,	 [PROTOBUF_C_TYPE_FIXED64] = UNSIGNED_64,
};

/* Sign and magnitude, so that both int64 and uint64 fit. */
struct integer {
	bool is_negative;
	uint64_t magnitude;
};

static bool integer_from_text(const char *text, struct integer *out)
{
	struct integer number = { .is_negative = *text == '-' };

	text += number.is_negative;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' ||
		    __builtin_mul_overflow(number.magnitude, 10, &number.magnitude) ||
		    __builtin_add_overflow(number.magnitude, *text - '0', &number.magnitude))
			return false;
	}
	*out = number;
	return true;
}

static bool integer_from_real(double real, struct integer *out)
{
	/* Beyond 2^53 a double no longer says which integer was meant. */
	const double exact_max = 9007199254740992.0;
	int64_t whole;

	if (real < -exact_max || real > exact_max)
		return false;
	whole = (int64_t)real;
	if ((double)whole != real)
		return false;
	*out = (struct integer){ whole < 0, (uint64_t)(whole < 0 ? -whole : whole) };
	return true;
}

static bool integer_from_json(json_t *json, struct integer *out)
{
	if (json_is_string(json))
		return integer_from_text(json_string_value(json), out);
	if (json_is_real(json))
		return integer_from_real(json_real_value(json), out);
	if (!json_is_integer(json))
		return false;
	*out = (struct integer){ .is_negative = json_integer_value(json) < 0 };
	out->magnitude = (uint64_t)json_integer_value(json);
	if (out->is_negative)
		out->magnitude = -out->magnitude;
	return true;
}

static bool is_within(const struct integer *number, const struct integer_type *type)
{
	if (number->is_negative)
		return number->magnitude <= -(uint64_t)type->min;
	return number->magnitude <= type->max;
}

int json_read_integer(struct json_reader *reader, const struct json_place *place, json_t *json,
		      const ProtobufCFieldDescriptor *field, void *value)
{
	const struct integer_type *type = &integer_types[field->type];
	struct integer number;
	uint64_t wide;
	uint32_t narrow;

	if (!integer_from_json(json, &number) || !is_within(&number, type))
		return json_read_refuse(reader, place, json, type->wanted);
	wide = number.is_negative ? -number.magnitude : number.magnitude;
	narrow = (uint32_t)wide;
	memcpy(value, type->bytes == 4 ? (void *)&narrow : (void *)&wide, type->bytes);
	return 0;
}

int json_read_real(struct json_reader *reader, const struct json_place *place, json_t *json,
		   const ProtobufCFieldDescriptor *field, void *value)
{
	const char *text = json_is_string(json) ? json_string_value(json) : "";
	double real;

	if (json_is_number(json))
		real = json_number_value(json);
	else if (!strcmp(text, "NaN"))
		real = NAN;
	else if (!strcmp(text, "Infinity") || !strcmp(text, "-Infinity"))
		real = *text == '-' ? -INFINITY : INFINITY;
	else
		return json_read_refuse(reader, place, json, "a number, \"NaN\" or \"Infinity\"");
	if (field->type == PROTOBUF_C_TYPE_FLOAT)
		*(float *)value = (float)real;
	else
		*(double *)value = real;
	return 0;
}

int json_read_bool(struct json_reader *reader, const struct json_place *place, json_t *json,
		   const ProtobufCFieldDescriptor *field, void *value)
{
	if (!json_is_boolean(json))
		return json_read_refuse(reader, place, json, "true or false");
	*(protobuf_c_boolean *)value = json_is_true(json);
	return 0;
}

static int refuse_enum_name(struct json_reader *reader, const struct json_place *place,
			    const char *name, const ProtobufCEnumDescriptor *type)
{
	struct suggest suggest = suggest_start(name);

	for (unsigned int i = 0; i < type->n_value_names; i++)
		suggest_offer(&suggest, type->values_by_name[i].name);
	if (suggest.best)
		return json_read_fail(reader, place, "holds no name of %s; did you mean \"%s\"?",
				      type->short_name, suggest.best);
	return json_read_fail(reader, place, "holds no name of %s, like \"%s\"", type->short_name,
			      type->values[0].name);
}

int json_read_enum(struct json_reader *reader, const struct json_place *place, json_t *json,
		   const ProtobufCFieldDescriptor *field, void *value)
{
	const struct integer_type *range = &integer_types[PROTOBUF_C_TYPE_INT32];
	const ProtobufCEnumDescriptor *type = field->descriptor;
	const ProtobufCEnumValue *known;
	struct integer number;

	if (json_is_string(json)) {
		known = protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(json));
		if (!known)
			return reader->unknown == JSON_UNKNOWN_SKIP
				       ? JSON_READ_SKIP
				       : refuse_enum_name(reader, place, json_string_value(json),
							  type);
		*(int *)value = known->value;
		return 0;
	}
	if (!integer_from_json(json, &number) || !is_within(&number, range))
		return json_read_refuse(reader, place, json, "a name or a number");
	*(int *)value =
		(int)(number.is_negative ? -(int64_t)number.magnitude : (int64_t)number.magnitude);
	return 0;
}

int json_read_string(struct json_reader *reader, const struct json_place *place, json_t *json,
		     const ProtobufCFieldDescriptor *field, void *value)
{
	char *text;

	if (!json_is_string(json))
		return json_read_refuse(reader, place, json, "a string");
	text = strdup(json_string_value(json));
	if (!text)
		return -ENOMEM;
	*(char **)value = text;
	return 0;
}

/* The six bits of a character of either base64 alphabet; 64 for any other. */
static unsigned int base64_bits(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned int)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned int)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0') + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : 64;
}

/* Decodes TEXT of LENGTH characters (padding apart) to OUT, which has room for 3/4 of them. */
static bool base64_read(const char *text, size_t length, uint8_t *out)
{
	uint32_t group = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned int bits = base64_bits(text[i]);

		if (bits > 63)
			return false;
		group = group << 6 | bits;
		if (i % 4)
			*out++ = (uint8_t)(group >> (6 - i % 4 * 2));
	}
	return true;
}

int json_read_bytes(struct json_reader *reader, const struct json_place *place, json_t *json,
		    const ProtobufCFieldDescriptor *field, void *value)
{
	_cleanup_free_ uint8_t *data = NULL;
	const char *text = json_string_value(json);
	size_t length = text ? json_string_length(json) : 0;
	size_t padding = 0;

	while (padding < 2 && length > padding && text[length - padding - 1] == '=')
		padding++;
	if (!text || (padding && length % 4) || (length - padding) % 4 == 1)
		return json_read_refuse(reader, place, json, "a string of base64");
	length -= padding;
	data = malloc(length * 3 / 4 + 1);
	if (!data)
		return -ENOMEM;
	if (!base64_read(text, length, data))
		return json_read_refuse(reader, place, json, "a string of base64");
	*(ProtobufCBinaryData *)value = (ProtobufCBinaryData){ length * 3 / 4, TAKE_PTR(data) };
	return 0;
}
