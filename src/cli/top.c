/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra top`: what policies and hooks do and cost, now. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/connect.h"
#include "cli/screen.h"
#include "cli/top_view.h"

#define TOP_KEYS "q quit  sort by: c CPU  n name  a calls  m matched  e events  d dropped"

/* A key waits for the agent's answer as long as this. */
#define TOP_ANSWER_NS	    (2 * CLOCK_NS_PER_SECOND)
#define TOP_INTERVAL_MIN_NS (100 * CLOCK_NS_PER_MS)
/* poll(2) takes an int of milliseconds; an hour is long enough for people. */
#define TOP_INTERVAL_MAX_NS (3600 * CLOCK_NS_PER_SECOND)

struct top_settings {
	const char *output;
	const char *sort;
	uint64_t interval_ns;
	bool once;
};

struct top {
	const struct cli_settings *cli;
	const struct top_settings *settings;
	struct rpc_client *client;
	struct top_sample samples[2]; /* the one before, and the last */
	enum top_sort sort;
	int complaints_fd; /* standard error, while the screen is ours; -1 */
	char message[256];
};

/* By enum top_sort. */
static const struct {
	const char *word;
	char key;
} top_sorts[] = {
	[TOP_SORT_CPU] = { "cpu", 'c' },	 [TOP_SORT_CALLS] = { "calls", 'a' },
	[TOP_SORT_MATCHES] = { "matches", 'm' }, [TOP_SORT_EVENTS] = { "events", 'e' },
	[TOP_SORT_DROPS] = { "drops", 'd' },	 [TOP_SORT_NAME] = { "name", 'n' },
};
#define TOP_SORTS (sizeof(top_sorts) / sizeof(top_sorts[0]))

/* ---- asking
 * ---------------------------------------------------------------------------------- */

static int sample_fill(struct top *top, struct top_sample *out)
{
	Tetragon__GetStatusRequest request = TETRAGON__GET_STATUS_REQUEST__INIT;
	Tetragon__ListTracingPoliciesRequest all = TETRAGON__LIST_TRACING_POLICIES_REQUEST__INIT;
	struct cli_call status = { "GetStatus", &request.base,
				   &tetragon__get_status_response__descriptor, false };
	struct cli_call list = { "ListTracingPolicies", &all.base,
				 &tetragon__list_tracing_policies_response__descriptor, false };
	ProtobufCMessage *message;
	int error;

	request.with_program_stats = true;
	error = cli_call(top->cli, top->client, &status, &message);
	if (error)
		return error;
	out->status = (Tetragon__GetStatusResponse *)message;
	out->at_ns = clock_read_ns(CLOCK_MONOTONIC);
	error = cli_call(top->cli, top->client, &list, &message);
	if (!error)
		out->policies = (Tetragon__ListTracingPoliciesResponse *)message;
	return error;
}

/* The last sample becomes the one before. After an error all stays, and the next look connects. */
static int top_look(struct top *top)
{
	struct top_sample new = {};
	int error = top->client ? 0 : cli_connect(top->cli, -1, &top->client);

	if (!error)
		error = sample_fill(top, &new);
	if (error) {
		top_sample_done(&new);
		rpc_client_free(TAKE_PTR(top->client));
		return error;
	}
	top_sample_done(&top->samples[0]);
	top->samples[0] = top->samples[1];
	top->samples[1] = new;
	return 0;
}

static int top_show(struct top *top, struct top_view *view, struct buf *out)
{
	static const struct top_sample none = {};
	const struct top_sample *last = &top->samples[1];
	struct top_rows rows = {};
	int error = 0;

	if (last->status)
		error = top_rows_fill(&rows, top->samples[0].status ? &top->samples[0] : &none,
				      last, top->sort);
	view->sample = last;
	view->rows = &rows;
	if (!error && strcmp(top->settings->output, "json") == 0)
		top_view_add_json(out, view);
	else if (!error)
		top_view_add_text(out, view);
	top_rows_done(&rows);
	return error ? error : out->failed ? -ENOMEM : 0;
}

/* ---- once
 * ------------------------------------------------------------------------------------ */

static int top_run_once(struct top *top)
{
	const struct timespec interval = {
		.tv_sec = (time_t)(top->settings->interval_ns / CLOCK_NS_PER_SECOND),
		.tv_nsec = (long)(top->settings->interval_ns % CLOCK_NS_PER_SECOND),
	};
	struct top_view view = { .message = "", .keys = "" };
	_cleanup_buf_ struct buf text = {};
	int error = top_look(top);

	if (error)
		return error;
	nanosleep(&interval, NULL);
	error = top_look(top);
	if (!error)
		error = top_show(top, &view, &text);
	fwrite(text.data, 1, text.bytes, stdout);
	return error;
}

/* ---- on a terminal
 * --------------------------------------------------------------------------- */

/* What the calls said on standard error, for the line above the table. */
static void top_take_complaint(struct top *top)
{
	ssize_t bytes = pread(top->complaints_fd, top->message, sizeof(top->message) - 1, 0);

	top->message[bytes > 0 ? bytes : 0] = '\0';
	top->message[strcspn(top->message, "\n")] = '\0';
	if (ftruncate(top->complaints_fd, 0) == 0)
		lseek(top->complaints_fd, 0, SEEK_SET);
}

static int top_draw(struct top *top, const struct screen *screen)
{
	struct top_view view = { .lines = screen->lines,
				 .message = top->message,
				 .keys = TOP_KEYS };
	_cleanup_buf_ struct buf text = {};
	int error = top_show(top, &view, &text);

	return error ? error : screen_draw(screen, &text);
}

/* False: it is the end. */
static bool top_take_key(struct top *top, char key)
{
	for (size_t i = 0; i < TOP_SORTS; i++) {
		if (top_sorts[i].key == key)
			top->sort = (enum top_sort)i;
	}
	return key != 'q' && key != 'Q';
}

/* Until the next look is due. False: it is the end. */
static bool top_wait(struct top *top, struct screen *screen, uint64_t due_ns)
{
	for (;;) {
		uint64_t now_ns = clock_read_ns(CLOCK_MONOTONIC);
		uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;
		char key = 0;
		enum screen_event event =
			screen_wait(screen, (int)(left_ns / CLOCK_NS_PER_MS), &key);

		if (event == SCREEN_END || (event == SCREEN_KEY && !top_take_key(top, key)))
			return false;
		if (event == SCREEN_TIMEOUT && left_ns < CLOCK_NS_PER_MS)
			return true;
		if (event != SCREEN_TIMEOUT && top_draw(top, screen))
			return false;
	}
}

static int top_run_screen(void *context, struct screen *screen)
{
	struct top *top = context;
	uint64_t due_ns = clock_read_ns(CLOCK_MONOTONIC);

	top->complaints_fd = memfd_create("complaints", MFD_CLOEXEC);
	if (top->complaints_fd < 0 || dup2(top->complaints_fd, STDERR_FILENO) < 0)
		return CLI_FAILED;
	do {
		top_look(top);
		top_take_complaint(top);
		if (top_draw(top, screen))
			return CLI_FAILED;
		due_ns += top->settings->interval_ns;
		if (due_ns < clock_read_ns(CLOCK_MONOTONIC))
			due_ns = clock_read_ns(CLOCK_MONOTONIC) + top->settings->interval_ns;
	} while (top_wait(top, screen, due_ns));
	return CLI_DONE;
}

/* ---- the command
 * ----------------------------------------------------------------------------- */

static enum cli_exit top_run(const struct cli_settings *cli, const void *settings)
{
	const struct top_settings *own = settings;
	struct cli_settings patient = *cli;
	struct top top = { .cli = &patient, .settings = own, .complaints_fd = -1 };
	bool is_once = own->once || strcmp(own->output, "json") == 0 || !isatty(STDOUT_FILENO) ||
		       !isatty(STDIN_FILENO);
	int result;

	if (own->interval_ns < TOP_INTERVAL_MIN_NS || own->interval_ns > TOP_INTERVAL_MAX_NS) {
		cli_complain("bad --interval; want 100ms to 1h");
		return CLI_USAGE;
	}
	while (strcmp(top_sorts[top.sort].word, own->sort) != 0)
		top.sort++;
	if (is_once) {
		result = top_run_once(&top);
	} else {
		if (patient.timeout_ns > TOP_ANSWER_NS)
			patient.timeout_ns = TOP_ANSWER_NS;
		patient.retries = 0;
		result = screen_run(top_run_screen, &top);
	}
	if (result < 0 && !is_once)
		cli_complain("the terminal cannot be used: %s", strerror(-result));
	rpc_client_free(top.client);
	top_sample_done(&top.samples[0]);
	top_sample_done(&top.samples[1]);
	return result ? CLI_FAILED : CLI_DONE;
}

static const struct option_row top_option_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct top_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs; json is shown once" },
	{ "sort", 's', OPTION_TEXT, offsetof(struct top_settings, sort), .value = "cpu",
	  .choices = "cpu|calls|matches|events|drops|name", .help = "what comes first" },
	{ "interval", 0, OPTION_DURATION, offsetof(struct top_settings, interval_ns), .value = "1s",
	  .help = "time between two looks" },
	{ "once", 0, OPTION_BOOL, offsetof(struct top_settings, once),
	  .help = "look twice, show once; so it is when the output is no terminal" },
};

const struct command command_top = {
	.path = "top",
	.about = "what policies and hooks do and cost, now",
	.more = "Rates are those of a second. CPU% is the share of one processor that programs in\n"
		"the kernel take; policies on one hook get equal parts of its cost.\n",
	.rows = top_option_rows,
	.rows_count = sizeof(top_option_rows) / sizeof(top_option_rows[0]),
	.settings_bytes = sizeof(struct top_settings),
	.run = top_run,
};
