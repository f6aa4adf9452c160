/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: the queue of a call, its end, and how both become HEADERS and DATA. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rpc/server_private.h"

enum { QUEUE_CAPACITY_MIN = 16, HEADERS_MAX = 4 };

/* Supplementary groups of one process that are looked at; nobody has so many. */
enum { GROUPS_MAX = 1024 };

/* Room for the words about lines that were left out. */
enum { CUT_BYTES = 64 };

static bool queue_push(struct rpc_queue *queue, struct rpc_message *message)
{
	if (queue->count == queue->capacity) {
		size_t capacity = queue->capacity ? queue->capacity * 2 : QUEUE_CAPACITY_MIN;
		struct rpc_message **ring = calloc(capacity, sizeof(struct rpc_message *));

		if (!ring)
			return false;
		for (size_t i = 0; i < queue->count; i++)
			ring[i] = queue->ring[(queue->head + i) & (queue->capacity - 1)];
		free(queue->ring);
		queue->ring = ring;
		queue->capacity = capacity;
		queue->head = 0;
	}
	queue->ring[(queue->head + queue->count) & (queue->capacity - 1)] = message;
	queue->count++;
	queue->bytes += message->bytes;
	return true;
}

static void queue_pop(struct rpc_queue *queue)
{
	struct rpc_message *message = queue->ring[queue->head];

	queue->head = (queue->head + 1) & (queue->capacity - 1);
	queue->count--;
	queue->bytes -= message->bytes;
	queue->offset = 0;
	rpc_message_unref(message);
}

static void queue_done(struct rpc_queue *queue)
{
	while (queue->count)
		queue_pop(queue);
	free(queue->ring);
	*queue = (struct rpc_queue){};
}

static bool queue_has_room(const struct rpc_queue *queue, size_t bytes)
{
	return queue->count < queue->count_max && queue->bytes + bytes <= queue->bytes_max;
}

static bool queue_is_half_free(const struct rpc_queue *queue)
{
	return queue->count <= queue->count_max / 2 && queue->bytes <= queue->bytes_max / 2;
}

static size_t queue_read(struct rpc_queue *queue, uint8_t *out, size_t bytes)
{
	size_t used = 0;

	while (queue->count && used < bytes) {
		const struct rpc_message *message = queue->ring[queue->head];
		size_t part = message->bytes - queue->offset;

		if (part > bytes - used)
			part = bytes - used;
		memcpy(out + used, message->content + queue->offset, part);
		used += part;
		queue->offset += part;
		if (queue->offset == message->bytes)
			queue_pop(queue);
	}
	return used;
}

struct rpc_call *call_new(struct rpc_connection *connection, int32_t stream_id)
{
	struct rpc_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->connection = connection;
	call->stream_id = stream_id;
	call->began_ns = clock_read_ns(CLOCK_MONOTONIC);
	call->request.bytes_max = RPC_MESSAGE_BYTES_MAX;
	call->queue.count_max = 1;
	call->queue.bytes_max = SIZE_MAX;
	call->next = connection->calls;
	call->link = &connection->calls;
	if (call->next)
		call->next->link = &call->next;
	connection->calls = call;
	connection->quota->calls++;
	connection->active_ns = call->began_ns;
	return call;
}

void call_count_request(struct rpc_call *call, size_t bytes)
{
	size_t before = call->counted_request_bytes;

	call->connection->request_bytes += bytes - before;
	call->connection->server->request_bytes += bytes - before;
	call->counted_request_bytes = bytes;
}

static void call_count_queue(struct rpc_call *call)
{
	struct rpc_connection *connection = call->connection;
	size_t more = call->queue.bytes - call->counted_queue_bytes;

	/* One answer is not more for waiting in a queue: reply_bytes. */
	if (!call->is_stream)
		return;
	connection->quota->queued_bytes += more;
	if (connection->peer.door != RPC_DOOR_UNIX)
		connection->server->queued_bytes += more;
	call->counted_queue_bytes = call->queue.bytes;
}

/* An empty queue takes any message, so that none is too large for ever. */
static bool call_has_room(const struct rpc_call *call, size_t bytes)
{
	const struct rpc_connection *connection = call->connection;

	if (!call->queue.count)
		return call->queue.count_max;
	if (!queue_has_room(&call->queue, bytes) ||
	    connection->quota->queued_bytes + bytes > RPC_PEER_QUEUE_BYTES_MAX)
		return false;
	return connection->peer.door == RPC_DOOR_UNIX ||
	       connection->server->queued_bytes + bytes <= RPC_SERVER_QUEUE_BYTES_MAX;
}

/* Lets go of all memory that the peer made the call hold. */
static void call_drop_bytes(struct rpc_call *call)
{
	call_count_request(call, 0);
	call->connection->server->reply_bytes -= call->counted_reply_bytes;
	call->counted_reply_bytes = 0;
	queue_done(&call->queue);
	call_count_queue(call);
	frame_reader_done(&call->request);
	free(call->text);
	call->text = NULL;
}

