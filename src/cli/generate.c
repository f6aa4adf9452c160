/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra tracingpolicy generate`: an empty policy, all system calls, functions by their name. What
 * is in ELF files is generate_elf.c's. */
#include "cli/generate.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "cli/ask.h"
#include "kernel/syscalls.h"
#include "kernel/types.h"
#include "policy/limits.h"
#include "policy/source.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* KSYM_NAME_LEN of the kernel is 512 (6.1), and a module's name may follow. */
enum { LINE_BYTES = 1024 };

/* Where tracefs is mounted, in the order in which they are tried. */
static const char *const function_files[] = {
	"/sys/kernel/tracing/available_filter_functions",
	"/sys/kernel/debug/tracing/available_filter_functions",
};

/* False: a control, or what YAML takes for the end of a line or of a file's first bytes: U+0080 to
 * U+009F, U+2028, U+2029, U+FEFF. */
static bool quoted_is_plain(const char *at, size_t bytes)
{
	unsigned char first = (unsigned char)at[0], last = (unsigned char)at[bytes - 1];

	if (bytes == 1)
		return first >= 0x20 && first != 0x7f;
	if (bytes == 2)
		return first != 0xc2 || last >= 0xa0;
	return bytes != 3 ||
	       (memcmp(at, "\xe2\x80\xa8", 3) != 0 && memcmp(at, "\xe2\x80\xa9", 3) != 0 &&
		memcmp(at, "\xef\xbb\xbf", 3) != 0);
}

void generate_add_quoted(struct buf *out, const char *text)
{
	size_t left = strlen(text), bytes;

	buf_add_char(out, '"');
	for (; left; text += bytes, left -= bytes) {
		const unsigned char *at = (const unsigned char *)text;

		bytes = utf8_char_bytes(text, left);
		bytes = bytes ? bytes : 1; /* it is refused below */
		if (*text == '"' || *text == '\\')
			buf_add_format(out, "\\%c", *text);
		else if (quoted_is_plain(text, bytes))
			buf_add(out, text, bytes);
		else if (bytes <= 2)
			buf_add_format(out, "\\x%02x", at[bytes - 1]);
		else
			buf_add_format(out, "\\u%04x",
				       (at[0] & 0xfU) << 12 | (at[1] & 0x3fU) << 6 |
					       (at[2] & 0x3fU));
	}
	buf_add_char(out, '"');
}

static bool text_is_utf8(const char *text)
{
	size_t left = strlen(text), bytes;

	for (; left; text += bytes, left -= bytes) {
		bytes = utf8_char_bytes(text, left);
		if (!bytes)
			return false;
	}
	return true;
}

bool generate_is_name(const char *name)
{
	size_t bytes = strlen(name);

	if (!bytes || bytes >= POLICY_TEXT_BYTES_MAX)
		return false;
	for (; *name; name++) {
		if ((unsigned char)*name <= ' ' || (unsigned char)*name >= 0x7f)
			return false;
	}
	return true;
}

enum cli_exit generate_print(struct buf *text)
{
	if (!text_is_utf8(buf_text(text)))
		cli_complain("a name in the policy would be no UTF-8, which policies are");
	else if (text->bytes > SOURCE_BYTES_MAX)
		cli_complain("the policy would have %zu bytes, and a policy has at most %u; "
			     "choose fewer functions",
			     text->bytes, SOURCE_BYTES_MAX);
	else
		return cli_print(text);
	return CLI_FAILED;
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
	return generate_print(&text);
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
	return generate_print(&text);
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

enum function_line { LINE_END, LINE_EMPTY, LINE_BAD, LINE_NAME };

/* Of "name" or "name [module]"; what is longer than NAME, or has a NUL, is none. */
static enum function_line generate_read_line(FILE *file, char name[LINE_BYTES])
{
	size_t bytes = 0;
	int letter = getc(file);

	if (letter == EOF)
		return LINE_END;
	for (; letter != EOF && letter != '\n'; letter = getc(file)) {
		if (bytes < LINE_BYTES - 1)
			name[bytes++] = (char)letter;
	}
	name[bytes] = '\0';
	if (name[strspn(name, " \t\r")] == '\0' && strlen(name) == bytes)
		return LINE_EMPTY;
	if (bytes == LINE_BYTES - 1 || strlen(name) != bytes)
		return LINE_BAD;
	name[strcspn(name, " \t\r")] = '\0';
	return generate_is_name(name) ? LINE_NAME : LINE_BAD;
}

/* OUT_BAD: lines that name no function. */
static size_t generate_add_functions(FILE *file, const regex_t *regex, struct buf *out,
				     size_t *out_bad)
{
	char name[LINE_BYTES];
	size_t count = 0;
	enum function_line line;

	while ((line = generate_read_line(file, name)) != LINE_END) {
		*out_bad += line == LINE_BAD;
		if (line != LINE_NAME || regexec(regex, name, 0, NULL, 0) != 0)
			continue;
		buf_add_text(out, "    - ");
		generate_add_quoted(out, name);
		buf_add_char(out, '\n');
		count++;
	}
	return count;
}

/* False: nothing was read that is of use, and said. */
static bool generate_add_file(FILE *file, const struct generate_settings *own, const regex_t *regex,
			      struct buf *out)
{
	const char *path = *own->from ? own->from : function_files[0];
	char room[CLI_ERROR_BYTES];
	size_t bad = 0;
	size_t count = generate_add_functions(file, regex, out, &bad);

	if (ferror(file)) {
		cli_complain("cannot read \"%s\": %s", path, cli_error_text(errno, room));
		return false;
	}
	if (bad)
		cli_complain("%zu line%s of \"%s\" name%s no function and %s left out", bad,
			     bad == 1 ? "" : "s", path, bad == 1 ? "s" : "",
			     bad == 1 ? "is" : "are");
	if (!count)
		cli_complain("no function that can be traced matches \"%s\"", own->regex);
	return count;
}

static enum cli_exit generate_functions_run(const struct cli_settings *cli, const void *settings)
{
	const struct generate_settings *own = settings;
	_cleanup_buf_ struct buf text = {};
	char reason[128];
	regex_t regex;
	bool is_filled;
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
	is_filled = generate_add_file(file, own, &regex, &text);
	fclose(file);
	regfree(&regex);
	if (!is_filled)
		return CLI_FAILED;
	buf_add_text(&text, "  kprobes:\n  - call: \"list:ftrace\"\n    syscall: false\n");
	generate_add_selectors(&text, own);
	return generate_print(&text);
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
