/* SPDX-License-Identifier: Apache-2.0 */
/* Is it text, and where do its lines begin. */
#include "policy/source.h"

#include <errno.h>
#include <stdbool.h>

#include "base/utf8.h"
#include "policy/report.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* Bytes of the line end at DATA, or 0. */
static size_t source_line_end(const char *data, size_t bytes)
{
	/* Nearly every byte goes here. */
	if (!bytes || (data[0] != '\n' && data[0] != '\r' && !(data[0] & 0x80)))
		return 0;
	if (bytes >= 2 && data[0] == '\r' && data[1] == '\n')
		return 2;
	if (data[0] == '\n' || data[0] == '\r')
		return 1;
	if (bytes >= 2 && memcmp(data, "\xc2\x85", 2) == 0)
		return 2;
	if (bytes >= 3 &&
	    (memcmp(data, "\xe2\x80\xa8", 3) == 0 || memcmp(data, "\xe2\x80\xa9", 3) == 0))
		return 3;
	return 0;
}

struct span source_get_line(const struct source *source, uint32_t number)
{
	struct span text = source->text;
	size_t start = 0, i = 0;
	uint32_t line = 1;

	while (i < text.bytes) {
		size_t end = source_line_end(text.data + i, text.bytes - i);

		if (end && line == number)
			break;
		line += end ? 1 : 0;
		i += end ? end : 1;
		start = end ? i : start;
	}
	if (line != number)
		return (struct span){ .data = "" };
	return (struct span){ text.data + start, i - start };
}

/* What YAML allows: tab, line ends, and everything printable. */
static bool source_is_allowed(const char *at, size_t bytes)
{
	unsigned char first = (unsigned char)at[0];

	if (bytes == 1)
		return first >= 0x20 ? first != 0x7f
				     : first == '\t' || first == '\n' || first == '\r';
	if (bytes == 2 && first == 0xc2)
		return (unsigned char)at[1] >= 0xa0 || (unsigned char)at[1] == 0x85;
	if (bytes == 3 && memcmp(at, byte_order_mark, 3) == 0)
		return false;
	/* U+FFFE and U+FFFF */
	return !(bytes == 3 && memcmp(at, "\xef\xbf", 2) == 0 && (unsigned char)at[2] >= 0xbe);
}

/* Completes the finding about the first thing that is no text. */
static void source_explain(struct finding *finding, const char *at, size_t char_bytes)
{
	if (!char_bytes)
		finding_hint(finding, "save it as UTF-8");
	else if (!at[0])
		finding_hint(finding, "files are text; write \"\\0\" in double quotes where a "
				      "value needs it");
	else
		finding_hint(finding,
			     "write it as \"\\x%02x\" in double quotes where a value needs it",
			     (unsigned char)at[char_bytes - 1]);
}

static int source_check_characters(const struct source *source, struct report *report)
{
	struct place place = { .line = 1, .column = 1, .width = 1 };
	struct span text = source->text;
	size_t i = 0;

	while (i < text.bytes) {
		const char *at = text.data + i;
		size_t bytes = utf8_char_bytes(at, text.bytes - i);
		size_t end = source_line_end(at, text.bytes - i);

		if (!bytes || !source_is_allowed(at, bytes)) {
			struct finding *finding =
				bytes ? report_error(report, place,
						     "a control character stands here")
				      : report_error(report, place, "byte 0x%02x is not UTF-8",
						     (unsigned char)at[0]);

			source_explain(finding, at, bytes);
			return -EINVAL;
		}
		place.line += end ? 1 : 0;
		place.column = end ? 1 : place.column + 1;
		i += end ? end : bytes;
	}
	return 0;
}

int source_init(struct source *source, const char *name, struct span text, struct report *report)
{
	*source = (struct source){ .name = name, .text = text };
	report->source = source;
	if (text.bytes >= 2 &&
	    (memcmp(text.data, "\xff\xfe", 2) == 0 || memcmp(text.data, "\xfe\xff", 2) == 0)) {
		source->text = span_of("");
		finding_hint(report_error(report, (struct place){}, "the text is UTF-16"),
			     "save it as UTF-8");
		return -EINVAL;
	}
	if (text.bytes > SOURCE_BYTES_MAX) {
		report_error(report, (struct place){},
			     "the text has %zu bytes; a file has at most %u", text.bytes,
			     SOURCE_BYTES_MAX);
		return -EINVAL;
	}
	if (text.bytes >= 3 && memcmp(text.data, byte_order_mark, 3) == 0)
		source->text = (struct span){ text.data + 3, text.bytes - 3 };
	return source_check_characters(source, report);
}
