/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two inotify watches: one on the path itself, one on the directory above it. Both are set anew
 * after each event, in this order: first the upper, then the lower, then a look at what is there.
 * So whatever happens meanwhile makes a further event.
 */
#include "base/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

/* Editors and package managers take some system calls for one change; people do not see 50 ms. */
#define WATCH_QUIET_NS (50 * CLOCK_NS_PER_MS)
/* A directory that never rests is looked at twice a second. */
#define WATCH_LATEST_NS (500 * CLOCK_NS_PER_MS)
/* Who cannot see (the machine's inotify watches are used up, or a link leads nowhere, and what will
 * be there could come from anywhere) looks once a second. */
#define WATCH_BLIND_NS CLOCK_NS_PER_SECOND

/* Names come and go. */
#define WATCH_NAMES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define WATCH_SELF  (IN_DELETE_SELF | IN_MOVE_SELF)
#define WATCH_ABOVE (WATCH_NAMES | WATCH_SELF | IN_ONLYDIR)
/* IN_ATTRIB: permissions, and that a file lost a name while it is held open. */
#define WATCH_PATH (WATCH_NAMES | WATCH_SELF | IN_CLOSE_WRITE | IN_ATTRIB)

enum { WATCH_NONE = -1 };

/* What a path leads to, links followed; zeroed when it leads nowhere. */
struct watch_target {
	dev_t device;
	ino_t inode;
};

struct watch {
	char *path; /* owned; absolute, no slash at the end */
	int inotify_fd;
	int above;    /* watch of the directory above or of the nearest one that exists */
	int self;     /* watch of what the path leads to */
	bool is_near; /* above is the path's parent */
	bool is_blind;
	struct watch_target target;
	struct loop_source *source, *timer;
	uint64_t first_ns; /* of the changes that are not told yet; 0: none */
	watch_fn changed;
	void *context;
};

static void watch_drop(struct watch *watch, int old)
{
	if (old != WATCH_NONE && old != watch->above && old != watch->self)
		inotify_rm_watch(watch->inotify_fd, old);
}

static bool is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/*
 * Goes down from the root as far as there are directories. Each is watched before the next is
 * looked for, so none can appear unseen.
 */
static int watch_find_above(struct watch *watch, char *path)
{
	int found = inotify_add_watch(watch->inotify_fd, "/", WATCH_ABOVE);
	int error = found < 0 ? errno : 0;

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int next;

		*slash = '\0';
		next = inotify_add_watch(watch->inotify_fd, path, WATCH_ABOVE);
		error = next < 0 ? errno : 0;
		*slash = '/';
		if (is_absent(error))
			break;
		if (next < 0)
			continue; /* not to be read, but perhaps what is below it */
		if (found >= 0 && found != next)
			watch_drop(watch, found);
		found = next;
	}
	return found >= 0 ? found : -error;
}

/* The watch of the parent, or of what stands for it as long as it is missing. */
static int watch_add_above(struct watch *watch, bool *is_near)
{
	_cleanup_free_ char *path = strdup(watch->path);
	char *slash;
	int found;

	if (!path)
		return -ENOMEM;
	slash = strrchr(path, '/');
	*is_near = true;
	*slash = '\0';
	found = inotify_add_watch(watch->inotify_fd, slash == path ? "/" : path, WATCH_ABOVE);
	*slash = '/';
	if (found >= 0 || !is_absent(errno))
		return found < 0 ? -errno : found;
	*is_near = false;
	return watch_find_above(watch, path);
}

static struct watch_target watch_look(const struct watch *watch)
{
	struct stat status;

	if (stat(watch->path, &status) < 0)
		return (struct watch_target){};
	return (struct watch_target){ .device = status.st_dev, .inode = status.st_ino };
}

static bool target_is(const struct watch_target *one, const struct watch_target *other)
{
	return one->device == other->device && one->inode == other->inode;
}

/* Whether a part of the path that is there is a symbolic link. */
static bool path_has_link(char *path)
{
	struct stat status;

	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		int error;

		if (slash)
			*slash = '\0';
		error = lstat(path, &status);
		if (slash)
			*slash = '/';
		if (error || !slash || S_ISLNK(status.st_mode))
			return !error && S_ISLNK(status.st_mode);
	}
}

/* There is no timer of another kind then. */
static void watch_look_later(struct watch *watch)
{
	if (watch->is_blind || (!watch->target.inode && path_has_link(watch->path)))
		loop_set_timer(watch->timer, WATCH_BLIND_NS, 0);
}

/* Sets both watches on what is there now. */
static int watch_arm(struct watch *watch)
{
	int old_above = watch->above, old_self = watch->self;
	int above = watch_add_above(watch, &watch->is_near);
	int self, error;

	if (above < 0)
		return above;
	self = inotify_add_watch(watch->inotify_fd, watch->path, WATCH_PATH);
	/* Any other failure: nothing is there, or nothing that this process may read. */
	error = self < 0 && errno == ENOSPC ? -ENOSPC : 0;
	watch->above = above;
	watch->self = self < 0 ? WATCH_NONE : self;
	watch_drop(watch, old_above);
	watch_drop(watch, old_self);
	return error;
}

