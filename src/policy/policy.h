/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door of this room: from the text of a policy to its checked model. In: bytes or a file. Out:
 * a struct policy (model.h) that keeps all that model.h promises, and findings (report.h).
 *
 *	_cleanup_report_ struct report report = {};
 *	_cleanup_policy_ struct policy *policy = NULL;
 *
 *	if (policy_read_file("web.yaml", &report, &policy))
 *		report_add_text(&report, &text); // what is wrong
 *
 * No privileges and no kernel are needed, and hostile text costs bounded time and memory
 * (source.h, tree.h, limits.h). Warnings alone do not fail.
 */
#pragma once

#include "policy/model.h"
#include "policy/report.h"

/*
 * NAME is what findings call the text; TEXT is copied. -EINVAL: the report says what is wrong.
 * -ENOMEM: the machine has no more memory. OUT is the caller's, to policy_free().
 */
int policy_read_text(const char *name, struct span text, struct report *report,
		     struct policy **out);
/* The same; "-" is standard input. Another negative errno: the file cannot be read; the report says
 * so. */
int policy_read_file(const char *path, struct report *report, struct policy **out);

void policy_free(struct policy *policy); /* NULL is fine */

/*
 * For a later stage that found out what an AUTO argument is: checks operator and values of FILTER
 * (whose form is POLICY_FORM_OPEN) against TYPE and fills them in. -EINVAL: the report says what
 * is wrong. -ENOMEM: no memory.
 */
int policy_check_filter(struct policy *policy, struct policy_filter *filter,
			const struct arg_type_facts *type, struct report *report);

/* Later stages add their findings to the lines of the same text. */
void policy_show_source(const struct policy *policy, struct report *report);

static inline void cleanup_policy(struct policy **policy)
{
	policy_free(*policy);
}

#define _cleanup_policy_ _cleanup_(cleanup_policy)
