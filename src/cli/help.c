/* SPDX-License-Identifier: Apache-2.0 */
/* The overviews and the help of single commands; `tetra help`, and `tetra commands` for programs.
 */
#include "cli/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { HELP_WORD_COLUMNS = 18, HELP_ROWS_MAX = 64 };

/* ---- overviews ------------------------------------------------------------------------------ */

static void help_add_line(struct buf *out, const char *word, const char *about)
{
	buf_add_format(out, "  %-*s  %s\n", HELP_WORD_COLUMNS, word, about);
}

/* The line of WORD behind PATH: of the command itself, or of all that begin with it. */
static void help_add_word(struct buf *out, const char *path, const char *word,
			  const struct command *command)
{
	const struct command_group *group;
	char both[2 * COMMAND_PATH_BYTES], whole[COMMAND_PATH_BYTES];

	snprintf(whole, sizeof(whole), "%s", path);
	command_path_add(whole, word);
	group = strcmp(command->path, whole) == 0 ? NULL : commands_find_group(whole);
	/* An alias of more than the word stands for the whole path. */
	snprintf(both, sizeof(both), "%s%s%s", word, group && group->alias && !*path ? ", " : "",
		 group && group->alias && !*path ? group->alias : "");
	help_add_line(out, both, group ? group->about : command->about);
}

/* The words that may follow PATH, each once; before the first of a heading that heading, if PATH is
 * empty. */
static void help_add_words(struct buf *out, const char *path)
{
	const struct command_entry *entries;
	size_t count = commands_get(&entries);
	char last[COMMAND_PATH_BYTES] = "", word[COMMAND_PATH_BYTES];
	int heading = -1;

	for (size_t i = 0; i < count; i++) {
		const struct command *command = entries[i].command;

		if (!command_begins_with(command, path) || (command->is_hidden && !*path))
			continue;
		command_get_word(command, strlen(path), word);
		if (strcmp(word, last) == 0)
			continue;
		if (!*path && (int)entries[i].heading != heading)
			buf_add_format(out, "\n%s:\n", command_headings[entries[i].heading]);
		heading = (int)entries[i].heading;
		memcpy(last, word, sizeof(last));
		help_add_word(out, path, word, command);
	}
}

static void help_add_group(const char *path, struct buf *out)
{
	const struct command_group *group = commands_find_group(path);

	if (group)
		buf_add_format(out, "%s\n\n", group->about);
	buf_add_format(out, "Usage:\n  tetra %s COMMAND [FLAGS]\n\nCommands:\n", path);
	help_add_words(out, path);
}

/* The names of flags that many commands take; "tetra help flags" explains them. OFFLINE: without
 * those that are about the agent. */
static void help_add_flag_names(const struct cli_settings *cli, bool offline, struct buf *out)
{
	static const char title[] = "Flags of all commands:";
	size_t column = strlen(title);

	buf_add_format(out, "\n%s", title);
	for (size_t i = 0; i < cli->global_rows_count; i++) {
		const struct option_row *row = &cli->global_rows[i];
		char name[COMMAND_PATH_BYTES];

		if (!row->help || (offline && strcmp(row->group, CLI_AGENT_GROUP) == 0))
			continue;
		snprintf(name, sizeof(name), "--%s", row->name);
		options_add_wrapped(out, name, 2, &column);
	}
	buf_add_text(out, "\n\"tetra help flags\" tells what these are.\n");
}

void help_add_overview(const struct cli_settings *cli, const char *path, struct buf *out)
{
	if (*path) {
		help_add_group(path, out);
	} else {
		buf_add_text(out, "tetra talks to tetrad, the kernel security monitor.\n\n"
				  "Usage: tetra COMMAND [FLAGS]\n");
		help_add_words(out, path);
	}
	help_add_flag_names(cli, false, out);
	buf_add_format(out, "\"tetra %s%sCOMMAND --help\" tells how a command is used.\n", path,
		       *path ? " " : "");
}

/* ---- one command ---------------------------------------------------------------------------- */

void help_visit_rows(const struct cli_settings *cli, const struct command *command,
		     help_row_fn function, void *context)
{
	for (size_t i = 0; i < command->rows_count; i++)
		function(context, &command->rows[i]);
	for (size_t i = 0; i < cli->global_rows_count; i++) {
		const struct option_row *row = &cli->global_rows[i];

		if (!command->is_offline || strcmp(row->group, CLI_AGENT_GROUP) != 0)
			function(context, row);
	}
}

static void help_add_rows(const struct option_row *first, size_t count, struct buf *out)
{
	const struct option_row *rows[HELP_ROWS_MAX];

	for (size_t i = 0; i < count && i < HELP_ROWS_MAX; i++)
		rows[i] = &first[i];
	options_add_help_of(rows, count < HELP_ROWS_MAX ? count : HELP_ROWS_MAX, out);
}

