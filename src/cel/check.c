/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and binds all nodes but calls (check_call.c). */
#include "cel/check.h"

/* A name as a C string, for suggestions; longer ones are nobody's typing mistake. */
struct word {
	char text[64];
};

static struct word word_of(struct span name)
{
	struct word word = {};

	if (name.bytes < sizeof(word.text))
		memcpy(word.text, name.data, name.bytes);
	return word;
}

static const char *hint_of(const struct suggest *suggest, struct buf *out)
{
	if (!suggest->best)
		return NULL;
	buf_add_format(out, "did you mean \"%s\"?", suggest->best);
	return buf_text(out);
}

static bool span_is(struct span text, const char *word)
{
	return strlen(word) == text.bytes && memcmp(text.data, word, text.bytes) == 0;
}

static bool spans_equal(struct span a, struct span b)
{
	return a.bytes == b.bytes && memcmp(a.data, b.data, a.bytes) == 0;
}

/* ---- names -----------------------------------------------------------------------------------
 */

static bool find_local(const struct cel_checker *checker, struct span name, uint32_t *slot)
{
	for (uint32_t i = checker->local_count; i > 0; i--) {
		if (spans_equal(checker->locals[i - 1].name, name)) {
			*slot = i - 1;
			return true;
		}
	}
	return false;
}

/* The events: members of the oneof. */
static const ProtobufCFieldDescriptor *find_variable(struct span name, unsigned int *index)
{
	const ProtobufCMessageDescriptor *type = &tetragon__get_events_response__descriptor;

	for (*index = 0; *index < type->n_fields; (*index)++) {
		const ProtobufCFieldDescriptor *field = &type->fields[*index];

		if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && span_is(name, field->name))
			return field;
	}
	return NULL;
}

static const struct cel_field *field_new(struct cel_checker *checker,
					 const ProtobufCFieldDescriptor *proto)
{
	struct cel_field *field = arena_alloc(checker->arena, sizeof(*field));

	if (field)
		cel_field_describe(field, proto);
	return field;
}

static const struct cel_type *bind_constant(struct cel_checker *checker, struct cel_node *node,
					    const struct cel_value *value)
{
	node->kind = CEL_NODE_CONSTANT;
	node->constant = *value;
	node->eval = cel_eval_constant;
	node->count = 0;
	return cel_type_of_kind((enum cel_kind)value->kind);
}

static const struct cel_type *fail_name(struct cel_checker *checker, const struct cel_node *node,
					struct span name)
{
	const ProtobufCMessageDescriptor *type = &tetragon__get_events_response__descriptor;
	struct word word = word_of(name);
	struct suggest suggest = suggest_start(word.text);
	_cleanup_buf_ struct buf hint = {};

	for (uint32_t i = 0; i < type->n_fields; i++) {
		if (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			suggest_offer(&suggest, type->fields[i].name);
	}
	cel_names_suggest(&checker->names, &suggest);
	cel_mistake(checker->mistakes, node->place, hint_of(&suggest, &hint),
		    "unknown name \"%.*s\"", (int)name.bytes, name.data);
	return NULL;
}

static const struct cel_type *check_name(struct cel_checker *checker, struct cel_node *node)
{
	const ProtobufCFieldDescriptor *proto;
	struct cel_value value;
	unsigned int index;

	if (find_local(checker, node->name, &node->slot)) {
		node->eval = cel_eval_local;
		return checker->locals[node->slot].type;
	}
	proto = find_variable(node->name, &index);
	if (proto) {
		node->eval = cel_eval_variable;
		node->field = field_new(checker, proto);
		checker->variables |= 1ull << index;
		return node->field ? cel_type_of_field(checker->arena, node->field) : NULL;
	}
	if (cel_names_find(&checker->names, node->name, &value))
		return bind_constant(checker, node, &value);
	return fail_name(checker, node, node->name);
}

struct span cel_check_qualified(struct cel_checker *checker, const struct cel_node *node)
{
	struct span name = {}, before;
	unsigned int index;
	uint32_t slot;
	char *joined;

