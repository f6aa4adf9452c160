/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic. What does not fit is an error, never another number; doubles follow IEEE 754. */
#include "cel/calls.h"

static const char overflow[] = "the result does not fit its type";
static const char division[] = "division by zero";

/* Functions of two integers that the compiler knows the overflow of. */
#define CHECKED(name, builtin, value_kind, member)                                         \
	CEL_CALL(name)                                                                     \
	{                                                                                  \
		*out = (struct cel_value){ .kind = (value_kind) };                         \
		return !builtin(arguments[0].member, arguments[1].member, &out->member) || \
		       cel_fail(eval, overflow);                                           \
	}

CHECKED(cel_add_ints, __builtin_add_overflow, CEL_KIND_INT, integer)
CHECKED(cel_add_uints, __builtin_add_overflow, CEL_KIND_UINT, natural)
CHECKED(cel_subtract_ints, __builtin_sub_overflow, CEL_KIND_INT, integer)
CHECKED(cel_subtract_uints, __builtin_sub_overflow, CEL_KIND_UINT, natural)
CHECKED(cel_multiply_ints, __builtin_mul_overflow, CEL_KIND_INT, integer)
CHECKED(cel_multiply_uints, __builtin_mul_overflow, CEL_KIND_UINT, natural)

CEL_CALL(cel_add_doubles)
{
	*out = cel_value_of_double(arguments[0].real + arguments[1].real);
	return true;
}

CEL_CALL(cel_subtract_doubles)
{
	*out = cel_value_of_double(arguments[0].real - arguments[1].real);
	return true;
}

CEL_CALL(cel_multiply_doubles)
{
	*out = cel_value_of_double(arguments[0].real * arguments[1].real);
	return true;
}

CEL_CALL(cel_divide_doubles)
{
	*out = cel_value_of_double(arguments[0].real / arguments[1].real);
	return true;
}

/* The smallest int divided by -1 is one more than the largest. */
static bool may_divide(struct cel_eval *eval, const struct cel_value *arguments)
{
	if (!arguments[1].integer)
		return cel_fail(eval, division);
	if (arguments[0].integer == INT64_MIN && arguments[1].integer == -1)
		return cel_fail(eval, overflow);
	return true;
}

CEL_CALL(cel_divide_ints)
{
	if (!may_divide(eval, arguments))
		return false;
	*out = cel_value_of_int(arguments[0].integer / arguments[1].integer);
	return true;
}

CEL_CALL(cel_modulo_ints)
{
	if (!may_divide(eval, arguments))
		return false;
	*out = cel_value_of_int(arguments[0].integer % arguments[1].integer);
	return true;
}

CEL_CALL(cel_divide_uints)
{
	if (!arguments[1].natural)
		return cel_fail(eval, division);
	*out = cel_value_of_uint(arguments[0].natural / arguments[1].natural);
	return true;
}

CEL_CALL(cel_modulo_uints)
{
	if (!arguments[1].natural)
		return cel_fail(eval, division);
	*out = cel_value_of_uint(arguments[0].natural % arguments[1].natural);
	return true;
}

CEL_CALL(cel_negate_int)
{
	if (arguments[0].integer == INT64_MIN)
		return cel_fail(eval, overflow);
	*out = cel_value_of_int(-arguments[0].integer);
	return true;
}

CEL_CALL(cel_negate_double)
{
	*out = cel_value_of_double(-arguments[0].real);
	return true;
}

/* ---- math.greatest, math.least ---------------------------------------------------------------
 */

/* Of the arguments, or of the elements of the one argument that is a list. */
static bool choose(struct cel_eval *eval, const struct cel_value *arguments, enum cel_order wanted,
		   struct cel_value *out)
{
	struct cel_value list = arguments[0];
	enum cel_order order;

	if (list.kind != CEL_KIND_LIST)
		list = cel_value_of_values(CEL_KIND_LIST, arguments, eval->call->count);
	if (!list.count)
		return cel_fail(eval, "an empty list has no greatest and no least element");
	for (uint32_t i = 0; i < list.count; i++) {
		struct cel_value element;

		cel_list_get(&list, i, &element);
		if (!cel_pattern_takes_value(CEL_NUMBER, &element))
			return cel_fail(eval, "this takes numbers only");
		if (i && !cel_value_order(eval, &element, out, &order))
			return false;
		if (!i || order == wanted)
			*out = element;
	}
	return true;
}

CEL_CALL(cel_greatest)
{
	return choose(eval, arguments, CEL_MORE, out);
}

CEL_CALL(cel_least)
{
	return choose(eval, arguments, CEL_LESS, out);
}
