/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding to base64. Decoding is not needed here. */
#include "base/base64.h"

#include <stdint.h>

static const char base64_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_write(char *out, const void *data, size_t bytes)
{
	const uint8_t *in = data;

	for (; bytes >= 3; bytes -= 3, in += 3) {
		*out++ = base64_alphabet[in[0] >> 2];
		*out++ = base64_alphabet[(in[0] & 3) << 4 | in[1] >> 4];
		*out++ = base64_alphabet[(in[1] & 15) << 2 | in[2] >> 6];
		*out++ = base64_alphabet[in[2] & 63];
	}
	if (bytes) {
		uint8_t second = bytes == 2 ? in[1] : 0;

		*out++ = base64_alphabet[in[0] >> 2];
		*out++ = base64_alphabet[(in[0] & 3) << 4 | second >> 4];
		*out++ = bytes == 2 ? base64_alphabet[(second & 15) << 2] : '=';
		*out++ = '=';
	}
	return out;
}
