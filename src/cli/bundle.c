/* SPDX-License-Identifier: Apache-2.0 */
/* Writes through libarchive into a file of another name beside it, and renames that at the end: a
 * link that somebody put there is replaced, never followed. */
#include "cli/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/cleanup.h"

struct bundle {
	struct archive *archive;
	char *path, *part_path, *folder; /* owned */
	int fd;				 /* -1: there is no file */
};

static int bundle_fail(const struct bundle *bundle, struct diag *diag, const char *text)
{
	diag_add(diag, "cannot write \"%s\": %s", bundle->path, text ? text : "unknown error");
	return -EIO;
}

/* libarchive says "Write error", and why only by number. */
static int bundle_fail_archive(const struct bundle *bundle, struct diag *diag)
{
	int error = archive_errno(bundle->archive);

	return bundle_fail(bundle, diag,
			   error > 0 ? strerror(error) : archive_error_string(bundle->archive));
}

static int bundle_open(struct bundle *bundle, const char *path, const char *folder)
{
	bundle->path = strdup(path);
	bundle->folder = strdup(folder);
	if (!bundle->path || !bundle->folder ||
	    asprintf(&bundle->part_path, "%s.XXXXXX", path) < 0) {
		bundle->part_path = NULL;
		return -ENOMEM;
	}
	bundle->fd = mkostemp(bundle->part_path, O_CLOEXEC); /* mode 0600 */
	return bundle->fd < 0 ? -errno : 0;
}

int bundle_new(struct bundle **out, const char *path, const char *folder, struct diag *diag)
{
	struct bundle *bundle = calloc(1, sizeof(*bundle));
	int error;

	if (!bundle)
		return -ENOMEM;
	bundle->fd = -1;
	error = bundle_open(bundle, path, folder);
	if (!error)
		bundle->archive = archive_write_new();
	if (!error && (!bundle->archive ||
		       archive_write_set_format_pax_restricted(bundle->archive) != ARCHIVE_OK ||
		       archive_write_add_filter_gzip(bundle->archive) != ARCHIVE_OK ||
		       archive_write_open_fd(bundle->archive, bundle->fd) != ARCHIVE_OK))
		error = -EIO;
	if (error) {
		diag_add(diag, "cannot write \"%s\": %s", path, strerror(-error));
		bundle_free(bundle);
		return error;
	}
	*out = bundle;
	return 0;
}

int bundle_add(struct bundle *bundle, const char *name, const void *data, size_t bytes,
	       struct diag *diag)
{
	struct archive_entry *entry = archive_entry_new();
	_cleanup_free_ char *path = NULL;
	int error = 0;

	if (!entry || asprintf(&path, "%s/%s", bundle->folder, name) < 0) {
		archive_entry_free(entry);
		return bundle_fail(bundle, diag, "out of memory");
	}
	archive_entry_set_pathname(entry, path);
	archive_entry_set_size(entry, (la_int64_t)bytes);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, S_IRUSR | S_IWUSR);
	archive_entry_set_mtime(entry, time(NULL), 0);
	if (archive_write_header(bundle->archive, entry) != ARCHIVE_OK ||
	    (bytes && archive_write_data(bundle->archive, data, bytes) != (la_ssize_t)bytes))
		error = bundle_fail_archive(bundle, diag);
	archive_entry_free(entry);
	return error;
}

int bundle_finish(struct bundle *bundle, struct diag *diag)
{
	if (archive_write_close(bundle->archive) != ARCHIVE_OK)
		return bundle_fail_archive(bundle, diag);
	if (fsync(bundle->fd) || rename(bundle->part_path, bundle->path))
		return bundle_fail(bundle, diag, strerror(errno));
	close(TAKE_FD(bundle->fd));
	return 0;
}

void bundle_free(struct bundle *bundle)
{
	if (!bundle)
		return;
	archive_write_free(bundle->archive);
	if (bundle->fd >= 0) {
		close(bundle->fd);
		unlink(bundle->part_path);
	}
	free(bundle->path);
	free(bundle->part_path);
	free(bundle->folder);
	free(bundle);
}
