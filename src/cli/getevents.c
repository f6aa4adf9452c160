/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra getevents`: events of the agent, or of standard input, as lines. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/connect.h"
#include "cli/event_choice.h"
#include "cli/event_lines.h"
#include "cli/event_writer.h"

/* What one message may become: --max-recv-size of 10 MiB, all of it the smallest pieces. */
#define GETEVENTS_UNPACKED_BYTES_MAX (512UL << 20)

struct getevents_settings {
	const char *output;
	const char *color;
	bool timestamps;
	struct event_choice_settings choice;
	const char *tty_path;
	bool stack_traces;
	bool ima_hash;
	bool reconnect;
	uint64_t reconnect_wait_ns;
};

struct getevents {
	const struct cli_settings *cli;
	const struct getevents_settings *settings;
	struct event_choice choice;
	struct arena arena; /* of the event at hand */
	ProtobufCAllocator allocator;
	int stop_fd; /* readable once SIGINT or SIGTERM came */
	struct event_writer writer;
	int write_error;
};

/* A write error is remembered, because whoever reads has no room for it. */
static int getevents_on_event(void *context, const Tetragon__GetEventsResponse *event)
{
	struct getevents *self = context;

	event = event_choice_apply(&self->choice, event);
	if (event)
		self->write_error = event_writer_add(&self->writer, event);
	return self->write_error;
}

/* An event is dozens of small pieces that live as long as each other. */
static void *getevents_allocate(void *arena, size_t bytes)
{
	return arena_alloc(arena, bytes);
}

static void getevents_free_piece(void *arena, void *piece)
{
}

/* The agent has applied the choice. */
static int getevents_on_message(void *context, const uint8_t *data, size_t bytes)
{
	struct getevents *self = context;
	Tetragon__GetEventsResponse *event =
		tetragon__get_events_response__unpack(&self->allocator, bytes, data);

	if (event) {
		self->write_error = event_writer_add(&self->writer, event);
	} else {
		cli_complain("the agent sent an event that cannot be read");
		self->write_error = -EBADMSG;
	}
	arena_reset(&self->arena);
	return self->write_error;
}

static int getevents_on_idle(void *context)
{
	struct getevents *self = context;

	self->write_error = event_writer_flush(&self->writer);
	return self->write_error;
}

static enum cli_exit getevents_from_input(struct getevents *self)
{
	struct event_lines_sink sink = { .on_event = getevents_on_event,
					 .on_idle = getevents_on_idle,
					 .context = self,
					 .stop_fd = self->stop_fd };
	struct event_lines_result result;
	int error = event_lines_read(&sink, &result);

	if (result.bad > EVENT_LINES_SAID_MAX)
		cli_complain("%zu lines of standard input are no events", result.bad);
	if (!error && !result.bytes)
		cli_complain("standard input is empty; for the agent's events use "
			     "\"tetra getevents </dev/null\"");
	if (error && error != -EINTR && error != self->write_error)
		cli_complain("cannot read standard input: %s", strerror(-error));
	return (error && error != -EINTR && error != self->write_error) || result.bad ? CLI_FAILED
										      : CLI_DONE;
}

static int getevents_pack_request(const struct getevents *self, uint8_t **out, size_t *out_bytes)
{
	const Tetragon__GetEventsRequest *request = &self->choice.request;

	*out_bytes = tetragon__get_events_request__get_packed_size(request);
	*out = malloc(*out_bytes);
	if (!*out)
		return -ENOMEM;
	tetragon__get_events_request__pack(request, *out);
	return 0;
}

/* One connection. CLI_DONE: the person ended it; otherwise it was said why it ended. */
static enum cli_exit getevents_from_agent_once(struct getevents *self)
{
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_free_ uint8_t *packed = NULL;
	struct rpc_response response;
	struct rpc_request request = {
		.path = "/tetragon.FineGuidanceSensors/GetEvents",
		.response_bytes_max = self->cli->receive_bytes_max,
		.stop_fd = self->stop_fd,
		.on_message = getevents_on_message,
		.on_idle = getevents_on_idle,
		.context = self,
	};
	int error;

	error = getevents_pack_request(self, &packed, &request.bytes);
	if (error)
		return CLI_FAILED;
	request.data = packed;
	error = cli_connect(self->cli, self->stop_fd, &client);
	if (error)
		return error == -EINTR ? CLI_DONE : CLI_FAILED;
	error = rpc_client_call(client, &request, &response);
	if (error == -EINTR || error == -ECANCELED || (!error && response.status == RPC_OK))
		return CLI_DONE;
	cli_complain_call(self->cli, "GetEvents", error, &response);
	return CLI_FAILED;
}

/* False: the person does not want to wait. */
static bool getevents_wait(const struct getevents *self)
{
	struct pollfd stop = { .fd = self->stop_fd, .events = POLLIN };
	uint64_t ms = self->settings->reconnect_wait_ns / CLOCK_NS_PER_MS;

	return poll(&stop, 1, ms > INT32_MAX ? INT32_MAX : (int)ms) <= 0;
}

static enum cli_exit getevents_from_agent(struct getevents *self)
{
	enum cli_exit status = getevents_from_agent_once(self);

	while (status != CLI_DONE && self->settings->reconnect) {
		event_writer_flush(&self->writer);
		if (!getevents_wait(self))
			return CLI_DONE;
		status = getevents_from_agent_once(self);
	}
	return status;
}

/* As upstream: only a character device (a terminal, /dev/null) means the agent. */
static bool getevents_has_input(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 && !S_ISCHR(status.st_mode);
}

/* Counters are drawn with escapes, so who wants no escapes gets none. */
static bool getevents_has_counters(const struct getevents_settings *settings)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && strcmp(settings->color, "never") != 0 &&
	       !(no_color && *no_color) && !*settings->tty_path;
}

static bool getevents_has_color(const char *when)
{
	const char *no_color = getenv("NO_COLOR");

	if (strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static int getevents_open_stop(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -1;
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum cli_exit getevents_stream(struct getevents *self)
{
	enum cli_exit status =
		getevents_has_input() ? getevents_from_input(self) : getevents_from_agent(self);
	int error = 0;

	/* Those before an event that cannot be read are good. */
	if (!self->write_error || self->write_error == -EBADMSG)
		error = event_writer_finish(&self->writer);
	if (error)
		self->write_error = error;
	if (self->writer.unwritable)
		cli_complain("%zu event%s without a compact form left out; -o json shows all",
			     self->writer.unwritable, self->writer.unwritable == 1 ? "" : "s");
	/* A reader that has seen enough, or a person who has, is no failure. */
	if (!self->write_error || self->write_error == -EPIPE || self->write_error == -EINTR)
		return status;
	if (self->write_error != -EBADMSG)
		cli_complain("cannot write events: %s", strerror(-self->write_error));
	return CLI_FAILED;
}

static enum cli_exit getevents_run(const struct cli_settings *cli, const void *settings)
{
	const struct getevents_settings *own = settings;
	struct getevents self = { .cli = cli, .settings = own };
	enum cli_exit status = event_choice_init(&self.choice, &own->choice);

	self.stop_fd = getevents_open_stop();
	self.writer = (struct event_writer){
		.is_compact = strcmp(own->output, "compact") == 0,
		.compact = { .color = getevents_has_color(own->color),
			     .timestamps = own->timestamps,
			     .stack_traces = own->stack_traces,
			     .ima_hash = own->ima_hash },
		.tty_path = *own->tty_path ? own->tty_path : NULL,
		.live = { .is_on = getevents_has_counters(own) },
		.stop_fd = self.stop_fd,
	};
	self.arena.bytes_max = GETEVENTS_UNPACKED_BYTES_MAX;
	self.allocator =
		(ProtobufCAllocator){ getevents_allocate, getevents_free_piece, &self.arena };
	if (status == CLI_DONE)
		status = event_writer_init(&self.writer) ? CLI_FAILED : getevents_stream(&self);
	event_writer_done(&self.writer);
	cleanup_close(&self.stop_fd);
	arena_done(&self.arena);
	event_choice_done(&self.choice);
	return status;
}

#define FIELD(name) offsetof(struct getevents_settings, name)

static const struct option_row getevents_rows[] = {
	{ "output", 'o', OPTION_TEXT, FIELD(output), .value = "json", .choices = "json|compact",
	  .help = "one JSON object or one short line per event" },
	{ "color", 0, OPTION_TEXT, FIELD(color), .value = "auto", .choices = "auto|always|never",
	  .help = "colors of compact lines; auto: on a terminal unless NO_COLOR is set" },
	{ "timestamps", 0, OPTION_BOOL, FIELD(timestamps),
	  .help = "begin compact lines with the time of the event" },
	{ "event-types", 'e', OPTION_LIST, FIELD(choice.event_types), .placeholder = "TYPES",
	  .help = "only these, such as PROCESS_EXEC,PROCESS_EXIT" },
	{ "process", 0, OPTION_LIST, FIELD(choice.processes), .placeholder = "REGEX",
	  .help = "only of processes whose binary matches" },
	{ "policy-names", 0, OPTION_LIST, FIELD(choice.policy_names), .placeholder = "NAMES",
	  .help = "only of these policies" },
	{ "namespace", 'n', OPTION_LIST, FIELD(choice.namespaces), .placeholder = "NAMES",
	  .help = "only of pods in these namespaces" },
	{ "namespace-regex", 0, OPTION_LIST, FIELD(choice.namespace_regexes),
	  .placeholder = "REGEX", .help = "only of pods in namespaces that match" },
	{ "pod", 0, OPTION_LIST, FIELD(choice.pods), .placeholder = "REGEX",
	  .help = "only of pods whose name matches" },
	{ "host", 0, OPTION_BOOL, FIELD(choice.host), .help = "only of processes in no pod" },
	{ "process-filter", 0, OPTION_TEXT, FIELD(choice.process_filter), .placeholder = "PAIRS",
	  .help = "by any keys, as event_set:PROCESS_KPROBE,pid:1" },
	{ "cel-expression", 0, OPTION_TEXT, FIELD(choice.cel_expression), .placeholder = "CEL",
	  .help = "only those for which the expression holds" },
	{ "include-fields", 'f', OPTION_LIST, FIELD(choice.include_fields), .placeholder = "PATHS",
	  .help = "only these, as process.binary,parent.pid" },
	{ "exclude-fields", 'F', OPTION_LIST, FIELD(choice.exclude_fields), .placeholder = "PATHS",
	  .help = "all but these fields" },
	{ "tty-encode", 't', OPTION_TEXT, FIELD(tty_path), .placeholder = "PATH",
	  .help = "only what was written to this terminal" },
	{ "stack-traces", 0, OPTION_BOOL, FIELD(stack_traces), .value = "true",
	  .help = "stack traces below compact lines; --stack-traces=false leaves them out" },
	{ "ima-hash", 0, OPTION_BOOL, FIELD(ima_hash), .value = "true",
	  .help = "IMA hashes below compact lines; --ima-hash=false leaves them out" },
	{ "reconnect", 0, OPTION_BOOL, FIELD(reconnect),
	  .help = "go on when the agent comes back" },
	{ "reconnect-wait", 0, OPTION_DURATION, FIELD(reconnect_wait_ns), .value = "2s",
	  .help = "how long to wait before each attempt" },
	/* upstream's old names */
	{ "namespaces", 0, OPTION_LIST, FIELD(choice.namespaces) },
	{ "processes", 0, OPTION_LIST, FIELD(choice.processes) },
	{ "pods", 0, OPTION_LIST, FIELD(choice.pods) },
	{ "containers", 0, OPTION_LIST, FIELD(choice.containers) },
};

const struct command command_getevents = {
	.path = "getevents",
	.about = "events as they happen",
	.more = "Events come from the agent when standard input is a terminal or /dev/null. When\n"
		"it is a pipe or a file, they are read from it, one JSON object per line:\n"
		"  tetra getevents -o compact < /var/log/tetragon/tetragon.log\n"
		"A script whose own input is a pipe or a file asks the agent with </dev/null.\n",
	.rows = getevents_rows,
	.rows_count = sizeof(getevents_rows) / sizeof(getevents_rows[0]),
	.settings_bytes = sizeof(struct getevents_settings),
	.run = getevents_run,
};
