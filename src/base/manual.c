/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes for roff, and the few macros that a page of flags needs. */
#include "base/manual.h"

#include <ctype.h>
#include <string.h>

void manual_add_escaped(struct buf *out, const char *text)
{
	/* A dot or an apostrophe at the beginning of a line is a macro. */
	if (*text == '.' || *text == '\'')
		buf_add_text(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			buf_add_text(out, "\\e");
		else if (*text == '-')
			buf_add_text(out, "\\-");
		else if (*text == '\'')
			buf_add_text(out, "\\(aq");
		else if (*text == '"')
			buf_add_text(out, "\\(dq");
		else if (*text == '^')
			buf_add_text(out, "\\(ha");
		else if (*text == '~')
			buf_add_text(out, "\\(ti");
		else
			buf_add_char(out, *text);
	}
}

void manual_add_title(struct buf *out, const char *name, const char *section, const char *about)
{
	buf_add_text(out, ".TH ");
	for (const char *at = name; *at; at++)
		buf_add_char(out, (char)toupper((unsigned char)*at));
	buf_add_format(out, " %s %s \"tetrad %s\"\n.SH NAME\n", section, TETRAD_DATE,
		       TETRAD_VERSION);
	manual_add_escaped(out, name);
	buf_add_text(out, " \\- ");
	manual_add_escaped(out, about);
	buf_add_char(out, '\n');
}

void manual_add_heading(struct buf *out, const char *heading)
{
	buf_add_format(out, ".SH %s\n", heading);
}

static void manual_add_line(struct buf *out, const char *line, size_t bytes)
{
	_cleanup_free_ char *text = strndup(line, bytes);

	if (text)
		manual_add_escaped(out, text);
	else
		out->failed = true;
	buf_add_char(out, '\n');
}

void manual_add_text(struct buf *out, const char *text)
{
	bool is_example = false;

	while (*text) {
		size_t bytes = strcspn(text, "\n");
		bool indented = *text == ' ';

		if (indented != is_example)
			buf_add_text(out, indented ? ".PP\n.nf\n" : ".fi\n.PP\n");
		is_example = indented;
		if (bytes)
			manual_add_line(out, text, bytes);
		else if (text[1])
			buf_add_text(out, ".PP\n");
		text += bytes + (text[bytes] == '\n');
	}
	if (is_example)
		buf_add_text(out, ".fi\n");
}

void manual_add_example(struct buf *out, const char *lines)
{
	buf_add_text(out, ".nf\n");
	while (*lines) {
		size_t bytes = strcspn(lines, "\n");

		manual_add_line(out, lines, bytes);
		lines += bytes + (lines[bytes] == '\n');
	}
	buf_add_text(out, ".fi\n");
}

void manual_add_option(struct buf *out, const struct option_row *row)
{
	const char *placeholder = option_row_get_placeholder(row);

	if (!row->help)
		return;
	buf_add_text(out, ".TP\n");
	if (row->letter)
		buf_add_format(out, "\\fB\\-%c\\fR, ", row->letter);
	buf_add_text(out, "\\fB\\-\\-");
	manual_add_escaped(out, row->name);
	buf_add_text(out, "\\fR");
	if (*placeholder) {
		buf_add_text(out, " \\fI");
		manual_add_escaped(out, placeholder);
		buf_add_text(out, "\\fR");
	}
	buf_add_char(out, '\n');
	manual_add_escaped(out, row->help);
	if (row->value && *row->value && strcmp(row->value, "false") != 0) {
		buf_add_text(out, " (default ");
		manual_add_escaped(out, row->value);
		buf_add_char(out, ')');
	}
	buf_add_char(out, '\n');
}
