/* SPDX-License-Identifier: Apache-2.0 */
/* Flags as tables: who owns the values, and the grammar of a command line. Help is in
 * options_help.c, the text of single values in option_value.c. */
#include "base/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option_value.h"
#include "base/suggest.h"

struct option_slot {
	const struct option_row *row;
	void *member;
	char *text;   /* owned; what an OPTION_TEXT member points to */
	char *source; /* owned */
};

struct options {
	struct option_slot *slots;
	size_t count;
	struct option_list words;
};

int options_new(struct options **out)
{
	struct options *options = calloc(1, sizeof(*options));

	if (!options)
		return -ENOMEM;
	*out = options;
	return 0;
}

static void option_list_done(struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free((void *)list->items[i]);
	free(list->items);
	*list = (struct option_list){};
}

void options_free(struct options *options)
{
	if (!options)
		return;
	for (size_t i = 0; i < options->count; i++) {
		struct option_slot *slot = &options->slots[i];

		if (slot->row->kind == OPTION_LIST)
			option_list_done(slot->member);
		else if (slot->row->kind == OPTION_TEXT)
			*(const char **)slot->member = "";
		free(slot->text);
		free(slot->source);
	}
	free(options->slots);
	free(options->words.items);
	free(options);
}

static struct option_slot *options_find(const struct options *options, const char *name,
					size_t bytes)
{
	for (size_t i = 0; i < options->count; i++) {
		const char *own = options->slots[i].row->name;

		if (strncmp(own, name, bytes) == 0 && !own[bytes])
			return &options->slots[i];
	}
	return NULL;
}

static struct option_slot *options_find_letter(const struct options *options, char letter)
{
	for (size_t i = 0; letter && i < options->count; i++) {
		if (options->slots[i].row->letter == letter)
			return &options->slots[i];
	}
	return NULL;
}

/* Takes ITEM over. */
static int option_list_add(struct option_list *list, const char *item)
{
	const char **items;

	if (!item)
		return -ENOMEM;
	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count++] = item;
	return 0;
}

static int option_list_add_joined(struct option_list *list, const char *text)
{
	while (*text) {
		size_t bytes = strcspn(text, ",");
		char *item = strndup(text, bytes);
		int error = option_list_add(list, item);

		if (error) {
			free(item);
			return error;
		}
		text += bytes + (text[bytes] == ',');
	}
	return 0;
}

/* A list from the source that set it before grows; from another source it starts anew. */
static int option_slot_set_list(struct option_slot *slot, const char *value, const char *source)
{
	bool grows = slot->source && strcmp(slot->source, source) == 0;
	_cleanup_(option_list_done) struct option_list list = {};
	_cleanup_free_ char *joined = NULL;
	struct option_list *member = slot->member;
	int error;

	if (asprintf(&joined, "%s%s%s", grows ? slot->text : "", grows && *slot->text ? "," : "",
		     value) < 0) {
		joined = NULL;
		return -ENOMEM;
	}
	error = option_list_add_joined(&list, joined);
	if (error)
		return error;
	option_list_done(member);
	*member = list;
	list = (struct option_list){};
	free(slot->text);
	slot->text = TAKE_PTR(joined);
	return 0;
}

static int option_slot_set_scalar(struct option_slot *slot, const char *value)
{
	const struct option_kind_facts *kind = option_kind_get_facts(slot->row->kind);
	_cleanup_free_ char *text = strdup(value);

	if (!text)
		return -ENOMEM;
	if (slot->row->choices && !option_choice_has(slot->row->choices, value))
		return -EINVAL;
	if (kind->parse && !kind->parse(value, slot->member))
		return -EINVAL;
	if (slot->row->kind == OPTION_TEXT)
		*(const char **)slot->member = text;
	free(slot->text);
	slot->text = TAKE_PTR(text);
	return 0;
}

static int option_slot_set(struct option_slot *slot, const char *value, const char *source)
{
	_cleanup_free_ char *label = strdup(source);
	int error;

	if (!label)
		return -ENOMEM;
	if (slot->row->kind == OPTION_LIST)
		error = option_slot_set_list(slot, value, source);
	else
		error = option_slot_set_scalar(slot, value);
	if (error)
		return error;
	free(slot->source);
	slot->source = TAKE_PTR(label);
	return 0;
}

static bool option_kind_is_number(enum option_kind kind)
{
	return kind != OPTION_BOOL && kind != OPTION_TEXT && kind != OPTION_LIST;
}

const char *option_row_get_default(const struct option_row *row)
{
	if (row->value)
		return row->value;
	if (row->kind == OPTION_BOOL)
		return "false";
	return option_kind_is_number(row->kind) ? "0" : "";
}

