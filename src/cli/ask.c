/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting for one call only, and printing what came back. */
#include "cli/ask.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "event/json.h"
#include "rpc/address.h"

bool cli_ask(const struct cli_settings *cli, const struct cli_call *call, ProtobufCMessage **out)
{
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;

	return !cli_connect(cli, -1, &client) && !cli_call(cli, client, call, out);
}

const char *cli_error_text(int error, char room[CLI_ERROR_BYTES])
{
	return address_error_text(error, room, CLI_ERROR_BYTES);
}

enum cli_exit cli_print(const struct buf *text)
{
	if (text->failed)
		cli_complain("out of memory");
	fwrite(text->data, 1, text->bytes, stdout);
	return text->failed ? CLI_FAILED : CLI_DONE;
}

enum cli_exit cli_print_json(const ProtobufCMessage *message)
{
	_cleanup_buf_ struct buf text = {};

	json_add_message(&text, message);
	buf_add_char(&text, '\n');
	return cli_print(&text);
}
