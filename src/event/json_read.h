/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the JSON reader. In: jansson values with their place. Out: values in a protobuf-c
 * message. Private to json_parse*.c.
 */
#pragma once

#include "event/json_parse.h"

#include <jansson.h>

struct json_reader {
	struct diag *diag;
	enum json_unknown unknown;
	unsigned int mistakes;
};

/* Where a value stands: a chain up to the whole message, on the stack. */
struct json_place {
	const struct json_place *up; /* NULL: the whole message */
	const char *name;	     /* of a field; NULL for an element of a list */
	size_t index;
};

/* A value is to stay at its default: null, or an enum name of a newer writer. */
#define JSON_READ_SKIP 1

/*
 * Reads a value of FIELD's type into VALUE, which is touched only on success (0). JSON_READ_SKIP;
 * -EINVAL: the mistake was reported; -ENOMEM.
 */
typedef int json_read(struct json_reader *reader, const struct json_place *place, json_t *json,
		      const ProtobufCFieldDescriptor *field, void *value);

/* Reports that a value is GOT and should be as WANTED says; returns -EINVAL. */
int json_read_refuse(struct json_reader *reader, const struct json_place *place, json_t *got,
		     const char *wanted);

/* Reports a mistake with a text of its own; returns -EINVAL. */
int json_read_fail(struct json_reader *reader, const struct json_place *place, const char *format,
		   ...) __attribute__((format(printf, 3, 4)));

/* Numbers, strings, bytes, enums and the well-known types that are written as strings. */
json_read json_read_integer, json_read_real, json_read_bool, json_read_enum, json_read_string,
	json_read_bytes;

/* Fill a message of the type that they name. */
typedef int json_read_known(struct json_reader *reader, const struct json_place *place,
			    json_t *json, ProtobufCMessage *message);

json_read_known json_read_timestamp, json_read_duration, json_read_field_mask;
