/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fillers, one per member of KprobeArgument's oneof. Each sets the member and its case, from a
 * value whose status says that it was read and that has at least the bytes of its class. Private to
 * argument*.c.
 */
#pragma once

#include "event/argument.h"

/* NULL, or what is wrong with the value. */
typedef const char *argument_fill_fn(struct argument_message *out,
				     const struct record_value *value);

argument_fill_fn argument_fill_sock_arg;
argument_fill_fn argument_fill_skb_arg;
argument_fill_fn argument_fill_sockaddr_arg;
argument_fill_fn argument_fill_sockaddrun_arg;

/* What OUT's text is from now on: PREFIX, then TEXT up to its first NUL. NULL: no memory. */
char *argument_set_text(struct argument_message *out, const char *prefix, struct span text);

extern const char argument_no_memory[];
