/* SPDX-License-Identifier: Apache-2.0 */
/* tetrad, the agent. In: flags. Out: exit status 0 after a clean stop, 1 refused or failed, 2 wrong
 * usage. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/agent.h"
#include "daemon/config.h"
#include "daemon/reload.h"

static const char usage[] =
	"tetrad sees every process of this machine start and end, and tells it as events.\n"
	"\n"
	"Usage: tetrad [flags]\n";

static void report(enum log_level level, const struct diag *diag)
{
	struct span rest = { diag->text.data, diag->text.bytes };

	while (rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		log_message(level, "%.*s", (int)line.bytes, line.data);
	}
}

/* Mistakes of the configuration are text with source lines and carets, which a log would spoil. */
static int refuse(const struct diag *diag)
{
	fwrite(diag->text.data, 1, diag->text.bytes, stderr);
	fputs("try \"tetrad --help\"\n", stderr);
	return 2;
}

/* What the command line asks for instead of an agent. False: nothing. */
static bool act(const struct config *config)
{
	const struct daemon_options *values = &config->values;
	_cleanup_buf_ struct buf text = {};

	if (values->help) {
		buf_add_text(&text, usage);
		options_add_help(config->flags, &text);
	} else if (values->version) {
		buf_add_text(&text, "tetrad " TETRAD_VERSION "\n");
	} else if (values->generate_docs) {
		config_print_table(config, &text);
	} else if (strcmp(values->print_config, "json") == 0) {
		config_print_json(config, &text);
	} else if (values->print_config[0]) {
		config_print(config, &text);
	} else {
		return false;
	}
	fputs(buf_text(&text), stdout);
	return true;
}

static int run(struct config *config, struct diag *diag)
{
	struct agent *agent;
	int error = config_apply_log(&config->values, diag);

	if (error)
		return error;
	report(LOG_LEVEL_WARN, &config->warnings);
	report(LOG_LEVEL_INFO, &config->remarks);
	error = agent_new(&agent, config, diag);
	if (error)
		return error;
	error = agent_run(agent, diag);
	agent_free(agent);
	return error;
}

int main(int argc, char **argv)
{
	const struct config_inputs inputs = {
		.argc = argc - 1,
		.argv = argv + 1,
		.environment = environ,
		.paths = &config_standard_paths,
	};
	_cleanup_config_ struct config *config = NULL;
	_cleanup_diag_ struct diag diag = {};
	int error = config_new(&config, &inputs, &diag);

	if (error)
		return refuse(&diag);
	if (act(config)) {
		report(LOG_LEVEL_WARN, &config->warnings);
		return 0;
	}
	error = run(config, &diag);
	report(LOG_LEVEL_ERROR, &diag);
	return error ? 1 : 0;
}
