/* SPDX-License-Identifier: Apache-2.0 */
/* The agent, from the command line's point of view. In: the flags. Out: a connection and answers,
 * or a line on standard error that says why not. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "cli/command.h"
#include "rpc/client.h"

/* The address to use, never empty; owned by the caller. NULL: no memory. */
char *cli_get_address(const struct cli_settings *cli);

/* Connects, with --retries further attempts. Negative errno: not connected, and said. -EINTR:
 * STOP_FD (-1: none) became readable, nothing said. */
int cli_connect(const struct cli_settings *cli, int stop_fd, struct rpc_client **out);

struct cli_call {
	const char *method; /* "GetVersion" */
	const ProtobufCMessage *request;
	const ProtobufCMessageDescriptor *response_type;
	bool is_optional;    /* UNIMPLEMENTED is not worth a line */
	const char *subject; /* what it is about, for complaints: "web.yaml"; NULL: nothing */
	const char *service; /* NULL: "tetragon.FineGuidanceSensors" */
};

/* A unary call. Negative errno: no answer, and said; -EOPNOTSUPP: UNIMPLEMENTED. OUT is freed with
 * protobuf_c_message_free_unpacked(). */
int cli_call(const struct cli_settings *cli, struct rpc_client *client, const struct cli_call *call,
	     ProtobufCMessage **out);

/* Says how a call ended that did not go well, with all lines of the agent's. ERROR: of
 * rpc_client_call(). */
void cli_complain_call(const struct cli_settings *cli, const char *what, int error,
		       const struct rpc_response *response);

static inline void cli_cleanup_client(struct rpc_client **client)
{
	rpc_client_free(*client);
}

static inline void cli_cleanup_message(ProtobufCMessage **message)
{
	protobuf_c_message_free_unpacked(*message, NULL);
}
