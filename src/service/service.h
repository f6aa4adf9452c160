/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public API: tetragon.FineGuidanceSensors, tetragon.EventLogService, grpc.health.v1 and
 * reflection. In: events, and requests of clients. Out: events as streams, answers.
 *
 * Who may do what is decided here (roles.c), by what the transport vouches for.
 * What the agent is and does comes through `struct service_ops`; no state of the agent is kept here
 * but its clients. An event is packed once and shared by all streams that want it. A client that
 * does not keep up loses its own newest events; they are counted, and it is told in a Gap when it
 * asked for gaps.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tetragon/sensors.pb-c.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/loop.h"
#include "filter/filter.h"
#include "base/options.h"
#include "rpc/limits.h"
#include "rpc/server.h"

#define SERVICE_ADDRESS_DEFAULT	    "localhost:54321"
#define SERVICE_SOCKET_PATH_DEFAULT "/var/run/tetragon/tetragon.sock"

/* Events that wait for one client, upstream's --event-queue-size. */
#define SERVICE_QUEUE_EVENTS_DEFAULT 10000
/* Bytes that wait for one client: room for that many events of common size. */
#define SERVICE_QUEUE_BYTES_MAX (8UL << 20)
/* Bytes that wait for all clients together; each may fill an equal share. */
#define SERVICE_QUEUES_BYTES_MAX RPC_PEER_QUEUE_BYTES_MAX
/* Where policies of clients go that name no domain, as upstream. */
#define SERVICE_POLICY_DOMAIN_DEFAULT "grpc"
/* Clients of GetEvents, at most RPC_PEER_STREAMS_MAX of one peer; a share below holds some hundred
 * events. */
#define SERVICE_STREAMS_MAX 384
/* Of these, for clients on a unix socket only. */
#define SERVICE_STREAMS_RESERVED 64
/* How long service_free() lets clients take what waits for them. */
#define SERVICE_STOP_NS (1 * CLOCK_NS_PER_SECOND)

/* Against events that a client was too slow for. */
#define SERVICE_CLIENT_ADVICE \
	"have the client ask for less or read faster, or raise --event-queue-size"

struct service;

struct service_options {
	const char *server_address;    /* "host:port", "unix:///path"; "": no listener */
	const char *socket_path;       /* opened in addition to a TCP address; "": not */
	const char *node_name;	       /* for the events that are made here; NULL: none */
	struct filter_options filters; /* what is switched off for filters of clients */
	uint32_t queue_events_max;     /* 0: SERVICE_QUEUE_EVENTS_DEFAULT */
	/* EnableTracingPolicy and DisableTracingPolicy work, upstream's
	 * --enable-deprecated-tracingpolicy-grpc. */
	bool with_deprecated_policy_methods;

	/* The unix socket: 0: 0660; group by name or number, NULL or "": that of this process. */
	mode_t socket_mode;
	const char *socket_group;
	/* TLS on the TCP address, if there is a certificate; NULL or "": in clear. */
	const char *tls_cert_file, *tls_key_file;
	struct option_list tls_client_ca_files;
	bool tls_requires_client_cert;
	/* Who may change (roles.c says who may anyway): everybody on TCP; these names in client
	 * certificates, none: all; these uids and users, or groups with "@" before them. */
	bool tcp_may_change;
	struct option_list admins;
	struct option_list socket_admins;
	/* Of grpc.health.v1 alone; NULL or "": none. How often is_healthy() is asked; 0: 10 s. */
	const char *health_address;
	uint64_t health_interval_ns;
};

typedef void (*service_info_fn)(void *context, const Tetragon__GetInfoResponse *info);
typedef void (*service_status_fn)(void *context, const Tetragon__GetStatusResponse *status);
typedef void (*service_process_fn)(void *context, const Tetragon__ProcessInternal *process);
typedef void (*service_policies_fn)(void *context,
				    const Tetragon__ListTracingPoliciesResponse *policies);

/* What a client wants of a policy that is there. */
struct service_policy_change {
	const char *name;      /* not empty */
	const char *namespace; /* "": that of policies without one */
	const char *domain;    /* "": any, if only one policy there is of that name */
	bool has_enable;       /* `enable` is wanted; false: stays enabled or disabled */
	bool enable;
	/* ENFORCE or MONITOR; UNKNOWN: stays. Of two changes both are made or none. */
	Tetragon__TracingPolicyMode mode;
};

/* How the event file is rotated. */
struct service_event_log {
	int32_t max_size_mb; /* 0: never for its size */
	int32_t max_backups;
	uint64_t rotation_interval_ns; /* 0: never for its age */
};