void call_abandon(struct rpc_call *call)
{
	if (call->is_abandoned)
		return;
	call->is_abandoned = true;
	call->is_finished = true;
	call_drop_bytes(call);
	if (nghttp2_submit_rst_stream(call->connection->session, NGHTTP2_FLAG_NONE, call->stream_id,
				      NGHTTP2_CANCEL))
		call->connection->is_broken = true;
	connection_mark_dirty(call->connection);
}

static void call_tell_end(const struct rpc_call *call)
{
	const struct rpc_methods *methods = &call->connection->server->methods;
	bool is_answered = call->is_finished && !call->is_abandoned;

	if (call->is_started && methods->ended)
		methods->ended(methods->context, call->method,
			       is_answered ? call->status : RPC_CANCELLED);
}

void call_free(struct rpc_call *call)
{
	call->connection->active_ns = clock_read_ns(CLOCK_MONOTONIC);
	call->connection->quota->calls--;
	call->connection->quota->streams -= call->is_counted_stream;
	*call->link = call->next;
	if (call->next)
		call->next->link = call->link;
	call_tell_end(call);
	/* No more sends from the hook. */
	call->is_finished = true;
	if (call->hooks.closed)
		call->hooks.closed(call->hooks.context, call);
	call_drop_bytes(call);
	free(call);
}

static nghttp2_nv call_header(const char *name, const char *value)
{
	return (nghttp2_nv){ .name = (uint8_t *)name,
			     .value = (uint8_t *)value,
			     .namelen = strlen(name),
			     .valuelen = strlen(value) };
}

/* Fills in grpc-status and grpc-message. NUMBER and TEXT hold the values. */
static size_t call_fill_status(const struct rpc_call *call, nghttp2_nv *headers, char number[4],
			       struct buf *text)
{
	size_t count = 0;

	snprintf(number, 4, "%u", (unsigned int)call->status % 1000);
	headers[count++] = call_header("grpc-status", number);
	if (!call->text || !*call->text)
		return count;
	frame_encode_status(text, call->text);
	headers[count++] = call_header("grpc-message", buf_text(text));
	return count;
}

static int call_submit_trailers(struct rpc_call *call)
{
	nghttp2_nv headers[HEADERS_MAX];
	_cleanup_buf_ struct buf text = {};
	char number[4];
	size_t count = call_fill_status(call, headers, number, &text);

	return nghttp2_submit_trailer(call->connection->session, call->stream_id, headers, count);
}

ssize_t call_read(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t bytes,
		  uint32_t *flags, nghttp2_data_source *source, void *context)
{
	struct rpc_call *call = source->ptr;
	size_t used = queue_read(&call->queue, out, bytes);

	if (call->is_overflowed && queue_is_half_free(&call->queue)) {
		call->is_overflowed = false;
		if (call->hooks.drained && !call->is_finished)
			call->hooks.drained(call->hooks.context, call);
		used += queue_read(&call->queue, out + used, bytes - used);
	}
	call_count_queue(call);
	if (call->queue.count || !call->is_finished)
		return used ? (ssize_t)used : NGHTTP2_ERR_DEFERRED;
	*flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
	if (call_submit_trailers(call))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return (ssize_t)used;
}

/* Whether the response could be queued; if not, there is no memory and the connection goes. */
static void call_check(struct rpc_call *call, int error)
{
	if (error)
		call->connection->is_broken = true;
	connection_mark_dirty(call->connection);
}

static void call_submit_headers(struct rpc_call *call)
{
	nghttp2_nv headers[HEADERS_MAX] = {
		call_header(":status", "200"),
		call_header("content-type", "application/grpc"),
	};
	nghttp2_data_provider provider = { .source.ptr = call, .read_callback = call_read };

	if (call->has_headers)
		return;
	call->has_headers = true;
	call_check(call, nghttp2_submit_response(call->connection->session, call->stream_id,
						 headers, 2, &provider));
}

/* One HEADERS frame is the whole response. */
static void call_submit_trailers_only(struct rpc_call *call)
{
	nghttp2_nv headers[HEADERS_MAX] = {
		call_header(":status", "200"),
		call_header("content-type", "application/grpc"),
	};
	_cleanup_buf_ struct buf text = {};
	char number[4];
	size_t count = 2 + call_fill_status(call, headers + 2, number, &text);

	call->has_headers = true;
	call_check(call, nghttp2_submit_response(call->connection->session, call->stream_id,
						 headers, count, NULL));
}

/* Takes TEXT over. */
static void call_finish(struct rpc_call *call, enum rpc_status status, char *text)
{
	if (call->is_finished) {
		free(text);
		return;
	}
	call->is_finished = true;
	call->began_ns = clock_read_ns(CLOCK_MONOTONIC);
	call->status = status;
	call->text = text;
	server_need_tick(call->connection->server);
	if (!call->has_headers) {
		call_submit_trailers_only(call);
		return;
	}
	/* Fails when the stream does not wait for data, and then nothing is needed. */
	nghttp2_session_resume_data(call->connection->session, call->stream_id);
	connection_mark_dirty(call->connection);
}

