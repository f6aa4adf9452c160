/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of lists, and of lists as sets. */
#include "cel/calls.h"

CEL_CALL(cel_size_items)
{
	*out = cel_value_of_int(arguments[0].count);
	return true;
}

CEL_CALL(cel_concatenate_lists)
{
	uint32_t first = arguments[0].count, second = arguments[1].count, count;
	struct cel_value *items;

	if (__builtin_add_overflow(first, second, &count))
		return cel_fail(eval, "this list is too long");
	items = cel_take(eval, count, sizeof(*items));
	if (!items || !cel_spend(eval, count))
		return false;
	for (uint32_t i = 0; i < first; i++)
		cel_list_get(&arguments[0], i, &items[i]);
	for (uint32_t i = 0; i < second; i++)
		cel_list_get(&arguments[1], i, &items[first + i]);
	*out = cel_value_of_values(CEL_KIND_LIST, items, count);
	return true;
}

CEL_CALL(cel_is_sorted)
{
	struct cel_value before, element;
	enum cel_order order;

	*out = cel_value_of_bool(true);
	for (uint32_t i = 0; i < arguments[0].count; i++) {
		cel_list_get(&arguments[0], i, &element);
		if (i && !cel_value_order(eval, &before, &element, &order))
			return false;
		if (i && (order == CEL_MORE || order == CEL_UNORDERED)) {
			out->boolean = false;
			return true;
		}
		before = element;
	}
	return true;
}

/* The sum of an empty list is 0, an int: nobody knows what it would be a sum of. */
CEL_CALL(cel_sum)
{
	static const struct {
		enum cel_kind kind;
		cel_call add;
	} rows[] = { { CEL_KIND_INT, cel_add_ints },
		     { CEL_KIND_UINT, cel_add_uints },
		     { CEL_KIND_DOUBLE, cel_add_doubles },
		     { CEL_KIND_DURATION, cel_add_times } };
	struct cel_value sum = cel_value_of_int(0), pair[2];
	cel_call add = NULL;

	for (uint32_t i = 0; i < arguments[0].count; i++) {
		cel_list_get(&arguments[0], i, &pair[1]);
		for (size_t row = 0; i == 0 && row < sizeof(rows) / sizeof(rows[0]); row++) {
			if (rows[row].kind == pair[1].kind)
				add = rows[row].add;
		}
		pair[0] = sum;
		sum = pair[1];
		if (!add || (i && pair[0].kind != pair[1].kind))
			return cel_fail(eval, "only numbers of one type, or durations, have a sum");
		if (!cel_spend(eval, 1) || (i && !add(eval, pair, &sum)))
			return false;
	}
	*out = sum;
	return true;
}

static bool find_extreme(struct cel_eval *eval, const struct cel_value *list, enum cel_order wanted,
			 struct cel_value *out)
{
	struct cel_value element;
	enum cel_order order;

	if (!list->count)
		return cel_fail(eval, "an empty list has no least and no greatest element");
	cel_list_get(list, 0, out);
	for (uint32_t i = 1; i < list->count; i++) {
		cel_list_get(list, i, &element);
		if (!cel_value_order(eval, &element, out, &order))
			return false;
		if (order == wanted)
			*out = element;
	}
	return true;
}

CEL_CALL(cel_min)
{
	return find_extreme(eval, &arguments[0], CEL_LESS, out);
}

CEL_CALL(cel_max)
{
	return find_extreme(eval, &arguments[0], CEL_MORE, out);
}

/* The first element that is equal, or the last one; -1: none. */
static bool find_index(struct cel_eval *eval, const struct cel_value *arguments, bool is_backwards,
		       struct cel_value *out)
{
	uint32_t count = arguments[0].count;
	struct cel_value element;
	bool is_equal;

	*out = cel_value_of_int(-1);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = is_backwards ? count - 1 - i : i;

		cel_list_get(&arguments[0], at, &element);
		if (!cel_value_equal(eval, &element, &arguments[1], &is_equal))
			return false;
		if (is_equal) {
			out->integer = at;
			return true;
		}
	}
	return true;
}

CEL_CALL(cel_list_index_of)
{
	return find_index(eval, arguments, false, out);
}

CEL_CALL(cel_list_last_index_of)
{
	return find_index(eval, arguments, true, out);
}

/* ---- sets ------------------------------------------------------------------------------------
 */

/* How many elements of WANTED are in LIST. */
static bool count_in(struct cel_eval *eval, const struct cel_value *list,
		     const struct cel_value *wanted, uint32_t *out)
{
	struct cel_value element;
	bool is_there;

	*out = 0;
	for (uint32_t i = 0; i < wanted->count; i++) {
		cel_list_get(wanted, i, &element);
		if (!cel_list_find(eval, list, &element, &is_there))
			return false;
		*out += is_there;
	}
	return true;
}

CEL_CALL(cel_sets_contains)
{
	uint32_t found = 0;
	bool is_value = count_in(eval, &arguments[0], &arguments[1], &found);

	*out = cel_value_of_bool(found == arguments[1].count);
	return is_value;
}

CEL_CALL(cel_sets_intersects)
{
	uint32_t found = 0;
	bool is_value = count_in(eval, &arguments[0], &arguments[1], &found);

	*out = cel_value_of_bool(found != 0);
	return is_value;
}

CEL_CALL(cel_sets_equivalent)
{
	uint32_t there = 0, back = 0;
	bool is_value = count_in(eval, &arguments[0], &arguments[1], &there) &&
			count_in(eval, &arguments[1], &arguments[0], &back);

	*out = cel_value_of_bool(there == arguments[1].count && back == arguments[0].count);
	return is_value;
}
