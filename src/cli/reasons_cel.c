/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluates a checked expression (policy/cel.h). */
#include "cli/reasons.h"
#include "policy/cel.h"

struct cel_state {
	const struct policy_hook *hook;
	const struct reasons_event *event;
	bool is_open;
};

/* As the node's type keeps it: 32-bit results are extended by their sign, or cut. */
static uint64_t cel_fit(enum cel_type type, uint64_t value)
{
	if (type == CEL_INT32)
		return (uint64_t)(int64_t)(int32_t)value;
	return type == CEL_UINT32 ? (uint32_t)value : value;
}

static uint64_t cel_read(struct cel_state *state, const struct cel_node *node)
{
	const Tetragon__KprobeArgument *argument =
		reasons_find_argument(state->hook, node->argument, state->event);
	uint64_t value = 0;

	if (!argument || !reasons_value_get_number(argument, &value))
		state->is_open = true;
	return value;
}

static bool cel_is_less(enum cel_type type, uint64_t left, uint64_t right)
{
	if (type == CEL_UINT32 || type == CEL_UINT64)
		return left < right;
	return (int64_t)left < (int64_t)right;
}

static uint64_t cel_combine(const struct cel_node *node, uint64_t left, uint64_t right)
{
	enum cel_type type = node->left->type == CEL_LITERAL && node->right ? node->right->type
									    : node->left->type;

	switch (node->operation) {
	case CEL_NOT:
		return !left;
	case CEL_MINUS:
		return 0 - left;
	case CEL_BIT_NOT:
		return ~left;
	case CEL_TO_INT32:
	case CEL_TO_UINT32:
		return left;
	case CEL_ADD:
		return left + right;
	case CEL_SUBTRACT:
		return left - right;
	case CEL_BIT_AND:
		return left & right;
	case CEL_BIT_OR:
		return left | right;
	case CEL_BIT_XOR:
		return left ^ right;
	case CEL_EQUAL:
		return left == right;
	case CEL_NOT_EQUAL:
		return left != right;
	case CEL_LESS:
		return cel_is_less(type, left, right);
	case CEL_LESS_EQUAL:
		return !cel_is_less(type, right, left);
	case CEL_GREATER:
		return cel_is_less(type, right, left);
	case CEL_GREATER_EQUAL:
		return !cel_is_less(type, left, right);
	case CEL_AND:
		return left && right;
	case CEL_OR:
		return left || right;
	default:
		return 0;
	}
}

/* As deep as the parser lets expressions be. */
static uint64_t cel_evaluate(struct cel_state *state, const struct cel_node *node)
{
	uint64_t left = 0, right = 0;

	if (node->operation == CEL_NUMBER)
		return cel_fit(node->type, node->value);
	if (node->operation == CEL_VARIABLE)
		return cel_fit(node->type, cel_read(state, node));
	if (node->left)
		left = cel_evaluate(state, node->left);
	if (node->right)
		right = cel_evaluate(state, node->right);
	return cel_fit(node->type, cel_combine(node, left, right));
}

enum reasons_verdict reasons_cel(const struct cel_node *node, const struct policy_hook *hook,
				 const struct reasons_event *event)
{
	struct cel_state state = { .hook = hook, .event = event };
	uint64_t result = cel_evaluate(&state, node);

	if (state.is_open)
		return REASONS_OPEN;
	return result ? REASONS_HOLDS : REASONS_FAILS;
}
