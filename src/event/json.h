/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON form of protobuf messages, as Go's protojson writes it with original field names.
 * In: a protobuf-c message (proto3). Out: one object, no newline, always valid UTF-8.
 *
 * Fields at their default are left out, members of a set oneof and wrappers are not; a oneof stands
 * where its lowest-numbered member stands, other fields follow their numbers, which in this API is
 * the order of declaration. 64-bit integers are strings, bytes base64, enums names (or bare numbers
 * without a name), map keys sorted. A run of bytes that is not UTF-8 becomes one U+FFFD. Times
 * outside years 1 to 9999 are clamped. When memory runs out nothing is appended and out->failed is
 * set.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include <tetragon/events.pb-c.h>

#include "base/buf.h"

/* What is known beforehand about a message type and all that it contains; made once, then only
 * read. */
struct json_encoder;

/* NULL: no memory. */
struct json_encoder *json_encoder_new(const ProtobufCMessageDescriptor *type);
void json_encoder_free(struct json_encoder *encoder);

static inline void json_encoder_cleanup(struct json_encoder **encoder)
{
	json_encoder_free(*encoder);
}
#define _cleanup_json_encoder_ _cleanup_(json_encoder_cleanup)

/* For streams of messages; MESSAGE is of the type that the encoder was made for. */
void json_encode(const struct json_encoder *encoder, struct buf *out,
		 const ProtobufCMessage *message);

/* One quoted string of valid UTF-8. */
void json_add_text(struct buf *out, const char *text, size_t bytes);

/* For a message now and then: makes an encoder for this one and drops it. */
void json_add_message(struct buf *out, const ProtobufCMessage *message);
