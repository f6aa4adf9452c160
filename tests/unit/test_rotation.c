/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation of the event file, what becomes of older files, and the limit in rate. */
#include "cmocka_case.h"
#include "temporary_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "output/backups.h"
#include "output/file.h"
#include "output/limit.h"

static char folder[TEMPORARY_FOLDER_BYTES];

static int enter(void **state)
{
	temporary_folder_enter(folder);
	return 0;
}

static int leave(void **state)
{
	temporary_folder_leave(folder);
	return 0;
}

static struct output_file *file_of(const char *path, const struct output_file_rotation *rotation)
{
	_cleanup_diag_ struct diag diag = {};
	struct output_file *file = NULL;

	assert_int_equal(output_file_new(&file, path, 0640, &diag), 0);
	assert_int_equal(output_file_set_rotation(file, rotation), 0);
	return file;
}

static void add(struct output_file *file, const char *line)
{
	struct buf *out = output_file_begin_line(file);

	assert_non_null(out);
	buf_add_text(out, line);
	buf_add_char(out, '\n');
	output_file_end_line(file);
}

static int is_ours(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Names of the folder, the file itself last, since it is shorter: "events.log" behind "events-...".
 */
static int names_of(struct dirent ***names)
{
	int count = scandir(".", names, is_ours, alphasort);

	assert_true(count >= 0);
	return count;
}

static void names_free(struct dirent **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static void add_content(struct buf *out, const char *name)
{
	gzFile file = gzopen(name, "rb"); /* reads plain files as they are, too */
	char piece[4096];
	int got;

	assert_non_null(file);
	while ((got = gzread(file, piece, sizeof(piece))) > 0)
		buf_add(out, piece, (size_t)got);
	assert_int_equal(got, 0);
	assert_int_equal(gzclose(file), Z_OK);
}

/* All files in the order of their times. */
static void read_all(struct buf *out, int *files)
{
	struct dirent **names;
	int count = names_of(&names);

	for (int i = 0; i < count; i++)
		add_content(out, names[i]->d_name);
	*files = count;
	names_free(names, count);
}

static off_t size_of(const char *name)
{
	struct stat status;

	return stat(name, &status) ? -1 : status.st_size;
}

static void no_file_is_larger_than_it_may_be_and_no_line_is_cut(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 1000 };
	struct output_file *file = file_of("events.log", &rotation);
	_cleanup_buf_ struct buf wanted = {}, seen = {};
	struct output_file_stats stats;
	struct dirent **names;
	int count;

	for (int i = 0; i < 2000; i++) {
		char line[64];

		snprintf(line, sizeof(line), "line %d %.*s", i, i % 40,
			 "........................................");
		add(file, line);
		buf_add_format(&wanted, "%s\n", line);
		if (i % 7 == 0)
			assert_int_equal(output_file_flush(file), 0);
	}
	assert_int_equal(output_file_flush(file), 0);
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.lines, 2000);
	assert_int_equal(stats.bytes, wanted.bytes);
	assert_int_equal(stats.rotation_error, 0);
	assert_int_equal(output_file_free(file), 0);
	read_all(&seen, &count);
	assert_int_equal(count, stats.rotations + 1);
	assert_true(stats.rotations >= wanted.bytes / 1000);
	assert_string_equal(buf_text(&seen), buf_text(&wanted));
	count = names_of(&names);
	for (int i = 0; i < count; i++) {
		assert_true(size_of(names[i]->d_name) <= 1000);
		assert_true(i == count - 1 || size_of(names[i]->d_name) > 900);
	}
	names_free(names, count);
}

static void a_line_that_is_longer_than_a_file_has_one_of_its_own(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 10 };
	struct output_file *file = file_of("events.log", &rotation);
	_cleanup_buf_ struct buf seen = {};
	int count;

	add(file, "short");
	add(file, "this one is far too long for it");
	add(file, "a");
	add(file, "b");
	assert_int_equal(output_file_free(file), 0);
	read_all(&seen, &count);
	assert_int_equal(count, 3);
	assert_string_equal(buf_text(&seen), "short\nthis one is far too long for it\na\nb\n");
	assert_int_equal(size_of("events.log"), 4);
}

