/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Precedence climbing over a hand of tokens. The parser stops at the first mistake of an
 * expression; its place in the source is the expression's, with the column moved where the text
 * stands there as it is.
 */
#include "policy/cel.h"

#include "policy/limits.h"
#include "policy/scalar.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct cel_parser {
	struct arena *arena;
	struct report *report;
	const struct policy_hook *hook;
	const struct policy_text *text;
	size_t at; /* in text */
	unsigned int nodes;
	unsigned int depth;
	bool has_failed;
};

/* What is known of the operations, by enum cel_operation. */
struct cel_facts {
	const char *word;
	int precedence; /* of infix operators, 1 binds least; 0: no infix operator */
	bool is_bool_in, is_bool_out;
};

static const struct cel_facts cel_facts[] = {
	[CEL_NUMBER] = { "" },
	[CEL_VARIABLE] = { "arg" },
	[CEL_NOT] = { "!", 0, true, true },
	[CEL_MINUS] = { "-" },
	[CEL_BIT_NOT] = { "not" },
	[CEL_TO_INT32] = { "int32" },
	[CEL_TO_UINT32] = { "uint32" },
	[CEL_ADD] = { "+", 4 },
	[CEL_SUBTRACT] = { "-", 4 },
	[CEL_BIT_AND] = { "and" },
	[CEL_BIT_OR] = { "or" },
	[CEL_BIT_XOR] = { "xor" },
	[CEL_EQUAL] = { "==", 3, false, true },
	[CEL_NOT_EQUAL] = { "!=", 3, false, true },
	[CEL_LESS] = { "<", 3, false, true },
	[CEL_LESS_EQUAL] = { "<=", 3, false, true },
	[CEL_GREATER] = { ">", 3, false, true },
	[CEL_GREATER_EQUAL] = { ">=", 3, false, true },
	[CEL_AND] = { "&&", 2, true, true },
	[CEL_OR] = { "||", 1, true, true },
};

/* Longer ones first: "<=" is not "<". */
static const enum cel_operation cel_infix[] = {
	CEL_OR,	  CEL_AND,     CEL_EQUAL, CEL_NOT_EQUAL, CEL_LESS_EQUAL, CEL_GREATER_EQUAL,
	CEL_LESS, CEL_GREATER, CEL_ADD,	  CEL_SUBTRACT,
};

static const enum cel_operation cel_functions[] = {
	CEL_BIT_AND, CEL_BIT_OR, CEL_BIT_XOR, CEL_BIT_NOT, CEL_TO_INT32, CEL_TO_UINT32,
};

static const char *const cel_type_words[] = {
	[CEL_BOOL] = "bool",	 [CEL_INT32] = "int32",	  [CEL_INT64] = "int64",
	[CEL_UINT32] = "uint32", [CEL_UINT64] = "uint64", [CEL_LITERAL] = "number",
};

static struct cel_node *cel_parse_binary(struct cel_parser *parser, int precedence);

/* ---- mistakes ---------------------------------------------------------------------------------
 */

/* The place of byte AT of the expression. Quoted text is shifted by its quote; escapes are not
 * undone. */
static struct place cel_get_place(const struct cel_parser *parser, size_t at)
{
	struct place place = parser->text->place;
	size_t quotes = place.width == parser->text->bytes + 2 ? 1 : 0;

	if (place.width != parser->text->bytes + 2 * quotes)
		return place;
	place.column += (uint32_t)(at + quotes);
	place.width = 1;
	return place;
}

static struct cel_node *cel_fail(struct cel_parser *parser, size_t at, const char *message,
				 const char *hint)
{
	struct finding *finding;

	if (parser->has_failed)
		return NULL;
	parser->has_failed = true;
	finding = report_error(parser->report, cel_get_place(parser, at), "%s", message);
	if (hint)
		finding_hint(finding, "%s", hint);
	return NULL;
}

static struct cel_node *cel_new_node(struct cel_parser *parser, struct cel_node node)
{
	struct cel_node *copy;

	if (++parser->nodes > POLICY_CEL_NODES_MAX)
		return cel_fail(parser, parser->at, "this expression has more than 256 parts",
				NULL);
	copy = arena_alloc(parser->arena, sizeof(*copy));
	if (copy)
		*copy = node;
	return copy;
}

/* ---- words ------------------------------------------------------------------------------------
 */

static void cel_skip_blanks(struct cel_parser *parser)
{
	while (parser->at < parser->text->bytes &&
	       strchr(" \t\r\n", parser->text->data[parser->at]))
		parser->at++;
}

static bool cel_take(struct cel_parser *parser, const char *word)
{
	size_t bytes = strlen(word);

	cel_skip_blanks(parser);
	if (strncmp(parser->text->data + parser->at, word, bytes) != 0)
		return false;
	parser->at += bytes;
	return true;
}

/* Letters, digits and "_". */
static struct span cel_take_name(struct cel_parser *parser)
{
	struct span name = { .data = parser->text->data + parser->at };