/* True: what the path leads to is not what it was. */
static bool watch_arm_again(struct watch *watch)
{
	struct watch_target old = watch->target;
	int error = watch_arm(watch);

	if (error)
		log_debug("cannot watch \"%s\": %s", watch->path, strerror(-error));
	watch->target = watch_look(watch);
	return error || !target_is(&old, &watch->target);
}

static void watch_schedule(struct watch *watch)
{
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	uint64_t latest, delay;

	if (!watch->first_ns)
		watch->first_ns = now;
	latest = watch->first_ns + WATCH_LATEST_NS;
	delay = latest > now ? latest - now : 1;
	loop_set_timer(watch->timer, delay < WATCH_QUIET_NS ? delay : WATCH_QUIET_NS, 0);
}

static void watch_on_timer(void *context)
{
	struct watch *watch = context;
	struct watch_target now = watch_look(watch);
	bool is_due = watch->first_ns || watch->is_blind || !target_is(&now, &watch->target);

	watch->first_ns = 0;
	if (is_due) {
		watch->is_blind = watch_arm(watch) < 0;
		watch->target = watch_look(watch);
	}
	watch_look_later(watch);
	/* The owner may free the watch. */
	if (is_due)
		watch->changed(watch->context);
}

static bool watch_is_about(const struct watch *watch, const struct inotify_event *event)
{
	const char *name = strrchr(watch->path, '/') + 1;

	if (event->mask & IN_Q_OVERFLOW)
		return true;
	/* That a watch was removed says nothing new; what made it go away was told before. */
	if (event->mask & IN_IGNORED)
		return false;
	if (event->wd == watch->self)
		return true;
	return event->wd == watch->above && watch->is_near && event->len &&
	       strcmp(event->name, name) == 0;
}

/* Not the echo of a watch that was removed here: to set watches anew removes some, so that would go
 * on for ever. */
static bool watch_is_news(const struct watch *watch, const struct inotify_event *event)
{
	return !(event->mask & IN_IGNORED) || event->wd == watch->above || event->wd == watch->self;
}

static void watch_on_events(void *context, uint32_t events)
{
	struct watch *watch = context;
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t bytes = read(watch->inotify_fd, buffer, sizeof(buffer));
	bool is_about = false, is_news = false;

	for (ssize_t at = 0; at < bytes;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		is_news |= watch_is_news(watch, event);
		is_about |= watch_is_about(watch, event);
		at += (ssize_t)sizeof(*event) + event->len;
	}
	/* Always: also when it was only a directory further above that appeared. */
	if (is_news && (watch_arm_again(watch) || is_about))
		watch_schedule(watch);
	else if (is_news && !watch->first_ns)
		watch_look_later(watch);
}

/* Absolute, and without slashes at the end. */
static int watch_copy_path(const char *path, char **out)
{
	_cleanup_free_ char *folder = NULL;
	_cleanup_buf_ struct buf whole = {};

	if (path[0] != '/') {
		folder = getcwd(NULL, 0);
		if (!folder)
			return -errno;
		buf_add_format(&whole, "%s/", folder);
	}
	buf_add_text(&whole, path);
	while (whole.bytes > 1 && whole.data[whole.bytes - 1] == '/')
		whole.bytes--;
	*out = whole.failed ? NULL : strdup(buf_text(&whole));
	return *out ? 0 : -ENOMEM;
}

static int watch_start(struct watch *watch, struct loop *loop, const char *path)
{
	int error = watch_copy_path(path, &watch->path);

	if (error)
		return error;
	watch->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->inotify_fd < 0)
		return -errno;
	error = watch_arm(watch);
	if (error)
		return error;
	watch->target = watch_look(watch);
	error = loop_add_timer(loop, watch_on_timer, watch, &watch->timer);
	if (error)
		return error;
	watch_look_later(watch);
	return loop_add_io(loop, watch->inotify_fd, EPOLLIN, watch_on_events, watch,
			   &watch->source);
}

int watch_new(struct watch **out, struct loop *loop, const char *path, watch_fn changed,
	      void *context)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	*watch = (struct watch){
		.inotify_fd = -1,
		.above = WATCH_NONE,
		.self = WATCH_NONE,
		.changed = changed,
		.context = context,
	};
	error = watch_start(watch, loop, path);
	if (error) {
		watch_free(watch);
		return error;
	}
	*out = watch;
	return 0;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	loop_remove(watch->source);
	loop_remove(watch->timer);
	if (watch->inotify_fd >= 0)
		close(watch->inotify_fd);
	free(watch->path);
	free(watch);
}
