/* SPDX-License-Identifier: Apache-2.0 */
/* One finding for each thing that would otherwise be accepted and do nothing. */
#include "policy/support.h"

#include <errno.h>

static void refuse(struct report *report, struct place place, const char *what, const char *instead)
{
	struct finding *finding = report_error(report, place, "%s cannot be loaded yet", what);

	if (*instead)
		finding_hint(finding, "%s", instead);
}

/* ---- values
 * --------------------------------------------------------------------------------------- */

static bool type_is_supported(enum arg_type type)
{
	switch (type) {
	case ARG_TYPE_AUTO:
	case ARG_TYPE_DATA_LOC:
	case ARG_TYPE_IOV_ITER:
	case ARG_TYPE_BPF_ATTR:
	case ARG_TYPE_BPF_MAP:
	case ARG_TYPE_BPF_PROG:
	case ARG_TYPE_PERF_EVENT:
	case ARG_TYPE_LOAD_INFO:
	case ARG_TYPE_MODULE:
	case ARG_TYPE_SYSCALL64:
		return false;
	default:
		return true;
	}
}

static void check_argument(struct report *report, const struct policy_argument *argument)
{
	if (!type_is_supported(argument->facts->type))
		report_error(report, argument->type.place,
			     "arguments of type %s cannot be collected yet", argument->facts->name);
	if (argument->steps)
		refuse(report, argument->resolve.place, "\"resolve\"",
		       "collect the argument itself");
	if (argument->max_data.value)
		refuse(report, argument->max_data.place, "\"maxData\"",
		       "without it, 4,095 bytes are shown");
	if (argument->from == POLICY_FROM_ARGUMENT && argument->index.value > 5)
		report_error(report, argument->index.place,
			     "argument %lld is not in a register; the first six are",
			     (long long)argument->index.value);
}

static void check_values(struct report *report, const struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->arguments.count; i++)
		check_argument(report, &hook->arguments.items[i]);
	for (size_t i = 0; i < hook->data.count; i++)
		refuse(report, hook->data.items[i].place, "\"data\"",
		       "collect arguments with \"args\"");
	if (hook->return_argument)
		check_argument(report, hook->return_argument);
	if (hook->return_action.value != POLICY_RETURN_NOTHING)
		refuse(report, hook->return_action.place, "\"returnArgAction\"",
		       "use TrackSock in matchActions");
}

/* ---- selectors
 * ------------------------------------------------------------------------------------ */

static bool action_is_supported(enum policy_action_kind kind)
{
	switch (kind) {
	case POLICY_ACTION_GET_URL:
	case POLICY_ACTION_DNS_LOOKUP:
	case POLICY_ACTION_NOTIFY_ENFORCER:
	case POLICY_ACTION_CLEANUP_ENFORCER_NOTIFICATION:
	case POLICY_ACTION_SET:
		return false;
	default:
		return true;
	}
}

static void check_action(struct report *report, const struct policy_action *action)
{
	if (!action_is_supported(action->facts->kind))
		report_error(report, action->place, "the action %s cannot be loaded yet",
			     action->facts->name);
	if (action->kernel_stack_trace.value)
		refuse(report, action->kernel_stack_trace.place, "\"kernelStackTrace\"", "");
	if (action->user_stack_trace.value)
		refuse(report, action->user_stack_trace.place, "\"userStackTrace\"", "");
}

static void check_filter(struct report *report, const struct policy_filter *filter)
{
	for (size_t i = 0; i < filter->values_count; i++) {
		if (filter->values[i].list)
			refuse(report, filter->values[i].place, "a list as a value",
			       "give the numbers of the system calls");
	}
	if (filter->form == POLICY_FORM_CEL)
		refuse(report, filter->place, "CelExpr",
		       "numbers take InRange, Mask, Equal and others");
}

static void check_selector(struct report *report, const struct policy_selector *selector)
{
	if (selector->parent_binaries.count)
		refuse(report, selector->parent_binaries.items[0].place, "\"matchParentBinaries\"",
		       "matchBinaries with followChildren covers what such binaries start");
	for (size_t i = 0; i < selector->pids.count; i++) {
		const struct policy_pids *pids = &selector->pids.items[i];

		if (pids->follow_forks.value && pids->is_namespace.value)
			refuse(report, pids->follow_forks.place,
			       "\"followForks\" with \"isNamespacePID\"",
			       "give the pids of the initial pid namespace");
	}
	for (size_t i = 0; i < selector->arguments.count; i++)
		check_filter(report, &selector->arguments.items[i]);
	for (size_t i = 0; i < selector->return_arguments.count; i++)
		check_filter(report, &selector->return_arguments.items[i]);
	for (size_t i = 0; i < selector->actions.count; i++)
		check_action(report, &selector->actions.items[i]);
	for (size_t i = 0; i < selector->return_actions.count; i++)
		check_action(report, &selector->return_actions.items[i]);
}

/* ---- hooks
 * ---------------------------------------------------------------------------------------- */

static void check_list(struct report *report, const struct policy_list *list)
{
	if (list->type.value != POLICY_LIST_PLAIN && list->type.value != POLICY_LIST_SYSCALLS)
		refuse(report, list->place, "a generated list", "name the functions in \"values\"");
	for (size_t i = 0; list->syscalls && i < list->values.count; i++) {
		enum syscall_abi abi = list->syscalls[i].abi;

		if (abi != SYSCALL_ABI_NATIVE && abi != SYSCALL_ABI_X64)
			report_error(report, list->values.items[i].place,
				     "system calls of another architecture cannot be hooked");
	}
}

static void check_hook(struct report *report, const struct policy_hook *hook)
{
	if (hook->section != POLICY_SECTION_KPROBES && hook->section != POLICY_SECTION_FENTRIES) {
		report_error(report, hook->place,
			     "%ss cannot be loaded yet; kprobes and fentries can",
			     section_facts[hook->section].one);
		return;
	}
	if (hook->list)
		check_list(report, hook->list);
	check_values(report, hook);
	for (size_t i = 0; i < hook->selectors.count; i++)
		check_selector(report, &hook->selectors.items[i]);
}

bool policy_hook_is_supported(const struct policy *policy, const struct policy_hook *hook)
{
	_cleanup_report_ struct report report = {};

	policy_show_source(policy, &report);
	check_hook(&report, hook);
	return !report.errors;
}

int policy_check_support(const struct policy *policy, struct report *report)
{
	size_t before = report->errors;

	policy_show_source(policy, report);
	for (size_t i = 0; i < policy->hooks_count; i++)
		check_hook(report, policy->hooks[i]);
	for (size_t i = 0; i < policy->spec->enforcers.count; i++)
		refuse(report, policy->spec->enforcers.items[i].place, "\"enforcers\"",
		       "use Override or Sigkill in matchActions");
	if (policy->spec->loader.value)
		refuse(report, policy->spec->loader.place, "\"loader\"", "");
	return report->errors == before ? 0 : -EINVAL;
}
