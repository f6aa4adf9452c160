/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2)'s BPF_OBJ_PIN and BPF_OBJ_GET, and the file system that they need. */
#include "sensor/pins.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"

/* Where it is mounted by custom, and upstream's place for it where that is no directory. */
static const char *const pins_mounts[] = { "/sys/fs/bpf", "/run/tetragon/bpffs" };

struct pins {
	char *path;
};

static bool path_is_bpffs(const char *path)
{
	struct statfs status;

	return statfs(path, &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

static bool mount_try(const char *path, bool may_mount)
{
	if (path_is_bpffs(path))
		return true;
	errno = ENOENT;
	if (!may_mount)
		return false;
	mkdir(path, 0700);
	return mount("bpf", path, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0;
}

bool pins_name_is_right(const char *name)
{
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;

	return (*name == '/' || !slash) && *last && strcmp(last, ".") != 0 &&
	       strcmp(last, "..") != 0;
}

/* All names in the directory are ours to remove, so it is never that of everybody. */
static int pins_take_path(const char *path, char **out, struct diag *diag)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	if (!path_is_bpffs(dirname(copy))) {
		diag_add(diag,
			 "no directory can be had at \"%s\": \"%s\" is not on a BPF file system; "
			 "name one below %s with --bpf-dir",
			 path, copy, pins_mounts[0]);
		return -ENOTDIR;
	}
	*out = strdup(path);
	return *out ? 0 : -ENOMEM;
}

static int pins_find_path(const char *name, bool may_mount, char **out, struct diag *diag)
{
	int error = ENOENT;

	if (!pins_name_is_right(name))
		return -EINVAL;
	if (*name == '/')
		return pins_take_path(name, out, diag);
	for (size_t i = 0; i < sizeof(pins_mounts) / sizeof(pins_mounts[0]); i++) {
		if (mount_try(pins_mounts[i], may_mount))
			return asprintf(out, "%s/%s", pins_mounts[i], name) < 0 ? -ENOMEM : 0;
		error = errno;
	}
	diag_add(
		diag,
		"no BPF file system can be had at \"%s\": %s; mount one there, or name a directory "
		"on one with --bpf-dir",
		pins_mounts[0], strerror(error));
	return -error;
}

int pins_open(struct pins **out, const char *name, bool may_mount, struct diag *diag)
{
	struct pins *pins;
	char *path = NULL;
	int error = pins_find_path(name, may_mount, &path, diag);

	if (error)
		return error;
	pins = calloc(1, sizeof(*pins));
	if (!pins) {
		free(path);
		return -ENOMEM;
	}
	pins->path = path;
	*out = pins;
	return 0;
}

void pins_close(struct pins *pins)
{
	if (!pins)
		return;
	free(pins->path);
	free(pins);
}

const char *pins_get_path(const struct pins *pins)
{
	return pins->path;
}

bool pins_exist(const struct pins *pins)
{
	return path_is_bpffs(pins->path);
}

static char *pins_get_name(const struct pins *pins, const char *format, va_list args)
{
	char name[PINS_NAME_BYTES_MAX];
	char *path;

	vsnprintf(name, sizeof(name), format, args);
	return asprintf(&path, "%s/%s", pins->path, name) < 0 ? NULL : path;
}

int pins_put(struct pins *pins, int fd, const char *format, ...)
{
	_cleanup_free_ char *path = NULL;
	va_list args;

	va_start(args, format);
	path = pins_get_name(pins, format, args);
	va_end(args);
	if (!path)
		return -ENOMEM;
	if (mkdir(pins->path, 0700) < 0 && errno != EEXIST)
		return -errno;
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

int pins_get(const struct pins *pins, const char *format, ...)
{
	_cleanup_free_ char *path = NULL;
	va_list args;
	int fd;

	va_start(args, format);
	path = pins_get_name(pins, format, args);
	va_end(args);
	if (!path)
		return -ENOMEM;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

void pins_drop(struct pins *pins, const char *format, ...)
{
	_cleanup_free_ char *path = NULL;
	va_list args;

	va_start(args, format);
	path = pins_get_name(pins, format, args);
	va_end(args);
	if (path)
		unlink(path);
}

/* The directory may be somebody else's, too. */
static bool name_is_ours(const char *name)
{
	static const char *const beginnings[] = { "map_",   "link_", "slot_",	 "mark_",
						  "watch_", "note_", "dispatch_" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

void pins_remove(struct pins *pins)
{
	DIR *directory = pins_exist(pins) ? opendir(pins->path) : NULL;
	const struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (name_is_ours(entry->d_name))
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	closedir(directory);
	rmdir(pins->path);
}
