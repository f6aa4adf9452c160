/* SPDX-License-Identifier: Apache-2.0 */
/* Help text of flags: groups, two columns, wrapped at 80. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option_value.h"
#include "base/options.h"

enum {
	HELP_COLUMNS = 80,
	HELP_INDENT = 6,	/* "  -x, " */
	HELP_NAME_COLUMNS = 28, /* a longer name pushes its text to the next line */
	HELP_GROUPS_MAX = 16	/* more than a person reads */
};

struct help_state {
	struct buf *out;
	const char *groups[HELP_GROUPS_MAX];
	size_t groups_count;
	const char *group; /* printed now */
	size_t name_columns;
};

static const char *help_group(const struct option_row *row)
{
	return row->group ? row->group : "Flags";
}

const char *option_row_get_placeholder(const struct option_row *row)
{
	if (row->placeholder)
		return row->placeholder;
	return row->choices ? row->choices : option_kind_get_facts(row->kind)->placeholder;
}

static size_t help_name_bytes(const struct option_row *row)
{
	const char *placeholder = option_row_get_placeholder(row);

	if (row->bare)
		return strlen("--[=]") + strlen(row->name) + strlen(placeholder);
	return strlen("--") + strlen(row->name) + (*placeholder ? 1 + strlen(placeholder) : 0);
}

static void help_measure(struct help_state *state, const struct option_row *row)
{
	size_t bytes = help_name_bytes(row);

	if (!row->help)
		return;
	if (bytes > state->name_columns && bytes <= HELP_NAME_COLUMNS)
		state->name_columns = bytes;
	for (size_t i = 0; i < state->groups_count; i++) {
		if (strcmp(state->groups[i], help_group(row)) == 0)
			return;
	}
	if (state->groups_count < HELP_GROUPS_MAX)
		state->groups[state->groups_count++] = help_group(row);
}

static void help_pad(struct buf *out, size_t columns)
{
	while (columns--)
		buf_add_char(out, ' ');
}

void options_add_wrapped(struct buf *out, const char *text, size_t margin, size_t *column)
{
	while (*text) {
		size_t bytes = strcspn(text, " ");

		if (*column > margin && *column + 1 + bytes > HELP_COLUMNS) {
			buf_add_char(out, '\n');
			help_pad(out, margin);
			*column = margin;
		}
		if (*column > margin) {
			buf_add_char(out, ' ');
			++*column;
		}
		buf_add(out, text, bytes);
		*column += bytes;
		text += bytes;
		text += strspn(text, " ");
	}
}

static void help_add_text(const struct help_state *state, const struct option_row *row)
{
	size_t margin = HELP_INDENT + state->name_columns + 2;
	_cleanup_buf_ struct buf value = {};
	size_t column = margin;

	options_add_wrapped(state->out, row->help, margin, &column);
	if (row->value && *row->value && strcmp(row->value, "false") != 0) {
		buf_add_format(&value, "(default %s)", row->value);
		options_add_wrapped(state->out, buf_text(&value), margin, &column);
	}
	buf_add_char(state->out, '\n');
}

static void help_add_row(const struct help_state *state, const struct option_row *row)
{
	const char *placeholder = option_row_get_placeholder(row);
	size_t bytes = help_name_bytes(row);

	if (!row->help || strcmp(state->group, help_group(row)) != 0)
		return;
	if (row->letter)
		buf_add_format(state->out, "  -%c, --%s", row->letter, row->name);
	else
		buf_add_format(state->out, "      --%s", row->name);
	if (row->bare)
		buf_add_format(state->out, "[=%s]", placeholder);
	else if (*placeholder)
		buf_add_format(state->out, " %s", placeholder);
	if (bytes > state->name_columns) {
		buf_add_char(state->out, '\n');
		help_pad(state->out, HELP_INDENT + state->name_columns + 2);
	} else {
		help_pad(state->out, state->name_columns + 2 - bytes);
	}
	help_add_text(state, row);
}

void options_add_help_of(const struct option_row *const *rows, size_t count, struct buf *out)
{
	struct help_state state = { .out = out };

	for (size_t i = 0; i < count; i++)
		help_measure(&state, rows[i]);
	for (size_t i = 0; i < state.groups_count; i++) {
		state.group = state.groups[i];
		buf_add_format(out, "%s%s:\n", out->bytes ? "\n" : "", state.group);
		for (size_t j = 0; j < count; j++)
			help_add_row(&state, rows[j]);
	}
}

struct help_rows {
	const struct option_row **items;
	size_t count;
};

static void help_collect(void *context, const struct option_row *row, const char *value,
			 const char *source)
{
	struct help_rows *rows = context;

	if (rows->items)
		rows->items[rows->count] = row;
	rows->count++;
}

void options_add_help(const struct options *options, struct buf *out)
{
	_cleanup_free_ const struct option_row **items = NULL;
	struct help_rows rows = {};

	options_visit(options, help_collect, &rows);
	items = calloc(rows.count + 1, sizeof(*items));
	if (!items) {
		out->failed = true;
		return;
	}
	rows = (struct help_rows){ .items = items };
	options_visit(options, help_collect, &rows);
	options_add_help_of(items, rows.count, out);
}
