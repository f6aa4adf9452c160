/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this room: service.c (life), methods.c (the table), events.c (GetEvents),
 * debug.c (GetDebug, SetDebug), policies.c (all of policies), reply.c (messages to bytes and back),
 * filter.c (what a client wants). */
#pragma once

#include "filter/fields.h"
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
	struct event_filter *filters; /* of the streams, distinct ones */
	struct filter_options filter_options;
	uint64_t events; /* published so far */
	struct service_counters counters;
	struct service_method_counters *called; /* one per row of service_methods */
	bool with_deprecated_policy_methods;
	unsigned int unflushed; /* events published since the last write */
};

/*
 * What clients with equal requests want, compiled once for all of them. An event is matched, and
 * packed if fields are left out, at most once for them.
 */
struct event_filter {
	struct event_filter *next;
	unsigned int refs;
	struct filter filter;
	struct field_filters *fields; /* owned; NULL: all fields */
	struct buf request;	      /* packed, without what is not about events: its name */
	/* the event that is being published */
	uint64_t event_number;
	bool is_wanted;
	struct rpc_message *message; /* owned; NULL: nobody asked, or no memory */
};

/* An event on its way to the streams. */
struct event_round {
	uint64_t number;
	const Tetragon__GetEventsResponse *event;
	struct rpc_message *message; /* all fields of it, for everybody; NULL: nobody asked yet */
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

/* counters.c */
void service_count_start(struct service *service, const struct service_method *method);
/* Of struct rpc_methods; CONTEXT is a struct service. */
void service_count_end(void *context, const struct rpc_method *method, enum rpc_status status);

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
/* The filter of REQUEST, shared with equal ones of LIST. -EINVAL: it wants something that is not
 * supported, and DIAG says what; -ENOMEM. */
int event_filter_get(struct event_filter **list, const Tetragon__GetEventsRequest *request,
		     const struct filter_options *options, struct event_filter **out,
		     struct diag *diag);
/* Takes FILTER out of LIST when nobody else holds it. NULL is fine. */
void event_filter_put(struct event_filter **list, struct event_filter *filter);
/* The event for a client of FILTER, borrowed until the round ends. NULL: not wanted, or no memory
 * for it (*IS_WANTED). */
struct rpc_message *event_filter_apply(struct event_filter *filter, struct event_round *round,
				       bool *is_wanted);
void event_filter_end_round(struct event_filter *filter);
