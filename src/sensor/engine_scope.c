/* SPDX-License-Identifier: Apache-2.0 */
/* Which workloads policies apply to, and the kernel's map of them. */
#include "sensor/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

bool engine_find_workloads(void *context, const struct policy *policy,
			   const struct policy_selector *selector, const struct rules_range **out,
			   size_t *count)
{
	struct engine *engine = context;

	if (scope_is_everything(policy, selector))
		return false;
	*count = 0;
	if (scope_selects_host(policy, selector))
		engine->ranges[(*count)++] = (struct rules_range){ 0, 0 };
	for (size_t i = 0; i < engine->workloads_count; i++) {
		uint32_t number = engine->workloads[i].number;

		if (scope_selects(policy, selector, &engine->workloads[i].subject))
			engine->ranges[(*count)++] = (struct rules_range){ number, number };
	}
	*out = engine->ranges;
	return true;
}

static void engine_swap_workloads(struct engine *engine, struct engine_workload **list,
				  struct rules_range **ranges, size_t count)
{
	struct engine_workload *old_list = engine->workloads;
	struct rules_range *old_ranges = engine->ranges;

	engine->workloads = *list;
	engine->ranges = *ranges;
	engine->workloads_count = count;
	*list = old_list;
	*ranges = old_ranges;
}

int engine_set_workloads(struct engine *engine, const struct engine_workload *list, size_t count,
			 struct diag *diag)
{
	_cleanup_free_ struct engine_workload *copy = calloc(count + 1, sizeof(*copy));
	_cleanup_free_ struct rules_range *ranges = calloc(count + 2, sizeof(*ranges));
	size_t old_count = engine->workloads_count;
	int error = copy && ranges ? 0 : -ENOMEM;

	if (!error && count)
		error = engine_watch_groups(engine);
	if (error) {
		diag_add(diag, "cannot follow workloads: %s", strerror(-error));
		return error;
	}
	if (count)
		memcpy(copy, list, count * sizeof(*copy));
	engine_swap_workloads(engine, &copy, &ranges, count);
	error = engine_rebuild(engine, diag);
	if (error)
		engine_swap_workloads(engine, &copy, &ranges, old_count);
	return error;
}

int engine_get_workloads_fd(const struct engine *engine)
{
	return engine->workloads_fd;
}
