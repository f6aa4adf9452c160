/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evaluation of one expression for one event, and its budget. In: a checked tree, an event.
 * Out: a value, or why there is none. Private to the room.
 *
 * Each node has the function that evaluates it (struct cel_node, `eval`). They, and all functions
 * of the language, return false after they have said why: an error of the expression, which && and
 * || may swallow, or the end of the budget, which nothing swallows.
 */
#pragma once

#include <tetragon/events.pb-c.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cel/budget.h"
#include "cel/node.h"
#include "cel/patterns.h"
#include "cel/value.h"

struct cel_eval {
	const Tetragon__GetEventsResponse *event;
	const struct cel_node *call; /* whose function runs */
	uint32_t steps;		     /* that are left */
	bool is_exhausted;	     /* of steps or memory */
	struct {
		const char *text; /* with one "%.*s" for the subject, if it has one */
		struct span subject;
		const struct cel_node *node; /* NULL: not known */
	} error;
	struct arena *arena; /* borrowed: that of the event, or the program's while it is made */
	struct cel_value locals[CEL_NESTING_MAX]; /* variables of macros, outermost first */
	struct cel_patterns patterns;
};

_Static_assert(CEL_STEPS_MAX == 100000 && CEL_EVALUATION_BYTES_MAX == 2 * 1024 * 1024,
	       "messages name these limits");

/* Takes COUNT steps. False: there are not as many left. */
static inline bool cel_spend(struct cel_eval *eval, size_t count)
{
	if (__builtin_expect(count > eval->steps, 0)) {
		eval->steps = 0;
		eval->is_exhausted = true;
		eval->error.text = "this takes more than 100,000 steps";
		return false;
	}
	eval->steps -= (uint32_t)count;
	return true;
}

/* Steps for looking at BYTES bytes of text. */
static inline bool cel_spend_text(struct cel_eval *eval, size_t bytes)
{
	return cel_spend(eval, 1 + bytes / 16);
}

/* Memory for COUNT elements, zeroed; it costs steps, too. NULL: the evaluation ends. */
void *cel_take(struct cel_eval *eval, size_t count, size_t element_bytes);

/* Always false. TEXT must stay; the subject must live as long as the evaluation. */
bool cel_fail(struct cel_eval *eval, const char *text);
bool cel_fail_about(struct cel_eval *eval, const char *text, struct span subject);

/* What went wrong, with at most the first 100 bytes of the subject. */
void cel_eval_add_error(const struct cel_eval *eval, struct buf *out);

/* The evaluators of nodes, for the checker. */
bool cel_eval_constant(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_variable(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_local(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_field(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_select(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_has_field(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_has(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_logic(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_choice(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_list(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_map(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_call(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
/* The same for functions that must be chosen by the kinds of the values. */
bool cel_eval_dispatch(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_quantifier(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
bool cel_eval_transform(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out);
