/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of an event file, as bytes: what can be read is written, must be read again, and must then
 * be written the same; its compact form must be possible or refused.
 */
#include "event/compact.h"
#include "event/json.h"
#include "event/json_parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_compact(const Tetragon__GetEventsResponse *event)
{
	const struct compact_options all = {
		.color = true, .timestamps = true, .stack_traces = true, .ima_hash = true
	};
	_cleanup_buf_ struct buf out = {};

	if (compact_add_event(&out, event, &all)) {
		if (out.bytes)
			abort();
	} else if (out.data[out.bytes - 1] != '\n' && out.data[out.bytes - 1] != 'm') {
		abort();
	}
}

static void check_rewriting(const Tetragon__GetEventsResponse *event)
{
	_cleanup_json_encoder_ struct json_encoder *encoder =
		json_encoder_new(&tetragon__get_events_response__descriptor);
	Tetragon__GetEventsResponse *again = NULL;
	_cleanup_buf_ struct buf first = {}, second = {};
	_cleanup_diag_ struct diag diag = {};
	int r;

	if (!encoder)
		abort();
	json_encode(encoder, &first, &event->base);
	r = json_parse_event(first.data, first.bytes, &again, &diag);
	/* Escapes and base64 can make a line longer than what is read. */
	if (r && first.bytes <= JSON_PARSE_BYTES_MAX)
		abort();
	if (r)
		return;
	json_encode(encoder, &second, &again->base);
	if (first.bytes != second.bytes || memcmp(first.data, second.data, first.bytes) != 0)
		abort();
	protobuf_c_message_free_unpacked(&again->base, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Tetragon__GetEventsResponse *event = NULL;
	_cleanup_diag_ struct diag diag = {};

	if (json_parse_event((const char *)data, size, &event, &diag)) {
		if (!diag.lines)
			abort();
		return 0;
	}
	check_rewriting(event);
	check_compact(event);
	protobuf_c_message_free_unpacked(&event->base, NULL);
	return 0;
}
