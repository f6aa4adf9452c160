/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include "base/buf.h"

/* Bytes of the valid character at DATA (1..4), or 0 when none starts there. */
size_t utf8_char_bytes(const char *data, size_t bytes);

/* Appends DATA with each run of bytes that are part of no character replaced by one U+FFFD. NUL is
 * a character. */
void utf8_add_valid(struct buf *out, const char *data, size_t bytes);
