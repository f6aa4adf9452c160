/* SPDX-License-Identifier: Apache-2.0 */
/* Collects findings for the user; printing them is the caller's. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

void diag_done(struct diag *diag)
{
	buf_done(&diag->text);
	diag->lines = 0;
}

void diag_add(struct diag *diag, const char *format, ...)
{
	char *line = NULL;
	va_list args;

	if (!diag)
		return;
	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		line = NULL;
	va_end(args);
	buf_add_text(&diag->text, line ? line : "out of memory");
	buf_add_char(&diag->text, '\n');
	diag->lines++;
	free(line);
}

void diag_add_lines(struct diag *diag, struct span text)
{
	while (text.bytes) {
		struct span line = span_cut(&text, '\n');

		diag_add(diag, "%.*s", (int)line.bytes, line.data);
	}
}
