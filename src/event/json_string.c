/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings of the JSON form. In: bytes of any kind. Out: a quoted string of valid UTF-8 with only
 * those escapes that JSON demands. Most strings need none: they are looked through while they are
 * copied, 16 bytes at a time, and only one that needs some is written again, character by
 * character.
 */
#include "event/json_put.h"

#include "base/utf8.h"

#define EACH_BYTE(value) (0x0101010101010101ULL * (value))

/*
 * Whether a byte of WORD cannot be copied as it is: below 0x20, the quote, the backslash, 0x80 and
 * up. A borrow can mark a byte wrongly, but only above one that is marked rightly.
 */
static inline bool has_special(uint64_t word)
{
	uint64_t quote = word ^ EACH_BYTE('"');
	uint64_t backslash = word ^ EACH_BYTE('\\');

	return (word | (word - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) |
		(backslash - EACH_BYTE(1))) &
	       EACH_BYTE(0x80);
}

static inline bool is_plain(char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

/* Below 16 bytes: two words that may overlap cover all of it. */
static inline bool copy_short(char *at, const char *text, size_t bytes)
{
	uint64_t first, last;
	uint32_t first_half, last_half;
	bool all_plain = true;

	if (bytes >= 8) {
		memcpy(&first, text, 8);
		memcpy(&last, text + bytes - 8, 8);
		memcpy(at, &first, 8);
		memcpy(at + bytes - 8, &last, 8);
		return !has_special(first) && !has_special(last);
	}
	if (bytes >= 4) {
		memcpy(&first_half, text, 4);
		memcpy(&last_half, text + bytes - 4, 4);
		memcpy(at, &first_half, 4);
		memcpy(at + bytes - 4, &last_half, 4);
		return !has_special((uint64_t)first_half << 32 | last_half);
	}
	for (size_t i = 0; i < bytes; i++) {
		at[i] = text[i];
		all_plain &= is_plain(text[i]);
	}
	return all_plain;
}

typedef int8_t bytes_16 __attribute__((vector_size(16)));
typedef uint64_t words_2 __attribute__((vector_size(16)));

/* What was seen in blocks so far, each byte all ones or zero: kept in the form that compares yield.
 */
struct block_marks {
	bytes_16 all_above; /* 0x20 and up; bytes from 0x80 up are negative here */
	bytes_16 any_quote; /* the quote, the backslash */
};

static inline void copy_block(char *at, const char *text, struct block_marks *marks)
{
	bytes_16 block;

	memcpy(&block, text, sizeof(block));
	memcpy(at, &block, sizeof(block));
	marks->all_above &= block > 0x1f;
	marks->any_quote |= (block == '"') | (block == '\\');
}

/* Copies TEXT; true when none of its bytes was special, so that the copy stands. */
static inline __attribute__((always_inline)) bool copy_plain(char *at, const char *text,
							     size_t bytes)
{
	struct block_marks marks = { .all_above = ~(bytes_16){} };
	words_2 special;

	if (bytes < sizeof(bytes_16))
		return copy_short(at, text, bytes);
	for (size_t i = 0; i + sizeof(bytes_16) < bytes; i += sizeof(bytes_16))
		copy_block(at + i, text + i, &marks);
	copy_block(at + bytes - sizeof(bytes_16), text + bytes - sizeof(bytes_16), &marks);
	special = (words_2)(~marks.all_above | marks.any_quote);
	return !(special[0] | special[1]);
}

static char *put_escape(char *at, char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char short_escapes[0x80] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
		['\t'] = 't', ['"'] = '"',  ['\\'] = '\\'
	};
	uint8_t byte = (uint8_t)c;

	*at++ = '\\';
	if (short_escapes[byte]) {
		*at++ = short_escapes[byte];
		return at;
	}
	memcpy(at, "u00", 3);
	at[3] = hex[byte >> 4];
	at[4] = hex[byte & 15];
	return at + 5;
}

/* How many bytes at the start of TEXT begin no valid character. */
static size_t count_invalid(const char *text, size_t bytes)
{
	size_t at = 0;

	while (at < bytes && !utf8_char_bytes(text + at, bytes - at))
		at++;
	return at;
}

/* Writes TEXT, each of whose bytes takes six bytes at most (a control character). */
static char *put_escaped(char *at, const char *text, size_t bytes)
{
	while (bytes) {
		size_t used = 1;

		if (is_plain(*text)) {
			*at++ = *text;
		} else if ((uint8_t)*text < 0x80) {
			at = put_escape(at, *text);
		} else if ((used = utf8_char_bytes(text, bytes))) {
			memcpy(at, text, used);
			at += used;
		} else {
			used = count_invalid(text, bytes);
			memcpy(at, "\xef\xbf\xbd", 3); /* U+FFFD */
			at += 3;
		}
		text += used;
		bytes -= used;
	}
	return at;
}

static __attribute__((noinline)) char *put_quoted_escaped(struct buf *out, char *at,
							  const char *text, size_t bytes)
{
	/* Lengths above SIZE_MAX / 6 cannot lie in memory. */
	at = json_reserve(out, at, bytes * 6 + 2);
	if (!at)
		return NULL;
	*at = '"';
	at = put_escaped(at + 1, text, bytes);
	*at++ = '"';
	return at;
}

static inline __attribute__((always_inline)) char *put_text(struct buf *out, char *at,
							    const char *text, size_t bytes)
{
	at = json_reserve(out, at, bytes + 2);
	if (!at)
		return NULL;
	if (!copy_plain(at + 1, text, bytes))
		return put_quoted_escaped(out, at, text, bytes);
	at[0] = '"';
	at[bytes + 1] = '"';
	return at + bytes + 2;
}

char *json_put_text(struct buf *out, char *at, const char *text, size_t bytes)
{
	return put_text(out, at, text, bytes);
}

char *json_put_string(struct buf *out, char *at, const void *value, const struct json_field *field)
{
	const char *text = *(char *const *)value;

	if (!text)
		text = "";
	return put_text(out, at, text, strlen(text));
}

void json_add_text(struct buf *out, const char *text, size_t bytes)
{
	char *at, *end;

	if (!buf_reserve(out, JSON_ROOM_BYTES))
		return;
	at = out->data + out->bytes;
	end = json_put_text(out, at, text, bytes);
	if (end)
		out->bytes = (size_t)(end - out->data);
}
