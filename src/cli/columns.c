/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps cells, each ended by a NUL, and the widest of each column. */
#include "cli/columns.h"

#include <inttypes.h>
#include <stdio.h>

#include "event/text.h"

enum { COLUMNS_GAP = 3 };

void columns_done(struct columns *columns)
{
	buf_done(&columns->cells);
}

/* Characters, as far as these have one place each. */
static size_t columns_measure(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((uint8_t)*text & 0xc0) != 0x80;
	return width;
}

void columns_add(struct columns *columns, const char *text)
{
	size_t *widest = &columns->widths[columns->cells_count++ % columns->count];
	size_t start = columns->cells.bytes;
	size_t width;

	text_add_printable(&columns->cells, *text ? text : "-");
	buf_add_char(&columns->cells, '\0');
	if (columns->cells.failed)
		return;
	width = columns_measure(columns->cells.data + start);
	if (width > *widest)
		*widest = width;
}

void columns_add_uint(struct columns *columns, uint64_t value)
{
	char text[TEXT_UINT_BYTES_MAX + 1];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	columns_add(columns, text);
}

static void columns_add_spaces(struct buf *out, size_t count)
{
	while (count--)
		buf_add_char(out, ' ');
}

void columns_write_row(struct columns *columns, struct buf *out)
{
	out->failed |= columns->cells.failed;
	if (out->failed)
		return;
	columns_add_spaces(out, columns->indent);
	for (size_t i = 0; i < columns->count; i++) {
		const char *cell = columns->cells.data + columns->written;

		buf_add_text(out, cell);
		columns->written += strlen(cell) + 1;
		if (i + 1 < columns->count)
			columns_add_spaces(out, columns->widths[i] - columns_measure(cell) +
							COLUMNS_GAP);
	}
	buf_add_char(out, '\n');
}

void columns_add_note(struct buf *out, size_t indent, const char *text)
{
	while (*text) {
		size_t bytes = strcspn(text, "\n");
		_cleanup_free_ char *line = strndup(text, bytes);

		columns_add_spaces(out, indent);
		text_add_printable(out, line ? line : "out of memory");
		buf_add_char(out, '\n');
		text += bytes + (text[bytes] == '\n');
	}
}