/* What of it a client wants changed. */
struct service_event_log_change {
	struct service_event_log wanted;
	bool has_max_size, has_max_backups, has_rotation_interval;
};

/* What the daemon answers. Messages may live on its stack: they are used before the function that
 * was handed over returns. NULL members: the method is not available. */
struct service_ops {
	/* Calls ANSWER once. `streams` and what clients lost are added here. */
	void (*get_status)(void *context, const Tetragon__GetStatusRequest *request,
			   service_status_fn answer, void *answer_context);
	/* Calls VISIT for each cached process that ARGS does not leave out. */
	void (*visit_processes)(void *context, const Tetragon__DumpProcessCacheReqArgs *args,
				service_process_fn visit, void *visit_context);

	/*
	 * Policies. 0: done. A negative errno, with the text that the client gets in DIAG (any
	 * number of lines, such as findings with their source lines; none: the errno's words):
	 * -EINVAL (INVALID_ARGUMENT), -EEXIST (ALREADY_EXISTS), -ENOENT (NOT_FOUND), -ENOSPC
	 * (RESOURCE_EXHAUSTED), -EOPNOTSUPP (FAILED_PRECONDITION), any other (INTERNAL). Texts are
	 * never NULL and are the caller's; beyond RPC_STATUS_BYTES_MAX lines are left out.
	 */

	/* DOMAIN is not empty. MODE: ENFORCE or MONITOR, from the first instruction on, whatever
	 * the policy says; UNKNOWN: not asked for. Lines in DIAG with 0 are warnings, which the
	 * client gets as well. */
	int (*add_policy)(void *context, const char *yaml, const char *domain,
			  Tetragon__TracingPolicyMode mode, struct diag *diag);
	/* DOMAIN "": any, if only one policy there is of that name in NAMESPACE. */
	int (*delete_policy)(void *context, const char *name, const char *namespace,
			     const char *domain, struct diag *diag);
	int (*configure_policy)(void *context, const struct service_policy_change *change,
				struct diag *diag);
	/* Calls ANSWER once, with the policies that REQUEST asks for. */
	void (*list_policies)(void *context, const Tetragon__ListTracingPoliciesRequest *request,
			      service_policies_fn answer, void *answer_context);
	/* Calls ANSWER once, with probes, conf and build; the rest is filled in here. */
	void (*get_info)(void *context, service_info_fn answer, void *answer_context);
	/* The self check of grpc.health.v1. False: a line in WHY. NULL: always healthy. */
	bool (*is_healthy)(void *context, struct diag *why);
	/* Errors as those of policies. */
	int (*get_event_log)(void *context, struct service_event_log *out, struct diag *diag);
	int (*set_event_log)(void *context, const struct service_event_log_change *change,
			     struct diag *diag);
	/* A container that is about to start. Errors as those of policies. */
	int (*create_container)(void *context, const Tetragon__CreateContainer *container,
				struct diag *diag);
};

struct service_counters {
	uint32_t streams;	 /* now */
	uint64_t events_sent;	 /* queued for clients, each client counted */
	uint64_t events_dropped; /* not queued because a client's queue was full */
};

/* Listens. LOOP, OPS and their context outlive the service. A line in DIAG with every error. */
int service_new(struct service **out, struct loop *loop, const struct service_options *options,
		const struct service_ops *ops, void *ops_context, struct diag *diag);
/* Ends the streams ("agent is stopping"), lets clients take what waits for SERVICE_STOP_NS. */
void service_free(struct service *service);

/* Whether anybody would see an event. */
bool service_has_streams(const struct service *service);
void service_publish(struct service *service, const Tetragon__GetEventsResponse *event);
struct service_counters service_get_counters(const struct service *service);
/* The transport's, of all addresses together: connections, and what was refused, by reason. */
void service_read_rpc_counters(const struct service *service, struct rpc_counters *out);
/* The TCP ports that are listened on; 0: none. */
uint16_t service_get_port(const struct service *service);

/* Codes of gRPC, 0 (OK) to 16. */
#define SERVICE_CODES 17

struct service_method_counters {
	const char *service, *name;
	bool is_stream, takes_stream; /* of answers; of requests */
	uint64_t started, handled[SERVICE_CODES];
	uint64_t sent; /* messages to clients */
};

/* Methods of the API, from 0; false: there is no such. */
bool service_read_method(const struct service *service, size_t at,
			 struct service_method_counters *out);

struct service_queues {
	uint64_t messages, bytes;	  /* wait for all clients together */
	uint64_t messages_max, bytes_max; /* of the client that lags most */
};
void service_read_queues(const struct service *service, struct service_queues *out);
uint16_t service_get_health_port(const struct service *service);
