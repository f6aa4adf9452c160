/* SPDX-License-Identifier: Apache-2.0 */
/* Equality and order of values. Nesting is bounded: by the depth of the tree, or by the types of
 * the API, none of which contains itself. */
#include <math.h>

#include "cel/eval.h"

/* ---- numbers ---------------------------------------------------------------------------------
 */

static bool kind_is_number(uint8_t kind)
{
	return kind == CEL_KIND_INT || kind == CEL_KIND_UINT || kind == CEL_KIND_DOUBLE;
}

static enum cel_order order_ints(int64_t a, int64_t b)
{
	return a < b ? CEL_LESS : a > b ? CEL_MORE : CEL_SAME;
}

static enum cel_order order_uints(uint64_t a, uint64_t b)
{
	return a < b ? CEL_LESS : a > b ? CEL_MORE : CEL_SAME;
}

static enum cel_order order_doubles(double a, double b)
{
	if (isnan(a) || isnan(b))
		return CEL_UNORDERED;
	return a < b ? CEL_LESS : a > b ? CEL_MORE : CEL_SAME;
}

static enum cel_order order_turn(enum cel_order order)
{
	return order == CEL_UNORDERED ? order : (enum cel_order) - (int)order;
}

/* Exactly: an integer is not made a double, which has not room for all its digits. */
static enum cel_order order_int_double(int64_t a, double b)
{
	enum cel_order order;

	if (isnan(b))
		return CEL_UNORDERED;
	if (b >= 0x1p63)
		return CEL_LESS;
	if (b < -0x1p63)
		return CEL_MORE;
	order = order_ints(a, (int64_t)b);
	return order == CEL_SAME ? order_doubles(trunc(b), b) : order;
}

static enum cel_order order_uint_double(uint64_t a, double b)
{
	enum cel_order order;

	if (isnan(b))
		return CEL_UNORDERED;
	if (b >= 0x1p64)
		return CEL_LESS;
	if (b < 0)
		return CEL_MORE;
	order = order_uints(a, (uint64_t)b);
	return order == CEL_SAME ? order_doubles(trunc(b), b) : order;
}

static enum cel_order order_numbers(const struct cel_value *a, const struct cel_value *b)
{
	if (a->kind > b->kind)
		return order_turn(order_numbers(b, a));
	if (a->kind == CEL_KIND_DOUBLE)
		return order_doubles(a->real, b->real);
	if (a->kind == CEL_KIND_UINT)
		return b->kind == CEL_KIND_UINT ? order_uints(a->natural, b->natural)
						: order_uint_double(a->natural, b->real);
	if (b->kind == CEL_KIND_INT)
		return order_ints(a->integer, b->integer);
	if (b->kind == CEL_KIND_DOUBLE)
		return order_int_double(a->integer, b->real);
	return a->integer < 0 ? CEL_LESS : order_uints((uint64_t)a->integer, b->natural);
}

/* ---- order -----------------------------------------------------------------------------------
 */

/* The order of bytes is the order of the characters in UTF-8. */
static enum cel_order order_texts(struct span a, struct span b)
{
	size_t bytes = a.bytes < b.bytes ? a.bytes : b.bytes;
	int order = bytes ? memcmp(a.data, b.data, bytes) : 0;

	if (order)
		return order < 0 ? CEL_LESS : CEL_MORE;
	return order_uints(a.bytes, b.bytes);
}

bool cel_value_order(struct cel_eval *eval, const struct cel_value *a, const struct cel_value *b,
		     enum cel_order *out)
{
	if (kind_is_number(a->kind) && kind_is_number(b->kind)) {
		*out = order_numbers(a, b);
		return cel_spend(eval, 1);
	}
	if (a->kind != b->kind)
		return cel_fail(eval, "these values have no order: they are of different types");
	switch (a->kind) {
	case CEL_KIND_BOOL:
		*out = order_ints(a->boolean, b->boolean);
		return true;
	case CEL_KIND_STRING:
	case CEL_KIND_BYTES:
		*out = order_texts(a->text, b->text);
		return cel_spend_text(eval, a->text.bytes);
	case CEL_KIND_TIMESTAMP:
		*out = order_ints(a->seconds, b->seconds);
		if (*out == CEL_SAME)
			*out = order_ints(a->nanoseconds, b->nanoseconds);
		return true;
	case CEL_KIND_DURATION:
		*out = order_ints(a->integer, b->integer);
		return true;
	default:
		return cel_fail(eval, "values of this type have no order");
	}
}