static int option_slot_set_default(struct option_slot *slot)
{
	const char *value = option_row_get_default(slot->row);

	/* A default need not be one of the choices: "" may stand for "decided elsewhere". */
	if (slot->row->choices && !*value) {
		*(const char **)slot->member = "";
		free(slot->text);
		slot->text = strdup("");
		slot->source = strdup(OPTIONS_SOURCE_DEFAULT);
		return slot->text && slot->source ? 0 : -ENOMEM;
	}
	return option_slot_set(slot, value, OPTIONS_SOURCE_DEFAULT);
}

int options_add_table(struct options *options, const struct option_row *rows, size_t count,
		      void *target)
{
	struct option_slot *slots;

	slots = reallocarray(options->slots, options->count + count, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	options->slots = slots;
	for (size_t i = 0; i < count; i++) {
		struct option_slot slot = { .row = &rows[i],
					    .member = (char *)target + rows[i].offset };
		int error;

		if (options_has(options, rows[i].name) ||
		    options_find_letter(options, rows[i].letter))
			return -EEXIST;
		if (rows[i].kind == OPTION_LIST)
			*(struct option_list *)slot.member = (struct option_list){};
		slots[options->count] = slot;
		error = option_slot_set_default(&slots[options->count++]);
		if (error)
			return error;
	}
	return 0;
}

static void options_explain_value(const struct option_slot *slot, const char *value,
				  struct buf *message)
{
	const char *wanted = option_kind_get_facts(slot->row->kind)->wanted;

	if (slot->row->choices)
		wanted = slot->row->choices;
	buf_add_format(message, "bad value \"%s\" for flag \"--%s\": want %s", value,
		       slot->row->name, wanted);
}

static void options_explain_unknown(const struct options *options, const char *name, size_t bytes,
				    struct buf *message)
{
	_cleanup_free_ char *word = strndup(name, bytes);
	struct suggest suggest = suggest_start(word ? word : "");

	for (size_t i = 0; i < options->count; i++) {
		if (options->slots[i].row->help)
			suggest_offer(&suggest, options->slots[i].row->name);
	}
	buf_add_format(message, "unknown flag \"--%s\"", suggest.word);
	if (suggest.best)
		buf_add_format(message, "; did you mean \"--%s\"?", suggest.best);
}

static int options_try_slot(struct option_slot *slot, const char *value, const char *source,
			    struct buf *message)
{
	int error = option_slot_set(slot, value, source);

	if (error == -EINVAL)
		options_explain_value(slot, value, message);
	return error;
}

int options_reset(struct options *options, const char *name)
{
	struct option_slot *slot = options_find(options, name, strlen(name));

	if (!slot)
		return -EINVAL;
	free(TAKE_PTR(slot->source)); /* so that a list starts anew */
	return option_slot_set_default(slot);
}

int options_try(struct options *options, const char *name, const char *value, const char *source,
		struct buf *message)
{
	struct option_slot *slot = options_find(options, name, strlen(name));

	if (!slot) {
		options_explain_unknown(options, name, strlen(name), message);
		return -EINVAL;
	}
	if (slot->row->is_action && strcmp(source, OPTIONS_SOURCE_COMMAND_LINE) != 0) {
		buf_add_format(message, "\"%s\" is for the command line only", name);
		return -EINVAL;
	}
	return options_try_slot(slot, value, source, message);
}

int options_set(struct options *options, const char *name, const char *value, const char *source,
		struct diag *diag)
{
	_cleanup_buf_ struct buf message = {};
	int error = options_try(options, name, value, source, &message);

	if (error == -EINVAL && strcmp(source, OPTIONS_SOURCE_COMMAND_LINE) == 0)
		diag_add(diag, "%s", buf_text(&message));
	else if (error == -EINVAL)
		diag_add(diag, "%s: %s", source, buf_text(&message));
	return error;
}

/* A walk over the words of a command line. */
struct option_walk {
	struct options *options;
	int count;
	char *const *words;
	int at; /* the next word */
	struct diag *diag;
};

/* Sets from VALUE, or from the next word when VALUE is NULL and the kind needs one. */
static int options_take_value(struct option_walk *walk, struct option_slot *slot, const char *value)
{
	const char *placeholder = slot->row->placeholder;
	_cleanup_buf_ struct buf message = {};
	int error;

	if (!value)
		value = slot->row->kind == OPTION_BOOL ? "true" : slot->row->bare;
	if (!value && walk->at < walk->count)
		value = walk->words[walk->at++];
	if (value) {
		error = options_try_slot(slot, value, OPTIONS_SOURCE_COMMAND_LINE, &message);
		if (error == -EINVAL)
			diag_add(walk->diag, "%s", buf_text(&message));
		return error;
	}
	if (!placeholder)
		placeholder = option_kind_get_facts(slot->row->kind)->placeholder;
	diag_add(walk->diag, "flag \"--%s\" needs a value: --%s %s", slot->row->name,
		 slot->row->name, slot->row->choices ? slot->row->choices : placeholder);
	return -EINVAL;
}

static int options_take_long(struct option_walk *walk, const char *name)
{
	size_t bytes = strcspn(name, "=");
	struct option_slot *slot = options_find(walk->options, name, bytes);
	_cleanup_buf_ struct buf message = {};

	if (slot)
		return options_take_value(walk, slot, name[bytes] ? name + bytes + 1 : NULL);
	options_explain_unknown(walk->options, name, bytes, &message);
	diag_add(walk->diag, "%s", buf_text(&message));
	return -EINVAL;
}

/* "-x", "-xyz", "-o=json", "-ojson": LETTERS follow the dash. */
static int options_take_letters(struct option_walk *walk, const char *letters)
{
	const char *all = letters;
	int result = 0;

	for (; *letters; letters++) {
		struct option_slot *slot = options_find_letter(walk->options, *letters);
		int error;

		if (!slot) {
			diag_add(walk->diag,
				 "unknown flag \"-%c\" in \"-%s\"; --help lists the flags",
				 *letters, all);
			return -EINVAL;
		}
		if (letters[1] == '=')
			return options_take_value(walk, slot, letters + 2);
		if (slot->row->kind != OPTION_BOOL)
			return options_take_value(walk, slot, letters[1] ? letters + 1 : NULL);
		error = options_take_value(walk, slot, NULL);
		if (error)
			result = error;
	}
	return result;
}

static bool option_word_is_flag(const char *word)
{
	return word[0] == '-' && word[1];
}

static int options_take_word(struct option_walk *walk, const char *word)
{
	if (!option_word_is_flag(word))
		return option_list_add(&walk->options->words, word);
	return word[1] == '-' ? options_take_long(walk, word + 2)
			      : options_take_letters(walk, word + 1);
}

static int options_walk(struct option_walk *walk, bool stops_at_word)
{
	bool only_words = false;
	int result = 0;

	while (walk->at < walk->count) {
		const char *word = walk->words[walk->at];
		int error;

		if (stops_at_word && !option_word_is_flag(word))
			break;
		walk->at++;
		if (!only_words && strcmp(word, "--") == 0) {
			only_words = true;
			if (stops_at_word)
				break;
			continue;
		}
		error = only_words ? option_list_add(&walk->options->words, word)
				   : options_take_word(walk, word);
		if (error)
			result = error;
	}
	return result;
}

int options_parse(struct options *options, int argc, char *const *argv, struct diag *diag)
{
	struct option_walk walk = {
		.options = options, .count = argc, .words = argv, .diag = diag
	};

	return options_walk(&walk, false);
}

int options_parse_leading(struct options *options, int argc, char *const *argv, int *out_used,
			  struct diag *diag)
{
	struct option_walk walk = {
		.options = options, .count = argc, .words = argv, .diag = diag
	};
	int error = options_walk(&walk, true);

	*out_used = walk.at;
	return error;
}

const struct option_list *options_get_words(const struct options *options)
{
	return &options->words;
}

bool options_has(const struct options *options, const char *name)
{
	return options_find(options, name, strlen(name));
}

const char *options_get_source(const struct options *options, const char *name)
{
	const struct option_slot *slot = options_find(options, name, strlen(name));

	return slot ? slot->source : NULL;
}

const struct option_row *options_get_row(const struct options *options, const char *name)
{
	const struct option_slot *slot = options_find(options, name, strlen(name));

	return slot ? slot->row : NULL;
}

const char *options_get_text(const struct options *options, const char *name)
{
	const struct option_slot *slot = options_find(options, name, strlen(name));

	return slot ? slot->text : NULL;
}

bool options_differs(const struct options *options, const char *name)
{
	const struct option_slot *slot = options_find(options, name, strlen(name));

	return slot && strcmp(slot->text, option_row_get_default(slot->row)) != 0;
}

void options_visit(const struct options *options, options_visit_fn function, void *context)
{
	for (size_t i = 0; i < options->count; i++) {
		const struct option_slot *slot = &options->slots[i];

		function(context, slot->row, slot->text, slot->source);
	}
}
