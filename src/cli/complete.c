/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tetra __complete WORD...`: what the last word can become. In: the words of a command line as far
 * as they are written. Out: lines "word<TAB>about", and at last ":N", bits that say how a shell
 * goes on; this is what upstream's program answers too, so that completions made by it work here.
 */
#include <stdio.h>
#include <string.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "cli/connect.h"
#include "cli/help.h"

/* The bits. Without any, names of files complete a word that has no candidate. */
enum { SHELL_NO_SPACE = 2, SHELL_NO_FILES = 4, SHELL_DIRECTORIES = 16 };

/* Nobody waits for longer after a key. */
#define COMPLETE_TIMEOUT_NS 1000000000ULL

struct complete {
	const struct cli_settings *cli;
	char path[COMMAND_PATH_BYTES];
	const struct command *command;	 /* NULL: not complete */
	size_t words;			 /* behind the command */
	char behind[COMMAND_PATH_BYTES]; /* those, as a command's path */
	const struct option_row *value;	 /* the last word is this flag's value */
	const char *server_address;	 /* as the command line says; NULL: it does not */
	bool only_words;		 /* behind "--" */
	const char *last;
	const char *prefix; /* of each candidate: "--output=" */
	int directive;
};

static void complete_offer(const struct complete *self, const char *word, const char *about)
{
	if (strncmp(word, self->last, strlen(self->last)) != 0)
		return;
	printf("%s%s%s%s\n", self->prefix, word, *about ? "\t" : "", about);
}

/* Of "a|b|c". */
static void complete_choices(const struct complete *self, const char *choices)
{
	while (*choices) {
		size_t bytes = strcspn(choices, "|");
		_cleanup_free_ char *word = strndup(choices, bytes);

		complete_offer(self, word ? word : "", "");
		choices += bytes + (choices[bytes] == '|');
	}
}

static void complete_policies(const struct complete *self)
{
	struct cli_settings cli = *self->cli;
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Tetragon__ListTracingPoliciesRequest request =
		TETRAGON__LIST_TRACING_POLICIES_REQUEST__INIT;
	struct cli_call call = {
		.method = "ListTracingPolicies",
		.request = &request.base,
		.response_type = &tetragon__list_tracing_policies_response__descriptor,
	};
	const Tetragon__ListTracingPoliciesResponse *list;

	cli.timeout_ns = COMPLETE_TIMEOUT_NS;
	cli.retries = 0;
	if (self->server_address)
		cli.server_address = self->server_address;
	if (cli_connect(&cli, -1, &client) || cli_call(&cli, client, &call, &message))
		return;
	list = (const Tetragon__ListTracingPoliciesResponse *)message;
	for (size_t i = 0; i < list->n_policies; i++) {
		/* A name is a DNS subdomain; what is not is for nobody's shell. */
		if (strspn(list->policies[i]->name, "abcdefghijklmnopqrstuvwxyz0123456789.-") ==
		    strlen(list->policies[i]->name))
			complete_offer(self, list->policies[i]->name, "");
	}
}

/* The words that may follow PATH. */
static void complete_commands(const struct complete *self, const char *path)
{
	const struct command_entry *entries;
	size_t count = commands_get(&entries);
	char last[COMMAND_PATH_BYTES] = "", word[COMMAND_PATH_BYTES];

	for (size_t i = 0; i < count; i++) {
		const struct command *command = entries[i].command;
		_cleanup_free_ char *whole = NULL;
		const struct command_group *group;

		if (!command_begins_with(command, path) || (command->is_hidden && !*path))
			continue;
		command_get_word(command, strlen(path), word);
		if (!*word || strcmp(word, last) == 0)
			continue;
		memcpy(last, word, sizeof(last));
		if (asprintf(&whole, "%s%s%s", path, *path ? " " : "", word) < 0)
			return;
		group = strcmp(whole, command->path) == 0 ? NULL : commands_find_group(whole);
		complete_offer(self, word, group ? group->about : command->about);
		if (group && group->alias)
			complete_offer(self, group->alias, group->about);
	}
}

static void complete_flag(void *context, const struct option_row *row)
{
	char name[COMMAND_PATH_BYTES];

	if (!row->help)
		return;
	snprintf(name, sizeof(name), "--%s", row->name);
	complete_offer(context, name, row->help);
}

/* KIND: of struct command's word_kinds, BYTES long. */
static void complete_kind(struct complete *self, const char *kind, size_t bytes)
{
	_cleanup_free_ char *word = strndup(kind, bytes);

	if (!word)
		return;
	self->directive = SHELL_NO_FILES;
	if (strcmp(word, "file") == 0)
		self->directive = 0;
	else if (strcmp(word, "directory") == 0)
		self->directive = SHELL_DIRECTORIES;
	else if (strcmp(word, "command") == 0)
		complete_commands(self, self->behind);
	else if (strcmp(word, "policy") == 0)
		complete_policies(self);
	else if (strchr(word, '|'))
		complete_choices(self, word);
}

static void complete_value(struct complete *self, const struct option_row *row)
{
	const char *placeholder = option_row_get_placeholder(row);

	if (row->choices)
		complete_choices(self, row->choices);
	else if (row->kind == OPTION_BOOL)
		complete_choices(self, "true|false");
	else if (strncmp(placeholder, "FILE", 4) == 0 || strcmp(placeholder, "PATH") == 0)
		self->directive = 0;
	else if (strcmp(placeholder, "DIR") == 0)
		self->directive = SHELL_DIRECTORIES;
}

static void complete_word(struct complete *self)
{
	const char *kind = self->command->word_kinds;
	size_t bytes = kind ? strcspn(kind, " ") : 0;

	if (!kind || (self->command->words_count && self->words >= self->command->words_count))
		return;
	for (size_t i = 0; i < self->words && kind[bytes]; i++) {
		kind += bytes + 1;
		bytes = strcspn(kind, " ");
	}
	complete_kind(self, kind, bytes);
}

struct complete_search {
	const char *name; /* without dashes */
	size_t bytes;	  /* 0: NAME is a letter */
	const struct option_row *found;
};

static void complete_compare(void *context, const struct option_row *row)
{
	struct complete_search *search = context;

	if (search->bytes ? strncmp(row->name, search->name, search->bytes) == 0 &&
				    !row->name[search->bytes]
			  : row->letter == *search->name)
		search->found = row;
}

/* The flag that WORD is, with or without its value; NULL: none. */
static const struct option_row *complete_find_flag(const struct complete *self, const char *word)
{
	static const struct command nothing = {};
	bool is_long = word[1] == '-';
	struct complete_search search = { .name = word + (is_long ? 2 : 1) };

	if (is_long)
		search.bytes = strcspn(search.name, "=");
	else
		search.name = word + strlen(word) - 1;
	help_visit_rows(self->cli, self->command ? self->command : &nothing, complete_compare,
			&search);
	return search.found;
}

/* Whether WORD makes another command of the one that is there. */
static bool complete_goes_on(const struct complete *self, const char *word)
{
	char path[COMMAND_PATH_BYTES];

	memcpy(path, self->path, sizeof(path));
	return command_path_add(path, word) && commands_has_path(path);
}

/* Takes a word that is written in full. */
static void complete_take(struct complete *self, const char *word)
{
	const struct option_row *row;

	if (self->value) {
		if (strcmp(self->value->name, "server-address") == 0)
			self->server_address = word;
		self->value = NULL;
	} else if (!self->only_words && strcmp(word, "--") == 0) {
		self->only_words = true;
	} else if (!self->only_words && word[0] == '-' && word[1]) {
		row = complete_find_flag(self, word);
		if (row && row->kind != OPTION_BOOL && !strchr(word, '='))
			self->value = row;
		else if (row && strncmp(word, "--server-address=", 17) == 0)
			self->server_address = word + 17;
	} else if (!self->command) {
		command_path_add(self->path, word);
		self->command = commands_find(self->path);
	} else if (!self->words && complete_goes_on(self, word)) {
		command_path_add(self->path, word);
		self->command = commands_find(self->path);
	} else {
		self->words++;
		command_path_add(self->behind, word);
	}
}

/* "--output=js": the value is what is completed. */
static void complete_joined(struct complete *self, char **out_prefix)
{
	const struct option_row *row = complete_find_flag(self, self->last);
	const char *value = strchr(self->last, '=') + 1;

	*out_prefix = strndup(self->last, (size_t)(value - self->last));
	self->prefix = *out_prefix ? *out_prefix : "";
	self->last = value;
	if (row)
		complete_value(self, row);
}

static void complete_last(struct complete *self)
{
	static const struct command nothing = {};
	_cleanup_free_ char *prefix = NULL;
	bool is_flag = !self->only_words && self->last[0] == '-';

	if (self->value) {
		complete_value(self, self->value);
	} else if (is_flag && strncmp(self->last, "--", 2) == 0 && strchr(self->last, '=')) {
		complete_joined(self, &prefix);
	} else if (is_flag) {
		help_visit_rows(self->cli, self->command ? self->command : &nothing, complete_flag,
				self);
	} else if (!self->command) {
		complete_commands(self, self->path);
	} else {
		if (!self->words)
			complete_commands(self, self->path);
		complete_word(self);
	}
}

static enum cli_exit complete_run(const struct cli_settings *cli, const void *settings)
{
	struct complete self = { .cli = cli, .prefix = "", .directive = SHELL_NO_FILES };
	const struct option_list *words = cli->words;

	for (size_t i = 0; i + 1 < words->count; i++)
		complete_take(&self, words->items[i]);
	self.last = words->count ? words->items[words->count - 1] : "";
	complete_last(&self);
	printf(":%d\n", self.directive);
	return CLI_DONE;
}

const struct command command_complete = {
	.path = "__complete",
	.about = "what the last of some words can become, for shells",
	.words = "WORD...",
	.takes_raw_words = true,
	.is_hidden = true,
	.is_offline = true,
	.run = complete_run,
};
