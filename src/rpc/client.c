/* SPDX-License-Identifier: Apache-2.0 */
/* The client: one HTTP/2 session on one socket, run by poll(2) while a call is under way. */
#include "rpc/client.h"

#include <errno.h>
#include <inttypes.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "rpc/address.h"
#include "rpc/frame.h"
#include "rpc/limits.h"
#include "rpc/tls.h"

/* The call under way. */
struct client_call {
	const struct rpc_request *request;
	struct rpc_response *response;
	int32_t stream_id;
	size_t sent; /* of the request's frame */
	struct rpc_message *message;
	struct frame_reader reader;
	unsigned int http_status;
	bool has_status; /* grpc-status was seen */
	bool is_closed;
	int error; /* what rpc_client_call() returns; 0: the server's status counts */
};

struct rpc_client {
	int fd;
	struct tls *tls; /* NULL: in clear */
	nghttp2_session *session;
	struct buf unsent;
	struct buf why; /* the server's last words, or TLS's, about the end of the connection */
	char authority[256];
	struct client_call *call; /* NULL between calls */
};

/* Only the stream of the call under way matters; there is never another. */
static struct client_call *client_get_call(void *context, int32_t stream_id)
{
	struct rpc_client *client = context;

	return client->call && client->call->stream_id == stream_id ? client->call : NULL;
}

static void client_give_up(struct client_call *call, int error)
{
	if (!call->error)
		call->error = error;
}

static void client_read_http_status(struct client_call *call, const char *value)
{
	call->http_status = (unsigned int)strtoul(value, NULL, 10);
}

static void client_read_status(struct client_call *call, const char *value)
{
	unsigned long status = strtoul(value, NULL, 10);

	call->has_status = true;
	call->response->status = status <= 16 ? (enum rpc_status)status : RPC_UNKNOWN;
}

static void client_read_message(struct client_call *call, const char *value)
{
	_cleanup_buf_ struct buf text = {};

	frame_decode_status(&text, (const uint8_t *)value, strlen(value));
	snprintf(call->response->text, sizeof(call->response->text), "%s", buf_text(&text));
}

static const struct {
	const char *name;
	void (*read)(struct client_call *call, const char *value);
} client_headers[] = {
	{ ":status", client_read_http_status },
	{ "grpc-status", client_read_status },
	{ "grpc-message", client_read_message },
};

/* nghttp2 ends names and values with a NUL byte. */
static int client_on_header(nghttp2_session *session, const nghttp2_frame *frame,
			    const uint8_t *name, size_t name_bytes, const uint8_t *value,
			    size_t value_bytes, uint8_t flags, void *context)
{
	struct client_call *call = client_get_call(context, frame->hd.stream_id);

	for (size_t i = 0; call && i < sizeof(client_headers) / sizeof(client_headers[0]); i++) {
		if (strcmp(client_headers[i].name, (const char *)name) == 0)
			client_headers[i].read(call, (const char *)value);
	}
	return 0;
}

static void client_take_frame(struct client_call *call, enum frame_state state)
{
	const struct rpc_request *request = call->request;

	switch (state) {
	case FRAME_INCOMPLETE:
		break;
	case FRAME_COMPLETE:
		if (request->on_message(request->context,
					(const uint8_t *)buf_text(&call->reader.body),
					call->reader.body.bytes))
			client_give_up(call, -ECANCELED);
		frame_reader_reset(&call->reader);
		break;
	case FRAME_COMPRESSED:
		snprintf(call->response->text, sizeof(call->response->text),
			 "the server sends compressed messages");
		client_give_up(call, -EPROTO);
		break;
	case FRAME_TOO_LARGE:
		snprintf(call->response->text, sizeof(call->response->text),
			 "a message of %zu bytes is larger than the maximum of %zu",
			 call->reader.wanted, call->reader.bytes_max);
		client_give_up(call, -EMSGSIZE);
		break;
	case FRAME_NO_MEMORY:
		client_give_up(call, -ENOMEM);
		break;
	}
}

static int client_on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id,
			  const uint8_t *data, size_t bytes, void *context)
{
	struct client_call *call = client_get_call(context, stream_id);

	while (call && !call->error && call->http_status == 200 && bytes) {
		size_t used;

		client_take_frame(call, frame_reader_feed(&call->reader, data, bytes, &used));
		data += used;
		bytes -= used;
	}
	return 0;
}

static int client_on_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code,
			   void *context)
{
	struct client_call *call = client_get_call(context, stream_id);

	if (call)
		call->is_closed = true;
	return 0;
}

static ssize_t client_read_request(nghttp2_session *session, int32_t stream_id, uint8_t *out,
				   size_t bytes, uint32_t *flags, nghttp2_data_source *source,
				   void *context)
{
	struct client_call *call = source->ptr;
	size_t part = call->message->bytes - call->sent;

	if (part > bytes)
		part = bytes;
	memcpy(out, call->message->content + call->sent, part);
	call->sent += part;
	if (call->sent == call->message->bytes)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)part;
}

