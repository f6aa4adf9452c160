/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences for the parts of a policy: one row per operator and per action. What a kernel makes of
 * it is not said here. */
#include "cli/policy_words.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/options.h"
#include "event/text.h"
#include "policy/cel.h"
#include "policy/print.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* So many values are told; nobody reads more in a sentence. */
enum { VALUES_SHOWN = 6, MARGIN_CONDITION = 5 };

static const struct {
	const char *yes, *no;
} test_words[] = {
	[TEST_EQUAL] = { "is", "is not" },
	[TEST_PREFIX] = { "begins with", "does not begin with" },
	[TEST_POSTFIX] = { "ends with", "does not end with" },
	[TEST_SUBSTRING] = { "contains", "does not contain" },
	[TEST_SUBSTRING_ANY_CASE] = { "contains, in any case,", "does not contain, in any case," },
	[TEST_FILE_TYPE] = { "is a file of type", "is no file of type" },
	[TEST_GREATER] = { "is greater than", "is not greater than" },
	[TEST_LESS] = { "is less than", "is not less than" },
	[TEST_MASK] = { "has a bit of", "has no bit of" },
	[TEST_CEL] = { "fulfils", "does not fulfil" },
	[TEST_SOURCE_PORT] = { "has the source port", "does not have the source port" },
	[TEST_DESTINATION_PORT] = { "has the destination port",
				    "does not have the destination port" },
	[TEST_SOURCE_ADDRESS] = { "has a source address in", "has no source address in" },
	[TEST_DESTINATION_ADDRESS] = { "has a destination address in",
				       "has no destination address in" },
	[TEST_PROTOCOL] = { "has the protocol", "does not have the protocol" },
	[TEST_FAMILY] = { "has the family", "does not have the family" },
	[TEST_STATE] = { "has the state", "does not have the state" },
	[TEST_CAPABILITIES_GAINED] = { "lacks a capability of", "has all capabilities of" },
};

/* What is done, and what is not done in mode monitor. */
static const char *const action_words[POLICY_ACTIONS] = {
	[POLICY_ACTION_POST] = "make an event",
	[POLICY_ACTION_SIGKILL] = "kill the process (SIGKILL)",
	[POLICY_ACTION_OVERRIDE] = "deny the call: it returns another value",
	[POLICY_ACTION_GET_URL] = "fetch a URL",
	[POLICY_ACTION_DNS_LOOKUP] = "look up a name",
	[POLICY_ACTION_NO_POST] = "make no event",
	[POLICY_ACTION_SIGNAL] = "send the process a signal",
	[POLICY_ACTION_TRACK_SOCK] = "remember which process the socket belongs to",
	[POLICY_ACTION_UNTRACK_SOCK] = "forget whose the socket was",
	[POLICY_ACTION_NOTIFY_ENFORCER] = "let the enforcer deny the system call",
	[POLICY_ACTION_CLEANUP_ENFORCER_NOTIFICATION] = "take back what the enforcer was told",
	[POLICY_ACTION_SET] = "set an argument of the probe",
};

void policy_words_add_line(struct buf *out, size_t margin, const char *text)
{
	size_t column = margin;

	buf_add_format(out, "%*s", (int)margin, "");
	options_add_wrapped(out, text, margin, &column);
	buf_add_char(out, '\n');
}

static void words_add_texts(struct buf *out, const struct policy_texts *texts)
{
	for (size_t i = 0; i < texts->count && i < VALUES_SHOWN; i++) {
		buf_add_text(out, i ? " or " : " ");
		text_add_quoted(out, texts->items[i].data);
	}
	if (texts->count > VALUES_SHOWN)
		buf_add_format(out, " or one of %zu more", texts->count - VALUES_SHOWN);
}

/* ---- head ------------------------------------------------------------------------------------ */

