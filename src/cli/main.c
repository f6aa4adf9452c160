/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra`: finds the command in the words, its flags, and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/suggest.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "policy/snippet.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct option_row global_rows[] = {
	{ "server-address", 0, OPTION_TEXT, offsetof(struct cli_settings, server_address),
	  .placeholder = "ADDRESS",
	  .help = "host:port or unix:///path of the agent; without it, what the agent says in "
		  "/var/run/tetragon/tetragon-info.json, its socket first; else localhost:54321",
	  .group = CLI_AGENT_GROUP },
	{ "timeout", 0, OPTION_DURATION, offsetof(struct cli_settings, timeout_ns), .value = "30s",
	  .help = "how long to wait for an answer", .group = CLI_AGENT_GROUP },
	{ "retries", 0, OPTION_UINT, offsetof(struct cli_settings, retries), .value = "1",
	  .help = "further attempts to connect, each after a longer wait",
	  .group = CLI_AGENT_GROUP },
	{ "max-recv-size", 0, OPTION_SIZE, offsetof(struct cli_settings, receive_bytes_max),
	  .value = "10485760", .help = "largest message to take from the agent",
	  .group = CLI_AGENT_GROUP },
	{ "tls-ca-cert-files", 0, OPTION_LIST, offsetof(struct cli_settings, tls_ca_files),
	  .placeholder = "FILES", .help = "speak TLS; trust these CAs and not the system's",
	  .group = CLI_AGENT_GROUP },
	{ "tls-cert-file", 0, OPTION_TEXT, offsetof(struct cli_settings, tls_cert_file),
	  .placeholder = "FILE", .help = "speak TLS; show this certificate",
	  .group = CLI_AGENT_GROUP },
	{ "tls-key-file", 0, OPTION_TEXT, offsetof(struct cli_settings, tls_key_file),
	  .placeholder = "FILE", .help = "its private key", .group = CLI_AGENT_GROUP },
	{ "tls-server-name", 0, OPTION_TEXT, offsetof(struct cli_settings, tls_server_name),
	  .placeholder = "NAME", .help = "speak TLS; expect this name, not the address's host",
	  .group = CLI_AGENT_GROUP },
	{ "tls-skip-verify", 0, OPTION_BOOL, offsetof(struct cli_settings, tls_skip_verify),
	  .help = "speak TLS with anybody", .group = CLI_AGENT_GROUP },
	{ "debug", 'd', OPTION_BOOL, offsetof(struct cli_settings, debug),
	  .help = "say more about what is done", .group = "Flags of all commands" },
	{ "help", 'h', OPTION_BOOL, offsetof(struct cli_settings, help), .help = "this text",
	  .group = "Flags of all commands" },
};

/* Complaints name what others have written: files, agents, events. */
void cli_complain(const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_buf_ struct buf safe = {};
	struct span rest;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	rest = span_of(text ? text : "out of memory");
	do {
		snippet_add_safe(&safe, span_cut(&rest, '\n'), SIZE_MAX);
		buf_add_char(&safe, '\n');
	} while (rest.bytes);
	fwrite(safe.data, 1, safe.bytes, stderr);
}

struct cli {
	struct cli_settings settings;
	struct options *options;
	char path[COMMAND_PATH_BYTES]; /* words of the command so far */
	const struct command *command;
	void *command_settings; /* owned; the options write to it until they are freed */
	struct diag diag;
	const struct command_entry *entries; /* all commands */
	size_t entries_count;
};

/* Complains about WORD, which is no command after the words so far. */
static void cli_complain_word(const struct cli *cli, const char *word)
{
	_cleanup_free_ char(*candidates)[COMMAND_PATH_BYTES] =
		calloc(cli->entries_count, sizeof(*candidates));
	struct suggest suggest = suggest_start(word);
	const char *space = *cli->path ? " " : "";

	for (size_t i = 0; candidates && i < cli->entries_count; i++) {
		if (!command_begins_with(cli->entries[i].command, cli->path))
			continue;
		command_get_word(cli->entries[i].command, strlen(cli->path), candidates[i]);
		suggest_offer(&suggest, candidates[i]);
	}
	if (suggest.best)
		cli_complain("unknown command \"%s%s%s\"; did you mean \"tetra %s%s%s\"?",
			     cli->path, space, word, cli->path, space, suggest.best);
	else
		cli_complain("unknown command \"%s%s%s\"; \"tetra %s%s--help\" lists the commands",
			     cli->path, space, word, cli->path, space);
}

/* Adds WORD to the path. False: no command goes on like that. */
static bool cli_take_word(struct cli *cli, const char *word)
{
	char path[COMMAND_PATH_BYTES];

	memcpy(path, cli->path, sizeof(path));
	if (!command_path_add(path, word) || !commands_has_path(path)) {
		cli_complain_word(cli, word);
		return false;
	}
	memcpy(cli->path, path, sizeof(path));
	cli->command = commands_find(path);
	return true;
}

/* Whether the words behind the path name something that upstream has and this does not; said then.
 */
static bool cli_complain_absent(const struct cli *cli, int count, char *const *words)
{
	char path[COMMAND_PATH_BYTES];
	const struct command_absent *absent;

	snprintf(path, sizeof(path), "%s", cli->path);
	for (int i = 0; i < count && words[i][0] != '-'; i++)
		command_path_add(path, words[i]);
	absent = commands_find_absent(path);
	if (absent)
		cli_complain("\"tetra %s\" is not here: %s", absent->path, absent->why);
	return absent;
}

/* Whether WORD goes on from a command to a longer one: "probe" to "probe config". */
static bool cli_word_goes_on(const struct cli *cli, const char *word)
{
	char path[COMMAND_PATH_BYTES];

	memcpy(path, cli->path, sizeof(path));
	return command_path_add(path, word) && commands_has_path(path);
}

/* Takes words and the flags between them until a command is complete; OUT_USED: how many. */
static enum cli_exit cli_find_command(struct cli *cli, int count, char *const *words, int *out_used)
{
	int used = 0;

	while (!cli->command) {
		int part;
		int error = options_parse_leading(cli->options, count - used, words + used, &part,
						  &cli->diag);

		used += part;
		if (error || used >= count)
			break;
		if (cli_complain_absent(cli, count - used, words + used))
			return CLI_FAILED;
		if (!cli_take_word(cli, words[used++]))
			return CLI_USAGE;
		if (used < count && cli_word_goes_on(cli, words[used]))
			cli->command = NULL;
	}
	/* "completion powershell": the command is there, what is asked of it is not. */
	if (cli->command && cli_complain_absent(cli, count - used, words + used))
		return CLI_FAILED;
	*out_used = used;
	return cli->diag.lines ? CLI_USAGE : CLI_DONE;
}

/* Whether as many words follow the command as its row allows; if not, that is said. */
static bool cli_check_words(struct cli *cli, const struct option_list *rest)
{
	const struct command *command = cli->command;
	size_t least = command->has_optional_words ? 0 : command->words_count;
	size_t most = command->words_count ? command->words_count : SIZE_MAX;

	if (!command->words && rest->count)
		diag_add(&cli->diag, "unexpected word \"%s\"; tetra %s takes only flags",
			 rest->items[0], command->path);
	else if (command->words && !command->has_optional_words &&
		 (!rest->count || rest->count < least))
		diag_add(&cli->diag, "tetra %s needs %s", command->path, command->words);
	else if (command->words && rest->count > most)
		diag_add(&cli->diag, "unexpected word \"%s\"; tetra %s takes only %s",
			 rest->items[most], command->path, command->words);
	return !cli->diag.lines;
}

static enum cli_exit cli_print_help(const struct cli *cli)
{
	_cleanup_buf_ struct buf text = {};

	help_add_command(&cli->settings, cli->command, &text);
	fputs(buf_text(&text), stdout);
	return text.failed ? CLI_FAILED : CLI_DONE;
}

/* The words as they are, for commands that look at words of others. */
static enum cli_exit cli_run_raw(struct cli *cli, int count, char *const *words)
{
	struct option_list rest = { .items = (const char **)words, .count = (size_t)count };

	cli->settings.words = &rest;
	return cli->command->run(&cli->settings, NULL);
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
	if (cli->settings.help)
		return cli_print_help(cli);
	if (!cli_check_words(cli, rest))
		return CLI_USAGE;
	if (cli->settings.debug)
		log_set_level(LOG_LEVEL_DEBUG);
	cli->settings.words = rest;
	return command->run(&cli->settings, cli->command_settings);
}

/* No command, or only the first words of one, which is a mistake unless help is asked for. */
static enum cli_exit cli_print_overview(const struct cli *cli)
{
	bool is_usage = *cli->path && !cli->settings.help;
	_cleanup_buf_ struct buf text = {};

	help_add_overview(&cli->settings, cli->path, &text);
	fputs(buf_text(&text), is_usage ? stderr : stdout);
	return is_usage ? CLI_USAGE : CLI_DONE;
}

static enum cli_exit cli_run(struct cli *cli, int count, char *const *words)
{
	enum cli_exit status;
	int used;

	cli->entries_count = commands_get(&cli->entries);
	cli->settings.global_rows = global_rows;
	cli->settings.global_rows_count = COUNT(global_rows);
	if (options_new(&cli->options) ||
	    options_add_table(cli->options, global_rows, COUNT(global_rows), &cli->settings)) {
		cli_complain("out of memory");
		return CLI_FAILED;
	}
	status = cli_find_command(cli, count, words, &used);
	if (status != CLI_DONE)
		return status;
	if (!cli->command)
		return cli_print_overview(cli);
	if (cli->command->takes_raw_words)
		return cli_run_raw(cli, count - used, words + used);
	return cli_run_command(cli, count - used, words + used);
}

/* ---- standard streams ------------------------------------------------------------------------ */

/* A file that gets the number of a closed stream would get what is printed. What stands there
 * instead cannot be written, so that a result which nobody gets is still a failure. */
static void streams_fill(void)
{
	int fd = STDIN_FILENO;

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDONLY);
	if (fd > STDERR_FILENO)
		close(fd);
}

static bool streams_have_reader(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) <= 0 || !(out.revents & POLLERR);
}

/* Whether all that was printed has arrived. A reader that has seen enough is no failure. */
static enum cli_exit streams_finish(enum cli_exit status)
{
	char room[CLI_ERROR_BYTES];
	int error = fflush(stdout) ? errno : 0;

	if ((!error && !ferror(stdout)) || !streams_have_reader())
		return status;
	cli_complain("cannot write standard output: %s",
		     error ? cli_error_text(error, room) : "not all of it was taken");
	return status == CLI_DONE ? CLI_FAILED : status;
}

int main(int argc, char **argv)
{
	struct cli cli = {};
	enum cli_exit status;

	streams_fill();
	/* A reader that goes away is seen at the next write. */
	signal(SIGPIPE, SIG_IGN);
	/* Who started this may have switched it off, and then children end without a status. */
	signal(SIGCHLD, SIG_DFL);
	status = streams_finish(cli_run(&cli, argc - 1, argv + 1));
	if (cli.diag.lines)
		cli_complain("%s", buf_text(&cli.diag.text));
	diag_done(&cli.diag);
	options_free(cli.options);
	free(cli.command_settings);
	return status;
}
