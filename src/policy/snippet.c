/* SPDX-License-Identifier: Apache-2.0 */
/* Windows over long lines, and widths of characters in a terminal. */
#include "policy/snippet.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Longer lines are shown in part, with this much before the place. */
enum { LINE_CHARACTERS_MAX = 100, WINDOW_BEFORE = 40 };

static const char replacement[] = "\xef\xbf\xbd";

struct code_range {
	uint32_t first, last;
};

/* Twice as wide in a terminal: the large blocks of East Asian Width W and F (UAX 11). */
static const struct code_range wide_ranges[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },	  { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },	  { 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};
/* Combining marks and joiners: no width of their own. */
static const struct code_range narrow_ranges[] = {
	{ 0x0300, 0x036f },
	{ 0x200b, 0x200d },
	{ 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f },
};
/* Controls, line ends, and characters that reorder what a person reads (UAX 9). */
static const struct code_range unsafe_ranges[] = {
	{ 0x00, 0x1f },	    { 0x7f, 0x9f },	{ 0x200e, 0x200f }, { 0x2028, 0x202e },
	{ 0x2066, 0x2069 }, { 0xfeff, 0xfeff }, { 0xfffe, 0xffff },
};

static bool ranges_have(const struct code_range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/* A character of a line: its bytes, and what it is. */
struct glyph {
	struct span text;   /* what is shown */
	size_t bytes;	    /* what it takes of the line */
	unsigned int cells; /* of a terminal; a tab has as many as its caret line's tab */
	bool is_tab;
};

static uint32_t glyph_decode(const char *at, size_t bytes)
{
	static const unsigned char lead_masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = (unsigned char)at[0] & lead_masks[bytes];

	for (size_t i = 1; i < bytes; i++)
		code = code << 6 | ((unsigned char)at[i] & 0x3f);
	return code;
}

static struct glyph glyph_at(struct span line, size_t offset)
{
	const char *at = line.data + offset;
	size_t bytes = utf8_char_bytes(at, line.bytes - offset);
	struct glyph glyph = { .text = { at, bytes }, .bytes = bytes ? bytes : 1, .cells = 1 };
	uint32_t code = bytes ? glyph_decode(at, bytes) : 0;

	glyph.is_tab = bytes && code == '\t';
	if (glyph.is_tab)
		return glyph;
	if (ranges_have(unsafe_ranges, COUNT(unsafe_ranges), code))
		glyph.text = span_of(replacement);
	else if (ranges_have(wide_ranges, COUNT(wide_ranges), code))
		glyph.cells = 2;
	else if (ranges_have(narrow_ranges, COUNT(narrow_ranges), code))
		glyph.cells = 0;
	return glyph;
}

size_t snippet_add_safe(struct buf *out, struct span text, size_t characters)
{
	size_t offset = 0;

	while (offset < text.bytes && characters--) {
		struct glyph glyph = glyph_at(text, offset);

		if (glyph.is_tab)
			buf_add_char(out, ' ');
		else
			buf_add(out, glyph.text.data, glyph.text.bytes);
		offset += glyph.bytes;
	}
	return offset;
}

/* Which characters of a line are shown, from 1. */
struct window {
	uint32_t first, last;
};

static struct window snippet_choose_window(struct span line, struct place place)
{
	struct window window = { .first = 1, .last = 0 };

	for (size_t offset = 0; offset < line.bytes; window.last++)
		offset += glyph_at(line, offset).bytes;
	if (window.last <= LINE_CHARACTERS_MAX)
		return window;
	if (place.column > WINDOW_BEFORE + 1)
		window.first = place.column - WINDOW_BEFORE;
	if (window.last - window.first >= LINE_CHARACTERS_MAX)
		window.last = window.first + LINE_CHARACTERS_MAX - 1;
	return window;
}

/* One character's share of the caret line. */
static void snippet_add_mark(struct buf *marks, struct glyph glyph, struct place place,
			     uint32_t column)
{
	bool is_marked = column >= place.column && column - place.column < place.width;

	if (glyph.is_tab && !is_marked) {
		buf_add_char(marks, '\t');
		return;
	}
	for (unsigned int i = 0; i < glyph.cells; i++) {
		char mark = is_marked ? '~' : ' ';

		if (column == place.column && i == 0)
			mark = '^';
		buf_add_char(marks, mark);
	}
}

void snippet_add(struct buf *out, struct span line, struct place place)
{
	struct window window = snippet_choose_window(line, place);
	_cleanup_buf_ struct buf marks = {};
	uint32_t column = 1;
	size_t offset = 0;

	buf_add_format(out, "%5u | ", place.line);
	buf_add_text(&marks, "      | ");
	if (window.first > 1) {
		buf_add_text(out, "...");
		buf_add_text(&marks, "   ");
	}
	for (; offset < line.bytes && column <= window.last; column++) {
		struct glyph glyph = glyph_at(line, offset);

		offset += glyph.bytes;
		if (column < window.first)
			continue;
		buf_add(out, glyph.text.data, glyph.text.bytes);
		if (column < place.column + (place.width ? place.width : 1))
			snippet_add_mark(&marks, glyph, place, column);
	}
	if (offset < line.bytes)
		buf_add_text(out, "...");
	/* A place behind the last character: something is missing there. */
	for (; column <= place.column && column <= window.last + 1; column++)
		buf_add_char(&marks, column == place.column ? '^' : ' ');
	buf_add_char(out, '\n');
	buf_add(out, marks.data, marks.bytes);
}
