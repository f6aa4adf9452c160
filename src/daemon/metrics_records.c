/* SPDX-License-Identifier: Apache-2.0 */
/* Readers for records, events, losses, maps, rings and gRPC. */
#include "daemon/agent_metrics_private.h"

#include "event/record.h"

/* Upstream numbers its messages; here is which of them a record is. */
static const char *const message_numbers[WIRE_RECORD_KINDS] = {
	[WIRE_RECORD_NONE] = "0", [WIRE_RECORD_FORK] = "23", [WIRE_RECORD_EXEC] = "5",
	[WIRE_RECORD_EXIT] = "7", [WIRE_RECORD_DATA] = "24", [WIRE_RECORD_HOOK] = "13",
};

/* And which errno its programs would have got. */
static const char *const drop_errors[WIRE_DROP_REASONS] = {
	[WIRE_DROP_RING_FULL] = "ENOSPC",
	[WIRE_DROP_SCRATCH_BUSY] = "EBUSY",
	[WIRE_DROP_NOT_PARKED] = "E2BIG",
};

static const char *const ring_names[WIRE_RINGS] = {
	[WIRE_RING_LIFECYCLE] = "lifecycle",
	[WIRE_RING_POLICY] = "policy",
};

static void add1(struct metrics_page *page, const char *value, uint64_t number)
{
	metrics_page_add(page, &value, number);
}

static void add2(struct metrics_page *page, const char *first, const char *second, uint64_t number)
{
	const char *const values[] = { first, second };

	metrics_page_add(page, values, number);
}

void read_build(struct agent_metrics *metrics, struct metrics_page *page)
{
	const char *const values[] = { "", "", "", "", TETRAD_VERSION };

	metrics_page_add(page, values, 1);
}

void read_events(struct agent_metrics *metrics, struct metrics_page *page)
{
	if (metrics->meters.events)
		metrics_family_write(metrics->meters.events, page);
}

void read_policy_events(struct agent_metrics *metrics, struct metrics_page *page)
{
	if (metrics->meters.policies)
		metrics_family_write(metrics->meters.policies, page);
}

void read_flags(struct agent_metrics *metrics, struct metrics_page *page)
{
#define PROCESS_FLAG(name, bit, word) add1(page, word, metrics->meters.flags[bit]);
#include "wire/process_flags.def"
#undef PROCESS_FLAG
}

void read_records(struct agent_metrics *metrics, struct metrics_page *page)
{
	for (int kind = 1; kind < WIRE_RECORD_KINDS; kind++)
		add1(page, message_numbers[kind], metrics->sources.pipeline->stats.kinds[kind]);
}

void read_missed(struct agent_metrics *metrics, struct metrics_page *page)
{
	uint64_t unexplained = 0;

	for (int ring = 0; ring < WIRE_RINGS; ring++)
		unexplained += metrics->losses[ring].unexplained;
	for (int kind = 1; kind < WIRE_RECORD_KINDS; kind++) {
		bool is_hook = kind == WIRE_RECORD_HOOK;
		const struct loss_gap *lost =
			&metrics->losses[is_hook ? WIRE_RING_POLICY : WIRE_RING_LIFECYCLE];

		for (int reason = 0; reason < WIRE_DROP_REASONS; reason++) {
			if (reason == WIRE_DROP_NOT_PARKED && !is_hook)
				continue;
			add2(page, message_numbers[kind], drop_errors[reason],
			     lost->counts[kind][reason]);
		}
	}
	add2(page, message_numbers[WIRE_RECORD_NONE], "unknown", unexplained);
}

void read_handler_errors(struct agent_metrics *metrics, struct metrics_page *page)
{
	const struct pipeline_stats *stats = &metrics->sources.pipeline->stats;

	add2(page, message_numbers[WIRE_RECORD_NONE], "unknown_opcode",
	     stats->malformed_kinds[WIRE_RECORD_NONE]);
	for (int kind = 1; kind < WIRE_RECORD_KINDS; kind++)
		add2(page, message_numbers[kind], "event_handler_failed",
		     stats->malformed_kinds[kind] +
			     (kind == WIRE_RECORD_HOOK ? stats->unresolved : 0));
}

