/* SPDX-License-Identifier: Apache-2.0 */
/* All commands of `tetra`, and the other names of their first words. Which there are stands in
 * commands.def. */
#include "cli/commands.h"

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

static const struct {
	const char *alias;
	const char *path;
} aliases[] = {
	{ "tp", "tracingpolicy" },
};

size_t commands_get(const struct command_entry **out)
{
	*out = entries;
	return COUNT(entries);
}

const char *commands_resolve(const char *path)
{
	for (size_t i = 0; i < COUNT(aliases); i++) {
		if (strcmp(aliases[i].alias, path) == 0)
			return aliases[i].path;
	}
	return path;
}
