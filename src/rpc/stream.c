/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 streams to calls: headers are judged, one message is assembled, the method is run. */
#include <string.h>

#include "rpc/server_private.h"

static void stream_read_method(struct rpc_call *call, const uint8_t *value, size_t bytes)
{
	call->is_post = bytes == 4 && memcmp(value, "POST", 4) == 0;
}

static void stream_read_path(struct rpc_call *call, const uint8_t *value, size_t bytes)
{
	const struct rpc_methods *methods = &call->connection->server->methods;

	if (bytes > RPC_PATH_BYTES_MAX)
		return;
	for (size_t i = 0; i < methods->count; i++) {
		const char *path = methods->rows[i].path;

		if (strlen(path) == bytes && memcmp(path, value, bytes) == 0)
			call->method = &methods->rows[i];
	}
}

/* "application/grpc", "application/grpc+proto", "application/grpc;..." */
static void stream_read_content_type(struct rpc_call *call, const uint8_t *value, size_t bytes)
{
	static const char type[] = "application/grpc";
	size_t type_bytes = strlen(type);

	call->is_grpc =
		bytes >= type_bytes && memcmp(value, type, type_bytes) == 0 &&
		(bytes == type_bytes || value[type_bytes] == '+' || value[type_bytes] == ';');
}

static const struct {
	const char *name;
	void (*read)(struct rpc_call *call, const uint8_t *value, size_t bytes);
} stream_headers[] = {
	{ ":method", stream_read_method },
	{ ":path", stream_read_path },
	{ "content-type", stream_read_content_type },
};

static int stream_on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
				   void *context)
{
	struct rpc_connection *connection = context;
	struct rpc_call *call;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	call = call_new(connection, frame->hd.stream_id);
	if (!call)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, call);
	server_need_tick(connection->server);
	return flood_take_request(call);
}

static int stream_on_header(nghttp2_session *session, const nghttp2_frame *frame,
			    const uint8_t *name, size_t name_bytes, const uint8_t *value,
			    size_t value_bytes, uint8_t flags, void *context)
{
	struct rpc_call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	if (!call)
		return 0;
	/* 32: what RFC 9113 6.5.2 adds for each. */
	call->header_bytes += name_bytes + value_bytes + 32;
	if (call->header_bytes > RPC_HEADER_BYTES_MAX) {
		server_count_refusal(call->connection->server, RPC_REFUSED_HEADERS);
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	for (size_t i = 0; i < sizeof(stream_headers) / sizeof(stream_headers[0]); i++) {
		if (strlen(stream_headers[i].name) == name_bytes &&
		    memcmp(stream_headers[i].name, name, name_bytes) == 0)
			stream_headers[i].read(call, value, value_bytes);
	}
	return 0;
}

/* Something that does not speak gRPC gets an answer that it understands. */
static void stream_refuse_http(struct rpc_call *call, const char *status)
{
	nghttp2_nv header = { .name = (uint8_t *)":status",
			      .value = (uint8_t *)status,
			      .namelen = strlen(":status"),
			      .valuelen = strlen(status) };

	call->has_headers = true;
	call->is_finished = true;
	if (nghttp2_submit_response(call->connection->session, call->stream_id, &header, 1, NULL))
		call->connection->is_broken = true;
}

/* Runs the method. REQUEST is NULL for one that takes a stream of messages. */
static void stream_start_method(struct rpc_call *call, const uint8_t *request, size_t bytes)
{
	call->is_started = true;
	call->method->start(call->connection->server->methods.context, call, request, bytes);
	if (!call->is_finished && !call->is_stream)
		rpc_call_fail(call, RPC_INTERNAL, "the method gave no answer");
}

static void stream_judge_headers(struct rpc_call *call)
{
	if (!call->is_post)
		stream_refuse_http(call, "405");
	else if (!call->is_grpc)
		stream_refuse_http(call, "415");
	else if (!call->method)
		rpc_call_fail(call, RPC_UNIMPLEMENTED, "unknown method");
	else if (flood_judge(call) && call->method->takes_stream)
		stream_start_method(call, NULL, 0);
}

static void stream_end_request(struct rpc_call *call)
{
	call->is_requested = true;
	call->began_ns = clock_read_ns(CLOCK_MONOTONIC);
	if (call->is_finished)
		return;
	if (frame_reader_has_begun(&call->request) && !call->has_request) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "the request ends in the middle of its message");
	} else if (call->method->takes_stream) {
		call->hooks.requested(call->hooks.context, call);
	} else if (!call->has_request) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT,
			      "the request has no message; want exactly one");
	} else if (!call->is_started) {
		stream_start_method(call, (const uint8_t *)buf_text(&call->request.body),
				    call->request.body.bytes);
		frame_reader_done(&call->request);
		call_count_request(call, 0);
	}
}

