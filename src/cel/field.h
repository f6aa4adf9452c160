/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of messages as values, by descriptor. In: protobuf-c's descriptors, once; then messages.
 * Out: values, as the language definition converts them.
 *
 * What is not set has its default, a message that is not set is one with nothing set, a wrapper
 * that is not set is null. Enums are integers, timestamps and durations are values of their own.
 */
#pragma once

#include "cel/value.h"

enum cel_load {
	CEL_LOAD_INT32,
	CEL_LOAD_INT64,
	CEL_LOAD_UINT32,
	CEL_LOAD_UINT64,
	CEL_LOAD_FLOAT,
	CEL_LOAD_DOUBLE,
	CEL_LOAD_BOOL,
	CEL_LOAD_STRING,
	CEL_LOAD_BYTES,
	CEL_LOAD_MESSAGE,
	CEL_LOAD_TIMESTAMP,
	CEL_LOAD_DURATION,
	CEL_LOADS,
};

struct cel_field {
	const ProtobufCFieldDescriptor *proto;
	const ProtobufCMessageDescriptor *message; /* of messages, and of the entries of a map */
	enum cel_load load;			   /* of the value, or of each element */
	uint32_t offset;			   /* in the message */
	uint32_t quantifier_offset;		   /* of a repeated field's count, a oneof's case */
	uint32_t wrapped_offset;		   /* of the value in a wrapper message */
	bool is_wrapped;
	bool is_repeated; /* maps, too */
	bool is_map;
	bool is_oneof;
};

void cel_field_describe(struct cel_field *field, const ProtobufCFieldDescriptor *proto);

/* MESSAGE may be NULL: nothing in it is set. FIELD must live as long as a list or map made by it.
 */
void cel_field_load(const struct cel_field *field, const ProtobufCMessage *message,
		    struct cel_value *out);
bool cel_field_is_set(const struct cel_field *field, const ProtobufCMessage *message);

/* The kind of value that a load makes. */
enum cel_kind cel_load_kind(enum cel_load load);
