/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of a policy -> functions with their members -> rules -> text (print_rules.c). */
#include "policy/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "kernel/syscalls.h"
#include "policy/plan_world.h"
#include "policy/print_rules.h"
#include "policy/support.h"

/* A function, and the hooks on it. */
struct point {
	char *function; /* owned */
	bool is_syscall;
	struct rules_member *members; /* owned */
	size_t count;
};

struct plan {
	const struct policy *policy;
	struct report *report;
	struct buf *out;
	struct point *points; /* owned */
	size_t count;
	struct plan_world world;
};

/* ---- functions --------------------------------------------------------------------------------
 */

static struct point *plan_find_point(struct plan *plan, const char *function)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->points[i].function, function) == 0)
			return &plan->points[i];
	}
	return NULL;
}

static struct point *plan_add_point(struct plan *plan, const char *function, bool is_syscall)
{
	struct point *points = realloc(plan->points, (plan->count + 1) * sizeof(*points));

	if (!points)
		return NULL;
	plan->points = points;
	points[plan->count] =
		(struct point){ .function = strdup(function), .is_syscall = is_syscall };
	return points[plan->count].function ? &points[plan->count++] : NULL;
}

static int plan_add_function(struct plan *plan, const struct policy_hook *hook, const char *call)
{
	_cleanup_free_ char *function =
		hook->is_syscall ? syscall_get_function(call) : strdup(call);
	struct point *point = function ? plan_find_point(plan, function) : NULL;
	struct rules_member *members;

	if (function && !point)
		point = plan_add_point(plan, function, hook->is_syscall);
	if (!point)
		return -ENOMEM;
	if (point->count && point->members[point->count - 1].hook == hook)
		return 0; /* twice in its list */
	members = realloc(point->members, (point->count + 1) * sizeof(*members));
	if (!members)
		return -ENOMEM;
	point->members = members;
	members[point->count++] = (struct rules_member){
		.policy = plan->policy,
		.hook = hook,
		.is_monitored = plan->policy->mode == POLICY_MODE_MONITOR,
	};
	return 0;
}

static int plan_add_hook(struct plan *plan, const struct policy_hook *hook)
{
	const struct policy_list *list = hook->list;
	int error = 0;

	if (!policy_hook_is_supported(plan->policy, hook)) {
		buf_add_format(plan->out, "%s %zu: no plan, it cannot be loaded yet\n",
			       section_facts[hook->section].one, hook->number);
		return 0;
	}
	if (!list)
		return plan_add_function(plan, hook, hook->call.data);
	for (size_t i = 0; i < list->values.count && !error; i++)
		error = plan_add_function(plan, hook,
					  list->syscalls ? list->syscalls[i].name
							 : list->values.items[i].data);
	return error;
}

/* ---- rules ------------------------------------------------------------------------------------
 */

static int plan_print_point(struct plan *plan, struct point *point)
{
	_cleanup_(cleanup_rules) struct rules rules = { .config.has_bpf_loop = true };
	_cleanup_diag_ struct diag diag = {};
	int error;

	plan->world.scopes_count = 1; /* no function has more scopes than selectors */
	error = rules_build(&rules, point->members, point->count, 1, &plan->world.rules, &diag);
	if (error == -ENOSPC) {
		struct span lines = { diag.text.data, diag.text.bytes },
			    line = span_cut(&lines, '\n');

		report_error(plan->report, point->members[0].hook->call.place, "%.*s",
			     (int)line.bytes, line.data);
	}
	if (error)
		return error;
	buf_add_format(plan->out, "function %s%s\n", point->function,
		       point->is_syscall ? " (system call)" : "");
	print_rules(&rules, point->members, point->count, &plan->world, plan->out);
	return 0;
}

static void plan_warn(struct plan *plan)
{
	_cleanup_report_ struct report found = {};

	policy_check_support(plan->policy, &found);
	policy_show_source(plan->policy, plan->report);
	for (size_t i = 0; i < found.count; i++) {
		const struct finding *one = &found.findings[i];
		struct finding *warning =
			report_warning(plan->report, one->place, "%s", one->message);

		if (*one->hint)
			finding_hint(warning, "%s", one->hint);
	}
}

static void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->points[i].function);
		free(plan->points[i].members);
	}
	free(plan->points);
	plan_world_done(&plan->world);
}

int policy_print_plan(const struct policy *policy, struct report *report, struct buf *out)
{
	struct plan plan = { .policy = policy, .report = report, .out = out };
	int error = 0, failed = 0;

	plan_world_init(&plan.world);
	plan_warn(&plan);
	for (size_t i = 0; i < policy->hooks_count && !error; i++)
		error = plan_add_hook(&plan, policy->hooks[i]);
	for (size_t i = 0; i < plan.count && !error; i++) {
		error = plan_print_point(&plan, &plan.points[i]);
		if (error == -ENOSPC) {
			failed = error;
			error = 0;
		}
	}
	plan_done(&plan);
	report_sort(report);
	return error ? error : failed;
}
