/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client's bytes meet after HTTP/2: framing, the request's fields, the filters, the text of
 * a status. In: one byte that chooses the piece size, then the bytes of a GetEvents call. Out:
 * nothing; a defect ends the program.
 */
#include <assert.h>
#include <string.h>

#include "service/service_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void fuzz_request(const uint8_t *data, size_t bytes)
{
	_cleanup_(service_free_request) ProtobufCMessage *request =
		service_unpack(&tetragon__get_events_request__descriptor, data, bytes);
	_cleanup_message_ struct rpc_message *packed = NULL;
	_cleanup_diag_ struct diag diag = {};
	const struct filter_options options = {};
	struct event_filter *list = NULL, *filter = NULL;
	int error;

	if (!request)
		return;
	error = event_filter_get(&list, (const Tetragon__GetEventsRequest *)request, &options,
				 &filter, &diag);
	/* Refused with a reason, or applied. */
	assert(error ? diag.lines > 0 : diag.lines == 0);
	event_filter_put(&list, filter);
	assert(!list);
	packed = service_pack(request);
	assert(packed && packed->bytes >= FRAME_HEAD_BYTES);
}

static void fuzz_status(const uint8_t *data, size_t bytes)
{
	_cleanup_buf_ struct buf text = {};
	_cleanup_buf_ struct buf encoded = {};
	_cleanup_buf_ struct buf again = {};

	frame_decode_status(&text, data, bytes);
	frame_encode_status(&encoded, buf_text(&text));
	frame_decode_status(&again, (const uint8_t *)encoded.data, encoded.bytes);
	assert(strcmp(buf_text(&text), buf_text(&again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct frame_reader reader = { .bytes_max = 1 << 16 };
	size_t piece;

	if (!bytes)
		return 0;
	piece = (size_t)*data++ + 1;
	bytes--;
	fuzz_status(data, bytes);
	while (bytes) {
		size_t used = 0;
		enum frame_state state =
			frame_reader_feed(&reader, data, bytes < piece ? bytes : piece, &used);

		assert(used <= bytes && reader.body.bytes <= reader.bytes_max);
		data += used;
		bytes -= used;
		if (state == FRAME_COMPLETE)
			fuzz_request((const uint8_t *)buf_text(&reader.body), reader.body.bytes);
		else if (state != FRAME_INCOMPLETE)
			break;
		if (state == FRAME_COMPLETE)
			frame_reader_reset(&reader);
	}
	frame_reader_done(&reader);
	return 0;
}
