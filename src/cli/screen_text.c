/* SPDX-License-Identifier: Apache-2.0 */
/* Counts columns by code points; what may be wide is taken as wide, so that no line wraps. */
#include "cli/screen_text.h"

#include <inttypes.h>
#include <sys/ioctl.h>

/* Below it nothing is wide (Unicode, East Asian Width). */
enum { WIDE_FROM = 0x1100 };

size_t screen_get_columns(int fd)
{
	struct winsize size = {};

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Columns of the letter at TEXT, and its BYTES; text that is no UTF-8 counts byte by byte. */
static size_t letter_measure(const char *text, size_t left, size_t *bytes)
{
	unsigned char first = (unsigned char)*text;
	size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;

	*bytes = size <= left ? size : left;
	/* U+1100 is e1 84 80 */
	return first > 0xe1 || (first == 0xe1 && left > 1 && (unsigned char)text[1] >= 0x84) ? 2
											     : 1;
}

void screen_add_cut(struct buf *out, const char *text, size_t bytes, size_t columns)
{
	size_t at = 0, used = 0;

	if (!columns) {
		buf_add(out, text, bytes);
		return;
	}
	while (at < bytes) {
		size_t size;

		used += letter_measure(text + at, bytes - at, &size);
		if (used > columns)
			break;
		at += size;
	}
	buf_add(out, text, at);
}

void screen_add_elapsed(struct buf *out, int64_t seconds)
{
	if (seconds < 0) {
		buf_add_char(out, '-');
		return;
	}
	if (seconds >= 86400)
		buf_add_format(out, "%" PRId64 "-", seconds / 86400);
	if (seconds >= 3600)
		buf_add_format(out, "%02" PRId64 ":", seconds / 3600 % 24);
	buf_add_format(out, "%02" PRId64 ":%02" PRId64, seconds / 60 % 60, seconds % 60);
}

static void add_scaled(struct buf *out, double value, double step)
{
	static const char letters[] = " KMGTPE";
	size_t scale = 0;

	while (value >= step && scale + 2 < sizeof(letters)) {
		value /= step;
		scale++;
	}
	if (!scale)
		buf_add_format(out, "%.0f", value);
	else
		buf_add_format(out, value < 9.95 ? "%.1f%c" : "%.0f%c", value, letters[scale]);
}

void screen_add_bytes(struct buf *out, uint64_t bytes)
{
	add_scaled(out, (double)bytes, 1024);
}

void screen_add_count(struct buf *out, double count)
{
	add_scaled(out, count, 1000);
}
