/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles and applies redaction filters. */
#include "filter/redact.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/regex.h"
#include "base/span.h"
#include "base/utf8.h"

#define REDACTED "*****"

/* Filters, and patterns of each. */
enum { REDACTIONS_MAX = 1024 };

struct redaction_rule {
	struct regex **binaries, **patterns;
	size_t binaries_count, patterns_count;
};

struct redaction {
	struct buf scratch;
	struct span spans[1 + REGEX_GROUPS_MAX];
	size_t count;
	struct redaction_rule rules[];
};

static void free_regexes(struct regex **regexes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		regex_free(regexes[i]);
	free(regexes);
}

void redaction_free(struct redaction *redaction)
{
	if (!redaction)
		return;
	for (size_t i = 0; i < redaction->count; i++) {
		free_regexes(redaction->rules[i].binaries, redaction->rules[i].binaries_count);
		free_regexes(redaction->rules[i].patterns, redaction->rules[i].patterns_count);
	}
	buf_done(&redaction->scratch);
	free(redaction);
}

static void redaction_cleanup(struct redaction **redaction)
{
	redaction_free(*redaction);
}

struct redaction_place {
	const char *name;
	size_t entry; /* from 1 */
	struct diag *diag;
};

static int fail(const struct redaction_place *place, const char *what)
{
	diag_add(place->diag, "%s, entry %zu: %s", place->name, place->entry, what);
	return -EINVAL;
}

static int compile(const struct redaction_place *place, char *const *patterns, size_t count,
		   struct regex ***out, size_t *out_count)
{
	_cleanup_diag_ struct diag why = {};
	int error = 0;

