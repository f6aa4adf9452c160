/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra man`: a manual page for each command, made from the table that --help is made from. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/manual.h"
#include "cli/ask.h"
#include "cli/help.h"

/* "tetra-tracingpolicy-add" */
static void man_get_name(const struct command *command, char out[COMMAND_PATH_BYTES])
{
	snprintf(out, COMMAND_PATH_BYTES, "tetra-%s", command->path);
	for (char *at = out; *at; at++) {
		if (*at == ' ')
			*at = '-';
	}
}

static void man_add_option(void *context, const struct option_row *row)
{
	manual_add_option(context, row);
}

static void man_add_exits(const struct command *command, struct buf *out)
{
	manual_add_heading(out, "EXIT STATUS");
	if (command && command->exits)
		manual_add_example(out, command->exits);
	else
		manual_add_text(out, "0: done; 1: refused or failed; 2: wrong words or flags.\n");
}

static void man_add_command(const struct cli_settings *cli, const struct command *command,
			    struct buf *out)
{
	char name[COMMAND_PATH_BYTES];

	man_get_name(command, name);
	manual_add_title(out, name, "1", command->about);
	manual_add_heading(out, "SYNOPSIS");
	buf_add_text(out, "\\fBtetra ");
	manual_add_escaped(out, command->path);
	buf_add_text(out, "\\fR");
	if (command->words) {
		buf_add_text(out, command->has_optional_words ? " [\\fI" : " \\fI");
		manual_add_escaped(out, command->words);
		buf_add_text(out, command->has_optional_words ? "\\fR]" : "\\fR");
	}
	buf_add_text(out, " [\\fIFLAGS\\fR]\n");
	if (command->more) {
		manual_add_heading(out, "DESCRIPTION");
		manual_add_text(out, command->more);
	}
	manual_add_heading(out, "OPTIONS");
	help_visit_rows(cli, command, man_add_option, out);
	man_add_exits(command, out);
	if (command->examples) {
		manual_add_heading(out, "EXAMPLES");
		manual_add_example(out, command->examples);
	}
	manual_add_heading(out, "SEE ALSO");
	buf_add_text(out, "\\fBtetra\\fR(1), \\fBtetrad\\fR(8)\n");
}

/* The page of the program: its commands. */
static void man_add_program(const struct cli_settings *cli, struct buf *out)
{
	const struct command_entry *entries;
	size_t count = commands_get(&entries);

	manual_add_title(out, "tetra", "1", "watch and steer tetrad, the kernel security monitor");
	manual_add_heading(out, "SYNOPSIS");
	buf_add_text(out, "\\fBtetra\\fR \\fICOMMAND\\fR [\\fIFLAGS\\fR]\n");
	manual_add_heading(out, "COMMANDS");
	for (size_t i = 0; i < count; i++) {
		char name[COMMAND_PATH_BYTES];

		if (entries[i].command->is_hidden)
			continue;
		man_get_name(entries[i].command, name);
		buf_add_text(out, ".TP\n\\fB");
		manual_add_escaped(out, name);
		buf_add_text(out, "\\fR(1)\n");
		manual_add_escaped(out, entries[i].command->about);
		buf_add_char(out, '\n');
	}
	manual_add_heading(out, "OPTIONS");
	for (size_t i = 0; i < cli->global_rows_count; i++)
		manual_add_option(out, &cli->global_rows[i]);
	man_add_exits(NULL, out);
	manual_add_heading(out, "ENVIRONMENT");
	buf_add_text(out, ".TP\nNO_COLOR\n");
	manual_add_text(out, "Set and not empty: no colours.\n");
	manual_add_heading(out, "FILES");
	buf_add_text(out, ".TP\n/var/run/tetragon/tetragon\\-info.json\n");
	manual_add_text(out, "Where the agent listens.\n");
	manual_add_heading(out, "SEE ALSO");
	buf_add_text(out, "\\fBtetrad\\fR(8)\n");
}

static bool man_write(const char *directory, const char *name, const struct buf *text)
{
	_cleanup_free_ char *path = NULL;
	char room[CLI_ERROR_BYTES];
	FILE *file;
	bool is_written;

	if (text->failed || asprintf(&path, "%s/%s.1", directory, name) < 0) {
		cli_complain("out of memory");
		return false;
	}
	file = fopen(path, "we");
	is_written = file && fwrite(text->data, 1, text->bytes, file) == text->bytes;
	if (file && fclose(file) != 0)
		is_written = false;
	if (!is_written)
		cli_complain("cannot write \"%s\": %s", path, cli_error_text(errno, room));
	return is_written;
}

static enum cli_exit man_run(const struct cli_settings *cli, const void *settings)
{
	const char *directory = cli->words->items[0];
	const struct command_entry *entries;
	size_t count = commands_get(&entries);
	_cleanup_buf_ struct buf text = {};
	bool is_written;

	man_add_program(cli, &text);
	is_written = man_write(directory, "tetra", &text);
	for (size_t i = 0; is_written && i < count; i++) {
		char name[COMMAND_PATH_BYTES];

		if (entries[i].command->is_hidden)
			continue;
		buf_reset(&text);
		man_add_command(cli, entries[i].command, &text);
		man_get_name(entries[i].command, name);
		is_written = man_write(directory, name, &text);
	}
	return is_written ? CLI_DONE : CLI_FAILED;
}

const struct command command_man = {
	.path = "man",
	.about = "write the manual pages of all commands",
	.words = "DIR",
	.words_count = 1,
	.word_kinds = "directory",
	.is_hidden = true,
	.is_offline = true,
	.run = man_run,
};
