/* SPDX-License-Identifier: Apache-2.0 */
/* Walks hooks, selectors and filters of a checked policy in the order in which the kernel does. */
#include "cli/reasons.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/text.h"
#include "kernel/syscalls.h"

/* ---- events
 * ---------------------------------------------------------------------------------- */

/* The same members under the same names in all messages of calls. */
#define EVENT_FILL(out, message)                                 \
	do {                                                     \
		(out)->policy_name = (message)->policy_name;     \
		(out)->message = (message)->message;             \
		(out)->process = (message)->process;             \
		(out)->parent = (message)->parent;               \
		(out)->ancestors = (message)->ancestors;         \
		(out)->ancestors_count = (message)->n_ancestors; \
		(out)->arguments = (message)->args;              \
		(out)->arguments_count = (message)->n_args;      \
		(out)->action = (message)->action;               \
	} while (0)

static void event_read_kprobe(struct reasons_event *out, const Tetragon__ProcessKprobe *message)
{
	EVENT_FILL(out, message);
	out->section = POLICY_SECTION_KPROBES;
	out->function = message->function_name;
	out->data = message->data;
	out->data_count = message->n_data;
	out->result = message->return_;
	out->return_action = message->return_action;
}

static void event_read_uprobe(struct reasons_event *out, const Tetragon__ProcessUprobe *message)
{
	EVENT_FILL(out, message);
	out->section = POLICY_SECTION_UPROBES;
	out->group = message->path;
	out->symbol = message->symbol;
	out->data = message->data;
	out->data_count = message->n_data;
}

static void event_read_usdt(struct reasons_event *out, const Tetragon__ProcessUsdt *message)
{
	EVENT_FILL(out, message);
	out->section = POLICY_SECTION_USDTS;
	out->group = message->path;
	out->function = message->provider;
	out->symbol = message->name;
}

static void event_read_tracepoint(struct reasons_event *out,
				  const Tetragon__ProcessTracepoint *message)
{
	EVENT_FILL(out, message);
	out->section = POLICY_SECTION_TRACEPOINTS;
	out->group = message->subsys;
	out->function = message->event;
}

static void event_read_lsm(struct reasons_event *out, const Tetragon__ProcessLsm *message)
{
	EVENT_FILL(out, message);
	out->section = POLICY_SECTION_LSMHOOKS;
	out->function = message->function_name;
}

bool reasons_event_read(struct reasons_event *out, const Tetragon__GetEventsResponse *event)
{
	*out = (struct reasons_event){ .function = "", .group = "", .symbol = "" };
	switch (event->event_case) {
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE:
		event_read_kprobe(out, event->process_kprobe);
		return true;
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_TRACEPOINT:
		event_read_tracepoint(out, event->process_tracepoint);
		return true;
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_LSM:
		event_read_lsm(out, event->process_lsm);
		return true;
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_UPROBE:
		event_read_uprobe(out, event->process_uprobe);
		return true;
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_USDT:
		event_read_usdt(out, event->process_usdt);
		return true;
	default:
		return false;
	}
}

/* ---- hooks
 * ----------------------------------------------------------------------------------- */

static bool function_is(const char *wanted, const char *function, bool is_syscall)
{
	if (is_syscall)
		return strcmp(syscall_strip_prefix(wanted), syscall_strip_prefix(function)) == 0;
	return strcmp(wanted, function) == 0;
}

/* Lists that are made on the machine may hold any function. */
static bool list_has(const struct policy_list *list, const char *function, bool is_syscall)
{
	if (list->type.value != POLICY_LIST_PLAIN && list->type.value != POLICY_LIST_SYSCALLS)
		return true;
	for (size_t i = 0; i < list->values.count; i++) {
		const char *slash = strchr(list->values.items[i].data, '/');

		if (function_is(slash ? slash + 1 : list->values.items[i].data, function,
				is_syscall || list->type.value == POLICY_LIST_SYSCALLS))
			return true;
	}
	return false;
}

