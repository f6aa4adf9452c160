/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc/self/fdinfo. */
#include "sensor/memory.h"

#include <stdio.h>

static uint64_t fdinfo_read(int fd, const char *format)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	FILE *file;

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, format, &bytes) == 1)
			break;
	}
	fclose(file);
	return bytes;
}

uint64_t memory_of_map(int fd)
{
	return fdinfo_read(fd, "memlock: %llu");
}

uint64_t memory_of_program(int fd)
{
	return fdinfo_read(fd, "memlock: %llu");
}
