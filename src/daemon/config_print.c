/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration for people and programs. Flags of upstream that change nothing are shown only
 * when somebody set them. No option holds a secret: keys and certificates are named by their path.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "daemon/config.h"
#include "policy/snippet.h"

/* Where comments begin, unless the value is longer. */
enum { COMMENT_COLUMN = 56 };

/* In double quotes, as YAML and JSON both read it. */
static void print_quoted(struct buf *out, const char *text, size_t bytes)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < bytes; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f) {
			buf_add_format(out, "\\u%04x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

static void print_list(struct buf *out, const char *joined)
{
	struct span rest = span_of(joined);

	buf_add_char(out, '[');
	for (bool is_first = true; rest.bytes; is_first = false) {
		struct span item = span_cut(&rest, ',');

		buf_add_text(out, is_first ? "" : ", ");
		print_quoted(out, item.data, item.bytes);
	}
	buf_add_char(out, ']');
}

static void print_value(struct buf *out, const struct option_row *row, const char *value)
{
	if (row->kind == OPTION_LIST)
		print_list(out, value);
	else if (row->kind == OPTION_TEXT || !*value)
		print_quoted(out, value, strlen(value));
	else
		buf_add_text(out, value);
}

static bool row_is_shown(const struct option_row *row, const char *source)
{
	if (row->is_action)
		return false;
	return !upstream_flag_find(row->name) || strcmp(source, OPTIONS_SOURCE_DEFAULT) != 0;
}

static const char *source_get_words(const char *source)
{
	size_t bytes = strlen(CONFIG_ENVIRONMENT_PREFIX);

	return strncmp(source, CONFIG_ENVIRONMENT_PREFIX, bytes) == 0 ? "environment variable "
								      : "";
}

static void print_row(void *context, const struct option_row *row, const char *value,
		      const char *source)
{
	struct buf *out = context;
	size_t start = out->bytes;

	if (!row_is_shown(row, source))
		return;
	buf_add_format(out, "%s: ", row->name);
	print_value(out, row, value);
	do
		buf_add_char(out, ' ');
	while (out->bytes - start < COMMENT_COLUMN && !out->failed);
	buf_add_format(out, "# %s", source_get_words(source));
	snippet_add_safe(out, span_of(source), SIZE_MAX);
	buf_add_text(out, upstream_flag_find(row->name) ? "; has no effect\n" : "\n");
}

void config_print(const struct config *config, struct buf *out)
{
	options_visit(config->flags, print_row, out);
}

static json_t *json_value(const struct option_row *row, const char *value)
{
	struct span rest = span_of(value);
	json_t *list;

	switch (row->kind) {
	case OPTION_BOOL:
		return json_boolean(value[0] && strchr("1tT", value[0]));
	case OPTION_UINT:
	case OPTION_INT:
		return json_integer((json_int_t)strtoll(value, NULL, 0));
	case OPTION_LIST:
		list = json_array();
		while (rest.bytes) {
			struct span item = span_cut(&rest, ',');

			json_array_append_new(list, json_stringn(item.data, item.bytes));
		}
		return list;
	default:
		return json_string(value);
	}
}

static void json_add_row(void *context, const struct option_row *row, const char *value,
			 const char *source)
{
	json_t *one;

	if (!row_is_shown(row, source))
		return;
	one = json_object();
	json_object_set_new(one, "value", json_value(row, value));
	json_object_set_new(one, "source", json_string(source));
	json_object_set_new(context, row->name, one);
}

int config_print_json(const struct config *config, struct buf *out)
{
	json_t *all = json_object();
	_cleanup_free_ char *text = NULL;

	options_visit(config->flags, json_add_row, all);
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (!text)
		return -ENOMEM;
	buf_add_format(out, "%s\n", text);
	return 0;
}

static void table_add_row(void *context, const struct option_row *row, const char *value,
			  const char *source)
{
	const struct upstream_flag *flag = upstream_flag_find(row->name);
	const char *preset = option_row_get_default(row);
	struct buf *out = context;

	buf_add_format(out, "    - name: %s\n", row->name);
	if (row->letter)
		buf_add_format(out, "      shorthand: %c\n", row->letter);
	buf_add_text(out, "      default_value: ");
	if (row->kind == OPTION_LIST)
		print_list(out, preset);
	else
		print_quoted(out, preset, strlen(preset));
	buf_add_text(out, "\n      usage: ");
	print_quoted(out, row->help ? row->help : "", row->help ? strlen(row->help) : 0);
	buf_add_text(out, "\n");
	if (!flag)
		return;
	buf_add_format(out,
		       "      upstream: %s\n      reason: ", upstream_what_get_name(flag->what));
	print_quoted(out, flag->reason, strlen(flag->reason));
	buf_add_text(out, "\n");
}

void config_print_table(const struct config *config, struct buf *out)
{
	buf_add_text(out, "name: tetrad\nusage: tetrad [flags]\noptions:\n");
	options_visit(config->flags, table_add_row, out);
}
