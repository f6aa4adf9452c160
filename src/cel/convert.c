/* SPDX-License-Identifier: Apache-2.0 */
/* int(), uint(), double(), string(), bytes(), bool(), dyn(), type(). Times and addresses make their
 * own (times.c, addresses.c). */
#include <math.h>

#include "cel/addresses.h"
#include "cel/calls.h"
#include "cel/text.h"
#include "cel/times.h"

static const char range[] = "the number does not fit the type";

CEL_CALL(cel_same)
{
	*out = arguments[0];
	return true;
}

CEL_CALL(cel_to_int)
{
	const struct cel_value *from = &arguments[0];

	*out = cel_value_of_int(from->integer);
	switch (from->kind) {
	case CEL_KIND_UINT:
		return from->natural <= INT64_MAX || cel_fail(eval, range);
	case CEL_KIND_DOUBLE: /* the edges do not fit, as in the language definition */
		if (!(from->real > -0x1p63 && from->real < 0x1p63))
			return cel_fail(eval, range);
		out->integer = (int64_t)from->real;
		return true;
	case CEL_KIND_STRING:
		return cel_text_to_int(from->text, &out->integer) ||
		       cel_fail_about(eval, "\"%.*s\" is no int", from->text);
	case CEL_KIND_TIMESTAMP:
		out->integer = from->seconds;
		return true;
	default:
		return true;
	}
}

CEL_CALL(cel_to_uint)
{
	const struct cel_value *from = &arguments[0];

	*out = cel_value_of_uint(from->natural);
	switch (from->kind) {
	case CEL_KIND_INT:
		return from->integer >= 0 || cel_fail(eval, range);
	case CEL_KIND_DOUBLE:
		if (!(from->real >= 0 && from->real < 0x1p64))
			return cel_fail(eval, range);
		out->natural = (uint64_t)from->real;
		return true;
	case CEL_KIND_STRING:
		return cel_text_to_uint(from->text, &out->natural) ||
		       cel_fail_about(eval, "\"%.*s\" is no uint", from->text);
	default:
		return true;
	}
}

CEL_CALL(cel_to_double)
{
	const struct cel_value *from = &arguments[0];

	*out = cel_value_of_double(from->real);
	if (from->kind == CEL_KIND_INT)
		out->real = (double)from->integer;
	else if (from->kind == CEL_KIND_UINT)
		out->real = (double)from->natural;
	else if (from->kind == CEL_KIND_STRING && !cel_text_to_double(from->text, &out->real))
		return cel_fail_about(eval, "\"%.*s\" is no double", from->text);
	return true;
}

static bool number_to_string(struct cel_eval *eval, const struct cel_value *from,
			     struct cel_value *out)
{
	struct cel_builder builder = { .eval = eval };
	char text[CEL_DOUBLE_BYTES_MAX];
	bool is_built;

	if (from->kind == CEL_KIND_INT)
		is_built = cel_build_format(&builder, "%lld", (long long)from->integer);
	else if (from->kind == CEL_KIND_UINT)
		is_built = cel_build_format(&builder, "%llu", (unsigned long long)from->natural);
	else
		is_built = cel_build(&builder, text, cel_double_write(text, from->real));
	*out = cel_build_value(&builder);
	return is_built;
}

CEL_CALL(cel_to_string)
{
	const struct cel_value *from = &arguments[0];

	switch (from->kind) {
	case CEL_KIND_STRING:
		*out = *from;
		return true;
	case CEL_KIND_BYTES:
		*out = cel_value_of_text(from->text);
		if (!cel_spend_text(eval, from->text.bytes))
			return false;
		return cel_text_is_utf8(from->text) || cel_fail(eval, "these bytes are no UTF-8");
	case CEL_KIND_BOOL:
		*out = cel_value_of_text(span_of(from->boolean ? "true" : "false"));
		return true;
	case CEL_KIND_TIMESTAMP:
		return cel_timestamp_write(eval, from, out);
	case CEL_KIND_DURATION:
		return cel_duration_write(eval, from, out);
	case CEL_KIND_IP:
	case CEL_KIND_CIDR:
		return cel_address_write(eval, from, out);
	case CEL_KIND_INT:
	case CEL_KIND_UINT:
	case CEL_KIND_DOUBLE:
		return number_to_string(eval, from, out);
	default:
		return cel_fail(eval, "this cannot be made a string");
	}
}

CEL_CALL(cel_to_bytes)
{
	*out = arguments[0];
	out->kind = CEL_KIND_BYTES;
	return true;
}

CEL_CALL(cel_to_bool)
{
	static const char *const words[2][5] = { { "false", "False", "FALSE", "f", "0" },
						 { "true", "True", "TRUE", "t", "1" } };
	const struct cel_value *from = &arguments[0];

	*out = *from;
	if (from->kind == CEL_KIND_BOOL)
		return true;
	for (size_t i = 0; i < 10; i++) {
		const char *word = words[i / 5][i % 5];

		if (strlen(word) != from->text.bytes ||
		    memcmp(word, from->text.data, from->text.bytes) != 0)
			continue;
		*out = cel_value_of_bool(i / 5);
		return true;
	}
	return cel_fail_about(eval, "\"%.*s\" is no bool", from->text);
}

CEL_CALL(cel_type_of)
{
	*out = (struct cel_value){ .kind = CEL_KIND_TYPE, .type_kind = arguments[0].kind };
	if (arguments[0].kind == CEL_KIND_MESSAGE)
		out->type = arguments[0].type;
	return true;
}
