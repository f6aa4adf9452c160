/* SPDX-License-Identifier: Apache-2.0 */
/* Fills messages by their descriptors; aborts when memory runs out, as only tests do this. */
#include "fill_message.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <tetragon/eventlogservice.pb-c.h>
#include <tetragon/sensors.pb-c.h>

struct filler {
	uint32_t next; /* the next value that no field has yet */
};

static void *must(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static char *fill_string(struct filler *filler)
{
	char *text = NULL;

	/* A quote, an escape and a character beyond ASCII in each; sorted as they come, for maps.
	 */
	if (asprintf(&text, "t%06u \"\n\u00e9", filler->next) < 0)
		abort();
	return text;
}

static int fill_enum(struct filler *filler, const ProtobufCEnumDescriptor *type)
{
	/* Values lie in order; the first one is the default. */
	return type->n_values > 1 ? type->values[1 + filler->next % (type->n_values - 1)].value
				  : 77;
}

static ProtobufCMessage *fill(struct filler *filler, const ProtobufCMessageDescriptor *type,
			      unsigned int member);

static void fill_value(struct filler *filler, const ProtobufCFieldDescriptor *field, void *value,
		       unsigned int member)
{
	ProtobufCBinaryData *bytes = value;

	filler->next++;
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
		*(int32_t *)value = -(int32_t)filler->next;
		break;
	case PROTOBUF_C_TYPE_UINT32:
		*(uint32_t *)value = UINT32_MAX - filler->next;
		break;
	case PROTOBUF_C_TYPE_INT64:
		*(int64_t *)value = INT64_MIN + filler->next;
		break;
	case PROTOBUF_C_TYPE_UINT64:
		*(uint64_t *)value = UINT64_MAX - filler->next;
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		*(float *)value = (float)filler->next / 3;
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)value = filler->next / 3.0;
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)value = 1;
		break;
	case PROTOBUF_C_TYPE_ENUM:
		*(int *)value = fill_enum(filler, field->descriptor);
		break;
	case PROTOBUF_C_TYPE_STRING:
		*(char **)value = fill_string(filler);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		bytes->len = 1 + filler->next % 4;
		bytes->data = must(calloc(1, bytes->len));
		memset(bytes->data, (int)filler->next, bytes->len);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)value = fill(filler, field->descriptor, member);
		break;
	default:
		abort(); /* a type that the API did not use when this was written */
	}
}

static void fill_list(struct filler *filler, const ProtobufCFieldDescriptor *field,
		      ProtobufCMessage *message)
{
	bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;
	bool is_narrow = field->type == PROTOBUF_C_TYPE_ENUM ||
			 field->type == PROTOBUF_C_TYPE_UINT32 ||
			 field->type == PROTOBUF_C_TYPE_INT32;
	unsigned int members = is_message ? fill_member_count(field->descriptor) : 1;
	size_t count = members > 2 ? members : 2;
	size_t bytes = is_narrow ? 4 : 8;
	char *elements = must(calloc(count, bytes));

	for (size_t i = 0; i < count; i++)
		fill_value(filler, field, elements + i * bytes, (unsigned int)i);
	*(size_t *)((char *)message + field->quantifier_offset) = count;
	*(char **)((char *)message + field->offset) = elements;
}

/* Whether FIELD is the member of its oneof that is the MEMBER-th (counted around). */
static bool is_chosen(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field,
		      unsigned int member)
{
	unsigned int index = 0, count = 0;

	for (unsigned int i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *other = &type->fields[i];

		if (!(other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
		    other->quantifier_offset != field->quantifier_offset)
			continue;
		if (other == field)
			index = count;
		count++;
	}
	return member % count == index;
}

/* Values that mean something have to stay in their ranges. */
static bool fill_special(struct filler *filler, ProtobufCMessage *message)
{
	static const int32_t nanos[] = { 0, 120000000, 123456000, 123456789 };

	if (message->descriptor == &google__protobuf__timestamp__descriptor) {
		Google__Protobuf__Timestamp *time = (Google__Protobuf__Timestamp *)message;

		time->seconds = 1700000000 + filler->next++;
		time->nanos = nanos[filler->next % 4];
		return true;
	}
	if (message->descriptor == &google__protobuf__duration__descriptor) {
		Google__Protobuf__Duration *duration = (Google__Protobuf__Duration *)message;

		duration->seconds = filler->next++;
		duration->nanos = nanos[filler->next % 4];
		return true;
	}
	return false;
}

static ProtobufCMessage *fill(struct filler *filler, const ProtobufCMessageDescriptor *type,
			      unsigned int member)
{
	ProtobufCMessage *message = must(calloc(1, type->sizeof_message));

	protobuf_c_message_init(type, message);
	if (fill_special(filler, message))
		return message;
	for (unsigned int i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		bool is_oneof = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;

		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			fill_list(filler, field, message);
			continue;
		}
		if (is_oneof && !is_chosen(type, field, member))
			continue;
		fill_value(filler, field, (char *)message + field->offset, 0);
		if (is_oneof)
			*(uint32_t *)((char *)message + field->quantifier_offset) = field->id;
	}
	return message;
}

ProtobufCMessage *fill_message(const ProtobufCMessageDescriptor *type, unsigned int member)
{
	struct filler filler = { .next = 1 };

	return fill(&filler, type, member);
}

unsigned int fill_member_count(const ProtobufCMessageDescriptor *type)
{
	unsigned int longest = 1;

	for (unsigned int i = 0; i < type->n_fields; i++) {
		unsigned int count = 0;

		for (unsigned int k = 0; k < type->n_fields; k++)
			count += (type->fields[k].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
				 type->fields[k].quantifier_offset ==
					 type->fields[i].quantifier_offset;
		longest = count > longest ? count : longest;
	}
	return longest;
}

static void collect(const ProtobufCMessageDescriptor *types[FILL_TYPES_MAX], unsigned int *count,
		    const ProtobufCMessageDescriptor *type)
{
	for (unsigned int i = 0; i < *count; i++) {
		if (types[i] == type)
			return;
	}
	if (*count == FILL_TYPES_MAX)
		abort();
	types[(*count)++] = type;
	for (unsigned int i = 0; i < type->n_fields; i++) {
		if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			collect(types, count, type->fields[i].descriptor);
	}
}

unsigned int fill_all_types(const ProtobufCMessageDescriptor *types[FILL_TYPES_MAX])
{
	static const ProtobufCServiceDescriptor *const services[] = {
		&tetragon__fine_guidance_sensors__descriptor,
		&tetragon__event_log_service__descriptor,
	};
	unsigned int count = 0;

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		for (unsigned int k = 0; k < services[i]->n_methods; k++) {
			collect(types, &count, services[i]->methods[k].input);
			collect(types, &count, services[i]->methods[k].output);
		}
	}
	collect(types, &count, &tetragon__redaction_filter__descriptor);
	return count;
}
