/* SPDX-License-Identifier: Apache-2.0 */
/* Names with a time, and the thread that looks after them. */
#include "output/backups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <zlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

/* "-2026-11-25T15-04-05.000" */
#define TIME_PATTERN   "-dddd-dd-ddTdd-dd-dd.ddd"
#define TIME_BYTES     (sizeof(TIME_PATTERN) - 1)
#define PACKED_END     ".gz"
#define HALF_END       ".gz.part"
#define TEND_NICE      10
#define TEND_STACK     (256u << 10)
#define PIECE_BYTES    (64u << 10)
#define NAME_TRIES_MAX 1000
/* Since 1900; nanoseconds of later ones are beyond 64 bits. */
#define YEAR_MAX 600

struct backups {
	char *path;
	char *folder, *stem, *end; /* "/var/log", "events", ".log" */
	int look_error;		   /* the thread's own */
	uint64_t last_ns;	   /* in the name that was given last */
	pthread_t thread;
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	struct backups_options options;
	bool is_due, is_busy, is_ending;
	uint64_t due_ns; /* wall clock: when the next file may be packed; 0: there is none */
	int error;
};

/* ---- names ----------------------------------------------------------------------------------- */

static int backups_split(struct backups *backups, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);

	backups->path = strdup(path);
	backups->folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	backups->stem = strndup(name, stem);
	backups->end = strdup(name + stem);
	return backups->path && backups->folder && backups->stem && backups->end ? 0 : -ENOMEM;
}

static bool text_is_time(const char *text)
{
	for (size_t i = 0; i < TIME_BYTES; i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		if (TIME_PATTERN[i] == 'd' ? !is_digit : text[i] != TIME_PATTERN[i])
			return false;
	}
	return true;
}

enum backup_kind { BACKUP_NONE, BACKUP_PLAIN, BACKUP_PACKED, BACKUP_HALF };

static enum backup_kind backup_get_kind(const struct backups *backups, const char *name)
{
	size_t stem = strlen(backups->stem), end = strlen(backups->end);
	const char *rest;

	if (strncmp(name, backups->stem, stem) != 0 || strlen(name) < stem + TIME_BYTES + end ||
	    !text_is_time(name + stem) || strncmp(name + stem + TIME_BYTES, backups->end, end) != 0)
		return BACKUP_NONE;
	rest = name + stem + TIME_BYTES + end;
	if (!*rest)
		return BACKUP_PLAIN;
	if (strcmp(rest, PACKED_END) == 0)
		return BACKUP_PACKED;
	return strcmp(rest, HALF_END) == 0 ? BACKUP_HALF : BACKUP_NONE;
}

static char *backup_make_path(const struct backups *backups, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / CLOCK_NS_PER_SECOND);
	struct tm parts;
	char when[TIME_BYTES];
	char *path;

	gmtime_r(&seconds, &parts);
	strftime(when, sizeof(when), "-%Y-%m-%dT%H-%M-%S", &parts);
	return asprintf(&path, "%s/%s%s.%03u%s", backups->folder, backups->stem, when,
			(unsigned int)(wall_ns / CLOCK_NS_PER_MS % 1000), backups->end) < 0
		       ? NULL
		       : path;
}

