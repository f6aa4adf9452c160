/* SPDX-License-Identifier: Apache-2.0 */
/* tetrad, the agent. In: flags. Out: exit status 0 after a clean stop, 1 refused or failed, 2 wrong
 * usage. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/agent.h"
#include "daemon/daemon_options.h"

static const char usage[] =
	"tetrad sees every process of this machine start and end, and tells it as events.\n"
	"\n"
	"Usage: tetrad [flags]\n";

static void cleanup_options(struct options **options)
{
	options_free(*options);
}

static void print_help(const struct options *options)
{
	_cleanup_buf_ struct buf text = {};

	buf_add_text(&text, usage);
	options_add_help(options, &text);
	fputs(buf_text(&text), stdout);
}

static void report(struct diag *diag)
{
	struct span rest = { diag->text.data, diag->text.bytes };

	while (rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		log_error("%.*s", (int)line.bytes, line.data);
	}
}

/* Words are checked against the option's choices before; fatal has no messages of its own here. */
static void set_log_level(const struct daemon_options *options)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{ "trace", LOG_LEVEL_TRACE }, { "debug", LOG_LEVEL_DEBUG },
		{ "info", LOG_LEVEL_INFO },   { "warn", LOG_LEVEL_WARN },
		{ "error", LOG_LEVEL_ERROR }, { "fatal", LOG_LEVEL_ERROR },
	};
	const char *name = options->debug ? "debug" : options->log_level;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!strcmp(levels[i].name, name))
			log_set_level(levels[i].level);
	}
}

int main(int argc, char **argv)
{
	struct daemon_options values = {}; /* before the options, which empty its lists at last */
	_cleanup_(cleanup_options) struct options *options = NULL;
	_cleanup_diag_ struct diag diag = {};
	struct agent *agent;
	int error;

	if (options_new(&options))
		return 1;
	if (daemon_options_parse(options, &values, argc - 1, argv + 1, &diag)) {
		report(&diag);
		fputs("try \"tetrad --help\"\n", stderr);
		return 2;
	}
	if (values.help) {
		print_help(options);
		return 0;
	}
	if (values.version) {
		puts("tetrad " TETRAD_VERSION);
		return 0;
	}
	set_log_level(&values);
	error = agent_new(&agent, &values, &diag);
	if (!error) {
		error = agent_run(agent, &diag);
		agent_free(agent);
	}
	report(&diag);
	return error ? 1 : 0;
}
