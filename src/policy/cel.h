/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expressions of operator CelExpr: from text to a typed tree. In: "arg0 > arg1 && arg2 ==
 * int32(5)". Out: nodes. Nothing is evaluated here.
 *
 * Variables are arg0, arg1, ...: positions in the hook's args. Types are int32, int64, uint32,
 * uint64 and bool; arguments of 8 and 16 bits become the 32-bit type of their sign. Numbers take
 * the type of what they meet. Functions: and(a, b), or(a, b), xor(a, b) on bits, not(a), int32(a),
 * uint32(a).
 */
#pragma once

#include <stdint.h>

#include "policy/model.h"
#include "policy/report.h"

enum cel_type { CEL_BOOL, CEL_INT32, CEL_INT64, CEL_UINT32, CEL_UINT64, CEL_LITERAL };

enum cel_operation {
	CEL_NUMBER,   /* value */
	CEL_VARIABLE, /* argument */
	CEL_NOT,      /* !left */
	CEL_MINUS,    /* -left */
	CEL_BIT_NOT,  /* not(left) */
	CEL_TO_INT32,
	CEL_TO_UINT32,
	CEL_ADD,
	CEL_SUBTRACT,
	CEL_BIT_AND,
	CEL_BIT_OR,
	CEL_BIT_XOR,
	CEL_EQUAL,
	CEL_NOT_EQUAL,
	CEL_LESS,
	CEL_LESS_EQUAL,
	CEL_GREATER,
	CEL_GREATER_EQUAL,
	CEL_AND,
	CEL_OR,
};

struct cel_node {
	enum cel_operation operation;
	enum cel_type type; /* of its result; CEL_LITERAL: only literals below */
	uint64_t value;	    /* CEL_NUMBER, two's complement */
	const struct policy_argument *argument;
	const struct cel_node *left, *right; /* NULL where the operation has none */
};

/* NULL: there was a finding, or the arena ended. The result is a bool. */
const struct cel_node *cel_parse(struct arena *arena, struct report *report,
				 const struct policy_hook *hook, const struct policy_text *text);

/* Writes the expression with all its parentheses. */
void cel_add_text(const struct cel_node *node, struct buf *out);
