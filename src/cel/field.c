/* SPDX-License-Identifier: Apache-2.0 */
/* One row for each of protobuf's types, one for each message that is a value of its own. */
#include "cel/field.h"

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { NANOSECONDS = 1000 * 1000 * 1000 };

static const uint8_t field_loads[] = {
	[PROTOBUF_C_TYPE_INT32] = CEL_LOAD_INT32,     [PROTOBUF_C_TYPE_SINT32] = CEL_LOAD_INT32,
	[PROTOBUF_C_TYPE_SFIXED32] = CEL_LOAD_INT32,  [PROTOBUF_C_TYPE_INT64] = CEL_LOAD_INT64,
	[PROTOBUF_C_TYPE_SINT64] = CEL_LOAD_INT64,    [PROTOBUF_C_TYPE_SFIXED64] = CEL_LOAD_INT64,
	[PROTOBUF_C_TYPE_UINT32] = CEL_LOAD_UINT32,   [PROTOBUF_C_TYPE_FIXED32] = CEL_LOAD_UINT32,
	[PROTOBUF_C_TYPE_UINT64] = CEL_LOAD_UINT64,   [PROTOBUF_C_TYPE_FIXED64] = CEL_LOAD_UINT64,
	[PROTOBUF_C_TYPE_FLOAT] = CEL_LOAD_FLOAT,     [PROTOBUF_C_TYPE_DOUBLE] = CEL_LOAD_DOUBLE,
	[PROTOBUF_C_TYPE_BOOL] = CEL_LOAD_BOOL,	      [PROTOBUF_C_TYPE_ENUM] = CEL_LOAD_INT32,
	[PROTOBUF_C_TYPE_STRING] = CEL_LOAD_STRING,   [PROTOBUF_C_TYPE_BYTES] = CEL_LOAD_BYTES,
	[PROTOBUF_C_TYPE_MESSAGE] = CEL_LOAD_MESSAGE,
};

/* By enum cel_load: what it makes, and how far it is from one element of a list to the next. */
static const struct {
	uint8_t kind;
	uint8_t element_bytes;
} load_facts[] = {
	[CEL_LOAD_INT32] = { CEL_KIND_INT, sizeof(int32_t) },
	[CEL_LOAD_INT64] = { CEL_KIND_INT, sizeof(int64_t) },
	[CEL_LOAD_UINT32] = { CEL_KIND_UINT, sizeof(uint32_t) },
	[CEL_LOAD_UINT64] = { CEL_KIND_UINT, sizeof(uint64_t) },
	[CEL_LOAD_FLOAT] = { CEL_KIND_DOUBLE, sizeof(float) },
	[CEL_LOAD_DOUBLE] = { CEL_KIND_DOUBLE, sizeof(double) },
	[CEL_LOAD_BOOL] = { CEL_KIND_BOOL, sizeof(protobuf_c_boolean) },
	[CEL_LOAD_STRING] = { CEL_KIND_STRING, sizeof(char *) },
	[CEL_LOAD_BYTES] = { CEL_KIND_BYTES, sizeof(ProtobufCBinaryData) },
	[CEL_LOAD_MESSAGE] = { CEL_KIND_MESSAGE, sizeof(ProtobufCMessage *) },
	[CEL_LOAD_TIMESTAMP] = { CEL_KIND_TIMESTAMP, sizeof(ProtobufCMessage *) },
	[CEL_LOAD_DURATION] = { CEL_KIND_DURATION, sizeof(ProtobufCMessage *) },
};
_Static_assert(COUNT(load_facts) == CEL_LOADS, "a row for each load");

static const ProtobufCMessageDescriptor *const wrappers[] = {
	&google__protobuf__double_value__descriptor, &google__protobuf__float_value__descriptor,
	&google__protobuf__int64_value__descriptor,  &google__protobuf__uint64_value__descriptor,
	&google__protobuf__int32_value__descriptor,  &google__protobuf__uint32_value__descriptor,
	&google__protobuf__bool_value__descriptor,   &google__protobuf__string_value__descriptor,
	&google__protobuf__bytes_value__descriptor,
};

