/* SPDX-License-Identifier: Apache-2.0 */
/* A run of bytes that somebody else owns. */
#pragma once

#include <stddef.h>
#include <string.h>

struct span {
	const char *data;
	size_t bytes;
};

static inline struct span span_of(const char *text)
{
	return (struct span){ .data = text, .bytes = strlen(text) };
}

/* Cuts what stands before the first SEPARATOR off REST; the last piece takes all. */
static inline struct span span_cut(struct span *rest, char separator)
{
	const char *end = rest->bytes ? memchr(rest->data, separator, rest->bytes) : NULL;
	struct span piece = { rest->data, end ? (size_t)(end - rest->data) : rest->bytes };
	size_t used = piece.bytes + (end ? 1 : 0);

	if (used) /* an empty span may have no data, and nothing may be added to NULL */
		rest->data += used;
	rest->bytes -= used;
	return piece;
}
