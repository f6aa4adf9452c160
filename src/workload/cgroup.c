/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the hierarchy in the table of mounts, and goes through its directories by descriptor. */
#include "workload/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/span.h"

/* ---- where it is mounted --------------------------------------------------------------------- */

/* include/linux/exportfs.h: the kind of handles that are the 64-bit id of a kernfs node (5.5). */
enum { FILEID_KERNFS = 0xfe };

static void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static bool is_octal(struct span text)
{
	return text.bytes >= 4 && text.data[0] == '\\' && text.data[1] >= '0' &&
	       text.data[1] <= '3' && text.data[2] >= '0' && text.data[2] <= '7' &&
	       text.data[3] >= '0' && text.data[3] <= '7';
}

/* Blanks, newlines and backslashes of paths are written as three octal digits. */
static char *mount_decode(struct span text)
{
	_cleanup_buf_ struct buf out = {};

	while (text.bytes) {
		size_t used = is_octal(text) ? 4 : 1;
		const char *at = text.data;

		buf_add_char(&out, used == 1 ? at[0]
					     : (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 |
						      (at[3] - '0')));
		text.data += used;
		text.bytes -= used;
	}
	return out.failed ? NULL : strdup(buf_text(&out));
}

struct mount {
	struct span root;  /* what of the file system is mounted */
	struct span point; /* where */
};

/* "31 23 0:28 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw"; false: of another type. */
static bool mount_parse(const char *line, struct mount *out)
{
	static const char type[] = " - cgroup2 ";
	struct span rest = span_of(line);

	if (!strstr(line, type))
		return false;
	for (unsigned int i = 0; i < 3; i++)
		span_cut(&rest, ' ');
	out->root = span_cut(&rest, ' ');
	out->point = span_cut(&rest, ' ');
	return out->point.bytes > 0 && out->point.data[0] == '/';
}

/*
 * How much of the hierarchy is to be seen: all of it beyond this process's cgroup namespace ("/.."
 * as often as the namespace is deep), all of the namespace, or a part.
 */
static int mount_rank(struct span root)
{
	if (root.bytes >= 3 && memcmp(root.data, "/..", 3) == 0)
		return 2;
	return root.bytes == 1 ? 1 : 0;
}

int cgroup_find_root_in(const char *mountinfo_path, char **out)
{
	_cleanup_(cleanup_file) FILE *file = fopen(mountinfo_path, "re");
	_cleanup_free_ char *line = NULL;
	_cleanup_free_ char *found = NULL;
	size_t capacity = 0;
	struct mount mount;
	int rank, found_rank = -1;

	if (!file)
		return -errno;
	while (getline(&line, &capacity, file) > 0) {
		rank = mount_parse(line, &mount) ? mount_rank(mount.root) : -1;
		if (rank <= found_rank)
			continue;
		free(found);
		found = mount_decode(mount.point);
		found_rank = rank;
		if (!found)
			return -ENOMEM;
	}
	if (!found)
		return -ENOENT;
	*out = TAKE_PTR(found);
	return 0;
}

int cgroup_find_root(char **out)
{
	return cgroup_find_root_in("/proc/self/mountinfo", out);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* A handle whose kind and size are known, and room for what another file system makes of it. */
struct cgroup_handle {
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	};
};

/* Where handles are forbidden (seccomp), the inode number is the same id. */
static int cgroup_read_id_of(int fd, uint64_t *out)
{
	struct cgroup_handle handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	struct stat status;
	int mount_id;

	if (name_to_handle_at(fd, "", &handle.head, &mount_id, AT_EMPTY_PATH) == 0 &&
	    handle.head.handle_type == FILEID_KERNFS && handle.head.handle_bytes == sizeof(*out)) {
		memcpy(out, handle.head.f_handle, sizeof(*out));
		return 0;
	}
	if (fstat(fd, &status) < 0)
		return -errno;
	*out = status.st_ino;
	return 0;
}

int cgroup_read_id(const char *path, uint64_t *out)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : cgroup_read_id_of(fd, out);
}

/* ---- the tree -------------------------------------------------------------------------------- */

struct cgroup_visit {
	cgroup_visit_fn function;
	void *context;
	struct buf path; /* of the group that is visited */
	unsigned int visited;
	unsigned int depth;
	bool is_too_deep; /* somewhere */
};

static void cleanup_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* Its last process left, and somebody removed it. */
static bool is_gone(int error)
{
	return error == ENOENT || error == ENODEV;
}

static bool entry_may_be_folder(const struct dirent *entry)
{
	return (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
	       strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int visit_folder(struct cgroup_visit *visit, int fd);

static int visit_child(struct cgroup_visit *visit, int folder_fd, const char *name)
{
	size_t path_bytes = visit->path.bytes;
	int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (fd < 0)
		return is_gone(errno) || errno == ENOTDIR ? 0 : -errno;
	buf_add_format(&visit->path, "/%s", name);
	visit->depth++;
	result = visit_folder(visit, fd);
	visit->depth--;
	visit->path.bytes = path_bytes;
	return result;
}

/* Takes FD over. */
static int visit_folder(struct cgroup_visit *visit, int fd)
{
	_cleanup_(cleanup_folder) DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	uint64_t id;
	int result;

	if (!folder) {
		result = -errno;
		close(fd);
		return result;
	}
	if (visit->depth >= CGROUP_DEPTH_MAX) {
		visit->is_too_deep = true;
		return 0;
	}
	if (visit->visited++ == CGROUP_VISITED_MAX)
		return -E2BIG;
	result = cgroup_read_id_of(fd, &id);
	if (!result && visit->path.failed)
		result = -ENOMEM;
	if (!result)
		result = visit->function(visit->context, buf_text(&visit->path), id);
	while (!result) {
		errno = 0;
		entry = readdir(folder);
		if (!entry)
			return is_gone(errno) ? 0 : -errno;
		if (entry_may_be_folder(entry))
			result = visit_child(visit, fd, entry->d_name);
	}
	return result;
}

int cgroup_visit_tree(const char *path, cgroup_visit_fn visit, void *context)
{
	struct cgroup_visit state = { .function = visit, .context = context };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	buf_add_text(&state.path, path);
	result = visit_folder(&state, fd);
	buf_done(&state.path);
	if (!result && state.is_too_deep)
		return -E2BIG;
	return result;
}
