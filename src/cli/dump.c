/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra debug dump processcache`: what the agent knows about processes, one line each. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "cli/connect.h"
#include "event/json.h"
#include "event/text.h"

struct dump_settings {
	const char *output;
	bool skip_zero_refcnt;
	bool exclude_execve_map_processes;
};

static void dump_add_json(struct buf *out, const Tetragon__DumpProcessCacheResArgs *cache)
{
	struct json_encoder *encoder = json_encoder_new(&tetragon__process_internal__descriptor);

	for (size_t i = 0; encoder && i < cache->n_processes; i++) {
		json_encode(encoder, out, &cache->processes[i]->base);
		buf_add_char(out, '\n');
	}
	out->failed |= !encoder;
	json_encoder_free(encoder);
}

static uint32_t dump_get_number(const Google__Protobuf__UInt32Value *value)
{
	return value ? value->value : 0;
}

static void dump_add_row(struct buf *out, const Tetragon__ProcessInternal *row)
{
	static const Tetragon__Process unknown = TETRAGON__PROCESS__INIT;
	const Tetragon__Process *process = row->process ? row->process : &unknown;

	buf_add_format(out, "%10" PRIu32 " %6" PRIu32 "  ", dump_get_number(process->pid),
		       dump_get_number(row->refcnt));
	text_add_printable(out, row->color);
	buf_add_text(out, "  ");
	text_add_printable(out, process->exec_id);
	buf_add_text(out, "  ");
	text_add_quoted(out, process->binary);
	buf_add_char(out, ' ');
	text_add_printable(out, process->arguments);
	buf_add_char(out, '\n');
}

static void dump_add_table(struct buf *out, const Tetragon__DumpProcessCacheResArgs *cache)
{
	buf_add_format(out, "%10s %6s  %s\n", "PID", "REFCNT", "COLOR  EXEC_ID  BINARY ARGUMENTS");
	for (size_t i = 0; i < cache->n_processes; i++)
		dump_add_row(out, cache->processes[i]);
}

static enum cli_exit dump_run(const struct cli_settings *cli, const void *settings)
{
	const struct dump_settings *own = settings;
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Tetragon__DumpProcessCacheReqArgs args = TETRAGON__DUMP_PROCESS_CACHE_REQ_ARGS__INIT;
	Tetragon__GetDebugRequest request = TETRAGON__GET_DEBUG_REQUEST__INIT;
	struct cli_call call = { "GetDebug", &request.base,
				 &tetragon__get_debug_response__descriptor, false };
	const Tetragon__GetDebugResponse *response;
	_cleanup_buf_ struct buf text = {};

	args.skip_zero_refcnt = own->skip_zero_refcnt;
	args.exclude_execve_map_processes = own->exclude_execve_map_processes;
	request.flag = TETRAGON__CONFIG_FLAG__CONFIG_FLAG_DUMP_PROCESS_CACHE;
	request.arg_case = TETRAGON__GET_DEBUG_REQUEST__ARG_DUMP;
	request.dump = &args;
	if (cli_connect(cli, -1, &client) || cli_call(cli, client, &call, &message))
		return CLI_FAILED;
	response = (const Tetragon__GetDebugResponse *)message;
	if (response->arg_case != TETRAGON__GET_DEBUG_RESPONSE__ARG_PROCESSES) {
		cli_complain("the agent's answer has no process cache");
		return CLI_FAILED;
	}
	if (strcmp(own->output, "json") == 0)
		dump_add_json(&text, response->processes);
	else
		dump_add_table(&text, response->processes);
	fwrite(text.data, 1, text.bytes, stdout);
	return text.failed ? CLI_FAILED : CLI_DONE;
}

static const struct option_row dump_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct dump_settings, output), .value = "tab",
	  .choices = "tab|json", .help = "for people or for programs" },
	{ "skip-zero-refcnt", 0, OPTION_BOOL, offsetof(struct dump_settings, skip_zero_refcnt),
	  .help = "leave out processes that nothing refers to" },
	{ "exclude-execve-map-processes", 0, OPTION_BOOL,
	  offsetof(struct dump_settings, exclude_execve_map_processes),
	  .help = "leave out processes that the kernel's process map has" },
};

const struct command command_debug_dump_processcache = {
	.path = "debug dump processcache",
	.about = "processes that the agent remembers",
	.examples = "tetra dump processcache\n"
		    "tetra debug dump processcache -o json | jq -r .process.binary\n",
	.is_hidden = true,
	.rows = dump_rows,
	.rows_count = sizeof(dump_rows) / sizeof(dump_rows[0]),
	.settings_bytes = sizeof(struct dump_settings),
	.run = dump_run,
};
