/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out mistakes. Columns count bytes, as compilers do; the mark stands below characters. */
#include "cel/mistake.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "cel/budget.h"

/* What is shown of a long line: enough to see where one is. */
enum { SHOWN_BEFORE_BYTES = 60, SHOWN_BYTES = 110 };

struct shown {
	size_t line, column; /* from 1 */
	size_t begin, end;   /* of what is shown, in the text */
};

static bool is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static struct shown find_line(struct span text, size_t at)
{
	struct shown shown = { .line = 1 };

	for (size_t i = 0; i < at; i++) {
		if (text.data[i] == '\n') {
			shown.line++;
			shown.begin = i + 1;
		}
	}
	shown.column = at - shown.begin + 1;
	if (at - shown.begin > SHOWN_BEFORE_BYTES)
		shown.begin = at - SHOWN_BEFORE_BYTES;
	while (shown.begin < at && is_tail(text.data[shown.begin]))
		shown.begin++;
	shown.end = shown.begin;
	while (shown.end < text.bytes && text.data[shown.end] != '\n' &&
	       (shown.end - shown.begin < SHOWN_BYTES || is_tail(text.data[shown.end])))
		shown.end++;
	return shown;
}

void cel_add_shown(struct buf *out, struct span text)
{
	size_t from = out->bytes;

	utf8_add_valid(out, text.data, text.bytes);
	for (size_t i = from; i < out->bytes; i++) {
		if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7f)
			out->data[i] = ' ';
	}
}

static size_t count_characters(struct span text)
{
	_cleanup_buf_ struct buf shown = {};
	size_t count = 0;

	utf8_add_valid(&shown, text.data, text.bytes);
	for (size_t i = 0; i < shown.bytes; i++)
		count += !is_tail(shown.data[i]);
	return count;
}

static void add_mark(struct buf *out, const struct shown *shown, struct span text,
		     struct cel_place place)
{
	size_t end = place.at + place.bytes < shown->end ? place.at + place.bytes : shown->end;
	size_t before = count_characters(
		(struct span){ text.data + shown->begin, place.at - shown->begin });
	size_t width =
		end > place.at
			? count_characters((struct span){ text.data + place.at, end - place.at })
			: 1;

	buf_add_text(out, "     | ");
	for (size_t i = 0; i < before; i++)
		buf_add_char(out, ' ');
	buf_add_char(out, '^');
	for (size_t i = 1; i < width; i++)
		buf_add_char(out, '~');
}

void cel_mistake(struct cel_mistakes *mistakes, struct cel_place place, const char *hint,
		 const char *format, ...)
{
	struct shown shown = find_line(mistakes->text, place.at);
	struct span line = { mistakes->text.data + shown.begin, shown.end - shown.begin };
	_cleanup_buf_ struct buf source = {}, mark = {}, shown_message = {};
	_cleanup_free_ char *message = NULL;
	va_list args;

	if (++mistakes->count > CEL_MISTAKES_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	va_end(args);
	buf_add_format(&source, "%4zu | ", shown.line);
	cel_add_shown(&source, line);
	add_mark(&mark, &shown, mistakes->text, place);
	if (hint && *hint)
		buf_add_format(&mark, " %s", hint);
	cel_add_shown(&shown_message, span_of(message ? message : "out of memory"));
	diag_add(mistakes->diag, "%zu:%zu: %s", shown.line, shown.column, buf_text(&shown_message));
	diag_add(mistakes->diag, "%s", buf_text(&source));
	diag_add(mistakes->diag, "%s", buf_text(&mark));
}
