/* SPDX-License-Identifier: Apache-2.0 */
/* The sources in their order. */
#include "daemon/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/suggest.h"
#include "daemon/config_files.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct config_paths config_standard_paths = {
	.vendor_directories = { "/usr/lib/tetragon/tetragon.conf.d",
				"/usr/local/lib/tetragon/tetragon.conf.d" },
	.files = { "tetragon.yaml", "/etc/tetragon/tetragon.yaml" },
	.directory = "/etc/tetragon/tetragon.conf.d",
};

/* ---- the environment
 * -------------------------------------------------------------------------------- */

/* "TETRAGON_LOG_LEVEL" -> "log-level". NULL: no memory. */
static char *variable_get_flag(const char *variable, size_t bytes)
{
	char *flag = strndup(variable + strlen(CONFIG_ENVIRONMENT_PREFIX),
			     bytes - strlen(CONFIG_ENVIRONMENT_PREFIX));

	for (char *at = flag; at && *at; at++)
		*at = *at == '_' ? '-' : (char)tolower((unsigned char)*at);
	return flag;
}

/*
 * Kubernetes tells every container of the services around it in such variables, and upstream's
 * service is called "tetragon": TETRAGON_SERVICE_HOST, TETRAGON_SERVICE_PORT_METRICS,
 * TETRAGON_PORT, TETRAGON_PORT_2112_TCP_ADDR, TETRAGON_OPERATOR_METRICS_PORT.
 */
static bool flag_is_service(const char *flag)
{
	const char *port = strstr(flag, "port");

	return strstr(flag, "service-host") || strstr(flag, "service-port") ||
	       (port && (!strcmp(port, "port") ||
			 (!strncmp(port, "port-", 5) && isdigit((unsigned char)port[5]))));
}

static void suggest_row(void *context, const struct option_row *row, const char *value,
			const char *source)
{
	suggest_offer(context, row->name);
}

/* Others set variables too, so an unknown one is no mistake; one that looks like an option may be.
 */
static void variable_warn(struct config *config, const char *variable, const char *flag)
{
	struct suggest suggest = suggest_start(flag);
	_cleanup_buf_ struct buf name = {};

	if (flag_is_service(flag))
		return;
	options_visit(config->flags, suggest_row, &suggest);
	if (!suggest.best) {
		diag_add(&config->remarks, "environment variable \"%s\" names no option", variable);
		return;
	}
	buf_add_text(&name, CONFIG_ENVIRONMENT_PREFIX);
	for (const char *at = suggest.best; *at; at++)
		buf_add_char(&name, *at == '-' ? '_' : (char)toupper((unsigned char)*at));
	diag_add(&config->warnings,
		 "environment variable \"%s\" names no option; did you mean \"%s\"?", variable,
		 buf_text(&name));
}

static int variable_read(struct config *config, const char *entry, struct diag *diag)
{
	size_t bytes = strcspn(entry, "=");
	_cleanup_free_ char *variable = strndup(entry, bytes);
	_cleanup_free_ char *flag = variable_get_flag(entry, bytes);
	const struct option_row *row;

	if (!variable || !flag)
		return -ENOMEM;
	if (!entry[bytes] || !entry[bytes + 1]) /* an empty one counts as not set, as upstream */
		return 0;
	row = options_get_row(config->flags, flag);
	if (row && row->is_action) /* TETRAGON_VERSION is a common name for something else */
		return 0;
	if (row)
		return options_set(config->flags, flag, entry + bytes + 1, variable, diag);
	variable_warn(config, variable, flag);
	return 0;
}

static int config_read_environment(struct config *config, char *const *environment,
				   struct diag *diag)
{
	int result = 0;

	for (; environment && *environment; environment++) {
		int error = 0;

		if (strncmp(*environment, CONFIG_ENVIRONMENT_PREFIX,
			    strlen(CONFIG_ENVIRONMENT_PREFIX)) == 0)
			error = variable_read(config, *environment, diag);
		if (error)
			result = error;
	}
	return result;
}

/* ---- the command line
 * ------------------------------------------------------------------------------- */

static int config_parse(struct config *config, const struct config_inputs *inputs,
			struct diag *diag)
{
	int error = options_parse(config->flags, inputs->argc, inputs->argv, diag);
	const struct option_list *words = options_get_words(config->flags);

	if (error) /* behind an unknown flag a word may be its value: one mistake, one line */
		return error;
	for (size_t i = 0; i < words->count; i++) {
		diag_add(diag, "unexpected word \"%s\"; tetrad takes only flags", words->items[i]);
		error = -EINVAL;
	}
	return error;
}

