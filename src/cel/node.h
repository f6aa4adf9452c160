/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of an expression. The parser (parse.c) makes it, the checker (check.c) adds what stands
 * below "bound", the evaluation (eval.c) only reads it. It lies in the program's arena.
 */
#pragma once

#include "cel/field.h"
#include "cel/value.h"

struct cel_function;
struct cel_type;
struct regex;

enum cel_node_kind {
	CEL_NODE_CONSTANT,
	CEL_NODE_NAME,
	CEL_NODE_SELECT, /* children[0].name */
	CEL_NODE_HAS,	 /* has(children[0].name) */
	CEL_NODE_CALL,	 /* name(children); operators are functions with names like _+_ */
	CEL_NODE_METHOD, /* children[0].name(other children) */
	CEL_NODE_AND,	 /* of all children */
	CEL_NODE_OR,
	CEL_NODE_CHOICE, /* children[0] ? children[1] : children[2] */
	CEL_NODE_LIST,
	CEL_NODE_MAP, /* keys and values in turn */
	CEL_NODE_LOOP,
};

/* children[0].<word>(name, children[1]); with a third child, children[1] is the filter of a map */
enum cel_loop { CEL_LOOP_ALL, CEL_LOOP_EXISTS, CEL_LOOP_EXISTS_ONE, CEL_LOOP_MAP, CEL_LOOP_FILTER };

/* A piece of the expression's text. */
struct cel_place {
	uint32_t at, bytes;
};

struct cel_node {
	enum cel_node_kind kind;
	enum cel_loop loop;
	struct cel_place place; /* what to underline when something is wrong with it */
	struct span name;	/* in the program's copy of the text, or a literal */
	struct cel_node **children;
	uint32_t count; /* of children */
	uint16_t depth; /* 1: no children */
	struct cel_value constant;

	/* bound */
	bool (*eval)(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
	const struct cel_type *type;
	uint32_t slot;		       /* of the variable of a loop */
	const struct cel_field *field; /* that is selected, when the message's type is known */
	const struct cel_function *function; /* that is called, or the first one to try */
	struct regex *regex;		     /* owned by the program; of a constant pattern */
};
