/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra why`: which policy, hook, selector and values made an event. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "cli/ask.h"
#include "cli/event_lines.h"
#include "cli/reasons.h"
#include "event/json_parse.h"
#include "event/text.h"
#include "policy/snippet.h"

/* Lines of a selector that are shown; more of them explain nothing to a person. */
enum { WHY_LINES_MAX = 40, WHY_LINE_CHARACTERS = 160 };

struct why_settings {
	const char *output;
	const char *policy;
};

struct why {
	const struct cli_settings *cli;
	const struct why_settings *settings;
	struct reasons_event event;
	bool is_found;
	struct buf out;
	/* of standard input */
	size_t events;
	enum cli_exit status;
};

/* By enum reasons_verdict. */
static const char *const verdict_words[] = { "holds", "does not hold", "cannot be judged" };

/* ---- for people
 * ------------------------------------------------------------------------------ */

static void add_place(struct buf *out, const struct policy *policy, struct place place)
{
	text_add_printable(out, policy->source.name);
	buf_add_format(out, ":%" PRIu32, place.line);
}

static void add_findings(struct buf *out, const struct policy *policy,
			 const struct reasons *reasons, size_t hook, size_t selector)
{
	for (size_t i = 0; i < reasons->count; i++) {
		const struct reasons_finding *one = &reasons->findings[i];

		if (one->hook != hook || one->selector != selector)
			continue;
		buf_add_format(out, "  %-16s %s: ", verdict_words[one->verdict], one->filter);
		text_add_printable(out, one->text ? one->text : "");
		buf_add_text(out, " (");
		add_place(out, policy, one->place);
		buf_add_text(out, ")\n");
	}
}

static size_t line_get_indent(struct span line)
{
	size_t indent = 0;

	while (indent < line.bytes && line.data[indent] == ' ')
		indent++;
	return indent;
}

/* The block that begins at PLACE: its line, and those that are indented as far. */
static void add_block(struct buf *out, const struct policy *policy, struct place place)
{
	for (uint32_t line = place.line; line && line < place.line + WHY_LINES_MAX; line++) {
		struct span text = source_get_line(&policy->source, line);
		bool is_inside = line_get_indent(text) + 1 >= place.column;

		if (!text.data || !text.bytes || (line > place.line && !is_inside))
			return;
		buf_add_format(out, "%5" PRIu32 " | ", line);
		snippet_add_safe(out, text, WHY_LINE_CHARACTERS);
		buf_add_char(out, '\n');
	}
}

static void add_hook(struct buf *out, const struct policy *policy, const struct policy_hook *hook)
{
	buf_add_format(out, "policy \"%s\", %s %zu (", policy->metadata->name.data,
		       section_facts[hook->section].one, hook->number);
	add_place(out, policy, hook->place);
	buf_add_text(out, ")");
}

static void add_found(struct buf *out, const struct policy *policy, const struct reasons *reasons)
{
	const struct policy_selector *selector = reasons->selector;
	size_t hook = 0;

	while (policy->hooks[hook] != reasons->hook)
		hook++;
	add_hook(out, policy, reasons->hook);
	if (!selector) {
		buf_add_text(out, " has no selectors: every call makes an event\n");
		add_block(out, policy, reasons->hook->place);
		return;
	}
	buf_add_format(out, ", selector %zu of %zu %s\n", selector->number + 1,
		       reasons->hook->selectors.count,
		       reasons->verdict == REASONS_HOLDS ? "made this event"
							 : "may have made this event");
	add_findings(out, policy, reasons, hook, selector->number);
	add_block(out, policy, selector->place);
	if (selector->number)
		buf_add_text(out, "selectors before it do not hold:\n");
	for (size_t i = 0; i < selector->number; i++)
		add_findings(out, policy, reasons, hook, i);
}

static void add_not_found(struct buf *out, const struct policy *policy,
			  const struct reasons *reasons)
{
	buf_add_format(out, "policy \"%s\" (", policy->metadata->name.data);
	text_add_printable(out, policy->source.name);
	if (!reasons->hooks_seen) {
		buf_add_text(out, ") has no hook that makes such events\n");
		return;
	}
	buf_add_text(out, ") does not explain this event: no selector holds\n");
	for (size_t i = 0; i < policy->hooks_count; i++) {
		for (size_t j = 0; j < policy->hooks[i]->selectors.count; j++)
			add_findings(out, policy, reasons, i, j);
	}
}

/* ---- for programs
 * ---------------------------------------------------------------------------- */

static json_t *json_of(const char *text)
{
	_cleanup_buf_ struct buf valid = {};

	utf8_add_valid(&valid, text, strlen(text));
	return json_string(buf_text(&valid));
}

static json_t *json_of_findings(const struct reasons *reasons)
{
	json_t *list = json_array();

	for (size_t i = 0; i < reasons->count; i++) {
		const struct reasons_finding *one = &reasons->findings[i];
		json_t *object = json_object();

		json_object_set_new(object, "hook", json_integer((json_int_t)one->hook));
		json_object_set_new(object, "selector", json_integer((json_int_t)one->selector));
		json_object_set_new(object, "filter", json_of(one->filter));
		json_object_set_new(object, "verdict", json_of(verdict_words[one->verdict]));
		json_object_set_new(object, "line", json_integer(one->place.line));
		json_object_set_new(object, "text", json_of(one->text ? one->text : ""));
		json_array_append_new(list, object);
	}
	return list;
}

static void add_json(struct buf *out, const struct policy *policy, const struct reasons *reasons)
{
	json_t *object = json_object();
	char *text;

	json_object_set_new(object, "policy", json_of(policy->metadata->name.data));
	json_object_set_new(object, "file", json_of(policy->source.name));
	json_object_set_new(object, "verdict",
			    json_of(reasons->hook ? verdict_words[reasons->verdict]
						  : verdict_words[REASONS_FAILS]));
	if (reasons->hook) {
		json_object_set_new(object, "section",
				    json_of(section_facts[reasons->hook->section].key));
		json_object_set_new(object, "hook_number",
				    json_integer((json_int_t)reasons->hook->number));
	}
	if (reasons->selector) {
		json_object_set_new(object, "selector",
				    json_integer((json_int_t)reasons->selector->number));
		json_object_set_new(object, "line", json_integer(reasons->selector->place.line));
	}
	json_object_set_new(object, "filters", json_of_findings(reasons));
	text = json_dumps(object, JSON_COMPACT);
	buf_add_text(out, text ? text : "");
	buf_add_char(out, '\n');
	out->failed |= !text;
	free(text);
	json_decref(object);
}

/* ---- one policy
 * ------------------------------------------------------------------------------ */

static void why_judge(struct why *why, struct policy *policy)
{
	struct reasons reasons = {};

	reasons_policy(&reasons, policy, &why->event);
	why->is_found |= reasons.hook != NULL;
	if (strcmp(why->settings->output, "json") == 0)
		add_json(&why->out, policy, &reasons);
	else if (reasons.hook)
		add_found(&why->out, policy, &reasons);
	else
		add_not_found(&why->out, policy, &reasons);
	why->out.failed |= reasons.failed;
	reasons_done(&reasons);
}

static enum cli_exit why_complain(const struct report *report)
{
	_cleanup_buf_ struct buf text = {};

	report_add_text(report, &text);
	fputs(buf_text(&text), stderr);
	return CLI_FAILED;
}

static enum cli_exit why_ask_file(struct why *why, const char *path)
{
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;

	if (policy_read_file(path, &report, &policy))
		return why_complain(&report);
	if (*why->event.policy_name &&
	    strcmp(policy->metadata->name.data, why->event.policy_name) != 0)
		cli_complain("the event is of policy \"%s\", \"%s\" is policy \"%s\"",
			     why->event.policy_name, path, policy->metadata->name.data);
	why_judge(why, policy);
	return CLI_DONE;
}

static enum cli_exit why_ask_status(struct why *why, const Tetragon__TracingPolicyStatus *status)
{
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;
	const char *name = *status->source ? status->source : "policy";

	if (!*status->yaml) {
		cli_complain("the agent does not tell the text of policy \"%s\"; see --policy",
			     why->event.policy_name);
		return CLI_FAILED;
	}
	if (policy_read_text(name, span_of(status->yaml), &report, &policy))
		return why_complain(&report);
	why_judge(why, policy);
	return CLI_DONE;
}

/* Several domains and namespaces may have one of that name, which an event does not tell apart. */
static enum cli_exit why_ask_agent(struct why *why)
{
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Tetragon__ListTracingPoliciesRequest request =
		TETRAGON__LIST_TRACING_POLICIES_REQUEST__INIT;
	struct cli_call call = { "ListTracingPolicies", &request.base,
				 &tetragon__list_tracing_policies_response__descriptor, false };
	const Tetragon__ListTracingPoliciesResponse *list;
	enum cli_exit status = CLI_FAILED;
	size_t count = 0;

	request.with_yaml = true;
	request.name = (char *)why->event.policy_name;
	if (cli_connect(why->cli, -1, &client) || cli_call(why->cli, client, &call, &message))
		return CLI_FAILED;
	list = (const Tetragon__ListTracingPoliciesResponse *)message;
	for (size_t i = 0; i < list->n_policies && !why->is_found; i++) {
		if (strcmp(list->policies[i]->name, why->event.policy_name) != 0)
			continue;
		count++;
		status = why_ask_status(why, list->policies[i]);
	}
	if (!count)
		cli_complain("the agent has no policy \"%s\" any more; see --policy",
			     why->event.policy_name);
	return status;
}

/* ---- events
 * ---------------------------------------------------------------------------------- */

static const Tetragon__Process *event_get_process(const Tetragon__GetEventsResponse *event,
						  const Tetragon__Process **parent)
{
	if (event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC) {
		*parent = event->process_exec->parent;
		return event->process_exec->process;
	}
	if (event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT) {
		*parent = event->process_exit->parent;
		return event->process_exit->process;
	}
	return NULL;
}

static void add_process(struct buf *out, const char *what, const Tetragon__Process *process)
{
	if (!process)
		return;
	buf_add_format(out, "%s: pid %" PRIu32 " ", what, process->pid ? process->pid->value : 0);
	text_add_printable(out, process->binary);
	buf_add_char(out, ' ');
	text_add_printable(out, process->arguments);
	buf_add_char(out, '\n');
}

static void why_tell_unasked(struct why *why, const Tetragon__GetEventsResponse *event)
{
	const Tetragon__Process *parent = NULL;
	const Tetragon__Process *process = event_get_process(event, &parent);

	why->is_found = true;
	if (strcmp(why->settings->output, "json") == 0) {
		buf_add_text(&why->out, "{\"policy\":null,\"verdict\":\"holds\"}\n");
		return;
	}
	buf_add_text(&why->out, process ? "events of execve and exit are made for every process; "
					  "no policy is needed\n"
					: "the agent makes this event by itself; no policy is "
					  "needed\n");
	add_process(&why->out, "process", process);
	add_process(&why->out, "parent", parent);
}

static enum cli_exit why_explain(struct why *why, const Tetragon__GetEventsResponse *event)
{
	enum cli_exit status = CLI_DONE;

	why->is_found = false;
	if (!reasons_event_read(&why->event, event))
		why_tell_unasked(why, event);
	else if (*why->settings->policy)
		status = why_ask_file(why, why->settings->policy);
	else
		status = why_ask_agent(why);
	fwrite(why->out.data, 1, why->out.bytes, stdout);
	if (why->out.failed || !why->is_found)
		status = CLI_FAILED;
	buf_reset(&why->out);
	return status;
}

static enum cli_exit why_explain_word(struct why *why, const char *line)
{
	Tetragon__GetEventsResponse *event = NULL;
	_cleanup_diag_ struct diag diag = {};
	enum cli_exit status;

	if (json_parse_event(line, strlen(line), &event, &diag)) {
		cli_complain("%s", buf_text(&diag.text));
		return CLI_FAILED;
	}
	status = why_explain(why, event);
	tetragon__get_events_response__free_unpacked(event, NULL);
	return status;
}

static int why_on_event(void *context, const Tetragon__GetEventsResponse *event)
{
	struct why *why = context;

	why->events++;
	if (why_explain(why, event) != CLI_DONE)
		why->status = CLI_FAILED;
	return ferror(stdout) ? -EPIPE : 0;
}

static int why_on_idle(void *context)
{
	return fflush(stdout) ? -EPIPE : 0;
}

static enum cli_exit why_explain_input(struct why *why)
{
	struct event_lines_sink sink = {
		.on_event = why_on_event, .on_idle = why_on_idle, .context = why, .stop_fd = -1
	};
	struct event_lines_result result;
	char room[CLI_ERROR_BYTES];
	int error = event_lines_read(&sink, &result);

	if (result.bad > EVENT_LINES_SAID_MAX)
		cli_complain("%zu lines of standard input are no events", result.bad);
	if (error == -EPIPE) /* a reader that has seen enough is no failure */
		error = 0;
	if (error)
		cli_complain("cannot read standard input: %s", cli_error_text(-error, room));
	if (error || result.bad)
		return CLI_FAILED;
	if (why->events)
		return why->status;
	cli_complain("there is no event; want one as \"tetra getevents\" writes it");
	return CLI_USAGE;
}

static enum cli_exit why_run(const struct cli_settings *cli, const void *settings)
{
	struct why why = { .cli = cli, .settings = settings };
	const struct option_list *words = cli->words;
	enum cli_exit status = CLI_DONE;

	if (!words->count || strcmp(words->items[0], "-") == 0)
		status = why_explain_input(&why);
	else
		status = why_explain_word(&why, words->items[0]);
	buf_done(&why.out);
	return status;
}

static const struct option_row why_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct why_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
	{ "policy", 'p', OPTION_TEXT, offsetof(struct why_settings, policy), .placeholder = "FILE",
	  .help = "the policy, in place of what the agent has; no agent is needed then" },
};

const struct command command_why = {
	.path = "why",
	.about = "which policy, selector and values made an event",
	.words = "EVENT-JSON",
	.words_count = 1,
	.has_optional_words = true,
	.more = "Without an event, or with \"-\", events are read from standard input, one a line.\n"
		"Exit status 1: no selector explains it.\n",
	.rows = why_rows,
	.rows_count = sizeof(why_rows) / sizeof(why_rows[0]),
	.settings_bytes = sizeof(struct why_settings),
	.run = why_run,
};
