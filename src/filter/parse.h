/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How filters are written in flags and on command lines. In: text. Out: the API's messages, which
 * are compiled elsewhere.
 *
 * Flags of the daemon take a sequence of JSON objects, one after another, on one line or many. The
 * command line also takes "key:value,key:value" of the keys of Filter.
 */
#pragma once

#include <stddef.h>

#include <tetragon/events.pb-c.h>

#include "base/diag.h"

/* Messages that were read; the pointers are of the list's type. */
struct message_list {
	ProtobufCMessage **items; /* owned, with what they point to */
	size_t count;
};

void message_list_done(struct message_list *list);
#define _cleanup_message_list_ _cleanup_(message_list_done)

/* NAME is what holds the text, such as "--export-allowlist". -EINVAL: DIAG says what is wrong and
 * at which line and column; -ENOMEM. */
int message_list_parse(const char *name, const char *text, const ProtobufCMessageDescriptor *type,
		       struct message_list *out, struct diag *diag);

static inline Tetragon__Filter *const *message_list_filters(const struct message_list *list)
{
	return (Tetragon__Filter *const *)list->items;
}

static inline Tetragon__FieldFilter *const *
message_list_field_filters(const struct message_list *list)
{
	return (Tetragon__FieldFilter *const *)list->items;
}

static inline Tetragon__RedactionFilter *const *
message_list_redaction_filters(const struct message_list *list)
{
	return (Tetragon__RedactionFilter *const *)list->items;
}

/*
 * One Filter of "event_set:PROCESS_KPROBE,namespace:default". A key that comes again gets another
 * value. A piece without "key:" belongs to the value before it, with its comma ("labels:a in
 * (b,c)"), but is a value of its own where names of the API are wanted
 * ("event_set:PROCESS_EXEC,PROCESS_EXIT");
 * "\," is a comma that ends nothing. Nested keys are joined by dots
 * ("capabilities.effective.any:CAP_SYS_ADMIN"). Free with protobuf_c_message_free_unpacked().
 */
int filter_parse_pairs(const char *name, const char *text, Tetragon__Filter **out,
		       struct diag *diag);