/* -EEXIST: there is one of that name, or was before it was packed. */
static int backup_rename(const struct backups *backups, const char *path)
{
	_cleanup_free_ char *packed = NULL;

	if (asprintf(&packed, "%s" PACKED_END, path) < 0) {
		packed = NULL;
		return -ENOMEM;
	}
	if (access(packed, F_OK) == 0)
		return -EEXIST;
	if (renameat2(AT_FDCWD, backups->path, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* NFS, 9p and older ZFS know no flags; nobody else gives such names */
	if (access(path, F_OK) == 0)
		return -EEXIST;
	return rename(backups->path, path) ? -errno : 0;
}

int backups_put_aside(struct backups *backups)
{
	uint64_t wall_ns = clock_read_ns(CLOCK_REALTIME);

	/* two within a millisecond, or a clock that was set back: names stay in order */
	if (wall_ns < backups->last_ns + CLOCK_NS_PER_MS)
		wall_ns = backups->last_ns + CLOCK_NS_PER_MS;
	for (int i = 0; i < NAME_TRIES_MAX; i++, wall_ns += CLOCK_NS_PER_MS) {
		_cleanup_free_ char *path = backup_make_path(backups, wall_ns);
		int error = path ? backup_rename(backups, path) : -ENOMEM;

		if (!error)
			backups->last_ns = wall_ns;
		if (error != -EEXIST)
			return error;
	}
	return -EEXIST;
}

/* A clock that was set back, before this agent began too: what is put aside now is the newest. */
static void backups_find_last(struct backups *backups)
{
	DIR *folder = opendir(backups->folder);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		const char *text = entry->d_name + strlen(backups->stem);
		struct tm parts = {};
		uint64_t wall_ns;

		if (backup_get_kind(backups, entry->d_name) == BACKUP_NONE ||
		    !strptime(text, "-%Y-%m-%dT%H-%M-%S", &parts) || parts.tm_year > YEAR_MAX)
			continue;
		wall_ns = (uint64_t)timegm(&parts) * CLOCK_NS_PER_SECOND +
			  strtoul(text + TIME_BYTES - 3, NULL, 10) * CLOCK_NS_PER_MS;
		if (wall_ns > backups->last_ns)
			backups->last_ns = wall_ns;
	}
	if (folder)
		closedir(folder);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static bool backups_are_ending(struct backups *backups)
{
	bool is_ending;

	pthread_mutex_lock(&backups->mutex);
	is_ending = backups->is_ending;
	pthread_mutex_unlock(&backups->mutex);
	return is_ending;
}

/* The owner hears of it when the look is over. */
static void backups_note_error(struct backups *backups, int error)
{
	backups->look_error = error;
}

/* -ECANCELED: the agent ends. */
static int pack_pieces(struct backups *backups, int from, gzFile to)
{
	_cleanup_free_ char *piece = malloc(PIECE_BYTES);
	ssize_t got;

	if (!piece)
		return -ENOMEM;
	while ((got = read(from, piece, PIECE_BYTES)) > 0) {
		if (backups_are_ending(backups))
			return -ECANCELED;
		if (gzwrite(to, piece, (unsigned int)got) != got)
			return errno ? -errno : -EIO;
	}
	return got < 0 ? -errno : 0;
}

/* Into PATH, which is new and ours. */
static int pack_into(struct backups *backups, int from, const char *path)
{
	struct stat status;
	int fd = fstat(from, &status) ? -errno : file_create(path, status.st_mode & 0777);
	gzFile to = fd < 0 ? NULL : gzdopen(fd, "wb");
	int error;

	if (!to) {
		if (fd >= 0)
			close(fd);
		return fd < 0 ? fd : -ENOMEM;
	}
	errno = 0;
	if (fchown(fd, status.st_uid, status.st_gid)) {
		/* without the capability it is ours, and no more open than before */
	}
	error = pack_pieces(backups, from, to);
	if (!error && (gzflush(to, Z_FINISH) != Z_OK || fsync(fd)))
		error = errno ? -errno : -EIO;
	if (!error && futimens(fd, (struct timespec[]){ status.st_atim, status.st_mtim }))
		error = -errno;
	if (gzclose(to) != Z_OK && !error)
		error = errno ? -errno : -EIO;
	return error;
}

static void backup_pack(struct backups *backups, const char *name)
{
	_cleanup_free_ char *plain = NULL, *half = NULL, *packed = NULL;
	_cleanup_close_ int from = -1;
	struct stat status;
	int error;

	if (asprintf(&plain, "%s/%s", backups->folder, name) < 0)
		plain = NULL;
	if (asprintf(&half, "%s/%s" HALF_END, backups->folder, name) < 0)
		half = NULL;
	if (asprintf(&packed, "%s/%s" PACKED_END, backups->folder, name) < 0)
		packed = NULL;
	if (!plain || !half || !packed)
		return;
	from = open(plain, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	error = from < 0 || fstat(from, &status) ? -errno : 0;
	if (!error && !S_ISREG(status.st_mode))
		error = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	if (!error)
		error = pack_into(backups, from, half);
	if (!error && rename(half, packed))
		error = -errno;
	if (!error && unlink(plain))
		error = -errno;
	if (!error)
		return;
	unlink(half);
	if (error != -ECANCELED)
		backups_note_error(backups, -error);
}

/* False: not yet; it is looked at again then. */
static bool backup_is_old(struct backups *backups, const char *name, uint64_t delay_ns)
{
	uint64_t now = clock_read_ns(CLOCK_REALTIME), due_ns = 0;
	_cleanup_free_ char *path = NULL;
	struct stat status;

	if (asprintf(&path, "%s/%s", backups->folder, name) < 0)
		path = NULL;
	if (path && stat(path, &status) == 0)
		due_ns = (uint64_t)status.st_mtim.tv_sec * CLOCK_NS_PER_SECOND +
			 (uint64_t)status.st_mtim.tv_nsec + delay_ns;
	/* a time to come is of a clock that was set back */
	if (due_ns <= now || due_ns > now + delay_ns)
		return true;
	pthread_mutex_lock(&backups->mutex);
	if (!backups->due_ns || due_ns < backups->due_ns)
		backups->due_ns = due_ns;
	pthread_mutex_unlock(&backups->mutex);
	return false;
}

static void backup_delete(struct backups *backups, const char *name)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", backups->folder, name) < 0)
		path = NULL;
	if (path && unlink(path) && errno != ENOENT)
		backups_note_error(backups, errno);
}

/* Whether NAME was packed into PACKED by us, whole: then they have one time. */
static bool backup_is_double(const struct backups *backups, const char *packed, const char *name)
{
	_cleanup_free_ char *path = NULL, *packed_path = NULL;
	struct stat plain, other;

	if (asprintf(&path, "%s/%s", backups->folder, name) < 0)
		path = NULL;
	if (asprintf(&packed_path, "%s/%s", backups->folder, packed) < 0)
		packed_path = NULL;
	return path && packed_path && stat(path, &plain) == 0 && stat(packed_path, &other) == 0 &&
	       plain.st_mtim.tv_sec == other.st_mtim.tv_sec &&
	       plain.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

/* The newest first. Packed and not, of one moment, follow each other: a crash came between the
 * two, and the packed one is whole. */
static int name_compare(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*other)->d_name, (*one)->d_name);
}

static bool names_are_of_one_moment(const struct backups *backups, const char *one,
				    const char *other)
{
	return strncmp(one, other, strlen(backups->stem) + TIME_BYTES) == 0;
}

static void backups_look_at(struct backups *backups, const struct dirent *const *entries, int count,
			    const struct backups_options *options)
{
	const char *before = NULL;
	uint32_t kept = 0;

	for (int i = 0; i < count && !backups_are_ending(backups); i++) {
		const char *name = entries[i]->d_name;
		enum backup_kind kind = backup_get_kind(backups, name);
		bool is_double = before && names_are_of_one_moment(backups, before, name);

		if (kind == BACKUP_NONE)
			continue;
		kept += !is_double && kind != BACKUP_HALF;
		/* somebody else may be packing it */
		if (is_double && !backup_is_double(backups, before, name))
			continue;
		if (is_double || kind == BACKUP_HALF ||
		    (options->count_max && kept > options->count_max))
			backup_delete(backups, name);
		else if (kind == BACKUP_PLAIN && options->compress &&
			 backup_is_old(backups, name, options->delay_ns))
			backup_pack(backups, name);
		if (kind != BACKUP_HALF)
			before = name;
	}
}

static void backups_look(struct backups *backups, const struct backups_options *options)
{
	struct dirent **entries;
	int count;

	backups->look_error = 0;
	count = scandir(backups->folder, &entries, NULL, name_compare);
	if (count < 0) {
		backups_note_error(backups, errno);
		return;
	}
	backups_look_at(backups, (const struct dirent *const *)entries, count, options);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

/* With the lock held. False: it is time for the next file. */
static bool backups_sleep(struct backups *backups)
{
	const struct timespec due = { (time_t)(backups->due_ns / CLOCK_NS_PER_SECOND),
				      (long)(backups->due_ns % CLOCK_NS_PER_SECOND) };

	if (backups->due_ns)
		return pthread_cond_timedwait(&backups->changed, &backups->mutex, &due) !=
		       ETIMEDOUT;
	pthread_cond_wait(&backups->changed, &backups->mutex);
	return true;
}

static void *backups_run(void *context)
{
	struct backups *backups = context;

	setpriority(PRIO_PROCESS, (id_t)gettid(), TEND_NICE);
	pthread_mutex_lock(&backups->mutex);
	while (!backups->is_ending) {
		struct backups_options options;

		if (!backups->is_due && backups_sleep(backups))
			continue;
		options = backups->options;
		backups->is_due = false;
		backups->due_ns = 0;
		backups->is_busy = true;
		pthread_mutex_unlock(&backups->mutex);
		backups_look(backups, &options);
		pthread_mutex_lock(&backups->mutex);
		backups->is_busy = false;
		backups->error = backups->look_error;
		pthread_cond_broadcast(&backups->changed);
	}
	pthread_mutex_unlock(&backups->mutex);
	return NULL;
}

/* Signals are for the loop. */
static int backups_start(struct backups *backups)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, TEND_STACK);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	error = -pthread_create(&backups->thread, &attributes, backups_run, backups);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

/* ---- its owner's side ------------------------------------------------------------------------ */

static void backups_done(struct backups *backups)
{
	free(backups->path);
	free(backups->folder);
	free(backups->stem);
	free(backups->end);
	free(backups);
}

int backups_new(struct backups **out, const char *path)
{
	struct backups *backups = calloc(1, sizeof(*backups));
	int error = backups ? backups_split(backups, path) : -ENOMEM;

	if (!error) {
		backups_find_last(backups);
		pthread_mutex_init(&backups->mutex, NULL);
		pthread_cond_init(&backups->changed, NULL);
		error = backups_start(backups);
	}
	if (error) {
		if (backups)
			backups_done(backups);
		return error;
	}
	*out = backups;
	return 0;
}

void backups_free(struct backups *backups)
{
	if (!backups)
		return;
	pthread_mutex_lock(&backups->mutex);
	backups->is_ending = true;
	pthread_cond_broadcast(&backups->changed);
	pthread_mutex_unlock(&backups->mutex);
	pthread_join(backups->thread, NULL);
	pthread_cond_destroy(&backups->changed);
	pthread_mutex_destroy(&backups->mutex);
	backups_done(backups);
}

void backups_set_options(struct backups *backups, const struct backups_options *options)
{
	pthread_mutex_lock(&backups->mutex);
	backups->options = *options;
	pthread_mutex_unlock(&backups->mutex);
	backups_tend(backups);
}

void backups_tend(struct backups *backups)
{
	pthread_mutex_lock(&backups->mutex);
	backups->is_due = true;
	pthread_cond_broadcast(&backups->changed);
	pthread_mutex_unlock(&backups->mutex);
}

void backups_wait(struct backups *backups)
{
	pthread_mutex_lock(&backups->mutex);
	while (backups->is_due || backups->is_busy)
		pthread_cond_wait(&backups->changed, &backups->mutex);
	pthread_mutex_unlock(&backups->mutex);
}

int backups_get_error(struct backups *backups)
{
	int error;

	pthread_mutex_lock(&backups->mutex);
	error = backups->error;
	pthread_mutex_unlock(&backups->mutex);
	return error;
}
