/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers without labels, asked of the rooms and of procfs. */
#include "daemon/agent_metrics_private.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static uint64_t count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (!directory)
		return METRICS_NOT_KNOWN;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count > 3 ? count - 3 : 0; /* "." and "..", and this one */
}

static uint64_t read_limit(int which)
{
	struct rlimit limit;

	if (getrlimit(which, &limit))
		return METRICS_NOT_KNOWN;
	/* what Prometheus's own collectors show for "unlimited" */
	return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX - 1 : limit.rlim_cur;
}

/* memory.max of the agent's own cgroup (v2), as a service manager sets it. */
static uint64_t read_memory_limit(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char group[PATH_MAX] = "", path[PATH_MAX + 64];
	uint64_t limit = METRICS_NOT_KNOWN;

	if (!file)
		return limit;
	while (fgets(path, sizeof(path), file)) {
		if (sscanf(path, "0::%4095s", group) == 1)
			break;
	}
	fclose(file);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
	file = group[0] ? fopen(path, "re") : NULL;
	if (!file)
		return limit;
	if (fscanf(file, "%" SCNu64, &limit) != 1) /* "max" */
		limit = METRICS_NOT_KNOWN;
	fclose(file);
	return limit;
}

static uint64_t time_to_ns(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * CLOCK_NS_PER_SECOND + (uint64_t)time->tv_usec * 1000;
}

static void fill_self(struct metrics_snapshot *out, uint64_t started_ns)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long total, resident;
	struct rusage usage;

	out->resident_bytes = out->virtual_bytes = out->cpu_ns = METRICS_NOT_KNOWN;
	if (file && fscanf(file, "%lu %lu", &total, &resident) == 2) {
		out->virtual_bytes = total * (uint64_t)sysconf(_SC_PAGESIZE);
		out->resident_bytes = resident * (uint64_t)sysconf(_SC_PAGESIZE);
	}
	if (file)
		fclose(file);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		out->cpu_ns = time_to_ns(&usage.ru_utime) + time_to_ns(&usage.ru_stime);
	out->memory_limit = read_memory_limit();
	out->fds = count_descriptors();
	out->fds_max = read_limit(RLIMIT_NOFILE);
	out->virtual_max_bytes = read_limit(RLIMIT_AS);
	out->started_ns = started_ns + (uint64_t)clock_boot_to_wall_ns();
}

static uint64_t count_given_up(const struct export_filters *filters)
{
	uint64_t count = 0;

	if (filters && filters->filter.allow)
		count += filter_list_get_given_up(filters->filter.allow);
	if (filters && filters->filter.deny)
		count += filter_list_get_given_up(filters->filter.deny);
	return count;
}

static void fill_caches(struct metrics_snapshot *out, const struct pipeline *pipeline)
{
	struct process_table_stats cache;
	struct pending_stats pending;

	process_table_read_stats(pipeline->tracker.table, &cache);
	out->cache_capacity = cache.capacity;
	out->cache_size = cache.size;
	out->cache_alive = cache.alive;
	out->filter_given_up = count_given_up(pipeline->options.filters);
	out->cache_evicted = cache.evicted;
	out->cache_refused = cache.refused;
	out->cache_image_bytes = cache.image_bytes;
	pending_read_stats(pipeline->pending, &pending);
	out->pending_entries = pending.entries;
	out->pending_inserts = pending.inserts;
	out->pending_refused = pending.refused;
}

uint64_t metrics_read_export(struct agent_metrics *metrics)
{
	struct output_file *file = metrics->sources.pipeline->file;
	struct output_file_stats stats = {};
	struct aggregate_stats merged = {};

	if (file)
		output_file_read_stats(file, &stats);
	if (metrics->sources.pipeline->aggregate)
		aggregate_read_stats(metrics->sources.pipeline->aggregate, &merged);
	metrics->snapshot.exported_events = stats.lines;
	metrics->snapshot.exported_bytes = stats.bytes;
	metrics->snapshot.exported_waiting = stats.waiting;
	metrics->snapshot.export_rotations = stats.rotations;
	metrics->snapshot.export_merged = merged.merged;
	metrics->snapshot.export_over_rate = metrics->sources.pipeline->limit.dropped;
	metrics->snapshot.exported_dropped = stats.dropped;
	if (stats.lines != metrics->exported_lines) {
		metrics->exported_lines = stats.lines;
		metrics->exported_ns = clock_read_ns(CLOCK_REALTIME);
	}
	return metrics->exported_ns;
}

static void fill_streams(struct metrics_snapshot *out, const struct service *service)
{
	struct service_counters counters = {};
	struct service_queues queues = {};

	if (service) {
		counters = service_get_counters(service);
		service_read_queues(service, &queues);
	}
	out->streams = counters.streams;
	out->stream_events = counters.events_sent;
	out->stream_events_dropped = counters.events_dropped;
	out->queued_events = queues.messages;
	out->queued_bytes = queues.bytes;
	out->queued_events_worst = queues.messages_max;
}

static void fill_page(struct metrics_snapshot *out, const struct metrics_server *server)
{
	struct metrics_server_counters counters = {};

	if (server)
		counters = metrics_server_get_counters(server);
	out->pages = counters.pages;
	out->page_ns = counters.page_ns;
	out->page_refused = counters.refused + counters.expired;
}

/* Once for all readers: what was lost, and what each hook costs. */
static void fill_shared(struct agent_metrics *metrics)
{
	struct metrics_snapshot *out = &metrics->snapshot;
	struct engine *engine = *metrics->sources.engine;
	struct engine_changes changes = {};

	out->records_lost = 0;
	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++) {
		struct loss_gap *lost = &metrics->losses[ring];

		loss_read_totals(metrics->sources.pipeline->losses[ring], lost);
		out->records_lost += lost->lost - lost->untracked;
	}
	if (engine) {
		engine_measure(engine);
		engine_read_changes(engine, &changes);
	}
	out->changes_ns = changes.total_ns;
	out->change_last_ns = changes.last_ns;
}

void metrics_snapshot_fill(struct agent_metrics *metrics)
{
	struct metrics_snapshot *out = &metrics->snapshot;
	const struct pipeline *pipeline = metrics->sources.pipeline;

	out->missing_process = metrics->meters.missing_process;
	out->records = pipeline->stats.records;
	out->queue_events_max = metrics->sources.queue_events_max;
	out->map_bytes = metrics->map_bytes;
	out->startup_ns = metrics->startup_ns;
	out->exported_last_ns = metrics_read_export(metrics);
	fill_self(out, metrics->sources.started_ns);
	fill_caches(out, pipeline);
	fill_streams(out, *metrics->sources.service);
	fill_page(out, metrics->server);
	fill_shared(metrics);
}
