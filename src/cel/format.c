/* SPDX-License-Identifier: Apache-2.0 */
/* TEXT.format([...]): printf for values, as the strings extension of cel-spec describes it. */
#include <ctype.h>
#include <math.h>

#include "cel/calls.h"
#include "cel/text.h"

/* A double with so many digits behind the point fits the piece that is built at once. */
enum { PRECISION_DEFAULT = 6, PRECISION_MAX = 100 };

struct format {
	struct cel_builder builder;
	int precision;
	char letter;
};

static bool format_any(struct format *format, const struct cel_value *value);

static bool wrong_kind(struct format *format)
{
	return cel_fail(format->builder.eval, "this % cannot show a value of this type");
}

static bool format_items(struct format *format, const struct cel_value *value)
{
	bool is_map = value->kind == CEL_KIND_MAP;
	bool is_built = cel_build_text(&format->builder, is_map ? "{" : "[");

	for (uint32_t i = 0; is_built && i < value->count; i++) {
		struct cel_value key, item;

		if (is_map)
			cel_map_get(value, i, &key, &item);
		else
			cel_list_get(value, i, &item);
		is_built = (!i || cel_build_text(&format->builder, ", ")) &&
			   (!is_map ||
			    (format_any(format, &key) && cel_build_text(&format->builder, ": "))) &&
			   format_any(format, &item);
	}
	return is_built && cel_build_text(&format->builder, is_map ? "}" : "]");
}

/* %s takes what string() takes, and what holds it. */
static bool format_any(struct format *format, const struct cel_value *value)
{
	struct cel_value text;

	if (!cel_spend(format->builder.eval, 1))
		return false;
	if (value->kind == CEL_KIND_LIST || value->kind == CEL_KIND_MAP)
		return format_items(format, value);
	if (value->kind == CEL_KIND_NULL)
		return cel_build_text(&format->builder, "null");
	if (value->kind == CEL_KIND_TYPE)
		return cel_build_text(&format->builder, value->type
								? value->type->name
								: cel_kind_word(value->type_kind));
	return cel_to_string(format->builder.eval, value, &text) &&
	       cel_build(&format->builder, text.text.data, text.text.bytes);
}

static bool format_decimal(struct format *format, const struct cel_value *value)
{
	if (!cel_pattern_takes_value(CEL_NUMBER, value))
		return wrong_kind(format);
	return format_any(format, value);
}

/* %f and %e */
static bool format_real(struct format *format, const struct cel_value *value)
{
	struct cel_value number;

	if (!cel_pattern_takes_value(CEL_NUMBER, value))
		return wrong_kind(format);
	if (!cel_to_double(format->builder.eval, value, &number))
		return false;
	if (isnan(number.real))
		return cel_build_text(&format->builder, "NaN");
	if (isinf(number.real))
		return cel_build_text(&format->builder, number.real < 0 ? "-Infinity" : "Infinity");
	return cel_build_format(&format->builder, format->letter == 'f' ? "%.*f" : "%.*e",
				format->precision, number.real);
}

static bool format_base(struct format *format, const struct cel_value *value, unsigned int base)
{
	const char *digits = format->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	bool is_negative = value->kind == CEL_KIND_INT && value->integer < 0;
	uint64_t rest = is_negative ? 0 - value->natural : value->natural;
	char text[65];
	size_t at = sizeof(text);

	if (value->kind == CEL_KIND_BOOL && format->letter == 'b')
		rest = value->boolean;
	else if (value->kind != CEL_KIND_INT && value->kind != CEL_KIND_UINT)
		return wrong_kind(format);
	do {
		text[--at] = digits[rest % base];
		rest /= base;
	} while (rest);
	if (is_negative)
		text[--at] = '-';
	return cel_build(&format->builder, text + at, sizeof(text) - at);
}

static bool format_hex(struct format *format, const struct cel_value *value)
{
	if (value->kind != CEL_KIND_STRING && value->kind != CEL_KIND_BYTES)
		return format_base(format, value, 16);
	for (size_t i = 0; i < value->text.bytes; i++) {
		if (!cel_spend(format->builder.eval, 1) ||
		    !cel_build_format(&format->builder, format->letter == 'X' ? "%02X" : "%02x",
				      (unsigned char)value->text.data[i]))
			return false;
	}
	return true;
}

static bool format_value(struct format *format, const struct cel_value *value)
{
	switch (format->letter) {
	case 's':
		return format_any(format, value);
	case 'd':
		return format_decimal(format, value);
	case 'f':
	case 'e':
		return format_real(format, value);
	case 'x':
	case 'X':
		return format_hex(format, value);
	case 'o':
		return format_base(format, value, 8);
	case 'b':
		return format_base(format, value, 2);
	default:
		return cel_fail(format->builder.eval,
				"a format has %s %d %f %e %x %X %o %b and %%, with a precision as "
				"in %.2f");
	}
}

/* What stands behind a "%": ".2", and the letter. */
static bool read_clause(struct format *format, struct span text, size_t *at)
{
	format->precision = PRECISION_DEFAULT;
	format->letter = '\0';
	if (*at < text.bytes && text.data[*at] == '.') {
		format->precision = 0;
		for ((*at)++; *at < text.bytes && isdigit((unsigned char)text.data[*at]); (*at)++)
			if (format->precision <= PRECISION_MAX)
				format->precision = format->precision * 10 + text.data[*at] - '0';
		if (format->precision > PRECISION_MAX)
			return cel_fail(format->builder.eval, "a precision is not larger than 100");
	}
	if (*at < text.bytes)
		format->letter = text.data[(*at)++];
	return true;
}

CEL_CALL(cel_format)
{
	struct format format = { .builder.eval = eval };
	struct span text = arguments[0].text;
	uint32_t used = 0;

	for (size_t at = 0; at < text.bytes;) {
		const char *percent = memchr(text.data + at, '%', text.bytes - at);
		size_t end = percent ? (size_t)(percent - text.data) : text.bytes;
		struct cel_value value;

		if (!cel_spend(eval, 1) || !cel_build(&format.builder, text.data + at, end - at))
			return false;
		at = end + 1;
		if (!percent)
			break;
		if (!read_clause(&format, text, &at))
			return false;
		if (format.letter == '%') {
			if (!cel_build_text(&format.builder, "%"))
				return false;
			continue;
		}
		if (used == arguments[1].count)
			return cel_fail(eval, "the format asks for more values than the list has");
		cel_list_get(&arguments[1], used++, &value);
		if (!format_value(&format, &value))
			return false;
	}
	*out = cel_build_value(&format.builder);
	return true;
}
