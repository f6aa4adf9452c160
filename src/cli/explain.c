/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra explain`: what the fields of a policy are for, from the tables that policies are read by.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/suggest.h"
#include "cli/ask.h"
#include "policy/model.h"
#include "policy/schema.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { EXPLAIN_INDENT = 4 };

struct explain_settings {
	const char *output;
	const char *api_version;
	bool recursive, example, list;
};

static const struct {
	const char *kind;
	const char *names; /* that people use, with "|" between */
	const char *about;
} resources[] = {
	{ "TracingPolicy", "tracingpolicy|tracingpolicies|tgtp",
	  "What to hook in the kernel, what to look for there, and what to do." },
	{ "TracingPolicyNamespaced", "tracingpolicynamespaced|tracingpoliciesnamespaced|tgtpn",
	  "The same for the pods of one namespace of Kubernetes." },
};

/* How people call a kind of field. */
static const char *const kind_words[] = {
	[FIELD_TEXT] = "string",
	[FIELD_TEXTS] = "[]string",
	[FIELD_VALUES] = "[]string",
	[FIELD_LABELS] = "map[string]string",
	[FIELD_FLAG] = "boolean",
	[FIELD_WORD] = "string",
	[FIELD_INT32] = "integer",
	[FIELD_INDEX] = "integer",
	[FIELD_INT64] = "integer",
	[FIELD_NUMBERS_INDEX] = "[]integer",
	[FIELD_NUMBERS_INT64] = "[]integer",
	[FIELD_OBJECT] = "Object",
	[FIELD_OBJECTS] = "[]Object",
	[FIELD_NAMED_OBJECTS] = "map[string]Object",
	[FIELD_ANYTHING] = "any",
};

static const char explain_example[] =
	"# Who writes to /etc/shadow, and with what; such writes by /usr/bin/tee are stopped.\n"
	"apiVersion: cilium.io/v1alpha1\n"
	"kind: TracingPolicy\n"
	"metadata:\n"
	"  name: shadow-writes\n"
	"spec:\n"
	"  kprobes:\n"
	"  - call: security_file_permission\n"
	"    syscall: false\n"
	"    message: access to the password file\n"
	"    args:\n"
	"    - index: 0\n"
	"      type: file\n"
	"    - index: 1\n"
	"      type: int\n"
	"    selectors:\n"
	"    - matchBinaries:\n"
	"      - operator: In\n"
	"        values: [/usr/bin/tee]\n"
	"      matchArgs:\n"
	"      - index: 0\n"
	"        operator: Equal\n"
	"        values: [/etc/shadow]\n"
	"      - index: 1\n"
	"        operator: Mask\n"
	"        values: [\"2\"]\n"
	"      matchActions:\n"
	"      - action: Sigkill\n"
	"    - matchArgs:\n"
	"      - index: 0\n"
	"        operator: Equal\n"
	"        values: [/etc/shadow]\n"
	"      matchActions:\n"
	"      - action: Post\n"
	"        rateLimit: 1m\n";

static bool field_has_object(const struct field_row *row)
{
	return row->kind == FIELD_OBJECT || row->kind == FIELD_OBJECTS ||
	       row->kind == FIELD_NAMED_OBJECTS;
}

/* ---- which field ----------------------------------------------------------------------------- */

/* Row of the resource called NAME, which is BYTES long; -1 and a line: none. */
static int explain_find_resource(const char *name, size_t bytes)
{
	_cleanup_free_ char *word = strndup(name, bytes);
	struct suggest suggest = suggest_start(word ? word : "");

	for (size_t i = 0; i < COUNT(resources); i++) {
		struct span names = span_of(resources[i].names);

		while (names.bytes) {
			struct span one = span_cut(&names, '|');

			if (one.bytes == bytes && strncasecmp(one.data, name, bytes) == 0)
				return (int)i;
		}
		suggest_offer(&suggest, resources[i].kind);
	}
	if (suggest.best)
		cli_complain("unknown resource \"%s\"; did you mean \"%s\"?", suggest.word,
			     suggest.best);
	else
		cli_complain("unknown resource \"%s\"; \"tetra explain --list\" shows all",
			     suggest.word);
	return -1;
}

static void explain_complain_field(enum object object, const char *name)
{
	struct suggest suggest = suggest_start(name);
	size_t count;
	const struct field_row *rows = schema_get_fields(object, &count);

	for (size_t i = 0; i < count; i++)
		suggest_offer(&suggest, rows[i].name);
	if (suggest.best)
		cli_complain("unknown field \"%s\" in %s; did you mean \"%s\"?", name,
			     schema_get_object(object)->words, suggest.best);
	else
		cli_complain("unknown field \"%s\" in %s", name, schema_get_object(object)->words);
}

/* Follows REST, "spec.kprobes"; NULL and a line: there is no such field. */
static const struct field_row *explain_find_field(struct span rest)
{
	enum object object = OBJECT_POLICY;
	const struct field_row *row = NULL;

	while (rest.bytes) {
		struct span word = span_cut(&rest, '.');
		_cleanup_free_ char *name = strndup(word.data, word.bytes);

		if (row && !field_has_object(row)) {
			cli_complain("\"%s\" is %s and has no fields", row->name,
				     kind_words[row->kind]);
			return NULL;
		}
		object = row ? (enum object)row->element : object;
		row = schema_find_field(object, word);
		if (!row) {
			explain_complain_field(object, name ? name : "");
			return NULL;
		}
	}
	return row;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void explain_add_type(struct buf *out, const struct field_row *row)
{
	buf_add_format(out, "<%s>%s", kind_words[row->kind], row->is_required ? " -required-" : "");
}

static void explain_add_wrapped(struct buf *out, const char *text, size_t margin)
{
	size_t column = margin;

	buf_add_format(out, "%*s", (int)margin, "");
	options_add_wrapped(out, text, margin, &column);
	buf_add_char(out, '\n');
}

static void explain_add_words(struct buf *out, const struct field_row *row, size_t margin)
{
	_cleanup_buf_ struct buf line = {};
	enum words table = (enum words)row->element;

	if (row->kind == FIELD_WORD) {
		buf_add_text(&line, "One of");
		for (size_t i = 0; i < words_get_count(table); i++)
			buf_add_format(&line, "%s %s", i ? "," : "", words_get(table, i));
		buf_add_char(&line, '.');
	}
	if (row->default_text)
		buf_add_format(&line, "%sWithout it: %s.", line.bytes ? " " : "",
			       row->default_text);
	if (line.bytes)
		explain_add_wrapped(out, buf_text(&line), margin);
}

static void explain_add_fields(struct buf *out, enum object object, bool recursive, size_t margin)
{
	size_t count;
	const struct field_row *rows = schema_get_fields(object, &count);

	for (size_t i = 0; i < count; i++) {
		buf_add_format(out, "%*s%s  ", (int)margin, "", rows[i].name);
		explain_add_type(out, &rows[i]);
		buf_add_char(out, '\n');
		if (recursive && field_has_object(&rows[i]))
			explain_add_fields(out, (enum object)rows[i].element, true, margin + 2);
		if (recursive)
			continue;
		explain_add_wrapped(out, schema_get_help(&rows[i]), margin + EXPLAIN_INDENT);
		explain_add_words(out, &rows[i], margin + EXPLAIN_INDENT);
	}
}

/* ROW NULL: the resource itself. */
static void explain_add_text(struct buf *out, int resource, const struct field_row *row,
			     bool recursive)
{
	buf_add_format(out, "KIND:     %s\nVERSION:  %s\n", resources[resource].kind,
		       words_get(WORDS_API_VERSION, POLICY_API_V1ALPHA1));
	if (row) {
		buf_add_format(out, "FIELD:    %s ", row->name);
		explain_add_type(out, row);
		buf_add_char(out, '\n');
	}
	buf_add_text(out, "\nDESCRIPTION:\n");
	explain_add_wrapped(out, row ? schema_get_help(row) : resources[resource].about,
			    EXPLAIN_INDENT);
	if (row)
		explain_add_words(out, row, EXPLAIN_INDENT);
	if (row && !field_has_object(row))
		return;
	buf_add_text(out, "\nFIELDS:\n");
	explain_add_fields(out, row ? (enum object)row->element : OBJECT_POLICY, recursive, 2);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *explain_make_field(const struct field_row *row, bool recursive);

static json_t *explain_make_fields(enum object object, bool recursive)
{
	json_t *list = json_array();
	size_t count;
	const struct field_row *rows = schema_get_fields(object, &count);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, explain_make_field(&rows[i], recursive));
	return list;
}

static json_t *explain_make_field(const struct field_row *row, bool recursive)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", json_string(row->name));
	json_object_set_new(object, "type", json_string(kind_words[row->kind]));
	json_object_set_new(object, "required", json_boolean(row->is_required));
	json_object_set_new(object, "description", json_string(schema_get_help(row)));
	if (row->default_text)
		json_object_set_new(object, "default", json_string(row->default_text));
	if (row->kind == FIELD_WORD) {
		json_t *words = json_array();

		for (size_t i = 0; i < words_get_count((enum words)row->element); i++)
			json_array_append_new(words,
					      json_string(words_get((enum words)row->element, i)));
		json_object_set_new(object, "values", words);
	}
	if (recursive && field_has_object(row))
		json_object_set_new(object, "fields",
				    explain_make_fields((enum object)row->element, true));
	return object;
}

static void explain_add_json(struct buf *out, int resource, const struct field_row *row,
			     bool recursive)
{
	json_t *object = row ? explain_make_field(row, false) : json_object();
	char *line;

	json_object_set_new(object, "kind", json_string(resources[resource].kind));
	json_object_set_new(object, "apiVersion",
			    json_string(words_get(WORDS_API_VERSION, POLICY_API_V1ALPHA1)));
	if (!row)
		json_object_set_new(object, "description", json_string(resources[resource].about));
	if (!row || field_has_object(row))
		json_object_set_new(
			object, "fields",
			explain_make_fields(row ? (enum object)row->element : OBJECT_POLICY,
					    recursive));
	line = json_dumps(object, JSON_COMPACT);
	buf_add_format(out, "%s\n", line ? line : "{}");
	free(line);
	json_decref(object);
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum cli_exit explain_list(void)
{
	_cleanup_buf_ struct buf text = {};

	for (size_t i = 0; i < COUNT(resources); i++) {
		int bytes = (int)strcspn(resources[i].names, "|");

		buf_add_format(&text, "%-26.*s%s\n", bytes, resources[i].names, resources[i].about);
	}
	return cli_print(&text);
}

static enum cli_exit explain_field(const struct explain_settings *own, const char *path)
{
	size_t bytes = strcspn(path, ".");
	int resource = explain_find_resource(path, bytes);
	const struct field_row *row = NULL;
	_cleanup_buf_ struct buf text = {};

	if (resource < 0)
		return CLI_USAGE;
	if (path[bytes] && path[bytes + 1]) {
		row = explain_find_field(span_of(path + bytes + 1));
		if (!row)
			return CLI_USAGE;
	}
	if (own->example)
		buf_add_text(&text, explain_example);
	else if (strcmp(own->output, "json") == 0)
		explain_add_json(&text, resource, row, own->recursive);
	else
		explain_add_text(&text, resource, row, own->recursive);
	return cli_print(&text);
}

static enum cli_exit explain_run(const struct cli_settings *cli, const void *settings)
{
	const struct explain_settings *own = settings;
	const char *version = words_get(WORDS_API_VERSION, POLICY_API_V1ALPHA1);

	if (*own->api_version && strcmp(own->api_version, version) != 0) {
		cli_complain("unknown version \"%s\"; there is %s", own->api_version, version);
		return CLI_USAGE;
	}
	if (own->list)
		return explain_list();
	if (!cli->words->count) {
		cli_complain("tetra explain needs RESOURCE[.FIELD]; --list shows the resources");
		return CLI_USAGE;
	}
	return explain_field(own, cli->words->items[0]);
}

static const struct option_row explain_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct explain_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
	{ "recursive", 'R', OPTION_BOOL, offsetof(struct explain_settings, recursive),
	  .help = "all fields below, by name and type" },
	{ "example", 0, OPTION_BOOL, offsetof(struct explain_settings, example),
	  .help = "a policy that works, instead" },
	{ "list", 0, OPTION_BOOL, offsetof(struct explain_settings, list),
	  .help = "which resources there are, instead" },
	{ "api-version", 0, OPTION_TEXT, offsetof(struct explain_settings, api_version),
	  .placeholder = "VERSION", .help = "the version to explain; there is one" },
};

const struct command command_explain = {
	.path = "explain",
	.about = "what the fields of a policy file are for",
	.words = "RESOURCE[.FIELD]",
	.words_count = 1,
	.has_optional_words = true,
	.word_kinds = "tracingpolicy|tracingpolicynamespaced",
	.is_offline = true,
	.examples = "tetra explain tracingpolicy.spec.kprobes\n"
		    "tetra explain tracingpolicy.spec.kprobes.selectors.matchArgs.operator\n"
		    "tetra explain tracingpolicy --example > first.yaml\n",
	.rows = explain_rows,
	.rows_count = COUNT(explain_rows),
	.settings_bytes = sizeof(struct explain_settings),
	.run = explain_run,
};
