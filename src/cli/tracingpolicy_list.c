/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra tracingpolicy list` and `domains`: which policies the agent has, how they are, what they
 * did. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "cli/columns.h"
#include "cli/connect.h"
#include "event/json.h"
#include "event/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { NOTE_INDENT = 5, WORD_BYTES = 48 };

struct list_settings {
	const char *output;
	const char *domain;
	bool details;
};

/* The value of an enum as a word: TP_STATE_LOAD_ERROR without PREFIX is "load_error". */
static const char *list_get_word(const ProtobufCEnumDescriptor *type, int number,
				 const char *prefix, char out[WORD_BYTES])
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
	size_t skip = strlen(prefix);

	if (!value) {
		snprintf(out, WORD_BYTES, "%d", number);
		return out;
	}
	if (strncmp(value->name, prefix, skip) != 0)
		skip = 0;
	snprintf(out, WORD_BYTES, "%s", value->name + skip);
	for (char *at = out; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return out;
}

static void list_add_names(struct columns *columns, char *const *names, size_t count)
{
	_cleanup_buf_ struct buf joined = {};

	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_char(&joined, ',');
		buf_add_text(&joined, names[i]);
	}
	columns_add(columns, buf_text(&joined));
}

static void list_add_bytes(struct columns *columns, uint64_t bytes)
{
	const double mebibyte = 1 << 20;
	char text[WORD_BYTES];

	snprintf(text, sizeof(text), "%.2f MiB", (double)bytes / mebibyte);
	columns_add(columns, text);
}

/* Calls for which something was posted, done, and left undone in mode monitor. */
static void list_add_actions(struct columns *columns, const Tetragon__TracingPolicyStatus *policy)
{
	static const Tetragon__TracingPolicyActionCounters none =
		TETRAGON__TRACING_POLICY_ACTION_COUNTERS__INIT;
	const Tetragon__TracingPolicyActionCounters *actions = &none;

	if (policy->optional_stats_case && policy->stats->action_counters)
		actions = policy->stats->action_counters;
	columns_add_uint(columns, actions->post);
	columns_add_uint(columns, actions->signal + actions->override + actions->notify_enforcer +
					  actions->set);
	columns_add_uint(columns, actions->monitor_signal + actions->monitor_override +
					  actions->monitor_notify_enforcer + actions->monitor_set);
}

static void list_add_policy(struct columns *columns, const Tetragon__TracingPolicyStatus *policy)
{
	char word[WORD_BYTES];

	columns_add_uint(columns, policy->id);
	columns_add(columns, policy->name);
	columns_add(columns, policy->domain);
	columns_add(columns, list_get_word(&tetragon__tracing_policy_state__descriptor,
					   (int)policy->state, "TP_STATE_", word));
	columns_add_uint(columns, policy->filter_id);
	columns_add(columns, *policy->namespace_ ? policy->namespace_ : "(global)");
	list_add_names(columns, policy->sensors, policy->n_sensors);
	list_add_bytes(columns, policy->kernel_memory_bytes);
	columns_add(columns, list_get_word(&tetragon__tracing_policy_mode__descriptor,
					   (int)policy->mode, "TP_MODE_", word));
	list_add_actions(columns, policy);
}

static void list_add_hooks(struct buf *out, const Tetragon__TracingPolicyStatus *policy)
{
	static const char *const titles[] = { "SECTION", "CFGIDX",    "DESCRIPTION",
					      "STATUS",	 "MECHANISM", "REASON" };
	_cleanup_columns_ struct columns columns = { .count = COUNT(titles),
						     .indent = NOTE_INDENT };

	for (size_t i = 0; i < COUNT(titles); i++)
		columns_add(&columns, titles[i]);
	for (size_t i = 0; i < policy->n_hook_statuses; i++) {
		const Tetragon__HookStatus *hook = policy->hook_statuses[i];
		char word[WORD_BYTES];

		columns_add(&columns, hook->section);
		columns_add_uint(&columns, hook->hook_idx);
		columns_add(&columns, hook->hook_description);
		columns_add(&columns, list_get_word(&tetragon__hook_state__descriptor,
						    (int)hook->state, "STATUS_", word));
		columns_add(&columns, hook->mechanism);
		columns_add(&columns, hook->reason);
	}
	for (size_t i = 0; policy->n_hook_statuses && i <= policy->n_hook_statuses; i++)
		columns_write_row(&columns, out);
}

static void list_add_details(struct buf *out, const Tetragon__TracingPolicyStatus *policy)
{
	const Tetragon__PolicyCounters *counters = policy->counters;

	if (*policy->source) {
		buf_add_format(out, "%*sfrom ", NOTE_INDENT, "");
		text_add_printable(out, policy->source);
		buf_add_char(out, '\n');
	}
	if (!counters)
		return;
	buf_add_format(out,
		       "%*smatched %" PRIu64 ", posted %" PRIu64 ", enforced %" PRIu64
		       ", would enforce %" PRIu64 ", dropped %" PRIu64 ", rate limited %" PRIu64
		       "\n",
		       NOTE_INDENT, "", counters->matched, counters->posted, counters->enforced,
		       counters->would_enforce, counters->dropped, counters->rate_limited);
}

/* What stands below a policy's row. */
static void list_add_notes(struct buf *out, const Tetragon__TracingPolicyStatus *policy,
			   bool details)
{
	columns_add_note(out, NOTE_INDENT, policy->error);
	if (details)
		list_add_details(out, policy);
	if (details || policy->state == TETRAGON__TRACING_POLICY_STATE__TP_STATE_PARTIALLY_ENABLED)
		list_add_hooks(out, policy);
}

static void list_add_table(struct buf *out, const Tetragon__ListTracingPoliciesResponse *list,
			   bool details)
{
	static const char *const titles[] = { "ID",	  "NAME",      "DOMAIN",   "STATE",
					      "FILTERID", "NAMESPACE", "SENSORS",  "KERNELMEMORY",
					      "MODE",	  "NPOST",     "NENFORCE", "NMONITOR" };
	_cleanup_columns_ struct columns columns = { .count = COUNT(titles) };

	for (size_t i = 0; i < COUNT(titles); i++)
		columns_add(&columns, titles[i]);
	for (size_t i = 0; i < list->n_policies; i++)
		list_add_policy(&columns, list->policies[i]);
	columns_write_row(&columns, out);
	for (size_t i = 0; i < list->n_policies; i++) {
		columns_write_row(&columns, out);
		list_add_notes(out, list->policies[i], details);
	}
}

static enum cli_exit list_write(struct buf *text)
{
	fwrite(text->data, 1, text->bytes, stdout);
	return text->failed ? CLI_FAILED : CLI_DONE;
}

static enum cli_exit list_run(const struct cli_settings *cli, const void *settings)
{
	const struct list_settings *own = settings;
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Tetragon__ListTracingPoliciesRequest request =
		TETRAGON__LIST_TRACING_POLICIES_REQUEST__INIT;
	struct cli_call call = { "ListTracingPolicies", &request.base,
				 &tetragon__list_tracing_policies_response__descriptor, false };
	_cleanup_buf_ struct buf text = {};

	request.domain = (char *)own->domain;
	if (cli_connect(cli, -1, &client) || cli_call(cli, client, &call, &message))
		return CLI_FAILED;
	if (strcmp(own->output, "json") == 0) {
		json_add_message(&text, message);
		buf_add_char(&text, '\n');
	} else {
		list_add_table(&text, (const Tetragon__ListTracingPoliciesResponse *)message,
			       own->details);
	}
	return list_write(&text);
}

static enum cli_exit domains_run(const struct cli_settings *cli, const void *settings)
{
	const struct list_settings *own = settings;
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Tetragon__ListDomainsRequest request = TETRAGON__LIST_DOMAINS_REQUEST__INIT;
	struct cli_call call = { "ListDomains", &request.base,
				 &tetragon__list_domains_response__descriptor, false };
	const Tetragon__ListDomainsResponse *response;
	_cleanup_buf_ struct buf text = {};

	if (cli_connect(cli, -1, &client) || cli_call(cli, client, &call, &message))
		return CLI_FAILED;
	response = (const Tetragon__ListDomainsResponse *)message;
	if (strcmp(own->output, "json") == 0) {
		json_add_message(&text, message);
		buf_add_char(&text, '\n');
		return list_write(&text);
	}
	for (size_t i = 0; i < response->n_domains; i++) {
		text_add_printable(&text, response->domains[i]);
		buf_add_char(&text, '\n');
	}
	return list_write(&text);
}

/* `domains` takes the first row only. */
static const struct option_row list_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct list_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
	{ "domain", 0, OPTION_TEXT, offsetof(struct list_settings, domain), .placeholder = "NAME",
	  .help = "only policies of this domain" },
	{ "details", 0, OPTION_BOOL, offsetof(struct list_settings, details),
	  .help = "files, counters and hooks of all policies; without it, hooks only where one is "
		  "not loaded" },
};

const struct command command_tracingpolicy_list = {
	.path = "tracingpolicy list",
	.about = "policies of the agent and their state",
	.rows = list_rows,
	.rows_count = COUNT(list_rows),
	.settings_bytes = sizeof(struct list_settings),
	.run = list_run,
};

const struct command command_tracingpolicy_domains = {
	.path = "tracingpolicy domains",
	.about = "domains that policies of the agent are in",
	.rows = list_rows,
	.rows_count = 1,
	.settings_bytes = sizeof(struct list_settings),
	.run = domains_run,
};
