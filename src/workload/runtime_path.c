/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as they are, and systemd's names spelt out. */
#include "workload/runtime_path.h"

#include <string.h>

#include "base/span.h"

#define SLICE ".slice"

/* Adds the folders of SLICE, systemd.slice(5): "a-b.slice" is /a.slice/a-b.slice, "-.slice" is the
 * root. False: that is no name of a slice. */
static bool slice_add(struct buf *out, struct span slice)
{
	size_t bytes;

	if (slice.bytes <= strlen(SLICE) ||
	    memcmp(slice.data + slice.bytes - strlen(SLICE), SLICE, strlen(SLICE)) != 0)
		return false;
	bytes = slice.bytes - strlen(SLICE);
	if (bytes == 1 && *slice.data == '-')
		return true;
	for (size_t i = 0; i <= bytes; i++) {
		if (i < bytes && slice.data[i] != '-')
			continue;
		if (i == 0 || slice.data[i - 1] == '-') /* a part without a name */
			return false;
		buf_add_format(out, "/%.*s" SLICE, (int)i, slice.data);
	}
	return true;
}

/* "a-b.slice:prefix:name" of systemd means /a.slice/a-b.slice/prefix-name.scope; what has a slash
 * is a path, colons or not. */
bool runtime_path_add(struct buf *out, const char *cgroups_path)
{
	struct span name = span_of(cgroups_path);
	struct span slice, prefix;

	if (strchr(cgroups_path, '/')) {
		buf_add_text(out, cgroups_path);
		return true;
	}
	slice = span_cut(&name, ':');
	prefix = span_cut(&name, ':');
	if (!slice.bytes)
		slice = span_of("system" SLICE);
	if (!name.bytes || memchr(name.data, ':', name.bytes) || !slice_add(out, slice))
		return false;
	buf_add_char(out, '/');
	if (name.bytes > strlen(SLICE) &&
	    memcmp(name.data + name.bytes - strlen(SLICE), SLICE, strlen(SLICE)) == 0) {
		buf_add(out, name.data, name.bytes); /* runc gives these no scope */
		return true;
	}
	if (prefix.bytes)
		buf_add_format(out, "%.*s-", (int)prefix.bytes, prefix.data);
	buf_add_format(out, "%.*s.scope", (int)name.bytes, name.data);
	return true;
}
