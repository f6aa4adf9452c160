/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of UTF-8 and repair by U+FFFD, with a fast path for ASCII. */
#include "base/utf8.h"

static bool utf8_is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_char_bytes(const char *data, size_t bytes)
{
	const unsigned char *c = (const unsigned char *)data;

	if (!bytes)
		return 0;
	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4 || bytes < 2 || !utf8_is_tail(data[1]))
		return 0;
	if (c[0] < 0xe0)
		return 2;
	/* the second byte tells overlong forms, surrogates and numbers beyond the last plane */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	if (bytes < 3 || !utf8_is_tail(data[2]))
		return 0;
	if (c[0] < 0xf0)
		return 3;
	return bytes >= 4 && utf8_is_tail(data[3]) ? 4 : 0;
}

static size_t utf8_ascii_bytes(const char *data, size_t bytes)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof(word) <= bytes; i += sizeof(word)) {
		memcpy(&word, data + i, sizeof(word));
		if (word & 0x8080808080808080ULL)
			break;
	}
	while (i < bytes && (unsigned char)data[i] < 0x80)
		i++;
	return i;
}

void utf8_add_valid(struct buf *out, const char *data, size_t bytes)
{
	while (bytes) {
		size_t run = utf8_ascii_bytes(data, bytes);

		if (!run)
			run = utf8_char_bytes(data, bytes);
		if (run) {
			buf_add(out, data, run);
		} else {
			buf_add(out, "\xef\xbf\xbd", 3);
			while (run < bytes && !utf8_char_bytes(data + run, bytes - run))
				run++;
		}
		data += run;
		bytes -= run;
	}
}