/* A server that goes away may say why. */
static int client_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct rpc_client *client = context;

	if (frame->hd.type != NGHTTP2_GOAWAY || !frame->goaway.opaque_data_len)
		return 0;
	buf_reset(&client->why);
	frame_decode_status(&client->why, frame->goaway.opaque_data, frame->goaway.opaque_data_len);
	return 0;
}

static int client_start_session(struct rpc_client *client)
{
	nghttp2_session_callbacks *callbacks;
	int error;

	if (nghttp2_session_callbacks_new(&callbacks))
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, client_on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, client_on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, client_on_close);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, client_on_frame);
	error = nghttp2_session_client_new(&client->session, callbacks, client);
	nghttp2_session_callbacks_del(callbacks);
	if (error || nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, NULL, 0))
		return -ENOMEM;
	return 0;
}

static void client_cleanup(struct rpc_client **client)
{
	rpc_client_free(*client);
}

int rpc_client_connect(struct rpc_client **out, const char *address,
		       const struct rpc_client_tls *tls, uint64_t timeout_ns, struct diag *diag)
{
	_cleanup_(client_cleanup) struct rpc_client *client = calloc(1, sizeof(*client));
	uint64_t deadline_ns = clock_read_deadline_ns(CLOCK_MONOTONIC, timeout_ns);
	int error;

	if (!client)
		return -ENOMEM;
	client->fd = -1;
	if (tls && address_is_unix(address)) {
		diag_add(diag, "bad address \"%s\": a unix socket speaks no TLS; want host:port",
			 address);
		return -EINVAL;
	}
	error = address_connect(address, timeout_ns, &client->fd, diag);
	if (!error && tls)
		error = tls_connect(&client->tls, client->fd, address, tls, deadline_ns, diag);
	if (error)
		return error;
	/* A path is no authority; servers want some word there. */
	snprintf(client->authority, sizeof(client->authority), "%s",
		 address_is_unix(address) ? "localhost" : address);
	error = client_start_session(client);
	if (error)
		return error;
	*out = TAKE_PTR(client);
	return 0;
}

void rpc_client_free(struct rpc_client *client)
{
	if (!client)
		return;
	nghttp2_session_del(client->session);
	tls_free(client->tls);
	cleanup_close(&client->fd);
	buf_done(&client->unsent);
	buf_done(&client->why);
	free(client);
}

/* Bytes, or a negative errno. */
static ssize_t client_send(struct rpc_client *client, const void *data, size_t bytes)
{
	ssize_t sent;

	if (client->tls)
		return tls_write(client->tls, data, bytes);
	sent = send(client->fd, data, bytes, MSG_NOSIGNAL);
	return sent < 0 ? -errno : sent;
}

static ssize_t client_receive(struct rpc_client *client, void *out, size_t bytes)
{
	ssize_t got;

	if (client->tls)
		return tls_read(client->tls, out, bytes);
	got = recv(client->fd, out, bytes, 0);
	return got < 0 ? -errno : got;
}

static int client_write(struct rpc_client *client)
{
	for (;;) {
		const uint8_t *data;
		ssize_t bytes;

		if (client->unsent.bytes) {
			bytes = client_send(client, client->unsent.data, client->unsent.bytes);
			if (bytes < 0)
				return bytes == -EAGAIN || bytes == -EINTR ? 0 : (int)bytes;
			buf_drop_front(&client->unsent, (size_t)bytes);
			continue;
		}
		bytes = nghttp2_session_mem_send(client->session, &data);
		if (bytes < 0)
			return -EPROTO;
		if (bytes == 0)
			return 0;
		buf_add(&client->unsent, data, (size_t)bytes);
		if (client->unsent.failed)
			return -ENOMEM;
	}
}

/* 1: something was read, 0: nothing is there now. */
static int client_read(struct rpc_client *client)
{
	uint8_t data[RPC_READ_BYTES];
	ssize_t bytes = client_receive(client, data, sizeof(data));

	if (bytes == -EAGAIN || bytes == -EINTR)
		return 0;
	if (bytes == -EPROTO && client->tls && !client->why.bytes)
		tls_explain(client->tls, &client->why);
	if (bytes < 0)
		return (int)bytes;
	if (bytes == 0)
		return -ECONNRESET;
	return nghttp2_session_mem_recv(client->session, data, (size_t)bytes) < 0 ? -EPROTO : 1;
}

