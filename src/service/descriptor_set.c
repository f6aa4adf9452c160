/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over tags and lengths; which fields of a message declare names is a table. */
#include "service/descriptor_set.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Messages within messages; ours are three deep. */
enum { DEPTH_MAX = 16 };

enum { SET_FILE = 1, FILE_NAME = 1, FILE_PACKAGE = 2, WIRE_VARINT = 0, WIRE_BYTES = 2 };

/* One field of a message: its number, and its bytes if it is of wire type 2. */
struct field {
	uint64_t number;
	struct span bytes;
};

static bool field_read_varint(struct span *rest, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && rest->bytes; shift += 7) {
		uint8_t byte = (uint8_t)*rest->data;

		rest->data++;
		rest->bytes--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out = value;
			return true;
		}
	}
	return false;
}

/* The next field of REST. False: the end, or bytes that are none. Descriptors have no others than
 * varints and lengths. */
static bool field_next(struct span *rest, struct field *out)
{
	uint64_t tag, value;

	if (!field_read_varint(rest, &tag) || !field_read_varint(rest, &value))
		return false;
	*out = (struct field){ .number = tag >> 3 };
	if ((tag & 7) == WIRE_VARINT)
		return true;
	if ((tag & 7) != WIRE_BYTES || value > rest->bytes)
		return false;
	out->bytes = (struct span){ rest->data, value };
	rest->data += value;
	rest->bytes -= value;
	return true;
}

static struct span field_find(struct span message, uint64_t number)
{
	struct field field;

	while (field_next(&message, &field)) {
		if (field.number == number)
			return field.bytes;
	}
	return (struct span){};
}

static bool span_is(struct span span, const char *text)
{
	return span.data && span.bytes == strlen(text) && !memcmp(span.data, text, span.bytes);
}

/* Kinds of declarations, and which fields of each declare what. */
enum kind { KIND_FILE, KIND_MESSAGE, KIND_ENUM, KIND_SERVICE, KIND_LEAF };

static const struct {
	enum kind of;
	uint64_t number;
	enum kind declares;
} declarations[] = {
	{ KIND_FILE, 4, KIND_MESSAGE }, { KIND_FILE, 5, KIND_ENUM },
	{ KIND_FILE, 6, KIND_SERVICE }, { KIND_FILE, 7, KIND_LEAF }, /* extension */
	{ KIND_MESSAGE, 2, KIND_LEAF }, { KIND_MESSAGE, 3, KIND_MESSAGE },
	{ KIND_MESSAGE, 4, KIND_ENUM }, { KIND_MESSAGE, 6, KIND_LEAF },
	{ KIND_MESSAGE, 8, KIND_LEAF }, { KIND_ENUM, 2, KIND_LEAF },
	{ KIND_SERVICE, 2, KIND_LEAF },
};

/* Every declaration but a file has its name in field 1. */
enum { DECLARATION_NAME = 1 };

/* SYMBOL without SCOPE and the dot behind it; NULL: it does not begin so. "" is SYMBOL itself. */
static const char *symbol_enter(const char *symbol, struct span scope)
{
	if (!scope.data || strncmp(symbol, scope.data, scope.bytes) != 0)
		return NULL;
	symbol += scope.bytes;
	if (!*symbol)
		return symbol;
	return *symbol == '.' && symbol[1] ? symbol + 1 : NULL;
}

/* Whether MESSAGE, of a kind, declares SYMBOL, which is relative to it. */
static bool symbol_is_in(struct span message, enum kind kind, const char *symbol, int depth)
{
	struct field field;

	while (depth < DEPTH_MAX && field_next(&message, &field)) {
		for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++) {
			const char *rest;

			if (declarations[i].of != kind || declarations[i].number != field.number)
				continue;
			rest = symbol_enter(symbol, field_find(field.bytes, DECLARATION_NAME));
			if (rest && (!*rest || symbol_is_in(field.bytes, declarations[i].declares,
							    rest, depth + 1)))
				return true;
			/* Values of an enum are names beside it, as in C++. */
			if (declarations[i].declares == KIND_ENUM &&
			    symbol_is_in(field.bytes, KIND_ENUM, symbol, depth + 1))
				return true;
		}
	}
	return false;
}

struct span descriptor_set_find_file(struct span set, const char *name)
{
	struct field file;

	while (field_next(&set, &file)) {
		if (file.number == SET_FILE && span_is(field_find(file.bytes, FILE_NAME), name))
			return file.bytes;
	}
	return (struct span){};
}

struct span descriptor_set_find_symbol(struct span set, const char *symbol)
{
	struct field file;

	while (field_next(&set, &file)) {
		const char *rest = symbol_enter(symbol, field_find(file.bytes, FILE_PACKAGE));

		if (file.number == SET_FILE && rest && *rest &&
		    symbol_is_in(file.bytes, KIND_FILE, rest, 0))
			return file.bytes;
	}
	return (struct span){};
}
