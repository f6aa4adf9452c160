/* SPDX-License-Identifier: Apache-2.0 */
/* Makes and drops what the JSON encoder knows beforehand; see json_plan.h. */
#include "event/json_plan.h"

#include "event/json_schema.h"

#include <google/protobuf/wrappers.pb-c.h>

#include <stddef.h>
#include <stdio.h>

static const uint8_t known_kinds[JSON_KNOWN_NONE + 1] = {
	[JSON_KNOWN_TIMESTAMP] = JSON_KIND_TIMESTAMP,	[JSON_KNOWN_DURATION] = JSON_KIND_DURATION,
	[JSON_KNOWN_FIELD_MASK] = JSON_KIND_FIELD_MASK, [JSON_KNOWN_ANY] = JSON_KIND_ANY,
	[JSON_KNOWN_NONE] = JSON_KIND_OBJECT,
};

static const struct json_object *plan_object(struct json_encoder *encoder,
					     const ProtobufCMessageDescriptor *type);

/* How a value of this message type is written; false: no memory. */
static bool plan_message(struct json_encoder *encoder, struct json_field *plan,
			 const ProtobufCMessageDescriptor *type)
{
	enum json_known known = json_known_of(type);

	if (known_kinds[known]) {
		plan->element_kind = known_kinds[known];
		if (known != JSON_KNOWN_NONE)
			return true;
		plan->object = plan_object(encoder, type);
		return plan->object;
	}
	plan->element_kind = (uint8_t)type->fields[0].type;
	plan->wrapped_offset = type->fields[0].offset;
	return true;
}

/*
 * Presence by what lies at OFFSET: a value of BYTES, of which only the length counts beyond 8. Four
 * bytes are looked at as half of eight: those that begin four bytes earlier, which still lie in the
 * message, as each begins with its base.
 */
static void plan_presence(struct json_field *plan, uint32_t offset, size_t bytes)
{
	static const uint32_t halves[] = { 0, UINT32_MAX };

	plan->presence_offset = offset - (bytes == 4 ? 4 : 0);
	plan->presence_mask = UINT64_MAX;
	if (bytes == 4)
		memcpy(&plan->presence_mask, halves, sizeof(halves));
}

static void plan_repeated(struct json_field *plan, const ProtobufCFieldDescriptor *field)
{
	plan->kind = json_field_is_map(field) ? JSON_KIND_MAP : JSON_KIND_ARRAY;
	plan->quantifier_offset = field->quantifier_offset;
	plan->element_wrapped_offset = plan->wrapped_offset;
	plan->wrapped_offset = 0;
	plan->is_string = false;
	plan_presence(plan, field->quantifier_offset, sizeof(size_t));
}

/* False: no memory, or a name that is too long, which the test of all names excludes. */
static bool plan_field(struct json_encoder *encoder, struct json_field *plan,
		       const ProtobufCFieldDescriptor *field)
{
	int bytes = snprintf(plan->name, sizeof(plan->name), ",\"%s\":", field->name);

	if (bytes < 0 || (size_t)bytes >= sizeof(plan->name))
		return false;
	plan->name_bytes = (uint8_t)bytes;
	plan->number = field->id;
	plan->offset = field->offset;
	plan->element_bytes = (uint32_t)json_type_bytes(field->type);
	plan->element_kind = (uint8_t)field->type;
	plan->is_string = field->type == PROTOBUF_C_TYPE_STRING;
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		plan->enumeration = field->descriptor;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
	    !plan_message(encoder, plan, field->descriptor))
		return false;
	plan->kind = plan->element_kind;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		plan_repeated(plan, field);
	else
		plan_presence(plan, field->offset, plan->element_bytes);
	return true;
}

static struct json_object *object_new(struct json_encoder *encoder, unsigned int fields_max)
{
	struct json_object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	/* At least one, so that NULL always says that memory ran out. */
	object->fields = calloc(fields_max ? fields_max : 1, sizeof(*object->fields));
	if (!object->fields) {
		free(object);
		return NULL;
	}
	object->next = encoder->objects;
	encoder->objects = object;
	return object;
}

/* One entry for the oneof that FIRST is the first member of; members follow in the same message. */
static bool plan_oneof(struct json_encoder *encoder, struct json_field *plan,
		       const ProtobufCMessageDescriptor *type,
		       const ProtobufCFieldDescriptor *first)
{
	struct json_object *members = object_new(encoder, type->n_fields);

	if (!members)
		return false;
	for (const ProtobufCFieldDescriptor *field = first; field < type->fields + type->n_fields;
	     field++) {
		if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
		    field->quantifier_offset != first->quantifier_offset)
			continue;
		if (!plan_field(encoder, &members->fields[members->field_count++], field))
			return false;
	}
	plan->kind = JSON_KIND_ONEOF;
	plan->quantifier_offset = first->quantifier_offset;
	plan->object = members;
	plan_presence(plan, first->quantifier_offset, 4);
	return true;
}

static bool is_oneof_planned(const struct json_object *object,
			     const ProtobufCFieldDescriptor *member)
{
	for (unsigned int i = 0; i < object->field_count; i++) {
		const struct json_field *plan = &object->fields[i];

		if (plan->kind == JSON_KIND_ONEOF &&
		    plan->quantifier_offset == member->quantifier_offset)
			return true;
	}
	return false;
}

static const struct json_object *plan_object(struct json_encoder *encoder,
					     const ProtobufCMessageDescriptor *type)
{
	struct json_object *object = encoder->objects;

	while (object && object->type != type)
		object = object->next;
	if (object)
		return object;
	object = object_new(encoder, type->n_fields);
	if (!object)
		return NULL;
	object->type = type;
	for (unsigned int i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		struct json_field *plan = &object->fields[object->field_count];
		bool is_oneof = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;

		if (is_oneof && is_oneof_planned(object, field))
			continue;
		if (!(is_oneof ? plan_oneof(encoder, plan, type, field)
			       : plan_field(encoder, plan, field)))
			return NULL;
		object->field_count++;
	}
	return object;
}

struct json_encoder *json_encoder_new(const ProtobufCMessageDescriptor *type)
{
	struct json_encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return NULL;
	if (!plan_message(encoder, &encoder->root, type)) {
		json_encoder_free(encoder);
		return NULL;
	}
	encoder->root.kind = encoder->root.element_kind;
	return encoder;
}

void json_encoder_free(struct json_encoder *encoder)
{
	if (!encoder)
		return;
	while (encoder->objects) {
		struct json_object *object = encoder->objects;

		encoder->objects = object->next;
		free(object->fields);
		free(object);
	}
	free(encoder);
}