static void what_a_file_has_already_counts(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 10 };
	struct output_file *file = file_of("events.log", &(struct output_file_rotation){});
	struct output_file_stats stats;

	add(file, "1234567");
	assert_int_equal(output_file_free(file), 0);
	file = file_of("events.log", &rotation);
	add(file, "x");
	assert_int_equal(output_file_flush(file), 0);
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.rotations, 0);
	add(file, "y");
	assert_int_equal(output_file_flush(file), 0);
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.rotations, 1);
	assert_int_equal(output_file_free(file), 0);
	assert_int_equal(size_of("events.log"), 2);
}

static void only_so_many_older_files_stay_and_others_are_not_touched(void **state)
{
	static const char *const others[] = {
		"events.log.1",
		"events-2026-11-25.log",
		"events-2026-11-25T15-04-05.log",
		"events-2026-11-25T15-04-05.000.log.bak",
		"events-2026-11-25T15-04-05.000.txt",
		"events-2026-11-25T15-04-0x.000.log",
		"events-x2026-11-25T15-04-05.000.log",
		"other-2026-11-25T15-04-05.000.log",
		"events-2026-11-25T15-04-05.000",
	};
	const struct output_file_rotation rotation = { .bytes_max = 2, .backups_max = 3 };
	struct backups *looked;
	struct output_file *file;
	struct dirent **names;
	int count;

	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(close(open(others[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	file = file_of("events.log", &rotation);
	for (int i = 0; i < 20; i++) {
		add(file, (char[]){ (char)('a' + i), '\0' });
		assert_int_equal(output_file_flush(file), 0);
	}
	assert_int_equal(output_file_free(file), 0);
	/* an agent that ends leaves the rest to the next one */
	assert_int_equal(backups_new(&looked, "events.log"), 0);
	backups_set_options(looked, &(struct backups_options){ .count_max = 3 });
	backups_wait(looked);
	assert_int_equal(backups_get_error(looked), 0);
	backups_free(looked);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(access(others[i], F_OK), 0);
	count = names_of(&names);
	assert_int_equal(count, COUNT(others) + 3 + 1);
	names_free(names, count);
	assert_int_equal(size_of("events.log"), 2);
}

static void older_files_are_packed_and_keep_their_mode_and_time(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 100, .compress = true };
	struct output_file *file = file_of("events", &rotation);
	_cleanup_buf_ struct buf wanted = {}, seen = {};
	struct backups *looked;
	struct dirent **names;
	struct stat status;
	int count;

	for (int i = 0; i < 200; i++) {
		char line[32];

		snprintf(line, sizeof(line), "number %d", i);
		add(file, line);
		buf_add_format(&wanted, "%s\n", line);
		assert_int_equal(output_file_flush(file), 0);
	}
	assert_int_equal(output_file_free(file), 0);
	assert_int_equal(backups_new(&looked, "events"), 0);
	backups_set_options(looked, &(struct backups_options){ .compress = true });
	backups_wait(looked);
	assert_int_equal(backups_get_error(looked), 0);
	backups_free(looked);
	count = names_of(&names);
	assert_true(count > 10);
	for (int i = 0; i < count; i++) {
		const char *end = strrchr(names[i]->d_name, '.');

		if (strcmp(names[i]->d_name, "events") == 0)
			continue;
		assert_string_equal(end, ".gz");
		assert_int_equal(stat(names[i]->d_name, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0640);
		add_content(&seen, names[i]->d_name);
	}
	names_free(names, count);
	add_content(&seen, "events"); /* sorts before the others here */
	assert_string_equal(buf_text(&seen), buf_text(&wanted));
}

/* Many within a millisecond, while older ones are packed; and an agent after an agent. */
static void no_name_is_given_twice(void **state)
{
	enum { MANY = 300 };
	struct backups *backups = NULL;
	_cleanup_buf_ struct buf wanted = {}, seen = {};
	int count;

	for (int i = 0; i < MANY; i++) {
		FILE *file = fopen("e.log", "w");

		assert_non_null(file);
		assert_true(fprintf(file, "%d\n", i) > 0);
		assert_int_equal(fclose(file), 0);
		buf_add_format(&wanted, "%d\n", i);
		if (i % 50 == 0) {
			backups_free(backups);
			assert_int_equal(backups_new(&backups, "e.log"), 0);
			backups_set_options(backups, &(struct backups_options){ .compress = true });
		}
		assert_int_equal(backups_put_aside(backups), 0);
		backups_tend(backups);
		if (i % 10 == 0)
			backups_wait(backups);
	}
	backups_wait(backups);
	assert_int_equal(backups_get_error(backups), 0);
	backups_free(backups);
	read_all(&seen, &count);
	assert_int_equal(count, MANY);
	assert_int_equal(seen.bytes, wanted.bytes);
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void put_packed(const char *name, const char *text)
{
	gzFile file = gzopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(gzwrite(file, text, (unsigned int)strlen(text)), strlen(text));
	assert_int_equal(gzclose(file), Z_OK);
}

static void set_time(const char *name, time_t seconds)
{
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

/* gzip(1) of an administrator writes the one while the other is still there. */
static void what_another_packs_is_not_deleted(void **state)
{
	const struct backups_options options = { .compress = true };
	struct backups *backups;

	put("e-2026-01-03T00-00-00.000.log", "all of it\n");
	put("e-2026-01-03T00-00-00.000.log.gz", "hal");
	set_time("e-2026-01-03T00-00-00.000.log", 1000);
	assert_int_equal(backups_new(&backups, "e.log"), 0);
	backups_set_options(backups, &options);
	backups_wait(backups);
	backups_free(backups);
	assert_int_equal(size_of("e-2026-01-03T00-00-00.000.log"), 10);
	assert_int_equal(size_of("e-2026-01-03T00-00-00.000.log.gz"), 3);
}

/* The clock stands in the past of names that an agent before gave. */
static void what_is_put_aside_now_is_the_newest(void **state)
{
	const struct backups_options options = { .count_max = 2 };
	_cleanup_buf_ struct buf seen = {};
	struct backups *backups;
	int count;

	put("e-2190-01-01T00-00-00.000.log", "oldest\n");
	put("e-2190-01-02T00-00-00.500.log.gz", "older\n");
	put("e.log", "new\n");
	assert_int_equal(backups_new(&backups, "e.log"), 0);
	backups_set_options(backups, &options);
	assert_int_equal(backups_put_aside(backups), 0);
	backups_tend(backups);
	backups_wait(backups);
	backups_free(backups);
	read_all(&seen, &count);
	assert_int_equal(count, 2);
	assert_string_equal(buf_text(&seen), "older\nnew\n");
	assert_int_equal(access("e-2190-01-02T00-00-00.501.log", F_OK), 0);
}

static void a_link_leads_to_the_file_that_is_put_aside(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 4 };
	struct output_file_stats stats;
	struct output_file *file;
	struct stat status;
	_cleanup_buf_ struct buf seen = {};

	assert_int_equal(mkdir("disk", 0700), 0);
	put("disk/e.log", "one\n");
	assert_int_equal(symlink("disk/e.log", "link"), 0);
	file = file_of("link", &rotation);
	add(file, "two");
	assert_int_equal(output_file_flush(file), 0);
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.rotations, 1);
	assert_int_equal(output_file_free(file), 0);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	add_content(&seen, "link");
	assert_string_equal(buf_text(&seen), "two\n");
}

/* /dev/stdout is everybody's. */
static void a_name_of_a_descriptor_is_never_put_aside(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 1 };
	struct output_file_stats stats;
	struct output_file *file;
	char path[64];
	int fd = open("plain", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	file = file_of(path, &rotation);
	for (int i = 0; i < 3; i++) {
		add(file, "line");
		assert_int_equal(output_file_flush(file), 0);
	}
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.rotations, 0);
	assert_int_equal(output_file_free(file), 0);
	assert_int_equal(size_of("plain"), 15);
	close(fd);
}

/* A crash may come at any moment of packing. */
static void what_a_crash_left_is_finished(void **state)
{
	const struct backups_options options = { .count_max = 3, .compress = true };
	struct backups *backups;
	_cleanup_buf_ struct buf seen = {};
	int count;

	put("e-2026-01-01T00-00-00.000.log", "too old\n");
	put("e-2026-01-02T00-00-00.000.log", "half packed\n");
	put("e-2026-01-02T00-00-00.000.log.gz.part", "\x1f\x8b");
	put("e-2026-01-03T00-00-00.000.log", "packed, not deleted\n");
	put_packed("e-2026-01-03T00-00-00.000.log.gz", "packed, not deleted\n");
	set_time("e-2026-01-03T00-00-00.000.log", 1000);
	set_time("e-2026-01-03T00-00-00.000.log.gz", 1000);
	put("e-2026-01-04T00-00-00.000.log", "not begun\n");
	assert_int_equal(backups_new(&backups, "e.log"), 0);
	backups_set_options(backups, &options);
	backups_wait(backups);
	assert_int_equal(backups_get_error(backups), 0);
	backups_free(backups);
	read_all(&seen, &count);
	assert_int_equal(count, 3);
	assert_string_equal(buf_text(&seen), "half packed\npacked, not deleted\nnot begun\n");
}

static void a_young_file_is_packed_when_it_is_old_enough(void **state)
{
	const struct backups_options options = { .compress = true,
						 .delay_ns = 300 * CLOCK_NS_PER_MS };
	struct backups *backups;
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } };

	put("e-2026-01-01T00-00-00.000.log", "x\n");
	put("e-2026-01-02T00-00-00.000.log", "y\n");
	times[1] = (struct timespec){ 0 };
	assert_int_equal(utimensat(AT_FDCWD, "e-2026-01-01T00-00-00.000.log", times, 0), 0);
	times[1].tv_sec = 4000000000; /* a clock that was set back */
	put("e-2026-01-03T00-00-00.000.log", "z\n");
	assert_int_equal(utimensat(AT_FDCWD, "e-2026-01-03T00-00-00.000.log", times, 0), 0);
	assert_int_equal(backups_new(&backups, "e.log"), 0);
	backups_set_options(backups, &options);
	backups_wait(backups);
	assert_int_equal(access("e-2026-01-01T00-00-00.000.log.gz", F_OK), 0);
	assert_int_equal(access("e-2026-01-02T00-00-00.000.log", F_OK), 0);
	assert_int_equal(access("e-2026-01-03T00-00-00.000.log.gz", F_OK), 0);
	for (int i = 0; i < 1000 && access("e-2026-01-02T00-00-00.000.log.gz", F_OK); i++)
		usleep(10000);
	assert_int_equal(access("e-2026-01-02T00-00-00.000.log.gz", F_OK), 0);
	backups_free(backups);
}

static void what_cannot_be_packed_is_said_and_stays(void **state)
{
	const struct backups_options options = { .compress = true };
	struct backups *backups;

	assert_int_equal(mkdir("e-2026-01-01T00-00-00.000.log", 0700), 0);
	put("e-2026-01-02T00-00-00.000.log", "x\n");
	assert_int_equal(backups_new(&backups, "./e.log"), 0);
	backups_set_options(backups, &options);
	backups_wait(backups);
	assert_int_equal(backups_get_error(backups), EISDIR);
	assert_int_equal(access("e-2026-01-01T00-00-00.000.log", F_OK), 0);
	assert_int_equal(access("e-2026-01-01T00-00-00.000.log.gz.part", F_OK), -1);
	assert_int_equal(access("e-2026-01-02T00-00-00.000.log.gz", F_OK), 0);
	assert_int_equal(rmdir("e-2026-01-01T00-00-00.000.log"), 0);
	backups_tend(backups);
	backups_wait(backups);
	assert_int_equal(backups_get_error(backups), 0);
	backups_free(backups);
}

static void a_file_that_cannot_be_put_aside_goes_on(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 4 };
	struct output_file_stats stats;
	struct output_file *file;
	_cleanup_buf_ struct buf seen = {};

	if (geteuid() != 0)
		skip(); /* the folder of another user is what root can play */
	assert_int_equal(mkdir("closed", 0700), 0);
	file = file_of("closed/events", &rotation);
	add(file, "one");
	assert_int_equal(output_file_flush(file), 0);
	assert_int_equal(chown("closed", 1, 1), 0);
	assert_int_equal(chmod("closed", 0555), 0);
	assert_int_equal(seteuid(2), 0);
	add(file, "two");
	assert_int_equal(output_file_flush(file), 0);
	assert_int_equal(seteuid(0), 0);
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.rotation_error, EACCES);
	assert_int_equal(stats.rotations, 0);
	assert_int_equal(output_file_free(file), 0);
	add_content(&seen, "closed/events");
	assert_string_equal(buf_text(&seen), "one\ntwo\n");
}