/* COUNT: of the parts that are there already. */
static void words_add_scope(struct buf *out, size_t *count, const char *what,
			    const struct policy_label_selector *selector)
{
	size_t conditions;

	if (!selector)
		return;
	conditions = selector->labels.count + selector->expressions.count;
	buf_add_text(out, (*count)++ ? " or in " : " in ");
	buf_add_text(out, what);
	if (conditions)
		buf_add_format(out, " whose labels fulfil %zu condition%s", conditions,
			       conditions == 1 ? "" : "s");
}

static void words_add_whom(struct buf *out, const struct policy *policy)
{
	const struct policy_spec *spec = policy->spec;
	_cleanup_buf_ struct buf line = {};
	size_t count = 0;

	buf_add_text(&line, "It applies to processes");
	words_add_scope(&line, &count, "pods", spec->pod_selector);
	words_add_scope(&line, &count, "containers", spec->container_selector);
	if (spec->host_selector)
		buf_add_text(&line, count++ ? " or on the host" : " on the host");
	if (!count)
		buf_add_text(&line, policy->kind.value == POLICY_NAMESPACED ? " in pods"
									    : " of all kinds");
	if (policy->kind.value == POLICY_NAMESPACED) {
		buf_add_text(&line, ", in namespace ");
		text_add_quoted(&line, policy->metadata->namespace.data);
	}
	buf_add_char(&line, '.');
	policy_words_add_line(out, 0, buf_text(&line));
}

void policy_words_add_head(struct buf *out, const struct policy *policy)
{
	static const char *const modes[] = {
		[POLICY_MODE_ENFORCE] =
			"Mode enforce: it acts on processes, where a selector below says so.",
		[POLICY_MODE_MONITOR] =
			"Mode monitor: what it would do to processes is counted, and not done.",
		[POLICY_MODE_MONITOR_ONLY] = "It only watches: no action of it touches a process.",
	};
	buf_add_text(out, "Policy ");
	text_add_quoted(out, policy->metadata->name.data);
	buf_add_format(out, ": %zu hook%s, %zu selector%s.\n", policy->hooks_count,
		       policy->hooks_count == 1 ? "" : "s", policy->selectors_count,
		       policy->selectors_count == 1 ? "" : "s");
	words_add_whom(out, policy);
	policy_words_add_line(out, 0, modes[policy->mode]);
}

/* ---- hooks ----------------------------------------------------------------------------------- */

static void words_add_argument(struct buf *out, const struct policy_argument *argument)
{
	static const char *const places[] = {
		[POLICY_FROM_ARGUMENT] = "argument",
		[POLICY_FROM_RETURN] = "what it returns",
		[POLICY_FROM_TASK] = "of the task",
		[POLICY_FROM_REGISTER] = "register",
	};

	buf_add_text(out, places[argument->from]);
	if (argument->from == POLICY_FROM_ARGUMENT)
		buf_add_format(out, " %lld", (long long)argument->index.value);
	if (argument->resolve.bytes) {
		buf_add_text(out, argument->from == POLICY_FROM_ARGUMENT ? "'s " : " ");
		text_add_printable(out, argument->resolve.data);
	}
	buf_add_format(out, " (%s)", argument->facts ? argument->facts->name : "?");
}

static size_t words_count_places(const struct policy_hook *hook)
{
	return hook->symbols.count + hook->offsets.count + hook->addrs.count;
}

static void words_add_pair(struct buf *out, const char *left, char between, const char *right)
{
	text_add_printable(out, left);
	buf_add_char(out, between);
	text_add_printable(out, right);
}

static void words_add_place(struct buf *out, const struct policy_hook *hook)
{
	if (hook->list) {
		if (hook->list->values.count)
			buf_add_format(out, "%zu functions of the list ", hook->list->values.count);
		else
			buf_add_text(out, "the functions that are found for the list ");
		text_add_quoted(out, hook->list->name.data);
	} else if (hook->section == POLICY_SECTION_TRACEPOINTS) {
		buf_add_text(out, "the tracepoint ");
		words_add_pair(out, hook->subsystem.data, '/', hook->event.data);
	} else if (hook->section == POLICY_SECTION_USDTS) {
		buf_add_text(out, "the probe ");
		words_add_pair(out, hook->provider.data, ':', hook->name.data);
		buf_add_text(out, " in ");
		text_add_quoted(out, hook->path.data);
	} else if (hook->section == POLICY_SECTION_UPROBES) {
		buf_add_format(out, "%zu place%s in ", words_count_places(hook),
			       words_count_places(hook) == 1 ? "" : "s");
		text_add_quoted(out, hook->path.data);
	} else {
		buf_add_text(out, hook->section == POLICY_SECTION_LSMHOOKS ? "the lsm hook "
				  : hook->is_syscall			   ? "the system call "
						     : "the kernel function ");
		text_add_quoted(out, hook->call.data);
	}
}

