/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra cri`: what a container runtime says of itself and of a container, over its CRI socket. No
 * agent is asked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "cri.pb-c.h"
#include "event/text.h"
#include "workload/runtime_path.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where runtimes listen, in the order in which they are tried. */
static const char *const endpoints[] = {
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/cri-dockerd.sock",
	"/run/k3s/containerd/containerd.sock",
};

struct cri_settings {
	const char *endpoint;
	const char *output;
};

/* "unix:///path"; NULL and lines: there is no runtime. */
static char *cri_get_address(const char *endpoint)
{
	char *address = NULL;
	const char *found = NULL;

	if (*endpoint)
		return asprintf(&address, "%s%s", *endpoint == '/' ? "unix://" : "", endpoint) < 0
			       ? NULL
			       : address;
	for (size_t i = 0; !found && i < COUNT(endpoints); i++)
		found = access(endpoints[i], F_OK) == 0 ? endpoints[i] : NULL;
	if (found)
		return asprintf(&address, "unix://%s", found) < 0 ? NULL : address;
	cli_complain("no container runtime is here; name its socket with --runtime-endpoint. "
		     "Looked for:");
	for (size_t i = 0; i < COUNT(endpoints); i++)
		cli_complain("  %s", endpoints[i]);
	return NULL;
}

static int cri_keep_message(void *context, const uint8_t *data, size_t bytes)
{
	struct buf *buf = context;

	buf_reset(buf);
	buf_add(buf, data, bytes);
	return buf->failed;
}

static void cri_complain(const char *method, const char *address, int error,
			 const struct rpc_response *response)
{
	char room[CLI_ERROR_BYTES];

	if (error && !*response->text)
		cli_complain("%s of the runtime at \"%s\": %s", method, address,
			     cli_error_text(-error, room));
	else
		cli_complain("the runtime at \"%s\" refuses %s: %s", address, method,
			     response->text);
}

/* One call of a connection of its own. False: no answer, and said. */
static bool cri_call(const struct cli_settings *cli, const char *address,
		     const struct cli_call *call, ProtobufCMessage **out)
{
	size_t bytes = protobuf_c_message_get_packed_size(call->request);
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_free_ uint8_t *packed = malloc(bytes + 1);
	_cleanup_free_ char *path = NULL;
	_cleanup_buf_ struct buf answer = {};
	_cleanup_diag_ struct diag diag = {};
	struct rpc_response response = {};
	struct rpc_request request = {
		.data = packed,
		.bytes = bytes,
		.timeout_ns = cli->timeout_ns,
		.response_bytes_max = cli->receive_bytes_max,
		.stop_fd = -1,
		.on_message = cri_keep_message,
		.context = &answer,
	};
	char room[CLI_ERROR_BYTES];
	int error = rpc_client_connect(&client, address, NULL, cli->timeout_ns, &diag);

	if (error) {
		cli_complain("cannot reach the runtime at \"%s\": %s", address,
			     diag.lines ? buf_text(&diag.text) : cli_error_text(-error, room));
		return false;
	}
	if (!packed || asprintf(&path, "/runtime.v1.RuntimeService/%s", call->method) < 0)
		return false;
	request.path = path;
	protobuf_c_message_pack(call->request, packed);
	error = rpc_client_call(client, &request, &response);
	if (error || response.status != RPC_OK) {
		cri_complain(call->method, address, error, &response);
		return false;
	}
	*out = protobuf_c_message_unpack(call->response_type, NULL, answer.bytes,
					 (const uint8_t *)buf_text(&answer));
	if (!*out)
		cli_complain("the answer of the runtime at \"%s\" is no %s", address,
			     call->response_type->name);
	return *out;
}

/* OBJECT NULL: it would hold bytes that are no text. */
static enum cli_exit cri_print_object(json_t *object)
{
	char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;

	if (line)
		printf("%s\n", line);
	else
		cli_complain("the runtime's answer is no UTF-8, which JSON needs");
	json_decref(object);
	free(line);
	return line ? CLI_DONE : CLI_FAILED;
}

/* ---- version --------------------------------------------------------------------------------- */

static enum cli_exit cri_version_run(const struct cli_settings *cli, const void *settings)
{
	const struct cri_settings *own = settings;
	_cleanup_free_ char *address = cri_get_address(own->endpoint);
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Runtime__V1__VersionRequest request = RUNTIME__V1__VERSION_REQUEST__INIT;
	const Runtime__V1__VersionResponse *answer;
	_cleanup_buf_ struct buf text = {};
	struct cli_call call = {
		.method = "Version",
		.request = &request.base,
		.response_type = &runtime__v1__version_response__descriptor,
	};

	if (!address || !cri_call(cli, address, &call, &message))
		return CLI_FAILED;
	answer = (const Runtime__V1__VersionResponse *)message;
	if (strcmp(own->output, "json") == 0)
		return cri_print_object(
			json_pack("{s:s, s:s, s:s, s:s}", "version", answer->version, "runtimeName",
				  answer->runtime_name, "runtimeVersion", answer->runtime_version,
				  "runtimeApiVersion", answer->runtime_api_version));
	text_add_printable(&text, answer->runtime_name);
	buf_add_char(&text, ' ');
	text_add_printable(&text, answer->runtime_version);
	buf_add_text(&text, " (CRI ");
	text_add_printable(&text, answer->runtime_api_version);
	buf_add_text(&text, ")\n");
	return cli_print(&text);
}

/* ---- cgroup_path ------------------------------------------------------------------------------
 */

/* The path that the runtime gave the container; owned by the caller. NULL: it does not say. */
static char *cri_find_path(const Runtime__V1__ContainerStatusResponse *answer)
{
	const char *text = NULL;
	json_t *info, *spec;
	char *path = NULL;

	for (size_t i = 0; i < answer->n_info; i++) {
		if (strcmp(answer->info[i]->key, "info") == 0)
			text = answer->info[i]->value;
	}
	info = text ? json_loads(text, 0, NULL) : NULL;
	spec = json_object_get(json_object_get(info, "runtimeSpec"), "linux");
	text = json_string_value(json_object_get(spec, "cgroupsPath"));
	if (text)
		path = strdup(text);
	json_decref(info);
	return path;
}

static enum cli_exit cri_path_run(const struct cli_settings *cli, const void *settings)
{
	const struct cri_settings *own = settings;
	_cleanup_free_ char *address = cri_get_address(own->endpoint);
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Runtime__V1__ContainerStatusRequest request = RUNTIME__V1__CONTAINER_STATUS_REQUEST__INIT;
	_cleanup_free_ char *found = NULL;
	_cleanup_buf_ struct buf path = {}, text = {};
	struct cli_call call = {
		.method = "ContainerStatus",
		.request = &request.base,
		.response_type = &runtime__v1__container_status_response__descriptor,
	};

	request.container_id = (char *)cli->words->items[0];
	request.verbose = true;
	if (!address || !cri_call(cli, address, &call, &message))
		return CLI_FAILED;
	found = cri_find_path((const Runtime__V1__ContainerStatusResponse *)message);
	if (!found || !runtime_path_add(&path, found)) {
		cli_complain("the runtime does not tell the cgroup of \"%s\" in a form that is "
			     "known here",
			     cli->words->items[0]);
		return CLI_FAILED;
	}
	if (strcmp(own->output, "json") == 0)
		return cri_print_object(json_pack("{s:s, s:s}", "id", cli->words->items[0],
						  "cgroup_path", buf_text(&path)));
	text_add_printable(&text, buf_text(&path));
	buf_add_char(&text, '\n');
	return cli_print(&text);
}

static const struct option_row cri_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct cri_settings, output), .value = "raw",
	  .choices = "raw|json", .help = "for people or for programs" },
	{ "runtime-endpoint", 'r', OPTION_TEXT, offsetof(struct cri_settings, endpoint),
	  .placeholder = "SOCKET",
	  .help = "the runtime's socket; without it, the first of containerd's, CRI-O's and "
		  "cri-dockerd's that is there" },
};

#define CRI_ROWS                                                             \
	.rows = cri_rows, .rows_count = COUNT(cri_rows), .is_offline = true, \
	.settings_bytes = sizeof(struct cri_settings)

const struct command command_cri_version = {
	.path = "cri version",
	.about = "which container runtime is here",
	CRI_ROWS,
	.run = cri_version_run,
};

const struct command command_cri_cgroup_path = {
	.path = "cri cgroup_path",
	.about = "the cgroup of a container, below the root of the hierarchy",
	.words = "ID",
	.words_count = 1,
	.examples = "ls /sys/fs/cgroup$(tetra cri cgroup_path ID)\n",
	CRI_ROWS,
	.run = cri_path_run,
};
