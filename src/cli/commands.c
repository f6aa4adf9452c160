/* SPDX-License-Identifier: Apache-2.0 */
/* All commands of `tetra`, and the other names of their first words. Which there are stands in
 * commands.def, what their first words mean in command_groups.def. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const command_headings[COMMAND_HEADINGS] = {
	[COMMAND_HEADING_WATCH] = "Watch", [COMMAND_HEADING_POLICIES] = "Policies",
	[COMMAND_HEADING_AGENT] = "Agent", [COMMAND_HEADING_KERNEL] = "Kernel",
	[COMMAND_HEADING_HELP] = "Help",
};

static const struct command_entry entries[] = {
#define COMMAND(heading, name) { COMMAND_HEADING_##heading, &command_##name },
#include "cli/commands.def"
#undef COMMAND
};

static const struct command_group groups[] = {
#define GROUP(path, alias, about) { (path), (alias), (about) },
#include "cli/command_groups.def"
#undef GROUP
};

static const struct command_absent absents[] = {
#define ABSENT(path, why) { (path), (why) },
#include "cli/command_absents.def"
#undef ABSENT
};

size_t commands_get(const struct command_entry **out)
{
	*out = entries;
	return COUNT(entries);
}

const struct command *commands_find(const char *path)
{
	for (size_t i = 0; i < COUNT(entries); i++) {
		if (strcmp(entries[i].command->path, path) == 0)
			return entries[i].command;
	}
	return NULL;
}

const struct command_group *commands_find_group(const char *path)
{
	for (size_t i = 0; i < COUNT(groups); i++) {
		if (strcmp(groups[i].path, path) == 0)
			return &groups[i];
	}
	return NULL;
}

const struct command_absent *commands_find_absent(const char *path)
{
	for (size_t i = 0; i < COUNT(absents); i++) {
		size_t bytes = strlen(absents[i].path);

		if (strncmp(absents[i].path, path, bytes) == 0 &&
		    (!path[bytes] || path[bytes] == ' '))
			return &absents[i];
	}
	return NULL;
}

size_t commands_get_absent(const struct command_absent **out)
{
	*out = absents;
	return COUNT(absents);
}

static const char *commands_resolve(const char *path)
{
	for (size_t i = 0; i < COUNT(groups); i++) {
		if (groups[i].alias && strcmp(groups[i].alias, path) == 0)
			return groups[i].path;
	}
	return path;
}

bool command_path_add(char path[COMMAND_PATH_BYTES], const char *word)
{
	char longer[COMMAND_PATH_BYTES];

	if (snprintf(longer, sizeof(longer), "%s%s%s", path, *path ? " " : "", word) >=
	    COMMAND_PATH_BYTES)
		return false;
	snprintf(path, COMMAND_PATH_BYTES, "%s", commands_resolve(longer));
	return true;
}

bool commands_has_path(const char *path)
{
	for (size_t i = 0; i < COUNT(entries); i++) {
		if (command_begins_with(entries[i].command, path))
			return true;
	}
	return false;
}

bool command_begins_with(const struct command *command, const char *path)
{
	size_t bytes = strlen(path);

	if (!bytes)
		return true;
	return strncmp(command->path, path, bytes) == 0 &&
	       (!command->path[bytes] || command->path[bytes] == ' ');
}

void command_get_word(const struct command *command, size_t bytes, char out[COMMAND_PATH_BYTES])
{
	const char *at = command->path + bytes;

	at += strspn(at, " ");
	snprintf(out, COMMAND_PATH_BYTES, "%.*s", (int)strcspn(at, " "), at);
}
