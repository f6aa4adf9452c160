/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's metrics. In: its rooms, asked at the moment of a scrape, and what is counted event
 * by event (meters.h). Out: a page with every row of metrics.def.
 */
#pragma once

#include "daemon/meters.h"
#include "daemon/pipeline.h"
#include "daemon/policies.h"
#include "metrics/server.h"
#include "sensor/process_sensor.h"

struct agent_metrics;

/* Outlive the metrics. NULL members: not there (yet). */
struct agent_metrics_sources {
	struct pipeline *pipeline;
	struct process_sensor *sensor;
	struct engine *const *engine;	/* where it will be */
	struct service *const *service; /* likewise */
	uint64_t started_ns;		/* boot clock */
	uint64_t queue_events_max;
};

struct agent_metrics_options {
	const char *address; /* "": nobody listens */
	bool with_events;    /* count events by labels */
	bool with_latency;
	const struct option_list *labels; /* of meters_label_names */
};

/* -EINVAL for a label that there is not, or an address, with lines in DIAG. */
int agent_metrics_new(struct agent_metrics **out, struct loop *loop,
		      const struct agent_metrics_sources *sources,
		      const struct agent_metrics_options *options, struct diag *diag);
void agent_metrics_free(struct agent_metrics *metrics); /* NULL is fine */

/* Once a second. */
void agent_metrics_tick(struct agent_metrics *metrics);
/* The agent is ready. */
void agent_metrics_note_ready(struct agent_metrics *metrics);
/* All rows, to PAGE. */
void agent_metrics_make(void *metrics, struct metrics_page *page);

/* Each row of the table, for lists and tests. */
size_t agent_metrics_count(void);
const struct metrics_row *agent_metrics_get_row(size_t at);

/* Whether LABELS are all names of meters_label_names; complains otherwise. */
bool agent_metrics_check_labels(const struct option_list *labels, struct diag *diag);