static bool calls_fit(const struct policy_hook *hook, const struct reasons_event *event)
{
	if (hook->list)
		return list_has(hook->list, event->function, hook->is_syscall);
	return function_is(hook->call.data, event->function, hook->is_syscall);
}

static bool symbols_fit(const struct policy_hook *hook, const struct reasons_event *event)
{
	if (strcmp(hook->path.data, event->group) != 0)
		return false;
	for (size_t i = 0; i < hook->symbols.count; i++) {
		if (strcmp(hook->symbols.items[i].data, event->symbol) == 0)
			return true;
	}
	return !hook->symbols.count; /* places without a name */
}

static size_t hook_count_shown(const struct policy_hook *hook)
{
	size_t count = 0;

	for (size_t i = 0; i < hook->arguments.count; i++)
		count += hook->arguments.items[i].facts->type != ARG_TYPE_NOP;
	return count;
}

/* fentries make events of kprobes. */
static bool hook_fits(const struct policy_hook *hook, const struct reasons_event *event)
{
	enum policy_section section =
		hook->section == POLICY_SECTION_FENTRIES ? POLICY_SECTION_KPROBES : hook->section;

	if (section != event->section || strcmp(hook->message.data, event->message) != 0 ||
	    hook_count_shown(hook) != event->arguments_count)
		return false;
	switch (section) {
	case POLICY_SECTION_TRACEPOINTS:
		return strcmp(hook->subsystem.data, event->group) == 0 &&
		       strcmp(hook->event.data, event->function) == 0;
	case POLICY_SECTION_UPROBES:
		return symbols_fit(hook, event);
	case POLICY_SECTION_USDTS:
		return strcmp(hook->path.data, event->group) == 0 &&
		       strcmp(hook->provider.data, event->function) == 0 &&
		       strcmp(hook->name.data, event->symbol) == 0;
	default:
		return calls_fit(hook, event);
	}
}

const Tetragon__KprobeArgument *reasons_find_argument(const struct policy_hook *hook,
						      const struct policy_argument *argument,
						      const struct reasons_event *event)
{
	size_t arguments = 0, data = 0;

	if (argument->from == POLICY_FROM_RETURN)
		return event->result;
	for (size_t i = 0; i < hook->values_count; i++) {
		bool is_data = i >= hook->arguments.count;
		size_t at = is_data ? data : arguments;

		if (hook->values[i]->facts->type == ARG_TYPE_NOP)
			continue;
		if (hook->values[i] != argument) {
			*(is_data ? &data : &arguments) += 1;
			continue;
		}
		if (is_data)
			return at < event->data_count ? event->data[at] : NULL;
		return at < event->arguments_count ? event->arguments[at] : NULL;
	}
	return NULL;
}

/* ---- selectors
 * ------------------------------------------------------------------------------- */

struct walk {
	struct reasons *out;
	struct policy *policy;
	const struct reasons_event *event;
	const struct policy_hook *hook;
	size_t hook_number, selector_number;
	enum reasons_verdict verdict; /* of the selector so far */
};

static void reasons_add(struct walk *walk, const char *filter, struct place place,
			enum reasons_verdict verdict, struct buf *text)
{
	struct reasons *out = walk->out;
	size_t capacity = out->capacity ? 2 * out->capacity : 16;
	struct reasons_finding *grown;
	char *copy = strdup(buf_text(text));

	if (walk->verdict == REASONS_HOLDS ||
	    (walk->verdict == REASONS_OPEN && verdict == REASONS_FAILS))
		walk->verdict = verdict;
	if (out->count == out->capacity) {
		grown = reallocarray(out->findings, capacity, sizeof(*grown));
		if (!grown) {
			free(copy);
			out->failed = true;
			return;
		}
		out->findings = grown;
		out->capacity = capacity;
	}
	out->failed |= !copy;
	out->findings[out->count++] = (struct reasons_finding){
		walk->hook_number, walk->selector_number, verdict, filter, place, copy
	};
}

