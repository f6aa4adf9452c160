/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through all messages that events contain, once for each program. */
#include "cel/names.h"

#include <tetragon/events.pb-c.h>

#include "cel/type.h"

static const char package[] = "tetragon.";

/* ---- what there is ---------------------------------------------------------------------------
 */

static void collect_message(struct cel_names *names, const ProtobufCMessageDescriptor *message)
{
	for (unsigned int i = 0; i < names->message_count; i++) {
		if (names->messages[i] == message)
			return;
	}
	if (names->message_count < CEL_NAMES_MAX)
		names->messages[names->message_count++] = message;
}

static void collect_enum(struct cel_names *names, const ProtobufCEnumDescriptor *enumeration)
{
	for (unsigned int i = 0; i < names->enum_count; i++) {
		if (names->enums[i] == enumeration)
			return;
	}
	if (names->enum_count < CEL_NAMES_MAX)
		names->enums[names->enum_count++] = enumeration;
}

/* The list of messages is also the list of those to look at. */
void cel_names_collect(struct cel_names *names)
{
	names->message_count = names->enum_count = 0;
	collect_message(names, &tetragon__get_events_response__descriptor);
	for (unsigned int next = 0; next < names->message_count; next++) {
		const ProtobufCMessageDescriptor *message = names->messages[next];

		for (unsigned int i = 0; i < message->n_fields; i++) {
			const ProtobufCFieldDescriptor *field = &message->fields[i];

			if (field->type == PROTOBUF_C_TYPE_MESSAGE)
				collect_message(names, field->descriptor);
			else if (field->type == PROTOBUF_C_TYPE_ENUM)
				collect_enum(names, field->descriptor);
		}
	}
}

/* ---- what is meant ---------------------------------------------------------------------------
 */

static bool span_is(struct span text, const char *word)
{
	return strlen(word) == text.bytes && memcmp(text.data, word, text.bytes) == 0;
}

static const char *without_package(const char *name)
{
	return strncmp(name, package, strlen(package)) == 0 ? name + strlen(package) : name;
}

/* NAME is VALUE, or ENUM.VALUE. */
static bool is_constant(struct span name, const char *enumeration, const char *value)
{
	size_t bytes = strlen(enumeration);

	if (name.bytes > bytes && memcmp(name.data, enumeration, bytes) == 0 &&
	    name.data[bytes] == '.')
		name = (struct span){ name.data + bytes + 1, name.bytes - bytes - 1 };
	return span_is(name, value);
}

static bool find_constant(const ProtobufCEnumDescriptor *enumeration, struct span name,
			  struct cel_value *out)
{
	for (unsigned int i = 0; i < enumeration->n_values; i++) {
		const ProtobufCEnumValue *value = &enumeration->values[i];

		if (!is_constant(name, without_package(enumeration->name), value->name))
			continue;
		*out = cel_value_of_int(value->value);
		return true;
	}
	return false;
}

static bool find_kind(struct span name, struct cel_value *out)
{
	for (unsigned int kind = 0; kind < CEL_KINDS; kind++) {
		if (kind == CEL_KIND_MESSAGE || !span_is(name, cel_kind_word((enum cel_kind)kind)))
			continue;
		*out = (struct cel_value){ .kind = CEL_KIND_TYPE, .type_kind = (uint8_t)kind };
		return true;
	}
	return false;
}

bool cel_names_find(const struct cel_names *names, struct span name, struct cel_value *out)
{
	size_t bytes = strlen(package);

	if (find_kind(name, out))
		return true;
	if (name.bytes > bytes && memcmp(name.data, package, bytes) == 0)
		name = (struct span){ name.data + bytes, name.bytes - bytes };
	for (unsigned int i = 0; i < names->message_count; i++) {
		if (!span_is(name, without_package(names->messages[i]->name)))
			continue;
		*out = (struct cel_value){ .kind = CEL_KIND_TYPE,
					   .type_kind = CEL_KIND_MESSAGE,
					   .type = names->messages[i] };
		return true;
	}
	for (unsigned int i = 0; i < names->enum_count; i++) {
		if (find_constant(names->enums[i], name, out))
			return true;
	}
	return false;
}

bool cel_names_is_scope(const struct cel_names *names, struct span name)
{
	for (unsigned int i = 0; i < names->enum_count; i++) {
		if (span_is(name, without_package(names->enums[i]->name)))
			return true;
	}
	return span_is(name, "tetragon") || span_is(name, "google") || span_is(name, "net");
}

void cel_names_suggest(const struct cel_names *names, struct suggest *suggest)
{
	for (unsigned int i = 0; i < names->enum_count; i++) {
		for (unsigned int j = 0; j < names->enums[i]->n_values; j++)
			suggest_offer(suggest, names->enums[i]->values[j].name);
	}
	for (unsigned int kind = 0; kind < CEL_KINDS; kind++)
		suggest_offer(suggest, cel_kind_word((enum cel_kind)kind));
}
