/* SPDX-License-Identifier: Apache-2.0 */
/* What several functions on texts need. */
#include "cel/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "cel/eval.h"

size_t cel_text_step(struct span text, size_t at)
{
	size_t bytes = utf8_char_bytes(text.data + at, text.bytes - at);

	return bytes ? bytes : 1;
}

size_t cel_text_count(struct span text)
{
	size_t count = 0;

	for (size_t at = 0; at < text.bytes; at += cel_text_step(text, at))
		count++;
	return count;
}

bool cel_text_seek(struct span text, int64_t index, size_t *out)
{
	size_t at = 0;

	while (index > 0 && at < text.bytes) {
		at += cel_text_step(text, at);
		index--;
	}
	*out = at;
	return index == 0;
}

bool cel_text_is_utf8(struct span text)
{
	size_t bytes;

	for (size_t at = 0; at < text.bytes; at += bytes) {
		bytes = utf8_char_bytes(text.data + at, text.bytes - at);
		if (!bytes)
			return false;
	}
	return true;
}

size_t cel_utf8_write(char *out, uint32_t code)
{
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = bytes - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(marks[bytes] | code);
	return bytes;
}

size_t cel_text_find(struct span text, struct span wanted, size_t from)
{
	const char *found;

	if (from > text.bytes)
		return SIZE_MAX;
	if (!wanted.bytes)
		return from;
	found = memmem(text.data + from, text.bytes - from, wanted.data, wanted.bytes);
	return found ? (size_t)(found - text.data) : SIZE_MAX;
}

/* ---- numbers ---------------------------------------------------------------------------------
 */

bool cel_text_to_double(struct span text, double *out)
{
	char copy[512], *end;

	/* no hexadecimal digits, blanks or NaN(...) of strtod; words are spelled as Go spells them
	 */
	for (size_t i = 0; i < text.bytes; i++) {
		if (!strchr("0123456789+-.eE", text.data[i]) || !text.data[i]) {
			if (text.bytes > 9 || !memmem("+-InfinityinfNaNnan", 19, text.data + i, 1))
				return false;
		}
	}
	if (!text.bytes || text.bytes >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.bytes);
	copy[text.bytes] = '\0';
	*out = strtod(copy, &end);
	/* infinity has a word, and digits that are too many are a mistake */
	return *end == '\0' && (!isinf(*out) || !strpbrk(copy, "0123456789"));
}

bool cel_text_to_uint(struct span text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.bytes; i++) {
		if (!isdigit((unsigned char)text.data[i]) ||
		    __builtin_mul_overflow(*out, 10u, out) ||
		    __builtin_add_overflow(*out, (unsigned int)(text.data[i] - '0'), out))
			return false;
	}
	return text.bytes != 0;
}

bool cel_text_to_int(struct span text, int64_t *out)
{
	bool is_negative = text.bytes && text.data[0] == '-';
	uint64_t value;

	if (text.bytes && (text.data[0] == '-' || text.data[0] == '+')) {
		text.data++;
		text.bytes--;
	}
	if (!cel_text_to_uint(text, &value) || value > (uint64_t)INT64_MAX + is_negative)
		return false;
	*out = (int64_t)(is_negative ? 0 - value : value);
	return true;
}

size_t cel_double_write(char out[CEL_DOUBLE_BYTES_MAX], double value)
{
	int digits = 0, exponent, bytes;

	if (isnan(value))
		return (size_t)snprintf(out, CEL_DOUBLE_BYTES_MAX, "NaN");
	if (isinf(value))
		return (size_t)snprintf(out, CEL_DOUBLE_BYTES_MAX, "%s",
					value < 0 ? "-Inf" : "+Inf");
	do {
		snprintf(out, CEL_DOUBLE_BYTES_MAX, "%.*e", digits, value);
	} while (strtod(out, NULL) != value && ++digits < 17);
	exponent = (int)strtol(strchr(out, 'e') + 1, NULL, 10);
	if (exponent < -4 || exponent >= 21)
		return strlen(out);
	digits = digits > exponent ? digits - exponent : 0;
	bytes = snprintf(out, CEL_DOUBLE_BYTES_MAX, "%.*f", digits, value);
	return (size_t)bytes;
}

/* ---- texts that grow -------------------------------------------------------------------------
 */

bool cel_build(struct cel_builder *builder, const char *data, size_t bytes)
{
	size_t capacity = builder->capacity ? builder->capacity : 64;
	char *grown;

	while (capacity - builder->bytes < bytes)
		capacity *= 2;
	if (capacity != builder->capacity) {
		grown = cel_take(builder->eval, capacity, 1);
		if (!grown)
			return false;
		if (builder->bytes)
			memcpy(grown, builder->data, builder->bytes);
		builder->data = grown;
		builder->capacity = capacity;
	}
	if (bytes)
		memcpy(builder->data + builder->bytes, data, bytes);
	builder->bytes += bytes;
	return true;
}

bool cel_build_text(struct cel_builder *builder, const char *text)
{
	return cel_build(builder, text, strlen(text));
}

bool cel_build_format(struct cel_builder *builder, const char *format, ...)
{
	char piece[512]; /* a double with all its digits and some behind the point */
	va_list args;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (bytes < 0 || (size_t)bytes >= sizeof(piece))
		return cel_fail(builder->eval, "this number is too long to be written");
	return cel_build(builder, piece, (size_t)bytes);
}

struct cel_value cel_build_value(const struct cel_builder *builder)
{
	return cel_value_of_text(
		(struct span){ builder->data ? builder->data : "", builder->bytes });
}
