/* SPDX-License-Identifier: Apache-2.0 */
/* The key cel_expression. In: an expression, and events. Out: whether it holds. */
#pragma once

#include <stdbool.h>

#include <tetragon/events.pb-c.h>

#include "base/diag.h"

struct filter_expression;

/* -EINVAL: DIAG says what is wrong. */
int filter_expression_new(struct filter_expression **out, const char *text, struct diag *diag);
void filter_expression_free(struct filter_expression *expression);
bool filter_expression_matches(struct filter_expression *expression,
			       const Tetragon__GetEventsResponse *event);
