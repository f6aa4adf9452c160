/* SPDX-License-Identifier: Apache-2.0 */
/* Literals of numbers and strings, with all their escapes. */
#include <ctype.h>
#include <errno.h>
#include <math.h>

#include "cel/text.h"
#include "cel/token.h"

static char peek(const struct cel_scanner *scanner, size_t ahead)
{
	return scanner->at + ahead < scanner->text.bytes ? scanner->text.data[scanner->at + ahead]
							 : '\0';
}

/* ---- numbers ---------------------------------------------------------------------------------
 */

static size_t skip_digits(const struct cel_scanner *scanner, size_t from, bool is_hex)
{
	while (is_hex ? isxdigit((unsigned char)peek(scanner, from))
		      : isdigit((unsigned char)peek(scanner, from)))
		from++;
	return from;
}

/* The bytes of the number that begins here; is it one with a fraction or an exponent? */
static size_t measure_number(const struct cel_scanner *scanner, bool is_hex, bool *is_double)
{
	size_t end = skip_digits(scanner, is_hex ? 2 : 0, is_hex), exponent;

	*is_double = false;
	if (is_hex)
		return end;
	if (peek(scanner, end) == '.' && isdigit((unsigned char)peek(scanner, end + 1))) {
		*is_double = true;
		end = skip_digits(scanner, end + 1, false);
	}
	if (tolower((unsigned char)peek(scanner, end)) == 'e') {
		exponent = end + 1;
		if (peek(scanner, exponent) == '+' || peek(scanner, exponent) == '-')
			exponent++;
		if (isdigit((unsigned char)peek(scanner, exponent))) {
			*is_double = true;
			end = skip_digits(scanner, exponent, false);
		}
	}
	return end;
}

static bool scan_double(struct span text, struct cel_token *out)
{
	out->value = cel_value_of_double(0);
	return cel_text_to_double(text, &out->value.real) && isfinite(out->value.real);
}

static bool scan_integer(struct span digits, bool is_hex, struct cel_token *out)
{
	uint64_t value = 0;

	for (size_t i = is_hex ? 2 : 0; i < digits.bytes; i++) {
		char c = digits.data[i];
		unsigned int digit = isdigit((unsigned char)c)
					     ? (unsigned int)(c - '0')
					     : (unsigned int)((c | 0x20) - 'a' + 10);

		if (__builtin_mul_overflow(value, is_hex ? 16u : 10u, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	out->value = cel_value_of_uint(value);
	return true;
}

bool cel_scan_number(struct cel_scanner *scanner, struct cel_token *out)
{
	size_t begin = scanner->at;
	bool is_hex = peek(scanner, 0) == '0' && (peek(scanner, 1) | 0x20) == 'x' &&
		      isxdigit((unsigned char)peek(scanner, 2));
	bool is_double, is_there;
	size_t bytes = measure_number(scanner, is_hex, &is_double);
	struct span text = { scanner->text.data + begin, bytes };

	scanner->at += bytes;
	out->kind = CEL_TOKEN_LITERAL;
	is_there = is_double ? scan_double(text, out) : scan_integer(text, is_hex, out);
	if (!is_double && (peek(scanner, 0) | 0x20) == 'u')
		scanner->at++;
	else
		out->is_int = !is_double;
	if (is_there && out->is_int && out->value.natural > (uint64_t)INT64_MAX + 1)
		is_there = false;
	if (is_there && !isalnum((unsigned char)peek(scanner, 0)) && peek(scanner, 0) != '_')
		return true;
	while (isalnum((unsigned char)peek(scanner, 0)) || peek(scanner, 0) == '_')
		scanner->at++;
	cel_mistake(scanner->mistakes,
		    (struct cel_place){ (uint32_t)begin, (uint32_t)(scanner->at - begin) },
		    is_there ? "numbers are 12, 12u, 0x1f, 1.5, 2e3" : NULL,
		    is_there ? "this is no number" : "this number is too large");
	return false;
}

/* ---- strings ---------------------------------------------------------------------------------
 */

struct string_scan {
	struct cel_scanner *scanner;
	char *out; /* there is room: what is unescaped is never longer than what is written */
	size_t bytes;
	bool is_raw, is_bytes;
};

static bool string_mistake(struct cel_scanner *scanner, size_t begin, size_t bytes,
			   const char *hint, const char *what)
{
	if (begin + bytes > scanner->text.bytes)
		bytes = scanner->text.bytes - begin;
	cel_mistake(scanner->mistakes, (struct cel_place){ (uint32_t)begin, (uint32_t)bytes }, hint,
		    "%s", what);
	return false;
}

/* COUNT digits of BASE 8 or 16, at AHEAD. */
static bool read_code(const struct cel_scanner *scanner, size_t ahead, size_t count, uint32_t base,
		      uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		char c = peek(scanner, ahead + i);
		uint32_t digit = isdigit((unsigned char)c) ? (uint32_t)(c - '0')
							   : (uint32_t)((c | 0x20) - 'a' + 10);

		if (!isxdigit((unsigned char)c) || digit >= base)
			return false;
		*out = *out * base + digit;
	}
	return true;
}

static void add_code(struct string_scan *scan, uint32_t code, bool is_byte)
{
	if (is_byte)
		scan->out[scan->bytes++] = (char)code;
	else
		scan->bytes += cel_utf8_write(scan->out + scan->bytes, code);
}

/* \x41 \u00e9 \U0001f41d \101: how many digits, and of which base */
static const struct {
	char letter;
	uint8_t digits, base;
	bool is_byte; /* in bytes it is one byte, not a character */
} codes[] = {
	{ 'x', 2, 16, true }, { 'X', 2, 16, true }, { 'u', 4, 16 },	 { 'U', 8, 16 },
	{ '0', 3, 8, true },  { '1', 3, 8, true },  { '2', 3, 8, true }, { '3', 3, 8, true },
};

static bool scan_code(struct string_scan *scan, size_t i)
{
	struct cel_scanner *scanner = scan->scanner;
	bool is_octal = codes[i].base == 8;
	size_t ahead = is_octal ? 1 : 2, length = ahead + codes[i].digits;
	uint32_t code;

	if (!read_code(scanner, ahead, codes[i].digits, codes[i].base, &code))
		return string_mistake(scanner, scanner->at, 2,
				      "escapes are \\xHH, \\uHHHH, \\UHHHHHHHH, \\OOO",
				      "this escape has too few digits");
	if (scan->is_bytes && !codes[i].is_byte)
		return string_mistake(scanner, scanner->at, length, "write bytes as \\xHH",
				      "bytes have no characters");
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return string_mistake(scanner, scanner->at, length, NULL,
				      "there is no such character");
	add_code(scan, code, scan->is_bytes && codes[i].is_byte);
	scanner->at += length;
	return true;
}

static bool scan_escape(struct string_scan *scan)
{
	static const char letters[] = "abfnrtv\\?\"'`";
	static const char meanings[] = "\a\b\f\n\r\t\v\\?\"'`";
	struct cel_scanner *scanner = scan->scanner;
	char c = peek(scanner, 1);
	const char *letter = c ? strchr(letters, c) : NULL;

	if (letter) {
		scan->out[scan->bytes++] = meanings[letter - letters];
		scanner->at += 2;
		return true;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].letter == c)
			return scan_code(scan, i);
	}
	return string_mistake(scanner, scanner->at, 2,
			      "in a raw string, r\"...\", a backslash is only a backslash",
			      "unknown escape");
}

