/* SPDX-License-Identifier: Apache-2.0 */
/* PID and info files, with upstream's names. */
#include "daemon/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/cleanup.h"

/* Room for the longest name of a file in it. */
enum { RUNDIR_PATH_BYTES_MAX = PATH_MAX - 32 };
/* What a client should be ready to receive in one message: upstream's default. */
enum { RUNDIR_RECV_BYTES_MAX = 10 << 20 };

struct rundir {
	char *path; /* owned */
	char pid_path[PATH_MAX];
	char info_path[PATH_MAX];
	int pid_fd;
};

static int rundir_fail(struct diag *diag, const char *what, const char *path, int error)
{
	diag_add(diag, "cannot %s \"%s\": %s; name a writable directory with --run-dir", what, path,
		 strerror(error));
	return -error;
}

/* Creates the directory and those above it. */
static int rundir_make(const char *path, struct diag *diag)
{
	char part[PATH_MAX];
	size_t bytes = strlen(path);

	if (!bytes || bytes > RUNDIR_PATH_BYTES_MAX)
		return rundir_fail(diag, "use run directory", path, bytes ? ENAMETOOLONG : ENOENT);
	for (size_t i = 1; i <= bytes; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return rundir_fail(diag, "create run directory", part, errno);
	}
	return 0;
}

/* The number in a file is only a hint: it may be of an agent that died, and the lock another's. */
static int rundir_fail_locked(const struct rundir *rundir, struct diag *diag)
{
	char pid[32] = "";
	ssize_t got = read(rundir->pid_fd, pid, sizeof(pid) - 1);
	size_t digits;

	pid[got > 0 ? got : 0] = '\0';
	digits = strspn(pid, "0123456789");
	pid[digits] = '\0';
	if (digits && kill((pid_t)strtol(pid, NULL, 10), 0) < 0 && errno == ESRCH)
		digits = 0;
	diag_add(diag,
		 "cannot start: tetrad already runs as %s%s (\"%s\" is locked); stop it first, or "
		 "give this one its own --run-dir",
		 digits ? "process " : "a process that \"lslocks\" shows", digits ? pid : "",
		 rundir->pid_path);
	return -EBUSY;
}

/* Whether the path still names the locked file: its owner may have removed it after we opened it.
 */
static bool rundir_lock_is_good(const struct rundir *rundir)
{
	struct stat held, named;

	return fstat(rundir->pid_fd, &held) == 0 && stat(rundir->pid_path, &named) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static int rundir_lock(struct rundir *rundir, struct diag *diag)
{
	do {
		if (rundir->pid_fd >= 0)
			close(rundir->pid_fd);
		rundir->pid_fd =
			open(rundir->pid_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (rundir->pid_fd < 0)
			return rundir_fail(diag, "create PID file", rundir->pid_path, errno);
		if (flock(rundir->pid_fd, LOCK_EX | LOCK_NB) < 0)
			return rundir_fail_locked(rundir, diag);
	} while (!rundir_lock_is_good(rundir));
	if (ftruncate(rundir->pid_fd, 0) < 0 || dprintf(rundir->pid_fd, "%d\n", (int)getpid()) < 0)
		return rundir_fail(diag, "write PID file", rundir->pid_path, errno);
	return 0;
}

int rundir_new(struct rundir **out, const char *path, struct diag *diag)
{
	struct rundir *rundir = calloc(1, sizeof(*rundir));
	int error;

	if (!rundir)
		return -ENOMEM;
	rundir->pid_fd = -1;
	error = rundir_make(path, diag);
	if (!error) {
		rundir->path = *path == '/' ? strdup(path) : realpath(path, NULL);
		if (!rundir->path)
			error = rundir_fail(diag, "use run directory", path, errno);
	}
	if (!error) {
		snprintf(rundir->pid_path, sizeof(rundir->pid_path), "%.*s/tetragon.pid",
			 RUNDIR_PATH_BYTES_MAX, path);
		snprintf(rundir->info_path, sizeof(rundir->info_path), "%.*s/tetragon-info.json",
			 RUNDIR_PATH_BYTES_MAX, path);
		error = rundir_lock(rundir, diag);
	}
	if (error) {
		if (rundir->pid_fd >= 0)
			close(rundir->pid_fd);
		free(rundir->path);
		free(rundir);
		return error;
	}
	*out = rundir;
	return 0;
}

void rundir_free(struct rundir *rundir)
{
	if (!rundir)
		return;
	unlink(rundir->info_path);
	unlink(rundir->pid_path);
	close(rundir->pid_fd);
	free(rundir->path);
	free(rundir);
}

const char *rundir_get_path(const struct rundir *rundir)
{
	return rundir->path;
}

static const char *rundir_text(const char *text)
{
	return text ? text : "";
}

/* Keys are upstream's. Its lib_dir, bpftool_path, gops_address and gops_path have no meaning here:
 * programs are in the agent's own file, and it needs neither tool. Nothing is pinned while an agent
 * runs, so there is no map_dir. socket_path is ours: over TCP a client may only read. */
static json_t *rundir_make_info(const struct rundir_info *info)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "export_fname",
			 rundir_text(info->export_filename), "btf_fname", rundir_text(info->btf),
			 "server_address", rundir_text(info->server_address), "metrics_address",
			 rundir_text(info->metrics_address), "socket_path",
			 rundir_text(info->socket_path), "max_recv_size", RUNDIR_RECV_BYTES_MAX,
			 "pid", (int)getpid());
}

/* 0 or a negative errno. The mode does not depend on the umask. */
static int rundir_dump(const json_t *object, const char *path)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0 || fchmod(fd, 0644) < 0)
		return -errno;
	errno = 0;
	if (json_dumpfd(object, fd, JSON_COMPACT) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

int rundir_write_info(struct rundir *rundir, const struct rundir_info *info, struct diag *diag)
{
	json_t *object = rundir_make_info(info);
	char path[PATH_MAX + sizeof(".new")];
	int error = object ? 0 : -EILSEQ; /* JSON has no such text */

	snprintf(path, sizeof(path), "%s.new", rundir->info_path);
	if (!error)
		error = rundir_dump(object, path);
	json_decref(object);
	if (!error && rename(path, rundir->info_path) < 0)
		error = -errno;
	if (!error)
		return 0;
	unlink(path);
	return rundir_fail(diag, "write info file", rundir->info_path, -error);
}
