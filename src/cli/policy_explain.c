/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra policy explain`: what a policy does, and what this kernel would do with it. In: a file,
 * and unless told otherwise the running kernel. Out: sentences. Nothing is loaded. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/policy_words.h"
#include "kernel/probe.h"
#include "kernel/syscalls.h"
#include "policy/policy.h"
#include "policy/support.h"
#include "sensor/hook_mechanism.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

enum { LIST_SHOWN = 8 };

struct explain_settings {
	bool offline; /* ask no kernel */
	const char *btf;
};

/* The kernel, as far as it was asked. */
struct explain_kernel {
	bool is_known;
	struct kernel_features features;
	struct kernel_functions *functions;
	size_t refused; /* calls that it cannot hook, and that the policy needs */
};

/* What a call costs, by the way it is seen: an order, not a figure, which machines differ in. */
static const char *const mechanism_costs[MECHANISMS] = {
	[MECHANISM_FENTRY] = "the least that a hook can cost, at each call",
	[MECHANISM_FMOD_RET] = "the least that a hook can cost, at each call",
	[MECHANISM_KPROBE_MULTI] = "somewhat more than a trampoline, at each call",
	[MECHANISM_KPROBE] = "several times as much as a trampoline, at each call",
	[MECHANISM_SUBSTITUTE] = "a little at each system call of the machine, whichever it is",
};

/* False: said why. */
static bool explain_open_kernel(struct explain_kernel *kernel, const struct explain_settings *own)
{
	const char *btf = *own->btf ? own->btf : BTF_PATH;
	_cleanup_diag_ struct diag diag = {};

	if (own->offline)
		return true;
	if (kernel_check_requirements(btf, &diag)) {
		fputs(buf_text(&diag.text), stderr);
		cli_complain("without that the kernel is not asked; see --offline");
		return false;
	}
	kernel->is_known = !kernel_features_probe(&kernel->features, *own->btf ? btf : NULL,
						  &kernel->functions);
	if (!kernel->is_known)
		cli_complain("cannot read kernel type information \"%s\"", btf);
	return kernel->is_known;
}

static bool hook_overrides(const struct policy *policy, const struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_selector *selector = &hook->selectors.items[i];

		for (size_t j = 0; j < selector->actions.count; j++) {
			if (selector->actions.items[j].facts->kind == POLICY_ACTION_OVERRIDE)
				return policy->mode == POLICY_MODE_ENFORCE;
		}
	}
	return false;
}

/* What this kernel would do with CALL. */
static void explain_add_call(struct buf *out, struct explain_kernel *kernel,
			     const struct policy *policy, const struct policy_hook *hook,
			     const char *call)
{
	_cleanup_free_ char *function =
		hook->is_syscall ? syscall_get_function(call) : strdup(call);
	struct hook_wish wish = {
		.function = function,
		.is_syscall = hook->is_syscall,
		.at_return = hook->returns.value || hook->has_return_copy,
		.overrides = hook_overrides(policy, hook),
	};
	_cleanup_buf_ struct buf reason = {}, line = {};
	enum hook_mechanism mechanism;
	struct hook_offer offer;

	if (!function) {
		out->failed = true;
		return;
	}
	hook_offer_find(&offer, &wish, &kernel->features, kernel->functions, ~0U, &reason);
	if (!offer.count) {
		buf_add_format(&line, "It cannot be hooked here: %s%s", buf_text(&reason),
			       strchr(buf_text(&reason), '?') ? "" : ".");
		kernel->refused += !(hook->ignore && hook->ignore->call_not_found.value);
	} else {
		mechanism = offer.mechanisms[0];
		buf_add_format(&line, "This kernel: \"%s\" by %s", function,
			       mechanism_get_name(mechanism));
		if (mechanism == MECHANISM_SUBSTITUTE)
			buf_add_format(&line, ", %s",
				       substitute_find(function, hook->is_syscall)->difference);
		buf_add_format(&line, "; costs %s.", mechanism_costs[mechanism]);
	}
	policy_words_add_line(out, 3, buf_text(&line));
}

/* Of a long list the first are shown, and all that stand in the policy's way. */
static void explain_add_calls(struct buf *out, struct explain_kernel *kernel,
			      const struct policy *policy, const struct policy_hook *hook)
{
	const struct policy_list *list = hook->list;
	_cleanup_buf_ struct buf line = {}, one = {};
	size_t left_out = 0;

	if (!list) {
		explain_add_call(out, kernel, policy, hook, hook->call.data);
		return;
	}
	for (size_t i = 0; i < list->values.count; i++) {
		size_t refused = kernel->refused;

		explain_add_call(&one, kernel, policy, hook,
				 list->syscalls ? list->syscalls[i].name
						: list->values.items[i].data);
		out->failed |= one.failed;
		if (i < LIST_SHOWN || kernel->refused > refused)
			buf_add_text(out, buf_text(&one));
		else
			left_out++;
		buf_reset(&one);
	}
	if (left_out) {
		buf_add_format(&line, "And %zu more functions.", left_out);
		policy_words_add_line(out, 3, buf_text(&line));
	}
}

/* How many events are to be expected is what people get wrong most often. */
static void explain_add_advice(struct buf *out, const struct policy_hook *hook)
{
	bool is_open = !hook->selectors.count;

	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_selector *selector = &hook->selectors.items[i];

		is_open |= !(selector->pids.count + selector->binaries.count +
			     selector->parent_binaries.count + selector->namespaces.count +
			     selector->namespace_changes.count + selector->capabilities.count +
			     selector->capability_changes.count + selector->arguments.count +
			     selector->data.count + selector->return_arguments.count) &&
			   !selector->workloads &&
			   !(selector->actions.count && selector->actions.items[0].rate_limit_ns);
	}
	if (is_open)
		policy_words_add_line(out, 3,
				      "Without a condition, a busy machine makes very many events "
				      "of it; matchBinaries, matchArgs or a rateLimit help.");
}

static void explain_add_hook(struct buf *out, struct explain_kernel *kernel,
			     const struct policy *policy, const struct policy_hook *hook)
{
	buf_add_format(out, "\n%s %zu\n", section_facts[hook->section].one, hook->number);
	policy_words_add_hook(out, hook);
	policy_words_add_selectors(out, policy, hook);
	explain_add_advice(out, hook);
	if (!policy_hook_is_supported(policy, hook))
		policy_words_add_line(out, 3, "It cannot be loaded yet: see below.");
	else if (kernel->is_known)
		explain_add_calls(out, kernel, policy, hook);
}

static enum cli_exit explain_run(const struct cli_settings *cli, const void *settings)
{
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;
	_cleanup_buf_ struct buf text = {}, findings = {};
	struct explain_kernel kernel = {};
	bool is_loadable;

	if (policy_read_file(cli->words->items[0], &report, &policy)) {
		report_add_text(&report, &findings);
		fputs(buf_text(&findings), stderr);
		return CLI_FAILED;
	}
	if (!explain_open_kernel(&kernel, settings))
		return CLI_FAILED;
	is_loadable = policy_check_support(policy, &report) == 0;
	policy_words_add_head(&text, policy);
	for (size_t i = 0; i < policy->hooks_count; i++)
		explain_add_hook(&text, &kernel, policy, policy->hooks[i]);
	kernel_functions_free(kernel.functions);
	report_add_text(&report, &findings);
	if (cli_print(&text) != CLI_DONE)
		return CLI_FAILED;
	fputs(buf_text(&findings), stderr);
	return is_loadable && !kernel.refused ? CLI_DONE : CLI_FAILED;
}

static const struct option_row explain_rows[] = {
	{ "offline", 0, OPTION_BOOL, offsetof(struct explain_settings, offline),
	  .help = "do not ask this kernel how it would hook the functions" },
	{ "btf", 0, OPTION_TEXT, offsetof(struct explain_settings, btf), .placeholder = "FILE",
	  .help = "type information of this kernel; without it, " BTF_PATH },
};

const struct command command_policy_explain = {
	.path = "policy explain",
	.about = "what a policy does, in sentences",
	.words = "FILE",
	.words_count = 1,
	.word_kinds = "file",
	.is_offline = true,
	.more = "Which functions are watched, what is looked for, what happens then, and how\n"
		"this kernel would do it. Nothing is loaded. A FILE of \"-\" is standard input.\n"
		"Asking the kernel needs the privileges of the agent. For programs there is\n"
		"\"tetra policy check --print model\".\n",
	.examples = "tetra policy explain --offline web.yaml\n",
	.exits = "0  the policy can be loaded, as far as this can be told\n"
		 "1  a part of it cannot, or it has mistakes\n"
		 "2  wrong words or flags\n",
	.rows = explain_rows,
	.rows_count = sizeof(explain_rows) / sizeof(explain_rows[0]),
	.settings_bytes = sizeof(struct explain_settings),
	.run = explain_run,
};
