/* SPDX-License-Identifier: Apache-2.0 */
/* Creates recordings; tools/replay reads them. */
#include "daemon/recording.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

int recording_create(FILE **out, const char *path, unsigned int cpus, struct diag *diag)
{
	struct recording_head head = {
		.magic = RECORDING_MAGIC,
		.version = RECORDING_VERSION,
		.cpus = cpus,
		.boot_to_wall_ns = clock_boot_to_wall_ns(),
	};
	FILE *file = fopen(path, "we");
	int error;

	if (file && fwrite(&head, sizeof(head), 1, file) == 1) {
		*out = file;
		return 0;
	}
	error = -errno;
	diag_add(diag, "cannot record to \"%s\": %s", path, strerror(-error));
	if (file)
		fclose(file);
	return error;
}
