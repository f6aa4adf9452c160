/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the JSON mapping of protobuf treats specially. In: protobuf-c descriptors. Out: which of the
 * well-known types a message is, and which repeated fields were declared as a map.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

/* Each row: name, C prefix of the descriptor. The most frequent ones in events come first. */
#define JSON_KNOWN_TYPES(ROW)           \
	ROW(UINT32_VALUE, uint32_value) \
	ROW(TIMESTAMP, timestamp)       \
	ROW(BOOL_VALUE, bool_value)     \
	ROW(INT32_VALUE, int32_value)   \
	ROW(UINT64_VALUE, uint64_value) \
	ROW(INT64_VALUE, int64_value)   \
	ROW(STRING_VALUE, string_value) \
	ROW(BYTES_VALUE, bytes_value)   \
	ROW(FLOAT_VALUE, float_value)   \
	ROW(DOUBLE_VALUE, double_value) \
	ROW(DURATION, duration)         \
	ROW(FIELD_MASK, field_mask)     \
	ROW(ANY, any)

enum json_known {
#define JSON_KNOWN_NAME(name, prefix) JSON_KNOWN_##name,
	JSON_KNOWN_TYPES(JSON_KNOWN_NAME)
#undef JSON_KNOWN_NAME
		JSON_KNOWN_NONE, /* an ordinary message: an object of its fields */
};

/* Bytes that one value of a protobuf type takes in a message in memory. */
size_t json_type_bytes(ProtobufCType type);

enum json_known json_known_of(const ProtobufCMessageDescriptor *type);

/* The known type of this full name, like "google.protobuf.StringValue"; NULL when there is none. */
const ProtobufCMessageDescriptor *json_known_find(const char *name);

/* protobuf-c keeps no mark of map<string, V>: it is told by the shape of the entry that protoc
 * makes up. */
bool json_field_is_map(const ProtobufCFieldDescriptor *field);
