/* SPDX-License-Identifier: Apache-2.0 */
/* The growing byte buffer: growth, numbers, base64. No encodings of the domain here. */
#include "base/buf.h"

#include "base/base64.h"

#include <stdarg.h>
#include <stdio.h>

enum { BUF_BYTES_MIN = 256 };

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){};
}

bool buf_reserve_slow(struct buf *buf, size_t more)
{
	size_t wanted;
	char *data;

	if (buf->failed)
		return false;
	if (buf->capacity - buf->bytes >= more)
		return true;
	if (__builtin_add_overflow(buf->bytes, more, &wanted) || wanted > SIZE_MAX / 2) {
		buf->failed = true;
		return false;
	}
	wanted = wanted < BUF_BYTES_MIN ? BUF_BYTES_MIN : wanted;
	if (wanted < buf->capacity * 2)
		wanted = buf->capacity * 2;
	data = realloc(buf->data, wanted);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = wanted;
	return true;
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
	va_list args;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (bytes < 0 || !buf_reserve(buf, (size_t)bytes + 1))
		return;
	va_start(args, format);
	vsnprintf(buf->data + buf->bytes, (size_t)bytes + 1, format, args);
	va_end(args);
	buf->bytes += (size_t)bytes;
}

void buf_add_uint(struct buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_add_int(struct buf *buf, int64_t value)
{
	if (value < 0)
		buf_add_char(buf, '-');
	buf_add_uint(buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void buf_add_base64(struct buf *buf, const void *data, size_t bytes)
{
	if (!buf_reserve(buf, base64_bytes(bytes)))
		return;
	buf->bytes = (size_t)(base64_write(buf->data + buf->bytes, data, bytes) - buf->data);
}

void buf_drop_front(struct buf *buf, size_t bytes)
{
	if (bytes >= buf->bytes) {
		buf->bytes = 0;
		return;
	}
	buf->bytes -= bytes;
	memmove(buf->data, buf->data + bytes, buf->bytes);
}

const char *buf_text(struct buf *buf)
{
	if (!buf_reserve(buf, 1))
		return "";
	buf->data[buf->bytes] = '\0';
	return buf->data;
}
