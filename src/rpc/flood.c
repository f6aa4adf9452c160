/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What peers ask for against what they may: frames that bring nothing, and requests. In: each frame
 * and each request before work is done for it. Out: whether it is done.
 *
 * The limits, and the attacks that they are for, are in rpc/limits.h.
 */
#include "rpc/server_private.h"

/* The peer is told, and the connection ends. The result of nghttp2's callbacks. */
static int flood_end(struct rpc_connection *connection)
{
	if (!connection->is_flooding) {
		connection->is_flooding = true;
		server_count_refusal(connection->server, RPC_REFUSED_FLOOD);
		nghttp2_session_terminate_session(connection->session, NGHTTP2_ENHANCE_YOUR_CALM);
	}
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* Padding at its most, with its length. */
enum { PADDING_BYTES_MAX = 256 };

/* How much a frame costs. nghttp2 allows 1,000 resets at once and ends the session then, without
 * saying why: here it is told before. */
static unsigned int flood_get_cost(const nghttp2_frame_hd *head)
{
	switch (head->type) {
	case NGHTTP2_CONTINUATION:
		return 0; /* counted below */
	case NGHTTP2_DATA:
		return head->length == 0 ||
		       (head->flags & NGHTTP2_FLAG_PADDED && head->length <= PADDING_BYTES_MAX);
	case NGHTTP2_RST_STREAM:
		return 2;
	default:
		return 1;
	}
}

int flood_take(struct rpc_connection *connection, unsigned int cost)
{
	while (cost--) {
		if (!rate_take(&connection->frames, clock_read_ns(CLOCK_MONOTONIC),
			       RPC_FRAMES_PER_SECOND, RPC_FRAMES_BURST))
			return flood_end(connection);
	}
	return 0;
}

int flood_on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *context)
{
	struct rpc_connection *connection = context;

	if (head->type == NGHTTP2_HEADERS)
		connection->continuations = 0;
	if (head->type == NGHTTP2_CONTINUATION &&
	    ++connection->continuations > RPC_CONTINUATIONS_MAX)
		return flood_end(connection);
	return flood_take(connection, flood_get_cost(head));
}

void flood_earn(struct rpc_connection *connection)
{
	/* Most have taken nothing. */
	if (connection->frames.due_ns)
		rate_give(&connection->frames, clock_read_ns(CLOCK_MONOTONIC),
			  RPC_FRAMES_PER_SECOND, RPC_FRAMES_PER_FRAME_SENT);
}

int flood_take_request(struct rpc_call *call)
{
	struct rpc_connection *connection = call->connection;
	uint64_t now = call->began_ns;

	/* What its HEADERS took: those that begin no request keep it. */
	rate_give(&connection->frames, now, RPC_FRAMES_PER_SECOND, 1);
	call->is_over_calls = connection->quota->calls > RPC_PEER_CALLS_MAX;
	call->is_over_rate = !rate_take(&connection->quota->requests, now,
					RPC_PEER_REQUESTS_PER_SECOND, RPC_PEER_REQUESTS_BURST);
	if (!call->is_over_calls && !call->is_over_rate)
		return 0;
	return rate_take(&connection->excess, now, RPC_EXCESS_PER_SECOND, RPC_EXCESS_BURST)
		       ? 0
		       : flood_end(connection);
}

static void flood_refuse_rate(struct rpc_call *call)
{
	rpc_call_refuse(call, RPC_REFUSED_RATE, RPC_RESOURCE_EXHAUSTED,
			"this client asks too often; want at most %u requests a second",
			RPC_PEER_REQUESTS_PER_SECOND);
}

bool flood_take_message(struct rpc_call *call)
{
	if (rate_take(&call->connection->quota->requests, clock_read_ns(CLOCK_MONOTONIC),
		      RPC_PEER_REQUESTS_PER_SECOND, RPC_PEER_REQUESTS_BURST))
		return true;
	flood_refuse_rate(call);
	return false;
}

bool flood_judge(struct rpc_call *call)
{
	struct quota *quota = call->connection->quota;

	if (call->is_over_calls) {
		rpc_call_refuse(call, RPC_REFUSED_CALLS, RPC_RESOURCE_EXHAUSTED,
				"this client has %u calls under way already", RPC_PEER_CALLS_MAX);
	} else if (call->is_over_rate) {
		flood_refuse_rate(call);
	} else if (call->method->is_stream && quota->streams >= RPC_PEER_STREAMS_MAX) {
		rpc_call_refuse(call, RPC_REFUSED_STREAMS, RPC_RESOURCE_EXHAUSTED,
				"this client has %u streams open already; close some of them",
				RPC_PEER_STREAMS_MAX);
	} else if (call->method->is_stream) {
		call->is_counted_stream = true;
		quota->streams++;
	}
	return !call->is_finished;
}