/* TEXT's lines, indented by two. */
static void help_add_lines(struct buf *out, const char *title, const char *text)
{
	if (!text)
		return;
	buf_add_format(out, "\n%s:\n", title);
	while (*text) {
		size_t bytes = strcspn(text, "\n");

		buf_add_format(out, "  %.*s\n", (int)bytes, text);
		text += bytes + (text[bytes] == '\n');
	}
}

void help_add_command(const struct cli_settings *cli, const struct command *command,
		      struct buf *out)
{
	const char *open = command->has_optional_words ? "[" : "";
	const char *close = command->has_optional_words ? "]" : "";

	buf_add_format(out, "%s\n\nUsage:\n  tetra %s%s%s%s%s [FLAGS]\n", command->about,
		       command->path, command->words ? " " : "", command->words ? open : "",
		       command->words ? command->words : "", command->words ? close : "");
	if (command->more)
		buf_add_format(out, "\n%s", command->more);
	help_add_lines(out, "Examples", command->examples);
	help_add_rows(command->rows, command->rows_count, out);
	help_add_lines(out, "Exit status", command->exits);
	help_add_flag_names(cli, command->is_offline, out);
}

/* ---- the commands --------------------------------------------------------------------------- */

static enum cli_exit help_write(struct buf *text)
{
	fwrite(text->data, 1, text->bytes, stdout);
	return text->failed ? CLI_FAILED : CLI_DONE;
}

static enum cli_exit help_run(const struct cli_settings *cli, const void *settings)
{
	char path[COMMAND_PATH_BYTES] = "";
	const struct command *command;
	const struct command_absent *absent;
	_cleanup_buf_ struct buf text = {};

	for (size_t i = 0; i < cli->words->count; i++)
		command_path_add(path, cli->words->items[i]);
	command = commands_find(path);
	absent = commands_find_absent(path);
	if (strcmp(path, "flags") == 0) {
		help_add_rows(cli->global_rows, cli->global_rows_count, &text);
	} else if (command) {
		help_add_command(cli, command, &text);
	} else if (commands_has_path(path)) {
		help_add_overview(cli, path, &text);
	} else if (absent) {
		cli_complain("\"tetra %s\" is not here: %s", absent->path, absent->why);
		return CLI_FAILED;
	} else {
		cli_complain("unknown command \"%s\"; \"tetra --help\" lists the commands", path);
		return CLI_USAGE;
	}
	return help_write(&text);
}

struct commands_settings {
	const char *output;
};

static void commands_set_text(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(object, key, json_string(text));
}

static void commands_add_row(void *context, const struct option_row *row)
{
	json_t *flag = json_object();
	char letter[] = { row->letter, '\0' };

	json_object_set_new(flag, "name", json_string(row->name));
	commands_set_text(flag, "letter", letter);
	commands_set_text(flag, "default", row->value);
	commands_set_text(flag, "value", option_row_get_placeholder(row));
	json_object_set_new(flag, "hidden", json_boolean(!row->help));
	json_array_append_new(context, flag);
}

static json_t *commands_make_row(const struct cli_settings *cli, const struct command *command)
{
	json_t *object = json_object(), *flags = json_array();

	help_visit_rows(cli, command, commands_add_row, flags);
	json_object_set_new(object, "command", json_string(command->path));
	json_object_set_new(object, "about", json_string(command->about));
	commands_set_text(object, "words", command->words);
	json_object_set_new(object, "hidden", json_boolean(command->is_hidden));
	json_object_set_new(object, "flags", flags);
	return object;
}

static enum cli_exit commands_run(const struct cli_settings *cli, const void *settings)
{
	const struct commands_settings *own = settings;
	const struct command_entry *entries;
	size_t count = commands_get(&entries);

	for (size_t i = 0; i < count; i++) {
		json_t *row;

		if (strcmp(own->output, "json") != 0) {
			puts(entries[i].command->path);
			continue;
		}
		row = commands_make_row(cli, entries[i].command);
		json_dumpf(row, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(row);
	}
	return CLI_DONE;
}

static const struct option_row commands_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct commands_settings, output), .value = "text",
	  .choices = "text|json", .help = "names only, or an object with the flags of each" },
};

const struct command command_help = {
	.path = "help",
	.about = "how a command is used",
	.words = "COMMAND",
	.has_optional_words = true,
	.word_kinds = "command",
	.is_offline = true,
	.examples = "tetra help tracingpolicy add\n",
	.run = help_run,
};

const struct command command_commands = {
	.path = "commands",
	.about = "all commands, for programs",
	.is_hidden = true,
	.is_offline = true,
	.rows = commands_rows,
	.rows_count = COUNT(commands_rows),
	.settings_bytes = sizeof(struct commands_settings),
	.run = commands_run,
};
