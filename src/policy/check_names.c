/* SPDX-License-Identifier: Apache-2.0 */
/* What names may look like. Locale-free: <ctype.h> is not asked. */
#include "policy/checker.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool name_is_label(struct span name)
{
	if (!name.bytes || name.bytes > POLICY_NAMESPACE_BYTES_MAX)
		return false;
	for (size_t i = 0; i < name.bytes; i++) {
		bool is_edge = i == 0 || i + 1 == name.bytes;
		char c = name.data[i];

		if (!is_lower(c) && !is_digit(c) && (c != '-' || is_edge))
			return false;
	}
	return true;
}

/* Unlike a label, each part may be as long as the whole. */
bool name_is_subdomain(struct span name)
{
	char before = '.';

	if (!name.bytes || name.bytes > POLICY_NAME_BYTES_MAX)
		return false;
	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.data[i];
		bool is_edge = before == '.' || i + 1 == name.bytes || name.data[i + 1] == '.';

		if (!is_lower(c) && !is_digit(c) &&
		    ((c != '-' && c != '.') || (c == '-' && is_edge)))
			return false;
		if (c == '.' && (before == '.' || i + 1 == name.bytes))
			return false;
		before = c;
	}
	return true;
}

bool name_is_hostname(struct span name)
{
	char lower[POLICY_NAME_BYTES_MAX];

	if (name.bytes && name.data[name.bytes - 1] == '.')
		name.bytes--;
	if (name.bytes > sizeof(lower))
		return false;
	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.data[i] == '_' ? '-' : name.data[i];

		lower[i] = is_letter(c) ? (char)(c | 0x20) : c;
	}
	/* Some names of services begin with "_"; they are hostnames to a resolver. */
	if (name.bytes && name.data[0] == '_')
		lower[0] = 'a';
	return name_is_subdomain((struct span){ lower, name.bytes });
}

static bool name_has_only(struct span name, const char *others)
{
	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.data[i];

		if (!is_letter(c) && !is_digit(c) && !strchr(others, c))
			return false;
	}
	return name.bytes > 0;
}

bool name_is_symbol(struct span name)
{
	return name_has_only(name, "_.$") && !is_digit(name.data[0]);
}

bool name_is_identifier(struct span name)
{
	return name_has_only(name, "_") && !is_digit(name.data[0]);
}

bool name_is_word(struct span name)
{
	return name_has_only(name, "_-");
}
