/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gRPC server on HTTP/2, in clear or in TLS, driven by the loop. In: a table of methods,
 * addresses. Out: a call of the table's function for each whole request; replies and streams of
 * shared messages; who is asking.
 *
 * What a method means, and what messages contain, is not known here. A peer that misbehaves loses
 * its stream or its connection; rpc/limits.h says what it may take.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/loop.h"
#include "rpc/frame.h"
#include "rpc/peer.h"
#include "rpc/status.h"

struct rpc_server;
struct rpc_call; /* one request and its answer; lives until `closed` of its hooks was called */

/* The request is gone when the function returns. A unary method has answered by then, with
 * rpc_call_reply() or rpc_call_fail(); a stream may go on until one of its hooks says otherwise. */
typedef void (*rpc_method_fn)(void *context, struct rpc_call *call, const uint8_t *request,
			      size_t bytes);

struct rpc_method {
	const char *path; /* "/package.Service/Method" */
	rpc_method_fn start;
	const void *row; /* the owner's, see rpc_call_get_row() */
	bool is_stream;	 /* answers with a stream: RPC_PEER_STREAMS_MAX counts it */
	/* Takes a stream of messages: start() is called before the first one, with REQUEST NULL,
	 * and makes the call a stream; `message` and `requested` of its hooks get the rest. */
	bool takes_stream;
};

struct rpc_methods {
	const struct rpc_method *rows;
	size_t count;
	void *context; /* of every start() */
	/* A call whose method ran is over: CANCELLED when its peer, or its slowness, ended it.
	 * NULL: nobody asks. */
	void (*ended)(void *context, const struct rpc_method *method, enum rpc_status status);
};

/* Why something was not given to a peer. Names: rpc_refusal_names. */
enum rpc_refusal {
	RPC_REFUSED_CONNECTIONS,      /* RPC_CONNECTIONS_MAX; nobody was idle */
	RPC_REFUSED_PEER_CONNECTIONS, /* RPC_PEER_CONNECTIONS_MAX; none of the peer's was idle */
	RPC_REFUSED_HANDSHAKE,	      /* RPC_HANDSHAKE_NS */
	RPC_REFUSED_TLS,	      /* no TLS, or not such as we speak, or no good certificate */
	RPC_REFUSED_PROTOCOL,	      /* bytes that are no HTTP/2 */
	RPC_REFUSED_FLOOD,	      /* RPC_FRAMES_*, RPC_EXCESS_* and the like */
	RPC_REFUSED_HEADERS,	      /* RPC_HEADER_BYTES_MAX */
	RPC_REFUSED_RATE,	      /* RPC_PEER_REQUESTS_* */
	RPC_REFUSED_CALLS,	      /* RPC_PEER_CALLS_MAX */
	RPC_REFUSED_STREAMS,	      /* RPC_PEER_STREAMS_MAX */
	RPC_REFUSED_MESSAGE,	      /* RPC_MESSAGE_BYTES_MAX */
	RPC_REFUSED_MEMORY,	      /* requests or replies of all peers together */
	RPC_REFUSED_SLOW,	      /* RPC_REQUEST_NS, RPC_REPLY_NS */
	RPC_REFUSED_ROLE,	      /* by the owner: rpc_call_refuse() */
	RPC_REFUSALS
};
extern const char *const rpc_refusal_names[RPC_REFUSALS];

struct rpc_counters {
	uint64_t connections; /* accepted */
	uint64_t refused[RPC_REFUSALS];
	uint32_t open; /* connections now */
};

struct rpc_tls_options {
	const char *cert_file; /* PEM, the chain behind the certificate */
	const char *key_file;
	const char *const *ca_files; /* of client certificates; none: clients show none */
	size_t ca_files_count;
	bool requires_certificate; /* of clients; false: one that is shown must be good */
	/* The files have changed: PROBLEM has lines, and the old certificate stays in use, or it
	 * has none, and the new one is. The same problem is told once. NULL is fine. */
	void (*reloaded)(void *context, const struct diag *problem);
	void *context;
};

struct rpc_listen_options {
	const char *address;
	const char *flag; /* by which people choose another, for complaints: "--server-address" */
	/* Of the file of a unix socket. Group -1: that of this process. */
	mode_t mode;
	gid_t group;
	const struct rpc_tls_options *tls; /* NULL: in clear; always so on a unix socket */
};

int rpc_server_new(struct rpc_server **out, struct loop *loop, const struct rpc_methods *methods);
/* Closes everything at once; see rpc_server_drain(). NULL is fine. */
void rpc_server_free(struct rpc_server *server);
/* A line in DIAG with every error. OPTIONS are not kept. */
int rpc_server_listen(struct rpc_server *server, const struct rpc_listen_options *options,
		      struct diag *diag);
/* The TCP port of the first address that has one; 0: none. */
uint16_t rpc_server_get_port(const struct rpc_server *server);
/* Whether nobody but this machine can reach it: unix sockets and loopback addresses only. */
bool rpc_server_is_local(const struct rpc_server *server);
struct rpc_counters rpc_server_get_counters(const struct rpc_server *server);
/* Writes now what would be written in the next round of the loop. Not from within a method or hook.
 */
void rpc_server_flush(struct rpc_server *server);
/* Accepts nothing more, waits (blocking, without the loop) until all calls have ended and all bytes
 * are taken, at most TIMEOUT_NS. */
void rpc_server_drain(struct rpc_server *server, uint64_t timeout_ns);

const void *rpc_call_get_row(const struct rpc_call *call);
const struct rpc_peer *rpc_call_get_peer(const struct rpc_call *call);
/* Whether the peer, on a unix socket, was in GROUP when it connected, also as one of its
 * supplementary groups. */
bool rpc_call_is_in_group(const struct rpc_call *call, gid_t group);

/* Ends a unary call with MESSAGE, which is taken over (also when it cannot be sent). NULL: no
 * memory. */
void rpc_call_reply(struct rpc_call *call, struct rpc_message *message);
/* Ends any call. What was sent before arrives before. Further ends and sends are ignored. */
void rpc_call_fail(struct rpc_call *call, enum rpc_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, and counts it. */
void rpc_call_refuse(struct rpc_call *call, enum rpc_refusal why, enum rpc_status status,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));

struct rpc_stream_hooks {
	/* Once, whatever ended the call; CALL is not to be used afterwards. */
	void (*closed)(void *context, struct rpc_call *call);
	/* Once after each rpc_call_send() that found no room: half of the queue is free again. */
	void (*drained)(void *context, struct rpc_call *call);
	/* Of methods that take a stream: each message, and their end. The answer goes on until
	 * rpc_call_fail(), with RPC_OK for instance. */
	void (*message)(void *context, struct rpc_call *call, const uint8_t *data, size_t bytes);
	void (*requested)(void *context, struct rpc_call *call);
	void *context;
};

/* Makes a call a stream and lets the peer know that it has begun. HOOKS is copied. */
void rpc_call_start_stream(struct rpc_call *call, const struct rpc_stream_hooks *hooks);
/* What may wait in the queue; shrinking drops nothing that waits already. */
void rpc_call_set_queue(struct rpc_call *call, size_t messages_max, size_t bytes_max);
/* What waits in it now. */
void rpc_call_get_queued(const struct rpc_call *call, size_t *messages, size_t *bytes);
/* Queues a reference to MESSAGE. -ENOBUFS: no room; -EPIPE: the call has ended. */
int rpc_call_send(struct rpc_call *call, struct rpc_message *message);
