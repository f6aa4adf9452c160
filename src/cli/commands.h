/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: for finding them, for help, completion and manual pages. */
#pragma once

#include "cli/command.h"

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

#define COMMAND(heading, name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

/* The table, in the order in which it is shown; the answer is how many rows it has. */
size_t commands_get(const struct command_entry **out);
/* The path of a command for PATH, which may be another name of its first words. */
const char *commands_resolve(const char *path);
