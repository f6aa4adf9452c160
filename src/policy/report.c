/* SPDX-License-Identifier: Apache-2.0 */
/* Collects findings; how they look is snippet.c's and report_add_finding()'s. */
#include "policy/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/snippet.h"
#include "policy/source.h"

/* Longer words of the user are cut in messages; the source line shows them anyway. */
enum { QUOTE_CHARACTERS_MAX = 64 };

void report_done(struct report *report)
{
	arena_done(&report->arena);
	free(report->findings);
	*report = (struct report){};
}

static const char *report_format(struct report *report, const char *format, va_list args)
{
	_cleanup_free_ char *text = NULL;
	const char *copy;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	copy = text ? arena_copy(&report->arena, span_of(text)) : NULL;
	return copy ? copy : "out of memory";
}

static bool report_has(const struct report *report, struct place place, const char *message)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *old = &report->findings[i];

		if (old->place.line == place.line && old->place.column == place.column &&
		    strcmp(old->message, message) == 0)
			return true;
	}
	return false;
}

static struct finding *report_add(struct report *report, enum severity severity, struct place place,
				  const char *format, va_list args)
{
	_cleanup_buf_ struct buf snippet = {};
	const char *message, *copy;

	if (!report->findings)
		report->findings = calloc(FINDINGS_MAX, sizeof(*report->findings));
	if (!report->findings || report->count == FINDINGS_MAX) {
		*(severity == SEVERITY_ERROR ? &report->errors : &report->warnings) += 1;
		report->left_out++;
		return NULL;
	}
	message = report_format(report, format, args);
	if (report_has(report, place, message))
		return NULL;
	*(severity == SEVERITY_ERROR ? &report->errors : &report->warnings) += 1;
	if (report->source && place.line)
		snippet_add(&snippet, source_get_line(report->source, place.line), place);
	copy = arena_copy(&report->arena, (struct span){ snippet.data, snippet.bytes });
	report->findings[report->count] = (struct finding){
		.report = report,
		.severity = severity,
		.place = place,
		.message = message,
		.hint = "",
		.snippet = copy ? copy : "",
		.order = (unsigned int)report->count,
	};
	return &report->findings[report->count++];
}

struct finding *report_error(struct report *report, struct place place, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	va_start(args, format);
	finding = report_add(report, SEVERITY_ERROR, place, format, args);
	va_end(args);
	return finding;
}

struct finding *report_warning(struct report *report, struct place place, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	va_start(args, format);
	finding = report_add(report, SEVERITY_WARNING, place, format, args);
	va_end(args);
	return finding;
}

void finding_hint(struct finding *finding, const char *format, ...)
{
	_cleanup_buf_ struct buf joined = {};
	const char *hint;
	va_list args;

	if (!finding)
		return;
	va_start(args, format);
	hint = report_format(finding->report, format, args);
	va_end(args);
	if (*finding->hint)
		buf_add_format(&joined, "%s%s ", finding->hint,
			       finding->hint[strlen(finding->hint) - 1] == '?' ? "" : ";");
	buf_add_text(&joined, hint);
	hint = arena_copy(&finding->report->arena, (struct span){ joined.data, joined.bytes });
	finding->hint = hint ? hint : "out of memory";
}

const char *report_quote(struct report *report, struct span text)
{
	_cleanup_buf_ struct buf out = {};
	const char *quoted;

	if (report->count == FINDINGS_MAX)
		return "";
	buf_add_char(&out, '"');
	if (snippet_add_safe(&out, text, QUOTE_CHARACTERS_MAX) < text.bytes)
		buf_add_text(&out, "...");
	buf_add_char(&out, '"');
	quoted = arena_copy(&report->arena, (struct span){ out.data, out.bytes });
	return quoted ? quoted : "out of memory";
}

static int finding_compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;

	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void report_sort(struct report *report)
{
	if (report->count)
		qsort(report->findings, report->count, sizeof(*report->findings), finding_compare);
}

/* A name is a file's, or what an agent says. */
static void report_add_name(const struct report *report, struct buf *out)
{
	snippet_add_safe(out, span_of(report->name ? report->name : "policy"), SIZE_MAX);
}

void report_add_finding(const struct finding *finding, struct buf *out)
{
	report_add_name(finding->report, out);
	buf_add_char(out, ':');
	if (finding->place.line)
		buf_add_format(out, "%u:%u:", finding->place.line, finding->place.column);
	buf_add_format(out, " %s%s", finding->severity == SEVERITY_WARNING ? "warning: " : "",
		       finding->message);
	if (!*finding->snippet && *finding->hint)
		buf_add_format(out, "; %s", finding->hint);
	buf_add_char(out, '\n');
	if (*finding->snippet)
		buf_add_format(out, "%s%s%s\n", finding->snippet, *finding->hint ? " " : "",
			       finding->hint);
}

void report_add_text(const struct report *report, struct buf *out)
{
	for (size_t i = 0; i < report->count; i++)
		report_add_finding(&report->findings[i], out);
	if (report->left_out)
		report_add_name(report, out);
	if (report->left_out)
		buf_add_format(out, ": %zu more; correct these first\n", report->left_out);
}

void report_tell(struct report *report, struct diag *diag)
{
	_cleanup_buf_ struct buf text = {};

	report_sort(report);
	report_add_text(report, &text);
	diag_add_lines(diag, (struct span){ text.data, text.bytes });
}
