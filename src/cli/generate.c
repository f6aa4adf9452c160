/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra tracingpolicy generate`: an empty policy, all system calls, functions by their name. What
 * is in ELF files is generate_elf.c's. */
#include "cli/generate.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "kernel/syscalls.h"
#include "kernel/types.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where tracefs is mounted, in the order in which they are tried. */
static const char *const function_files[] = {
	"/sys/kernel/tracing/available_filter_functions",
	"/sys/kernel/debug/tracing/available_filter_functions",
};

void generate_add_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_add_format(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_add_format(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

void generate_add_head(struct buf *out, const char *name)
{
	buf_add_format(out,
		       "apiVersion: cilium.io/v1alpha1\n"
		       "kind: TracingPolicy\n"
		       "metadata:\n"
		       "  name: %s\n",
		       name);
}

void generate_add_selectors(struct buf *out, const struct generate_settings *own)
{
	if (!own->match_binary.count)
		return;
	buf_add_text(out, "    selectors:\n"
			  "    - matchBinaries:\n"
			  "      - operator: In\n"
			  "        values:\n");
	for (size_t i = 0; i < own->match_binary.count; i++) {
		buf_add_text(out, "        - ");
		generate_add_quoted(out, own->match_binary.items[i]);
		buf_add_char(out, '\n');
	}
}

/* ---- system calls --------------------------------------------------------------------------- */

/* Calls FUNCTION with "sys_read" and so on: all that the kernel of BTF has, or all that this
 * architecture knows when there is no BTF. */
static int generate_visit_syscalls(const char *btf, void (*function)(void *, const char *),
				   void *context)
{
	struct kernel_types *types = NULL;
	int error = kernel_types_open(&types, *btf ? btf : NULL);
	char room[CLI_ERROR_BYTES];
	const char *name;

	if (error && *btf) {
		cli_complain("cannot read kernel type information \"%s\": %s", btf,
			     cli_error_text(-error, room));
		return error;
	}
	for (size_t i = 0; (name = syscall_get_name(i)) != NULL; i++) {
		_cleanup_free_ char *call = NULL, *symbol = NULL;

		if (asprintf(&call, "sys_%s", name) < 0)
			call = NULL;
		symbol = call ? syscall_get_function(call) : NULL;
		if (symbol && (!types || kernel_types_find_function(types, symbol)))
			function(context, call);
	}
	kernel_types_close(types);
	return 0;
}

static void generate_add_item(void *context, const char *call)
{
	buf_add_format(context, "    - \"%s\"\n", call);
}

struct generate_hooks {
	struct buf *out;
	const struct generate_settings *own;
};

static void generate_add_hook(void *context, const char *call)
{
	const struct generate_hooks *hooks = context;

	buf_add_format(hooks->out, "  - call: \"%s\"\n    syscall: true\n", call);
	generate_add_selectors(hooks->out, hooks->own);
}

static enum cli_exit generate_syscalls_run(const struct cli_settings *cli, const void *settings)
{
	_cleanup_buf_ struct buf text = {};
	struct generate_hooks hooks = { &text, settings };

	generate_add_head(&text, "all-syscalls");
	buf_add_text(&text, "spec:\n  kprobes:\n");
	if (generate_visit_syscalls(hooks.own->btf, generate_add_hook, &hooks))
		return CLI_FAILED;
	return cli_print(&text);
}

static enum cli_exit generate_syscalls_list_run(const struct cli_settings *cli,
						const void *settings)
{
	const struct generate_settings *own = settings;
	_cleanup_buf_ struct buf text = {};

	generate_add_head(&text, "all-syscalls-list");
	buf_add_text(&text, "spec:\n  lists:\n  - name: all-syscalls\n    type: syscalls\n"
			    "    values:\n");
	if (generate_visit_syscalls(own->btf, generate_add_item, &text))
		return CLI_FAILED;
	buf_add_text(&text, "  kprobes:\n  - call: \"list:all-syscalls\"\n    syscall: true\n");
	generate_add_selectors(&text, own);
	return cli_print(&text);
}

/* ---- functions that can be traced ------------------------------------------------------------ */

static FILE *generate_open_functions(const char *from)
{
	char room[CLI_ERROR_BYTES];
	FILE *file = NULL;

	if (*from)
		file = fopen(from, "re");
	for (size_t i = 0; !*from && !file && i < COUNT(function_files); i++)
		file = fopen(function_files[i], "re");
	if (!file)
		cli_complain(
			"cannot read \"%s\": %s%s", *from ? from : function_files[0],
			cli_error_text(errno, room),
			*from ? ""
			      : "; mount tracefs and run as root, or name a file of functions with --from");
	return file;
}

/* Lines are "name" or "name [module]". */
static size_t generate_add_functions(FILE *file, const regex_t *regex, struct buf *out)
{
	char line[512];
	size_t count = 0;

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\n")] = '\0';
		if (!*line || regexec(regex, line, 0, NULL, 0) != 0)
			continue;
		buf_add_text(out, "    - ");
		generate_add_quoted(out, line);
		buf_add_char(out, '\n');
		count++;
	}
	return count;
}

static enum cli_exit generate_functions_run(const struct cli_settings *cli, const void *settings)
{
	const struct generate_settings *own = settings;
	_cleanup_buf_ struct buf text = {};
	char reason[128];
	regex_t regex;
	size_t count;
	int error = regcomp(&regex, own->regex, REG_EXTENDED | REG_NOSUB);
	FILE *file;

	if (error) {
		regerror(error, &regex, reason, sizeof(reason));
		cli_complain("bad regular expression \"%s\": %s", own->regex, reason);
		return CLI_USAGE;
	}
	file = generate_open_functions(own->from);
	if (!file) {
		regfree(&regex);
		return CLI_FAILED;
	}
	generate_add_head(&text, "ftrace");
	buf_add_text(&text, "spec:\n  lists:\n  - name: ftrace\n    values:\n");
	count = generate_add_functions(file, &regex, &text);
	fclose(file);
	regfree(&regex);
	if (!count) {
		cli_complain("no function that can be traced matches \"%s\"", own->regex);
		return CLI_FAILED;
	}
	buf_add_text(&text, "  kprobes:\n  - call: \"list:ftrace\"\n    syscall: false\n");
	generate_add_selectors(&text, own);
	return cli_print(&text);
}

static enum cli_exit generate_empty_run(const struct cli_settings *cli, const void *settings)
{
	_cleanup_buf_ struct buf text = {};

	generate_add_head(&text, "empty");
	buf_add_text(&text, "spec: {}\n");
	return cli_print(&text);
}

/* ---- the rows: each command takes a run of them ---------------------------------------------- */

#define MATCH_BINARY_ROW                                    \
	{ "match-binary",                                   \
	  'm',                                              \
	  OPTION_LIST,                                      \
	  offsetof(struct generate_settings, match_binary), \
	  .placeholder = "PATH",                            \
	  .help = "only calls of processes of this executable; may be given repeatedly" }
#define BTF_ROW                                                                               \
	{ "btf",                                                                              \
	  0,                                                                                  \
	  OPTION_TEXT,                                                                        \
	  offsetof(struct generate_settings, btf),                                            \
	  .placeholder = "FILE",                                                              \
	  .help = "type information of the kernel whose system calls are meant; without it, " \
		  "the running one's" }
#define ELF_ROW                                       \
	{ "binary",                                   \
	  'b',                                        \
	  OPTION_TEXT,                                \
	  offsetof(struct generate_settings, binary), \
	  .placeholder = "FILE",                      \
	  .help = "the executable or library to look into" }

static const struct option_row match_rows[] = { MATCH_BINARY_ROW };
static const struct option_row syscall_rows[] = { MATCH_BINARY_ROW, BTF_ROW };
static const struct option_row elf_rows[] = { MATCH_BINARY_ROW, ELF_ROW };
static const struct option_row function_rows[] = {
	MATCH_BINARY_ROW,
	{ "regex", 'r', OPTION_TEXT, offsetof(struct generate_settings, regex), .value = ".*",
	  .placeholder = "REGEX",
	  .help = "an extended regular expression that the function's name matches somewhere" },
	{ "from", 0, OPTION_TEXT, offsetof(struct generate_settings, from), .placeholder = "FILE",
	  .help = "a file of function names; without it, tracefs' available_filter_functions" },
};

#define GENERATE(rows_)                                                  \
	.is_offline = true, .rows = (rows_), .rows_count = COUNT(rows_), \
	.settings_bytes = sizeof(struct generate_settings)

const struct command command_generate_empty = {
	.path = "tracingpolicy generate empty",
	.about = "a policy without hooks",
	.examples = "tetra tracingpolicy generate empty > new.yaml\n",
	GENERATE(match_rows),
	.run = generate_empty_run,
};

const struct command command_generate_all_syscalls = {
	.path = "tracingpolicy generate all-syscalls",
	.about = "a hook on each system call",
	.examples = "tetra tracingpolicy generate all-syscalls -m /usr/bin/id > id.yaml\n",
	GENERATE(syscall_rows),
	.run = generate_syscalls_run,
};

const struct command command_generate_all_syscalls_list = {
	.path = "tracingpolicy generate all-syscalls-list",
	.about = "one hook on a list of all system calls",
	GENERATE(syscall_rows),
	.run = generate_syscalls_list_run,
};

const struct command command_generate_ftrace_list = {
	.path = "tracingpolicy generate ftrace-list",
	.about = "one hook on a list of kernel functions",
	.examples = "tetra tracingpolicy generate ftrace-list -r '^tcp_v4_' > tcp.yaml\n",
	GENERATE(function_rows),
	.run = generate_functions_run,
};

const struct command command_generate_uprobes = {
	.path = "tracingpolicy generate uprobes",
	.about = "a hook on the functions of an executable or library",
	.examples = "tetra tracingpolicy generate uprobes -b /bin/bash > bash.yaml\n",
	GENERATE(elf_rows),
	.run = generate_uprobes,
};

const struct command command_generate_usdts = {
	.path = "tracingpolicy generate usdts",
	.about = "hooks on the static probes of an executable or library",
	.examples = "tetra tracingpolicy generate usdts -b /lib/x86_64-linux-gnu/libc.so.6\n",
	GENERATE(elf_rows),
	.run = generate_usdts,
};
