/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra probe config`: options of the kernel's configuration that matter here. In: the file that
 * the kernel or its package has, packed or not. Out: a line for each row of kernel_configs.def. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <jansson.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/columns.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "y", "m", a number; longer values belong to options that are not asked for. */
enum { CONFIG_VALUE_BYTES = 16 };

struct config_settings {
	const char *output;
	const char *file;
};

static const struct {
	const char *name;
	const char *about;
} config_rows[] = {
#define CONFIG(name, about) { "CONFIG_" #name, (about) },
#include "cli/kernel_configs.def"
#undef CONFIG
};

struct config_values {
	char values[COUNT(config_rows)][CONFIG_VALUE_BYTES]; /* "": not set */
};

static gzFile config_open(const char *path, char *out_path, size_t bytes)
{
	static const char *const folders[] = { "/boot/config-%s", "/lib/modules/%s/config" };
	struct utsname name;
	gzFile file;

	snprintf(out_path, bytes, "%s", *path ? path : "/proc/config.gz");
	file = gzopen(out_path, "rbe");
	if (file || *path || uname(&name) != 0)
		return file;
	for (size_t i = 0; !file && i < COUNT(folders); i++) {
		snprintf(out_path, bytes, folders[i], name.release);
		file = gzopen(out_path, "rbe");
	}
	return file;
}

/* LINE: "CONFIG_BPF=y". */
static void config_take_line(struct config_values *values, char *line)
{
	char *equals = strchr(line, '=');

	if (!equals)
		return;
	*equals++ = '\0';
	equals[strcspn(equals, "\n")] = '\0';
	for (size_t i = 0; i < COUNT(config_rows); i++) {
		if (strcmp(config_rows[i].name, line) == 0)
			snprintf(values->values[i], CONFIG_VALUE_BYTES, "%.*s",
				 CONFIG_VALUE_BYTES - 1, equals);
	}
}

static bool config_read(const char *path, struct config_values *values)
{
	char used[256], line[1024], room[CLI_ERROR_BYTES];
	gzFile file = config_open(path, used, sizeof(used));

	if (!file && *path)
		cli_complain("cannot read \"%s\": %s", used, cli_error_text(errno, room));
	else if (!file)
		cli_complain("this kernel does not tell its configuration: neither "
			     "/proc/config.gz nor \"%s\" is there; name the file with --file",
			     used);
	if (!file)
		return false;
	while (gzgets(file, line, sizeof(line)))
		config_take_line(values, line);
	gzclose(file);
	return true;
}

static enum cli_exit config_print_json(const struct config_values *values)
{
	_cleanup_buf_ struct buf text = {};
	json_t *object = json_object();
	char *line;

	for (size_t i = 0; i < COUNT(config_rows); i++)
		json_object_set_new(object, config_rows[i].name,
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
	struct config_values values = {};

	if (!config_read(own->file, &values))
		return CLI_FAILED;
	if (strcmp(own->output, "json") == 0)
		return config_print_json(&values);
	for (size_t i = 0; i < COUNT(config_rows); i++) {
		columns_add(&columns, config_rows[i].name);
		columns_add(&columns, *values.values[i] ? values.values[i] : "n");
		columns_add(&columns, config_rows[i].about);
	}
	for (size_t i = 0; i < COUNT(config_rows); i++)
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