	cel_skip_blanks(parser);
	name.data = parser->text->data + parser->at;
	name.bytes = strspn(name.data,
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	parser->at += name.bytes;
	return name;
}

static bool span_is(struct span text, const char *word)
{
	return strlen(word) == text.bytes && memcmp(text.data, word, text.bytes) == 0;
}

/* ---- types ------------------------------------------------------------------------------------
 */

static enum cel_type cel_get_argument_type(const struct policy_argument *argument)
{
	static const enum cel_type types[] = {
		[VALUE_S8] = CEL_INT32,	  [VALUE_S16] = CEL_INT32,  [VALUE_S32] = CEL_INT32,
		[VALUE_S64] = CEL_INT64,  [VALUE_U8] = CEL_UINT32,  [VALUE_U16] = CEL_UINT32,
		[VALUE_U32] = CEL_UINT32, [VALUE_U64] = CEL_UINT64,
	};

	return types[argument->facts->class];
}

/* The type that two operands share, or false. A literal takes the other's. */
static bool cel_unify(const struct cel_node *left, const struct cel_node *right, enum cel_type *out)
{
	if (left->type == CEL_LITERAL && right->type != CEL_BOOL)
		*out = right->type;
	else if (right->type == CEL_LITERAL && left->type != CEL_BOOL)
		*out = left->type;
	else if (left->type == right->type)
		*out = left->type;
	else
		return false;
	return true;
}

static struct cel_node *cel_fail_types(struct cel_parser *parser, size_t at,
				       enum cel_operation operation, const struct cel_node *left,
				       const struct cel_node *right)
{
	_cleanup_buf_ struct buf text = {};

	buf_add_format(&text, "\"%s\" cannot take %s", cel_facts[operation].word,
		       cel_type_words[left->type]);
	if (right)
		buf_add_format(&text, " and %s", cel_type_words[right->type]);
	return cel_fail(parser, at, buf_text(&text),
			cel_facts[operation].is_bool_in
				? "it joins comparisons"
				: "both sides have one type; int32() and uint32() change it");
}

static struct cel_node *cel_make_unary(struct cel_parser *parser, size_t at,
				       enum cel_operation operation, struct cel_node *left)
{
	struct cel_node node = { .operation = operation, .left = left };

	if (!left)
		return NULL;
	if ((left->type == CEL_BOOL) != cel_facts[operation].is_bool_in)
		return cel_fail_types(parser, at, operation, left, NULL);
	node.type = left->type;
	if (operation == CEL_TO_INT32)
		node.type = CEL_INT32;
	if (operation == CEL_TO_UINT32)
		node.type = CEL_UINT32;
	return cel_new_node(parser, node);
}

static struct cel_node *cel_make_binary(struct cel_parser *parser, size_t at,
					enum cel_operation operation, struct cel_node *left,
					struct cel_node *right)
{
	struct cel_node node = { .operation = operation, .left = left, .right = right };

	if (!left || !right)
		return NULL;
	if (!cel_unify(left, right, &node.type) ||
	    (node.type == CEL_BOOL) != cel_facts[operation].is_bool_in)
		return cel_fail_types(parser, at, operation, left, right);
	if (cel_facts[operation].is_bool_out)
		node.type = CEL_BOOL;
	return cel_new_node(parser, node);
}

/* ---- grammar ----------------------------------------------------------------------------------
 */

static struct cel_node *cel_parse_variable(struct cel_parser *parser, size_t at, struct span name)
{
	const struct policy_hook *hook = parser->hook;
	bool is_negative = false;
	uint64_t position = 0;
	struct span digits = { name.data + 3, name.bytes - 3 };
	const struct policy_argument *argument;

	if (!scalar_parse_int(digits, &is_negative, &position) || position >= hook->arguments.count)
		return cel_fail(parser, at, "there is no such argument",
				"arg0 is the first item of \"args\", arg1 the second");
	argument = &hook->arguments.items[position];
	if (!argument->facts) {
		parser->has_failed = true; /* the argument has its own finding */
		return NULL;
	}
	if (argument->facts->group != GROUP_NUMBER) {
		_cleanup_buf_ struct buf message = {};

		buf_add_format(&message, "argument %lld (%s) is no number",
			       (long long)argument->index.value, argument->facts->name);
		return cel_fail(parser, at, buf_text(&message),
				"operator CelExpr takes arguments that are integers");
	}
	return cel_new_node(parser, (struct cel_node){ .operation = CEL_VARIABLE,
						       .type = cel_get_argument_type(argument),
						       .argument = argument });
}

static struct cel_node *cel_parse_call(struct cel_parser *parser, size_t at,
				       enum cel_operation operation)
{
	bool is_binary =
		operation == CEL_BIT_AND || operation == CEL_BIT_OR || operation == CEL_BIT_XOR;
	struct cel_node *left, *right = NULL;