static bool message_is_wrapper(const ProtobufCMessageDescriptor *message)
{
	for (size_t i = 0; i < COUNT(wrappers); i++) {
		if (wrappers[i] == message)
			return true;
	}
	return false;
}

/* protobuf-c does not say which messages are the entries of a map; protoc names them so. */
static bool message_is_map_entry(const ProtobufCMessageDescriptor *message)
{
	size_t bytes = strlen(message->short_name);

	return bytes > 5 && strcmp(message->short_name + bytes - 5, "Entry") == 0 &&
	       message->n_fields == 2 && strcmp(message->fields[0].name, "key") == 0 &&
	       strcmp(message->fields[1].name, "value") == 0;
}

static void field_describe_message(struct cel_field *field,
				   const ProtobufCMessageDescriptor *message)
{
	field->message = message;
	field->is_map = field->is_repeated && message_is_map_entry(message);
	if (message == &google__protobuf__timestamp__descriptor) {
		field->load = CEL_LOAD_TIMESTAMP;
	} else if (message == &google__protobuf__duration__descriptor) {
		field->load = CEL_LOAD_DURATION;
	} else if (message_is_wrapper(message)) {
		field->is_wrapped = true;
		field->load = field_loads[message->fields[0].type];
		field->wrapped_offset = message->fields[0].offset;
	}
}

void cel_field_describe(struct cel_field *field, const ProtobufCFieldDescriptor *proto)
{
	*field = (struct cel_field){
		.proto = proto,
		.load = field_loads[proto->type],
		.offset = proto->offset,
		.quantifier_offset = proto->quantifier_offset,
		.is_repeated = proto->label == PROTOBUF_C_LABEL_REPEATED,
		.is_oneof = proto->flags & PROTOBUF_C_FIELD_FLAG_ONEOF,
	};
	if (proto->type == PROTOBUF_C_TYPE_MESSAGE)
		field_describe_message(field, proto->descriptor);
}

enum cel_kind cel_load_kind(enum cel_load load)
{
	return load_facts[load].kind;
}

static void load_timestamp(const Google__Protobuf__Timestamp *time, struct cel_value *out)
{
	*out = (struct cel_value){ .kind = CEL_KIND_TIMESTAMP };
	if (!time)
		return;
	out->seconds = time->seconds;
	if (time->nanos >= 0 && time->nanos < NANOSECONDS)
		out->nanoseconds = (uint32_t)time->nanos;
}

/* What is longer than the language's durations, 292 years, is as long as they can be. */
static void load_duration(const Google__Protobuf__Duration *duration, struct cel_value *out)
{
	int64_t nanoseconds;

	*out = (struct cel_value){ .kind = CEL_KIND_DURATION };
	if (!duration)
		return;
	if (__builtin_mul_overflow(duration->seconds, (int64_t)NANOSECONDS, &nanoseconds) ||
	    __builtin_add_overflow(nanoseconds, (int64_t)duration->nanos, &nanoseconds))
		nanoseconds = duration->seconds < 0 ? INT64_MIN : INT64_MAX;
	out->integer = nanoseconds;
}

static void load_text(const char *text, struct cel_value *out)
{
	*out = cel_value_of_text(text ? span_of(text) : (struct span){ "", 0 });
}

static void load_bytes(const ProtobufCBinaryData *bytes, struct cel_value *out)
{
	*out = (struct cel_value){ .kind = CEL_KIND_BYTES,
				   .text = { bytes->data ? (const char *)bytes->data : "",
					     bytes->data ? bytes->len : 0 } };
}

