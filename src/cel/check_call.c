/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and binds calls: which rows of the table fit the types; and computes what is constant. */
#include "cel/check.h"

#include <errno.h>

/* ---- mistakes --------------------------------------------------------------------------------
 */

static void add_types(struct buf *out, const struct cel_node *node, bool is_operator)
{
	for (uint32_t i = 0; i < node->count; i++) {
		buf_add_text(out, i == 0 ? "" : is_operator ? " and " : ", ");
		cel_type_add_name(out, node->children[i]->type);
	}
}

/* "it takes int and int, uint and uint" */
static void add_signatures(struct buf *out, const struct cel_node *node)
{
	bool is_operator = cel_function_is_operator(node->name);
	const struct cel_function *function = cel_function_first(node);
	const char *separator = "it takes ";

	for (; function; function = cel_function_next(function, node)) {
		buf_add_text(out, separator);
		separator = is_operator ? "; " : ", or ";
		for (unsigned int i = 0; i < cel_function_arity(function); i++) {
			buf_add_text(out, i == 0 ? "" : is_operator ? " and " : ", ");
			buf_add_text(out,
				     cel_pattern_word((enum cel_pattern)function->arguments[i]));
		}
	}
}

static const struct cel_type *fail_types(struct cel_checker *checker, const struct cel_node *node)
{
	struct span word = cel_function_word(node->name);
	bool is_operator = cel_function_is_operator(node->name);
	_cleanup_buf_ struct buf types = {}, hint = {};

	add_types(&types, node, is_operator);
	add_signatures(&hint, node);
	cel_mistake(checker->mistakes, node->place, buf_text(&hint), "\"%.*s\" cannot take %s",
		    (int)word.bytes, word.data, buf_text(&types));
	return NULL;
}

/* The name is there, but with another number of arguments, or not as a method. */
static bool name_is_known(const struct cel_node *node, struct buf *hint)
{
	const struct cel_function *function;
	bool is_known = false;

	for (size_t i = 0; (function = cel_function_at(i)); i++) {
		if (strlen(function->name) != node->name.bytes ||
		    memcmp(function->name, node->name.data, node->name.bytes) != 0)
			continue;
		buf_add_text(hint, is_known ? ", or " : "it is called as ");
		is_known = true;
		if (function->style == CEL_METHOD)
			buf_add_format(hint, "%s.",
				       cel_pattern_word((enum cel_pattern)function->arguments[0]));
		buf_add_format(hint, "%s(", function->name);
		for (unsigned int at = function->style; at < cel_function_arity(function); at++)
			buf_add_format(hint, "%s%s", at > function->style ? ", " : "",
				       cel_pattern_word((enum cel_pattern)function->arguments[at]));
		buf_add_char(hint, ')');
	}
	return is_known;
}

static void suggest_function(const struct cel_node *node, struct buf *hint)
{
	static const char *const macros[] = {
		"has", "all", "exists", "exists_one", "map", "filter"
	};
	const struct cel_function *function;
	struct suggest suggest;
	char word[64] = "";

	if (node->name.bytes < sizeof(word))
		memcpy(word, node->name.data, node->name.bytes);
	suggest = suggest_start(word);
	for (size_t i = 0; (function = cel_function_at(i)); i++) {
		if (!cel_function_is_operator(span_of(function->name)))
			suggest_offer(&suggest, function->name);
	}
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
		suggest_offer(&suggest, macros[i]);
	if (suggest.best && strcmp(suggest.best, word) == 0)
		buf_add_text(hint, "macros are called as LIST.exists(x, x > 1)");
	else if (suggest.best)
		buf_add_format(hint, "did you mean \"%s\"?", suggest.best);
}

static const struct cel_type *fail_function(struct cel_checker *checker,
					    const struct cel_node *node)
{
	const char *refusal = cel_function_refusal(node->name);
	_cleanup_buf_ struct buf hint = {};

	if (refusal) {
		cel_mistake(checker->mistakes, node->place, refusal,
			    "function \"%.*s\" is not available here", (int)node->name.bytes,
			    node->name.data);
	} else if (name_is_known(node, &hint)) {
		cel_mistake(checker->mistakes, node->place, buf_text(&hint),
			    "function \"%.*s\" is not called like this", (int)node->name.bytes,
			    node->name.data);
	} else {
		suggest_function(node, &hint);
		cel_mistake(checker->mistakes, node->place, buf_text(&hint),
			    "unknown function \"%.*s\"", (int)node->name.bytes, node->name.data);
	}
	return NULL;
}

/* ---- constants -------------------------------------------------------------------------------
 */

/* What could not be computed now: a mistake if it never can be. */
static const struct cel_type *fold_failed(struct cel_checker *checker, struct cel_node *node,
					  const struct cel_type *type, bool is_strict)
{
	const struct cel_node *at = checker->eval.error.node;
	_cleanup_buf_ struct buf text = {};

	if (checker->eval.is_exhausted || !is_strict)
		return type;
	cel_eval_add_error(&checker->eval, &text);
	cel_mistake(checker->mistakes, at ? at->place : node->place, NULL, "%s", buf_text(&text));
	return NULL;
}

