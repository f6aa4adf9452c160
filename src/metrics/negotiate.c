/* SPDX-License-Identifier: Apache-2.0 */
/* Weights as thousandths; what cannot be read counts as not asked for. */
#include "metrics/negotiate.h"

#include <ctype.h>
#include <strings.h>

#include "base/span.h"

static struct span span_trim(struct span text)
{
	while (text.bytes && isspace((unsigned char)text.data[0]))
		text.data++, text.bytes--;
	while (text.bytes && isspace((unsigned char)text.data[text.bytes - 1]))
		text.bytes--;
	return text;
}

static bool span_is(struct span text, const char *word)
{
	return text.bytes == strlen(word) && !strncasecmp(text.data, word, text.bytes);
}

/* "0.75" -> 750. */
static int weight_read(struct span text)
{
	int weight = 0;

	if (!text.bytes || (text.data[0] != '0' && text.data[0] != '1'))
		return 0;
	if (text.data[0] == '1')
		return 1000;
	for (size_t i = 2, unit = 100; i < text.bytes && unit; i++, unit /= 10) {
		if (!isdigit((unsigned char)text.data[i]))
			break;
		weight += (text.data[i] - '0') * (int)unit;
	}
	return weight;
}

/* One element of a list: its name, weight, and version if it says one. */
struct preference {
	struct span name, version;
	int weight;
};

static struct preference preference_read(struct span element)
{
	struct preference out = { .name = span_trim(span_cut(&element, ';')), .weight = 1000 };

	while (element.bytes) {
		struct span value = span_cut(&element, ';');
		struct span key = span_trim(span_cut(&value, '='));

		value = span_trim(value);
		if (value.bytes > 1 && value.data[0] == '"')
			value.data++, value.bytes -= 2;
		if (span_is(key, "q"))
			out.weight = weight_read(value);
		else if (span_is(key, "version"))
			out.version = value;
	}
	return out;
}

bool metrics_wants_openmetrics(const char *accept)
{
	struct span rest = span_of(accept ? accept : "");
	int openmetrics = 0, text = 0;

	while (rest.bytes) {
		struct preference one = preference_read(span_cut(&rest, ','));

		if (span_is(one.name, "text/plain") && one.weight > text)
			text = one.weight;
		if (!span_is(one.name, "application/openmetrics-text") || one.weight <= openmetrics)
			continue;
		if (!one.version.bytes || span_is(one.version, "1.0.0") ||
		    span_is(one.version, "0.0.1"))
			openmetrics = one.weight;
	}
	return openmetrics && openmetrics >= text;
}

bool metrics_takes_gzip(const char *accept_encoding)
{
	struct span rest = span_of(accept_encoding ? accept_encoding : "");

	while (rest.bytes) {
		struct preference one = preference_read(span_cut(&rest, ','));

		if (span_is(one.name, "gzip"))
			return one.weight > 0;
	}
	return false;
}
