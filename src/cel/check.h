/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names, types, and what evaluates each node. In: a tree. Out: the same tree, bound: fields by
 * their place in the message, functions by their row, constants computed; or mistakes, several at
 * once. What is only known when there is an event (dyn, wrappers) is left to the evaluation.
 */
#pragma once

#include "cel/eval.h"
#include "cel/function.h"
#include "cel/mistake.h"
#include "cel/names.h"
#include "cel/type.h"

struct cel_local {
	struct span name;
	const struct cel_type *type;
};

struct cel_checker {
	struct arena *arena;
	struct cel_mistakes *mistakes;
	struct cel_names names;
	struct cel_local locals[CEL_NESTING_MAX]; /* outermost first */
	uint32_t local_count;
	uint64_t variables;   /* that are used: bit I for field I of GetEventsResponse */
	struct cel_eval eval; /* computes constants, all of them within one budget */
	bool is_out_of_memory;
	/* patterns that were compiled; the program takes them over */
	struct regex **regexes;
	uint32_t regex_count, regex_capacity;
};

/* The type; NULL: there was a mistake, or the arena ended. */
const struct cel_type *cel_check_node(struct cel_checker *checker, struct cel_node *node);

/* Private to check*.c. */
const struct cel_type *cel_check_call(struct cel_checker *checker, struct cel_node *node);
/* Computes NODE when all its children are constants. NULL: it is a mistake that it cannot be. */
const struct cel_type *cel_check_fold(struct cel_checker *checker, struct cel_node *node,
				      const struct cel_type *type, bool is_strict);
/* "a.b.c" of nodes that select from a name that is no variable; NULL data: it is none. */
struct span cel_check_qualified(struct cel_checker *checker, const struct cel_node *node);