static void reasons_say(struct walk *walk, const char *filter, struct place place,
			enum reasons_verdict verdict, const char *text)
{
	_cleanup_buf_ struct buf words = {};

	buf_add_text(&words, text);
	reasons_add(walk, filter, place, verdict, &words);
}

/* The event shows a type that the policy leaves open. */
static void filter_close(struct walk *walk, struct policy_filter *filter,
			 const Tetragon__KprobeArgument *argument)
{
	_cleanup_report_ struct report report = {};
	enum arg_type type = reasons_value_get_type(argument);

	if (filter->form == POLICY_FORM_OPEN && type != ARG_TYPE_AUTO)
		policy_check_filter(walk->policy, filter, arg_type_get_facts_of(type), &report);
}

static void walk_filter(struct walk *walk, const char *name, struct policy_filter *filter)
{
	const Tetragon__KprobeArgument *argument, *second = NULL;
	_cleanup_buf_ struct buf text = {};
	enum reasons_verdict verdict;

	if (filter->form == POLICY_FORM_CEL) {
		verdict = reasons_cel(filter->expression, walk->hook, walk->event);
		reasons_say(walk, name, filter->place, verdict,
			    verdict == REASONS_OPEN
				    ? "the event does not show all of the expression"
				    : "the expression, on the event's numbers");
		return;
	}
	argument = reasons_find_argument(walk->hook, filter->subject, walk->event);
	if (filter->second)
		second = reasons_find_argument(walk->hook, filter->second, walk->event);
	if (!argument) {
		reasons_say(walk, name, filter->place, REASONS_OPEN,
			    "the event does not show this value");
		return;
	}
	filter_close(walk, filter, argument);
	verdict = reasons_value(filter, argument, second, &text);
	reasons_add(walk, name, filter->place, verdict, &text);
}

static void walk_process(struct walk *walk, const struct policy_selector *selector)
{
	for (size_t i = 0; i < selector->pids.count; i++) {
		_cleanup_buf_ struct buf text = {};

		reasons_add(walk, "matchPIDs", selector->pids.items[i].place,
			    reasons_pids(&selector->pids.items[i], walk->event, &text), &text);
	}
	for (size_t i = 0; i < selector->binaries.count; i++) {
		_cleanup_buf_ struct buf text = {};

		reasons_add(
			walk, "matchBinaries", selector->binaries.items[i].place,
			reasons_binaries(&selector->binaries.items[i], walk->event, false, &text),
			&text);
	}
	for (size_t i = 0; i < selector->parent_binaries.count; i++) {
		_cleanup_buf_ struct buf text = {};

		reasons_add(walk, "matchParentBinaries", selector->parent_binaries.items[i].place,
			    reasons_binaries(&selector->parent_binaries.items[i], walk->event, true,
					     &text),
			    &text);
	}
	for (size_t i = 0; i < selector->namespaces.count; i++) {
		_cleanup_buf_ struct buf text = {};

		reasons_add(walk, "matchNamespaces", selector->namespaces.items[i].place,
			    reasons_namespaces(&selector->namespaces.items[i], walk->event, &text),
			    &text);
	}
	for (size_t i = 0; i < selector->capabilities.count; i++) {
		_cleanup_buf_ struct buf text = {};

		reasons_add(
			walk, "matchCapabilities", selector->capabilities.items[i].place,
			reasons_capabilities(&selector->capabilities.items[i], walk->event, &text),
			&text);
	}
}