const void *rpc_call_get_row(const struct rpc_call *call)
{
	return call->method->row;
}

const struct rpc_peer *rpc_call_get_peer(const struct rpc_call *call)
{
	return &call->connection->peer;
}

bool rpc_call_is_in_group(const struct rpc_call *call, gid_t group)
{
	const struct rpc_connection *connection = call->connection;
	socklen_t bytes = GROUPS_MAX * sizeof(gid_t);
	_cleanup_free_ gid_t *groups = NULL;

	if (connection->peer.door != RPC_DOOR_UNIX)
		return false;
	if (connection->peer.gid == group)
		return true;
	/* Linux 4.13; what the peer had when it connected. */
	groups = malloc(bytes);
	if (!groups || getsockopt(connection->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) < 0)
		return false;
	for (size_t i = 0; i < bytes / sizeof(gid_t); i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

static size_t call_count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; lines++) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return lines;
}

/* TEXT in at most ENCODED_MAX bytes of a header; its last line says what was left out. NULL: no
 * memory. */
static char *call_cut_text(const char *text, size_t encoded_max)
{
	size_t fits = frame_fit_status(text, encoded_max);
	char *cut;
	int bytes;

	if (!text[fits])
		return strdup(text);
	fits = frame_fit_status(text, encoded_max - CUT_BYTES);
	if (fits && text[fits - 1] == '\n')
		bytes = asprintf(&cut, "%.*s... and %zu more lines", (int)fits, text,
				 call_count_lines(text + fits));
	else
		bytes = asprintf(&cut, "%.*s...", (int)fits, text);
	return bytes < 0 ? NULL : cut;
}

static void call_fail(struct rpc_call *call, enum rpc_status status, const char *format,
		      va_list args)
{
	struct rpc_server *server = call->connection->server;
	bool is_full = server->reply_bytes >= RPC_SERVER_REPLY_BYTES_MAX;
	_cleanup_free_ char *text = NULL;
	char *cut;

	if (call->is_finished)
		return;
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	cut = call_cut_text(text ? text : "out of memory",
			    is_full ? RPC_STATUS_LINE_BYTES_MAX : RPC_STATUS_BYTES_MAX);
	if (cut) {
		call->counted_reply_bytes += strlen(cut);
		server->reply_bytes += strlen(cut);
	}
	call_finish(call, status, cut);
}

void rpc_call_fail(struct rpc_call *call, enum rpc_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	call_fail(call, status, format, args);
	va_end(args);
}

void rpc_call_refuse(struct rpc_call *call, enum rpc_refusal why, enum rpc_status status,
		     const char *format, ...)
{
	va_list args;

	if (!call->is_finished)
		server_count_refusal(call->connection->server, why);
	va_start(args, format);
	call_fail(call, status, format, args);
	va_end(args);
}

void rpc_call_reply(struct rpc_call *call, struct rpc_message *message)
{
	struct rpc_server *server = call->connection->server;
	_cleanup_message_ struct rpc_message *own = message;
	size_t bytes = own ? own->bytes : 0;

	if (call->is_finished)
		return;
	if (server->reply_bytes + bytes > RPC_SERVER_REPLY_BYTES_MAX) {
		rpc_call_refuse(call, RPC_REFUSED_MEMORY, RPC_RESOURCE_EXHAUSTED,
				"answers of %zu bytes wait for their clients; try again later",
				server->reply_bytes + bytes);
		return;
	}
	if (!own || !queue_push(&call->queue, own)) {
		rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "no memory for the answer");
		return;
	}
	own = NULL;
	call->counted_reply_bytes = bytes;
	server->reply_bytes += bytes;
	call_submit_headers(call);
	call_finish(call, RPC_OK, NULL);
}

void rpc_call_start_stream(struct rpc_call *call, const struct rpc_stream_hooks *hooks)
{
	call->hooks = *hooks;
	call->is_stream = true;
	if (!call->is_finished)
		call_submit_headers(call);
}

void rpc_call_set_queue(struct rpc_call *call, size_t messages_max, size_t bytes_max)
{
	call->queue.count_max = messages_max;
	call->queue.bytes_max = bytes_max;
}

void rpc_call_get_queued(const struct rpc_call *call, size_t *messages, size_t *bytes)
{
	*messages = call->queue.count;
	*bytes = call->queue.bytes;
}

int rpc_call_send(struct rpc_call *call, struct rpc_message *message)
{
	if (call->is_finished)
		return -EPIPE;
	if (!call_has_room(call, message->bytes) || !queue_push(&call->queue, message)) {
		call->is_overflowed = true;
		return -ENOBUFS;
	}
	call_count_queue(call);
	rpc_message_ref(message);
	nghttp2_session_resume_data(call->connection->session, call->stream_id);
	connection_mark_dirty(call->connection);
	return 0;
}
