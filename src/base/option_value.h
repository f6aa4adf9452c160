/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One text to one value, by kind. In: text from a person. Out: a value, or nothing.
 * Texts and lists need an owner and stay with options.c.
 */
#pragma once

#include <stdbool.h>

#include "base/options.h"

struct option_kind_facts {
	const char *placeholder;
	const char *wanted; /* completes "want ..." in a complaint */
	/* Writes to the member only when TEXT is right. NULL: the text is the value. */
	bool (*parse)(const char *text, void *member);
};

const struct option_kind_facts *option_kind_get_facts(enum option_kind kind);

/* Whether WORD is one of CHOICES ("a|b|c"). */
bool option_choice_has(const char *choices, const char *word);