/* logrotate and we: what has the name is not ours then, and is not renamed. */
static void a_file_that_another_has_put_in_its_place_stays(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 6 };
	struct output_file *file = file_of("events", &rotation);
	_cleanup_buf_ struct buf first = {}, second = {};

	add(file, "one");
	assert_int_equal(output_file_flush(file), 0);
	assert_int_equal(rename("events", "events.1"), 0);
	put("events", "x\n");
	add(file, "two");
	assert_int_equal(output_file_free(file), 0);
	add_content(&first, "events.1");
	add_content(&second, "events");
	assert_string_equal(buf_text(&first), "one\n");
	assert_string_equal(buf_text(&second), "x\ntwo\n");
}

static void a_new_file_belongs_to_whom_the_old_one_does(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 4 };
	struct output_file *file;
	struct stat status;

	if (geteuid() != 0)
		skip(); /* nobody else may give files away */
	file = file_of("events", &rotation);
	assert_int_equal(chown("events", 12, 34), 0);
	add(file, "one");
	add(file, "two");
	assert_int_equal(output_file_flush(file), 0);
	assert_int_equal(stat("events", &status), 0);
	assert_int_equal(status.st_size, 4);
	assert_int_equal(status.st_uid, 12);
	assert_int_equal(status.st_gid, 34);
	/* one that another has put there keeps its own */
	assert_int_equal(rename("events", "moved"), 0);
	put("events", "");
	assert_int_equal(chown("events", 56, 78), 0);
	add(file, "three");
	assert_int_equal(output_file_free(file), 0);
	assert_int_equal(stat("events", &status), 0);
	assert_int_equal(status.st_size, 6);
	assert_int_equal(status.st_uid, 56);
}

