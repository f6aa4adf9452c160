/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of the language. In: fields of events, literals. Out: is one equal to, or less than,
 * another; elements of lists and maps. What a value may cost is counted by the evaluation.
 *
 * A value owns nothing: texts, lists and messages lie in the event, in the program, or in the arena
 * of the evaluation. Lists and maps that are fields of the event are not copied.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/span.h"

struct cel_eval;
struct cel_field;

enum cel_kind {
	CEL_KIND_NULL,
	CEL_KIND_BOOL,
	CEL_KIND_INT,
	CEL_KIND_UINT,
	CEL_KIND_DOUBLE,
	CEL_KIND_STRING,
	CEL_KIND_BYTES,
	CEL_KIND_LIST,
	CEL_KIND_MAP,
	CEL_KIND_MESSAGE,
	CEL_KIND_TIMESTAMP,
	CEL_KIND_DURATION,
	CEL_KIND_TYPE,
	CEL_KIND_IP,
	CEL_KIND_CIDR,
	CEL_KINDS, /* of values */
	CEL_KIND_DYN =
		CEL_KINDS, /* of expressions whose type is known only when they are evaluated */
};

struct cel_value {
	uint8_t kind;
	uint8_t family;	     /* of IP and CIDR: 4 or 6 */
	uint8_t prefix_bits; /* of CIDR */
	uint8_t type_kind;   /* of TYPE: which kind of value it is the type of */
	uint32_t count;	     /* of LIST and MAP */
	union {
		bool boolean;
		int64_t integer; /* INT; DURATION: nanoseconds */
		uint64_t natural;
		double real;
		struct span text;	   /* STRING and BYTES */
		struct {		   /* LIST and MAP */
			const void *items; /* without a field: values; of a map, keys and values in
					      turn */
			const struct cel_field *field;
		};
		struct { /* MESSAGE, TYPE */
			const ProtobufCMessageDescriptor
				*type;			 /* NULL: not the type of a message */
			const ProtobufCMessage *message; /* NULL: nothing in it is set */
		};
		struct {		 /* TIMESTAMP */
			int64_t seconds; /* since 1970, UTC */
			uint32_t nanoseconds;
		};
		uint8_t address[16]; /* network byte order; IPv4: the first four */
	};
};

static inline struct cel_value cel_value_of_bool(bool value)
{
	return (struct cel_value){ .kind = CEL_KIND_BOOL, .boolean = value };
}

static inline struct cel_value cel_value_of_int(int64_t value)
{
	return (struct cel_value){ .kind = CEL_KIND_INT, .integer = value };
}

static inline struct cel_value cel_value_of_uint(uint64_t value)
{
	return (struct cel_value){ .kind = CEL_KIND_UINT, .natural = value };
}

static inline struct cel_value cel_value_of_double(double value)
{
	return (struct cel_value){ .kind = CEL_KIND_DOUBLE, .real = value };
}

static inline struct cel_value cel_value_of_text(struct span text)
{
	return (struct cel_value){ .kind = CEL_KIND_STRING, .text = text };
}

static inline struct cel_value cel_value_of_values(enum cel_kind kind,
						   const struct cel_value *items, uint32_t count)
{
	return (struct cel_value){ .kind = (uint8_t)kind, .count = count, .items = items };
}

/* Element I, below its count. */
void cel_list_get(const struct cel_value *list, uint32_t i, struct cel_value *out);
void cel_map_get(const struct cel_value *map, uint32_t i, struct cel_value *key,
		 struct cel_value *value);

/* All of these: false, the evaluation may go on no longer. Values of different kinds are not equal,
 * but for numbers, which are compared as numbers; all that is no number is equal to itself. */
bool cel_value_equal(struct cel_eval *eval, const struct cel_value *a, const struct cel_value *b,
		     bool *out);
bool cel_list_find(struct cel_eval *eval, const struct cel_value *list,
		   const struct cel_value *wanted, bool *out);
bool cel_map_find(struct cel_eval *eval, const struct cel_value *map, const struct cel_value *key,
		  struct cel_value *value, bool *out);

enum cel_order { CEL_LESS = -1, CEL_SAME = 0, CEL_MORE = 1, CEL_UNORDERED = 2 /* with a NaN */ };

/* False also for kinds that have no order, or not with each other. */
bool cel_value_order(struct cel_eval *eval, const struct cel_value *a, const struct cel_value *b,
		     enum cel_order *out);
