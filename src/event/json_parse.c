/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects -> protobuf-c messages, by their descriptors: the walk, the limits and the words of
 * mistakes. Single values are json_read_*.c's, the grammar of JSON is jansson's.
 */
#include "event/json_read.h"

#include "event/json_schema.h"
#include "event/text.h"

#include "base/suggest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void add_place(struct buf *out, const struct json_place *place)
{
	if (!place->up)
		return;
	add_place(out, place->up);
	if (!place->name) {
		buf_add_format(out, "[%zu]", place->index);
		return;
	}
	if (out->bytes && place->up->up)
		buf_add_char(out, '.');
	text_add_printable(out, place->name);
}

int json_read_fail(struct json_reader *reader, const struct json_place *place, const char *format,
		   ...)
{
	_cleanup_buf_ struct buf path = {};
	_cleanup_free_ char *text = NULL;
	va_list args;

	reader->mistakes++;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	add_place(&path, place);
	if (path.bytes)
		diag_add(reader->diag, "field \"%s\" %s", buf_text(&path), text ? text : "");
	else
		diag_add(reader->diag, "the message %s", text ? text : "");
	return -EINVAL;
}

static const char *describe(json_t *json)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	     [JSON_NULL] = "null",
	};

	return names[json_typeof(json)];
}

int json_read_refuse(struct json_reader *reader, const struct json_place *place, json_t *got,
		     const char *wanted)
{
	enum { SHOWN_BYTES_MAX = 40 };
	_cleanup_buf_ struct buf shown = {};
	_cleanup_free_ char *head = NULL;

	if (!json_is_string(got) && !json_is_number(got))
		return json_read_fail(reader, place, "is %s; it takes %s", describe(got), wanted);
	head = json_dumps(got, JSON_ENCODE_ANY);
	if (head && strlen(head) > SHOWN_BYTES_MAX)
		return json_read_fail(reader, place, "is %s too long to show; it takes %s",
				      describe(got), wanted);
	text_add_printable(&shown, head ? head : "");
	return json_read_fail(reader, place, "is %s; it takes %s", buf_text(&shown), wanted);
}

static int read_message(struct json_reader *reader, const struct json_place *place, json_t *json,
			const ProtobufCMessageDescriptor *type, ProtobufCMessage **out);

static int read_submessage(struct json_reader *reader, const struct json_place *place, json_t *json,
			   const ProtobufCFieldDescriptor *field, void *value)
{
	return read_message(reader, place, json, field->descriptor, value);
}

static json_read *const readers[] = {
	[PROTOBUF_C_TYPE_INT32] = json_read_integer,
	[PROTOBUF_C_TYPE_SINT32] = json_read_integer,
	[PROTOBUF_C_TYPE_SFIXED32] = json_read_integer,
	[PROTOBUF_C_TYPE_INT64] = json_read_integer,
	[PROTOBUF_C_TYPE_SINT64] = json_read_integer,
	[PROTOBUF_C_TYPE_SFIXED64] = json_read_integer,
	[PROTOBUF_C_TYPE_UINT32] = json_read_integer,
	[PROTOBUF_C_TYPE_FIXED32] = json_read_integer,
	[PROTOBUF_C_TYPE_UINT64] = json_read_integer,
	[PROTOBUF_C_TYPE_FIXED64] = json_read_integer,
	[PROTOBUF_C_TYPE_FLOAT] = json_read_real,
	[PROTOBUF_C_TYPE_DOUBLE] = json_read_real,
	[PROTOBUF_C_TYPE_BOOL] = json_read_bool,
	[PROTOBUF_C_TYPE_ENUM] = json_read_enum,
	[PROTOBUF_C_TYPE_STRING] = json_read_string,
	[PROTOBUF_C_TYPE_BYTES] = json_read_bytes,
	[PROTOBUF_C_TYPE_MESSAGE] = read_submessage,
};

static void *member(ProtobufCMessage *message, unsigned int offset)
{
	return (char *)message + offset;
}

static int read_array(struct json_reader *reader, const struct json_place *place, json_t *json,
		      const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	size_t bytes = json_type_bytes(field->type);
	size_t *count = member(message, field->quantifier_offset);
	char *elements;
	size_t index;
	json_t *element;

	if (!json_is_array(json))
		return json_read_refuse(reader, place, json, "a list");
	if (!json_array_size(json))
		return 0;
	elements = calloc(json_array_size(json), bytes);
	if (!elements)
		return -ENOMEM;
	*(char **)member(message, field->offset) = elements;
	json_array_foreach(json, index, element)
	{
		struct json_place inner = { .up = place, .index = index };
		int r = readers[field->type](reader, &inner, element, field,
					     elements + *count * bytes);

		if (r == -ENOMEM || reader->mistakes >= JSON_PARSE_MISTAKES_MAX)
			return r;
		if (!r)
			++*count;
	}
	return 0;
}