static int stream_on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct rpc_connection *connection = context;
	struct rpc_call *call;

	if (frame->hd.type == NGHTTP2_SETTINGS)
		connection->has_settings = true;
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (!call)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		stream_judge_headers(call);
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		stream_end_request(call);
	return 0;
}

/* A message is whole: it is all of the request, or one of a stream. */
static void stream_take_message(struct rpc_call *call)
{
	if (!call->method->takes_stream) {
		call->has_request = true;
		return;
	}
	call->began_ns = clock_read_ns(CLOCK_MONOTONIC);
	if (!flood_take_message(call))
		return;
	call->hooks.message(call->hooks.context, call,
			    (const uint8_t *)buf_text(&call->request.body),
			    call->request.body.bytes);
	frame_reader_done(&call->request);
	call_count_request(call, 0);
}

static void stream_take_frame(struct rpc_call *call, enum frame_state state)
{
	switch (state) {
	case FRAME_INCOMPLETE:
		break;
	case FRAME_COMPLETE:
		stream_take_message(call);
		break;
	case FRAME_COMPRESSED:
		rpc_call_fail(call, RPC_UNIMPLEMENTED,
			      "compressed messages are not taken; send them as they are");
		break;
	case FRAME_TOO_LARGE:
		rpc_call_refuse(call, RPC_REFUSED_MESSAGE, RPC_RESOURCE_EXHAUSTED,
				"a message of %zu bytes is too large; want at most %lu",
				call->request.wanted, RPC_MESSAGE_BYTES_MAX);
		break;
	case FRAME_NO_MEMORY:
		rpc_call_refuse(call, RPC_REFUSED_MEMORY, RPC_RESOURCE_EXHAUSTED,
				"no memory for the request");
		break;
	}
}

static void stream_feed(struct rpc_call *call, const uint8_t *data, size_t bytes)
{
	while (bytes && !call->is_finished) {
		enum frame_state state;
		size_t used;

		if (call->has_request) {
			rpc_call_fail(call, RPC_UNIMPLEMENTED,
				      "more than one message; want exactly one");
			return;
		}
		state = frame_reader_feed(&call->request, data, bytes, &used);
		call_count_request(call, call->request.body.bytes);
		stream_take_frame(call, state);
		data += used;
		bytes -= used;
	}
}

static int stream_on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id,
			  const uint8_t *data, size_t bytes, void *context)
{
	struct rpc_connection *connection = context;
	struct rpc_call *call = nghttp2_session_get_stream_user_data(session, stream_id);

	if (!call || call->is_finished || !bytes)
		return 0;
	if (connection->request_bytes + bytes > RPC_CONNECTION_REQUEST_BYTES_MAX ||
	    connection->server->request_bytes + bytes > RPC_SERVER_REQUEST_BYTES_MAX) {
		rpc_call_refuse(call, RPC_REFUSED_MEMORY, RPC_RESOURCE_EXHAUSTED,
				"too many bytes of requests are under way; try again later");
		return 0;
	}
	stream_feed(call, data, bytes);
	if (call->is_finished) {
		frame_reader_done(&call->request);
		call_count_request(call, 0);
	}
	return 0;
}

/* A response that is complete before its request tells the peer not to go on sending. */
static int stream_on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	const struct rpc_call *call;

	if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)
		flood_earn(context);
	if (frame->hd.type != NGHTTP2_HEADERS || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (call && !call->is_requested)
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
					  NGHTTP2_NO_ERROR);
	return 0;
}

static int stream_on_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code,
			   void *context)
{
	struct rpc_call *call = nghttp2_session_get_stream_user_data(session, stream_id);

	if (call)
		call_free(call);
	return 0;
}

void stream_fill_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, flood_on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, stream_on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, stream_on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, stream_on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, stream_on_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, stream_on_frame_send);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_on_close);
}
