/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gRPC client on HTTP/2, in clear or in TLS: one call at a time, blocking. In: an address, a
 * path, the bytes of a request. Out: the bytes of each response message, and the status.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "rpc/status.h"

struct rpc_client;

/* The largest error text that is kept: all that fits into the headers which gRPC commonly allows.
 */
enum { RPC_CLIENT_TEXT_BYTES = 8192 };

struct rpc_request {
	const char *path; /* "/package.Service/Method" */
	const void *data;
	size_t bytes;
	uint64_t timeout_ns;	   /* until the end of the call; 0: none */
	size_t response_bytes_max; /* of one message; 0: RPC_MESSAGE_BYTES_MAX */
	int stop_fd;		   /* the call ends when this becomes readable; -1: none */
	/* Each message, valid until the function returns; not 0 ends the call. */
	int (*on_message)(void *context, const uint8_t *data, size_t bytes);
	/* Nothing has arrived that was not handed over: a time to flush; not 0 ends the call. NULL
	 * is fine. */
	int (*on_idle)(void *context);
	void *context;
};

struct rpc_response {
	enum rpc_status status;
	char text[RPC_CLIENT_TEXT_BYTES]; /* what the server says about it; printable */
};

/* Empty or NULL texts are not given. */
struct rpc_client_tls {
	const char *cert_file, *key_file; /* our own, for servers that want to know us */
	const char *const *ca_files;	  /* trusted; none: those of the system */
	size_t ca_files_count;
	const char *server_name; /* that the certificate must have; default: the host */
	bool skips_verification; /* anybody's certificate will do */
};

/* TLS: NULL for a connection in clear. Negative errno: the server cannot be reached. DIAG gets a
 * line only when another attempt would not help: ADDRESS is wrong (-EINVAL), or TLS fails. */
int rpc_client_connect(struct rpc_client **out, const char *address,
		       const struct rpc_client_tls *tls, uint64_t timeout_ns, struct diag *diag);
void rpc_client_free(struct rpc_client *client); /* NULL is fine */

/*
 * 0: the server answered, with whatever status. -ETIMEDOUT, -EINTR (stop_fd), -ECANCELED
 * (on_message, on_idle), -ECONNRESET (the connection ended), -EMSGSIZE (a message above the
 * maximum), -EPROTO (not gRPC): the call was given up. OUT's text may say more.
 */
int rpc_client_call(struct rpc_client *client, const struct rpc_request *request,
		    struct rpc_response *out);
