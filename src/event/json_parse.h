/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text -> protobuf messages: lines of an event file, and messages in options.
 * In: bytes from anywhere. Out: a message for protobuf_c_message_free_unpacked(), or what is wrong
 * where.
 *
 * Names may be original or lowerCamelCase; integers numbers or strings; null is as if absent. A
 * name that is given twice is a mistake.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include <tetragon/events.pb-c.h>

#include "base/diag.h"
#include "base/span.h"

/* Many times the longest event: 128 KiB of arguments twice, a few buffers of arguments, all
 * escaped. */
#define JSON_PARSE_BYTES_MAX (4u * 1024 * 1024)
/* Events nest less than 10 deep; the rest is for fields that we do not know. */
#define JSON_PARSE_DEPTH_MAX 64u
/* A value takes about 100 bytes of memory; events have some hundreds, long lists some thousands. */
#define JSON_PARSE_VALUES_MAX 65536u
/* A reader wants the first mistakes, not all that a hostile line can hold. */
#define JSON_PARSE_MISTAKES_MAX 10u

enum json_unknown {
	JSON_UNKNOWN_SKIP,   /* fields and enum names of a newer writer are left out */
	JSON_UNKNOWN_REFUSE, /* they are somebody's typing mistakes */
};

/* -EINVAL: DIAG says what is wrong and what would be right; -ENOMEM. */
int json_parse_message(struct span text, const ProtobufCMessageDescriptor *type,
		       enum json_unknown unknown, ProtobufCMessage **out, struct diag *diag);

/* One line of an event file, with or without its newline; unknown fields are skipped. */
int json_parse_event(const char *line, size_t bytes, Tetragon__GetEventsResponse **out,
		     struct diag *diag);
