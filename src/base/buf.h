/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer. In: bytes and text. Out: one contiguous run of bytes.
 *
 * Appending never fails half-way: when memory runs out the buffer keeps what it had, remembers
 * `failed`, and ignores further appends; the owner asks once at the end. A zeroed struct is an
 * empty buffer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

struct buf {
	char *data;	 /* owned; not NUL-terminated, see buf_text() */
	size_t bytes;	 /* used */
	size_t capacity; /* allocated */
	bool failed;	 /* an append was refused for lack of memory since the last reset */
};

void buf_done(struct buf *buf);

/* Makes room for MORE bytes. False: no memory, the buffer is unchanged and marked failed. */
bool buf_reserve_slow(struct buf *buf, size_t more);

static inline bool buf_reserve(struct buf *buf, size_t more)
{
	if (__builtin_expect(buf->capacity - buf->bytes >= more && !buf->failed, 1))
		return true;
	return buf_reserve_slow(buf, more);
}

/* Empties the buffer and keeps its memory. */
static inline void buf_reset(struct buf *buf)
{
	buf->bytes = 0;
	buf->failed = false;
}

static inline void buf_add(struct buf *buf, const void *data, size_t bytes)
{
	if (!bytes || !buf_reserve(buf, bytes))
		return;
	memcpy(buf->data + buf->bytes, data, bytes);
	buf->bytes += bytes;
}

static inline void buf_add_char(struct buf *buf, char c)
{
	if (!buf_reserve(buf, 1))
		return;
	buf->data[buf->bytes++] = c;
}

static inline void buf_add_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_uint(struct buf *buf, uint64_t value); /* decimal */
void buf_add_int(struct buf *buf, int64_t value);   /* decimal */
void buf_add_base64(struct buf *buf, const void *data,
		    size_t bytes); /* standard alphabet, padded */

/* Removes the first BYTES bytes. */
void buf_drop_front(struct buf *buf, size_t bytes);

/* The content as a C string, valid until the next change; "" after a failure to allocate. */
const char *buf_text(struct buf *buf);

#define _cleanup_buf_ _cleanup_(buf_done)
