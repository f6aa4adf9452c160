/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluates a checked tree: one function for each sort of node, but for loops (eval_loop.c). */
#include "cel/eval.h"

#include "cel/function.h"
#include "cel/mistake.h"

enum { SUBJECT_BYTES_MAX = 100 };

void *cel_take(struct cel_eval *eval, size_t count, size_t element_bytes)
{
	void *memory;

	if (!cel_spend(eval, 1 + count * element_bytes / 64))
		return NULL;
	memory = arena_alloc_array(eval->arena, count, element_bytes);
	if (!memory) {
		eval->is_exhausted = true;
		eval->error.text = "this takes more than 2 MiB of memory";
	}
	return memory;
}

bool cel_fail_about(struct cel_eval *eval, const char *text, struct span subject)
{
	if (eval->is_exhausted)
		return false;
	eval->error.text = text;
	eval->error.subject = subject;
	eval->error.node = NULL;
	return false;
}

bool cel_fail(struct cel_eval *eval, const char *text)
{
	return cel_fail_about(eval, text, (struct span){});
}

void cel_eval_add_error(const struct cel_eval *eval, struct buf *out)
{
	struct span subject = eval->error.subject;
	size_t bytes = subject.bytes < SUBJECT_BYTES_MAX ? subject.bytes : SUBJECT_BYTES_MAX;
	_cleanup_buf_ struct buf text = {};

	if (subject.data)
		buf_add_format(&text, eval->error.text, (int)bytes, subject.data);
	else
		buf_add_text(&text, eval->error.text);
	cel_add_shown(out, (struct span){ text.data, text.bytes });
}

/* The same for a node that knows its place. */
static bool fail_at(struct cel_eval *eval, const struct cel_node *node, const char *text,
		    struct span subject)
{
	cel_fail_about(eval, text, subject);
	eval->error.node = node;
	return false;
}

static inline bool eval_child(struct cel_eval *eval, const struct cel_node *node, uint32_t i,
			      struct cel_value *out)
{
	const struct cel_node *child = node->children[i];

	return child->eval(eval, child, out);
}

/* ---- leaves ----------------------------------------------------------------------------------
 */

bool cel_eval_constant(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	*out = node->constant;
	return true;
}

/* An event of another type leaves the variable without a value. */
bool cel_eval_variable(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	if ((uint32_t)eval->event->event_case != node->field->proto->id)
		return fail_at(eval, node, "the event is no \"%.*s\"", node->name);
	cel_field_load(node->field, &eval->event->base, out);
	return cel_spend(eval, 1);
}

bool cel_eval_local(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	*out = eval->locals[node->slot];
	return cel_spend(eval, 1);
}

/* ---- fields and keys -------------------------------------------------------------------------
 */

/* The child's value, a message of the type that the checker found; it may still be null. */
static inline bool eval_message(struct cel_eval *eval, const struct cel_node *node,
				struct cel_value *out)
{
	if (!eval_child(eval, node, 0, out) || !cel_spend(eval, 1))
		return false;
	if (out->kind == CEL_KIND_MESSAGE && out->type == node->children[0]->type->message)
		return true;
	return fail_at(eval, node, "null has no field \"%.*s\"", node->name);
}

bool cel_eval_field(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value message;

	if (!eval_message(eval, node, &message))
		return false;
	cel_field_load(node->field, message.message, out);
	return true;
}

bool cel_eval_has_field(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value message;

	if (!eval_message(eval, node, &message))
		return false;
	*out = cel_value_of_bool(cel_field_is_set(node->field, message.message));
	return true;
}

/* A message's field by name, when the type was not known before. NULL: none, or no memory. */
static const struct cel_field *find_field(struct cel_eval *eval, const struct cel_node *node,
					  const struct cel_value *message)
{
	struct cel_field *field;

	for (unsigned int i = 0; i < message->type->n_fields; i++) {
		const ProtobufCFieldDescriptor *proto = &message->type->fields[i];

		if (strlen(proto->name) != node->name.bytes ||
		    memcmp(proto->name, node->name.data, node->name.bytes) != 0)
			continue;
		field = cel_take(eval, 1, sizeof(*field));
		if (field)
			cel_field_describe(field, proto);
		return field;
	}
	fail_at(eval, node, "there is no field \"%.*s\"", node->name);
	return NULL;
}

bool cel_eval_select(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value from, key = cel_value_of_text(node->name);
	const struct cel_field *field;
	bool is_there;

	if (!eval_child(eval, node, 0, &from) || !cel_spend(eval, 1))
		return false;
	if (from.kind == CEL_KIND_MESSAGE) {
		field = find_field(eval, node, &from);
		if (field)
			cel_field_load(field, from.message, out);
		return field != NULL;
	}
	if (from.kind != CEL_KIND_MAP)
		return fail_at(eval, node, "only messages and maps have fields, \"%.*s\" is asked",
			       node->name);
	if (!cel_map_find(eval, &from, &key, out, &is_there))
		return false;
	return is_there || fail_at(eval, node, "there is no key \"%.*s\"", node->name);
}

