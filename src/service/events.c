/* SPDX-License-Identifier: Apache-2.0 */
/* GetEvents: streams, their queues, and what they lose. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "service/service_private.h"

/* Events of one round of the loop that are written before the round ends: queues stay short even
 * when a flood is read in one go. */
enum { EVENTS_PER_FLUSH = 256 };

struct service_stream {
	struct service *service;
	struct service_stream *next;
	struct service_stream **link;
	struct rpc_call *call;
	struct event_filter *filter; /* a reference */
	bool with_gaps;
	uint64_t lost;	     /* since its queue was full; until the drained hook, all goes here */
	uint64_t lost_total; /* since it began */
};

/* Equal shares, so that one that does not read leaves the others theirs. */
static void streams_share(struct service *service)
{
	size_t bytes = SERVICE_QUEUE_BYTES_MAX;

	if (service->counters.streams)
		bytes = SERVICE_QUEUES_BYTES_MAX / service->counters.streams;
	if (bytes > SERVICE_QUEUE_BYTES_MAX)
		bytes = SERVICE_QUEUE_BYTES_MAX;
	for (struct service_stream *one = service->streams; one; one = one->next)
		rpc_call_set_queue(one->call, service->queue_events_max, bytes);
}

static void stream_on_closed(void *context, struct rpc_call *call)
{
	struct service_stream *stream = context;
	struct service *service = stream->service;

	*stream->link = stream->next;
	if (stream->next)
		stream->next->link = stream->link;
	event_filter_put(&service->filters, stream->filter);
	free(stream);
	service->counters.streams--;
	streams_share(service);
}

static struct rpc_message *stream_make_gap(const struct service_stream *stream)
{
	Tetragon__LossCount count = TETRAGON__LOSS_COUNT__INIT;
	Tetragon__LossCount *counts[] = { &count };
	Tetragon__Gap gap = TETRAGON__GAP__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	time.seconds = now.tv_sec;
	time.nanos = (int32_t)now.tv_nsec;
	count.record = (char *)"event";
	count.reason = (char *)"queue full";
	count.count = stream->lost;
	gap.where = (char *)"client";
	gap.lost = stream->lost;
	gap.n_counts = 1;
	gap.counts = counts;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP;
	event.gap = &gap;
	event.time = &time;
	event.node_name = stream->service->node_name;
	return service_pack(&event.base);
}

/* The client has caught up: first it hears what it missed, then new events come. */
static void stream_on_drained(void *context, struct rpc_call *call)
{
	struct service_stream *stream = context;
	_cleanup_message_ struct rpc_message *gap = NULL;

	if (stream->with_gaps && stream->lost) {
		gap = stream_make_gap(stream);
		/* A send without room brings this hook again; without memory it is as for a client
		 * that did not ask. */
		if (gap && rpc_call_send(call, gap))
			return;
	}
	stream->lost = 0;
}

static void stream_offer(struct service_stream *stream, struct rpc_message *message)
{
	struct service_counters *counters = &stream->service->counters;

	if (message && !stream->lost && rpc_call_send(stream->call, message) == 0) {
		counters->events_sent++;
		return;
	}
	stream->lost++;
	stream->lost_total++;
	counters->events_dropped++;
}

void service_get_events(struct service *service, struct rpc_call *call,
			const ProtobufCMessage *request)
{
	struct rpc_stream_hooks hooks = { .closed = stream_on_closed,
					  .drained = stream_on_drained };
	_cleanup_diag_ struct diag diag = {};
	_cleanup_free_ struct service_stream *stream = calloc(1, sizeof(*stream));
	bool is_unix = rpc_call_get_peer(call)->door == RPC_DOOR_UNIX;
	uint32_t room = SERVICE_STREAMS_MAX - (is_unix ? 0 : SERVICE_STREAMS_RESERVED);
	int error;

	if (!stream || service->counters.streams >= room) {
		rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED,
			      "%u clients read events already; want at most %u",
			      service->counters.streams, room);
		return;
	}
	error = event_filter_get(&service->filters, (const Tetragon__GetEventsRequest *)request,
				 &service->filter_options, &stream->filter, &diag);
	if (error) {
		service_fail(call, error == -EINVAL ? RPC_INVALID_ARGUMENT : RPC_RESOURCE_EXHAUSTED,
			     &diag);
		return;
	}
	stream->with_gaps = ((const Tetragon__GetEventsRequest *)request)->with_gaps;
	stream->service = service;
	stream->call = call;
	stream->next = service->streams;
	stream->link = &service->streams;
	if (stream->next)
		stream->next->link = &stream->next;
	service->streams = stream;
	service->counters.streams++;
	hooks.context = stream;
	rpc_call_start_stream(call, &hooks);
	streams_share(service);
	stream = NULL;
}

/* Losses are about every kind of events: no filter hides them, only with_gaps shows them. */
static struct rpc_message *stream_pack(struct service_stream *stream, struct event_round *round,
				       bool *is_wanted)
{
	if (round->event->event_case != TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP)
		return event_filter_apply(stream->filter, round, is_wanted);
	*is_wanted = stream->with_gaps;
	if (*is_wanted && !round->message)
		round->message = service_pack(&round->event->base);
	return round->message;
}

bool service_has_streams(const struct service *service)
{
	return service->streams;
}

void service_publish(struct service *service, const Tetragon__GetEventsResponse *event)
{
	struct event_round round = { .number = ++service->events, .event = event };
	_cleanup_message_ struct rpc_message *whole = NULL;

	if (!service->streams)
		return;
	if (++service->unflushed >= EVENTS_PER_FLUSH) {
		service->unflushed = 0;
		rpc_server_flush(service->server);
	}
	for (struct service_stream *one = service->streams; one; one = one->next) {
		bool is_wanted;
		struct rpc_message *message = stream_pack(one, &round, &is_wanted);

		if (is_wanted)
			stream_offer(one, message);
	}
	whole = round.message;
	for (struct event_filter *one = service->filters; one; one = one->next)
		event_filter_end_round(one);
}

void service_end_streams(struct service *service)
{
	for (struct service_stream *one = service->streams; one; one = one->next) {
		if (one->lost_total)
			rpc_call_fail(one->call, RPC_UNAVAILABLE,
				      "agent is stopping; this client missed %llu events",
				      (unsigned long long)one->lost_total);
		else
			rpc_call_fail(one->call, RPC_UNAVAILABLE, "agent is stopping");
	}
}

void service_read_queues(const struct service *service, struct service_queues *out)
{
	*out = (struct service_queues){};
	for (const struct service_stream *one = service->streams; one; one = one->next) {
		size_t messages, bytes;

		rpc_call_get_queued(one->call, &messages, &bytes);
		out->messages += messages;
		out->bytes += bytes;
		if (messages > out->messages_max)
			out->messages_max = messages;
		if (bytes > out->bytes_max)
			out->bytes_max = bytes;
	}
}