/* A reload opens it anew, which is no reason to begin to count. */
static void a_file_that_is_opened_anew_stays_as_old_as_it_is(void **state)
{
	const struct output_file_rotation rotation = { .interval_ns = 300 * CLOCK_NS_PER_MS };
	struct output_file *file = file_of("events", &rotation);
	uint64_t end = clock_read_ns(CLOCK_MONOTONIC) + 20 * CLOCK_NS_PER_SECOND;
	struct output_file_stats stats = {};

	while (!stats.rotations && clock_read_ns(CLOCK_MONOTONIC) < end) {
		add(file, "line");
		assert_int_equal(output_file_reopen(file), 0);
		output_file_read_stats(file, &stats);
	}
	assert_int_equal(stats.rotations, 1);
	assert_int_equal(output_file_free(file), 0);
}

static void a_file_with_lines_is_put_aside_for_its_age(void **state)
{
	const struct output_file_rotation rotation = { .interval_ns = 1 };
	struct output_file *file = file_of("events", &rotation);
	struct output_file_stats stats;

	assert_int_equal(output_file_flush(file), 0);
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.rotations, 0); /* an empty one is not */
	add(file, "one");
	assert_int_equal(output_file_flush(file), 0);
	assert_int_equal(output_file_flush(file), 0);
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.rotations, 1);
	assert_int_equal(size_of("events"), 0);
	assert_int_equal(output_file_free(file), 0);
}

