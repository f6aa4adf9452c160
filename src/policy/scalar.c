/* SPDX-License-Identifier: Apache-2.0 */
/* Words of YAML 1.1, as Go's yaml.v2 reads them. */
#include "policy/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Longer words are no numbers: 64 binary digits, a sign, and a "_" behind each. */
enum { NUMBER_BYTES_MAX = 140 };

struct scalar_word {
	const char *word;
	enum scalar_kind kind;
	bool truth;
};

static const struct scalar_word scalar_words[] = {
	{ "", SCALAR_NULL },	       { "~", SCALAR_NULL },	      { "null", SCALAR_NULL },
	{ "Null", SCALAR_NULL },       { "NULL", SCALAR_NULL },	      { "true", SCALAR_BOOL, true },
	{ "True", SCALAR_BOOL, true }, { "TRUE", SCALAR_BOOL, true }, { "false", SCALAR_BOOL },
	{ "False", SCALAR_BOOL },      { "FALSE", SCALAR_BOOL },      { "y", SCALAR_BOOL, true },
	{ "Y", SCALAR_BOOL, true },    { "yes", SCALAR_BOOL, true },  { "Yes", SCALAR_BOOL, true },
	{ "YES", SCALAR_BOOL, true },  { "on", SCALAR_BOOL, true },   { "On", SCALAR_BOOL, true },
	{ "ON", SCALAR_BOOL, true },   { "n", SCALAR_BOOL },	      { "N", SCALAR_BOOL },
	{ "no", SCALAR_BOOL },	       { "No", SCALAR_BOOL },	      { "NO", SCALAR_BOOL },
	{ "off", SCALAR_BOOL },	       { "Off", SCALAR_BOOL },	      { "OFF", SCALAR_BOOL },
	{ ".inf", SCALAR_FLOAT },      { "-.inf", SCALAR_FLOAT },     { ".nan", SCALAR_FLOAT },
};

static bool scalar_is(struct span word, const char *text)
{
	return strlen(text) == word.bytes && memcmp(text, word.data, word.bytes) == 0;
}

static int scalar_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* The base that a number's prefix names; OUT_SKIP: bytes of the prefix. */
static int scalar_get_base(struct span digits, size_t *out_skip)
{
	*out_skip = 0;
	if (digits.bytes < 2 || digits.data[0] != '0')
		return 10;
	*out_skip = 2;
	switch (digits.data[1] | 0x20) {
	case 'x':
		return 16;
	case 'o':
		return 8;
	case 'b':
		return 2;
	}
	*out_skip = 1;
	return 8;
}

bool scalar_parse_int(struct span word, bool *out_negative, uint64_t *out_magnitude)
{
	bool has_sign = word.bytes && (word.data[0] == '-' || word.data[0] == '+');
	struct span digits = { word.data + has_sign, word.bytes - has_sign };
	uint64_t value = 0;
	bool has_digit = false;
	size_t i;
	int base;

	if (!digits.bytes || digits.bytes > NUMBER_BYTES_MAX)
		return false;
	base = scalar_get_base(digits, &i);
	for (; i < digits.bytes; i++) {
		int digit = scalar_digit(digits.data[i]);

		if (digits.data[i] == '_' && i > 0 && digits.data[i - 1] != '_')
			continue;
		if (digit >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
		has_digit = true;
	}
	if (!has_digit || digits.data[digits.bytes - 1] == '_')
		return false;
	*out_negative = has_sign && word.data[0] == '-' && value;
	*out_magnitude = value;
	return true;
}

static size_t scalar_skip_digits(struct span word, size_t i)
{
	while (i < word.bytes && word.data[i] >= '0' && word.data[i] <= '9')
		i++;
	return i;
}

/* [-+] digits [. digits] [e [-+] digits], with a digit before or after the point. */
static bool scalar_is_float(struct span word)
{
	size_t start = word.bytes && (word.data[0] == '-' || word.data[0] == '+');
	size_t i = scalar_skip_digits(word, start);
	size_t digits = i - start;

	if (i < word.bytes && word.data[i] == '.') {
		size_t fraction = scalar_skip_digits(word, i + 1);

		digits += fraction - i - 1;
		i = fraction;
	}
	if (!digits)
		return false;
	if (i < word.bytes && (word.data[i] | 0x20) == 'e') {
		size_t exponent = i + 1;

		exponent += exponent < word.bytes &&
			    (word.data[exponent] == '-' || word.data[exponent] == '+');
		i = scalar_skip_digits(word, exponent);
		if (i == exponent)
			return false;
	}
	return i == word.bytes;
}

/* Kubernetes carries numbers as JSON, where 1.0 and 1e3 are whole. */
static struct scalar scalar_resolve_float(struct span word)
{
	struct scalar scalar = { .kind = SCALAR_FLOAT };
	char text[NUMBER_BYTES_MAX + 1];
	double value;

	if (word.bytes > NUMBER_BYTES_MAX)
		return scalar;
	snprintf(text, sizeof(text), "%.*s", (int)word.bytes, word.data);
	value = strtod(text, NULL);
	/* Up to 2^53 every whole number has its own value. */
	if (value < -0x1p53 || value > 0x1p53 || value != (double)(int64_t)value)
		return scalar;
	scalar.kind = SCALAR_INT;
	scalar.is_negative = value < 0;
	scalar.magnitude = (uint64_t)(value < 0 ? -value : value);
	return scalar;
}

struct scalar scalar_resolve(struct span word)
{
	struct scalar scalar = { .kind = SCALAR_TEXT };

	for (size_t i = 0; i < COUNT(scalar_words); i++) {
		if (!scalar_is(word, scalar_words[i].word))
			continue;
		scalar.kind = scalar_words[i].kind;
		scalar.truth = scalar_words[i].truth;
		return scalar;
	}
	if (scalar_parse_int(word, &scalar.is_negative, &scalar.magnitude))
		scalar.kind = SCALAR_INT;
	else if (scalar_is_float(word))
		scalar = scalar_resolve_float(word);
	return scalar;
}
