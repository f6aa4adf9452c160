/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a text into JSON objects and parses each, with its place before what is wrong. */
#include "filter/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "event/json_parse.h"

/* Objects of one text. */
enum { MESSAGES_MAX = 1024 };

void message_list_done(struct message_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		protobuf_c_message_free_unpacked(list->items[i], NULL);
	free(list->items);
	*list = (struct message_list){};
}

/* The bytes of the value that begins at TEXT: up to the brace that closes it, or all. */
static size_t measure_object(const char *text)
{
	size_t depth = 0, i;
	bool is_quoted = false;

	for (i = 0; text[i]; i++) {
		char c = text[i];

		if (is_quoted) {
			if (c == '\\' && text[i + 1])
				i++;
			is_quoted = c != '"';
			continue;
		}
		is_quoted = c == '"';
		depth += c == '{' || c == '[';
		if ((c == '}' || c == ']') && depth && !--depth)
			return i + 1;
	}
	return i;
}

struct text_place {
	size_t line, column; /* from 1 */
};

static struct text_place find_place(const char *text, const char *at)
{
	struct text_place place = { 1, 1 };

	for (; text < at; text++) {
		place.line += *text == '\n';
		if (*text == '\n')
			place.column = 1;
		else
			place.column += (*text & 0xc0) != 0x80;
	}
	return place;
}

static int parse_one(const char *name, const char *text, const char *at, size_t bytes,
		     const ProtobufCMessageDescriptor *type, ProtobufCMessage **out,
		     struct diag *diag)
{
	_cleanup_diag_ struct diag why = {};
	struct text_place place = find_place(text, at);
	int error = json_parse_message((struct span){ at, bytes }, type, JSON_UNKNOWN_REFUSE, out,
				       &why);
	struct span rest = { why.text.data, why.text.bytes };

	while (error == -EINVAL && rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		diag_add(diag, "%s: %zu:%zu: %.*s", name, place.line, place.column, (int)line.bytes,
			 line.data);
	}
	return error;
}

static int add_one(struct message_list *list, ProtobufCMessage *message)
{
	ProtobufCMessage **grown = reallocarray(list->items, list->count + 1, sizeof(*list->items));

	if (!grown) {
		protobuf_c_message_free_unpacked(message, NULL);
		return -ENOMEM;
	}
	list->items = grown;
	list->items[list->count++] = message;
	return 0;
}

static const char *skip_spaces(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

int message_list_parse(const char *name, const char *text, const ProtobufCMessageDescriptor *type,
		       struct message_list *out, struct diag *diag)
{
	_cleanup_message_list_ struct message_list list = {};
	const char *at = skip_spaces(text);
	int error = 0;

	while (*at && error != -ENOMEM) {
		size_t bytes = measure_object(at);
		ProtobufCMessage *message = NULL;
		int one_error;

		if (list.count == MESSAGES_MAX) {
			diag_add(diag, "%s: more than %d objects", name, MESSAGES_MAX);
			return -EINVAL;
		}
		one_error = parse_one(name, text, at, bytes, type, &message, diag);
		if (!one_error)
			one_error = add_one(&list, message);
		error = one_error ? one_error : error;
		at = skip_spaces(at + bytes);
	}
	if (error)
		return error;
	*out = list;
	list = (struct message_list){};
	return 0;
}