/* ---- all of them
 * ------------------------------------------------------------------------------------ */

static int config_reset(struct config *config)
{
	int error;

	options_free(config->flags);
	config->flags = NULL;
	config->values = (struct daemon_options){};
	error = options_new(&config->flags);
	if (!error)
		error = daemon_options_add_table(config->flags, &config->values);
	if (!error)
		error = upstream_flags_add_table(config->flags, &config->upstream);
	return error;
}

/* Sources that are not there are none. */
static void config_note(int error, int *result)
{
	if (error && error != -ENOENT && *result != -ENOMEM)
		*result = error;
}

static int config_read_standard(struct config *config, const struct config_paths *paths,
				struct diag *diag)
{
	int result = 0;
	int error;

	for (size_t i = 0; i < COUNT(paths->vendor_directories); i++) {
		if (paths->vendor_directories[i])
			config_note(config_read_directory(config->flags,
							  paths->vendor_directories[i], diag),
				    &result);
	}
	error = -ENOENT;
	for (size_t i = 0; error == -ENOENT && i < COUNT(paths->files); i++) {
		if (paths->files[i])
			error = config_read_yaml(config->flags, paths->files[i],
						 paths->files[i][0] != '/', diag);
	}
	config_note(error, &result);
	if (paths->directory)
		config_note(config_read_directory(config->flags, paths->directory, diag), &result);
	return result;
}

/* Which directory is meant, the highest source decides: FLAG of the command line, the environment,
 * or what was read so far. */
static const char *config_get_directory(const struct config *config,
					const struct config_inputs *inputs, const char *flag)
{
	static const char variable[] = CONFIG_ENVIRONMENT_PREFIX "CONFIG_DIR=";

	if (flag)
		return flag;
	for (char *const *at = inputs->environment; at && *at; at++) {
		if (strncmp(*at, variable, strlen(variable)) == 0 && (*at)[strlen(variable)])
			return *at + strlen(variable);
	}
	return config->values.config_dir;
}

static int config_read_named(struct config *config, const char *wanted, struct diag *diag)
{
	_cleanup_free_ char *path = strdup(wanted); /* a file in it may say config-dir */
	int error;

	if (!path)
		return -ENOMEM;
	if (!path[0])
		return 0;
	error = config_read_directory(config->flags, path, diag);
	if (error != -ENOENT)
		return error;
	diag_add(diag, "%s: --config-dir names a directory that does not exist", path);
	return -EINVAL;
}

static int config_read_all(struct config *config, const struct config_inputs *inputs,
			   const char *directory, struct diag *diag)
{
	const struct upstream_lines lines = { &config->warnings, &config->remarks };
	int result = config_reset(config);

	if (result)
		return result;
	config_note(config_read_standard(config, inputs->paths, diag), &result);
	config_note(
		config_read_named(config, config_get_directory(config, inputs, directory), diag),
		&result);
	config_note(config_read_environment(config, inputs->environment, diag), &result);
	config_note(config_parse(config, inputs, diag), &result);
	config_note(daemon_options_check(config->flags, &config->values, diag), &result);
	upstream_flags_check(config->flags, &lines);
	return result;
}

static int config_read(struct config *config, const struct config_inputs *inputs, struct diag *diag)
{
	const struct daemon_options *values = &config->values;
	_cleanup_free_ char *directory = NULL;
	_cleanup_diag_ struct diag later = {};
	int error = config_reset(config);

	if (error)
		return error;
	error = config_parse(config, inputs, &later);
	if (!error && (values->help || values->version || values->generate_docs))
		return 0;
	if (strcmp(options_get_source(config->flags, "config-dir"), OPTIONS_SOURCE_COMMAND_LINE) ==
	    0)
		directory = strdup(values->config_dir);
	return config_read_all(config, inputs, directory, diag);
}

int config_new(struct config **out, const struct config_inputs *inputs, struct diag *diag)
{
	_cleanup_config_ struct config *config = calloc(1, sizeof(*config));
	int error = -ENOMEM;

	if (config) {
		config->inputs = *inputs;
		error = config_read(config, inputs, diag);
	}
	if (error && !diag->lines)
		diag_add(diag, "cannot read the configuration: %s", strerror(-error));
	if (!error)
		*out = TAKE_PTR(config);
	return error;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	options_free(config->flags);
	diag_done(&config->warnings);
	diag_done(&config->remarks);
	free(config);
}
