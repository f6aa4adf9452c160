/* SPDX-License-Identifier: Apache-2.0 */
/* Recursive descent, a function for each level of binding. It stops at the first mistake. */
#include "cel/parse.h"

#include "cel/budget.h"
#include "cel/token.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct parser {
	struct arena *arena;
	struct cel_mistakes *mistakes;
	struct cel_scanner scanner;
	struct cel_token token; /* the one to look at */
	unsigned int nesting;
};

struct node_list {
	struct cel_node **items;
	uint32_t count, capacity;
};

static struct cel_node *parse_expression(struct parser *parser);
static struct cel_node *parse_unary(struct parser *parser);

/* ---- tokens and nodes ------------------------------------------------------------------------
 */

static struct cel_node *fail(struct parser *parser, struct cel_place place, const char *hint,
			     const char *what)
{
	if (!parser->mistakes->count)
		cel_mistake(parser->mistakes, place, hint, "%s", what);
	return NULL;
}

static void advance(struct parser *parser)
{
	cel_scan(&parser->scanner, &parser->token);
}

static bool take(struct parser *parser, enum cel_token_kind kind)
{
	if (parser->token.kind != kind)
		return false;
	advance(parser);
	return true;
}

static bool expect(struct parser *parser, enum cel_token_kind kind)
{
	if (take(parser, kind))
		return true;
	if (!parser->mistakes->count)
		cel_mistake(parser->mistakes, parser->token.place, NULL, "\"%s\" is expected here",
			    cel_token_word(kind));
	return false;
}

static bool span_is(struct span text, const char *word)
{
	return strlen(word) == text.bytes && memcmp(text.data, word, text.bytes) == 0;
}

static struct cel_node *node_new(struct parser *parser, enum cel_node_kind kind,
				 struct cel_token at)
{
	struct cel_node *node = arena_alloc(parser->arena, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->place = at.place;
	node->name = at.text;
	node->depth = 1;
	return node;
}

static bool list_add(struct parser *parser, struct node_list *list, struct cel_node *item)
{
	struct cel_node **grown;

	if (!item)
		return false;
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? 2 * list->capacity : 2;
		grown = arena_alloc_array(parser->arena, list->capacity, sizeof(struct cel_node *));
		if (!grown)
			return false;
		if (list->count)
			memcpy(grown, list->items, list->count * sizeof(struct cel_node *));
		list->items = grown;
	}
	list->items[list->count++] = item;
	return true;
}

/* NULL also when the tree becomes too deep. */
static struct cel_node *adopt(struct parser *parser, struct cel_node *node, struct node_list list)
{
	if (!node)
		return NULL;
	node->children = list.items;
	node->count = list.count;
	for (uint32_t i = 0; i < list.count; i++) {
		if (list.items[i]->depth >= node->depth)
			node->depth = (uint16_t)(list.items[i]->depth + 1);
	}
	if (node->depth > CEL_DEPTH_MAX)
		return fail(parser, node->place, NULL, "this expression has too many levels");
	return node;
}

/* An operator as the call of a function. RIGHT may be NULL for operators before their operand. */
static struct cel_node *operator_new(struct parser *parser, const char *function,
				     struct cel_token at, struct cel_node *left,
				     struct cel_node *right)
{
	struct cel_node *node = node_new(parser, CEL_NODE_CALL, at);
	struct node_list list = {};

	if (!node || !list_add(parser, &list, left) || (right && !list_add(parser, &list, right)))
		return NULL;
	node->name = span_of(function);
	return adopt(parser, node, list);
}

/* ---- lists of expressions --------------------------------------------------------------------
 */

/* Up to END, which is taken; a comma may stand before it. */
static bool parse_items(struct parser *parser, enum cel_token_kind end, struct node_list *out)
{
	while (!take(parser, end)) {
		if (!list_add(parser, out, parse_expression(parser)))
			return false;
		if (!take(parser, CEL_TOKEN_COMMA))
			return expect(parser, end);
	}
	return true;
}

static struct cel_node *parse_list(struct parser *parser)
{
	struct cel_node *node = node_new(parser, CEL_NODE_LIST, parser->token);
	struct node_list items = {};

	advance(parser);
	if (!parse_items(parser, CEL_TOKEN_BRACKET_END, &items))
		return NULL;
	return adopt(parser, node, items);
}

static struct cel_node *parse_map(struct parser *parser)
{
	struct cel_node *node = node_new(parser, CEL_NODE_MAP, parser->token);
	struct node_list items = {};

