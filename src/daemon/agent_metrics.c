/* SPDX-License-Identifier: Apache-2.0 */
/* The table, the page made from it, and what goes on once a second. */
#include "daemon/agent_metrics_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/suggest.h"

/* Peaks of rings are those of this many seconds. */
#define PEAK_SECONDS 60
/* How often sets of labels are looked through. */
#define EXPIRE_SECONDS 60
/* Sets of a policy that is gone stay for one more scrape; those of pods that say nothing, as
 * upstream's of deleted pods, for some. */
#define POLICY_GONE_SECONDS 60
#define POD_SILENT_SECONDS  600
/* Of two thirds of the room on, sets that were not counted for this long make way. */
#define SET_SILENT_SECONDS 3600

struct agent_metric {
	struct metrics_row row;
	metrics_read_fn read; /* NULL: the number at `offset` of the snapshot */
	size_t offset;
};

#define VALUE(name, kind, unit, help, member)       \
	{ { name, METRICS_##kind, unit, "", help }, \
	  NULL,                                     \
	  offsetof(struct metrics_snapshot, member) },
#define TABLE(name, kind, unit, labels, help, reader) \
	{ { name, METRICS_##kind, unit, labels, help }, reader, 0 },
static const struct agent_metric agent_metrics_table[] = {
#include "daemon/metrics.def"
};
#undef TABLE
#undef VALUE

size_t agent_metrics_count(void)
{
	return sizeof(agent_metrics_table) / sizeof(agent_metrics_table[0]);
}

const struct metrics_row *agent_metrics_get_row(size_t at)
{
	return &agent_metrics_table[at].row;
}

void agent_metrics_make(void *context, struct metrics_page *page)
{
	struct agent_metrics *metrics = context;

	metrics_snapshot_fill(metrics);
	for (size_t i = 0; i < agent_metrics_count(); i++) {
		const struct agent_metric *one = &agent_metrics_table[i];
		uint64_t number;

		metrics_page_begin(page, &one->row);
		if (one->read) {
			one->read(metrics, page);
			continue;
		}
		memcpy(&number, (const char *)&metrics->snapshot + one->offset, sizeof(number));
		if (number != METRICS_NOT_KNOWN)
			metrics_page_add(page, NULL, number);
	}
	metrics_page_end(page);
}

/* ---- life
 * ------------------------------------------------------------------------------------------ */

static uint32_t metrics_read_seconds(void)
{
	return (uint32_t)(clock_read_ns(CLOCK_BOOTTIME) / CLOCK_NS_PER_SECOND);
}

static int label_find(const char *name)
{
	for (int i = 0; i < METERS_LABELS; i++) {
		if (strcmp(meters_label_names[i], name) == 0)
			return i;
	}
	return -1;
}

bool agent_metrics_check_labels(const struct option_list *labels, struct diag *diag)
{
	unsigned int lines = diag->lines;

	for (size_t i = 0; i < labels->count; i++) {
		struct suggest suggest = suggest_start(labels->items[i]);
		const char *meant;

		if (label_find(labels->items[i]) >= 0)
			continue;
		for (int j = 0; j < METERS_LABELS; j++)
			suggest_offer(&suggest, meters_label_names[j]);
		meant = suggest.best;
		diag_add(
			diag,
			"unknown label \"%s\" for --metrics-label-filter%s%s%s; it takes namespace, workload, pod, binary and node_name",
			labels->items[i], meant ? "; did you mean \"" : "", meant ? meant : "",
			meant ? "\"" : "");
	}
	return diag->lines == lines;
}

static void metrics_show_labels(struct agent_metrics *metrics, const struct option_list *labels)
{
	for (size_t i = 0; i < labels->count; i++) {
		int label = label_find(labels->items[i]);

		if (label >= 0)
			metrics->meters.shows[label] = true;
	}
}

static int metrics_listen(struct agent_metrics *metrics, struct loop *loop, const char *address,
			  struct diag *diag)
{
	const struct metrics_server_options server = {
		.address = address,
		.make = agent_metrics_make,
		.context = metrics,
	};

	int error = *address ? metrics_server_new(&metrics->server, loop, &server, diag) : 0;

	if (metrics->server)
		log_info("metrics at port %u, /metrics", metrics_server_get_port(metrics->server));
	return error;
}

int agent_metrics_new(struct agent_metrics **out, struct loop *loop,
		      const struct agent_metrics_sources *sources,
		      const struct agent_metrics_options *options, struct diag *diag)
{
	struct agent_metrics *metrics = calloc(1, sizeof(*metrics));
	int error;

	if (!metrics)
		return -ENOMEM;
	metrics->sources = *sources;
	metrics->startup_ns = metrics->exported_ns = METRICS_NOT_KNOWN;
	metrics->meters.with_latency = options->with_latency;
	metrics->meters.now = metrics_read_seconds();
	metrics_show_labels(metrics, options->labels);
	error = meters_init(&metrics->meters, options->with_events);
	if (!error)
		error = metrics_listen(metrics, loop, options->address, diag);
	if (error) {
		agent_metrics_free(metrics);
		return error;
	}
	if (sources->sensor)
		metrics->map_bytes = process_sensor_map_bytes(sources->sensor);
	sources->pipeline->meters = &metrics->meters;
	*out = metrics;
	return 0;
}

void agent_metrics_free(struct agent_metrics *metrics)
{
	if (!metrics)
		return;
	metrics_server_free(metrics->server);
	metrics->sources.pipeline->meters = NULL;
	meters_done(&metrics->meters);
	free(metrics);
}

void agent_metrics_note_ready(struct agent_metrics *metrics)
{
	metrics->startup_ns = clock_read_ns(CLOCK_BOOTTIME) - metrics->sources.started_ns;
}

/* ---- once a second
 * ----------------------------------------------------------------------------------- */

struct expiry {
	struct metrics_family *policies; /* names of all that there are; NULL: not known */
	uint32_t now;
	bool is_tight;
};

static bool set_is_old(const struct expiry *expiry, const char *pod, uint32_t touched)
{
	uint32_t silent = expiry->now - touched;

	return (pod[0] && silent > POD_SILENT_SECONDS) ||
	       (expiry->is_tight && silent > SET_SILENT_SECONDS);
}

static bool event_may_go(void *context, const char *const *values, uint32_t touched)
{
	return set_is_old(context, values[1 + METERS_POD], touched);
}

static bool policy_event_may_go(void *context, const char *const *values, uint32_t touched)
{
	const struct expiry *expiry = context;

	return set_is_old(expiry, values[2 + METERS_POD], touched) ||
	       (expiry->policies && expiry->now - touched > POLICY_GONE_SECONDS &&
		!metrics_family_has(expiry->policies, values));
}

static void metrics_expire_policies(struct agent_metrics *metrics, struct expiry *expiry)
{
	const struct metrics_family_options options = { .labels = 1,
							.sets_max = WIRE_POLICIES_MAX };
	const struct engine *engine = *metrics->sources.engine;

	if (engine && metrics_family_new(&expiry->policies, &options))
		expiry->policies = NULL;
	for (const struct engine_policy *one = expiry->policies ? engine_first(engine) : NULL; one;
	     one = one->next)
		metrics_family_add(expiry->policies, &one->name, 1, 0);
	metrics_family_expire(metrics->meters.policies, policy_event_may_go, expiry);
	metrics_family_free(expiry->policies);
}

static bool family_is_tight(const struct metrics_family *family)
{
	return metrics_family_count(family) > METERS_SETS_MAX / 3 * 2;
}

static void metrics_expire(struct agent_metrics *metrics)
{
	struct meters *meters = &metrics->meters;
	struct expiry expiry = { .now = meters->now };

	if (!meters->events)
		return;
	expiry.is_tight = family_is_tight(meters->events);
	metrics_family_expire(meters->events, event_may_go, &expiry);
	if (!metrics_family_count(meters->policies))
		return;
	expiry.is_tight = family_is_tight(meters->policies);
	metrics_expire_policies(metrics, &expiry);
}

void metrics_note_peaks(struct agent_metrics *metrics)
{
	for (enum wire_ring ring = 0; metrics->sources.sensor && ring < WIRE_RINGS; ring++) {
		uint64_t most = process_sensor_take_ring_peak(metrics->sources.sensor, ring);

		if (most > metrics->peaks[ring][0])
			metrics->peaks[ring][0] = most;
	}
}

static void metrics_begin_minute(struct agent_metrics *metrics)
{
	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++) {
		metrics->peaks[ring][1] = metrics->peaks[ring][0];
		metrics->peaks[ring][0] = 0;
	}
}

void agent_metrics_tick(struct agent_metrics *metrics)
{
	metrics->meters.now = metrics_read_seconds();
	metrics->ticks++;
	metrics_note_peaks(metrics);
	if (metrics->ticks % PEAK_SECONDS == 0)
		metrics_begin_minute(metrics);
	metrics_read_export(metrics);
	if (metrics->ticks % EXPIRE_SECONDS == 0)
		metrics_expire(metrics);
}