static bool quote_ends(const struct cel_scanner *scanner, char quote, size_t quote_bytes)
{
	for (size_t i = 0; i < quote_bytes; i++) {
		if (peek(scanner, i) != quote)
			return false;
	}
	return true;
}

static bool scan_characters(struct string_scan *scan, size_t begin, char quote, size_t quote_bytes)
{
	struct cel_scanner *scanner = scan->scanner;

	while (!quote_ends(scanner, quote, quote_bytes)) {
		char c = peek(scanner, 0);

		if (scanner->at >= scanner->text.bytes ||
		    (quote_bytes == 1 && (c == '\n' || c == '\r')))
			return string_mistake(scanner, begin, scanner->at - begin,
					      quote_bytes == 1 ? "\"\"\" may go over lines" : NULL,
					      "this string does not end");
		if (c == '\\' && !scan->is_raw) {
			if (!scan_escape(scan))
				return false;
			continue;
		}
		scan->out[scan->bytes++] = c;
		scanner->at++;
	}
	scanner->at += quote_bytes;
	return true;
}

bool cel_scan_string(struct cel_scanner *scanner, size_t prefix_bytes, struct cel_token *out)
{
	struct string_scan scan = { .scanner = scanner };
	size_t begin = scanner->at;
	char quote = peek(scanner, prefix_bytes);
	size_t quote_bytes = 1;

	for (size_t i = 0; i < prefix_bytes; i++) {
		scan.is_raw |= (peek(scanner, i) | 0x20) == 'r';
		scan.is_bytes |= (peek(scanner, i) | 0x20) == 'b';
	}
	scanner->at += prefix_bytes;
	if (quote_ends(scanner, quote, 3))
		quote_bytes = 3;
	scanner->at += quote_bytes;
	scan.out = scanner->strings + scanner->strings_bytes;
	if (!scan_characters(&scan, begin, quote, quote_bytes))
		return false;
	scanner->strings_bytes += scan.bytes;
	out->kind = CEL_TOKEN_LITERAL;
	out->value = cel_value_of_text((struct span){ scan.out, scan.bytes });
	if (scan.is_bytes)
		out->value.kind = CEL_KIND_BYTES;
	return true;
}