/* What an event says nothing about. */
static void walk_hidden(struct walk *walk, const struct policy_selector *selector)
{
	for (size_t i = 0; i < selector->namespace_changes.count; i++)
		reasons_say(walk, "matchNamespaceChanges",
			    selector->namespace_changes.items[i].place, REASONS_OPEN,
			    "an event does not tell what changed");
	for (size_t i = 0; i < selector->capability_changes.count; i++)
		reasons_say(walk, "matchCapabilityChanges",
			    selector->capability_changes.items[i].place, REASONS_OPEN,
			    "an event does not tell what changed");
	if (selector->workloads)
		reasons_say(walk, "matchWorkloads", selector->workloads->place, REASONS_OPEN,
			    "an event does not tell the labels of its workload");
}

/* What the agent puts into the event for a selector: the last action that is more than to post. */
static Tetragon__KprobeAction actions_get_shown(const struct policy_action *actions, size_t count,
						bool *out_posts)
{
	Tetragon__KprobeAction shown = TETRAGON__KPROBE_ACTION__KPROBE_ACTION_POST;

	for (size_t i = 0; i < count; i++) {
		if (actions[i].facts->kind == POLICY_ACTION_NO_POST)
			*out_posts = false;
		if (actions[i].facts->kind != POLICY_ACTION_POST)
			shown = (Tetragon__KprobeAction)actions[i].facts->api_number;
	}
	return shown;
}

static void walk_actions(struct walk *walk, const struct policy_selector *selector)
{
	bool posts = true;
	Tetragon__KprobeAction shown =
		actions_get_shown(selector->actions.items, selector->actions.count, &posts);

	if (!posts)
		reasons_say(walk, "matchActions", selector->place, REASONS_FAILS,
			    "it makes no events");
	else if (walk->event->action != TETRAGON__KPROBE_ACTION__KPROBE_ACTION_UNKNOWN &&
		 shown != walk->event->action)
		reasons_say(walk, "matchActions", selector->place, REASONS_FAILS,
			    "the event tells another action");
}

static enum reasons_verdict walk_selector(struct walk *walk, struct policy_selector *selector)
{
	walk->verdict = REASONS_HOLDS;
	walk->selector_number = selector->number;
	walk_process(walk, selector);
	walk_hidden(walk, selector);
	for (size_t i = 0; i < selector->arguments.count; i++)
		walk_filter(walk, "matchArgs", &selector->arguments.items[i]);
	for (size_t i = 0; i < selector->data.count; i++)
		walk_filter(walk, "matchData", &selector->data.items[i]);
	for (size_t i = 0; i < selector->return_arguments.count; i++)
		walk_filter(walk, "matchReturnArgs", &selector->return_arguments.items[i]);
	walk_actions(walk, selector);
	return walk->verdict;
}

/* The first match wins in the kernel: the first that may hold is it, until one surely does. */
static void reasons_choose(struct reasons *out, const struct policy_hook *hook,
			   const struct policy_selector *selector, enum reasons_verdict verdict)
{
	if (verdict == REASONS_FAILS || out->hook)
		return;
	out->hook = hook;
	out->selector = selector;
	out->verdict = verdict;
}

void reasons_policy(struct reasons *out, struct policy *policy, const struct reasons_event *event)
{
	struct walk walk = { .out = out, .policy = policy, .event = event };

	for (size_t i = 0; i < policy->hooks_count; i++) {
		struct policy_hook *hook = policy->hooks[i];

		if (!hook_fits(hook, event))
			continue;
		out->hooks_seen++;
		walk.hook = hook;
		walk.hook_number = i;
		if (!hook->selectors.count)
			reasons_choose(out, hook, NULL, REASONS_HOLDS);
		for (size_t j = 0; j < hook->selectors.count; j++) {
			struct policy_selector *selector = &hook->selectors.items[j];

			reasons_choose(out, hook, selector, walk_selector(&walk, selector));
		}
	}
}

void reasons_done(struct reasons *reasons)
{
	for (size_t i = 0; i < reasons->count; i++)
		free(reasons->findings[i].text);
	free(reasons->findings);
	*reasons = (struct reasons){};
}
