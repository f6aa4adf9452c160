/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that compare, search and index. */
#include <math.h>

#include "cel/calls.h"

CEL_CALL(cel_not)
{
	*out = cel_value_of_bool(!arguments[0].boolean);
	return true;
}

static bool answer(struct cel_value *out, bool is_value, bool value)
{
	*out = cel_value_of_bool(value);
	return is_value;
}

CEL_CALL(cel_equal)
{
	bool is_equal = false;
	bool is_value = cel_value_equal(eval, &arguments[0], &arguments[1], &is_equal);

	return answer(out, is_value, is_equal);
}

CEL_CALL(cel_not_equal)
{
	bool is_equal = false;
	bool is_value = cel_value_equal(eval, &arguments[0], &arguments[1], &is_equal);

	return answer(out, is_value, !is_equal);
}

/* Two orders answer yes; with NaN the answer is no. */
static bool compare(struct cel_eval *eval, const struct cel_value *arguments, enum cel_order yes,
		    enum cel_order also, struct cel_value *out)
{
	enum cel_order order = CEL_UNORDERED;
	bool is_value = cel_value_order(eval, &arguments[0], &arguments[1], &order);

	return answer(out, is_value, order == yes || order == also);
}

CEL_CALL(cel_less)
{
	return compare(eval, arguments, CEL_LESS, CEL_LESS, out);
}

CEL_CALL(cel_less_equal)
{
	return compare(eval, arguments, CEL_LESS, CEL_SAME, out);
}

CEL_CALL(cel_more)
{
	return compare(eval, arguments, CEL_MORE, CEL_MORE, out);
}

CEL_CALL(cel_more_equal)
{
	return compare(eval, arguments, CEL_MORE, CEL_SAME, out);
}

CEL_CALL(cel_in_list)
{
	bool is_there = false;
	bool is_value = cel_list_find(eval, &arguments[1], &arguments[0], &is_there);

	return answer(out, is_value, is_there);
}

CEL_CALL(cel_in_map)
{
	struct cel_value value;
	bool is_there = false;
	bool is_value = cel_map_find(eval, &arguments[1], &arguments[0], &value, &is_there);

	return answer(out, is_value, is_there);
}

CEL_CALL(cel_index_list)
{
	const struct cel_value *index = &arguments[1];
	uint64_t at = index->natural;

	if (index->kind == CEL_KIND_DOUBLE) {
		if (index->real != trunc(index->real) || index->real < 0 ||
		    index->real > UINT32_MAX)
			return cel_fail(eval, "there is no element with this number");
		at = (uint64_t)index->real;
	}
	if (at >= arguments[0].count) /* negative ones are large */
		return cel_fail(eval, "the list has no element with this number");
	cel_list_get(&arguments[0], (uint32_t)at, out);
	return true;
}

CEL_CALL(cel_index_map)
{
	bool is_there = false;

	if (!cel_map_find(eval, &arguments[0], &arguments[1], out, &is_there))
		return false;
	if (is_there)
		return true;
	return arguments[1].kind == CEL_KIND_STRING
		       ? cel_fail_about(eval, "there is no key \"%.*s\"", arguments[1].text)
		       : cel_fail(eval, "there is no such key");
}
