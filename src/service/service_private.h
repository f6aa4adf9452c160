/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this room: service.c (life), methods.c (the table), events.c (GetEvents),
 * debug.c (GetDebug, SetDebug), policies.c (all of policies), eventlog.c (the event file), health.c
 * (grpc.health.v1), reflection.c (what there is to call), roles.c (who may do what), reply.c
 * (messages to bytes and back), filter.c (what a client wants). */
#pragma once

#include "filter/fields.h"
#include "rpc/server.h"
#include "service/service.h"

struct health;
struct roles;
struct service_stream;

struct service {
	struct rpc_server *server;
	struct rpc_server *health_server; /* NULL: no address of its own */
	struct health *health;
	struct roles *roles;
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

/* What a caller must be allowed to; who may change may read, too. */
enum service_role { SERVICE_READ, SERVICE_CHANGE };

struct service_method {
	const char *service; /* with its package */
	const char *name;
	enum service_role role;
	const ProtobufCMessageDescriptor *request;
	/* NULL: not available, and `instead` says what is. */
	void (*answer)(struct service *service, struct rpc_call *call,
		       const ProtobufCMessage *request);
	const char *instead;
	bool is_stream;	   /* the answer is one */
	bool takes_stream; /* so is the request: `answer` is called before it, with NULL */
};

#define SERVICE_SENSORS	  "tetragon.FineGuidanceSensors"
#define SERVICE_EVENT_LOG "tetragon.EventLogService"
#define SERVICE_HEALTH	  "grpc.health.v1.Health"

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
/* eventlog.c */
void service_get_event_log(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message);
void service_set_event_log(struct service *service, struct rpc_call *call,
			   const ProtobufCMessage *message);
void service_runtime_hook(struct service *service, struct rpc_call *call,
			  const ProtobufCMessage *message);

/* health.c */
int health_new(struct health **out, struct service *service, struct loop *loop,
	       uint64_t interval_ns);
void health_free(struct health *health); /* NULL is fine; after the calls */
/* Tells all who watch that the end has come. */
void health_end(struct health *health);
void service_check_health(struct service *service, struct rpc_call *call,
			  const ProtobufCMessage *message);
void service_list_health(struct service *service, struct rpc_call *call,
			 const ProtobufCMessage *message);
void service_watch_health(struct service *service, struct rpc_call *call,
			  const ProtobufCMessage *message);

/* reflection.c */
void service_reflect(struct service *service, struct rpc_call *call, const ProtobufCMessage *none);

/* roles.c */
int roles_new(struct roles **out, const struct service_options *options, struct diag *diag);
void roles_free(struct roles *roles); /* NULL is fine */
/* False: the call is over, and its peer knows why and what would help. */
bool roles_check(const struct roles *roles, struct rpc_call *call,
		 const struct service_method *method);
/* -EINVAL with a line in DIAG. TEXT: a group's name or number. */
int roles_find_group(const char *text, gid_t *out, struct diag *diag);

/* service.c */
/* Ends a call whose method is not available; INSTEAD says what is. */
void service_refuse(struct rpc_call *call, const char *instead);

/* reply.c */
/* The status of a daemon operation's negative errno; its words, if DIAG has none, are added. */
void service_fail_operation(struct rpc_call *call, int error, struct diag *diag);
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
