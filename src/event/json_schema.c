/* SPDX-License-Identifier: Apache-2.0 */
/* The well-known types and maps among protobuf-c descriptors; how they are written is not done
 * here. */
#include "event/json_schema.h"

#include <string.h>

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>

static const ProtobufCMessageDescriptor *const known_types[] = {
#define JSON_KNOWN_DESCRIPTOR(name, prefix) &google__protobuf__##prefix##__descriptor,
	JSON_KNOWN_TYPES(JSON_KNOWN_DESCRIPTOR)
#undef JSON_KNOWN_DESCRIPTOR
};
_Static_assert(sizeof(known_types) / sizeof(known_types[0]) == JSON_KNOWN_NONE, "a row is missing");

size_t json_type_bytes(ProtobufCType type)
{
	static const uint8_t bytes[] = {
		[PROTOBUF_C_TYPE_INT32] = sizeof(int32_t),
		[PROTOBUF_C_TYPE_SINT32] = sizeof(int32_t),
		[PROTOBUF_C_TYPE_SFIXED32] = sizeof(int32_t),
		[PROTOBUF_C_TYPE_INT64] = sizeof(int64_t),
		[PROTOBUF_C_TYPE_SINT64] = sizeof(int64_t),
		[PROTOBUF_C_TYPE_SFIXED64] = sizeof(int64_t),
		[PROTOBUF_C_TYPE_UINT32] = sizeof(uint32_t),
		[PROTOBUF_C_TYPE_FIXED32] = sizeof(uint32_t),
		[PROTOBUF_C_TYPE_UINT64] = sizeof(uint64_t),
		[PROTOBUF_C_TYPE_FIXED64] = sizeof(uint64_t),
		[PROTOBUF_C_TYPE_FLOAT] = sizeof(float),
		[PROTOBUF_C_TYPE_DOUBLE] = sizeof(double),
		[PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
		[PROTOBUF_C_TYPE_ENUM] = sizeof(int),
		[PROTOBUF_C_TYPE_STRING] = sizeof(char *),
		[PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
		[PROTOBUF_C_TYPE_MESSAGE] = sizeof(ProtobufCMessage *),
	};

	return bytes[type];
}

enum json_known json_known_of(const ProtobufCMessageDescriptor *type)
{
	enum json_known known = 0;

	while (known < JSON_KNOWN_NONE && known_types[known] != type)
		known++;
	return known;
}

const ProtobufCMessageDescriptor *json_known_find(const char *name)
{
	for (enum json_known known = 0; known < JSON_KNOWN_NONE; known++) {
		if (!strcmp(known_types[known]->name, name))
			return known_types[known];
	}
	return NULL;
}

bool json_field_is_map(const ProtobufCFieldDescriptor *field)
{
	static const char suffix[] = "Entry";
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	size_t bytes;

	if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE ||
	    entry->n_fields != 2)
		return false;
	bytes = strlen(entry->short_name);
	return bytes >= strlen(suffix) &&
	       !strcmp(entry->short_name + bytes - strlen(suffix), suffix) &&
	       !strcmp(entry->fields[0].name, "key") && !strcmp(entry->fields[1].name, "value") &&
	       entry->fields[0].type == PROTOBUF_C_TYPE_STRING;
}