void read_latency(struct agent_metrics *metrics, struct metrics_page *page)
{
	for (int kind = 1; metrics->meters.with_latency && kind < WIRE_RECORD_KINDS; kind++)
		metrics_page_add_histogram(page, &message_numbers[kind],
					   &metrics->meters.latency[kind]);
}

void read_data_events(struct agent_metrics *metrics, struct metrics_page *page)
{
	const struct pipeline_stats *stats = &metrics->sources.pipeline->stats;
	uint64_t bad = stats->malformed_kinds[WIRE_RECORD_DATA];

	add1(page, "Received", stats->kinds[WIRE_RECORD_DATA] + bad);
	add1(page, "Bad", bad);
}

void read_data_bytes(struct agent_metrics *metrics, struct metrics_page *page)
{
	const char *const ok = "ok";

	metrics_page_add_histogram(page, &ok, &metrics->meters.data_bytes);
}

/* ---- maps, caches, rings
 * ----------------------------------------------------------------------------- */

/* Upstream's name of what our process map is for. */
#define PROCESS_MAP "execve_map"

void read_map_capacity(struct agent_metrics *metrics, struct metrics_page *page)
{
	if (metrics->sources.sensor)
		add1(page, PROCESS_MAP,
		     process_sensor_get_process_map_size(metrics->sources.sensor));
}

void read_map_entries(struct agent_metrics *metrics, struct metrics_page *page)
{
	if (metrics->sources.sensor)
		add1(page, PROCESS_MAP, process_sensor_count_processes(metrics->sources.sensor));
}

void read_map_updates(struct agent_metrics *metrics, struct metrics_page *page)
{
	add1(page, PROCESS_MAP, metrics->losses[WIRE_RING_LIFECYCLE].untracked);
}

void read_map_deletes(struct agent_metrics *metrics, struct metrics_page *page)
{
	add1(page, PROCESS_MAP, metrics->sources.pipeline->stats.exits_unmapped);
}

void read_cache_misses(struct agent_metrics *metrics, struct metrics_page *page)
{
	add1(page, "get", metrics->sources.pipeline->stats.callers_missed);
	add1(page, "remove", metrics->sources.pipeline->stats.exits_missed);
}

void read_pending_failures(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct pending_stats stats;

	pending_read_stats(metrics->sources.pipeline->pending, &stats);
	add2(page, "PROCESS_EXEC", "parent_info", stats.failures[PROCESS_EVENT_EXEC]);
	add2(page, "PROCESS_EXIT", "parent_info", stats.failures[PROCESS_EVENT_EXIT]);
}

void read_pending_retries(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct pending_stats stats;

	pending_read_stats(metrics->sources.pipeline->pending, &stats);
	add1(page, "parent_info", stats.retries);
}

static void read_rings(const struct agent_metrics *metrics, struct metrics_page *page,
		       uint64_t (*read)(const struct process_sensor *sensor, enum wire_ring ring))
{
	for (enum wire_ring ring = 0; metrics->sources.sensor && ring < WIRE_RINGS; ring++)
		add1(page, ring_names[ring], read(metrics->sources.sensor, ring));
}

void read_ring_bytes(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_rings(metrics, page, process_sensor_get_ring_bytes);
}

void read_ring_used(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_rings(metrics, page, process_sensor_read_ring_used);
}

void read_ring_peak(struct agent_metrics *metrics, struct metrics_page *page)
{
	metrics_note_peaks(metrics);
	for (int ring = 0; ring < WIRE_RINGS; ring++) {
		const uint64_t *peaks = metrics->peaks[ring];

		add1(page, ring_names[ring], peaks[0] > peaks[1] ? peaks[0] : peaks[1]);
	}
}

/* ---- losses
 * ----------------------------------------------------------------------------------------- */

static void add_lost(struct metrics_page *page, const char *where, const char *record,
		     const char *reason, uint64_t lost)
{
	const char *const values[] = { where, record, reason };

	metrics_page_add(page, values, lost);
}

static void add_ring_lost(struct metrics_page *page, enum wire_ring ring,
			  const struct loss_gap *lost)
{
	for (unsigned int kind = 1; kind < WIRE_RECORD_KINDS; kind++) {
		if ((kind == WIRE_RECORD_HOOK) != (ring == WIRE_RING_POLICY))
			continue;
		for (unsigned int reason = 0; reason < WIRE_DROP_REASONS; reason++)
			add_lost(page, ring_names[ring], record_kind_name(kind),
				 record_drop_text(reason), lost->counts[kind][reason]);
	}
	add_lost(page, ring_names[ring], "record", "unexplained", lost->unexplained);
}

