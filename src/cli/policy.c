/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra policy check`: are these files right, and what do they mean. Needs no agent and no
 * privileges. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/command.h"
#include "kernel/types.h"
#include "policy/check_kernel.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "policy/print.h"

struct policy_settings {
	const char *output;
	const char *print;
	const char *btf;
};

static void policy_set_text(json_t *object, const char *key, const char *text)
{
	if (*text)
		json_object_set_new(object, key, json_string(text));
}

/* A line for each finding; what has no place has no line and column. */
static void policy_add_json(const struct report *report, struct buf *out)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		bool is_warning = finding->severity == SEVERITY_WARNING;
		json_t *object = json_object();
		char *line;

		policy_set_text(object, "file", report->name);
		if (finding->place.line) {
			json_object_set_new(object, "line", json_integer(finding->place.line));
			json_object_set_new(object, "column", json_integer(finding->place.column));
		}
		policy_set_text(object, "severity", is_warning ? "warning" : "error");
		policy_set_text(object, "message", finding->message);
		policy_set_text(object, "suggestion", finding->hint);
		line = json_dumps(object, JSON_COMPACT);
		buf_add_text(out, line ? line : "{}");
		buf_add_char(out, '\n');
		free(line);
		json_decref(object);
	}
}

/* What is right with a file: a line, its model, or nothing more than its plan. */
static void policy_add_result(const struct policy_settings *own, const char *path,
			      const struct policy *policy, struct buf *out)
{
	if (strcmp(own->print, "model") == 0)
		policy_print_model(policy, out);
	if (*own->print)
		return;
	buf_add_format(out, "%s: ok (", path);
	policy_print_summary(policy, out);
	buf_add_text(out, ")\n");
}

/* TYPES NULL: no kernel is asked. */
static bool policy_check_file(const struct policy_settings *own, const struct kernel_types *types,
			      const char *path)
{
	const bool is_json = strcmp(own->output, "json") == 0;
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;
	_cleanup_buf_ struct buf findings = {}, plan = {}, result = {};
	bool is_right = policy_read_file(path, &report, &policy) == 0;

	if (is_right && types)
		is_right = policy_check_kernel(policy, types, &report) == 0;
	if (is_right && strcmp(own->print, "plan") == 0)
		is_right = policy_print_plan(policy, &report, &plan) == 0;
	if (is_json)
		policy_add_json(&report, &result);
	else
		report_add_text(&report, &findings);
	buf_add(&result, plan.data, plan.bytes);
	if (is_right && (!is_json || *own->print))
		policy_add_result(own, path, policy, &result);
	if (!is_right && !report.errors)
		buf_add_format(&findings, "%s: out of memory\n", path);
	fputs(buf_text(&findings), stderr);
	fputs(buf_text(&result), stdout);
	return is_right && !findings.failed && !plan.failed && !result.failed;
}

static enum cli_exit policy_run(const struct cli_settings *cli, const void *settings)
{
	const struct policy_settings *own = settings;
	enum cli_exit status = CLI_DONE;
	struct kernel_types *types = NULL;
	int error = *own->btf ? kernel_types_open(&types, own->btf) : 0;

	if (error) {
		fprintf(stderr, "cannot read kernel type information \"%s\": %s\n", own->btf,
			strerror(-error));
		return CLI_FAILED;
	}
	for (size_t i = 0; i < cli->words->count; i++) {
		if (!policy_check_file(own, types, cli->words->items[i]))
			status = CLI_FAILED;
	}
	kernel_types_close(types);
	return status;
}

static const struct option_row policy_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct policy_settings, output), .value = "text",
	  .choices = "text|json", .help = "findings for people, or a line of JSON for each" },
	{ "btf", 0, OPTION_TEXT, offsetof(struct policy_settings, btf), .value = "",
	  .placeholder = "FILE",
	  .help = "also: has the kernel of this BTF file the functions, and such arguments? This one's is /sys/kernel/btf/vmlinux" },
	{ "print", 0, OPTION_TEXT, offsetof(struct policy_settings, print), .value = "",
	  .choices = "model|plan", .placeholder = "STAGE",
	  .help = "what was understood: model, after all checks; plan, what the kernel would be told" },
};

const struct command command_policy_check = {
	.path = "policy check",
	.is_offline = true,
	.word_kinds = "file",
	.about = "whether policy files are right, without an agent",
	.words = "FILE...",
	.more = "A FILE of \"-\" is standard input.\n",
	.examples = "tetra policy check web.yaml\n"
		    "tetra policy check --btf /sys/kernel/btf/vmlinux *.yaml\n",
	.exits = "0  all files are right, perhaps with warnings\n"
		 "1  one is not\n"
		 "2  wrong words or flags\n",
	.rows = policy_rows,
	.rows_count = sizeof(policy_rows) / sizeof(policy_rows[0]),
	.settings_bytes = sizeof(struct policy_settings),
	.run = policy_run,
};
