/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra probe`: what this kernel can do, found by trying, without an agent. */
#include "kernel/probe.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "cli/ask.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

struct probe_settings {
	const char *output;
	const char *btf;
};

static void probe_add_json(struct buf *out, const struct kernel_features *features)
{
	json_t *object = json_object();
	char *line;

	for (int i = 0; i < KERNEL_FEATURES; i++)
		json_object_set_new(object, kernel_feature_get_name((enum kernel_feature)i),
				    json_boolean(features->has[i]));
	line = json_dumps(object, JSON_COMPACT);
	buf_add_format(out, "%s\n", line ? line : "{}");
	free(line);
	json_decref(object);
}

static enum cli_exit probe_run(const struct cli_settings *cli, const void *settings)
{
	const struct probe_settings *own = settings;
	const char *btf = *own->btf ? own->btf : BTF_PATH;
	struct kernel_features features = {};
	_cleanup_diag_ struct diag diag = {};
	_cleanup_buf_ struct buf text = {};
	char room[CLI_ERROR_BYTES];
	int error = kernel_check_requirements(btf, &diag);

	if (error) {
		fputs(buf_text(&diag.text), stderr);
		return CLI_FAILED;
	}
	error = kernel_features_probe(&features, *own->btf ? btf : NULL, NULL);
	if (error) {
		cli_complain("cannot use kernel type information \"%s\": %s", btf,
			     cli_error_text(-error, room));
		return CLI_FAILED;
	}
	if (strcmp(own->output, "json") == 0) {
		probe_add_json(&text, &features);
		return cli_print(&text);
	}
	for (int i = 0; i < KERNEL_FEATURES; i++)
		buf_add_format(&text, "%s: %s\n", kernel_feature_get_name((enum kernel_feature)i),
			       features.has[i] ? "true" : "false");
	return cli_print(&text);
}

static const struct option_row probe_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct probe_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
	{ "btf", 0, OPTION_TEXT, offsetof(struct probe_settings, btf), .placeholder = "FILE",
	  .help = "type information of this kernel; without it, " BTF_PATH },
};

const struct command command_probe = {
	.path = "probe",
	.about = "what this kernel offers",
	.is_offline = true,
	.more = "Tries each feature with a small BPF program that does not stay. Needs the\n"
		"privileges of the agent. \"tetra probe config\" reads the kernel's configuration.\n",
	.examples = "tetra probe -o json | jq .fentry\n",
	.rows = probe_rows,
	.rows_count = sizeof(probe_rows) / sizeof(probe_rows[0]),
	.settings_bytes = sizeof(struct probe_settings),
	.run = probe_run,
};
