/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra version`: this program's version, and with --server the agent's. */
#include <stdio.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "event/text.h"

struct version_settings {
	bool server;
	bool build;
};

static enum cli_exit version_print_server(const struct cli_settings *cli)
{
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	Tetragon__GetVersionRequest request = TETRAGON__GET_VERSION_REQUEST__INIT;
	_cleanup_buf_ struct buf text = {};
	struct cli_call call = {
		.method = "GetVersion",
		.request = &request.base,
		.response_type = &tetragon__get_version_response__descriptor,
	};

	if (cli_connect(cli, -1, &client) || cli_call(cli, client, &call, &answer))
		return CLI_FAILED;
	buf_add_text(&text, "Server version: ");
	text_add_printable(&text, ((Tetragon__GetVersionResponse *)answer)->version);
	buf_add_char(&text, '\n');
	return cli_print(&text);
}

static enum cli_exit version_run(const struct cli_settings *cli, const void *settings)
{
	const struct version_settings *version = settings;

	printf("CLI version: %s\n", TETRAD_VERSION);
	if (version->build)
		printf("CLI compiler: %s\n", __VERSION__);
	return version->server ? version_print_server(cli) : CLI_DONE;
}

static const struct option_row version_rows[] = {
	{ "server", 's', OPTION_BOOL, offsetof(struct version_settings, server),
	  .help = "the version of the agent, too" },
	{ "build", 'b', OPTION_BOOL, offsetof(struct version_settings, build),
	  .help = "how this program was built, too" },
};

const struct command command_version = {
	.path = "version",
	.about = "versions of this program and of the agent",
	.rows = version_rows,
	.rows_count = sizeof(version_rows) / sizeof(version_rows[0]),
	.settings_bytes = sizeof(struct version_settings),
	.run = version_run,
};
