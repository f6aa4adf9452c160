/* SPDX-License-Identifier: Apache-2.0 */
/* One function per place where things get lost; each fills rows of counts. */
#include "daemon/losses.h"

#include <errno.h>
#include <stdlib.h>

/* ---- places
 * ------------------------------------------------------------------------------------ */

static size_t losses_fill_lifecycle(struct gap_message *out, const struct pipeline *pipeline)
{
	struct loss_gap totals;

	loss_read_totals(pipeline->losses[WIRE_RING_LIFECYCLE], &totals);
	return gap_fill_counts(out, &totals);
}

static size_t losses_fill_policy(struct gap_message *out, const struct pipeline *pipeline)
{
	struct loss_gap totals;

	loss_read_totals(pipeline->losses[WIRE_RING_POLICY], &totals);
	return gap_fill_counts(out, &totals);
}

static void losses_add_agent(struct gap_message *out, size_t *count,
			     const struct pipeline *pipeline)
{
	struct process_table_stats cache;

	process_table_read_stats(pipeline->tracker.table, &cache);
	gap_add_count(out, count, "process", "process cache full", cache.refused);
	gap_add_count(out, count, "arguments", "memory of process cache full", cache.cut);
	gap_add_count(out, count, "record", "malformed", pipeline->stats.malformed);
	gap_add_count(out, count, "hook", "hook not known any more", pipeline->stats.unresolved);
}

static size_t losses_fill_agent(struct gap_message *out, const struct pipeline *pipeline)
{
	size_t count = 0;

	losses_add_agent(out, &count, pipeline);
	return count;
}

static void losses_add_export(struct gap_message *out, size_t *count,
			      const struct pipeline *pipeline)
{
	struct output_file_stats file = {};

	if (pipeline->file)
		output_file_read_stats(pipeline->file, &file);
	gap_add_count(out, count, "event", "no space in event file", file.dropped);
}

static size_t losses_fill_export(struct gap_message *out, const struct pipeline *pipeline)
{
	size_t count = 0;

	losses_add_export(out, &count, pipeline);
	return count;
}

static const struct losses_place {
	const char *where; /* as gap events call it */
	size_t (*fill)(struct gap_message *out, const struct pipeline *pipeline);
} losses_places[] = {
	{ "lifecycle", losses_fill_lifecycle },
	{ "policy", losses_fill_policy },
	{ "agent", losses_fill_agent },
	{ "export", losses_fill_export },
};

/* ---- all of them
 * ------------------------------------------------------------------------------- */

size_t losses_fill(struct gap_message *out, const struct pipeline *pipeline)
{
	struct loss_gap totals, more;
	size_t count;

	loss_read_totals(pipeline->losses[WIRE_RING_LIFECYCLE], &totals);
	loss_read_totals(pipeline->losses[WIRE_RING_POLICY], &more);
	loss_add_totals(&totals, &more);
	count = gap_fill_counts(out, &totals);
	losses_add_agent(out, &count, pipeline);
	losses_add_export(out, &count, pipeline);
	return count;
}

void losses_note(struct loss_history *history, struct pipeline *pipeline,
		 const struct service *service)
{
	static const struct loss_kind client = { "client", "event", "client queue full",
						 SERVICE_CLIENT_ADVICE };
	uint64_t now_ns = clock_read_ns(CLOCK_BOOTTIME);
	struct gap_message *rows = &pipeline->gap;

	for (size_t i = 0; i < sizeof(losses_places) / sizeof(losses_places[0]); i++) {
		size_t count = losses_places[i].fill(rows, pipeline);

		for (size_t j = 0; j < count; j++) {
			const Tetragon__LossCount *row = rows->count_list[j];
			const struct loss_kind kind = { losses_places[i].where, row->record,
							row->reason, row->advice };

			loss_history_note(history, &kind, row->count, now_ns);
		}
	}
	if (service)
		loss_history_note(history, &client, service_get_counters(service).events_dropped,
				  now_ns);
	loss_history_end_round(history, now_ns);
}

/* ---- messages
 * ---------------------------------------------------------------------------------- */

struct losses_row {
	Tetragon__LossFinding finding;
	Tetragon__LossCount count;
	Google__Protobuf__Timestamp from, to;
};

static void losses_message_add(void *context, const struct loss_finding *finding)
{
	struct losses_message *out = context;
	struct losses_row *row = &out->rows[out->count];

	tetragon__loss_finding__init(&row->finding);
	tetragon__loss_count__init(&row->count);
	process_message_set_time(&row->from, finding->from_ns + (uint64_t)out->boot_to_wall_ns);
	process_message_set_time(&row->to, finding->to_ns + (uint64_t)out->boot_to_wall_ns);
	row->count.record = (char *)finding->kind->record;
	row->count.reason = (char *)finding->kind->reason;
	row->count.advice = (char *)finding->kind->advice;
	row->count.count = finding->count;
	row->finding.from = &row->from;
	row->finding.to = &row->to;
	row->finding.where = (char *)finding->kind->where;
	row->finding.loss = &row->count;
	out->list[out->count++] = &row->finding;
}

int losses_message_fill(struct losses_message *out, const struct loss_history *history)
{
	size_t count = loss_history_count(history);

	out->boot_to_wall_ns = clock_boot_to_wall_ns();
	out->rows = calloc(count + 1, sizeof(*out->rows));
	out->list = calloc(count + 1, sizeof(Tetragon__LossFinding *));
	if (!out->rows || !out->list)
		return -ENOMEM;
	loss_history_visit(history, losses_message_add, out);
	return 0;
}

void losses_message_done(struct losses_message *message)
{
	free(message->rows);
	free(message->list);
}
