/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the JSON encoder writes: through a cursor into the buffer, so that most values cost one check
 * for room. While a cursor is out, out->bytes is stale. Private to json*.c.
 */
#pragma once

#include "event/json_plan.h"

#include "base/buf.h"

/* At least this many bytes of room stand behind the cursor wherever a value begins. */
enum { JSON_ROOM_BYTES = 64 };

/*
 * Writes the value at VALUE at AT and returns the end of it; NULL when memory runs out. What can be
 * longer than JSON_ROOM_BYTES makes its own room.
 */
typedef char *json_put(struct buf *out, char *at, const void *value,
		       const struct json_field *field);

/* Makes room for MORE bytes at AT; returns AT (or where it moved), NULL when memory runs out. */
static inline char *json_reserve(struct buf *out, char *at, size_t more)
{
	if (__builtin_expect((size_t)(out->data + out->capacity - at) >= more, 1))
		return at;
	out->bytes = (size_t)(at - out->data);
	return buf_reserve_slow(out, more) ? out->data + out->bytes : NULL;
}

/* Writes the BYTES of TEXT as one quoted string of valid UTF-8. */
char *json_put_text(struct buf *out, char *at, const char *text, size_t bytes);

/* The same for a field that is a string; NULL stands for "". */
json_put json_put_string;