	advance(parser);
	while (!take(parser, CEL_TOKEN_BRACE_END)) {
		if (!list_add(parser, &items, parse_expression(parser)) ||
		    !expect(parser, CEL_TOKEN_COLON) ||
		    !list_add(parser, &items, parse_expression(parser)))
			return NULL;
		if (take(parser, CEL_TOKEN_COMMA))
			continue;
		if (!expect(parser, CEL_TOKEN_BRACE_END))
			return NULL;
		break;
	}
	return adopt(parser, node, items);
}

/* ---- calls and macros ------------------------------------------------------------------------
 */

static const struct {
	const char *word;
	enum cel_loop loop;
	uint32_t children_max; /* range, name, and one or two expressions */
} macros[] = {
	{ "all", CEL_LOOP_ALL, 3 },
	{ "exists", CEL_LOOP_EXISTS, 3 },
	{ "exists_one", CEL_LOOP_EXISTS_ONE, 3 },
	{ "existsOne", CEL_LOOP_EXISTS_ONE, 3 },
	{ "map", CEL_LOOP_MAP, 4 },
	{ "filter", CEL_LOOP_FILTER, 3 },
};

/* LIST has the range, the name of the variable, and what is evaluated for each element. */
static struct cel_node *make_loop(struct parser *parser, struct cel_node *node, enum cel_loop loop,
				  struct node_list list)
{
	struct cel_node *name = list.items[1];

	if (name->kind != CEL_NODE_NAME)
		return fail(parser, name->place, "as in LIST.exists(x, x > 1)",
			    "the name of a variable is expected here");
	node->kind = CEL_NODE_LOOP;
	node->loop = loop;
	node->name = name->name;
	for (uint32_t i = 1; i + 1 < list.count; i++)
		list.items[i] = list.items[i + 1];
	list.count--;
	return adopt(parser, node, list);
}

/* has(e.f) only looks whether f is there. */
static struct cel_node *make_has(struct parser *parser, struct cel_node *node,
				 struct node_list list)
{
	struct cel_node *select = list.count == 1 ? list.items[0] : NULL;

	if (!select || select->kind != CEL_NODE_SELECT)
		return fail(parser, node->place, "as in has(process_exec.process.pod)",
			    "has() takes the field of a message or map");
	select->kind = CEL_NODE_HAS;
	return select;
}

/* The name is NAME, "(" was taken; RECEIVER is what stands before the dot, or NULL. */
static struct cel_node *parse_call(struct parser *parser, struct cel_token name,
				   struct cel_node *receiver)
{
	struct cel_node *node = node_new(parser, receiver ? CEL_NODE_METHOD : CEL_NODE_CALL, name);
	struct node_list list = {};

	if (!node || (receiver && !list_add(parser, &list, receiver)) ||
	    !parse_items(parser, CEL_TOKEN_PAREN_END, &list))
		return NULL;
	for (size_t i = 0; receiver && i < COUNT(macros); i++) {
		if (span_is(name.text, macros[i].word) && list.count >= 3 &&
		    list.count <= macros[i].children_max)
			return make_loop(parser, node, macros[i].loop, list);
	}
	if (!receiver && span_is(name.text, "has"))
		return make_has(parser, node, list);
	return adopt(parser, node, list);
}

/* ---- members ---------------------------------------------------------------------------------
 */

static const char *const reserved[] = {
	"in",	  "as",	 "break", "const",   "continue",  "else",   "for", "function", "if",
	"import", "let", "loop",  "package", "namespace", "return", "var", "void",     "while",
};

static struct cel_node *parse_name(struct parser *parser)
{
	struct cel_token name = parser->token;
	struct cel_node *node = node_new(parser, CEL_NODE_NAME, name);

	if (!node)
		return NULL;
	for (size_t i = 0; i < COUNT(reserved); i++) {
		if (span_is(name.text, reserved[i]))
			return fail(parser, name.place, NULL,
				    "this word is reserved by the language");
	}
	advance(parser);
	if (span_is(name.text, "true") || span_is(name.text, "false")) {
		node->kind = CEL_NODE_CONSTANT;
		node->constant = cel_value_of_bool(name.text.bytes == 4);
		return node;
	}
	if (span_is(name.text, "null")) {
		node->kind = CEL_NODE_CONSTANT;
		return node;
	}
	return take(parser, CEL_TOKEN_PAREN) ? parse_call(parser, name, NULL) : node;
}

