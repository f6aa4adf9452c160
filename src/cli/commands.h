/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: for finding them, for help, completion and manual pages. */
#pragma once

#include "cli/command.h"

/* Room for the words of a command, and for what a person typed in their place. */
enum { COMMAND_PATH_BYTES = 128 };

enum command_heading {
	COMMAND_HEADING_WATCH,
	COMMAND_HEADING_POLICIES,
	COMMAND_HEADING_AGENT,
	COMMAND_HEADING_KERNEL,
	COMMAND_HEADING_HELP,
	COMMAND_HEADINGS
};

extern const char *const command_headings[COMMAND_HEADINGS];

struct command_entry {
	enum command_heading heading; /* of the overview */
	const struct command *command;
};

/* First words that several commands share. */
struct command_group {
	const char *path;
	const char *alias; /* another name of the path; NULL: none */
	const char *about;
};

/* What upstream has and this program does not. */
struct command_absent {
	const char *path;
	const char *why; /* completes "is not here: ", and says what to use instead */
};

#define COMMAND(heading, name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

/* The table, in the order in which it is shown; the answer is how many rows it has. */
size_t commands_get(const struct command_entry **out);
/* NULL: PATH is no command. */
const struct command *commands_find(const char *path);
/* NULL: no row for these words. */
const struct command_group *commands_find_group(const char *path);
/* Rows for PATH itself, or for the first words of it. */
const struct command_absent *commands_find_absent(const char *path);
size_t commands_get_absent(const struct command_absent **out);
/* Whether a command is or begins with the words of PATH. */
bool commands_has_path(const char *path);
/* Adds WORD to PATH, which becomes its main name if that is another. False: no room, unchanged. */
bool command_path_add(char path[COMMAND_PATH_BYTES], const char *word);
/* Whether COMMAND is or begins with the words of PATH, which may be "". */
bool command_begins_with(const struct command *command, const char *path);
/* The word of COMMAND behind the first BYTES bytes of its path, into OUT. */
void command_get_word(const struct command *command, size_t bytes, char out[COMMAND_PATH_BYTES]);
