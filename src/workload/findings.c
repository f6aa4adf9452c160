/* SPDX-License-Identifier: Apache-2.0 */
/* Counts and writes findings; texts of the file are made harmless before they are quoted. */
#include "workload/findings.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/utf8.h"

/* Enough to recognise a name. */
enum { QUOTE_BYTES_MAX = 64 };

void findings_add(struct findings *findings, unsigned int line, const char *format, ...)
{
	_cleanup_free_ char *sentence = NULL;
	va_list arguments;

	if (findings->count++ >= FINDINGS_SHOWN_MAX)
		return;
	va_start(arguments, format);
	if (vasprintf(&sentence, format, arguments) < 0)
		sentence = NULL;
	va_end(arguments);
	diag_add(findings->diag, "%s:%u: %s", findings->name, line,
		 sentence ? sentence : "out of memory");
}

void findings_end(struct findings *findings)
{
	if (findings->count > FINDINGS_SHOWN_MAX)
		diag_add(findings->diag, "%s: %u more mistakes are not shown", findings->name,
			 findings->count - FINDINGS_SHOWN_MAX);
}

/* C0, DEL, and C1, which is two bytes in UTF-8. */
static bool is_control(const char *at, size_t bytes)
{
	unsigned char first = (unsigned char)at[0];

	return first < 0x20 || first == 0x7f ||
	       (bytes == 2 && first == 0xc2 && (unsigned char)at[1] < 0xa0);
}

static size_t add_safe(struct buf *out, struct span text, size_t bytes_max)
{
	size_t offset = 0;

	while (offset < text.bytes) {
		const char *at = text.data + offset;
		size_t bytes = utf8_char_bytes(at, text.bytes - offset);

		if (offset + bytes > bytes_max)
			break;
		if (!bytes || is_control(at, bytes))
			buf_add_char(out, '?');
		else
			buf_add(out, at, bytes);
		offset += bytes ? bytes : 1;
	}
	return offset;
}

void findings_add_safe(struct buf *out, struct span text)
{
	add_safe(out, text, text.bytes);
}

void findings_add_quoted(struct buf *out, struct span text)
{
	buf_add_char(out, '"');
	if (add_safe(out, text, QUOTE_BYTES_MAX) < text.bytes)
		buf_add_text(out, "...");
	buf_add_char(out, '"');
}