void policy_words_add_hook(struct buf *out, const struct policy_hook *hook)
{
	_cleanup_buf_ struct buf line = {};

	buf_add_text(&line, "It watches calls of ");
	words_add_place(&line, hook);
	if (hook->returns.value)
		buf_add_text(&line, ", and their return");
	buf_add_char(&line, '.');
	policy_words_add_line(out, 3, buf_text(&line));
	if (!hook->values_count && !hook->return_argument)
		return;
	buf_reset(&line);
	buf_add_text(&line, "It reads ");
	for (size_t i = 0; i < hook->values_count; i++) {
		if (i)
			buf_add_text(&line, ", ");
		words_add_argument(&line, hook->values[i]);
	}
	if (hook->return_argument) {
		buf_add_text(&line, hook->values_count ? ", " : "");
		words_add_argument(&line, hook->return_argument);
	}
	buf_add_char(&line, '.');
	policy_words_add_line(out, 3, buf_text(&line));
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* A condition of a selector on a line of its own; the first is introduced by another word. */
struct conditions {
	struct buf *out;
	size_t count;
};

static void conditions_add(struct conditions *conditions, struct buf *line)
{
	_cleanup_buf_ struct buf text = {};

	buf_add_format(&text, "%s %s", conditions->count++ ? "and" : "if", buf_text(line));
	policy_words_add_line(conditions->out, MARGIN_CONDITION, buf_text(&text));
	buf_reset(line);
}

/* By whether the process itself is to be one of them. */
static const char *const descent_words[] = {
	[false] = ", nor does it descend from such a process",
	[true] = ", or it descends from such a process",
};

static void words_add_pids(struct conditions *conditions, const struct policy_pids *pids)
{
	bool is_in = pids->operator.value == POLICY_IN;
	_cleanup_buf_ struct buf line = {};

	buf_add_format(&line, "the process's pid%s is%s",
		       pids->is_namespace.value ? ", in its own pid namespace," : "",
		       is_in ? "" : " not");
	for (size_t i = 0; i < pids->values.count && i < VALUES_SHOWN; i++)
		buf_add_format(&line, "%s %lld", i ? " or" : "",
			       (long long)pids->values.items[i].value);
	if (pids->values.count > VALUES_SHOWN)
		buf_add_format(&line, " or one of %zu more", pids->values.count - VALUES_SHOWN);
	if (pids->follow_forks.value)
		buf_add_text(&line, descent_words[is_in]);
	conditions_add(conditions, &line);
}

static void words_add_binaries(struct conditions *conditions, const char *whose,
			       const struct policy_binaries *binaries)
{
	_cleanup_buf_ struct buf line = {};

	buf_add_format(&line, "%s executable %s", whose,
		       binaries->is_negated ? test_words[binaries->test].no
					    : test_words[binaries->test].yes);
	words_add_texts(&line, &binaries->values);
	if (binaries->follow_children.value)
		buf_add_text(&line, descent_words[!binaries->is_negated]);
	conditions_add(conditions, &line);
}

/* Filters on sets of words, all of one shape. */
static void words_add_set(struct conditions *conditions, const char *what, int operator,
			  const struct policy_texts * values, const char *more)
{
	_cleanup_buf_ struct buf line = {};

	buf_add_format(&line, "%s %s", what, operator== POLICY_IN ? "one of" : "none of");
	words_add_texts(&line, values);
	buf_add_text(&line, more);
	conditions_add(conditions, &line);
}

static void words_add_process(struct conditions *conditions, const struct policy_selector *selector)
{
	for (size_t i = 0; i < selector->pids.count; i++)
		words_add_pids(conditions, &selector->pids.items[i]);
	for (size_t i = 0; i < selector->binaries.count; i++)
		words_add_binaries(conditions, "the process's", &selector->binaries.items[i]);
	for (size_t i = 0; i < selector->parent_binaries.count; i++)
		words_add_binaries(conditions, "its parent's", &selector->parent_binaries.items[i]);
	for (size_t i = 0; i < selector->namespaces.count; i++) {
		const struct policy_namespaces *one = &selector->namespaces.items[i];
		char what[64];

		snprintf(what, sizeof(what), "its %s namespace is",
			 words_get(WORDS_NAMESPACE, (size_t)one->namespace.value));
		words_add_set(conditions, what, one->operator.value, &one->values, "");
	}
	for (size_t i = 0; i < selector->namespace_changes.count; i++)
		words_add_set(conditions, "since its execve it has changed, of its namespaces,",
			      selector->namespace_changes.items[i].operator.value,
			      &selector->namespace_changes.items[i].values, "");
	for (size_t i = 0; i < selector->capabilities.count; i++)
		words_add_set(conditions, "it has, of these capabilities,",
			      selector->capabilities.items[i].operator.value,
			      &selector->capabilities.items[i].values,
			      selector->capabilities.items[i].is_namespace.value
				      ? ", outside the host's user namespace"
				      : "");
	for (size_t i = 0; i < selector->capability_changes.count; i++)
		words_add_set(conditions, "since its execve it has gained or lost",
			      selector->capability_changes.items[i].operator.value,
			      &selector->capability_changes.items[i].values, "");
}

static void words_add_filter(struct conditions *conditions, const struct policy_filter *filter)
{
	_cleanup_buf_ struct buf line = {};

	if (filter->form == POLICY_FORM_CEL) {
		buf_add_text(&line, "this holds: ");
		cel_add_text(filter->expression, &line);
		conditions_add(conditions, &line);
		return;
	}
	words_add_argument(&line, filter->subject);
	buf_add_format(&line, " %s",
		       filter->facts->is_negated ? test_words[filter->facts->test].no
						 : test_words[filter->facts->test].yes);
	if (filter->form == POLICY_FORM_OPEN)
		words_add_texts(&line, &filter->texts);
	if (filter->second) {
		buf_add_char(&line, ' ');
		words_add_argument(&line, filter->second);
	}
	for (size_t i = 0; i < filter->values_count && i < VALUES_SHOWN; i++) {
		buf_add_text(&line, i ? " or " : " ");
		policy_print_value(filter, &filter->values[i], &line);
	}
	if (filter->values_count > VALUES_SHOWN)
		buf_add_format(&line, " or one of %zu more", filter->values_count - VALUES_SHOWN);
	conditions_add(conditions, &line);
}

static void words_add_filters(struct conditions *conditions, const struct policy_filter *filters,
			      size_t count)
{
	for (size_t i = 0; i < count; i++)
		words_add_filter(conditions, &filters[i]);
}

/* AT_RETURN: what is returned decides too, for nothing is done before. */
static void words_add_conditions(struct buf *out, const struct policy_selector *selector,
				 bool at_return)
{
	struct conditions conditions = { .out = out };
	_cleanup_buf_ struct buf line = {};

	words_add_process(&conditions, selector);
	if (selector->workloads) {
		buf_add_text(&line, "it runs in a workload that matchWorkloads selects");
		conditions_add(&conditions, &line);
	}
	words_add_filters(&conditions, selector->arguments.items, selector->arguments.count);
	words_add_filters(&conditions, selector->data.items, selector->data.count);
	if (at_return)
		words_add_filters(&conditions, selector->return_arguments.items,
				  selector->return_arguments.count);
	if (!conditions.count)
		policy_words_add_line(out, MARGIN_CONDITION, "at each call");
}

/* ---- actions --------------------------------------------------------------------------------- */

static const char *const scope_words[] = {
	[POLICY_RATE_LIMIT_THREAD] = "per thread",
	[POLICY_RATE_LIMIT_PROCESS] = "per process",
	[POLICY_RATE_LIMIT_GLOBAL] = "on the whole machine",
};

static void words_add_action(struct buf *out, const struct policy_action *action, bool is_monitored)
{
	const enum policy_action_kind kind = action->facts->kind;

	if (action->facts->is_enforcing && is_monitored)
		buf_add_text(out, "only count that it would ");
	buf_add_text(out, action_words[kind]);
	if (action->error.state == FIELD_GIVEN)
		buf_add_format(out, " (error %lld)", (long long)action->error.value);
	if (action->signal.state == FIELD_GIVEN)
		buf_add_format(out, " (%lld)", (long long)action->signal.value);
	if (action->url.bytes || action->fqdn.bytes) {
		buf_add_char(out, ' ');
		text_add_quoted(out, action->url.bytes ? action->url.data : action->fqdn.data);
	}
	if (action->rate_limit_ns)
		buf_add_format(out, ", at most one of a kind in %llu s %s",
			       (unsigned long long)(action->rate_limit_ns / CLOCK_NS_PER_SECOND),
			       action->rate_limit_scope.value < 0
				       ? scope_words[POLICY_RATE_LIMIT_THREAD]
				       : scope_words[action->rate_limit_scope.value]);
}

/* An event is made whatever else is done, unless NoPost is among the actions. */
static void words_add_actions(struct buf *out, const struct policy *policy, const char *when,
			      const struct policy_action *actions, size_t count)
{
	bool is_monitored = policy->mode != POLICY_MODE_ENFORCE;
	bool is_posted = false, is_silent = false;
	_cleanup_buf_ struct buf line = {};

	buf_add_format(&line, "%s ", when);
	for (size_t i = 0; i < count; i++) {
		is_posted |= actions[i].facts->kind == POLICY_ACTION_POST;
		is_silent |= actions[i].facts->kind == POLICY_ACTION_NO_POST;
		if (i)
			buf_add_text(&line, "; ");
		words_add_action(&line, &actions[i], is_monitored);
	}
	if (!is_posted && !is_silent)
		buf_add_format(&line, "%s%s", count ? "; " : "", action_words[POLICY_ACTION_POST]);
	buf_add_char(&line, '.');
	policy_words_add_line(out, MARGIN_CONDITION, buf_text(&line));
}

/* What is done at the entry does not wait for what is returned. */
static void words_add_stages(struct buf *out, const struct policy *policy,
			     const struct policy_hook *hook, const struct policy_selector *selector)
{
	bool at_return = hook->returns.value &&
			 selector->return_arguments.count + selector->return_actions.count;
	bool at_entry = !at_return || selector->actions.count;
	struct conditions conditions = { .out = out };

	words_add_conditions(out, selector, !at_entry);
	if (at_entry)
		words_add_actions(out, policy, "then:", selector->actions.items,
				  selector->actions.count);
	if (!at_return)
		return;
	if (at_entry)
		words_add_filters(&conditions, selector->return_arguments.items,
				  selector->return_arguments.count);
	words_add_actions(out, policy, "at the return:", selector->return_actions.items,
			  selector->return_actions.count);
}

void policy_words_add_selectors(struct buf *out, const struct policy *policy,
				const struct policy_hook *hook)
{
	if (!hook->selectors.count) {
		policy_words_add_line(out, 3, "Each call becomes an event.");
		return;
	}
	if (hook->selectors.count > 1)
		policy_words_add_line(out, 3, "Of these, the first that holds acts:");
	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_selector *selector = &hook->selectors.items[i];

		buf_add_format(out, "   selector %zu", selector->number);
		if (selector->label.bytes) {
			buf_add_char(out, ' ');
			text_add_quoted(out, selector->label.data);
		}
		buf_add_text(out, ":\n");
		words_add_stages(out, policy, hook, selector);
	}
}