	*out = calloc(count + 1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (; *out_count < count && !error; *out_count += !error)
		error = regex_new(&(*out)[*out_count], patterns[*out_count], &why);
	if (error == -EINVAL) {
		why.text.bytes -= why.text.bytes && why.text.data[why.text.bytes - 1] == '\n';
		fail(place, buf_text(&why.text));
	}
	return error;
}

static int compile_rule(const struct redaction_place *place,
			const Tetragon__RedactionFilter *filter, struct redaction_rule *rule)
{
	int error;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	if (filter->n_match)
#pragma GCC diagnostic pop
		return fail(place, "key \"match\" is not supported, as upstream's newer versions "
				   "ignore it; use binary_regex");
	if (filter->base.n_unknown_fields)
		return fail(place, "has a key that is unknown to this version");
	if (!filter->n_redact)
		return fail(place, "key \"redact\" is missing; it holds the patterns");
	if (filter->n_redact > REDACTIONS_MAX || filter->n_binary_regex > REDACTIONS_MAX)
		return fail(place, "has more than 1024 patterns");
	error = compile(place, filter->binary_regex, filter->n_binary_regex, &rule->binaries,
			&rule->binaries_count);
	if (!error)
		error = compile(place, filter->redact, filter->n_redact, &rule->patterns,
				&rule->patterns_count);
	for (size_t i = 0; i < rule->patterns_count && !error; i++) {
		if (!regex_get_groups(rule->patterns[i]))
			error = fail(place, "a pattern of \"redact\" has no capture group, so it "
					    "would hide nothing; put what is secret into (...)");
	}
	return error;
}

int redaction_new(struct redaction **out, Tetragon__RedactionFilter *const *filters, size_t count,
		  const char *name, struct diag *diag)
{
	_cleanup_(redaction_cleanup) struct redaction *redaction = NULL;
	int error = 0;

	if (count > REDACTIONS_MAX) {
		diag_add(diag, "%s: %zu entries; at most %d are taken", name, count,
			 REDACTIONS_MAX);
		return -EINVAL;
	}
	redaction = calloc(1, sizeof(*redaction) + count * sizeof(redaction->rules[0]));
	if (!redaction)
		return -ENOMEM;
	for (; redaction->count < count && error != -ENOMEM; redaction->count++) {
		struct redaction_place place = { name, redaction->count + 1, diag };
		int rule_error = compile_rule(&place, filters[redaction->count],
					      &redaction->rules[redaction->count]);

		error = rule_error ? rule_error : error;
	}
	if (error)
		return error;
	*out = TAKE_PTR(redaction);
	return 0;
}

static bool rule_applies(const struct redaction_rule *rule, const char *binary)
{
	size_t bytes = strlen(binary);
	/* Who cannot be excluded is included. */
	for (size_t i = 0; i < rule->binaries_count; i++) {
		uint64_t given_up = regex_get_given_up(rule->binaries[i]);

		if (regex_matches(rule->binaries[i], binary, bytes) ||
		    regex_get_given_up(rule->binaries[i]) != given_up)
			return true;
	}
	return !rule->binaries_count;
}

/* By where they begin, the longer first; groups that took no part come last. */
static int span_compare(const void *a, const void *b)
{
	const struct span *one = a, *other = b;

	if (!one->data || !other->data)
		return !one->data - !other->data;
	if (one->data != other->data)
		return one->data > other->data ? 1 : -1;
	return (one->bytes < other->bytes) - (one->bytes > other->bytes);
}

/* The text from byte FROM up to the end of the match in spans[0], groups hidden. Returns that end.
 */
static size_t hide_groups(struct redaction *self, const struct buf *text, size_t from, size_t count)
{
	const char *done = text->data + from;

	/* repeated alternatives leave a group before one of a lower number */
	if (count > 2)
		qsort(&self->spans[1], count - 1, sizeof(self->spans[1]), span_compare);
	for (size_t i = 1; i < count; i++) {
		struct span group = self->spans[i];

		/* a group in a group is hidden with it */
		if (!group.data || group.data < done)
			continue;
		buf_add(&self->scratch, done, (size_t)(group.data - done));
		buf_add_text(&self->scratch, REDACTED);
		done = group.data + group.bytes;
	}
	if (done < self->spans[0].data + self->spans[0].bytes) {
		buf_add(&self->scratch, done,
			(size_t)(self->spans[0].data + self->spans[0].bytes - done));
		done = self->spans[0].data + self->spans[0].bytes;
	}
	return (size_t)(done - text->data);
}

static void apply_pattern(struct redaction *self, struct regex *pattern, struct buf *text)
{
	uint64_t given_up = regex_get_given_up(pattern);
	size_t done = 0, at = 0, count;

	buf_reset(&self->scratch);
	while ((count = regex_find(pattern, text->data, text->bytes, at, self->spans,
				   1 + REGEX_GROUPS_MAX))) {
		size_t end;

		done = hide_groups(self, text, done, count);
		end = (size_t)(self->spans[0].data + self->spans[0].bytes - text->data);
		/* an empty match would be found for ever */
		if (!self->spans[0].bytes && end < text->bytes)
			end += utf8_char_bytes(text->data + end, text->bytes - end) ?: 1;
		else if (!self->spans[0].bytes)
			break;
		at = end;
	}
	if (regex_get_given_up(pattern) != given_up) {
		buf_reset(text);
		buf_add_text(text, REDACTED);
		return;
	}
	if (!done)
		return;
	buf_add(&self->scratch, text->data + done, text->bytes - done);
	buf_reset(text);
	buf_add(text, self->scratch.data, self->scratch.bytes);
	if (self->scratch.failed) {
		text->bytes = 0;
		text->failed = true;
	}
}

void redaction_apply(struct redaction *redaction, const char *binary, struct buf *text)
{
	for (size_t i = 0; i < redaction->count; i++) {
		const struct redaction_rule *rule = &redaction->rules[i];

		if (!rule_applies(rule, binary))
			continue;
		for (size_t j = 0; j < rule->patterns_count && text->bytes; j++)
			apply_pattern(redaction, rule->patterns[j], text);
	}
}
