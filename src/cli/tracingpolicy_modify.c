/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tetra tracingpolicy modify`: a policy's text with another mode. In: a file. Out: the same text
 * on standard output, comments and layout included, but for the option "policy-mode". What was
 * written is read again before it is printed: a text that cannot be changed that way is refused.
 */
#include <string.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "policy/policy.h"

#define MODE_OPTION "policy-mode"

struct modify_settings {
	const char *mode;
};

/* The byte at PLACE; NULL: it is nowhere. */
static const char *modify_find(const struct source *source, struct place place)
{
	struct span line;
	const char *at, *end;

	if (!place.line)
		return NULL;
	line = source_get_line(source, place.line);
	at = line.data;
	end = line.data + line.bytes;
	for (uint32_t column = 1; column < place.column && at < end; column++) {
		at++;
		while (at < end && ((unsigned char)*at & 0xc0) == 0x80)
			at++;
	}
	return at;
}

/* The text, with WORDS in place of the bytes from FROM to TO. */
static void modify_put(const struct source *source, const char *from, const char *to,
		       const char *words, struct buf *out)
{
	const char *end = source->text.data + source->text.bytes;

	buf_add(out, source->text.data, (size_t)(from - source->text.data));
	buf_add_text(out, words);
	buf_add(out, to, (size_t)(end - to));
}

/* Where the line of AT begins. */
static const char *modify_find_line(const struct source *source, const char *at)
{
	while (at > source->text.data && at[-1] != '\n')
		at--;
	return at;
}

/* What the file ends its lines with. */
static const char *modify_get_line_end(const struct source *source)
{
	const char *end = memchr(source->text.data, '\n', source->text.bytes);

	return end && end > source->text.data && end[-1] == '\r' ? "\r\n" : "\n";
}

static const struct policy_option *modify_find_option(const struct policy *policy)
{
	for (size_t i = 0; i < policy->spec->options.count; i++) {
		if (strcmp(policy->spec->options.items[i].name.data, MODE_OPTION) == 0)
			return &policy->spec->options.items[i];
	}
	return NULL;
}

/* The value of the option that is there. */
static void modify_replace(const struct source *source, const struct policy_text *value,
			   const char *mode, struct buf *out)
{
	const char *from = modify_find(source, value->place);
	struct place behind = value->place;
	_cleanup_buf_ struct buf words = {};
	char quote;

	if (!from)
		return;
	behind.column += behind.width;
	quote = *from == '"' || *from == '\'' ? *from : '\0';
	if (quote)
		buf_add_format(&words, "%c%s%c", quote, mode, quote);
	else
		buf_add_text(&words, mode);
	modify_put(source, from, modify_find(source, behind), buf_text(&words), out);
}

/* In front of the first thing in a list or map in braces that begins at OPEN. */
static void modify_insert_flow(const struct source *source, const char *open, const char *format,
			       const char *mode, struct buf *out)
{
	const char *end = source->text.data + source->text.bytes;
	const char *next = open + 1;
	_cleanup_buf_ struct buf words = {};

	while (next < end && strchr(" \t\r\n", *next))
		next++;
	buf_add_format(&words, format, mode);
	if (next < end && *next != ']' && *next != '}')
		buf_add_text(&words, ", ");
	modify_put(source, open + 1, open + 1, buf_text(&words), out);
}

/* In front of the line of AT, with what stands there before WHERE as indentation. */
static void modify_insert_lines(const struct source *source, const char *at, const char *where,
				const char *mode, bool is_item, struct buf *out)
{
	const char *line = modify_find_line(source, at), *end = modify_get_line_end(source);
	int indent = (int)(where - line);
	_cleanup_buf_ struct buf words = {};

	if (!is_item)
		buf_add_format(&words, "%.*soptions:%s", indent, line, end);
	buf_add_format(&words, "%.*s- name: " MODE_OPTION "%s%.*s  value: %s%s", indent, line, end,
		       indent, line, mode, end);
	modify_put(source, line, line, buf_text(&words), out);
}

/* Another option, in a list that is there. */
static void modify_add_option(const struct policy *policy, const char *mode, struct buf *out)
{
	const struct source *source = &policy->source;
	const char *at = modify_find(source, policy->spec->options.place);
	const char *line, *dash;

	if (!at)
		return;
	if (*at == '[') {
		modify_insert_flow(source, at, "{\"name\": \"" MODE_OPTION "\", \"value\": \"%s\"}",
				   mode, out);
		return;
	}
	line = modify_find_line(source, at);
	dash = line + strspn(line, " ");
	if (*dash == '-')
		modify_insert_lines(source, at, dash, mode, true, out);
}

/* The first option of all. */
static void modify_add_options(const struct policy *policy, const char *mode, struct buf *out)
{
	const struct source *source = &policy->source;
	const char *at = modify_find(source, policy->spec->place);
	_cleanup_buf_ struct buf words = {};

	if (at && *at == '{')
		modify_insert_flow(source, at,
				   "\"options\": [{\"name\": \"" MODE_OPTION
				   "\", \"value\": \"%s\"}]",
				   mode, out);
	else if (at)
		modify_insert_lines(source, at, at, mode, false, out);
}

/* Whether TEXT is a policy with that mode. */
static bool modify_check(const char *path, struct buf *text, const char *mode)
{
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;
	struct span span = { text->data, text->bytes };
	struct span word = span_of(mode);

	if (!text->bytes || policy_read_text(path, span, &report, &policy))
		return false;
	return policy->options.mode == words_find(WORDS_MODE, word);
}

static enum cli_exit modify_run(const struct cli_settings *cli, const void *settings)
{
	const struct modify_settings *own = settings;
	const char *path = cli->words->items[0];
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;
	const struct policy_option *option;
	_cleanup_buf_ struct buf findings = {}, text = {};

	if (!*own->mode) {
		cli_complain("nothing to change; give --mode enforce or --mode monitor");
		return CLI_USAGE;
	}
	if (policy_read_file(path, &report, &policy)) {
		report_add_text(&report, &findings);
		cli_complain("%s%s: not changed", buf_text(&findings), path);
		return CLI_FAILED;
	}
	option = modify_find_option(policy);
	if (option)
		modify_replace(&policy->source, &option->value, own->mode, &text);
	else if (policy->spec->options.count || policy->spec->options.state == FIELD_GIVEN)
		modify_add_option(policy, own->mode, &text);
	else
		modify_add_options(policy, own->mode, &text);
	if (modify_check(path, &text, own->mode))
		return cli_print(&text);
	cli_complain("%s: this layout cannot be changed; write an option \"" MODE_OPTION
		     "\" below \"spec\" by hand",
		     path);
	return CLI_FAILED;
}

static const struct option_row modify_rows[] = {
	{ "mode", 'm', OPTION_TEXT, offsetof(struct modify_settings, mode), .value = "",
	  .choices = "enforce|monitor", .help = "whether the policy acts or only reports" },
};

const struct command command_tracingpolicy_modify = {
	.path = "tracingpolicy modify",
	.about = "print a policy file with another mode",
	.words = "FILE",
	.words_count = 1,
	.word_kinds = "file",
	.is_offline = true,
	.more = "Comments and layout stay. A FILE of \"-\" is standard input.\n",
	.examples = "tetra tracingpolicy modify web.yaml -m monitor > try.yaml\n",
	.rows = modify_rows,
	.rows_count = sizeof(modify_rows) / sizeof(modify_rows[0]),
	.settings_bytes = sizeof(struct modify_settings),
	.run = modify_run,
};