static struct cel_node *parse_literal(struct parser *parser)
{
	struct cel_node *node = node_new(parser, CEL_NODE_CONSTANT, parser->token);

	if (!node)
		return NULL;
	node->constant = parser->token.value;
	if (parser->token.is_int) {
		if (node->constant.natural > INT64_MAX)
			return fail(parser, node->place, NULL, "this number is too large");
		node->constant.kind = CEL_KIND_INT;
	}
	advance(parser);
	return node;
}

static struct cel_node *parse_primary(struct parser *parser)
{
	struct cel_node *node;

	switch (parser->token.kind) {
	case CEL_TOKEN_NAME:
		return parse_name(parser);
	case CEL_TOKEN_LITERAL:
		return parse_literal(parser);
	case CEL_TOKEN_BRACKET:
		return parse_list(parser);
	case CEL_TOKEN_BRACE:
		return parse_map(parser);
	case CEL_TOKEN_PAREN:
		advance(parser);
		node = parse_expression(parser);
		return node && expect(parser, CEL_TOKEN_PAREN_END) ? node : NULL;
	case CEL_TOKEN_DOT: /* ".name" is "name": there is nothing that it could be mixed up with */
		advance(parser);
		if (parser->token.kind == CEL_TOKEN_NAME)
			return parse_name(parser);
		break;
	default:
		break;
	}
	return fail(parser, parser->token.place, NULL,
		    parser->token.kind == CEL_TOKEN_END ? "the expression ends too early"
							: "a value is expected here");
}

static struct cel_node *parse_select(struct parser *parser, struct cel_node *from)
{
	struct cel_token name = parser->token;
	struct node_list list = {};

	if (name.kind != CEL_TOKEN_NAME)
		return fail(parser, name.place, NULL,
			    name.kind == CEL_TOKEN_QUESTION
				    ? "optional values are not available here; use has()"
				    : "the name of a field or function is expected here");
	advance(parser);
	if (take(parser, CEL_TOKEN_PAREN))
		return parse_call(parser, name, from);
	return list_add(parser, &list, from)
		       ? adopt(parser, node_new(parser, CEL_NODE_SELECT, name), list)
		       : NULL;
}

static struct cel_node *parse_index(struct parser *parser, struct cel_token at,
				    struct cel_node *from)
{
	struct cel_node *index = parse_expression(parser);

	if (!index || !expect(parser, CEL_TOKEN_BRACKET_END))
		return NULL;
	return operator_new(parser, "_[_]", at, from, index);
}

static struct cel_node *parse_member(struct parser *parser)
{
	struct cel_node *node = parse_primary(parser);

	while (node) {
		struct cel_token at = parser->token;

		if (take(parser, CEL_TOKEN_DOT))
			node = parse_select(parser, node);
		else if (take(parser, CEL_TOKEN_BRACKET))
			node = parse_index(parser, at, node);
		else if (at.kind == CEL_TOKEN_BRACE)
			return fail(parser, at.place, "compare its fields one by one",
				    "messages cannot be made here");
		else
			return node;
	}
	return NULL;
}

/* ---- operators -------------------------------------------------------------------------------
 */

/* A minus belongs to the number behind it: the smallest int has no positive one. */
static bool negate_literal(struct cel_token *token)
{
	if (token->kind != CEL_TOKEN_LITERAL)
		return false;
	if (token->is_int) {
		token->is_int = false;
		token->value = cel_value_of_int((int64_t)(0 - token->value.natural));
		return true;
	}
	if (token->value.kind != CEL_KIND_DOUBLE)
		return false;
	token->value.real = -token->value.real;
	return true;
}

static struct cel_node *parse_prefix(struct parser *parser)
{
	struct cel_token at = parser->token;
	struct cel_node *operand;

	if (take(parser, CEL_TOKEN_NOT)) {
		operand = parse_unary(parser);
		return operand ? operator_new(parser, "!_", at, operand, NULL) : NULL;
	}
	if (!take(parser, CEL_TOKEN_MINUS))
		return parse_member(parser);
	if (negate_literal(&parser->token))
		return parse_member(parser);
	operand = parse_unary(parser);
	return operand ? operator_new(parser, "-_", at, operand, NULL) : NULL;
}

/* Everything that is nested passes here. */
static struct cel_node *parse_unary(struct parser *parser)
{
	struct cel_node *node;

