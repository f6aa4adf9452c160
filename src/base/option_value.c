/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of values: one row and one parser each. */
#include "base/option_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static bool option_parse_bool(const char *text, void *member)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "true", true }, { "false", false }, { "1", true },	{ "0", false },
		{ "t", true },	  { "f", false },     { "TRUE", true }, { "FALSE", false },
		{ "T", true },	  { "F", false },     { "True", true }, { "False", false },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, text) == 0) {
			*(bool *)member = words[i].value;
			return true;
		}
	}
	return false;
}

/* Digits at TEXT, with Go's 0x and 0 prefixes; strtoull alone would take spaces and a sign. */
static bool option_read_unsigned(const char *text, uint64_t *value, const char **end)
{
	char *stop;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &stop, 0);
	*end = stop;
	return errno == 0;
}

static bool option_parse_uint(const char *text, void *member)
{
	const char *end;
	uint64_t value;

	if (!option_read_unsigned(text, &value, &end) || *end)
		return false;
	*(uint64_t *)member = value;
	return true;
}

static bool option_parse_int(const char *text, void *member)
{
	bool negative = *text == '-';
	const char *end;
	uint64_t value;

	if (*text == '-' || *text == '+')
		text++;
	if (!option_read_unsigned(text, &value, &end) || *end)
		return false;
	if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return false;
	*(int64_t *)member = (int64_t)(negative ? -value : value);
	return true;
}

static bool option_parse_size(const char *text, void *member)
{
	static const char units[] = "KMG";
	const char *unit;
	const char *end;
	uint64_t value;

	if (!option_read_unsigned(text, &value, &end))
		return false;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || end[1])
			return false;
		if (__builtin_mul_overflow(value, 1ULL << (10 * (unit - units + 1)), &value))
			return false;
	}
	*(uint64_t *)member = value;
	return true;
}

/* The unit at *TEXT in nanoseconds, and past it; 0: there is none. */
static uint64_t option_read_time_unit(const char **text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", CLOCK_NS_PER_MS },
		{ "s", CLOCK_NS_PER_SECOND },
		{ "m", 60 * CLOCK_NS_PER_SECOND },
		{ "h", 3600 * CLOCK_NS_PER_SECOND },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t bytes = strlen(units[i].name);

		if (strncmp(*text, units[i].name, bytes) == 0) {
			*text += bytes;
			return units[i].ns;
		}
	}
	return 0;
}

/* Decimal digits at *TEXT, and past them. */
static bool option_read_decimal(const char **text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0;
}

/* One part of a duration, "1.5s". */
static bool option_read_duration_part(const char **text, uint64_t *out)
{
	const char *fraction = NULL;
	uint64_t whole;
	uint64_t unit;
	uint64_t ns;

	if (!isdigit((unsigned char)**text) || !option_read_decimal(text, &whole))
		return false;
	if (**text == '.') {
		fraction = ++*text;
		*text += strspn(*text, "0123456789");
	}
	unit = option_read_time_unit(text);
	if (!unit || __builtin_mul_overflow(whole, unit, &ns))
		return false;
	for (uint64_t weight = unit / 10; fraction && isdigit((unsigned char)*fraction) && weight;
	     weight /= 10)
		if (__builtin_add_overflow(ns, (uint64_t)(*fraction++ - '0') * weight, &ns))
			return false;
	*out = ns;
	return true;
}

static bool option_parse_duration(const char *text, void *member)
{
	uint64_t total = 0;

	if (strcmp(text, "0") != 0 && !*text)
		return false;
	while (strcmp(text, "0") != 0 && *text) {
		uint64_t part;

		if (!option_read_duration_part(&text, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return false;
	}
	*(uint64_t *)member = total;
	return true;
}

static const struct option_kind_facts option_kinds[] = {
	[OPTION_BOOL] = { "", "true or false", option_parse_bool },
	[OPTION_TEXT] = { "TEXT", "text", NULL },
	[OPTION_UINT] = { "NUMBER", "a number from 0 up", option_parse_uint },
	[OPTION_INT] = { "NUMBER", "a number", option_parse_int },
	[OPTION_SIZE] = { "SIZE", "bytes with an optional K, M or G, such as 64K",
			  option_parse_size },
	[OPTION_DURATION] = { "TIME", "a time with its unit, such as 30s, 500ms or 1h30m",
			      option_parse_duration },
	[OPTION_LIST] = { "LIST", "words separated by commas", NULL },
};
_Static_assert(sizeof(option_kinds) / sizeof(option_kinds[0]) == OPTION_KINDS, "one row per kind");

const struct option_kind_facts *option_kind_get_facts(enum option_kind kind)
{
	return &option_kinds[kind];
}

bool option_choice_has(const char *choices, const char *word)
{
	size_t bytes = strlen(word);

	for (;;) {
		size_t length = strcspn(choices, "|");

		if (length == bytes && memcmp(choices, word, bytes) == 0)
			return true;
		if (!choices[length])
			return false;
		choices += length + 1;
	}
}