	if (!cel_take(parser, "("))
		return cel_fail(parser, parser->at, "\"(\" is expected here", NULL);
	left = cel_parse_binary(parser, 1);
	if (left && is_binary) {
		if (!cel_take(parser, ","))
			return cel_fail(parser, parser->at, "\",\" is expected here",
					"this function takes two operands");
		right = cel_parse_binary(parser, 1);
	}
	if (!parser->has_failed && !cel_take(parser, ")"))
		return cel_fail(parser, parser->at, "\")\" is expected here", NULL);
	return is_binary ? cel_make_binary(parser, at, operation, left, right)
			 : cel_make_unary(parser, at, operation, left);
}

static struct cel_node *cel_parse_name(struct cel_parser *parser)
{
	struct span name = cel_take_name(parser);
	size_t at = (size_t)(name.data - parser->text->data);
	struct cel_node number = { .operation = CEL_NUMBER, .type = CEL_LITERAL };
	bool is_negative;

	for (size_t i = 0; i < COUNT(cel_functions); i++) {
		if (span_is(name, cel_facts[cel_functions[i]].word))
			return cel_parse_call(parser, at, cel_functions[i]);
	}
	if (name.bytes > 3 && memcmp(name.data, "arg", 3) == 0)
		return cel_parse_variable(parser, at, name);
	/* CEL marks unsigned numbers by a "u" behind them; here the other operand says it. */
	if (name.bytes > 1 && (name.data[name.bytes - 1] | 0x20) == 'u')
		name.bytes--;
	if (scalar_parse_int(name, &is_negative, &number.value))
		return cel_new_node(parser, number);
	return cel_fail(parser, at,
			name.bytes ? "this is no argument, number or function"
				   : "an argument, number or function is expected here",
			"arg0, arg1, ..., numbers, and(), or(), xor(), not(), int32(), uint32()");
}

static struct cel_node *cel_parse_unary(struct cel_parser *parser)
{
	size_t at;
	struct cel_node *node;

	cel_skip_blanks(parser);
	at = parser->at;
	if (parser->depth == POLICY_CEL_DEPTH_MAX)
		return cel_fail(parser, at, "this expression is nested more than 32 deep", NULL);
	parser->depth++;
	if (cel_take(parser, "!")) {
		node = cel_make_unary(parser, at, CEL_NOT, cel_parse_unary(parser));
	} else if (cel_take(parser, "-")) {
		node = cel_make_unary(parser, at, CEL_MINUS, cel_parse_unary(parser));
	} else if (cel_take(parser, "(")) {
		node = cel_parse_binary(parser, 1);
		if (node && !cel_take(parser, ")"))
			node = cel_fail(parser, parser->at, "\")\" is expected here", NULL);
	} else {
		node = cel_parse_name(parser);
	}
	parser->depth--;
	return node;
}

/* The infix operator that stands next, if it binds at least as PRECEDENCE does. */
static bool cel_take_infix(struct cel_parser *parser, int precedence, enum cel_operation *out)
{
	for (size_t i = 0; i < COUNT(cel_infix); i++) {
		if (cel_facts[cel_infix[i]].precedence < precedence ||
		    !cel_take(parser, cel_facts[cel_infix[i]].word))
			continue;
		*out = cel_infix[i];
		return true;
	}
	return false;
}

static struct cel_node *cel_parse_binary(struct cel_parser *parser, int precedence)
{
	struct cel_node *left = cel_parse_unary(parser);
	enum cel_operation operation;

	while (left) {
		size_t at;

		cel_skip_blanks(parser);
		at = parser->at;
		if (!cel_take_infix(parser, precedence, &operation))
			break;
		left = cel_make_binary(
			parser, at, operation, left,
			cel_parse_binary(parser, cel_facts[operation].precedence + 1));
	}
	return left;
}

const struct cel_node *cel_parse(struct arena *arena, struct report *report,
				 const struct policy_hook *hook, const struct policy_text *text)
{
	struct cel_parser parser = { .arena = arena, .report = report, .hook = hook, .text = text };
	struct cel_node *node = cel_parse_binary(&parser, 1);

	cel_skip_blanks(&parser);
	if (node && parser.at < text->bytes)
		return cel_fail(&parser, parser.at, "the expression goes on where it should end",
				"operators are + - && || ! == != < <= > >=");
	if (node && node->type != CEL_BOOL)
		return cel_fail(&parser, 0, "this expression is a number; it must be true or false",
				"compare it with something, as in \"arg0 == 1\"");
	return node;
}

/* ---- text -------------------------------------------------------------------------------------
 */

static void cel_add_infix(const struct cel_node *node, struct buf *out)
{
	buf_add_char(out, '(');
	cel_add_text(node->left, out);
	buf_add_format(out, " %s ", cel_facts[node->operation].word);
	cel_add_text(node->right, out);
	buf_add_char(out, ')');
}

void cel_add_text(const struct cel_node *node, struct buf *out)
{
	const struct cel_facts *facts = &cel_facts[node->operation];

	if (node->operation == CEL_NUMBER) {
		buf_add_uint(out, node->value);
	} else if (node->operation == CEL_VARIABLE) {
		buf_add_format(out, "arg%zu", node->argument->position);
	} else if (facts->precedence) {
		cel_add_infix(node, out);
	} else {
		buf_add_format(out, "%s(", facts->word);
		cel_add_text(node->left, out);
		if (node->right) {
			buf_add_text(out, ", ");
			cel_add_text(node->right, out);
		}
		buf_add_char(out, ')');
	}
}
