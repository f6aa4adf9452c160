/* SPDX-License-Identifier: Apache-2.0 */
/* Help as text for a terminal of 80 columns. In: the table of commands. Out: lines. */
#pragma once

#include "base/buf.h"
#include "cli/commands.h"

/* The commands below the words of PATH; "": all, by heading. */
void help_add_overview(const struct cli_settings *cli, const char *path, struct buf *out);
/* How one command is used. */
void help_add_command(const struct cli_settings *cli, const struct command *command,
		      struct buf *out);

/* Visits the flags of COMMAND, its own first, then those of all that mean something to it. */
typedef void (*help_row_fn)(void *context, const struct option_row *row);
void help_visit_rows(const struct cli_settings *cli, const struct command *command,
		     help_row_fn function, void *context);
