/* SPDX-License-Identifier: Apache-2.0 */
/* base64 of RFC 4648, section 4: standard alphabet, padded, no line breaks. */
#pragma once

#include <stddef.h>

/* Characters that BYTES bytes become. */
static inline size_t base64_bytes(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

/* Writes base64_bytes(BYTES) characters, no terminator. Where they end. */
char *base64_write(char *out, const void *data, size_t bytes);
