/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and applies label selectors. The text is kept, and requirements point into it. */
#include "filter/labels.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/span.h"

/* A text of the size that a label selector may have; requirements and values are at most half of
 * it. */
enum { SELECTOR_BYTES_MAX = 4096 };

enum requirement_how {
	LABEL_EXISTS,
	LABEL_MISSING,
	LABEL_IN,
	LABEL_NOT_IN,
	LABEL_GREATER,
	LABEL_LESS,
};

struct requirement {
	enum requirement_how how;
	struct span key;
	size_t first_value, values_count; /* in the selector's values */
	int64_t bound;			  /* of LABEL_GREATER and LABEL_LESS */
};

struct label_selector {
	char *text; /* owned */
	struct requirement *requirements;
	size_t requirements_count;
	struct span *values;
	size_t values_count;
};

struct label_parser {
	struct label_selector *selector;
	const char *at;
	struct diag *diag;
};

void label_selector_free(struct label_selector *selector)
{
	if (!selector)
		return;
	free(selector->values);
	free(selector->requirements);
	free(selector->text);
	free(selector);
}

static void label_selector_cleanup(struct label_selector **selector)
{
	label_selector_free(*selector);
}

static int fail(struct label_parser *parser, const char *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct label_parser *parser, const char *place, const char *format, ...)
{
	_cleanup_free_ char *why = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&why, format, args) < 0)
		why = NULL;
	va_end(args);
	diag_add(parser->diag, "label selector \"%s\", character %td: %s", parser->selector->text,
		 place - parser->selector->text + 1, why ? why : "out of memory");
	return -EINVAL;
}

static void skip_spaces(struct label_parser *parser)
{
	while (isspace((unsigned char)*parser->at))
		parser->at++;
}

/* A run without spaces and operators; may be empty. */
static struct span read_word(struct label_parser *parser)
{
	struct span word = { parser->at, strcspn(parser->at, " \t\r\n=!,()<>") };

	parser->at += word.bytes;
	return word;
}

static bool skip_text(struct label_parser *parser, const char *text)
{
	size_t bytes = strlen(text);

	if (strncmp(parser->at, text, bytes) != 0)
		return false;
	parser->at += bytes;
	return true;
}

static void add_value(struct label_parser *parser, struct requirement *requirement,
		      struct span value)
{
	parser->selector->values[parser->selector->values_count++] = value;
	requirement->values_count++;
}

/* "(a, b)" behind in or notin. */
static int read_set(struct label_parser *parser, struct requirement *requirement)
{
	skip_spaces(parser);
	if (!skip_text(parser, "("))
		return fail(parser, parser->at, "in and notin take values as in (a,b)");
	do {
		skip_spaces(parser);
		add_value(parser, requirement, read_word(parser));
		skip_spaces(parser);
	} while (skip_text(parser, ","));
	if (!skip_text(parser, ")"))
		return fail(parser, parser->at, "want , or ) behind a value");
	return 0;
}

static int read_bound(struct label_parser *parser, struct requirement *requirement)
{
	const char *place;
	struct span word;
	char *end;

	skip_spaces(parser);
	place = parser->at;
	word = read_word(parser);
	errno = 0;
	requirement->bound = strtoll(word.data, &end, 10);
	if (!word.bytes || errno || end != word.data + word.bytes)
		return fail(parser, place, "< and > compare with a whole number");
	return 0;
}

/* What stands behind the key. */
static int read_operator(struct label_parser *parser, struct requirement *requirement)
{
	static const struct {
		const char *text;
		enum requirement_how how;
	} signs[] = { { "!=", LABEL_NOT_IN },
		      { "==", LABEL_IN },
		      { "=", LABEL_IN },
		      { ">", LABEL_GREATER },
		      { "<", LABEL_LESS } };
	const char *place;
	struct span word;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!skip_text(parser, signs[i].text))
			continue;
		requirement->how = signs[i].how;
		if (signs[i].how == LABEL_GREATER || signs[i].how == LABEL_LESS)
			return read_bound(parser, requirement);
		skip_spaces(parser);
		add_value(parser, requirement, read_word(parser));
		return 0;
	}
	place = parser->at;
	word = read_word(parser);
	if (word.bytes == 2 && !memcmp(word.data, "in", 2))
		requirement->how = LABEL_IN;
	else if (word.bytes == 5 && !memcmp(word.data, "notin", 5))
		requirement->how = LABEL_NOT_IN;
	else if (word.bytes)
		return fail(parser, place,
			    "unknown operator \"%.*s\"; want =, ==, !=, <, >, in or "
			    "notin",
			    (int)word.bytes, word.data);
	return word.bytes ? read_set(parser, requirement) : 0;
}