bool cel_eval_has(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value from, value, key = cel_value_of_text(node->name);
	const struct cel_field *field;
	bool is_there = false;

	if (!eval_child(eval, node, 0, &from) || !cel_spend(eval, 1))
		return false;
	if (from.kind == CEL_KIND_MESSAGE) {
		field = find_field(eval, node, &from);
		if (!field)
			return false;
		is_there = cel_field_is_set(field, from.message);
	} else if (from.kind != CEL_KIND_MAP) {
		return fail_at(eval, node, "only messages and maps have fields, \"%.*s\" is asked",
			       node->name);
	} else if (!cel_map_find(eval, &from, &key, &value, &is_there)) {
		return false;
	}
	*out = cel_value_of_bool(is_there);
	return true;
}

/* ---- logic -----------------------------------------------------------------------------------
 */

/*
 * One operand that decides is enough, wherever it stands and whatever the others are: errors beside
 * it are forgotten. Without one, the first error is the result.
 */
bool cel_eval_logic(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	bool decides = node->kind == CEL_NODE_OR, has_failed = false;

	for (uint32_t i = 0; i < node->count; i++) {
		bool is_value = eval_child(eval, node, i, out);

		if (eval->is_exhausted)
			return false;
		if (is_value && out->kind == CEL_KIND_BOOL && out->boolean == decides)
			return true;
		if (is_value && out->kind != CEL_KIND_BOOL)
			is_value = fail_at(eval, node->children[i], "this is no bool",
					   (struct span){});
		has_failed |= !is_value;
	}
	*out = cel_value_of_bool(!decides);
	return !has_failed;
}

bool cel_eval_choice(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value condition;

	if (!eval_child(eval, node, 0, &condition))
		return false;
	if (condition.kind != CEL_KIND_BOOL)
		return fail_at(eval, node->children[0], "this is no bool", (struct span){});
	return eval_child(eval, node, condition.boolean ? 1 : 2, out);
}

/* ---- lists and maps --------------------------------------------------------------------------
 */

static struct cel_value *eval_children(struct cel_eval *eval, const struct cel_node *node)
{
	struct cel_value *items = cel_take(eval, node->count, sizeof(*items));

	for (uint32_t i = 0; items && i < node->count; i++) {
		if (!eval_child(eval, node, i, &items[i]))
			return NULL;
	}
	return items;
}

bool cel_eval_list(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value *items = eval_children(eval, node);

	*out = cel_value_of_values(CEL_KIND_LIST, items, node->count);
	return items != NULL;
}

static bool kind_is_key(uint8_t kind)
{
	return kind == CEL_KIND_BOOL || kind == CEL_KIND_INT || kind == CEL_KIND_UINT ||
	       kind == CEL_KIND_STRING;
}

bool cel_eval_map(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value *items = eval_children(eval, node), value;
	bool is_there = false;

	for (uint32_t i = 0; items && i < node->count; i += 2) {
		struct cel_value before = cel_value_of_values(CEL_KIND_MAP, items, i / 2);

		if (!kind_is_key(items[i].kind))
			return fail_at(eval, node->children[i],
				       "keys are of type bool, int, uint or string",
				       (struct span){});
		if (!cel_map_find(eval, &before, &items[i], &value, &is_there))
			return false;
		if (is_there)
			return fail_at(eval, node->children[i], "this key is there twice",
				       (struct span){});
	}
	*out = cel_value_of_values(CEL_KIND_MAP, items, node->count / 2);
	return items != NULL;
}

/* ---- calls -----------------------------------------------------------------------------------
 */

static bool eval_arguments(struct cel_eval *eval, const struct cel_node *node,
			   struct cel_value arguments[CEL_ARGUMENTS_MAX])
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (!eval_child(eval, node, i, &arguments[i]))
			return false;
	}
	return cel_spend(eval, 1);
}

static bool call(struct cel_eval *eval, const struct cel_node *node,
		 const struct cel_function *function, const struct cel_value *arguments,
		 struct cel_value *out)
{
	eval->call = node;
	if (function->call(eval, arguments, out))
		return true;
	if (!eval->error.node)
		eval->error.node = node;
	return false;
}

bool cel_eval_call(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value arguments[CEL_ARGUMENTS_MAX];

	return eval_arguments(eval, node, arguments) &&
	       call(eval, node, node->function, arguments, out);
}

bool cel_eval_dispatch(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	struct cel_value arguments[CEL_ARGUMENTS_MAX];
	const struct cel_function *function = node->function;

	if (!eval_arguments(eval, node, arguments))
		return false;
	for (; function; function = cel_function_next(function, node)) {
		if (cel_function_takes(function, arguments, node->count))
			return call(eval, node, function, arguments, out);
	}
	return fail_at(eval, node, "\"%.*s\" cannot take values of these types",
		       cel_function_word(node->name));
}
