/* SPDX-License-Identifier: Apache-2.0 */
/* Joins arguments, splits environments. Reading them from a process is not done here. */
#include "process/arguments.h"

#include "base/utf8.h"

void arguments_add_joined(struct buf *out, struct span argv)
{
	bool first = true;

	span_cut(&argv, '\0');
	while (argv.bytes) {
		struct span word = span_cut(&argv, '\0');
		bool quoted = word.bytes && memchr(word.data, ' ', word.bytes);

		if (quoted || !first)
			buf_add_char(out, ' ');
		if (quoted)
			buf_add_char(out, '"');
		utf8_add_valid(out, word.data, word.bytes);
		if (quoted)
			buf_add_char(out, '"');
		first = false;
	}
}

bool environment_next(struct span *rest, struct span *out_name, struct span *out_value)
{
	while (rest->bytes) {
		struct span value = span_cut(rest, '\0');
		struct span name = span_cut(&value, '=');

		if (!name.bytes)
			continue;
		*out_name = name;
		*out_value = value;
		return true;
	}
	return false;
}
