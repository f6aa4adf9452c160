/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the JSON form: one walk over plans writes every message of the API, one table says
 * how each kind of value is written. What is known before a message comes is json_plan.c's, strings
 * are json_string.c's.
 */
#include "event/json_put.h"

#include "event/json_schema.h"
#include "event/text.h"

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static char *put_int32(struct buf *out, char *at, const void *value, const struct json_field *field)
{
	int64_t number = *(const int32_t *)value;

	if (number < 0)
		*at++ = '-';
	return text_put_uint(at, (uint64_t)(number < 0 ? -number : number));
}

static char *put_uint32(struct buf *out, char *at, const void *value,
			const struct json_field *field)
{
	return text_put_uint(at, *(const uint32_t *)value);
}

static char *put_int64(struct buf *out, char *at, const void *value, const struct json_field *field)
{
	int64_t number = *(const int64_t *)value;

	*at++ = '"';
	if (number < 0)
		*at++ = '-';
	at = text_put_uint(at, number < 0 ? -(uint64_t)number : (uint64_t)number);
	*at++ = '"';
	return at;
}

static char *put_uint64(struct buf *out, char *at, const void *value,
			const struct json_field *field)
{
	*at++ = '"';
	at = text_put_uint(at, *(const uint64_t *)value);
	*at++ = '"';
	return at;
}

