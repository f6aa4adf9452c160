/* SPDX-License-Identifier: Apache-2.0 */
/* Reads files of procfs. Who a process is comes from the kernel side, not from here. */
#include "process/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int scan_read(struct buf *out, const char *procfs, uint32_t pid, const char *name, size_t bytes_max)
{
	_cleanup_close_ int fd = -1;
	char path[4096];
	ssize_t got;

	buf_reset(out);
	if (snprintf(path, sizeof(path), "%s/%u/%s", procfs, pid, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (out->bytes <= bytes_max) {
		if (!buf_reserve(out, 4096)) {
			buf_reset(out);
			return -ENOMEM;
		}
		got = read(fd, out->data + out->bytes, 4096);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			buf_reset(out);
			return -errno;
		}
		if (got == 0)
			return 0;
		out->bytes += (size_t)got;
	}
	out->bytes = bytes_max;
	return 1;
}
