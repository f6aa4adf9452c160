/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC framing and shared messages; nothing of HTTP/2 here. */
#include "rpc/frame.h"

#include <stdlib.h>
#include <string.h>

struct rpc_message *rpc_message_new(size_t bytes)
{
	struct rpc_message *message;

	if (bytes > UINT32_MAX)
		return NULL;
	message = malloc(sizeof(*message) + FRAME_HEAD_BYTES + bytes);
	if (!message)
		return NULL;
	message->references = 1;
	message->bytes = FRAME_HEAD_BYTES + bytes;
	message->content[0] = 0;
	for (int i = 0; i < 4; i++)
		message->content[1 + i] = (uint8_t)(bytes >> (24 - 8 * i));
	return message;
}

struct rpc_message *rpc_message_ref(struct rpc_message *message)
{
	message->references++;
	return message;
}

void rpc_message_unref(struct rpc_message *message)
{
	if (message && --message->references == 0)
		free(message);
}

void frame_reader_done(struct frame_reader *reader)
{
	buf_done(&reader->body);
	frame_reader_reset(reader);
}

void frame_reader_reset(struct frame_reader *reader)
{
	buf_reset(&reader->body);
	reader->head_bytes = 0;
	reader->wanted = 0;
}

bool frame_reader_has_begun(const struct frame_reader *reader)
{
	return reader->head_bytes > 0;
}

static enum frame_state frame_check_head(struct frame_reader *reader)
{
	const uint8_t *head = reader->head;

	reader->wanted =
		(size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
	if (head[0])
		return FRAME_COMPRESSED;
	return reader->wanted > reader->bytes_max ? FRAME_TOO_LARGE : FRAME_INCOMPLETE;
}

/* How many of BYTES that are there go to WANTED that are missing. */
static size_t frame_take(size_t wanted, size_t bytes)
{
	return wanted < bytes ? wanted : bytes;
}

enum frame_state frame_reader_feed(struct frame_reader *reader, const uint8_t *data, size_t bytes,
				   size_t *out_used)
{
	size_t head = frame_take(FRAME_HEAD_BYTES - reader->head_bytes, bytes);
	enum frame_state state = FRAME_INCOMPLETE;
	size_t body;

	memcpy(reader->head + reader->head_bytes, data, head);
	reader->head_bytes += head;
	*out_used = head;
	if (reader->head_bytes < FRAME_HEAD_BYTES)
		return FRAME_INCOMPLETE;
	if (head)
		state = frame_check_head(reader);
	if (state != FRAME_INCOMPLETE)
		return state;
	body = frame_take(reader->wanted - reader->body.bytes, bytes - head);
	buf_add(&reader->body, data + head, body);
	*out_used += body;
	if (reader->body.failed)
		return FRAME_NO_MEMORY;
	return reader->body.bytes == reader->wanted ? FRAME_COMPLETE : FRAME_INCOMPLETE;
}

/* Whether a header carries the byte as it is. */
static bool frame_is_plain(uint8_t byte)
{
	return byte >= ' ' && byte <= '~' && byte != '%';
}

void frame_encode_status(struct buf *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		uint8_t byte = (uint8_t)*text;

		if (frame_is_plain(byte)) {
			buf_add_char(out, *text);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[byte >> 4]);
		buf_add_char(out, digits[byte & 15]);
	}
}

size_t frame_fit_status(const char *text, size_t encoded_max)
{
	size_t encoded = 0;
	size_t characters = 0; /* bytes up to the last character that fits */
	size_t lines = 0;      /* bytes up to the last line that does */
	size_t at = 0;

	for (; text[at]; at++) {
		uint8_t byte = (uint8_t)text[at];

		/* In UTF-8 all bytes of a character but the first are 10xxxxxx. */
		if ((byte & 0xc0) != 0x80)
			characters = at;
		if (at && text[at - 1] == '\n')
			lines = at;
		encoded += frame_is_plain(byte) ? 1 : 3;
		if (encoded > encoded_max)
			return lines ? lines : characters;
	}
	return at;
}

static int frame_hex(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

void frame_decode_status(struct buf *out, const uint8_t *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		uint8_t byte = text[i];

		if (byte == '%' && bytes - i > 2 && frame_hex(text[i + 1]) >= 0 &&
		    frame_hex(text[i + 2]) >= 0) {
			byte = (uint8_t)(frame_hex(text[i + 1]) << 4 | frame_hex(text[i + 2]));
			i += 2;
		}
		/* UTF-8 passes, C0 control characters and DEL do not. */
		if (byte < ' ' && byte != '\n' && byte != '\t')
			byte = '?';
		buf_add_char(out, byte == 0x7f ? '?' : (char)byte);
	}
}
