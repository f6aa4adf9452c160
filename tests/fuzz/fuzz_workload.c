/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of workloads, as bytes: what is refused is refused with a reason, and what is taken keeps
 * what workload.h promises.
 */
#include "workload/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct workloads *workloads)
{
	for (uint32_t i = 0; i < workloads->count; i++) {
		const struct workload *workload = &workloads->items[i];

		if (!workload->line || workload->cgroup[0] != '/' || !*workload->namespace ||
		    !*workload->pod || !workload->container || !workload->container_id ||
		    !workload->image || !workload->image_repo)
			abort();
		if (i && strcmp(workloads->items[i - 1].cgroup, workload->cgroup) >= 0)
			abort();
		for (size_t j = 0; j < workload->labels_count; j++)
			if (!*workload->labels[j].key || !workload->labels[j].value)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("workloads", MFD_CLOEXEC);
	_cleanup_workloads_ struct workloads *workloads = NULL;
	_cleanup_diag_ struct diag diag = {};
	char path[64];
	int error;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	error = workloads_read_file(path, "/sys/fs/cgroup", &workloads, &diag);
	if ((error == 0) != (workloads != NULL) || (error == 0) != (diag.lines == 0))
		abort();
	if (workloads)
		check(workloads);
	return 0;
}