	if (parser->nesting == CEL_NESTING_MAX)
		return fail(parser, parser->token.place, "64 levels are the most",
			    "this is nested too deep");
	parser->nesting++;
	node = parse_prefix(parser);
	parser->nesting--;
	return node;
}

/* Binary operators by how they bind, loosest first. */
static const struct {
	enum cel_token_kind token;
	uint8_t level;
	const char *function;
} operators[] = {
	{ CEL_TOKEN_EQUAL, 0, "_==_" },	 { CEL_TOKEN_NOT_EQUAL, 0, "_!=_" },
	{ CEL_TOKEN_LESS, 0, "_<_" },	 { CEL_TOKEN_LESS_EQUAL, 0, "_<=_" },
	{ CEL_TOKEN_GREATER, 0, "_>_" }, { CEL_TOKEN_GREATER_EQUAL, 0, "_>=_" },
	{ CEL_TOKEN_PLUS, 1, "_+_" },	 { CEL_TOKEN_MINUS, 1, "_-_" },
	{ CEL_TOKEN_STAR, 2, "_*_" },	 { CEL_TOKEN_SLASH, 2, "_/_" },
	{ CEL_TOKEN_PERCENT, 2, "_%_" },
};
enum { LEVELS = 3 };

static const char *find_operator(const struct cel_token *token, unsigned int level)
{
	if (level == 0 && token->kind == CEL_TOKEN_NAME && span_is(token->text, "in"))
		return "in";
	for (size_t i = 0; i < COUNT(operators); i++) {
		if (operators[i].token == token->kind && operators[i].level == level)
			return operators[i].function;
	}
	return NULL;
}

static struct cel_node *parse_binary(struct parser *parser, unsigned int level)
{
	struct cel_node *left, *right;
	const char *function;

	if (level == LEVELS)
		return parse_unary(parser);
	left = parse_binary(parser, level + 1);
	while (left && (function = find_operator(&parser->token, level))) {
		struct cel_token at = parser->token;

		advance(parser);
		right = parse_binary(parser, level + 1);
		left = right ? operator_new(parser, function, at, left, right) : NULL;
	}
	return left;
}

/* Chains of && and || are one node, so that they may be long without being deep. */
static struct cel_node *parse_logic(struct parser *parser, enum cel_token_kind word)
{
	struct cel_token at;
	struct node_list list = {};

	do {
		struct cel_node *operand = word == CEL_TOKEN_OR ? parse_logic(parser, CEL_TOKEN_AND)
								: parse_binary(parser, 0);

		if (!list_add(parser, &list, operand))
			return NULL;
		at = parser->token;
	} while (take(parser, word));
	if (list.count == 1)
		return list.items[0];
	return adopt(parser,
		     node_new(parser, word == CEL_TOKEN_OR ? CEL_NODE_OR : CEL_NODE_AND, at), list);
}

static struct cel_node *parse_choice(struct parser *parser)
{
	struct cel_node *condition = parse_logic(parser, CEL_TOKEN_OR);
	struct cel_token at = parser->token;
	struct node_list list = {};

	if (!condition || !take(parser, CEL_TOKEN_QUESTION))
		return condition;
	if (!list_add(parser, &list, condition) ||
	    !list_add(parser, &list, parse_logic(parser, CEL_TOKEN_OR)) ||
	    !expect(parser, CEL_TOKEN_COLON) || !list_add(parser, &list, parse_expression(parser)))
		return NULL;
	return adopt(parser, node_new(parser, CEL_NODE_CHOICE, at), list);
}

static struct cel_node *parse_expression(struct parser *parser)
{
	struct cel_node *node;

	if (parser->nesting == CEL_NESTING_MAX)
		return fail(parser, parser->token.place, "64 levels are the most",
			    "this is nested too deep");
	parser->nesting++;
	node = parse_choice(parser);
	parser->nesting--;
	return node;
}

struct cel_node *cel_parse_expression(struct arena *arena, struct cel_mistakes *mistakes,
				      struct span text)
{
	struct parser parser = { .arena = arena,
				 .mistakes = mistakes,
				 .scanner = { .text = text, .mistakes = mistakes } };
	struct cel_node *node;

	parser.scanner.strings = arena_alloc(arena, text.bytes + 4);
	if (!parser.scanner.strings)
		return NULL;
	advance(&parser);
	node = parse_expression(&parser);
	if (node && parser.token.kind != CEL_TOKEN_END)
		return fail(&parser, parser.token.place, NULL,
			    "the expression goes on where it should end");
	return mistakes->count ? NULL : node;
}