static void devices_are_not_put_aside(void **state)
{
	const struct output_file_rotation rotation = { .bytes_max = 1, .interval_ns = 1 };
	struct output_file *file = file_of("/dev/null", &rotation);
	struct output_file_stats stats;

	for (int i = 0; i < 10; i++) {
		add(file, "line");
		assert_int_equal(output_file_flush(file), 0);
	}
	output_file_read_stats(file, &stats);
	assert_int_equal(stats.lines, 10);
	assert_int_equal(stats.rotations, 0);
	assert_int_equal(output_file_free(file), 0);
}

static void a_limit_lets_a_minutes_worth_go_at_once_and_the_rest_evenly(void **state)
{
	struct output_limit limit = { true, 60 };
	uint64_t now = 1000 * CLOCK_NS_PER_SECOND;
	int gone = 0;

	for (int i = 0; i < 1000; i++)
		gone += output_limit_take(&limit, now, 1);
	assert_int_equal(gone, 60);
	assert_int_equal(limit.dropped, 940);
	assert_int_equal(output_limit_take_dropped(&limit, now), 940);
	for (int second = 1; second <= 120; second++) {
		int more = 0;

		for (int i = 0; i < 10; i++)
			more += output_limit_take(&limit,
						  now + (uint64_t)second * CLOCK_NS_PER_SECOND, 1);
		assert_int_equal(more, 1);
	}
	assert_int_equal(output_limit_take_dropped(&limit, now + 59 * CLOCK_NS_PER_SECOND), 0);
	assert_int_equal(output_limit_take_dropped(&limit, now + 60 * CLOCK_NS_PER_SECOND), 1080);
	assert_int_equal(output_limit_take_dropped(&limit, now + 200 * CLOCK_NS_PER_SECOND), 0);
	assert_int_equal(limit.dropped, 2020);
}

