/* SPDX-License-Identifier: Apache-2.0 */
/* Batched appending with survival of a full disk, and rotation. Filters are not done here. */
#include "output/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "output/backups.h"

/* After a rotation that failed. */
#define ROTATION_PAUSE_NS CLOCK_NS_PER_SECOND
/* rsyslog, following fifty rotations a second, was seen to open files a second behind. */
#define FILE_PACK_DELAY_NS (30 * CLOCK_NS_PER_SECOND)
/* For the reader of a pipe, when the agent ends. */
#define FILE_LAST_NS (1 * CLOCK_NS_PER_SECOND)
enum { FILE_LAST_POLL_MS = 100, FILE_PIPE_BYTES = 1 << 20 };

enum {
	FILE_BATCH_BYTES = 64 * 1024,
	/* What may wait in memory for a full disk; beyond it lines are dropped. */
	FILE_WAITING_BYTES_MAX = 1024 * 1024,
};

struct output_file {
	char *path;
	mode_t mode;
	int fd;
	bool owes_newline;  /* somebody else left half a line at the end of the file */
	struct buf waiting; /* whole lines */
	size_t cut;	    /* bytes of the first one that the file has already */
	off_t cut_end;	    /* the file's size since then */
	size_t line_start;  /* of the line that is being appended */
	uint64_t lines_waiting;
	uint64_t dropped_untold;
	bool is_regular;
	uint64_t bytes; /* that the file has */
	struct output_file_rotation rotation;
	struct backups *backups;      /* NULL: the file is never put aside */
	uint64_t begun_ns, rotate_ns; /* when this file was begun; not before that again */
	struct output_file_stats stats;
};

/* An agent that was killed can have left half a line; the file as it is now is a file of lines. */
static bool file_ends_in_line(const char *path, const struct stat *info)
{
	_cleanup_close_ int fd = -1;
	char last = '\n';

	if (!info->st_size)
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, &last, 1, info->st_size - 1) != 1)
		last = '\n';
	return last == '\n';
}

/* A pipe is opened for both directions: it need not have a reader yet, and may lose it. Who reads
 * too slowly is like a full disk, and holds the agent up as little. */
static int path_open(const char *path, mode_t mode)
{
	struct stat info;
	bool is_pipe = stat(path, &info) == 0 && S_ISFIFO(info.st_mode);

	return open(path,
		    (is_pipe ? O_RDWR : O_WRONLY | O_CREAT) | O_APPEND | O_CLOEXEC | O_NOCTTY |
			    O_NONBLOCK,
		    mode);
}

/* A pipe or a terminal whose reader stalls must not hold the agent up; whether it waits is a
 * property that all who have this descriptor share, so it is opened anew. A file's offset they
 * share, too. */
static int stdout_open(void)
{
	struct stat info;
	int fd = -1;

	if (fstat(STDOUT_FILENO, &info) == 0 && (S_ISFIFO(info.st_mode) || isatty(STDOUT_FILENO)))
		fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0)
		fcntl(fd, F_SETPIPE_SZ,
		      FILE_PIPE_BYTES); /* for bursts; as it was, if not allowed */
	return fd < 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : fd;
}

/* What is renamed is the name; that of a link, or of a descriptor below /dev, is others' too. */
static bool path_is_file_itself(const char *path, const struct stat *info)
{
	struct stat named;

	return strncmp(path, "/dev/", strlen("/dev/")) != 0 &&
	       strncmp(path, "/proc/", strlen("/proc/")) != 0 && lstat(path, &named) == 0 &&
	       named.st_dev == info->st_dev && named.st_ino == info->st_ino;
}

/* A link of the administrator leads to where the files are; NULL: no memory. */
static char *path_follow(const char *path)
{
	struct stat named;
	char *real = NULL;

	if (lstat(path, &named) == 0 && S_ISLNK(named.st_mode) &&
	    strncmp(path, "/dev/", strlen("/dev/")) != 0 &&
	    strncmp(path, "/proc/", strlen("/proc/")) != 0)
		real = realpath(path, NULL);
	return real ? real : strdup(path);
}

