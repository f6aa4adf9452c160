/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by agent_metrics.c (life, table), metrics_snapshot.c (plain numbers), metrics_records.c
 * (records, losses, gRPC) and metrics_policies.c (what there is of each policy). */
#pragma once

#include "daemon/agent_metrics.h"
#include "service/service.h"

/* No sample is written for it. */
#define METRICS_NOT_KNOWN UINT64_MAX

/* All numbers without labels. METRICS_NOT_KNOWN: not told. */
struct metrics_snapshot {
	uint64_t missing_process, records, records_lost;
	uint64_t filter_given_up, export_rotations, export_over_rate, export_merged;
	uint64_t cache_capacity, cache_size, cache_alive, cache_evicted, cache_refused,
		cache_image_bytes;
	uint64_t pending_entries, pending_inserts, pending_refused;
	uint64_t exported_events, exported_bytes, exported_last_ns, exported_waiting,
		exported_dropped;
	uint64_t streams, stream_events, stream_events_dropped;
	uint64_t queued_events, queued_bytes, queued_events_worst, queue_events_max;
	uint64_t cpu_ns, fds, fds_max, resident_bytes, virtual_bytes, virtual_max_bytes, started_ns;
	uint64_t map_bytes, memory_limit, changes_ns, change_last_ns, startup_ns;
	uint64_t pages, page_ns, page_refused;
};

struct agent_metrics {
	struct agent_metrics_sources sources;
	struct meters meters;
	struct metrics_server *server; /* NULL: nobody listens */
	struct metrics_snapshot snapshot;
	struct loss_gap losses[WIRE_RINGS];
	uint64_t startup_ns, map_bytes;
	/* the event file as it was seen last */
	uint64_t exported_lines, exported_ns;
	/* of rings: in this minute, and in the one before */
	uint64_t peaks[WIRE_RINGS][2];
	uint64_t ticks;
};

/* agent_metrics.c */
void metrics_note_peaks(struct agent_metrics *metrics);

/* metrics_snapshot.c */
void metrics_snapshot_fill(struct agent_metrics *metrics);
uint64_t metrics_read_export(struct agent_metrics *metrics); /* notes the time of new lines */

typedef void (*metrics_read_fn)(struct agent_metrics *metrics, struct metrics_page *page);

/* Readers of metrics.def. */
#define VALUE(name, kind, unit, help, member)
#define TABLE(name, kind, unit, labels, help, reader) \
	void reader(struct agent_metrics *metrics, struct metrics_page *page);
#include "daemon/metrics.def"
#undef TABLE
#undef VALUE
