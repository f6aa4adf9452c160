/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in columns of fixed width first, names of any length last: nothing jumps about. */
#include "cli/top_view.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cli/screen_text.h"
#include "event/text.h"

/* Lines of a half empty screen that are no rows: three above, two headings, two empty ones, keys.
 */
enum { LINES_AROUND = 8, LINES_MIN = 4 };

/* ---- cells
 * ----------------------------------------------------------------------------------- */

static void add_cell(struct buf *out, const char *text)
{
	buf_add_format(out, "%8s ", text);
}

/* "-": not known yet. */
static void add_rate(struct buf *out, const struct top_row *row, double rate)
{
	_cleanup_buf_ struct buf cell = {};

	if (!row->has_rates)
		buf_add_char(&cell, '-');
	else if (rate > 0 && rate < 9.95)
		buf_add_format(&cell, "%.1f", rate);
	else
		screen_add_count(&cell, rate);
	add_cell(out, buf_text(&cell));
}

static double get_percent(const struct top_row *row)
{
	return row->rates[TOP_RUN_NS] * 100 / (double)CLOCK_NS_PER_SECOND;
}

static void add_percent(struct buf *out, bool is_known, double percent)
{
	_cleanup_buf_ struct buf cell = {};

	if (is_known)
		buf_add_format(&cell, "%.2f", percent);
	else
		buf_add_char(&cell, '-');
	add_cell(out, buf_text(&cell));
}

static void add_name(struct buf *out, const struct top_row *row)
{
	if (*row->namespace) {
		text_add_printable(out, row->namespace);
		buf_add_char(out, '/');
	}
	text_add_printable(out, *row->name ? row->name : "?");
}

/* ---- rows
 * ------------------------------------------------------------------------------------ */

static void add_policy(struct buf *out, const struct top_row *row)
{
	_cleanup_buf_ struct buf total = {};

	add_percent(out, row->has_rates, get_percent(row));
	add_rate(out, row, row->rates[TOP_MATCHED]);
	add_rate(out, row, row->rates[TOP_POSTED]);
	add_rate(out, row, row->rates[TOP_ENFORCED]);
	add_rate(out, row, row->rates[TOP_DROPPED]);
	add_rate(out, row, row->rates[TOP_RATE_LIMITED]);
	screen_add_count(&total, (double)row->total);
	add_cell(out, buf_text(&total));
	buf_add_format(out, "%-12s ", row->detail);
	add_name(out, row);
	buf_add_char(out, '\n');
}

static void add_hook(struct buf *out, const struct top_row *row)
{
	double calls = row->rates[TOP_CALLS];
	double per_call = calls > 0 ? row->rates[TOP_RUN_NS] / calls : 0;

	add_percent(out, row->has_rates, get_percent(row));
	add_rate(out, row, calls);
	add_rate(out, row, per_call);
	add_rate(out, row, row->rates[TOP_MISSED]);
	buf_add_format(out, "%8zu ", row->shared);
	add_name(out, row);
	buf_add_text(out, "  ");
	text_add_printable(out, row->detail);
	if (*row->counted_in) {
		buf_add_text(out, ", counted in ");
		text_add_printable(out, row->counted_in);
	}
	buf_add_char(out, '\n');
}

/* ---- above and below
 * ------------------------------------------------------------------------- */

static uint64_t status_sum_losses(const Tetragon__GetStatusResponse *status)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < status->n_losses; i++)
		sum += status->losses[i]->count;
	return sum;
}

static void add_agent(struct buf *out, const struct top_view *view)
{
	const Tetragon__GetStatusResponse *status = view->sample->status;

	buf_add_text(out, "tetrad ");
	text_add_printable(out, status->version);
	if (status->started && status->time) {
		buf_add_text(out, "  up ");
		screen_add_elapsed(out, status->time->seconds - status->started->seconds);
	}
	if (view->rows->has_rates)
		buf_add_format(out, "  cpu %.1f%%", view->rows->agent_cpu * 100);
	else
		buf_add_text(out, "  cpu -");
	buf_add_text(out, "  memory ");
	screen_add_bytes(out, status->resident_bytes);
	buf_add_text(out, " resident, ");
	screen_add_bytes(out, status->bpf_map_bytes);
	buf_add_format(out, " in kernel maps  processes %" PRIu32 "\n", status->processes_alive);
}

static void add_events(struct buf *out, const struct top_view *view)
{
	const Tetragon__GetStatusResponse *status = view->sample->status;
	uint64_t lost = status_sum_losses(status);

	buf_add_text(out, "events ");
	if (view->rows->has_rates)
		buf_add_format(out, "%.0f/s", view->rows->events);
	else
		buf_add_char(out, '-');
	buf_add_format(out, " (%" PRIu64 ")  streams %" PRIu32 "  lost ", status->events,
		       status->streams);
	if (lost)
		buf_add_format(out, "%" PRIu64 ", see tetra loss", lost);
	else
		buf_add_text(out, "nothing");
	if (!status->has_program_stats)
		buf_add_text(out, "  (this kernel does not measure run times)");
	buf_add_char(out, '\n');
}

/* Of COUNT rows with ROOM for so many. */
static void add_left_out(struct buf *out, size_t count, size_t room, const char *what)
{
	if (count > room)
		buf_add_format(out, "    ... %zu more %s\n", count - room, what);
}

/* Policies get what hooks leave, but at least half of it; one line of each is for what is left out.
 */
