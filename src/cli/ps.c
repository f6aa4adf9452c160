/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra ps`: the processes that the agent knows, as a tree. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cli/columns.h"
#include "cli/connect.h"
#include "cli/process_tree.h"
#include "cli/screen_text.h"
#include "event/json.h"
#include "event/text.h"

/* Start times are computed from another clock than now is read from. */
enum { CLOCK_SKEW_SECONDS = 1 };

/* Deeper ones stand below each other, with their depth: else a long chain of processes would be a
 * square of spaces. */
enum { DEPTH_SHOWN_MAX = 24, CONTAINER_BYTES_SHOWN = 12 };

struct ps_settings {
	const char *output;
	uint64_t pid;
	bool all;
	bool exited;
	bool kernel_threads;
	bool no_tree;
	bool no_arguments;
	int64_t width;
};

struct ps {
	const struct ps_settings *settings;
	const struct process_tree_row *rows;
	size_t count;
	size_t width;	      /* 0: no limit */
	bool has_containers;  /* a column for them */
	uint64_t open_levels; /* bit per depth: more children follow there */
	int64_t now;
};

static bool process_has_container(const Tetragon__Process *process)
{
	return process && (process->pod || *process->docker);
}

/* ---- cells
 * ----------------------------------------------------------------------------------- */

static void ps_add_user(struct columns *columns, const Tetragon__Process *process)
{
	if (process->user && *process->user->name)
		columns_add(columns, process->user->name);
	else if (process->uid)
		columns_add_uint(columns, process->uid->value);
	else
		columns_add(columns, "");
}

static void ps_add_elapsed(const struct ps *ps, struct columns *columns,
			   const struct process_tree_row *row)
{
	const Google__Protobuf__Timestamp *start = row->item->process->start_time;
	_cleanup_buf_ struct buf text = {};

	if (row->item->ended)
		buf_add_text(&text, "exited");
	else if (start && start->seconds > 0 && start->seconds <= ps->now + CLOCK_SKEW_SECONDS)
		screen_add_elapsed(&text, start->seconds < ps->now ? ps->now - start->seconds : 0);
	columns_add(columns, buf_text(&text));
}

static void ps_add_container(struct columns *columns, const Tetragon__Process *process)
{
	_cleanup_buf_ struct buf text = {};

	if (process->pod)
		buf_add_format(&text, "%s/%s", process->pod->namespace_, process->pod->name);
	else
		buf_add_format(&text, "%.*s", CONTAINER_BYTES_SHOWN, process->docker);
	columns_add(columns, buf_text(&text));
}

/* As "ps f" draws it: " |   \_ ". */
static void ps_add_branches(struct ps *ps, struct buf *out, const struct process_tree_row *row)
{
	size_t depth = row->depth < DEPTH_SHOWN_MAX ? row->depth : DEPTH_SHOWN_MAX;

	if (row->depth < DEPTH_SHOWN_MAX) {
		ps->open_levels &= (1ULL << row->depth) - 1;
		if (!row->is_last)
			ps->open_levels |= 1ULL << row->depth;
	}
	for (size_t level = 1; level < depth; level++)
		buf_add_text(out, ps->open_levels >> level & 1 ? " |  " : "    ");
	if (depth)
		buf_add_text(out, " \\_ ");
	if (row->depth > DEPTH_SHOWN_MAX)
		buf_add_format(out, "(%zu) ", row->depth);
}

static void ps_add_command(struct ps *ps, struct columns *columns,
			   const struct process_tree_row *row)
{
	const Tetragon__Process *process = row->item->process;
	_cleanup_buf_ struct buf text = {}, cut = {};

	ps_add_branches(ps, &text, row);
	text_add_printable(&text, *process->binary ? process->binary : "?");
	if (*process->arguments) {
		buf_add_char(&text, ' ');
		text_add_printable(&text, process->arguments);
	}
	screen_add_cut(&cut, text.data, text.bytes, ps->width);
	columns_add(columns, buf_text(&cut));
}

/* ---- the table
 * ------------------------------------------------------------------------------- */

static void ps_add_cells(struct ps *ps, struct columns *columns, const struct process_tree_row *row)
{
	const Tetragon__Process *process = row->item->process;

	columns_add_uint(columns, process->pid ? process->pid->value : 0);
	ps_add_user(columns, process);
	ps_add_elapsed(ps, columns, row);
	if (ps->has_containers)
		ps_add_container(columns, process);
	ps_add_command(ps, columns, row);
}

static void ps_add_table(struct ps *ps, struct buf *out)
{
	_cleanup_columns_ struct columns columns = { .count = ps->has_containers ? 5 : 4 };
	_cleanup_buf_ struct buf line = {};

	columns_add(&columns, "PID");
	columns_add(&columns, "USER");
	columns_add(&columns, "ELAPSED");
	if (ps->has_containers)
		columns_add(&columns, "CONTAINER");
	columns_add(&columns, "COMMAND");
	for (size_t i = 0; i < ps->count; i++)
		ps_add_cells(ps, &columns, &ps->rows[i]);
	for (size_t i = 0; i <= ps->count; i++) {
		buf_reset(&line);
		columns_write_row(&columns, &line);
		screen_add_cut(out, line.data, line.bytes ? line.bytes - 1 : 0, ps->width);
		buf_add_char(out, '\n');
		out->failed |= line.failed;
	}
}

static void ps_add_json(const struct ps *ps, struct buf *out)
{
	_cleanup_json_encoder_ struct json_encoder *encoder =
		json_encoder_new(&tetragon__process_internal__descriptor);

	for (size_t i = 0; encoder && i < ps->count; i++) {
		json_encode(encoder, out, &ps->rows[i].item->base);
		buf_add_char(out, '\n');
	}
	out->failed |= !encoder;
}

/* ---- the command
 * ----------------------------------------------------------------------------- */

static void ps_check_containers(struct ps *ps)
{
	for (size_t i = 0; i < ps->count; i++)
		ps->has_containers |= process_has_container(ps->rows[i].item->process);
}

/* An answer may have processes without a process. */
static size_t ps_drop_empty(const struct ps_settings *own, Tetragon__DumpProcessCacheResArgs *cache,
			    Tetragon__ProcessInternal **list)
{
	size_t count = 0;

	for (size_t i = 0; i < cache->n_processes; i++) {
		const Tetragon__Process *process = cache->processes[i]->process;

		if (!process)
			continue;
		if (own->no_arguments && *process->arguments)
			process->arguments[0] = '\0';
		list[count++] = cache->processes[i];
	}
	return count;
}

static enum cli_exit ps_show(const struct ps_settings *own,
			     Tetragon__DumpProcessCacheResArgs *cache)
{
	const struct process_tree_options options = {
		.with_kernel_threads = own->kernel_threads || own->all,
		.with_exited = own->exited || own->all,
		.is_flat = own->no_tree && !own->pid,
		.has_pid = own->pid,
		.pid = (uint32_t)own->pid,
	};
	struct ps ps = { .settings = own,
			 .width = own->width < 0 ? screen_get_columns(STDOUT_FILENO)
						 : (size_t)own->width,
			 .now = time(NULL) };
	_cleanup_free_ Tetragon__ProcessInternal **list =
		calloc(cache->n_processes + 1, sizeof(Tetragon__ProcessInternal *));
	_cleanup_free_ struct process_tree_row *rows = NULL;
	_cleanup_buf_ struct buf text = {};

	if (!list ||
	    process_tree_new(&rows, &ps.count, list, ps_drop_empty(own, cache, list), &options)) {
		cli_complain("out of memory");
		return CLI_FAILED;
	}
	ps.rows = rows;
	for (size_t i = 0; own->no_tree && i < ps.count; i++)
		rows[i].depth = 0;
	if (own->pid && (!ps.count || own->pid > UINT32_MAX)) {
		cli_complain("the agent knows no process %" PRIu64 " that is shown; see --all",
			     own->pid);
		return CLI_FAILED;
	}
	ps_check_containers(&ps);
	if (strcmp(own->output, "json") == 0)
		ps_add_json(&ps, &text);
	else
		ps_add_table(&ps, &text);
	fwrite(text.data, 1, text.bytes, stdout);
	return text.failed ? CLI_FAILED : CLI_DONE;
}

static enum cli_exit ps_run(const struct cli_settings *cli, const void *settings)
{
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Tetragon__GetDebugRequest request = TETRAGON__GET_DEBUG_REQUEST__INIT;
	struct cli_call call = { "GetDebug", &request.base,
				 &tetragon__get_debug_response__descriptor, false };
	const Tetragon__GetDebugResponse *response;

	request.flag = TETRAGON__CONFIG_FLAG__CONFIG_FLAG_DUMP_PROCESS_CACHE;
	if (cli_connect(cli, -1, &client) || cli_call(cli, client, &call, &message))
		return CLI_FAILED;
	response = (const Tetragon__GetDebugResponse *)message;
	if (response->arg_case != TETRAGON__GET_DEBUG_RESPONSE__ARG_PROCESSES) {
		cli_complain("the agent's answer has no process cache");
		return CLI_FAILED;
	}
	return ps_show(settings, response->processes);
}

static const struct option_row ps_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct ps_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
	{ "pid", 'p', OPTION_UINT, offsetof(struct ps_settings, pid),
	  .help = "only this process and its descendants" },
	{ "exited", 0, OPTION_BOOL, offsetof(struct ps_settings, exited),
	  .help = "also processes that ended and are remembered" },
	{ "kernel-threads", 0, OPTION_BOOL, offsetof(struct ps_settings, kernel_threads),
	  .help = "also threads of the kernel" },
	{ "all", 'a', OPTION_BOOL, offsetof(struct ps_settings, all), .help = "both of these" },
	{ "no-tree", 0, OPTION_BOOL, offsetof(struct ps_settings, no_tree),
	  .help = "by pid, without the tree" },
	{ "no-arguments", 0, OPTION_BOOL, offsetof(struct ps_settings, no_arguments),
	  .help = "without arguments of processes, which may hold secrets" },
	{ "width", 'w', OPTION_INT, offsetof(struct ps_settings, width), .value = "-1",
	  .help = "cut lines at this column; 0: nowhere, -1: where the terminal ends" },
};

const struct command command_ps = {
	.path = "ps",
	.about = "the processes that the agent knows, as a tree",
	.rows = ps_rows,
	.rows_count = sizeof(ps_rows) / sizeof(ps_rows[0]),
	.settings_bytes = sizeof(struct ps_settings),
	.run = ps_run,
};