static void no_limit_and_nothing_at_all_are_limits_too(void **state)
{
	struct output_limit none = {}, all = { true, 0 };
	struct output_limit most = { true, UINT64_MAX };

	for (uint64_t i = 0; i < 1000; i++) {
		assert_true(output_limit_take(&none, i, 1));
		assert_false(output_limit_take(&all, i, 1));
		assert_true(output_limit_take(&most, i, 1));
	}
	assert_int_equal(none.dropped, 0);
	assert_int_equal(output_limit_take_dropped(&all, 5000), 1000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(no_file_is_larger_than_it_may_be_and_no_line_is_cut),
		CASE(a_line_that_is_longer_than_a_file_has_one_of_its_own),
		CASE(what_a_file_has_already_counts),
		CASE(only_so_many_older_files_stay_and_others_are_not_touched),
		CASE(older_files_are_packed_and_keep_their_mode_and_time),
		CASE(no_name_is_given_twice),
		CASE(what_a_crash_left_is_finished),
		CASE(a_young_file_is_packed_when_it_is_old_enough),
		CASE(what_another_packs_is_not_deleted),
		CASE(what_is_put_aside_now_is_the_newest),
		CASE(a_link_leads_to_the_file_that_is_put_aside),
		CASE(a_name_of_a_descriptor_is_never_put_aside),
		CASE(what_cannot_be_packed_is_said_and_stays),
		CASE(a_file_that_cannot_be_put_aside_goes_on),
		CASE(a_file_that_another_has_put_in_its_place_stays),
		CASE(a_new_file_belongs_to_whom_the_old_one_does),
		CASE(a_file_that_is_opened_anew_stays_as_old_as_it_is),
		CASE(a_file_with_lines_is_put_aside_for_its_age),
		CASE(devices_are_not_put_aside),
		cmocka_unit_test(a_limit_lets_a_minutes_worth_go_at_once_and_the_rest_evenly),
		cmocka_unit_test(no_limit_and_nothing_at_all_are_limits_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