/* DIGITS (9 for float, 17 for double) always read back as the same value. */
static char *put_real(char *at, double value, int digits)
{
	if (isnan(value))
		return stpcpy(at, "\"NaN\"");
	if (isinf(value))
		return stpcpy(at, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
	return at + snprintf(at, JSON_ROOM_BYTES, "%.*g", digits, value);
}

static char *put_float(struct buf *out, char *at, const void *value, const struct json_field *field)
{
	return put_real(at, (double)*(const float *)value, 9);
}

static char *put_double(struct buf *out, char *at, const void *value,
			const struct json_field *field)
{
	return put_real(at, *(const double *)value, 17);
}

static char *put_bool(struct buf *out, char *at, const void *value, const struct json_field *field)
{
	bool is_true = *(const protobuf_c_boolean *)value;

	memcpy(at, is_true ? "true" : "false", 5);
	return at + (is_true ? 4 : 5);
}

static char *put_enum(struct buf *out, char *at, const void *value, const struct json_field *field)
{
	const ProtobufCEnumValue *known =
		protobuf_c_enum_descriptor_get_value(field->enumeration, *(const int *)value);

	if (known)
		return json_put_text(out, at, known->name, strlen(known->name));
	return put_int32(out, at, value, field);
}

static char *put_bytes(struct buf *out, char *at, const void *value, const struct json_field *field)
{
	const ProtobufCBinaryData *binary = value;

	*at++ = '"';
	out->bytes = (size_t)(at - out->data);
	buf_add_base64(out, binary->data, binary->len);
	buf_add_char(out, '"');
	return out->failed ? NULL : out->data + out->bytes;
}

static char *put_timestamp(struct buf *out, char *at, const void *value,
			   const struct json_field *field)
{
	const Google__Protobuf__Timestamp *time = *(Google__Protobuf__Timestamp *const *)value;

	*at++ = '"';
	at = text_put_time(at, time->seconds, time->nanos, TEXT_FRACTION_NEEDED);
	*at++ = '"';
	return at;
}

static char *put_duration(struct buf *out, char *at, const void *value,
			  const struct json_field *field)
{
	const Google__Protobuf__Duration *duration = *(Google__Protobuf__Duration *const *)value;
	/* Seconds and nanoseconds may disagree in sign when a stranger filled them. */
	__int128 nanos = (__int128)duration->seconds * 1000000000 + duration->nanos;
	bool is_negative = nanos < 0;

	nanos = is_negative ? -nanos : nanos;
	*at++ = '"';
	if (is_negative)
		*at++ = '-';
	at = text_put_uint(at, (uint64_t)(nanos / 1000000000));
	at = text_put_fraction(at, (uint32_t)(nanos % 1000000000), TEXT_FRACTION_NEEDED);
	memcpy(at, "s\"", 2);
	return at + 2;
}

/* One string of all paths, each in lowerCamelCase. */
static char *put_field_mask(struct buf *out, char *at, const void *value,
			    const struct json_field *field)
{
	const Google__Protobuf__FieldMask *mask = *(Google__Protobuf__FieldMask *const *)value;
	_cleanup_buf_ struct buf joined = {};

	for (size_t i = 0; i < mask->n_paths; i++) {
		if (i)
			buf_add_char(&joined, ',');
		for (const char *path = mask->paths[i]; *path; path++) {
			bool is_raised = *path == '_' && path[1] >= 'a' && path[1] <= 'z';

			path += is_raised;
			buf_add_char(&joined, is_raised ? (char)(*path - 'a' + 'A') : *path);
		}
	}
	if (joined.failed) {
		out->failed = true;
		return NULL;
	}
	return json_put_text(out, at, joined.bytes ? joined.data : "", joined.bytes);
}

/* Only well-known types travel in an Any of this API; others keep their bytes. */
static char *put_any(struct buf *out, char *at, const void *value, const struct json_field *field)
{
	const Google__Protobuf__Any *any = *(Google__Protobuf__Any *const *)value;
	const char *slash = strrchr(any->type_url, '/');
	const ProtobufCMessageDescriptor *type = json_known_find(slash ? slash + 1 : "");
	ProtobufCMessage *inner = NULL;

	/* An Any within an Any would let a sender choose how deep this nests. */
	if (type && type != &google__protobuf__any__descriptor)
		inner = protobuf_c_message_unpack(type, NULL, any->value.len, any->value.data);
	at = stpcpy(at, "{\"@type\":");
	at = json_put_text(out, at, any->type_url, strlen(any->type_url));
	at = at ? json_reserve(out, at, JSON_ROOM_BYTES) : NULL;
	if (at) {
		out->bytes = (size_t)(stpcpy(at, ",\"value\":") - out->data);
		if (inner) {
			json_add_message(out, inner);
		} else {
			buf_add_char(out, '"');
			buf_add_base64(out, any->value.data, any->value.len);
			buf_add_char(out, '"');
		}
		buf_add_char(out, '}');
		at = out->failed ? NULL : out->data + out->bytes;
	}
	protobuf_c_message_free_unpacked(inner, NULL);
	return at;
}

static json_put *const json_puts[JSON_KINDS];

/* Writes the element (a map's value, a whole message) that lies in SLOT. */
static inline char *put_element(struct buf *out, char *at, const void *slot,
				const struct json_field *field, uint32_t wrapped_offset)
{
	const void *value = slot;

	if (wrapped_offset)
		value = *(const char *const *)slot + wrapped_offset;
	return json_puts[field->element_kind](out, at, value, field);
}

/*
 * Objects and arrays are written with a comma before each element; then the first comma, at START,
 * becomes the opening bracket. Behind AT there is room for two bytes.
 */
static char *put_brackets(struct buf *out, char *at, size_t start, const char brackets[2])
{
	if ((size_t)(at - out->data) == start)
		at++;
	out->data[start] = brackets[0];
	*at++ = brackets[1];
	return at;
}

static size_t repeated_count(const void *slot, const struct json_field *field)
{
	return *(const size_t *)((const char *)slot - field->offset + field->quantifier_offset);
}

static char *put_array(struct buf *out, char *at, const void *slot, const struct json_field *field)
{
	const char *element = *(const char *const *)slot;
	size_t count = repeated_count(slot, field);
	size_t start = (size_t)(at - out->data);

	for (size_t i = 0; i < count && at; i++, element += field->element_bytes) {
		*at++ = ',';
		at = put_element(out, at, element, field, field->element_wrapped_offset);
		if (at)
			at = json_reserve(out, at, JSON_ROOM_BYTES + 2);
	}
	return at ? put_brackets(out, at, start, "[]") : NULL;
}

struct map_entry {
	const char *key;
	const char *message;
	size_t order; /* of arrival: the last of equal keys counts */
};

static int compare_map_entries(const void *left, const void *right)
{
	const struct map_entry *a = left, *b = right;
	int keys = strcmp(a->key, b->key);

	return keys ? keys : (a->order > b->order) - (a->order < b->order);
}

static char *put_map_entry(struct buf *out, char *at, const struct map_entry *entry,
			   const struct json_field *value)
{
	*at++ = ',';
	at = json_put_text(out, at, entry->key, strlen(entry->key));
	at = at ? json_reserve(out, at, JSON_ROOM_BYTES + 1) : NULL;
	if (!at)
		return NULL;
	*at++ = ':';
	at = put_element(out, at, entry->message + value->offset, value, value->wrapped_offset);
	return at ? json_reserve(out, at, JSON_ROOM_BYTES + 2) : NULL;
}

static char *put_map(struct buf *out, char *at, const void *slot, const struct json_field *field)
{
	const struct json_field *key = &field->object->fields[0];
	const char *const *messages = *(const char *const *const *)slot;
	size_t count = repeated_count(slot, field);
	size_t start = (size_t)(at - out->data);
	_cleanup_free_ struct map_entry *entries = calloc(count, sizeof(*entries));

	if (!entries) {
		out->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = *(const char *const *)(messages[i] + key->offset);

		entries[i] = (struct map_entry){ text ? text : "", messages[i], i };
	}
	qsort(entries, count, sizeof(*entries), compare_map_entries);
	for (size_t i = 0; i < count && at; i++) {
		if (i + 1 == count || strcmp(entries[i].key, entries[i + 1].key))
			at = put_map_entry(out, at, &entries[i], &field->object->fields[1]);
	}
	return at ? put_brackets(out, at, start, "{}") : NULL;
}

static inline char *put_field(struct buf *out, char *at, const char *message,
			      const struct json_field *field)
{
	const char *slot = message + field->offset;

	at = json_reserve(out, at, JSON_NAME_BYTES_MAX + JSON_ROOM_BYTES);
	if (!at)
		return NULL;
	/* All of it: a copy of fixed size is a few moves, and what is too much is overwritten. */
	memcpy(at, field->name, JSON_NAME_BYTES_MAX);
	at += field->name_bytes;
	if (field->wrapped_offset)
		slot = *(const char *const *)slot + field->wrapped_offset;
	return json_puts[field->kind](out, at, slot, field);
}

static char *put_oneof(struct buf *out, char *at, const void *message,
		       const struct json_field *oneof)
{
	const struct json_object *members = oneof->object;
	uint32_t number = *(const uint32_t *)((const char *)message + oneof->quantifier_offset);
	unsigned int i = 0;

	while (i < members->field_count && members->fields[i].number != number)
		i++;
	if (i == members->field_count)
		return at;
	if (members->fields[i].kind >= JSON_KIND_OBJECT || members->fields[i].wrapped_offset) {
		const char *slot = (const char *)message + members->fields[i].offset;

		if (!*(const void *const *)slot)
			return at;
	}
	return put_field(out, at, message, &members->fields[i]);
}

static inline bool is_present(const char *message, const struct json_field *field)
{
	uint64_t bits;

	memcpy(&bits, message + field->presence_offset, sizeof(bits));
	if (!(bits & field->presence_mask))
		return false;
	return !field->is_string || **(const char *const *)(message + field->offset);
}

static char *put_object(struct buf *out, char *at, const void *value,
			const struct json_field *field)
{
	const char *message = *(const char *const *)value;
	const struct json_field *fields = field->object->fields;
	const struct json_field *end = fields + field->object->field_count;
	size_t start = (size_t)(at - out->data);

	for (; fields < end; fields++) {
		if (!is_present(message, fields))
			continue;
		at = put_field(out, at, message, fields);
		if (!at)
			return NULL;
	}
	at = json_reserve(out, at, 2);
	return at ? put_brackets(out, at, start, "{}") : NULL;
}

static json_put *const json_puts[JSON_KINDS] = {
	[PROTOBUF_C_TYPE_INT32] = put_int32,
	[PROTOBUF_C_TYPE_SINT32] = put_int32,
	[PROTOBUF_C_TYPE_SFIXED32] = put_int32,
	[PROTOBUF_C_TYPE_INT64] = put_int64,
	[PROTOBUF_C_TYPE_SINT64] = put_int64,
	[PROTOBUF_C_TYPE_SFIXED64] = put_int64,
	[PROTOBUF_C_TYPE_UINT32] = put_uint32,
	[PROTOBUF_C_TYPE_FIXED32] = put_uint32,
	[PROTOBUF_C_TYPE_UINT64] = put_uint64,
	[PROTOBUF_C_TYPE_FIXED64] = put_uint64,
	[PROTOBUF_C_TYPE_FLOAT] = put_float,
	[PROTOBUF_C_TYPE_DOUBLE] = put_double,
	[PROTOBUF_C_TYPE_BOOL] = put_bool,
	[PROTOBUF_C_TYPE_ENUM] = put_enum,
	[PROTOBUF_C_TYPE_STRING] = json_put_string,
	[PROTOBUF_C_TYPE_BYTES] = put_bytes,
	[JSON_KIND_OBJECT] = put_object,
	[JSON_KIND_TIMESTAMP] = put_timestamp,
	[JSON_KIND_DURATION] = put_duration,
	[JSON_KIND_FIELD_MASK] = put_field_mask,
	[JSON_KIND_ANY] = put_any,
	[JSON_KIND_ARRAY] = put_array,
	[JSON_KIND_MAP] = put_map,
	[JSON_KIND_ONEOF] = put_oneof,
};

void json_encode(const struct json_encoder *encoder, struct buf *out,
		 const ProtobufCMessage *message)
{
	size_t start = out->bytes;
	char *at;

	if (!buf_reserve(out, JSON_ROOM_BYTES))
		return;
	at = put_element(out, out->data + start, &message, &encoder->root,
			 encoder->root.wrapped_offset);
	out->bytes = at ? (size_t)(at - out->data) : start;
}

void json_add_message(struct buf *out, const ProtobufCMessage *message)
{
	_cleanup_json_encoder_ struct json_encoder *encoder = json_encoder_new(message->descriptor);

	if (encoder)
		json_encode(encoder, out, message);
	else
		out->failed = true;
}
