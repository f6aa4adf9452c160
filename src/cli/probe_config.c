/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra probe config`: options of the kernel's configuration that matter here. In: the file that
 * the kernel or its package has, packed or not. Out: a line for each row of kernel/configs.def. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/columns.h"
#include "kernel/config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "y", "m", a number; longer values belong to options that are not asked for. */
enum { CONFIG_VALUE_BYTES = 16 };

struct config_settings {
	const char *output;
	const char *file;
};

struct config_values {
	char (*values)[CONFIG_VALUE_BYTES]; /* one for each of kernel_configs; "": not set */
	size_t count;			    /* that are set */
};

static void config_take(void *context, size_t row, const char *value)
{
	struct config_values *values = context;

	values->count++;
	snprintf(values->values[row], CONFIG_VALUE_BYTES, "%.*s", CONFIG_VALUE_BYTES - 1, value);
}

static bool config_read(const char *path, struct config_values *values)
{
	char room[CLI_ERROR_BYTES];
	int error = *path ? kernel_config_visit_file(path, config_take, values)
			  : kernel_config_visit(config_take, values);

	if (error && *path)
		cli_complain("cannot read \"%s\": %s", path,
			     error == -EBADMSG ? "it is packed, and damaged"
					       : cli_error_text(-error, room));
	else if (error)
		cli_complain("this kernel does not tell its configuration: neither "
			     "/proc/config.gz nor a file in /boot or /lib/modules is there; name "
			     "the file with --file");
	if (!error && !values->count)
		cli_complain("\"%s\" sets none of the options; want a kernel's configuration",
			     *path ? path : "this kernel's configuration");
	return !error && values->count;
}

static enum cli_exit config_print_json(const struct config_values *values)
{
	_cleanup_buf_ struct buf text = {};
	json_t *object = json_object();
	char *line;

	for (size_t i = 0; i < kernel_configs_count; i++)
		json_object_set_new(object, kernel_configs[i].name,
				    json_string(*values->values[i] ? values->values[i] : "n"));
	line = json_dumps(object, JSON_COMPACT);
	buf_add_format(&text, "%s\n", line ? line : "{}");
	free(line);
	json_decref(object);
	return cli_print(&text);
}

static enum cli_exit config_run(const struct cli_settings *cli, const void *settings)
{
	const struct config_settings *own = settings;
	_cleanup_columns_ struct columns columns = { .count = 3 };
	_cleanup_buf_ struct buf text = {};
	_cleanup_free_ void *room = calloc(kernel_configs_count, CONFIG_VALUE_BYTES);
	struct config_values values = { .values = room };

	if (!room || !config_read(own->file, &values))
		return CLI_FAILED;
	if (strcmp(own->output, "json") == 0)
		return config_print_json(&values);
	for (size_t i = 0; i < kernel_configs_count; i++) {
		columns_add(&columns, kernel_configs[i].name);
		columns_add(&columns, *values.values[i] ? values.values[i] : "n");
		columns_add(&columns, kernel_configs[i].about);
	}
	for (size_t i = 0; i < kernel_configs_count; i++)
		columns_write_row(&columns, &text);
	return cli_print(&text);
}

static const struct option_row config_option_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct config_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
	{ "file", 0, OPTION_TEXT, offsetof(struct config_settings, file), .placeholder = "FILE",
	  .help = "the configuration; without it, /proc/config.gz, or what the kernel's package "
		  "has put into /boot or /lib/modules" },
};

const struct command command_probe_config = {
	.path = "probe config",
	.about = "options that this kernel was built with, and what needs them",
	.is_offline = true,
	.rows = config_option_rows,
	.rows_count = COUNT(config_option_rows),
	.settings_bytes = sizeof(struct config_settings),
	.run = config_run,
};
