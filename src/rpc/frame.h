/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's own framing inside HTTP/2 (grpc/grpc doc/PROTOCOL-HTTP2.md). In: bytes as they arrive.
 * Out: whole messages, and the text of a status in the form that a header can carry.
 *
 * A message that is sent is built once and shared by reference between streams. One thread: the
 * references are not atomic.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* One byte of flags, four of length, most significant first. */
enum { FRAME_HEAD_BYTES = 5 };

struct rpc_message {
	unsigned int references;
	size_t bytes;	   /* of the frame: head and body */
	uint8_t content[]; /* the frame */
};

/* A message with room for a body of BYTES bytes and one reference. NULL: no memory, or the body is
 * larger than the head can say. */
struct rpc_message *rpc_message_new(size_t bytes);
struct rpc_message *rpc_message_ref(struct rpc_message *message);
void rpc_message_unref(struct rpc_message *message); /* NULL is fine */

static inline uint8_t *rpc_message_body(struct rpc_message *message)
{
	return message->content + FRAME_HEAD_BYTES;
}

static inline void rpc_message_cleanup(struct rpc_message **message)
{
	rpc_message_unref(*message);
}
#define _cleanup_message_ _cleanup_(rpc_message_cleanup)

enum frame_state {
	FRAME_INCOMPLETE, /* wants more bytes */
	FRAME_COMPLETE,	  /* the body is whole */
	FRAME_COMPRESSED, /* the peer compressed, which was not agreed */
	FRAME_TOO_LARGE,  /* the head announces more than the maximum */
	FRAME_NO_MEMORY,
};

/* Assembles one message at a time. Memory grows with what arrived, not with what was announced. */
struct frame_reader {
	size_t bytes_max; /* of a body; set by the owner */
	uint8_t head[FRAME_HEAD_BYTES];
	size_t head_bytes;
	size_t wanted; /* of the body, from a complete head */
	struct buf body;
};

void frame_reader_done(struct frame_reader *reader);
/* Forgets the message and keeps the memory. */
void frame_reader_reset(struct frame_reader *reader);
/* Whether a message has begun to arrive. */
bool frame_reader_has_begun(const struct frame_reader *reader);
/* Takes bytes up to the end of one message; OUT_USED says how many. */
enum frame_state frame_reader_feed(struct frame_reader *reader, const uint8_t *data, size_t bytes,
				   size_t *out_used);

/* grpc-message: everything but printable ASCII, and the percent sign, as %XX. */
void frame_encode_status(struct buf *out, const char *text);
/* How many bytes of TEXT become at most ENCODED_MAX that way: all, or whole lines, or, when not
 * even the first line fits, whole characters of it. */
size_t frame_fit_status(const char *text, size_t encoded_max);
/* The inverse of frame_encode_status(). Broken escapes stay as they are; bytes that would move a
 * terminal become "?". */
void frame_decode_status(struct buf *out, const uint8_t *text, size_t bytes);