/* One entry of a map, as the message of key and value that protoc makes of it. */
static int read_map_entry(struct json_reader *reader, const struct json_place *place, json_t *json,
			  const ProtobufCMessageDescriptor *type, ProtobufCMessage **out)
{
	const ProtobufCFieldDescriptor *value = &type->fields[1];
	ProtobufCMessage *entry = calloc(1, type->sizeof_message);
	char *key;
	int r;

	if (!entry)
		return -ENOMEM;
	protobuf_c_message_init(type, entry);
	key = strdup(place->name);
	if (key)
		*(char **)member(entry, type->fields[0].offset) = key;
	r = key ? readers[value->type](reader, place, json, value, member(entry, value->offset))
		: -ENOMEM;
	if (r) {
		protobuf_c_message_free_unpacked(entry, NULL);
		return r;
	}
	*out = entry;
	return 0;
}

static int read_map(struct json_reader *reader, const struct json_place *place, json_t *json,
		    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	size_t *count = member(message, field->quantifier_offset);
	ProtobufCMessage **entries;
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return json_read_refuse(reader, place, json, "an object");
	if (!json_object_size(json))
		return 0;
	entries = calloc(json_object_size(json), sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	*(ProtobufCMessage ***)member(message, field->offset) = entries;
	json_object_foreach(json, key, value)
	{
		struct json_place inner = { .up = place, .name = key };
		int r = read_map_entry(reader, &inner, value, field->descriptor, &entries[*count]);

		if (r == -ENOMEM || reader->mistakes >= JSON_PARSE_MISTAKES_MAX)
			return r;
		if (!r)
			++*count;
	}
	return 0;
}

static int read_oneof_member(struct json_reader *reader, const struct json_place *place,
			     json_t *json, const ProtobufCFieldDescriptor *field,
			     ProtobufCMessage *message)
{
	uint32_t *set = member(message, field->quantifier_offset);
	int r;

	if (*set) {
		const ProtobufCFieldDescriptor *other =
			protobuf_c_message_descriptor_get_field(message->descriptor, *set);

		return json_read_fail(reader, place, "cannot stand beside \"%s\"; one is right",
				      other->name);
	}
	r = readers[field->type](reader, place, json, field, member(message, field->offset));
	if (!r)
		*set = field->id;
	return r;
}

static int read_field(struct json_reader *reader, const struct json_place *up, json_t *json,
		      const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	struct json_place place = { .up = up, .name = field->name };

	if (json_is_null(json))
		return JSON_READ_SKIP;
	if (json_field_is_map(field))
		return read_map(reader, &place, json, field, message);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return read_array(reader, &place, json, field, message);
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return read_oneof_member(reader, &place, json, field, message);
	return readers[field->type](reader, &place, json, field, member(message, field->offset));
}

/* Whether KEY is NAME or its lowerCamelCase. */
static bool is_name_of(const char *key, const char *name)
{
	const char *camel = key;

	if (!strcmp(key, name))
		return true;
	for (; *name; name++, camel++) {
		bool is_hump = *name == '_' && name[1] >= 'a' && name[1] <= 'z';

		name += is_hump;
		if (*camel != (is_hump ? (char)(*name - 'a' + 'A') : *name))
			return false;
	}
	return !*camel;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
						  const char *key)
{
	for (unsigned int i = 0; i < type->n_fields; i++) {
		if (is_name_of(key, type->fields[i].name))
			return &type->fields[i];
	}
	return NULL;
}

/* A field that was given under both its names would be read twice, and the first value lost. */
static bool is_given_before(json_t *object, const char *key, const ProtobufCFieldDescriptor *field)
{
	return strcmp(key, field->name) != 0 && json_object_get(object, field->name);
}

static void refuse_field(struct json_reader *reader, const struct json_place *place,
			 const ProtobufCMessageDescriptor *type)
{
	struct suggest suggest = suggest_start(place->name);

	for (unsigned int i = 0; i < type->n_fields; i++)
		suggest_offer(&suggest, type->fields[i].name);
	if (suggest.best)
		json_read_fail(reader, place, "is unknown to %s; did you mean \"%s\"?",
			       type->short_name, suggest.best);
	else
		json_read_fail(reader, place, "is unknown to %s", type->short_name);
}

static int read_object(struct json_reader *reader, const struct json_place *place, json_t *json,
		       ProtobufCMessage *message)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return json_read_refuse(reader, place, json, "an object");
	json_object_foreach(json, key, value)
	{
		const ProtobufCFieldDescriptor *field = find_field(message->descriptor, key);
		struct json_place inner = { .up = place, .name = key };
		int r = 0;

		if (!field && reader->unknown == JSON_UNKNOWN_REFUSE)
			refuse_field(reader, &inner, message->descriptor);
		else if (field && is_given_before(json, key, field))
			json_read_fail(reader, &inner, "is given as \"%s\", too", field->name);
		else if (field)
			r = read_field(reader, place, value, field, message);
		if (r == -ENOMEM || reader->mistakes >= JSON_PARSE_MISTAKES_MAX)
			return r;
	}
	return 0;
}

