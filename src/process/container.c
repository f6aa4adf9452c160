/* SPDX-License-Identifier: Apache-2.0 */
/* Recognises container ids in cgroup names, by shape: a tail of hex digits behind the last - or :
 */
#include "process/container.h"

#include <ctype.h>
#include <stdbool.h>

/* The shortest tail of digits taken for an id; runtimes write 64, events show 31. */
enum { CONTAINER_ID_DIGITS_MIN = CONTAINER_ID_BYTES - 1 };

static struct span container_strip_suffix(struct span name, const char *suffix)
{
	size_t bytes = strlen(suffix);

	if (name.bytes > bytes && !memcmp(name.data + name.bytes - bytes, suffix, bytes))
		name.bytes -= bytes;
	return name;
}

/* The monitor process of a container (crio-conmon-<id>, libpod-conmon-<id>) is not in it. */
static bool container_is_monitor(struct span name)
{
	return memmem(name.data, name.bytes, "conmon-", strlen("conmon-")) != NULL;
}

static struct span container_id_of_name(struct span name)
{
	struct span id = container_strip_suffix(name, ".scope");
	size_t start = id.bytes;

	while (start && isxdigit((unsigned char)id.data[start - 1]))
		start--;
	if (id.bytes - start < CONTAINER_ID_DIGITS_MIN || container_is_monitor(name))
		return (struct span){};
	if (start && id.data[start - 1] != '-' && id.data[start - 1] != ':')
		return (struct span){};
	return (struct span){ id.data + start, id.bytes - start };
}

void container_id_find(struct span cgroup_names, char out[CONTAINER_ID_BYTES])
{
	out[0] = '\0';
	while (cgroup_names.bytes) {
		struct span id = container_id_of_name(span_cut(&cgroup_names, '/'));

		if (!id.bytes)
			continue;
		memcpy(out, id.data, CONTAINER_ID_BYTES - 1);
		out[CONTAINER_ID_BYTES - 1] = '\0';
		return;
	}
}
