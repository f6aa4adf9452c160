/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra status`: is the agent well, what does it see, what did it lose. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "cli/connect.h"
#include "event/json.h"
#include "event/text.h"

struct status_settings {
	const char *output;
};

/* By HealthStatusResult. */
static const char *const health_words[] = { "undefined", "running", "stopped", "error" };

static const char *status_get_health(const Tetragon__GetHealthStatusResponse *health)
{
	unsigned int status;

	if (!health->n_health_status)
		return health_words[0];
	status = (unsigned int)health->health_status[0]->status;
	return status < sizeof(health_words) / sizeof(health_words[0]) ? health_words[status]
								       : health_words[0];
}

static void status_add_since(struct buf *out, const Google__Protobuf__Timestamp *started)
{
	char text[TEXT_TIME_BYTES_MAX];
	char *end = text_put_time(text, started->seconds, 0, 0);
	int64_t seconds = time(NULL) - started->seconds;

	buf_add_text(out, "since:      ");
	buf_add(out, text, (size_t)(end - text));
	if (seconds >= 0)
		buf_add_format(out, " (%" PRId64 "d %02" PRId64 ":%02" PRId64 ":%02" PRId64 ")",
			       seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60,
			       seconds % 60);
	buf_add_char(out, '\n');
}

static void status_add_text(struct buf *out, const char *label, const char *text)
{
	buf_add_text(out, label);
	text_add_printable(out, text);
	buf_add_char(out, '\n');
}

static void status_add_losses(struct buf *out, const Tetragon__GetStatusResponse *status)
{
	if (!status->n_losses) {
		buf_add_text(out, "lost: nothing\n");
		return;
	}
	buf_add_text(out, "lost:\n");
	for (size_t i = 0; i < status->n_losses; i++) {
		const Tetragon__LossCount *loss = status->losses[i];

		buf_add_format(out, "%12" PRIu64 " ", loss->count);
		text_add_printable(out, loss->record);
		buf_add_text(out, ": ");
		text_add_printable(out, loss->reason);
		if (loss->advice[0]) {
			buf_add_text(out, "; ");
			text_add_printable(out, loss->advice);
		}
		buf_add_char(out, '\n');
	}
}

static void status_add_state(struct buf *out, const Tetragon__GetStatusResponse *status)
{
	const double mebibyte = 1 << 20;

	status_add_text(out, "version:    ", status->version);
	status_add_text(out, "tier:       ", status->tier);
	if (status->started)
		status_add_since(out, status->started);
	buf_add_format(out, "events:     %" PRIu64 "\n", status->events);
	buf_add_format(out,
		       "processes:  %" PRIu32 " known, %" PRIu32 " alive, room for %" PRIu32 "\n",
		       status->processes, status->processes_alive, status->process_cache_size);
	buf_add_format(out, "streams:    %" PRIu32 "\n", status->streams);
	buf_add_format(out, "memory:     %.1f MiB resident, %.1f MiB in kernel maps\n",
		       (double)status->resident_bytes / mebibyte,
		       (double)status->bpf_map_bytes / mebibyte);
	status_add_losses(out, status);
}

static enum cli_exit status_run(const struct cli_settings *cli, const void *settings)
{
	const struct status_settings *own = settings;
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *health = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *status = NULL;
	Tetragon__GetHealthStatusRequest health_request = TETRAGON__GET_HEALTH_STATUS_REQUEST__INIT;
	Tetragon__GetStatusRequest status_request = TETRAGON__GET_STATUS_REQUEST__INIT;
	/* Upstream's agent has no such method: its health is all there is to say. */
	struct cli_call get_status = { "GetStatus", &status_request.base,
				       &tetragon__get_status_response__descriptor, true };
	struct cli_call get_health = { "GetHealth", &health_request.base,
				       &tetragon__get_health_status_response__descriptor, false };
	_cleanup_buf_ struct buf text = {};
	int error;

	if (cli_connect(cli, -1, &client) || cli_call(cli, client, &get_health, &health))
		return CLI_FAILED;
	error = cli_call(cli, client, &get_status, &status);
	if (error && error != -EOPNOTSUPP)
		return CLI_FAILED;
	if (strcmp(own->output, "json") == 0) {
		json_add_message(&text, status ? status : health);
		buf_add_char(&text, '\n');
	} else {
		buf_add_format(&text, "Health Status: %s\n",
			       status_get_health((Tetragon__GetHealthStatusResponse *)health));
		if (status)
			status_add_state(&text, (Tetragon__GetStatusResponse *)status);
	}
	fputs(buf_text(&text), stdout);
	return text.failed ? CLI_FAILED : CLI_DONE;
}

static const struct option_row status_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct status_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
};

const struct command command_status = {
	.path = "status",
	.about = "health of the agent, what it sees, what it lost",
	.rows = status_rows,
	.rows_count = sizeof(status_rows) / sizeof(status_rows[0]),
	.settings_bytes = sizeof(struct status_settings),
	.run = status_run,
};