const struct cel_type *cel_check_fold(struct cel_checker *checker, struct cel_node *node,
				      const struct cel_type *type, bool is_strict)
{
	struct cel_value value;

	for (uint32_t i = 0; i < node->count; i++) {
		if (node->children[i]->kind != CEL_NODE_CONSTANT)
			return type;
	}
	if (checker->eval.is_exhausted)
		return type;
	if (!node->eval(&checker->eval, node, &value))
		return fold_failed(checker, node, type, is_strict);
	node->kind = CEL_NODE_CONSTANT;
	node->constant = value;
	node->eval = cel_eval_constant;
	return type;
}

/* ---- patterns --------------------------------------------------------------------------------
 */

static bool keep_regex(struct cel_checker *checker, struct regex *regex)
{
	struct regex **grown;

	if (checker->regex_count == checker->regex_capacity) {
		checker->regex_capacity += 8;
		grown = realloc(checker->regexes, checker->regex_capacity * sizeof(*grown));
		if (!grown) {
			checker->is_out_of_memory = true;
			return false;
		}
		checker->regexes = grown;
	}
	checker->regexes[checker->regex_count++] = regex;
	return true;
}

/* A constant pattern is compiled once, and a mistake in it is told with its place. */
static bool bind_pattern(struct cel_checker *checker, struct cel_node *node,
			 const struct cel_node *pattern)
{
	_cleanup_(regex_cleanup) struct regex *regex = NULL;
	_cleanup_diag_ struct diag diag = {};
	_cleanup_free_ char *text = NULL;
	size_t bytes = pattern->constant.text.bytes;
	int r = -EINVAL;

	if (pattern->kind != CEL_NODE_CONSTANT)
		return true;
	text = strndup(pattern->constant.text.data, bytes);
	if (text && strlen(text) == bytes)
		r = regex_new(&regex, text, &diag);
	else
		diag_add(&diag, "a pattern has no NUL");
	if (!r && keep_regex(checker, regex)) {
		node->regex = TAKE_PTR(regex);
		return true;
	}
	if (!checker->is_out_of_memory) {
		struct span lines = { diag.text.data, diag.text.bytes };
		struct span line = span_cut(&lines, '\n');

		cel_mistake(checker->mistakes, pattern->place, NULL, "%.*s", (int)line.bytes,
			    line.data);
	}
	return false;
}

/* ---- calls -----------------------------------------------------------------------------------
 */

/* math.greatest(x): what looks like a method of "math" is a function with a dot in its name. */
static void find_dotted(struct cel_checker *checker, struct cel_node *node)
{
	struct cel_node call = *node;
	struct span before;
	char *joined;

	if (node->kind != CEL_NODE_METHOD)
		return;
	before = cel_check_qualified(checker, node->children[0]);
	joined = before.data ? arena_alloc(checker->arena, before.bytes + 1 + node->name.bytes)
			     : NULL;
	if (!joined)
		return;
	memcpy(joined, before.data, before.bytes);
	joined[before.bytes] = '.';
	memcpy(joined + before.bytes + 1, node->name.data, node->name.bytes);
	call.kind = CEL_NODE_CALL;
	call.name = (struct span){ joined, before.bytes + 1 + node->name.bytes };
	call.children++;
	call.count--;
	if (cel_function_is_namespace(before) || cel_function_refusal(call.name))
		*node = call;
}

static bool row_fits(struct cel_checker *checker, const struct cel_node *node,
		     const struct cel_function *function, struct cel_bindings *bindings)
{
	*bindings = (struct cel_bindings){ .arena = checker->arena };
	for (uint32_t i = 0; i < node->count; i++) {
		if (!cel_pattern_takes_type((enum cel_pattern)function->arguments[i],
					    node->children[i]->type, bindings))
			return false;
	}
	return true;
}

/* Chooses the row, or the first of several between which only values can decide. */
static const struct cel_type *choose_row(struct cel_checker *checker, struct cel_node *node)
{
	const struct cel_function *function = cel_function_first(node);
	const struct cel_type *result = NULL, *other;
	struct cel_bindings bindings;
	bool is_open = false;

	for (; function; function = cel_function_next(function, node)) {
		if (!row_fits(checker, node, function, &bindings))
			continue;
		other = cel_pattern_result((enum cel_pattern)function->result, &bindings);
		is_open |= bindings.is_open || node->function;
		if (!node->function)
			node->function = function;
		else if (result && result->kind != other->kind)
			other = cel_type_of_kind(CEL_KIND_DYN);
		result = other;
	}
	node->eval = is_open ? cel_eval_dispatch : cel_eval_call;
	return result;
}

static bool check_arguments(struct cel_checker *checker, struct cel_node *node)
{
	bool is_right = true;

	for (uint32_t i = 0; i < node->count; i++)
		is_right &= cel_check_node(checker, node->children[i]) != NULL;
	return is_right;
}

const struct cel_type *cel_check_call(struct cel_checker *checker, struct cel_node *node)
{
	const struct cel_type *result;

	find_dotted(checker, node);
	if (!cel_function_first(node)) {
		/* a mistake before the dot is the first one */
		if (node->kind == CEL_NODE_METHOD && !cel_check_node(checker, node->children[0]))
			return NULL;
		return fail_function(checker, node);
	}
	if (!check_arguments(checker, node))
		return NULL;
	result = choose_row(checker, node);
	if (!result)
		return checker->arena->failed ? NULL : fail_types(checker, node);
	if (node->function->pattern &&
	    !bind_pattern(checker, node, node->children[node->function->pattern]))
		return NULL;
	return cel_check_fold(checker, node, result, node->function->is_strict);
}
