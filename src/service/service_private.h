/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this room: service.c (life), methods.c (the table), events.c (GetEvents),
 * debug.c (GetDebug, SetDebug), policies.c (all of policies), reply.c (messages to bytes and back),
 * filter.c (what a client wants). */
#pragma once

#include "rpc/server.h"
#include "service/service.h"

struct service_stream;

struct service {
	struct rpc_server *server;
	struct rpc_method *methods; /* one per row of service_methods */
	const struct service_ops *ops;
	void *ops_context;
	char *node_name;
	size_t queue_events_max;
	struct service_stream *streams;
	struct service_counters counters;
	bool with_deprecated_policy_methods;
	unsigned int unflushed; /* events published since the last write */
};

/* Event types by their place in the descriptor of EventType, one bit each. */
typedef uint64_t event_mask;

struct event_filter {
	event_mask wanted;
	bool with_gaps;
};

struct service_method {
	const char *name;
	const ProtobufCMessageDescriptor *request;
	/* NULL: not available, and `instead` says what is. */
	void (*answer)(struct service *service, struct rpc_call *call,
		       const ProtobufCMessage *request);
	const char *instead;
};

/* methods.c */
extern const struct service_method service_methods[];
extern const size_t service_methods_count;

/* events.c */
void service_get_events(struct service *service, struct rpc_call *call,
			const ProtobufCMessage *request);
void service_end_streams(struct service *service);

/* debug.c */
void service_get_debug(struct service *service, struct rpc_call *call,
		       const ProtobufCMessage *request);
void service_set_debug(struct service *service, struct rpc_call *call,
		       const ProtobufCMessage *request);

/* policies.c */
void service_add_policy(struct service *service, struct rpc_call *call,
			const ProtobufCMessage *message);
void service_delete_policy(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message);
void service_list_policies(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message);
void service_configure_policy(struct service *service, struct rpc_call *call,
			      const ProtobufCMessage *message);
void service_enable_policy(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message);
void service_disable_policy(struct service *service, struct rpc_call *call,
			    const ProtobufCMessage *message);
void service_list_domains(struct service *service, struct rpc_call *call,
			  const ProtobufCMessage *message);

/* service.c */
/* Ends a call whose method is not available; INSTEAD says what is. */
void service_refuse(struct rpc_call *call, const char *instead);

/* reply.c */
struct rpc_message *service_pack(const ProtobufCMessage *message); /* NULL: no memory */
void service_reply(struct rpc_call *call, const ProtobufCMessage *message);
/* Ends a call with the lines of DIAG. */
void service_fail(struct rpc_call *call, enum rpc_status status, struct diag *diag);
/* NULL: not such a message, or it would take more memory than a request is worth. Freed with
 * service_free_request(). */
ProtobufCMessage *service_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *data,
				 size_t bytes);
void service_free_request(ProtobufCMessage **request);

/* filter.c */
/* The bit of an event's number (EventType, event_case); 0: no type of this API. */
event_mask event_filter_get_bit(int number);
/* -EINVAL: the request wants something that is not supported, and DIAG says what. */
int event_filter_read(const Tetragon__GetEventsRequest *request, struct event_filter *out,
		      struct diag *diag);
