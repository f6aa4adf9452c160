/* SPDX-License-Identifier: Apache-2.0 */
/* Reading with a limit, writing through a second file. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"

int file_read_all(int fd, size_t bytes_max, struct buf *out)
{
	enum { STEP = 4096 };
	size_t start = out->bytes;

	for (;;) {
		ssize_t got;

		/* Most files fit one step, and some of them stay in memory. */
		if (out->bytes == out->capacity && !buf_reserve(out, STEP))
			return -ENOMEM;
		got = read(fd, out->data + out->bytes, out->capacity - out->bytes);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		out->bytes += (size_t)got;
		if (!got)
			return 0;
		if (out->bytes - start > bytes_max)
			return -EFBIG;
	}
}

static int file_write_all(int fd, struct span content)
{
	while (content.bytes) {
		ssize_t put = write(fd, content.data, content.bytes);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		content.data += put;
		content.bytes -= (size_t)put;
	}
	return fsync(fd) ? -errno : 0;
}

/* So that the new name is on the disk too. */
static int file_sync_directory(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd =
		copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (!copy)
		return -ENOMEM;
	return fd < 0 || fsync(fd) ? -errno : 0;
}

int file_create(const char *path, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	return fd < 0 ? -errno : fd;
}

int file_replace(const char *path, mode_t mode, struct span content)
{
	char other[PATH_MAX];
	_cleanup_close_ int fd = -1;
	int error;

	if (snprintf(other, sizeof(other), "%s.new", path) >= (int)sizeof(other))
		return -ENAMETOOLONG;
	fd = file_create(other, mode); /* where a writer was killed, one is there */
	if (fd < 0)
		return fd;
	error = file_write_all(fd, content);
	if (!error && rename(other, path))
		error = -errno;
	if (error) {
		unlink(other);
		return error;
	}
	return file_sync_directory(path);
}