/* ---- equality --------------------------------------------------------------------------------
 */

static bool equal_lists(struct cel_eval *eval, const struct cel_value *a, const struct cel_value *b,
			bool *out)
{
	*out = a->count == b->count;
	for (uint32_t i = 0; *out && i < a->count; i++) {
		struct cel_value left, right;

		cel_list_get(a, i, &left);
		cel_list_get(b, i, &right);
		if (!cel_value_equal(eval, &left, &right, out))
			return false;
	}
	return true;
}

bool cel_map_find(struct cel_eval *eval, const struct cel_value *map, const struct cel_value *key,
		  struct cel_value *value, bool *out)
{
	struct cel_value there;

	*out = false;
	for (uint32_t i = 0; !*out && i < map->count; i++) {
		cel_map_get(map, i, &there, value);
		if (!cel_value_equal(eval, &there, key, out))
			return false;
	}
	return true;
}

bool cel_list_find(struct cel_eval *eval, const struct cel_value *list,
		   const struct cel_value *wanted, bool *out)
{
	struct cel_value element;

	*out = false;
	for (uint32_t i = 0; !*out && i < list->count; i++) {
		cel_list_get(list, i, &element);
		if (!cel_value_equal(eval, &element, wanted, out))
			return false;
	}
	return true;
}

static bool equal_maps(struct cel_eval *eval, const struct cel_value *a, const struct cel_value *b,
		       bool *out)
{
	*out = a->count == b->count;
	for (uint32_t i = 0; *out && i < a->count; i++) {
		struct cel_value key, left, right;

		cel_map_get(a, i, &key, &left);
		if (!cel_map_find(eval, b, &key, &right, out))
			return false;
		if (*out && !cel_value_equal(eval, &left, &right, out))
			return false;
	}
	return true;
}

/* As of protobuf: what is not set is equal to what is not set only. */
static bool equal_messages(struct cel_eval *eval, const struct cel_value *a,
			   const struct cel_value *b, bool *out)
{
	*out = a->type == b->type;
	for (unsigned int i = 0; *out && i < a->type->n_fields; i++) {
		struct cel_value left, right;
		struct cel_field field;

		cel_field_describe(&field, &a->type->fields[i]);
		*out = cel_field_is_set(&field, a->message) == cel_field_is_set(&field, b->message);
		if (!*out || !cel_field_is_set(&field, a->message))
			continue;
		cel_field_load(&field, a->message, &left);
		cel_field_load(&field, b->message, &right);
		if (!cel_value_equal(eval, &left, &right, out))
			return false;
	}
	return true;
}

static bool equal_texts(struct cel_eval *eval, struct span a, struct span b, bool *out)
{
	*out = a.bytes == b.bytes && (!a.bytes || memcmp(a.data, b.data, a.bytes) == 0);
	return a.bytes != b.bytes || a.bytes < 16 || cel_spend_text(eval, a.bytes);
}

bool cel_value_equal(struct cel_eval *eval, const struct cel_value *a, const struct cel_value *b,
		     bool *out)
{
	if (!cel_spend(eval, 1))
		return false;
	*out = false;
	if (a->kind != b->kind) {
		if (kind_is_number(a->kind) && kind_is_number(b->kind))
			*out = order_numbers(a, b) == CEL_SAME;
		return true;
	}
	switch (a->kind) {
	case CEL_KIND_NULL:
		*out = true;
		return true;
	case CEL_KIND_BOOL:
		*out = a->boolean == b->boolean;
		return true;
	case CEL_KIND_DOUBLE:
		*out = a->real == b->real;
		return true;
	case CEL_KIND_STRING:
	case CEL_KIND_BYTES:
		return equal_texts(eval, a->text, b->text, out);
	case CEL_KIND_LIST:
		return equal_lists(eval, a, b, out);
	case CEL_KIND_MAP:
		return equal_maps(eval, a, b, out);
	case CEL_KIND_MESSAGE:
		return equal_messages(eval, a, b, out);
	case CEL_KIND_TIMESTAMP:
		*out = a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
		return true;
	case CEL_KIND_TYPE:
		*out = a->type_kind == b->type_kind && a->type == b->type;
		return true;
	case CEL_KIND_IP:
	case CEL_KIND_CIDR:
		*out = a->family == b->family && a->prefix_bits == b->prefix_bits &&
		       memcmp(a->address, b->address, sizeof(a->address)) == 0;
		return true;
	default: /* INT, UINT, DURATION */
		*out = a->natural == b->natural;
		return true;
	}
}