/* The value at AT, which no wrapper is around. */
static void load_plain(const struct cel_field *field, const void *at, struct cel_value *out)
{
	switch (field->load) {
	case CEL_LOAD_INT32:
		*out = cel_value_of_int(*(const int32_t *)at);
		break;
	case CEL_LOAD_INT64:
		*out = cel_value_of_int(*(const int64_t *)at);
		break;
	case CEL_LOAD_UINT32:
		*out = cel_value_of_uint(*(const uint32_t *)at);
		break;
	case CEL_LOAD_UINT64:
		*out = cel_value_of_uint(*(const uint64_t *)at);
		break;
	case CEL_LOAD_FLOAT:
		*out = cel_value_of_double((double)*(const float *)at);
		break;
	case CEL_LOAD_DOUBLE:
		*out = cel_value_of_double(*(const double *)at);
		break;
	case CEL_LOAD_BOOL:
		*out = cel_value_of_bool(*(const protobuf_c_boolean *)at);
		break;
	case CEL_LOAD_STRING:
		load_text(*(char *const *)at, out);
		break;
	case CEL_LOAD_BYTES:
		load_bytes(at, out);
		break;
	case CEL_LOAD_TIMESTAMP:
		load_timestamp(*(const Google__Protobuf__Timestamp *const *)at, out);
		break;
	case CEL_LOAD_DURATION:
		load_duration(*(const Google__Protobuf__Duration *const *)at, out);
		break;
	default:
		*out = (struct cel_value){ .kind = CEL_KIND_MESSAGE,
					   .type = field->message,
					   .message = *(const ProtobufCMessage *const *)at };
		break;
	}
}

static void load_at(const struct cel_field *field, const void *at, struct cel_value *out)
{
	if (field->is_wrapped) {
		const char *wrapper = *(const char *const *)at;

		if (!wrapper) {
			*out = (struct cel_value){ .kind = CEL_KIND_NULL };
			return;
		}
		at = wrapper + field->wrapped_offset;
	}
	load_plain(field, at, out);
}

static const void *field_at(const struct cel_field *field, const ProtobufCMessage *message)
{
	/* what a message without anything has at every offset, for the largest value */
	static const ProtobufCBinaryData nothing;

	if (!message)
		return &nothing;
	if (field->is_oneof && *(const uint32_t *)((const char *)message +
						   field->quantifier_offset) != field->proto->id)
		return &nothing;
	return (const char *)message + field->offset;
}

static size_t field_count(const struct cel_field *field, const ProtobufCMessage *message)
{
	return message ? *(const size_t *)((const char *)message + field->quantifier_offset) : 0;
}

void cel_field_load(const struct cel_field *field, const ProtobufCMessage *message,
		    struct cel_value *out)
{
	const void *at = field_at(field, message);
	size_t count;

	if (!field->is_repeated) {
		load_at(field, at, out);
		return;
	}
	count = field_count(field, message);
	*out = (struct cel_value){ .kind = field->is_map ? CEL_KIND_MAP : CEL_KIND_LIST,
				   .count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX,
				   .items = *(const void *const *)at,
				   .field = field };
}

bool cel_field_is_set(const struct cel_field *field, const ProtobufCMessage *message)
{
	const void *at = field_at(field, message);
	struct cel_value value;

	if (field->is_repeated)
		return field_count(field, message) != 0;
	if (field->proto->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(const void *const *)at != NULL;
	if (field->is_oneof)
		return message && at == (const char *)message + field->offset;
	load_plain(field, at, &value);
	if (value.kind == CEL_KIND_STRING || value.kind == CEL_KIND_BYTES)
		return value.text.bytes != 0;
	if (value.kind == CEL_KIND_DOUBLE)
		return value.real != 0;
	return value.kind == CEL_KIND_BOOL ? value.boolean : value.natural != 0;
}

void cel_list_get(const struct cel_value *list, uint32_t i, struct cel_value *out)
{
	const struct cel_field *field = list->field;

	if (!field)
		*out = ((const struct cel_value *)list->items)[i];
	else
		load_at(field,
			(const char *)list->items +
				(size_t)i * (field->is_wrapped
						     ? sizeof(ProtobufCMessage *)
						     : load_facts[field->load].element_bytes),
			out);
}

void cel_map_get(const struct cel_value *map, uint32_t i, struct cel_value *key,
		 struct cel_value *value)
{
	const struct cel_value *values = map->items;
	const ProtobufCMessage *const *entries = map->items;
	struct cel_field field;

	if (!map->field) {
		*key = values[2 * (size_t)i];
		*value = values[2 * (size_t)i + 1];
		return;
	}
	/* keys and values of maps are neither repeated nor maps: FIELD need not live on */
	cel_field_describe(&field, &map->field->message->fields[0]);
	cel_field_load(&field, entries[i], key);
	cel_field_describe(&field, &map->field->message->fields[1]);
	cel_field_load(&field, entries[i], value);
}
