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
	/* "" and none: not given; any of them asks for TLS. */
	const char *tls_cert_file, *tls_key_file, *tls_server_name;
	struct option_list tls_ca_files;
	bool tls_skip_verify;
	const struct option_list *words; /* what follows the command, if its row allows words */
	const struct option_row
		*global_rows; /* of the flags above, for those who write about them */
	size_t global_rows_count;
};

/* Heading of flags that mean nothing to commands which do not ask the agent. */
#define CLI_AGENT_GROUP "Flags of commands that ask the agent"

struct command {
	const char *path;   /* its words, "dump processcache" */
	const char *about;  /* one line */
	const char *words;  /* what follows it, "FILE...", at least one; NULL: nothing may follow */
	size_t words_count; /* exactly so many; 0: no matter */
	bool has_optional_words; /* none, or up to words_count */
	bool takes_raw_words;	 /* what follows is neither parsed nor checked */
	/*
	 * For completion: what each word can be, by place, separated by spaces; the last one stands
	 * for all that follow. "file", "directory", "policy", "command", or "a|b|c".
	 */
	const char *word_kinds;
	const char *more;     /* further help, ended by a newline; NULL: none */
	const char *examples; /* lines without indentation, each ended by a newline; NULL: none */
	const char *exits;    /* where the exit status says more than usual: such lines; NULL */
	bool is_hidden;	      /* left out of the overview */
	bool is_offline;      /* does not ask the agent */
	const struct option_row *rows;
	size_t rows_count;
	size_t settings_bytes; /* of the struct that rows fill in */
	enum cli_exit (*run)(const struct cli_settings *cli, const void *settings);
};

/* Prints a line on standard error, or lines; what would move a terminal becomes U+FFFD. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
