/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages with everything filled, for tests that must see each field of the API.
 * In: a descriptor. Out: a message for protobuf_c_message_free_unpacked() in which no field is at
 * its default and values differ from each other.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

/*
 * Of each oneof in TYPE itself the MEMBER-th member is set (counted around). In what it contains, a
 * list of messages with a oneof has one element per member, others have two elements. Types must
 * not contain themselves.
 */
ProtobufCMessage *fill_message(const ProtobufCMessageDescriptor *type, unsigned int member);

/* The longest oneof of TYPE; 1 when it has none. */
unsigned int fill_member_count(const ProtobufCMessageDescriptor *type);

enum { FILL_TYPES_MAX = 256 };

/* All message types of the API once: the events, and what goes in and out of the services. */
unsigned int fill_all_types(const ProtobufCMessageDescriptor *types[FILL_TYPES_MAX]);
