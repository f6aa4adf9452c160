/* SPDX-License-Identifier: Apache-2.0 */
/*
 * argv and environment as the kernel keeps them (strings ended by NUL, in a row) -> the words of an
 * event. The joining rule is upstream's, kept because people search for its output.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/*
 * Appends argv[1..] joined by single spaces; an element with a space in it stands in double quotes,
 * not escaped, with a space before it even when it is the first. Always valid UTF-8.
 */
void arguments_add_joined(struct buf *out, struct span argv);

/* One variable NAME=VALUE cut off REST. False: none is left. A string without "=" is a name. */
bool environment_next(struct span *rest, struct span *out_name, struct span *out_value);
