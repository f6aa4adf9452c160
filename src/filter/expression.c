/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses expressions: this agent cannot evaluate them. */
#include "filter/expression.h"

#include <errno.h>

int filter_expression_new(struct filter_expression **out, const char *text, struct diag *diag)
{
	diag_add(diag, "expressions cannot be evaluated by this version; use the other keys");
	return -EINVAL;
}

void filter_expression_free(struct filter_expression *expression)
{
}

bool filter_expression_matches(struct filter_expression *expression,
			       const Tetragon__GetEventsResponse *event)
{
	return false;
}