static int read_wrapper(struct json_reader *reader, const struct json_place *place, json_t *json,
			ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *field = &message->descriptor->fields[0];

	return readers[field->type](reader, place, json, field, member(message, field->offset));
}

static int refuse_any(struct json_reader *reader, const struct json_place *place, json_t *json,
		      ProtobufCMessage *message)
{
	return json_read_fail(reader, place, "is a google.protobuf.Any, which is only written");
}

static json_read_known *const known_readers[JSON_KNOWN_NONE + 1] = {
	[JSON_KNOWN_UINT32_VALUE] = read_wrapper,
	[JSON_KNOWN_INT32_VALUE] = read_wrapper,
	[JSON_KNOWN_UINT64_VALUE] = read_wrapper,
	[JSON_KNOWN_INT64_VALUE] = read_wrapper,
	[JSON_KNOWN_BOOL_VALUE] = read_wrapper,
	[JSON_KNOWN_STRING_VALUE] = read_wrapper,
	[JSON_KNOWN_BYTES_VALUE] = read_wrapper,
	[JSON_KNOWN_FLOAT_VALUE] = read_wrapper,
	[JSON_KNOWN_DOUBLE_VALUE] = read_wrapper,
	[JSON_KNOWN_TIMESTAMP] = json_read_timestamp,
	[JSON_KNOWN_DURATION] = json_read_duration,
	[JSON_KNOWN_FIELD_MASK] = json_read_field_mask,
	[JSON_KNOWN_ANY] = refuse_any,
	[JSON_KNOWN_NONE] = read_object,
};

static int read_message(struct json_reader *reader, const struct json_place *place, json_t *json,
			const ProtobufCMessageDescriptor *type, ProtobufCMessage **out)
{
	ProtobufCMessage *message = calloc(1, type->sizeof_message);
	unsigned int mistakes = reader->mistakes;
	int r;

	if (!message)
		return -ENOMEM;
	protobuf_c_message_init(type, message);
	r = known_readers[json_known_of(type)](reader, place, json, message);
	if (!r && reader->mistakes > mistakes)
		r = -EINVAL;
	if (r) {
		protobuf_c_message_free_unpacked(message, NULL);
		return r;
	}
	*out = message;
	return 0;
}

/* Counts before memory is spent: jansson would build whatever the text asks for. */
static int check_limits(struct span text, struct diag *diag)
{
	unsigned int depth = 0, values = 0;
	bool is_quoted = false;

	if (text.bytes > JSON_PARSE_BYTES_MAX) {
		diag_add(diag, "the message has %zu bytes; at most %u are read", text.bytes,
			 JSON_PARSE_BYTES_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.data[i];

		if (is_quoted) {
			i += c == '\\';
			is_quoted = c != '"';
			continue;
		}
		is_quoted = c == '"';
		depth += (c == '{' || c == '[');
		depth -= (c == '}' || c == ']') && depth;
		values += c == ',' || c == '{' || c == '[';
		if (depth > JSON_PARSE_DEPTH_MAX || values > JSON_PARSE_VALUES_MAX) {
			diag_add(diag,
				 "the message has too many %s at byte %zu; at most %u are read",
				 depth > JSON_PARSE_DEPTH_MAX ? "levels" : "values", i,
				 depth > JSON_PARSE_DEPTH_MAX ? JSON_PARSE_DEPTH_MAX
							      : JSON_PARSE_VALUES_MAX);
			return -EINVAL;
		}
	}
	return 0;
}

static int parse_json(struct span text, json_t **out, struct diag *diag)
{
	_cleanup_buf_ struct buf reason = {};
	json_error_t error;

	*out = json_loadb(text.data, text.bytes, JSON_REJECT_DUPLICATES, &error);
	if (*out)
		return 0;
	if (json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	/* jansson quotes what stood near. */
	text_add_printable(&reason, error.text);
	diag_add(diag, "the message is no JSON object at byte %d: %s", error.position,
		 buf_text(&reason));
	return -EINVAL;
}

int json_parse_message(struct span text, const ProtobufCMessageDescriptor *type,
		       enum json_unknown unknown, ProtobufCMessage **out, struct diag *diag)
{
	struct json_reader reader = { .diag = diag, .unknown = unknown };
	struct json_place place = {};
	json_t *json = NULL;
	int r = check_limits(text, diag);

	if (!r)
		r = parse_json(text, &json, diag);
	if (!r)
		r = read_message(&reader, &place, json, type, out);
	json_decref(json);
	return r;
}

int json_parse_event(const char *line, size_t bytes, Tetragon__GetEventsResponse **out,
		     struct diag *diag)
{
	ProtobufCMessage *message = NULL;
	int r = json_parse_message((struct span){ line, bytes },
				   &tetragon__get_events_response__descriptor, JSON_UNKNOWN_SKIP,
				   &message, diag);

	if (!r)
		*out = (Tetragon__GetEventsResponse *)message;
	return r;
}
