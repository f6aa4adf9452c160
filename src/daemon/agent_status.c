/* SPDX-License-Identifier: Apache-2.0 */
/* Status and process cache as API messages. */
#include "daemon/agent_status.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/losses.h"
#include "kernel/programs.h"

/* The rings are looked into every second; a loop that is this late does not do its work. */
#define LOOK_LATE_NS (10 * CLOCK_NS_PER_SECOND)

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

static uint64_t status_cpu_time_ns(void)
{
	return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void agent_status_add_line(const struct agent_status *status, struct buf *out)
{
	const struct pipeline *pipeline = status->pipeline;
	struct process_table_stats cache;
	struct gap_message losses;
	unsigned int loaded = 0, refused = 0;
	uint64_t lost = 0;

	process_table_read_stats(pipeline->tracker.table, &cache);
	for (const struct engine_policy *one = engine_first(pipeline->engine); one;
	     one = one->next) {
		loaded += one->state != ENGINE_LOAD_ERROR;
		refused += one->state == ENGINE_LOAD_ERROR;
	}
	for (size_t i = 0, count = losses_fill(&losses, pipeline); i < count; i++)
		lost += losses.counts[i].count;
	buf_add_format(out, "%u processes, %u policies", cache.alive, loaded);
	if (refused)
		buf_add_format(out, " and %u that could not be loaded", refused);
	buf_add_format(out, ", %llu lost", (unsigned long long)lost);
}

static void status_fill_clocks(Tetragon__GetStatusResponse *message,
			       const struct agent_status *status,
			       Google__Protobuf__Timestamp *started,
			       Google__Protobuf__Timestamp *now)
{
	process_message_set_time(started, status->started_ns + (uint64_t)clock_boot_to_wall_ns());
	process_message_set_time(now, clock_read_ns(CLOCK_REALTIME));
	message->started = started;
	message->time = now;
	message->cpu_time_ns = status_cpu_time_ns();
}

static void status_fill_processes(Tetragon__GetStatusResponse *message,
				  const struct agent_status *status)
{
	struct process_table_stats cache;

	process_table_read_stats(status->pipeline->tracker.table, &cache);
	message->processes = cache.size;
	message->processes_alive = cache.alive;
	message->process_cache_size = cache.capacity;
}

/* What is only told to who asks for it. Without memory for it, it is left out. */
static void status_fill_wanted(Tetragon__GetStatusResponse *message,
			       const Tetragon__GetStatusRequest *request,
			       struct agent_status *status, struct agent_hooks *hooks,
			       struct losses_message *history)
{
	if (request->with_program_stats) {
		agent_hooks_measure(status);
		if (agent_hooks_fill(hooks, status) == 0) {
			message->n_hooks = hooks->count;
			message->hooks = hooks->list;
		}
	}
	message->has_program_stats = status->measure_fd >= 0 || kernel_measures_programs();
	if (request->with_loss_history)
		losses_note(status->history, status->pipeline, status->service);
	if (request->with_loss_history && losses_message_fill(history, status->history) == 0) {
		message->n_loss_history = history->count;
		message->loss_history = history->list;
		message->loss_findings_forgotten = loss_history_forgotten(status->history);
	}
}

void agent_status_answer(void *context, const Tetragon__GetStatusRequest *request,
			 service_status_fn answer, void *answer_context)
{
	struct agent_status *status = context;
	Tetragon__GetStatusResponse message = TETRAGON__GET_STATUS_RESPONSE__INIT;
	Google__Protobuf__Timestamp started, now;
	_cleanup_buf_ struct buf tier = {};
	struct gap_message losses;
	struct agent_hooks hooks = {};
	struct losses_message history = {};

	kernel_features_add_tier(&tier, status->features);
	message.version = (char *)TETRAD_VERSION;
	message.pid = (uint32_t)getpid();
	message.tier = (char *)buf_text(&tier);
	message.events = status->pipeline->stats.events;
	message.bpf_map_bytes = process_sensor_map_bytes(status->sensor);
	message.resident_bytes = status_resident_bytes();
	status_fill_clocks(&message, status, &started, &now);
	status_fill_processes(&message, status);
	status_fill_wanted(&message, request, status, &hooks, &history);
	message.n_losses = losses_fill(&losses, status->pipeline);
	message.losses = losses.count_list;
	answer(answer_context, &message);
	agent_hooks_done(&hooks);
	losses_message_done(&history);
}

void agent_status_tick(struct agent_status *status)
{
	losses_note(status->history, status->pipeline, status->service);
	if (status->measure_fd >= 0 && clock_read_ns(CLOCK_MONOTONIC) > status->measure_end_ns)
		agent_status_done(status);
}

void agent_status_done(struct agent_status *status)
{
	cleanup_close(&status->measure_fd);
	status->measure_fd = -1;
}

struct status_visit {
	const struct agent_status *status;
	const Tetragon__DumpProcessCacheReqArgs *args;
	service_process_fn visit;
	void *context;
	struct process_message *message;
	int64_t boot_to_wall_ns;
};

static void status_visit_process(void *context, struct process *process)
{
	struct status_visit *visit = context;
	Tetragon__ProcessInternal internal = TETRAGON__PROCESS_INTERNAL__INIT;
	Google__Protobuf__UInt32Value refcnt = GOOGLE__PROTOBUF__UINT32_VALUE__INIT;
	Google__Protobuf__Timestamp ended;

	if (visit->args->skip_zero_refcnt && !process->refs)
		return;
	visit->message->variables = NULL;
	process_message_fill(visit->message, process,
			     &visit->status->pipeline->options.event.message, false);
	refcnt.value = process->refs;
	internal.process = &visit->message->process;
	internal.color = (char *)(process->dead_ns ? "deleted" : "inUse");
	internal.refcnt = &refcnt;
	internal.is_kernel_thread = (process->flags & WIRE_PROCESS_KERNEL_THREAD) != 0;
	if (process->dead_ns) {
		process_message_set_time(&ended,
					 process->dead_ns + (uint64_t)visit->boot_to_wall_ns);
		internal.ended = &ended;
	}
	visit->visit(visit->context, &internal);
}

void agent_status_visit_processes(void *context, const Tetragon__DumpProcessCacheReqArgs *args,
				  service_process_fn visit, void *visit_context)
{
	const struct agent_status *status = context;
	struct process_message message = {};
	struct status_visit state = { status,	     args,     visit,
				      visit_context, &message, clock_boot_to_wall_ns() };

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

int agent_status_create_container(void *context, const Tetragon__CreateContainer *container,
				  struct diag *diag)
{
	return policies_create_container(((struct agent_status *)context)->policies, container,
					 diag);
}

void agent_status_list_policies(void *context, const Tetragon__ListTracingPoliciesRequest *request,
				service_policies_fn answer, void *answer_context)
{
	policies_list(((struct agent_status *)context)->policies, request, answer, answer_context);
}

bool agent_status_is_healthy(void *context, struct diag *why)
{
	const struct agent_status *status = context;
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);

	if (status->look_error) {
		diag_add(why, "the kernel's event rings cannot be read: %s",
			 strerror(-status->look_error));
		return false;
	}
	if (now - status->looked_ns > LOOK_LATE_NS) {
		diag_add(why, "the kernel's event rings were not looked into for %llu s",
			 (unsigned long long)((now - status->looked_ns) / CLOCK_NS_PER_SECOND));
		return false;
	}
	return process_sensor_is_attached(status->sensor, why);
}

static int status_find_file(const struct agent_status *status, struct output_file **out,
			    struct diag *diag)
{
	*out = status->pipeline->file;
	if (*out)
		return 0;
	diag_add(diag, "this agent writes no event file; see --export-filename");
	return -EOPNOTSUPP;
}

int agent_status_get_event_log(void *context, struct service_event_log *out, struct diag *diag)
{
	struct output_file_rotation rotation;
	struct output_file *file;
	int error = status_find_file(context, &file, diag);

	if (error)
		return error;
	rotation = output_file_get_rotation(file);
	*out = (struct service_event_log){ .max_size_mb = (int32_t)(rotation.bytes_max >> 20),
					   .max_backups = (int32_t)rotation.backups_max,
					   .rotation_interval_ns = rotation.interval_ns };
	return 0;
}

int agent_status_set_event_log(void *context, const struct service_event_log_change *change,
			       struct diag *diag)
{
	const struct service_event_log *wanted = &change->wanted;
	struct output_file_rotation rotation;
	struct output_file *file;
	int error = status_find_file(context, &file, diag);

	if (error)
		return error;
	rotation = output_file_get_rotation(file);
	if (change->has_max_size)
		rotation.bytes_max = (uint64_t)wanted->max_size_mb << 20;
	if (change->has_max_backups)
		rotation.backups_max = (uint32_t)wanted->max_backups;
	if (change->has_rotation_interval)
		rotation.interval_ns = wanted->rotation_interval_ns;
	return output_file_set_rotation(file, &rotation);
}
