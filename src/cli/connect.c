/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, reaching and asking the agent. */
#include "cli/connect.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "rpc/address.h"

#define CLI_INFO_PATH	    "/var/run/tetragon/tetragon-info.json"
#define CLI_ADDRESS_DEFAULT "localhost:54321"
#define CLI_SERVICE	    "tetragon.FineGuidanceSensors"

/* The first wait before another attempt; each further one is twice as long, up to the last. */
enum { RETRY_MS = 200, RETRY_MS_MAX = 10000, ERROR_TEXT_BYTES = 96 };

/* Any of these flags asks for TLS, as upstream. */
static bool connect_wants_tls(const struct cli_settings *cli)
{
	return *cli->tls_cert_file || *cli->tls_key_file || *cli->tls_server_name ||
	       cli->tls_ca_files.count || cli->tls_skip_verify;
}

char *cli_get_address(const struct cli_settings *cli)
{
	json_t *info = NULL;
	const char *address, *socket;
	char *result = NULL;

	if (*cli->server_address)
		return strdup(cli->server_address);
	info = json_load_file(CLI_INFO_PATH, 0, NULL);
	address = json_string_value(json_object_get(info, "server_address"));
	socket = json_string_value(json_object_get(info, "socket_path"));
	/* Who may use the socket is known there, and may do more than over TCP. TLS is asked for
	 * where there is TLS. */
	if (socket && *socket && !connect_wants_tls(cli) && access(socket, R_OK | W_OK) == 0)
		result = asprintf(&result, "unix://%s", socket) < 0 ? NULL : result;
	else
		result = strdup(address && *address ? address : CLI_ADDRESS_DEFAULT);
	json_decref(info);
	return result;
}

static const char *connect_get_advice(int error)
{
	switch (error) {
	case -ECONNREFUSED:
	case -ENOENT:
		return "; is tetrad running?";
	case -EACCES:
	case -EPERM:
		return "; run as root";
	default:
		return "; see --server-address";
	}
}

/* False: STOP_FD became readable meanwhile. */
static bool connect_wait(int stop_fd, unsigned int attempt)
{
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };
	int ms = RETRY_MS_MAX;

	if (attempt < 6)
		ms = RETRY_MS << attempt;
	return poll(&stop, 1, ms) <= 0;
}

/* Any flag of TLS asks for TLS. NULL: none was given. */
static const struct rpc_client_tls *connect_get_tls(const struct cli_settings *cli,
						    struct rpc_client_tls *out)
{
	*out = (struct rpc_client_tls){
		.cert_file = cli->tls_cert_file,
		.key_file = cli->tls_key_file,
		.ca_files = cli->tls_ca_files.items,
		.ca_files_count = cli->tls_ca_files.count,
		.server_name = cli->tls_server_name,
		.skips_verification = cli->tls_skip_verify,
	};
	return connect_wants_tls(cli) ? out : NULL;
}

/* Flags that contradict each other are said here. */
static int connect_check_tls(const struct cli_settings *cli)
{
	if (!*cli->tls_cert_file != !*cli->tls_key_file)
		cli_complain("--tls-cert-file and --tls-key-file go together; give both");
	else if (cli->tls_skip_verify && (cli->tls_ca_files.count || *cli->tls_server_name))
		cli_complain("--tls-skip-verify verifies nothing; leave it out, or "
			     "--tls-ca-cert-files and --tls-server-name");
	else
		return 0;
	return -EINVAL;
}

int cli_connect(const struct cli_settings *cli, int stop_fd, struct rpc_client **out)
{
	_cleanup_free_ char *address = cli_get_address(cli);
	_cleanup_diag_ struct diag diag = {};
	char room[ERROR_TEXT_BYTES];
	struct rpc_client_tls room_tls;
	const struct rpc_client_tls *tls = connect_get_tls(cli, &room_tls);
	int error = -ENOMEM;

	if (connect_check_tls(cli))
		return -EINVAL;
	for (unsigned int attempt = 0; address; attempt++) {
		log_debug("connecting to \"%s\"", address);
		error = rpc_client_connect(out, address, tls, cli->timeout_ns, &diag);
		if (!error)
			return 0;
		/* A wrong address does not become right. */
		if (diag.lines || attempt >= cli->retries)
			break;
		if (!connect_wait(stop_fd, attempt))
			return -EINTR;
	}
	if (diag.lines)
		cli_complain("%s", buf_text(&diag.text));
	else
		cli_complain("cannot reach the agent at \"%s\": %s%s", address ? address : "",
			     address_error_text(-error, room, sizeof(room)),
			     connect_get_advice(error));
	return error;
}

