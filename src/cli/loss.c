/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra loss`: what the agent lost, when, why, and what to change. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/columns.h"
#include "cli/connect.h"
#include "cli/screen_text.h"
#include "event/json.h"
#include "event/text.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

struct loss_settings {
	const char *output;
	uint64_t lines;
	uint64_t fail_ns;
};

static int64_t status_get_now(const Tetragon__GetStatusResponse *status)
{
	return status->time ? status->time->seconds : time(NULL);
}

static const char *loss_get_record(const Tetragon__LossFinding *finding)
{
	return finding->loss ? finding->loss->record : "";
}

static const char *loss_get_reason(const Tetragon__LossFinding *finding)
{
	return finding->loss ? finding->loss->reason : "";
}

static bool finding_is_within(const Tetragon__GetStatusResponse *status,
			      const Tetragon__LossFinding *finding, int64_t seconds)
{
	return finding->loss && finding->to &&
	       finding->to->seconds >= status_get_now(status) - seconds;
}

/* Of one row of the totals, in the last SECONDS, in all places. */
static uint64_t status_sum(const Tetragon__GetStatusResponse *status,
			   const Tetragon__LossCount *loss, int64_t seconds)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < status->n_loss_history; i++) {
		const Tetragon__LossFinding *finding = status->loss_history[i];

		if (finding_is_within(status, finding, seconds) &&
		    strcmp(loss_get_record(finding), loss->record) == 0 &&
		    strcmp(loss_get_reason(finding), loss->reason) == 0)
			sum += finding->loss->count;
	}
	return sum;
}

static void add_time(struct buf *out, const Google__Protobuf__Timestamp *time)
{
	char text[TEXT_TIME_BYTES_MAX];

	if (time)
		buf_add(out, text, (size_t)(text_put_time(text, time->seconds, 0, 0) - text));
	else
		buf_add_char(out, '-');
}

static void columns_add_time(struct columns *columns, const Google__Protobuf__Timestamp *time)
{
	_cleanup_buf_ struct buf text = {};

	add_time(&text, time);
	columns_add(columns, buf_text(&text));
}

/* ---- for people
 * ------------------------------------------------------------------------------ */

static void loss_add_total(struct columns *columns, const Tetragon__GetStatusResponse *status,
			   const Tetragon__LossCount *loss)
{
	char rate[32];

	snprintf(rate, sizeof(rate), "%.1f/s", (double)status_sum(status, loss, MINUTE) / MINUTE);
	columns_add_uint(columns, loss->count);
	columns_add_uint(columns, status_sum(status, loss, HOUR));
	columns_add_uint(columns, status_sum(status, loss, DAY));
	columns_add(columns, rate);
	columns_add(columns, loss->record);
	columns_add(columns, loss->reason);
	columns_add(columns, loss->advice);
}

static void loss_add_totals(struct buf *out, const Tetragon__GetStatusResponse *status)
{
	static const char *const heads[] = { "LOST", "LAST HOUR", "LAST DAY",	   "NOW",
					     "WHAT", "WHY",	  "WHAT TO CHANGE" };
	_cleanup_columns_ struct columns columns = { .count = sizeof(heads) / sizeof(heads[0]) };

	buf_add_text(out, "Since ");
	add_time(out, status->started);
	buf_add_text(out, ":\n");
	for (size_t i = 0; i < columns.count; i++)
		columns_add(&columns, heads[i]);
	for (size_t i = 0; i < status->n_losses; i++)
		loss_add_total(&columns, status, status->losses[i]);
	for (size_t i = 0; i <= status->n_losses; i++)
		columns_write_row(&columns, out);
}

static void loss_add_finding(struct columns *columns, const Tetragon__LossFinding *finding)
{
	columns_add_time(columns, finding->from);
	columns_add_time(columns, finding->to);
	columns_add_uint(columns, finding->loss ? finding->loss->count : 0);
	columns_add(columns, finding->where);
	columns_add(columns, loss_get_record(finding));
	columns_add(columns, loss_get_reason(finding));
}

static void loss_add_history(struct buf *out, const Tetragon__GetStatusResponse *status,
			     uint64_t lines)
{
	static const char *const heads[] = { "FROM", "TO", "LOST", "WHERE", "WHAT", "WHY" };
	_cleanup_columns_ struct columns columns = { .count = sizeof(heads) / sizeof(heads[0]) };
	size_t count = status->n_loss_history;
	size_t first = lines && count > lines ? count - lines : 0;
	uint64_t earlier = first + status->loss_findings_forgotten;

	if (!count)
		return;
	buf_add_text(out, "\nWhen:\n");
	for (size_t i = 0; i < columns.count; i++)
		columns_add(&columns, heads[i]);
	for (size_t i = first; i < count; i++)
		loss_add_finding(&columns, status->loss_history[i]);
	for (size_t i = first; i <= count; i++)
		columns_write_row(&columns, out);
	if (earlier)
		buf_add_format(out, "%" PRIu64 " earlier findings are not shown%s\n", earlier,
			       first ? "; see --lines" : ": the agent forgot them");
}

/* ---- for programs
 * ---------------------------------------------------------------------------- */

/* What `status -o json` says of losses, and nothing else. */
static void loss_add_json(struct buf *out, const Tetragon__GetStatusResponse *status)
{
	Tetragon__GetStatusResponse losses = TETRAGON__GET_STATUS_RESPONSE__INIT;

	losses.started = status->started;
	losses.time = status->time;
	losses.n_losses = status->n_losses;
	losses.losses = status->losses;
	losses.n_loss_history = status->n_loss_history;
	losses.loss_history = status->loss_history;
	losses.loss_findings_forgotten = status->loss_findings_forgotten;
	json_add_message(out, &losses.base);
	buf_add_char(out, '\n');
}

/* ---- the command
 * ----------------------------------------------------------------------------- */

static bool loss_is_recent(const Tetragon__GetStatusResponse *status, uint64_t since_ns)
{
	for (size_t i = 0; i < status->n_loss_history; i++) {
		if (finding_is_within(status, status->loss_history[i],
				      (int64_t)(since_ns / CLOCK_NS_PER_SECOND)))
			return true;
	}
	return false;
}

static enum cli_exit loss_show(const struct loss_settings *own,
			       const Tetragon__GetStatusResponse *status)
{
	_cleanup_buf_ struct buf text = {};

	if (strcmp(own->output, "json") == 0) {
		loss_add_json(&text, status);
	} else if (!status->n_losses) {
		buf_add_text(&text, "nothing was lost\n");
	} else {
		loss_add_totals(&text, status);
		loss_add_history(&text, status, own->lines);
	}
	fwrite(text.data, 1, text.bytes, stdout);
	if (text.failed)
		return CLI_FAILED;
	return own->fail_ns && loss_is_recent(status, own->fail_ns) ? CLI_FAILED : CLI_DONE;
}

static enum cli_exit loss_run(const struct cli_settings *cli, const void *settings)
{
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *status = NULL;
	Tetragon__GetStatusRequest request = TETRAGON__GET_STATUS_REQUEST__INIT;
	struct cli_call call = { "GetStatus", &request.base,
				 &tetragon__get_status_response__descriptor, false };

	request.with_loss_history = true;
	if (cli_connect(cli, -1, &client) || cli_call(cli, client, &call, &status))
		return CLI_FAILED;
	return loss_show(settings, (const Tetragon__GetStatusResponse *)status);
}

static const struct option_row loss_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct loss_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
	{ "lines", 'n', OPTION_UINT, offsetof(struct loss_settings, lines), .value = "20",
	  .help = "how many of the latest findings to show; 0: all that the agent remembers" },
	{ "fail", 0, OPTION_DURATION, offsetof(struct loss_settings, fail_ns),
	  .help = "exit with status 1 if anything was lost in this time up to now" },
};

const struct command command_loss = {
	.path = "loss",
	.about = "what was lost, when, why, and what to change",
	.rows = loss_rows,
	.rows_count = sizeof(loss_rows) / sizeof(loss_rows[0]),
	.settings_bytes = sizeof(struct loss_settings),
	.run = loss_run,
};