static int read_requirement(struct label_parser *parser)
{
	struct label_selector *selector = parser->selector;
	struct requirement *requirement = &selector->requirements[selector->requirements_count++];
	bool is_negated;
	int error = 0;

	skip_spaces(parser);
	is_negated = skip_text(parser, "!");
	skip_spaces(parser);
	requirement->how = is_negated ? LABEL_MISSING : LABEL_EXISTS;
	requirement->first_value = selector->values_count;
	requirement->key = read_word(parser);
	if (!requirement->key.bytes)
		return fail(parser, parser->at, "want the name of a label");
	skip_spaces(parser);
	if (!is_negated)
		error = read_operator(parser, requirement);
	skip_spaces(parser);
	if (!error && *parser->at && *parser->at != ',')
		error = fail(parser, parser->at, "want a comma and the next requirement");
	return error;
}

int label_selector_new(struct label_selector **out, const char *text, struct diag *diag)
{
	_cleanup_(label_selector_cleanup) struct label_selector *selector =
		calloc(1, sizeof(*selector));
	struct label_parser parser = { .selector = selector, .diag = diag };
	size_t pieces = 1;
	int error = 0;

	if (strlen(text) > SELECTOR_BYTES_MAX) {
		diag_add(diag, "label selector of %zu bytes; at most %d are taken", strlen(text),
			 SELECTOR_BYTES_MAX);
		return -EINVAL;
	}
	for (const char *at = text; *at; at++)
		pieces += *at == ',';
	if (!selector)
		return -ENOMEM;
	selector->text = strdup(text);
	selector->requirements = calloc(pieces, sizeof(*selector->requirements));
	selector->values = calloc(pieces, sizeof(*selector->values));
	if (!selector->text || !selector->requirements || !selector->values)
		return -ENOMEM;
	parser.at = selector->text;
	skip_spaces(&parser);
	while (!error && (*parser.at || selector->requirements_count)) {
		error = read_requirement(&parser);
		if (!error && !skip_text(&parser, ","))
			break;
	}
	if (error)
		return error;
	*out = TAKE_PTR(selector);
	return 0;
}

static bool is_span(struct span span, const char *text)
{
	return strlen(text) == span.bytes && !memcmp(span.data, text, span.bytes);
}

static bool requirement_has_value(const struct label_selector *selector,
				  const struct requirement *requirement, const char *value)
{
	for (size_t i = 0; i < requirement->values_count; i++) {
		if (is_span(selector->values[requirement->first_value + i], value))
			return true;
	}
	return false;
}

static bool requirement_compares(const struct requirement *requirement, const char *value)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno || end == value || *end || isspace((unsigned char)*value))
		return false;
	return requirement->how == LABEL_GREATER ? number > requirement->bound
						 : number < requirement->bound;
}

/* VALUE: NULL if there is no such label. */
static bool requirement_holds(const struct label_selector *selector,
			      const struct requirement *requirement, const char *value)
{
	switch (requirement->how) {
	case LABEL_EXISTS:
		return value;
	case LABEL_MISSING:
		return !value;
	case LABEL_IN:
		return value && requirement_has_value(selector, requirement, value);
	case LABEL_NOT_IN:
		return !value || !requirement_has_value(selector, requirement, value);
	default:
		return value && requirement_compares(requirement, value);
	}
}

bool label_selector_matches(const struct label_selector *selector,
			    Tetragon__Pod__PodLabelsEntry *const *labels, size_t count)
{
	for (size_t i = 0; i < selector->requirements_count; i++) {
		const struct requirement *requirement = &selector->requirements[i];
		const char *value = NULL;

		for (size_t j = 0; j < count && !value; j++) {
			if (is_span(requirement->key, labels[j]->key))
				value = labels[j]->value ? labels[j]->value : "";
		}
		if (!requirement_holds(selector, requirement, value))
			return false;
	}
	return true;
}
