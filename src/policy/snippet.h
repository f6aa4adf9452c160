/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of a source for a terminal. In: a line of hostile bytes and a place in it. Out: the line
 * with its number, and below it a caret that stands under the place whatever tabs, wide letters or
 * length the line has.
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"
#include "policy/place.h"

/* The second of the two lines is not ended, for a hint to follow. */
void snippet_add(struct buf *out, struct span line, struct place place);

/*
 * At most CHARACTERS of TEXT; what would move a cursor, change colours or turn the writing around
 * becomes U+FFFD. How many bytes of TEXT that took.
 */
size_t snippet_add_safe(struct buf *out, struct span text, size_t characters);
