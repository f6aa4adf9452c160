/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of the language: one table (functions.c), a row for each name and each list of
 * types. In: names, types, values. Out: which row. Operators are functions named like _+_.
 */
#pragma once

#include "cel/eval.h"
#include "cel/type.h"

enum { CEL_ARGUMENTS_MAX = 4 };

enum cel_style {
	CEL_GLOBAL, /* f(a, b) */
	CEL_METHOD, /* a.f(b) */
};

typedef bool (*cel_call)(struct cel_eval *eval, const struct cel_value *arguments,
			 struct cel_value *out);

struct cel_function {
	const char *name;
	uint8_t style;
	uint8_t arguments[CEL_ARGUMENTS_MAX]; /* enum cel_pattern; CEL_NOTHING behind the last */
	uint8_t result;
	cel_call call;
	bool is_strict;	 /* a constant argument that it cannot take is the author's mistake */
	uint8_t pattern; /* which argument is a regular expression; 0: none, it is never first */
};

/* Rows with the name, the style and the number of arguments of NODE; NULL: no more. */
const struct cel_function *cel_function_first(const struct cel_node *node);
const struct cel_function *cel_function_next(const struct cel_function *function,
					     const struct cel_node *node);

bool cel_function_takes(const struct cel_function *function, const struct cel_value *arguments,
			uint32_t count);

/* The name as people write it: "+" of _+_. */
struct span cel_function_word(struct span name);
bool cel_function_is_operator(struct span name);
/* "math" of math.greatest */
bool cel_function_is_namespace(struct span name);

/* Of all rows, for what is said about mistakes. I from 0; NULL: no more. */
const struct cel_function *cel_function_at(size_t i);
unsigned int cel_function_arity(const struct cel_function *function);

/* Why a function of upstream's libraries is not here; NULL: nothing is known of that name. */
const char *cel_function_refusal(struct span name);
