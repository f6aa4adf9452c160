/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gRPC server on HTTP/2 without TLS, driven by the loop. In: a table of methods, addresses. Out:
 * a call of the table's function for each whole request; replies and streams of shared messages.
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
};

struct rpc_methods {
	const struct rpc_method *rows;
	size_t count;
	void *context; /* of every start() */
	/* A call whose method ran is over: CANCELLED when its peer, or its slowness, ended it.
	 * NULL: nobody asks. */
	void (*ended)(void *context, const struct rpc_method *method, enum rpc_status status);
};

struct rpc_counters {
	uint64_t connections; /* accepted */
	uint64_t refused;     /* closed for one of the limits, before a call was made */
	uint32_t open;	      /* connections now */
};

int rpc_server_new(struct rpc_server **out, struct loop *loop, const struct rpc_methods *methods);
/* Closes everything at once; see rpc_server_drain(). NULL is fine. */
void rpc_server_free(struct rpc_server *server);
/* A line in DIAG with every error. MODE is for the file of a unix socket. */
int rpc_server_listen(struct rpc_server *server, const char *address, mode_t mode,
		      struct diag *diag);
/* The TCP port of the first address that has one; 0: none. */
uint16_t rpc_server_get_port(const struct rpc_server *server);
struct rpc_counters rpc_server_get_counters(const struct rpc_server *server);
/* Writes now what would be written in the next round of the loop. Not from within a method or hook.
 */
void rpc_server_flush(struct rpc_server *server);
/* Accepts nothing more, waits (blocking, without the loop) until all calls have ended and all bytes
 * are taken, at most TIMEOUT_NS. */
void rpc_server_drain(struct rpc_server *server, uint64_t timeout_ns);

const void *rpc_call_get_row(const struct rpc_call *call);

/* Ends a unary call with MESSAGE, which is taken over (also when it cannot be sent). NULL: no
 * memory. */
void rpc_call_reply(struct rpc_call *call, struct rpc_message *message);
/* Ends any call. What was sent before arrives before. Further ends and sends are ignored. */
void rpc_call_fail(struct rpc_call *call, enum rpc_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct rpc_stream_hooks {
	/* Once, whatever ended the call; CALL is not to be used afterwards. */
	void (*closed)(void *context, struct rpc_call *call);
	/* Once after each rpc_call_send() that found no room: half of the queue is free again. */
	void (*drained)(void *context, struct rpc_call *call);
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
