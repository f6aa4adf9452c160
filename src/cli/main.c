/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra`: finds the command in the words, its flags, and runs it. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "rpc/limits.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PATH_BYTES_MAX = 128 };

static const struct option_row global_rows[] = {
	{ "server-address", 0, OPTION_TEXT, offsetof(struct cli_settings, server_address),
	  .placeholder = "ADDRESS",
	  .help = "host:port or unix:///path of the agent; without it, what the agent says in "
		  "/var/run/tetragon/tetragon-info.json, else localhost:54321",
	  .group = "Flags of all commands" },
	{ "timeout", 0, OPTION_DURATION, offsetof(struct cli_settings, timeout_ns), .value = "30s",
	  .help = "how long to wait for an answer", .group = "Flags of all commands" },
	{ "retries", 0, OPTION_UINT, offsetof(struct cli_settings, retries), .value = "1",
	  .help = "further attempts to connect, each after a longer wait",
	  .group = "Flags of all commands" },
	{ "max-recv-size", 0, OPTION_SIZE, offsetof(struct cli_settings, receive_bytes_max),
	  .value = "10485760", .help = "largest message to take from the agent",
	  .group = "Flags of all commands" },
	{ "debug", 'd', OPTION_BOOL, offsetof(struct cli_settings, debug),
	  .help = "say more about what is done", .group = "Flags of all commands" },
	{ "help", 'h', OPTION_BOOL, offsetof(struct cli_settings, help), .help = "this text",
	  .group = "Flags of all commands" },
};

void cli_complain(const char *format, ...)
{
	_cleanup_free_ char *line = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		line = NULL;
	va_end(args);
	fprintf(stderr, "%s\n", line ? line : "out of memory");
}

struct cli {
	struct cli_settings settings;
	struct options *options;
	char path[PATH_BYTES_MAX]; /* words of the command so far */
	const struct command *command;
	void *command_settings; /* owned; the options write to it until they are freed */
	struct diag diag;
	const struct command_entry *entries; /* all commands */
	size_t entries_count;
};

/* Whether COMMAND is or begins with the words of PATH. */
static bool command_begins_with(const struct command *command, const char *path)
{
	size_t bytes = strlen(path);

	if (!bytes)
		return true;
	return strncmp(command->path, path, bytes) == 0 &&
	       (!command->path[bytes] || command->path[bytes] == ' ');
}

static void cli_print_overview(const struct cli *cli)
{
	_cleanup_buf_ struct buf text = {};

	buf_add_format(&text, "tetra talks to tetrad, the kernel security monitor.\n\n");
	buf_add_format(&text, "Usage:\n  tetra %s%sCOMMAND [FLAGS]\n\nCommands:\n", cli->path,
		       *cli->path ? " " : "");
	for (size_t i = 0; i < cli->entries_count; i++) {
		const struct command *command = cli->entries[i].command;

		if (command_begins_with(command, cli->path) && (!command->is_hidden || *cli->path))
			buf_add_format(&text, "  %-22s  %s\n", command->path, command->about);
	}
	options_add_help(cli->options, &text);
	buf_add_text(&text, "\n\"tetra COMMAND --help\" tells the flags of a command.\n");
	fputs(buf_text(&text), stdout);
}

/* The command's own flags first, then everyone's: another order than they are parsed in. */
static void cli_add_flags(const struct command *command, struct buf *out)
{
	_cleanup_free_ void *settings = calloc(1, command->settings_bytes + 1);
	struct cli_settings globals = {};
	struct options *options = NULL;

	if (settings && options_new(&options) == 0 &&
	    options_add_table(options, command->rows, command->rows_count, settings) == 0 &&
	    options_add_table(options, global_rows, COUNT(global_rows), &globals) == 0)
		options_add_help(options, out);
	options_free(options);
}

static void cli_print_help(const struct cli *cli)
{
	_cleanup_buf_ struct buf text = {};

	buf_add_format(&text, "%s\n\nUsage:\n  tetra %s%s%s [FLAGS]\n", cli->command->about,
		       cli->command->path, cli->command->words ? " " : "",
		       cli->command->words ? cli->command->words : "");
	if (cli->command->more)
		buf_add_format(&text, "\n%s", cli->command->more);
	cli_add_flags(cli->command, &text);
	fputs(buf_text(&text), stdout);
}

/* Complains about WORD, which is no command after the words so far. */
static void cli_complain_word(const struct cli *cli, const char *word)
{
	_cleanup_free_ char(*candidates)[PATH_BYTES_MAX] =
		calloc(cli->entries_count, sizeof(*candidates));
	struct suggest suggest = suggest_start(word);
	const char *space = *cli->path ? " " : "";
	size_t skip = strlen(cli->path) + strlen(space);

	for (size_t i = 0; candidates && i < cli->entries_count; i++) {
		const char *next = cli->entries[i].command->path + skip;

		if (!command_begins_with(cli->entries[i].command, cli->path))
			continue;
		snprintf(candidates[i], sizeof(candidates[i]), "%.*s", (int)strcspn(next, " "),
			 next);
		suggest_offer(&suggest, candidates[i]);
	}
	if (suggest.best)
		cli_complain("unknown command \"%s%s%s\"; did you mean \"tetra %s%s%s\"?",
			     cli->path, space, word, cli->path, space, suggest.best);
	else
		cli_complain("unknown command \"%s%s%s\"; \"tetra --help\" lists the commands",
			     cli->path, space, word);
}

/* Adds WORD to the path. False: no command goes on like that. */
static bool cli_take_word(struct cli *cli, const char *word)
{
	char words[PATH_BYTES_MAX];
	const char *path;
	bool is_known = false;
	int bytes;

	bytes = snprintf(words, sizeof(words), "%s%s%s", cli->path, *cli->path ? " " : "", word);
	path = commands_resolve(words);
	for (size_t i = 0; bytes < PATH_BYTES_MAX && i < cli->entries_count; i++) {
		const struct command *command = cli->entries[i].command;

		if (!command_begins_with(command, path))
			continue;
		is_known = true;
		if (strcmp(command->path, path) == 0)
			cli->command = command;
	}
	if (is_known)
		snprintf(cli->path, sizeof(cli->path), "%s", path);
	else
		cli_complain_word(cli, word);
	return is_known;
}

/* Takes words and the flags between them until a command is complete; OUT_USED: how many. */
static int cli_find_command(struct cli *cli, int count, char *const *words, int *out_used)
{
	int used = 0;

	while (!cli->command) {
		int part;
		int error = options_parse_leading(cli->options, count - used, words + used, &part,
						  &cli->diag);

		used += part;
		if (error || used >= count)
			break;
		if (!cli_take_word(cli, words[used++]))
			return -EINVAL;
	}
	*out_used = used;
	return cli->diag.lines ? -EINVAL : 0;
}

/* Whether as many words follow the command as its row allows; if not, that is said. */
static bool cli_check_words(struct cli *cli, const struct option_list *rest)
{
	const struct command *command = cli->command;
	size_t most = command->words_count ? command->words_count : SIZE_MAX;

	if (!command->words && rest->count)
		diag_add(&cli->diag, "unexpected word \"%s\"; tetra %s takes only flags",
			 rest->items[0], command->path);
	else if (command->words && (!rest->count || rest->count < command->words_count))
		diag_add(&cli->diag, "tetra %s needs %s", command->path, command->words);
	else if (command->words && rest->count > most)
		diag_add(&cli->diag, "unexpected word \"%s\"; tetra %s takes only %s",
			 rest->items[most], command->path, command->words);
	return !cli->diag.lines;
}

static enum cli_exit cli_run_command(struct cli *cli, int count, char *const *words)
{
	const struct command *command = cli->command;
	const struct option_list *rest = options_get_words(cli->options);

	cli->command_settings = calloc(1, command->settings_bytes + 1);
	if (!cli->command_settings ||
	    options_add_table(cli->options, command->rows, command->rows_count,
			      cli->command_settings)) {
		cli_complain("out of memory");
		return CLI_FAILED;
	}
	if (options_parse(cli->options, count, words, &cli->diag))
		return CLI_USAGE;
	if (cli->settings.help) {
		cli_print_help(cli);
		return CLI_DONE;
	}
	if (!cli_check_words(cli, rest))
		return CLI_USAGE;
	if (cli->settings.debug)
		log_set_level(LOG_LEVEL_DEBUG);
	cli->settings.words = rest;
	return command->run(&cli->settings, cli->command_settings);
}

static enum cli_exit cli_run(struct cli *cli, int count, char *const *words)
{
	int used;

	cli->entries_count = commands_get(&cli->entries);
	if (options_new(&cli->options) ||
	    options_add_table(cli->options, global_rows, COUNT(global_rows), &cli->settings)) {
		cli_complain("out of memory");
		return CLI_FAILED;
	}
	if (cli_find_command(cli, count, words, &used))
		return CLI_USAGE;
	if (cli->command)
		return cli_run_command(cli, count - used, words + used);
	cli_print_overview(cli);
	return *cli->path && !cli->settings.help ? CLI_USAGE : CLI_DONE;
}

int main(int argc, char **argv)
{
	struct cli cli = {};
	enum cli_exit status;

	/* A reader that goes away is seen at the next write. */
	signal(SIGPIPE, SIG_IGN);
	status = cli_run(&cli, argc - 1, argv + 1);
	if (cli.diag.lines)
		fputs(buf_text(&cli.diag.text), stderr);
	diag_done(&cli.diag);
	options_free(cli.options);
	free(cli.command_settings);
	return status;
}
