/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by regex.c (matching), regex_translate.c (the grammar) and regex_class.c (sets of
 * characters). */
#pragma once

#include "base/regex.h"

/* How long matching may take for a text of a given length. */
enum regex_cost {
	REGEX_COST_LINEAR,    /* nothing repeats much, there are few choices */
	REGEX_COST_QUADRATIC, /* one thing does repeat */
	REGEX_COST_ANY
};

struct regex_flags {
	bool fold, dot_is_any, multi_line, ungreedy;
};

struct regex_translator {
	const char *start, *at, *end; /* RE2's pattern, valid UTF-8 */
	struct buf *out;	      /* PCRE2's */
	struct diag *diag;
	struct regex_flags flags;
	unsigned int depth, groups, repeats;
	unsigned int choices; /* small repeats, and branches in groups */
	bool has_nested_repeats;
	struct span names[REGEX_GROUPS_MAX];
	unsigned int name_count;
};

/* PATTERN to what PCRE2 takes. -EINVAL with a line in DIAG; -ENOMEM. */
int regex_translate(struct buf *out, enum regex_cost *cost, struct span pattern, struct diag *diag);

/* A line that names the character at PLACE. Returns -EINVAL. */
int regex_fail(struct regex_translator *self, const char *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The code point at self->at, which it steps over. self->at must not be the end. */
uint32_t regex_next_point(struct regex_translator *self);
/* An escape that stands for one character, from its backslash. */
int regex_read_escape(struct regex_translator *self, uint32_t *out);

/* Whether a set stands at self->at: a class in brackets, \d, \pN, ... */
bool regex_class_starts(const struct regex_translator *self);
/* Translates it. */
int regex_class_read(struct regex_translator *self);
