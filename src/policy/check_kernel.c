/* SPDX-License-Identifier: Apache-2.0 */
/* Functions by name; arguments by their number and by the struct that they point to. */
#include "policy/check_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/functions.h"
#include "kernel/syscalls.h"
#include "kernel/types.h"

struct kernel_check {
	const struct kernel_types *types;
	const struct policy_hook *hook;
	struct report *report;
};

/* The struct that a value of this type is read from; ANY: none, or several will do. */
static enum kernel_struct type_get_struct(enum arg_type type)
{
	switch (type) {
	case ARG_TYPE_FILE:
		return KERNEL_STRUCT_FILE;
	case ARG_TYPE_KIOCB:
		return KERNEL_STRUCT_KIOCB;
	case ARG_TYPE_PATH:
		return KERNEL_STRUCT_PATH;
	case ARG_TYPE_DENTRY:
		return KERNEL_STRUCT_DENTRY;
	case ARG_TYPE_LINUX_BINPRM:
		return KERNEL_STRUCT_LINUX_BINPRM;
	case ARG_TYPE_FILENAME:
		return KERNEL_STRUCT_FILENAME;
	case ARG_TYPE_NET_DEVICE:
		return KERNEL_STRUCT_NET_DEVICE;
	case ARG_TYPE_SOCK:
		return KERNEL_STRUCT_SOCK;
	case ARG_TYPE_SOCKET:
		return KERNEL_STRUCT_SOCKET;
	case ARG_TYPE_SKB:
		return KERNEL_STRUCT_SK_BUFF;
	case ARG_TYPE_CRED:
		return KERNEL_STRUCT_CRED;
	case ARG_TYPE_USER_NAMESPACE:
		return KERNEL_STRUCT_USER_NAMESPACE;
	default:
		return KERNEL_STRUCT_ANY;
	}
}

static void check_struct(const struct kernel_check *own, const char *function,
			 const struct policy_argument *argument)
{
	const char *wanted = kernel_struct_get_name(type_get_struct(argument->facts->type));
	const char *found =
		kernel_types_get_struct(own->types, function, (unsigned int)argument->index.value);
	struct place place = argument->type.place;

	if (!*wanted || !found || strcmp(wanted, found) == 0)
		return;
	if (*found)
		report_error(own->report, place,
			     "argument %lld of \"%s\" is a struct %s; type %s reads a struct %s",
			     (long long)argument->index.value, function, found,
			     argument->facts->name, wanted);
	else
		report_warning(own->report, place,
			       "argument %lld of \"%s\" is no pointer to a struct %s",
			       (long long)argument->index.value, function, wanted);
}

/* Arguments of system calls are what user space passed: the kernel's types do not say. */
static bool argument_is_typed(const struct policy_hook *hook,
			      const struct policy_argument *argument)
{
	return !hook->is_syscall && argument->from == POLICY_FROM_ARGUMENT && !argument->steps;
}

bool policy_may_fit(const struct policy_hook *hook, const char *function,
		    const struct kernel_functions *functions)
{
	for (size_t i = 0; i < hook->arguments.count; i++) {
		const struct policy_argument *argument = &hook->arguments.items[i];

		if (argument_is_typed(hook, argument) &&
		    !kernel_functions_may_take(functions, function,
					       (unsigned int)argument->index.value,
					       type_get_struct(argument->facts->type)))
			return false;
	}
	return true;
}

static void check_argument(const struct kernel_check *own, const char *function,
			   const struct policy_argument *argument)
{
	int count = kernel_types_count_arguments(own->types, function);

	if (!argument_is_typed(own->hook, argument))
		return;
	if (argument->index.value < count)
		check_struct(own, function, argument);
	else
		report_error(own->report, argument->index.place,
			     "\"%s\" has no argument %lld: it takes %d, counted from 0", function,
			     (long long)argument->index.value, count);
}

static void check_missing(const struct kernel_check *own, const char *function, struct place place)
{
	const struct policy_ignore *ignore = own->hook->ignore;
	struct suggest suggest = suggest_start(function);
	struct finding *finding;

	if (ignore && ignore->call_not_found.value) {
		report_warning(own->report, place,
			       "the kernel has no function \"%s\"; that is ignored", function);
		return;
	}
	finding = report_error(own->report, place, "the kernel has no function \"%s\"", function);
	kernel_types_suggest(own->types, &suggest);
	if (suggest.best)
		finding_hint(finding, "did you mean \"%s\"?", suggest.best);
}

static int check_function(const struct kernel_check *own, const char *call, struct place place)
{
	_cleanup_free_ char *function =
		own->hook->is_syscall ? syscall_get_function(call) : strdup(call);

	if (!function)
		return -ENOMEM;
	if (!kernel_types_find_function(own->types, function)) {
		check_missing(own, function, place);
		return 0;
	}
	for (size_t i = 0; i < own->hook->arguments.count; i++)
		check_argument(own, function, &own->hook->arguments.items[i]);
	return 0;
}

static int check_hook(const struct kernel_check *own)
{
	const struct policy_hook *hook = own->hook;
	const struct policy_list *list = hook->list;
	int error = 0;

	if (hook->section != POLICY_SECTION_KPROBES && hook->section != POLICY_SECTION_FENTRIES)
		return 0;
	if (!list)
		return check_function(own, hook->call.data, hook->call.place);
	for (size_t i = 0; i < list->values.count && !error; i++)
		error = check_function(
			own, list->syscalls ? list->syscalls[i].name : list->values.items[i].data,
			list->values.items[i].place);
	return error;
}

int policy_check_kernel(const struct policy *policy, const struct kernel_types *types,
			struct report *report)
{
	int error = 0;

	policy_show_source(policy, report);
	for (size_t i = 0; i < policy->hooks_count && !error; i++) {
		const struct kernel_check own = { types, policy->hooks[i], report };

		error = check_hook(&own);
	}
	report_sort(report);
	return error ? error : report->errors ? -EINVAL : 0;
}
