/* SPDX-License-Identifier: Apache-2.0 */
/* A checked policy in sentences. In: the model. Out: text of 80 columns for people. */
#pragma once

#include "base/buf.h"
#include "policy/model.h"

/* Whom it applies to, and in which mode. */
void policy_words_add_head(struct buf *out, const struct policy *policy);
/* What is hooked and what is read there. */
void policy_words_add_hook(struct buf *out, const struct policy_hook *hook);
/* The conditions and actions of the hook's selectors. */
void policy_words_add_selectors(struct buf *out, const struct policy *policy,
				const struct policy_hook *hook);
/* TEXT, wrapped behind MARGIN spaces. */
void policy_words_add_line(struct buf *out, size_t margin, const char *text);
