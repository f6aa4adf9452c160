/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags as tables. In: rows, a caller's struct, and texts (command line, environment, files). Out:
 * that struct filled in, the words that are no flags, help text, and where each value came from.
 *
 * The grammar is that of Go's pflag: `--name value`, `--name=value`, `--bool`, `--bool=false`,
 * `-x`, `-xyz` (booleans), `-o value`, `-ovalue`, `-o=value`, `--` ends the flags. Reading files
 * and the environment is the caller's; it hands each value to options_set().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"

struct option_list {
	const char **items;
	size_t count;
};

/* The kind decides the type of the member at `offset`. */
enum option_kind {
	OPTION_BOOL,	 /* bool */
	OPTION_TEXT,	 /* const char *, never NULL */
	OPTION_UINT,	 /* uint64_t */
	OPTION_INT,	 /* int64_t */
	OPTION_SIZE,	 /* uint64_t, bytes; K, M, G are powers of 1024 */
	OPTION_DURATION, /* uint64_t, nanoseconds; "1h30m", "30s", "500ms", "0" */
	OPTION_LIST,	 /* struct option_list; "a,b", and repetition from one source adds */
	OPTION_KINDS
};

struct option_row {
	const char *name; /* long name without dashes */
	char letter;	  /* 0: none */
	enum option_kind kind;
	size_t offset;		 /* of the member in the table's target */
	const char *value;	 /* default as text; NULL: false, "", 0 or the empty list */
	const char *placeholder; /* how help calls the value; NULL: a word for the kind */
	const char *choices;	 /* OPTION_TEXT: allowed words, "json|compact"; NULL: any text */
	const char *help;	 /* one sentence; NULL hides the flag from help */
	const char *group;	 /* heading in help; NULL: "Flags" */
	const char *bare; /* OPTION_TEXT: what `--name` alone means; NULL: it needs a value */
	bool is_action;	  /* something to do and end; only the command line can ask for it */
};

/* The default as text, never NULL. */
const char *option_row_get_default(const struct option_row *row);

/* Sources with a meaning here; any other text names where a value came from ("environment", a
 * path). */
#define OPTIONS_SOURCE_DEFAULT	    "default"
#define OPTIONS_SOURCE_COMMAND_LINE "command line"

struct options;

int options_new(struct options **out);
void options_free(struct options *options); /* frees all texts and lists it put into targets */

/*
 * Adds a table and sets its defaults in TARGET. ROWS and TARGET outlive the options. -EEXIST: a
 * name or letter is taken; -EINVAL: a default is no value of its kind.
 */
int options_add_table(struct options *options, const struct option_row *rows, size_t count,
		      void *target);

/*
 * Takes flags from argv[0] on (so without the program's name). Goes on after mistakes, with a line
 * each. -EINVAL: there was one.
 */
int options_parse(struct options *options, int argc, char *const *argv, struct diag *diag);
/* The same up to the first word that is no flag; OUT_USED: how many words were taken. */
int options_parse_leading(struct options *options, int argc, char *const *argv, int *out_used,
			  struct diag *diag);
/* The words of all options_parse() that are no flags, borrowed from argv. */
const struct option_list *options_get_words(const struct options *options);

/* One value by long name. A bad or unknown one leaves all as it was, adds a line, -EINVAL. */
int options_set(struct options *options, const char *name, const char *value, const char *source,
		struct diag *diag);
/* The same with the complaint in MESSAGE, which does not say where the value came from. */
int options_try(struct options *options, const char *name, const char *value, const char *source,
		struct buf *message);
/* Back to the default, also for what grows. -EINVAL: there is no such flag. */
int options_reset(struct options *options, const char *name);
bool options_has(const struct options *options, const char *name);
/* NULL: there is no such flag. */
const struct option_row *options_get_row(const struct options *options, const char *name);
/* The value as text; NULL: there is no such flag. Valid until the next set. */
const char *options_get_text(const struct options *options, const char *name);
/* Whether the flag was set, to something other than its default. */
bool options_differs(const struct options *options, const char *name);
/* Where the value came from; NULL: there is no such flag. Valid until the next set. */
const char *options_get_source(const struct options *options, const char *name);

/* All flags in table order, hidden ones too. VALUE is the text as it was given, lists joined. */
typedef void (*options_visit_fn)(void *context, const struct option_row *row, const char *value,
				 const char *source);
void options_visit(const struct options *options, options_visit_fn function, void *context);

/* Appends the help of all flags, by group in order of appearance, at most 80 columns wide. */
void options_add_help(const struct options *options, struct buf *out);
/* The same of rows that are in no table together. */
void options_add_help_of(const struct option_row *const *rows, size_t count, struct buf *out);
/* How help calls the value: "FILE", "json|compact"; "" for booleans. */
const char *option_row_get_placeholder(const struct option_row *row);
/* Adds the words of TEXT, wrapped into the columns from MARGIN to 80; the line is at *COLUMN. */
void options_add_wrapped(struct buf *out, const char *text, size_t margin, size_t *column);