/* Opens the path beside the descriptor that is open now, which is given up only on success. */
static int file_open(struct output_file *file)
{
	bool is_stdout = !strcmp(file->path, "-");
	struct stat info;
	int fd = is_stdout ? stdout_open() : path_open(file->path, file->mode);

	if (fd < 0)
		return -errno;
	file->is_regular = false;
	file->bytes = 0;
	/* devices keep their modes: /dev/null is not ours */
	if (!is_stdout && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		if (fchmod(fd, file->mode) < 0) {
			/* a file system without modes: the file is still good */
		}
		file->owes_newline = !file_ends_in_line(file->path, &info);
		file->is_regular = path_is_file_itself(file->path, &info);
		file->bytes = (uint64_t)info.st_size;
	}
	return fd;
}

/* The half of a line that the file has is taken out of it, or ended if that cannot be done. */
static void file_take_cut_back(struct output_file *file)
{
	struct stat info;

	if (!file->cut)
		return;
	file->owes_newline = true;
	if (fstat(file->fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == file->cut_end &&
	    ftruncate(file->fd, file->cut_end - (off_t)file->cut) == 0) {
		/* standard output may not append */
		lseek(file->fd, file->cut_end - (off_t)file->cut, SEEK_SET);
		file->owes_newline = false;
		file->stats.bytes -= file->cut;
		file->bytes -= file->cut;
	}
	file->cut = 0;
}

int output_file_new(struct output_file **out, const char *path, mode_t mode, struct diag *diag)
{
	struct output_file *file = calloc(1, sizeof(*file));
	int error;

	if (!file)
		return -ENOMEM;
	file->mode = mode;
	file->path = path_follow(path);
	file->fd = file->path ? file_open(file) : -ENOMEM;
	file->begun_ns = clock_read_ns(CLOCK_MONOTONIC);
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

/* A pipe whose reader reads gets all of it, if that takes no longer than a second. */
static void file_flush_last(struct output_file *file)
{
	uint64_t end = clock_read_ns(CLOCK_MONOTONIC) + FILE_LAST_NS;
	struct pollfd pipe = { .fd = file->fd, .events = POLLOUT };

	while (output_file_flush(file) == -EAGAIN && clock_read_ns(CLOCK_MONOTONIC) < end &&
	       poll(&pipe, 1, FILE_LAST_POLL_MS) >= 0)
		;
}

uint64_t output_file_free(struct output_file *file)
{
	uint64_t lost;

	if (!file)
		return 0;
	file_flush_last(file);
	lost = file->lines_waiting;
	file_take_cut_back(file);
	backups_free(file->backups);
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

/* Writes from START to END. 0 or a negative errno; OUT_DONE is where it ended. */
static int file_write(struct output_file *file, size_t start, size_t end, size_t *out_done)
{
	int error = 0;

	if (file->owes_newline && file->waiting.bytes && write(file->fd, "\n", 1) == 1) {
		file->owes_newline = false;
		file->bytes++;
	}
	if (file->owes_newline && file->waiting.bytes)
		error = -errno;
	while (!error && start < end) {
		ssize_t put = write(file->fd, file->waiting.data + start, end - start);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			error = put ? -errno : -EIO;
		else
			start += (size_t)put;
	}
	*out_done = start;
	return error;
}

/* Forgets the lines that end before DONE; the one that ends behind it was cut. */
static void file_forget_lines(struct output_file *file, size_t done)
{
	const char *data = file->waiting.data, *end;
	struct stat info;
	size_t whole = 0;

	while (whole < done && (end = memchr(data + whole, '\n', done - whole))) {
		whole = (size_t)(end - data) + 1;
		file->lines_waiting--;
		file->stats.lines++;
	}
	file->cut = done - whole;
	file->cut_end = file->cut && fstat(file->fd, &info) == 0 ? info.st_size : -1;
	buf_drop_front(&file->waiting, whole);
}

/* ---- rotation -------------------------------------------------------------------------------- */

/* Somebody else may have renamed it, or cut it off, meanwhile. */
static bool file_has_its_name(struct output_file *file)
{
	struct stat held, named;

	if (fstat(file->fd, &held))
		return false;
	file->bytes = (uint64_t)held.st_size;
	return stat(file->path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

/* Who reads it may be the administrator's choice. */
static void file_take_owner(int from, int to)
{
	struct stat status;

	if (fstat(from, &status) == 0 && fchown(to, status.st_uid, status.st_gid) < 0) {
		/* without the capability it stays ours, as a new one is */
	}
}

/* A negative errno: lines still go where they went. */
static int file_rotate(struct output_file *file)
{
	bool is_ours = file_has_its_name(file);
	int error = is_ours ? backups_put_aside(file->backups) : 0;
	int old = file->fd, fd;

	if (error)
		return error;
	fd = file_open(file);
	if (fd < 0)
		return fd; /* it has another name now, and takes lines until there is a new one */
	if (is_ours)
		file_take_owner(old, fd);
	close(old);
	file->fd = fd;
	file->begun_ns = clock_read_ns(CLOCK_MONOTONIC);
	file->stats.rotations++;
	backups_tend(file->backups);
	return 0;
}

/* Whether the next line belongs into a new file. */
static bool file_is_old(const struct output_file *file, uint64_t now)
{
	const struct output_file_rotation *rotation = &file->rotation;

	return file->bytes && rotation->interval_ns &&
	       now - file->begun_ns >= rotation->interval_ns;
}

/* Up to where what waits may go into this file; 0: the next line belongs into a new one. */
static size_t file_find_end(const struct output_file *file)
{
	uint64_t most = file->rotation.bytes_max,
		 room = most > file->bytes ? most - file->bytes : 0;
	const struct buf *waiting = &file->waiting;
	const char *end;

	if (!most || waiting->bytes - file->cut <= room)
		return waiting->bytes;
	end = memrchr(waiting->data + file->cut, '\n', room);
	if (!end && (file->cut || !file->bytes)) /* it is too long for any file */
		end = memchr(waiting->data + file->cut, '\n', waiting->bytes - file->cut);
	return end ? (size_t)(end - waiting->data) + 1 : 0;
}

/* The same, after the rotation that is due. */
static size_t file_make_room(struct output_file *file)
{
	while (file->backups && file->is_regular) {
		uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
		size_t end = file_find_end(file);
		bool fits = end || !file->waiting.bytes;

		/* a line that is cut is finished where it was begun */
		if ((fits && !file_is_old(file, now)) || file->cut)
			return end ? end : file->waiting.bytes;
		if (now < file->rotate_ns)
			break;
		file->stats.rotation_error = -file_rotate(file);
		if (file->stats.rotation_error)
			file->rotate_ns = now + ROTATION_PAUSE_NS;
	}
	return file->waiting.bytes;
}

int output_file_set_rotation(struct output_file *file, const struct output_file_rotation *rotation)
{
	const struct backups_options options = { rotation->backups_max, rotation->compress,
						 FILE_PACK_DELAY_NS };
	int error = 0;

	if (!file->is_regular)
		return 0;
	if (!file->backups)
		error = backups_new(&file->backups, file->path);
	if (error)
		return error;
	file->rotation = *rotation;
	backups_set_options(file->backups, &options);
	return 0;
}

struct output_file_rotation output_file_get_rotation(const struct output_file *file)
{
	return file->rotation;
}

int output_file_flush(struct output_file *file)
{
	int error = 0;

	do {
		size_t end = file_make_room(file), done = file->cut;

		error = file_write(file, file->cut, end, &done);
		if (done == file->cut)
			break;
		file->stats.bytes += done - file->cut;
		file->bytes += done - file->cut;
		file_forget_lines(file, done);
	} while (!error && file->waiting.bytes);
	return error;
}

int output_file_reopen(struct output_file *file)
{
	int fd;

	output_file_flush(file);
	file_take_cut_back(file);
	fd = file_open(file);
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
	out->waiting = file->waiting.bytes;
	out->backups_error = file->backups ? backups_get_error(file->backups) : 0;
}