	if (node->kind == CEL_NODE_NAME)
		return find_local(checker, node->name, &slot) || find_variable(node->name, &index)
			       ? name
			       : node->name;
	if (node->kind != CEL_NODE_SELECT)
		return name;
	before = cel_check_qualified(checker, node->children[0]);
	joined = before.data ? arena_alloc(checker->arena, before.bytes + 1 + node->name.bytes)
			     : NULL;
	if (!joined)
		return name;
	memcpy(joined, before.data, before.bytes);
	joined[before.bytes] = '.';
	memcpy(joined + before.bytes + 1, node->name.data, node->name.bytes);
	return (struct span){ joined, before.bytes + 1 + node->name.bytes };
}

/* ---- fields ----------------------------------------------------------------------------------
 */

static const struct cel_type *fail_field(struct cel_checker *checker, const struct cel_node *node,
					 const ProtobufCMessageDescriptor *message)
{
	struct word word = word_of(node->name);
	struct suggest suggest = suggest_start(word.text);
	_cleanup_buf_ struct buf hint = {};

	for (unsigned int i = 0; i < message->n_fields; i++)
		suggest_offer(&suggest, message->fields[i].name);
	cel_mistake(checker->mistakes, node->place, hint_of(&suggest, &hint),
		    "unknown field \"%.*s\" of %s", (int)node->name.bytes, node->name.data,
		    message->name);
	return NULL;
}

static const struct cel_type *check_field(struct cel_checker *checker, struct cel_node *node,
					  const ProtobufCMessageDescriptor *message)
{
	for (unsigned int i = 0; i < message->n_fields; i++) {
		if (!span_is(node->name, message->fields[i].name))
			continue;
		node->field = field_new(checker, &message->fields[i]);
		if (!node->field)
			return NULL;
		node->eval = node->kind == CEL_NODE_HAS ? cel_eval_has_field : cel_eval_field;
		return cel_type_of_field(checker->arena, node->field);
	}
	return fail_field(checker, node, message);
}

static const struct cel_type *fail_select(struct cel_checker *checker, const struct cel_node *node,
					  const struct cel_type *from)
{
	_cleanup_buf_ struct buf name = {};

	cel_type_add_name(&name, from);
	cel_mistake(checker->mistakes, node->place,
		    from->kind == CEL_KIND_LIST ? "elements are LIST[0], LIST.exists(x, ...)"
		    : from->kind == CEL_KIND_TIMESTAMP || from->kind == CEL_KIND_DURATION
			    ? "its parts are getFullYear(), getHours(), getSeconds(), ..."
			    : "only messages and maps have fields",
		    "%s has no field \"%.*s\"", buf_text(&name), (int)node->name.bytes,
		    node->name.data);
	return NULL;
}

/* SELECT and HAS: only what the former answers is the field's value. */
static const struct cel_type *check_member(struct cel_checker *checker, struct cel_node *node)
{
	const struct cel_type *from = cel_check_node(checker, node->children[0]), *type = NULL;

	if (!from)
		return NULL;
	if (from->kind == CEL_KIND_MESSAGE && from->message) {
		type = check_field(checker, node, from->message);
	} else if (from->kind == CEL_KIND_DYN || from->kind == CEL_KIND_MAP) {
		node->eval = node->kind == CEL_NODE_HAS ? cel_eval_has : cel_eval_select;
		type = from->kind == CEL_KIND_MAP ? from->value : cel_type_of_kind(CEL_KIND_DYN);
	} else {
		return fail_select(checker, node, from);
	}
	return type && node->kind == CEL_NODE_HAS ? cel_type_of_kind(CEL_KIND_BOOL) : type;
}

static const struct cel_type *check_select(struct cel_checker *checker, struct cel_node *node)
{
	struct span name = cel_check_qualified(checker, node);
	const struct cel_node *root = node;
	struct cel_value value;

	if (!name.data)
		return check_member(checker, node);
	if (cel_names_find(&checker->names, name, &value))
		return bind_constant(checker, node, &value);
	while (root->kind == CEL_NODE_SELECT)
		root = root->children[0];
	/* what is wrong is the first name, unless something could follow it */
	return cel_names_is_scope(&checker->names, root->name) ? fail_name(checker, node, name)
							       : check_member(checker, node);
}

/* ---- logic -----------------------------------------------------------------------------------
 */

static bool check_bool(struct cel_checker *checker, struct cel_node *node, const char *what)
{
	const struct cel_type *type = cel_check_node(checker, node);
	_cleanup_buf_ struct buf name = {};

	if (!type)
		return false;
	if (type->kind == CEL_KIND_BOOL || type->kind == CEL_KIND_DYN)
		return true;
	cel_type_add_name(&name, type);
	cel_mistake(checker->mistakes, node->place, "compare it with something, as in x == 1",
		    "%s takes bool, not %s", what, buf_text(&name));
	return false;
}

static const struct cel_type *check_logic(struct cel_checker *checker, struct cel_node *node)
{
	bool is_right = true;

	for (uint32_t i = 0; i < node->count; i++)
		is_right &= check_bool(checker, node->children[i],
				       node->kind == CEL_NODE_AND ? "\"&&\"" : "\"||\"");
	node->eval = cel_eval_logic;
	return is_right ? cel_type_of_kind(CEL_KIND_BOOL) : NULL;
}

static const struct cel_type *check_choice(struct cel_checker *checker, struct cel_node *node)
{
	bool is_right = check_bool(checker, node->children[0], "\"?\"");
	const struct cel_type *yes = cel_check_node(checker, node->children[1]);
	const struct cel_type *no = cel_check_node(checker, node->children[2]), *both;
	_cleanup_buf_ struct buf first = {}, second = {};

	if (!is_right || !yes || !no)
		return NULL;
	node->eval = cel_eval_choice;
	both = cel_type_join(checker->arena, yes, no);
	if (both || checker->arena->failed)
		return both;
	cel_type_add_name(&first, yes);
	cel_type_add_name(&second, no);
	cel_mistake(checker->mistakes, node->place, "dyn() makes a value of any type of them",
		    "both sides of \":\" must have one type, these are %s and %s", buf_text(&first),
		    buf_text(&second));
	return NULL;
}

/* ---- lists and maps --------------------------------------------------------------------------
 */

/* The type of the children FIRST, FIRST + STEP, ...; dyn when they differ. NULL: a mistake. */
static const struct cel_type *check_items(struct cel_checker *checker, struct cel_node *node,
					  uint32_t first, uint32_t step)
{
	const struct cel_type *all = NULL, *dyn = cel_type_of_kind(CEL_KIND_DYN);
	bool is_right = true;

	for (uint32_t i = first; i < node->count; i += step) {
		const struct cel_type *type = cel_check_node(checker, node->children[i]);

		is_right &= type != NULL;
		if (!type)
			continue;
		all = all ? cel_type_join(checker->arena, all, type) : type;
		if (!all)
			all = dyn;
	}
	return !is_right ? NULL : all ? all : dyn;
}

static const struct cel_type *check_list(struct cel_checker *checker, struct cel_node *node)
{
	const struct cel_type *element = check_items(checker, node, 0, 1);

	node->eval = cel_eval_list;
	return element ? cel_check_fold(checker, node, cel_type_of_list(checker->arena, element),
					true)
		       : NULL;
}

static const struct cel_type *check_map(struct cel_checker *checker, struct cel_node *node)
{
	const struct cel_type *key = check_items(checker, node, 0, 2);
	const struct cel_type *value = check_items(checker, node, 1, 2);

	node->eval = cel_eval_map;
	return key && value ? cel_check_fold(checker, node,
					     cel_type_of_map(checker->arena, key, value), true)
			    : NULL;
}

/* ---- macros ----------------------------------------------------------------------------------
 */

static const struct cel_type *check_body(struct cel_checker *checker, struct cel_node *node)
{
	bool is_map = node->loop == CEL_LOOP_MAP, is_right = true;
	const struct cel_type *result = cel_type_of_kind(CEL_KIND_BOOL);

	if (!is_map || node->count == 3)
		is_right = check_bool(checker, node->children[1], "the macro");
	if (is_map)
		result = cel_check_node(checker, node->children[node->count - 1]);
	return is_right ? result : NULL;
}

static const struct cel_type *fail_range(struct cel_checker *checker, const struct cel_node *node,
					 const struct cel_type *range)
{
	_cleanup_buf_ struct buf name = {};

	cel_type_add_name(&name, range);
	cel_mistake(checker->mistakes, node->place, NULL,
		    "macros go over lists and the keys of maps, this is %s", buf_text(&name));
	return NULL;
}

static const struct cel_type *check_loop(struct cel_checker *checker, struct cel_node *node)
{
	const struct cel_type *range = cel_check_node(checker, node->children[0]), *body;
	const struct cel_type *element;

	if (!range)
		return NULL;
	if (range->kind == CEL_KIND_LIST)
		element = range->value;
	else if (range->kind == CEL_KIND_MAP)
		element = range->key;
	else if (range->kind == CEL_KIND_DYN)
		element = range;
	else
		return fail_range(checker, node, range);
	if (checker->local_count == CEL_NESTING_MAX)
		return NULL; /* the parser nests no deeper */
	node->slot = checker->local_count++;
	checker->locals[node->slot] = (struct cel_local){ node->name, element };
	body = check_body(checker, node);
	checker->local_count--;
	if (!body)
		return NULL;
	node->eval = node->loop < CEL_LOOP_MAP ? cel_eval_quantifier : cel_eval_transform;
	if (node->loop < CEL_LOOP_MAP)
		return body;
	return cel_type_of_list(checker->arena, node->loop == CEL_LOOP_MAP ? body : element);
}

/* ---- all -------------------------------------------------------------------------------------
 */

static const struct cel_type *check_constant(struct cel_checker *checker, struct cel_node *node)
{
	node->eval = cel_eval_constant;
	return cel_type_of_kind((enum cel_kind)node->constant.kind);
}

const struct cel_type *cel_check_node(struct cel_checker *checker, struct cel_node *node)
{
	static const struct cel_type *(*const checks[])(struct cel_checker *, struct cel_node *) = {
		[CEL_NODE_CONSTANT] = check_constant, [CEL_NODE_NAME] = check_name,
		[CEL_NODE_SELECT] = check_select,     [CEL_NODE_HAS] = check_member,
		[CEL_NODE_CALL] = cel_check_call,     [CEL_NODE_METHOD] = cel_check_call,
		[CEL_NODE_AND] = check_logic,	      [CEL_NODE_OR] = check_logic,
		[CEL_NODE_CHOICE] = check_choice,     [CEL_NODE_LIST] = check_list,
		[CEL_NODE_MAP] = check_map,	      [CEL_NODE_LOOP] = check_loop,
	};

	node->type = checks[node->kind](checker, node);
	if (checker->arena->failed)
		return node->type = NULL;
	return node->type;
}
