/* SPDX-License-Identifier: Apache-2.0 */
/* Batched appending with survival of a full disk. Rotation and filters are not done here. */
#include "output/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
	FILE_BATCH_BYTES = 64 * 1024,
	/* What may wait in memory for a full disk; beyond it lines are dropped. */
	FILE_WAITING_BYTES_MAX = 1024 * 1024,
};

struct output_file {
	char *path;
	mode_t mode;
	int fd;
	struct buf waiting; /* whole lines, but for a first one that the disk cut */
	size_t line_start;  /* of the line that is being appended */
	uint64_t lines_waiting;
	uint64_t dropped_untold;
	struct output_file_stats stats;
};

static int file_open(const char *path, mode_t mode)
{
	bool is_stdout = !strcmp(path, "-");
	int fd = is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
			   : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, mode);

	if (fd < 0)
		return -errno;
	if (!is_stdout && fchmod(fd, mode) < 0) {
		/* a file system without modes: the file is still good */
	}
	return fd;
}

int output_file_new(struct output_file **out, const char *path, mode_t mode, struct diag *diag)
{
	struct output_file *file = calloc(1, sizeof(*file));
	int error;

	if (!file)
		return -ENOMEM;
	file->mode = mode;
	file->path = strdup(path);
	file->fd = file->path ? file_open(path, mode) : -ENOMEM;
	if (file->fd < 0) {
		error = file->fd;
		diag_add(diag,
			 "cannot open event file \"%s\": %s; name a file in an existing, writable "
			 "directory with --export-filename",
			 path, strerror(-error));
		free(file->path);
		free(file);
		return error;
	}
	*out = file;
	return 0;
}

uint64_t output_file_free(struct output_file *file)
{
	uint64_t lost;

	if (!file)
		return 0;
	output_file_flush(file);
	lost = file->lines_waiting;
	close(file->fd);
	buf_done(&file->waiting);
	free(file->path);
	free(file);
	return lost;
}

struct buf *output_file_begin_line(struct output_file *file)
{
	if (file->waiting.bytes >= FILE_BATCH_BYTES)
		output_file_flush(file);
	file->line_start = file->waiting.bytes;
	return file->waiting.bytes < FILE_WAITING_BYTES_MAX ? &file->waiting : NULL;
}

void output_file_end_line(struct output_file *file)
{
	if (!file->waiting.failed) {
		file->lines_waiting++;
		return;
	}
	file->waiting.bytes = file->line_start;
	file->waiting.failed = false;
	output_file_drop_line(file);
}

void output_file_drop_line(struct output_file *file)
{
	file->stats.dropped++;
	file->dropped_untold++;
}

int output_file_flush(struct output_file *file)
{
	size_t done = 0;
	int error = 0;

	while (done < file->waiting.bytes) {
		ssize_t put =
			write(file->fd, file->waiting.data + done, file->waiting.bytes - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			error = -errno;
			break;
		}
		done += (size_t)put;
	}
	file->stats.bytes += done;
	if (!error) {
		file->stats.lines += file->lines_waiting;
		file->lines_waiting = 0;
	}
	buf_drop_front(&file->waiting, done);
	return error;
}

int output_file_reopen(struct output_file *file)
{
	int fd;

	output_file_flush(file);
	fd = file_open(file->path, file->mode);
	if (fd < 0)
		return fd;
	close(file->fd);
	file->fd = fd;
	return 0;
}

uint64_t output_file_take_dropped(struct output_file *file)
{
	uint64_t dropped = file->dropped_untold;

	file->dropped_untold = 0;
	return dropped;
}

void output_file_read_stats(const struct output_file *file, struct output_file_stats *out)
{
	*out = file->stats;
}