/* Names of grpc/grpc doc/statuscodes.md, by number. */
static const char *const status_names[] = {
	"OK",
	"CANCELLED",
	"UNKNOWN",
	"INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED",
	"NOT_FOUND",
	"ALREADY_EXISTS",
	"PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED",
	"FAILED_PRECONDITION",
	"ABORTED",
	"OUT_OF_RANGE",
	"UNIMPLEMENTED",
	"INTERNAL",
	"UNAVAILABLE",
	"DATA_LOSS",
	"UNAUTHENTICATED",
};
_Static_assert(sizeof(status_names) / sizeof(status_names[0]) == 17, "one name per code");

/* One line has the status at its end; lines that show a source keep their columns. */
static void connect_complain_refusal(const char *what, const struct rpc_response *response)
{
	const char *status = status_names[response->status];

	if (strchr(response->text, '\n'))
		cli_complain("the agent refuses %s (%s):\n%s", what, status, response->text);
	else
		cli_complain("the agent refuses %s: %s (%s)", what,
			     *response->text ? response->text : "no reason given", status);
}

void cli_complain_call(const struct cli_settings *cli, const char *what, int error,
		       const struct rpc_response *response)
{
	char room[ERROR_TEXT_BYTES];

	if (!error)
		connect_complain_refusal(what, response);
	else if (error == -EMSGSIZE)
		cli_complain("the agent's answer to %s: %s; see --max-recv-size", what,
			     response->text);
	else if (error == -ETIMEDOUT)
		cli_complain("the agent does not answer %s within %llums; see --timeout", what,
			     (unsigned long long)(cli->timeout_ns / CLOCK_NS_PER_MS));
	else
		cli_complain("the connection to the agent ended during %s: %s", what,
			     *response->text ? response->text
					     : address_error_text(-error, room, sizeof(room)));
}

/* The same for a unary call, with its subject. */
static void connect_complain(const struct cli_settings *cli, const struct cli_call *call, int error,
			     const struct rpc_response *response)
{
	_cleanup_free_ char *what = NULL;

	if (call->subject && asprintf(&what, "%s of \"%s\"", call->method, call->subject) < 0)
		what = NULL;
	cli_complain_call(cli, what ? what : call->method, error, response);
}

static int connect_keep_message(void *context, const uint8_t *data, size_t bytes)
{
	struct buf *buf = context;

	buf_reset(buf);
	buf_add(buf, data, bytes);
	return buf->failed;
}

int cli_call(const struct cli_settings *cli, struct rpc_client *client, const struct cli_call *call,
	     ProtobufCMessage **out)
{
	size_t bytes = protobuf_c_message_get_packed_size(call->request);
	_cleanup_free_ uint8_t *packed = malloc(bytes + 1);
	_cleanup_buf_ struct buf answer = {};
	struct rpc_response response;
	struct rpc_request request = {
		.data = packed,
		.bytes = bytes,
		.timeout_ns = cli->timeout_ns,
		.response_bytes_max = cli->receive_bytes_max,
		.stop_fd = -1,
		.on_message = connect_keep_message,
		.context = &answer,
	};
	_cleanup_free_ char *path = NULL;
	int error;

	if (!packed || asprintf(&path, "/%s/%s", call->service ? call->service : CLI_SERVICE,
				call->method) < 0)
		return -ENOMEM;
	protobuf_c_message_pack(call->request, packed);
	request.path = path;
	error = rpc_client_call(client, &request, &response);
	if (!error && response.status == RPC_UNIMPLEMENTED && call->is_optional)
		return -EOPNOTSUPP;
	if (error || response.status != RPC_OK) {
		connect_complain(cli, call, error, &response);
		return error ? error : -EREMOTEIO;
	}
	*out = protobuf_c_message_unpack(call->response_type, NULL, answer.bytes,
					 (const uint8_t *)buf_text(&answer));
	if (*out)
		return 0;
	cli_complain("the agent's answer to %s is not a %s", call->method,
		     call->response_type->name);
	return -EBADMSG;
}