/* Milliseconds until the deadline for poll(2), rounded up; -1: there is none. */
static int client_get_wait_ms(uint64_t deadline_ns)
{
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	uint64_t ms = now < deadline_ns ? (deadline_ns - now) / CLOCK_NS_PER_MS + 1 : 0;

	if (deadline_ns == UINT64_MAX)
		return -1;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static short client_get_events(const struct rpc_client *client)
{
	bool is_waiting = client->unsent.bytes > 0;

	if (!client->tls)
		return (short)(POLLIN | (is_waiting ? POLLOUT : 0));
	return (short)(tls_get_read_events(client->tls) |
		       (is_waiting ? tls_get_write_events(client->tls) : 0));
}

/* Waits for the socket, not at all when MAY_BLOCK is false: then it only looks whether to stop. */
static int client_wait(struct rpc_client *client, uint64_t deadline_ns, bool may_block)
{
	const struct rpc_request *request = client->call->request;
	struct pollfd polls[] = {
		{ .fd = client->fd, .events = client_get_events(client) },
		{ .fd = request->stop_fd, .events = POLLIN },
	};
	int count = poll(polls, 2, 0);

	if (count == 0 && may_block) {
		if (request->on_idle && request->on_idle(request->context))
			return -ECANCELED;
		count = poll(polls, 2, client_get_wait_ms(deadline_ns));
	}
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	if (polls[1].revents)
		return -EINTR;
	return clock_read_ns(CLOCK_MONOTONIC) >= deadline_ns ? -ETIMEDOUT : 0;
}

/* Runs until the stream is closed, the call was given up, or the connection ended. */
static int client_run(struct rpc_client *client, uint64_t deadline_ns)
{
	struct client_call *call = client->call;
	int error = 0;

	while (error >= 0 && !call->is_closed && !call->error) {
		int failure = client_write(client);

		/* A server that closed may have said why before. */
		error = client_read(client);
		if (failure && error >= 0)
			error = failure;
		if (error >= 0 && !call->is_closed && !call->error)
			error = client_wait(client, deadline_ns, error == 0);
	}
	if (call->error)
		return call->error;
	return error < 0 ? error : 0;
}

static nghttp2_nv client_header(const char *name, const char *value)
{
	return (nghttp2_nv){ .name = (uint8_t *)name,
			     .value = (uint8_t *)value,
			     .namelen = strlen(name),
			     .valuelen = strlen(value) };
}

enum { TIMEOUT_BYTES = 24 };

/* At most eight digits: milliseconds reach beyond a day, seconds beyond three years. */
static void client_write_timeout(uint64_t ns, char out[TIMEOUT_BYTES])
{
	const uint64_t max = 99999999;
	uint64_t ms = ns / CLOCK_NS_PER_MS, seconds = ns / CLOCK_NS_PER_SECOND;

	if (ms <= max)
		snprintf(out, TIMEOUT_BYTES, "%" PRIu64 "m", ms);
	else
		snprintf(out, TIMEOUT_BYTES, "%" PRIu64 "S", seconds < max ? seconds : max);
}

static int client_submit(struct rpc_client *client, struct client_call *call)
{
	nghttp2_data_provider provider = { .source.ptr = call,
					   .read_callback = client_read_request };
	nghttp2_nv headers[] = {
		client_header(":method", "POST"),
		client_header(":scheme", client->tls ? "https" : "http"),
		client_header(":path", call->request->path),
		client_header(":authority", client->authority),
		client_header("te", "trailers"),
		client_header("content-type", "application/grpc"),
		client_header("user-agent", "tetra/" TETRAD_VERSION),
		{},
	};
	size_t count = sizeof(headers) / sizeof(headers[0]) - 1;
	char timeout[TIMEOUT_BYTES];
	int32_t stream_id;

	if (call->request->timeout_ns) {
		client_write_timeout(call->request->timeout_ns, timeout);
		headers[count++] = client_header("grpc-timeout", timeout);
	}
	stream_id = nghttp2_submit_request(client->session, NULL, headers, count, &provider, NULL);
	if (stream_id < 0)
		return -ENOMEM;
	call->stream_id = stream_id;
	return 0;
}

/* A stream that ended: the status the server gave, or what its lack means. */
static int client_conclude(const struct client_call *call)
{
	struct rpc_response *response = call->response;

	if (call->has_status)
		return 0;
	if (call->http_status && call->http_status != 200) {
		snprintf(response->text, sizeof(response->text),
			 "HTTP status %u instead of a gRPC answer", call->http_status);
		return -EPROTO;
	}
	return -ECONNRESET;
}

int rpc_client_call(struct rpc_client *client, const struct rpc_request *request,
		    struct rpc_response *out)
{
	_cleanup_message_ struct rpc_message *message = rpc_message_new(request->bytes);
	struct client_call call = { .request = request, .response = out, .message = message };
	uint64_t deadline_ns = UINT64_MAX;
	int error;

	*out = (struct rpc_response){ .status = RPC_UNKNOWN };
	if (!message)
		return -ENOMEM;
	if (request->timeout_ns)
		deadline_ns = clock_read_deadline_ns(CLOCK_MONOTONIC, request->timeout_ns);
	if (request->bytes)
		memcpy(rpc_message_body(message), request->data, request->bytes);
	call.reader.bytes_max =
		request->response_bytes_max ? request->response_bytes_max : RPC_MESSAGE_BYTES_MAX;
	error = client_submit(client, &call);
	if (error)
		return error;
	client->call = &call;
	error = client_run(client, deadline_ns);
	if (!call.is_closed) {
		nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, call.stream_id,
					  NGHTTP2_CANCEL);
		client_write(client);
	}
	client->call = NULL;
	frame_reader_done(&call.reader);
	if (!error)
		error = client_conclude(&call);
	if (error && !*out->text && client->why.bytes)
		snprintf(out->text, sizeof(out->text), "%s", buf_text(&client->why));
	return error;
}
