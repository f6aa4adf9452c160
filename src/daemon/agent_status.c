/* SPDX-License-Identifier: Apache-2.0 */
/* Status and process cache as API messages. */
#include "daemon/agent_status.h"

#include "base/clock.h"

static uint64_t status_resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Rows for what was lost in the kernel, in the cache, on the way to the file. */
static size_t status_fill_losses(struct gap_message *out, const struct pipeline *pipeline)
{
	struct loss_gap totals, more;
	struct output_file_stats file = {};
	struct process_table_stats cache;
	size_t count;

	loss_read_totals(pipeline->losses[WIRE_RING_LIFECYCLE], &totals);
	loss_read_totals(pipeline->losses[WIRE_RING_POLICY], &more);
	loss_add_totals(&totals, &more);
	count = gap_fill_counts(out, &totals);
	if (pipeline->file)
		output_file_read_stats(pipeline->file, &file);
	process_table_read_stats(pipeline->tracker.table, &cache);
	gap_add_count(out, &count, "process", "process cache full", cache.refused);
	gap_add_count(out, &count, "arguments", "memory of process cache full", cache.cut);
	gap_add_count(out, &count, "event", "no space in event file", file.dropped);
	gap_add_count(out, &count, "record", "malformed", pipeline->stats.malformed);
	gap_add_count(out, &count, "hook", "hook not known any more", pipeline->stats.unresolved);
	return count;
}

void agent_status_answer(void *context, service_status_fn answer, void *answer_context)
{
	const struct agent_status *status = context;
	Tetragon__GetStatusResponse message = TETRAGON__GET_STATUS_RESPONSE__INIT;
	Google__Protobuf__Timestamp started;
	_cleanup_buf_ struct buf tier = {};
	struct gap_message losses;
	struct process_table_stats cache;

	process_table_read_stats(status->pipeline->tracker.table, &cache);
	process_message_set_time(&started, status->started_ns + (uint64_t)clock_boot_to_wall_ns());
	kernel_features_add_tier(&tier, status->features);
	message.version = (char *)TETRAD_VERSION;
	message.started = &started;
	message.tier = (char *)buf_text(&tier);
	message.events = status->pipeline->stats.events;
	message.n_losses = status_fill_losses(&losses, status->pipeline);
	message.losses = losses.count_list;
	message.processes = cache.size;
	message.processes_alive = cache.alive;
	message.process_cache_size = cache.capacity;
	message.bpf_map_bytes = process_sensor_map_bytes(status->sensor);
	message.resident_bytes = status_resident_bytes();
	answer(answer_context, &message);
}

struct status_visit {
	const struct agent_status *status;
	const Tetragon__DumpProcessCacheReqArgs *args;
	service_process_fn visit;
	void *context;
	struct process_message *message;
};

static void status_visit_process(void *context, struct process *process)
{
	struct status_visit *visit = context;
	Tetragon__ProcessInternal internal = TETRAGON__PROCESS_INTERNAL__INIT;
	Google__Protobuf__UInt32Value refcnt = GOOGLE__PROTOBUF__UINT32_VALUE__INIT;

	if (visit->args->skip_zero_refcnt && !process->refs)
		return;
	visit->message->variables = NULL;
	process_message_fill(visit->message, process,
			     &visit->status->pipeline->options.event.message, false);
	refcnt.value = process->refs;
	internal.process = &visit->message->process;
	internal.color = (char *)(process->dead_ns ? "deleted" : "inUse");
	internal.refcnt = &refcnt;
	visit->visit(visit->context, &internal);
}

void agent_status_visit_processes(void *context, const Tetragon__DumpProcessCacheReqArgs *args,
				  service_process_fn visit, void *visit_context)
{
	const struct agent_status *status = context;
	struct process_message message = {};
	struct status_visit state = { status, args, visit, visit_context, &message };

	process_table_visit(status->pipeline->tracker.table, status_visit_process, &state);
}

int agent_status_add_policy(void *context, const char *yaml, const char *domain,
			    Tetragon__TracingPolicyMode mode, struct diag *diag)
{
	return policies_add(((struct agent_status *)context)->policies, yaml, domain, mode, diag);
}

int agent_status_delete_policy(void *context, const char *name, const char *namespace,
			       const char *domain, struct diag *diag)
{
	return policies_delete(((struct agent_status *)context)->policies, name, namespace, domain,
			       diag);
}

int agent_status_configure_policy(void *context, const struct service_policy_change *change,
				  struct diag *diag)
{
	return policies_configure(((struct agent_status *)context)->policies, change, diag);
}

void agent_status_list_policies(void *context, const char *domain, service_policies_fn answer,
				void *answer_context)
{
	policies_list(((struct agent_status *)context)->policies, domain, answer, answer_context);
}
