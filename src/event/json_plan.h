/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the JSON encoder knows about message types before it sees a message.
 * In: protobuf-c descriptors. Out: per message a list of fields in the order in which they are
 * written, each with its name ready to copy, where it lies, how to tell that it is set, and how it
 * is written. Nothing is written here. Private to json*.c.
 */
#pragma once

#include "event/json.h"

/* Protobuf's types, and what is written differently from them. */
enum json_kind {
	JSON_KIND_SCALAR_LAST = PROTOBUF_C_TYPE_BYTES,
	JSON_KIND_OBJECT = PROTOBUF_C_TYPE_MESSAGE,
	JSON_KIND_TIMESTAMP,
	JSON_KIND_DURATION,
	JSON_KIND_FIELD_MASK,
	JSON_KIND_ANY,
	JSON_KIND_ARRAY,
	JSON_KIND_MAP,
	JSON_KIND_ONEOF, /* whichever member is set */
	JSON_KINDS,
};

/* `,"name":` up to this is copied at once, whatever its length; all names of the API fit. */
enum { JSON_NAME_BYTES_MAX = 48 };

struct json_field {
	char name[JSON_NAME_BYTES_MAX];
	uint8_t name_bytes; /* 0 for a oneof, whose member has a name */
	uint8_t kind;
	uint8_t element_kind; /* of what lies in an array or a wrapper; else as kind */
	bool is_string;	      /* a pointer to "" says absent, too */
	uint32_t offset;      /* in the message; of a oneof: 0 */
	/* The field is set when these 8 bytes of the message have a bit of the mask. */
	uint32_t presence_offset;
	uint32_t wrapped_offset; /* of the value inside a wrapper message; 0: not wrapped */
	uint64_t presence_mask;
	uint32_t quantifier_offset;	 /* of arrays: their count, of oneofs: their case */
	uint32_t element_wrapped_offset; /* as wrapped_offset, of each element of an array */
	uint32_t element_bytes;		 /* from one element of an array to the next */
	uint32_t number;		 /* in the .proto file */
	/* Of a message, of a map's entry, or the members of a oneof. */
	const struct json_object *object;
	const ProtobufCEnumDescriptor *enumeration;
};

struct json_object {
	struct json_object *next;		/* in the encoder's list of all */
	const ProtobufCMessageDescriptor *type; /* NULL: the members of a oneof */
	unsigned int field_count;
	struct json_field *fields; /* owned */
};

struct json_encoder {
	struct json_field root; /* as if the message were a field */
	struct json_object *objects;
};
