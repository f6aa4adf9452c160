/* SPDX-License-Identifier: Apache-2.0 */
/* Policies to begin with, as YAML. In: what stands in them. Out: text that `tetra policy check`
 * finds right. */
#pragma once

#include "base/buf.h"
#include "cli/command.h"

struct generate_settings {
	struct option_list match_binary; /* none: calls of all processes */
	const char *regex;
	const char *from;
	const char *binary;
	const char *btf;
};

/* "apiVersion" to "spec:", with NAME as the policy's name. */
void generate_add_head(struct buf *out, const char *name);
/* The selectors of a hook that stands in columns of four: --match-binary. */
void generate_add_selectors(struct buf *out, const struct generate_settings *own);
/* TEXT in double quotes, with escapes. */
void generate_add_quoted(struct buf *out, const char *text);

/* Whether NAME may be that of a function or a probe: printable, of ASCII, not too long. */
bool generate_is_name(const char *name);

/* Prints a policy, unless it is too large or no UTF-8: a line says so then. */
enum cli_exit generate_print(struct buf *text);

/* Functions and probes of an ELF file; no hooks and a line said: there are none, or no file. */
enum cli_exit generate_uprobes(const struct cli_settings *cli, const void *settings);
enum cli_exit generate_usdts(const struct cli_settings *cli, const void *settings);
