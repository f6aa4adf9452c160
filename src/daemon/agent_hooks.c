/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs cost, as API messages; and the kernel's measuring for as long as a client
 * looks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/agent_status.h"

/* A client that looks asks every second or two. */
#define MEASURE_NS (10 * CLOCK_NS_PER_SECOND)

struct agent_hooks_row {
	Tetragon__ProgramStats message;
	char **policies; /* owned, and what it points to */
};

/* Measuring costs each run of any BPF program of the machine some 20 ns. */
void agent_hooks_measure(struct agent_status *status)
{
	status->measure_end_ns = clock_read_ns(CLOCK_MONOTONIC) + MEASURE_NS;
	if (status->measure_fd >= 0)
		return;
	status->measure_fd = kernel_measure_programs();
	if (status->measure_fd < 0)
		log_debug("the kernel does not measure run times: %d", status->measure_fd);
}

static char *policy_get_title(const struct engine_policy *policy)
{
	char *title;

	if (asprintf(&title, "%s%s%s", policy->namespace, *policy->namespace ? "/" : "",
		     policy->name) < 0)
		return NULL;
	return title;
}

static void row_fill_policies(struct agent_hooks_row *row, const struct engine_point *point)
{
	row->policies = calloc(point->policies_count + 1, sizeof(char *));
	row->message.policies = row->policies;
	for (size_t i = 0; row->policies && i < point->policies_count; i++) {
		char *title = policy_get_title(point->policies[i]);

		if (title)
			row->policies[row->message.n_policies++] = title;
	}
}

/* Room for one more. */
static bool hooks_reserve(struct agent_hooks *hooks)
{
	size_t capacity = hooks->capacity ? 2 * hooks->capacity : 32;
	struct agent_hooks_row *rows;

	if (hooks->count < hooks->capacity)
		return true;
	rows = reallocarray(hooks->rows, capacity, sizeof(*rows));
	if (!rows)
		return false;
	hooks->rows = rows;
	hooks->capacity = capacity;
	return true;
}

static void hooks_add(void *context, const struct engine_point *point)
{
	struct agent_hooks *hooks = context;
	struct agent_hooks_row *row;

	if (!hooks_reserve(hooks))
		return;
	row = &hooks->rows[hooks->count++];
	tetragon__program_stats__init(&row->message);
	row->message.name = (char *)point->name;
	row->message.mechanism = (char *)point->mechanism;
	row->message.calls = point->stats.calls;
	row->message.run_time_ns = point->stats.run_time_ns;
	row->message.missed = point->stats.missed;
	row->message.kernel_memory_bytes = point->memory_bytes;
	if (point->counted_in)
		row->message.counted_in = (char *)point->counted_in;
	row_fill_policies(row, point);
}

int agent_hooks_fill(struct agent_hooks *out, const struct agent_status *status)
{
	if (status->engine)
		engine_visit_points(status->engine, hooks_add, out);
	out->list = calloc(out->count + 1, sizeof(Tetragon__ProgramStats *));
	if (!out->list)
		return -ENOMEM;
	for (size_t i = 0; i < out->count; i++)
		out->list[i] = &out->rows[i].message;
	return 0;
}

void agent_hooks_done(struct agent_hooks *hooks)
{
	for (size_t i = 0; i < hooks->count; i++) {
		for (size_t j = 0; j < hooks->rows[i].message.n_policies; j++)
			free(hooks->rows[i].policies[j]);
		free(hooks->rows[i].policies);
	}
	free(hooks->rows);
	free(hooks->list);
}
