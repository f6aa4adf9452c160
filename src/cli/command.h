/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of `tetra` as a row of a table: what it is called, what it takes, what it does. In: the
 * flags and words of the command line, checked. Out: an exit status.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1, /* refused, or the world failed */
	CLI_USAGE = 2	/* wrong words or flags */
};

/* Flags that every command takes. */
struct cli_settings {
	bool help;
	bool debug;
	const char *server_address; /* "": from the agent's info file, else the default */
	uint64_t timeout_ns;
	uint64_t retries;
	uint64_t receive_bytes_max;
	const struct option_list *words; /* what follows the command, if its row allows words */
};

struct command {
	const char *path;   /* its words, "dump processcache" */
	const char *about;  /* one line */
	const char *words;  /* what follows it, "FILE...", at least one; NULL: nothing may follow */
	size_t words_count; /* exactly so many; 0: no matter */
	const char *more;   /* further help, ended by a newline; NULL: none */
	bool is_hidden;	    /* left out of the overview */
	const struct option_row *rows;
	size_t rows_count;
	size_t settings_bytes; /* of the struct that rows fill in */
	enum cli_exit (*run)(const struct cli_settings *cli, const void *settings);
};

/* Prints a line on standard error. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
