/* SPDX-License-Identifier: Apache-2.0 */
/* The macros all, exists, exists_one, map and filter. They go over the elements of a list, or over
 * the keys of a map. */
#include "cel/eval.h"

static void get_element(const struct cel_value *range, uint32_t i, struct cel_value *out)
{
	struct cel_value value;

	if (range->kind == CEL_KIND_LIST)
		cel_list_get(range, i, out);
	else
		cel_map_get(range, i, out, &value);
}

static bool eval_range(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	const struct cel_node *range = node->children[0];

	if (!range->eval(eval, range, out))
		return false;
	if (out->kind == CEL_KIND_LIST || out->kind == CEL_KIND_MAP)
		return true;
	cel_fail(eval, "macros go over lists and maps, this is neither");
	eval->error.node = range;
	return false;
}

static bool eval_bool(struct cel_eval *eval, const struct cel_node *node, bool *out)
{
	struct cel_value value;

	if (!node->eval(eval, node, &value))
		return false;
	if (value.kind != CEL_KIND_BOOL) {
		cel_fail(eval, "this is no bool");
		eval->error.node = node;
		return false;
	}
	*out = value.boolean;
	return true;
}

/* all and exists are && and || over the elements: one that decides is enough. exists_one wants to
 * know each. */
bool cel_eval_quantifier(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	bool decides = node->loop == CEL_LOOP_EXISTS, has_failed = false;
	uint32_t found = 0;
	struct cel_value range;

	if (!eval_range(eval, node, &range))
		return false;
	for (uint32_t i = 0; i < range.count; i++) {
		bool value = false, is_value;

		if (!cel_spend(eval, 1))
			return false;
		get_element(&range, i, &eval->locals[node->slot]);
		is_value = eval_bool(eval, node->children[1], &value);
		if (eval->is_exhausted || (!is_value && node->loop == CEL_LOOP_EXISTS_ONE))
			return false;
		if (is_value && value == decides && node->loop != CEL_LOOP_EXISTS_ONE) {
			*out = cel_value_of_bool(decides);
			return true;
		}
		found += value;
		has_failed |= !is_value;
	}
	*out = cel_value_of_bool(node->loop == CEL_LOOP_EXISTS_ONE ? found == 1 : !decides);
	return !has_failed;
}

bool cel_eval_transform(struct cel_eval *eval, const struct cel_node *node, struct cel_value *out)
{
	const struct cel_node *filter =
		node->loop == CEL_LOOP_FILTER || node->count == 3 ? node->children[1] : NULL;
	const struct cel_node *transform =
		node->loop == CEL_LOOP_MAP ? node->children[node->count - 1] : NULL;
	struct cel_value range, *items;
	uint32_t count = 0;

	if (!eval_range(eval, node, &range))
		return false;
	items = cel_take(eval, range.count, sizeof(*items));
	for (uint32_t i = 0; items && i < range.count; i++) {
		bool is_wanted = true;

		if (!cel_spend(eval, 1))
			return false;
		get_element(&range, i, &eval->locals[node->slot]);
		if (filter && !eval_bool(eval, filter, &is_wanted))
			return false;
		if (!is_wanted)
			continue;
		items[count] = eval->locals[node->slot];
		if (transform && !transform->eval(eval, transform, &items[count]))
			return false;
		count++;
	}
	*out = cel_value_of_values(CEL_KIND_LIST, items, count);
	return items != NULL;
}
