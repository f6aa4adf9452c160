/* SPDX-License-Identifier: Apache-2.0 */
/* What print.c and print_selector.c share. */
#pragma once

#include "base/buf.h"
#include "policy/model.h"

/* In double quotes; quotes, backslashes and controls are escaped. */
void print_quoted(struct buf *out, struct span text);
void print_text(struct buf *out, const struct policy_text *text);
/* Each with a blank before it. */
void print_texts(struct buf *out, const struct policy_texts *texts);
/* NULL prints nothing. */
void print_label_selector(struct buf *out, const char *indent, const char *word,
			  const struct policy_label_selector *selector);
void print_selector(struct buf *out, const struct policy_hook *hook,
		    const struct policy_selector *selector);