static size_t view_get_room(const struct top_view *view, size_t wanted, size_t others)
{
	size_t room =
		view->lines > LINES_AROUND + LINES_MIN ? view->lines - LINES_AROUND : LINES_MIN;
	size_t left = room > others ? room - others : 0;
	size_t share = left > room / 2 ? left : room / 2;

	if (!view->lines || wanted <= share)
		return wanted;
	return share > 1 ? share - 1 : 1;
}

void top_view_add_text(struct buf *out, const struct top_view *view)
{
	const struct top_rows *rows = view->rows;
	size_t policies = view_get_room(view, rows->policies_count, rows->hooks_count);
	size_t hooks = view_get_room(view, rows->hooks_count, rows->policies_count);

	if (view->sample->status) {
		add_agent(out, view);
		add_events(out, view);
	}
	if (*view->message)
		text_add_printable(out, view->message);
	else if (view->rows->seconds > 0)
		buf_add_format(out, "in a second, over the last %.1f s:", view->rows->seconds);
	buf_add_text(
		out,
		"\n    CPU%  MATCHED   EVENTS ENFORCED  DROPPED  LIMITED    TOTAL MODE         POLICY\n");
	for (size_t i = 0; i < policies; i++)
		add_policy(out, &rows->policies[i]);
	add_left_out(out, rows->policies_count, policies, "policies");
	buf_add_text(out, "\n    CPU%    CALLS  NS/CALL   MISSED POLICIES HOOK\n");
	for (size_t i = 0; i < hooks; i++)
		add_hook(out, &rows->hooks[i]);
	add_left_out(out, rows->hooks_count, hooks, "hooks");
	if (*view->keys)
		buf_add_format(out, "\n%s\n", view->keys);
}

/* ---- for programs
 * ---------------------------------------------------------------------------- */

static json_t *json_of(const char *text)
{
	_cleanup_buf_ struct buf valid = {};

	utf8_add_valid(&valid, text, strlen(text));
	return json_string(buf_text(&valid));
}

static void json_set_rates(json_t *object, const struct top_row *row, const enum top_rate *which,
			   size_t count)
{
	static const char *const names[TOP_RATES] = {
		[TOP_CALLS] = "calls",	   [TOP_RUN_NS] = "run_ns",
		[TOP_MISSED] = "missed",   [TOP_MATCHED] = "matched",
		[TOP_POSTED] = "events",   [TOP_ENFORCED] = "enforced",
		[TOP_DROPPED] = "dropped", [TOP_RATE_LIMITED] = "rate_limited",
	};

	for (size_t i = 0; i < count; i++)
		json_object_set_new(object, names[which[i]],
				    row->has_rates ? json_real(row->rates[which[i]]) : json_null());
}

static json_t *json_of_policies(const struct top_rows *rows)
{
	static const enum top_rate which[] = { TOP_RUN_NS,   TOP_MATCHED, TOP_POSTED,
					       TOP_ENFORCED, TOP_DROPPED, TOP_RATE_LIMITED };
	json_t *list = json_array();

	for (size_t i = 0; i < rows->policies_count; i++) {
		const struct top_row *row = &rows->policies[i];
		json_t *object = json_object();

		json_object_set_new(object, "namespace", json_of(row->namespace));
		json_object_set_new(object, "name", json_of(row->name));
		json_object_set_new(object, "mode", json_of(row->detail));
		json_object_set_new(object, "matched_total", json_integer((json_int_t)row->total));
		json_set_rates(object, row, which, sizeof(which) / sizeof(which[0]));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *json_of_hooks(const struct top_rows *rows)
{
	static const enum top_rate which[] = { TOP_CALLS, TOP_RUN_NS, TOP_MISSED };
	json_t *list = json_array();

	for (size_t i = 0; i < rows->hooks_count; i++) {
		const struct top_row *row = &rows->hooks[i];
		json_t *object = json_object();

		json_object_set_new(object, "name", json_of(row->name));
		json_object_set_new(object, "mechanism", json_of(row->detail));
		json_object_set_new(object, "policies", json_integer((json_int_t)row->shared));
		if (*row->counted_in)
			json_object_set_new(object, "counted_in", json_of(row->counted_in));
		json_set_rates(object, row, which, sizeof(which) / sizeof(which[0]));
		json_array_append_new(list, object);
	}
	return list;
}

void top_view_add_json(struct buf *out, const struct top_view *view)
{
	const Tetragon__GetStatusResponse *status = view->sample->status;
	const struct top_rows *rows = view->rows;
	json_t *object = json_object();
	char *text;

	json_object_set_new(object, "seconds", json_real(rows->seconds));
	json_object_set_new(object, "agent_cpu",
			    rows->has_rates ? json_real(rows->agent_cpu) : json_null());
	json_object_set_new(object, "events",
			    rows->has_rates ? json_real(rows->events) : json_null());
	json_object_set_new(object, "resident_bytes",
			    json_integer((json_int_t)status->resident_bytes));
	json_object_set_new(object, "lost", json_integer((json_int_t)status_sum_losses(status)));
	json_object_set_new(object, "policies", json_of_policies(rows));
	json_object_set_new(object, "hooks", json_of_hooks(rows));
	text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
	buf_add_text(out, text ? text : "");
	buf_add_char(out, '\n');
	out->failed |= !text;
	free(text);
	json_decref(object);
}