void read_lost(struct agent_metrics *metrics, struct metrics_page *page)
{
	const struct pipeline *pipeline = metrics->sources.pipeline;
	struct process_table_stats cache;

	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++)
		add_ring_lost(page, ring, &metrics->losses[ring]);
	process_table_read_stats(pipeline->tracker.table, &cache);
	add_lost(page, "kernel", "process", "process map full",
		 metrics->losses[WIRE_RING_LIFECYCLE].untracked);
	add_lost(page, "agent", "process", "process cache full", cache.refused);
	add_lost(page, "agent", "arguments", "memory of process cache full", cache.cut);
	add_lost(page, "agent", "record", "malformed", pipeline->stats.malformed);
	add_lost(page, "agent", "hook", "hook not known any more", pipeline->stats.unresolved);
	add_lost(page, "export", "event", "no space in event file",
		 metrics->snapshot.exported_dropped);
	add_lost(page, "client", "event", "client queue full",
		 metrics->snapshot.stream_events_dropped);
}

/* ---- gRPC
 * ------------------------------------------------------------------------------------------ */

/* Names of codes as gRPC for Go prints them. */
static const char *const grpc_codes[SERVICE_CODES] = {
	"OK",
	"Canceled",
	"Unknown",
	"InvalidArgument",
	"DeadlineExceeded",
	"NotFound",
	"AlreadyExists",
	"PermissionDenied",
	"ResourceExhausted",
	"FailedPrecondition",
	"Aborted",
	"OutOfRange",
	"Unimplemented",
	"Internal",
	"Unavailable",
	"DataLoss",
	"Unauthenticated",
};

static bool grpc_read(const struct agent_metrics *metrics, size_t at,
		      struct service_method_counters *out, const char *values[4])
{
	if (!*metrics->sources.service || !service_read_method(*metrics->sources.service, at, out))
		return false;
	values[0] = out->takes_stream ? "bidi_stream" : out->is_stream ? "server_stream" : "unary";
	values[1] = out->service;
	values[2] = out->name;
	return true;
}

void read_grpc_started(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct service_method_counters method;
	const char *values[4];

	for (size_t i = 0; grpc_read(metrics, i, &method, values); i++)
		metrics_page_add(page, values, method.started);
}

void read_grpc_handled(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct service_method_counters method;
	const char *values[4];

	for (size_t i = 0; grpc_read(metrics, i, &method, values); i++) {
		for (int code = 0; code < SERVICE_CODES; code++) {
			values[3] = grpc_codes[code];
			if (method.handled[code])
				metrics_page_add(page, values, method.handled[code]);
		}
	}
}

/* A method starts when its one request is there. */
void read_grpc_received(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_grpc_started(metrics, page);
}

void read_grpc_sent(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct service_method_counters method;
	const char *values[4];

	for (size_t i = 0; grpc_read(metrics, i, &method, values); i++)
		metrics_page_add(page, values, method.sent);
}

/* ---- the page itself
 * --------------------------------------------------------------------------------- */

static void read_families(const struct agent_metrics *metrics, struct metrics_page *page,
			  uint64_t (*read)(const struct metrics_family *family))
{
	if (!metrics->meters.events)
		return;
	add1(page, "tetragon_events_total", read(metrics->meters.events));
	add1(page, "tetragon_policy_events_total", read(metrics->meters.policies));
}

void read_overflow(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_families(metrics, page, metrics_family_overflowed);
}

void read_label_sets(struct agent_metrics *metrics, struct metrics_page *page)
{
	read_families(metrics, page, metrics_family_count);
}

void read_left_out(struct agent_metrics *metrics, struct metrics_page *page)
{
	metrics_page_add_always(page, NULL, page->left_out);
}

void read_rpc_refused(struct agent_metrics *metrics, struct metrics_page *page)
{
	struct rpc_counters counters;

	if (!*metrics->sources.service)
		return;
	service_read_rpc_counters(*metrics->sources.service, &counters);
	for (int i = 0; i < RPC_REFUSALS; i++)
		metrics_page_add(page, &rpc_refusal_names[i], counters.refused[i]);
}
