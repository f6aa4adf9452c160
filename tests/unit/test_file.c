/* SPDX-License-Identifier: Apache-2.0 */
/* The event file: whole lines, whatever the disk does. The full disk is a limit on the file's size.
 */
#include "cmocka_case.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/file.h"

static char folder[] = "/tmp/file-XXXXXX";
static char path[64], old_path[64];

static struct output_file *file_of(const char *name)
{
	_cleanup_diag_ struct diag diag = {};
	struct output_file *file = NULL;

	assert_int_equal(output_file_new(&file, name, 0600, &diag), 0);
	assert_int_equal(diag.lines, 0);
	return file;
}

static bool add(struct output_file *file, const char *line)
{
	struct buf *out = output_file_begin_line(file);

	if (!out) {
		output_file_drop_line(file);
		return false;
	}
	buf_add_text(out, line);
	buf_add_char(out, '\n');
	output_file_end_line(file);
	return true;
}

/* The file's content, valid until the next call. */
static const char *content_of(const char *name)
{
	static char text[4 * 1024 * 1024];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	assert_true(fd >= 0);
	got = read(fd, text, sizeof(text) - 1);
	assert_true(got >= 0);
	text[got] = '\0';
	close(fd);
	return text;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The disk is full once a file has BYTES; RLIM_INFINITY: no longer. */
static void set_disk(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static struct output_file_stats stats_of(const struct output_file *file)
{
	struct output_file_stats stats;

	output_file_read_stats(file, &stats);
	return stats;
}

static int tear_down(void **state)
{
	set_disk(RLIM_INFINITY);
	unlink(path);
	unlink(old_path);
	return 0;
}

static void lines_are_appended_and_counted(void **state)
{
	struct output_file *file;

	put(path, "before\n");
	file = file_of(path);
	add(file, "one");
	add(file, "two");
	assert_string_equal(content_of(path), "before\n"); /* in batches */
	assert_int_equal(output_file_flush(file), 0);
	assert_string_equal(content_of(path), "before\none\ntwo\n");
	assert_int_equal(stats_of(file).lines, 2);
	assert_int_equal(stats_of(file).bytes, 8);
	add(file, "three");
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(path), "before\none\ntwo\nthree\n");
	assert_int_equal(output_file_free(NULL), 0);
}

static void a_file_that_cannot_be_opened_is_said(void **state)
{
	_cleanup_diag_ struct diag diag = {};
	struct output_file *file = NULL;

	assert_int_equal(output_file_new(&file, "/nonexistent/events", 0600, &diag), -ENOENT);
	assert_null(file);
	assert_int_equal(diag.lines, 1);
	assert_non_null(strstr(buf_text(&diag.text), "--export-filename"));
	assert_int_equal(output_file_new(&file, folder, 0600, &diag), -EISDIR);
}

static void the_mode_is_set_whatever_the_umask_but_devices_keep_theirs(void **state)
{
	struct stat before, after;
	mode_t umask_before = umask(0777);
	struct output_file *file = file_of(path);

	umask(umask_before);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_mode & 07777, 0600);
	output_file_free(file);

	assert_int_equal(stat("/dev/null", &before), 0);
	file = file_of("/dev/null");
	add(file, "x");
	assert_int_equal(output_file_free(file), 0);
	assert_int_equal(stat("/dev/null", &after), 0);
	assert_int_equal(after.st_mode, before.st_mode);
}

static void a_batch_is_written_before_it_grows_large(void **state)
{
	struct output_file *file = file_of(path);
	char line[1000];
	struct stat info;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 100; i++)
		assert_true(add(file, line));
	assert_int_equal(stat(path, &info), 0);
	assert_true(info.st_size >= 64 * 1024);
	assert_int_equal(info.st_size % 1000, 0);
	output_file_free(file);
}

static void a_line_cut_by_the_disk_is_finished_when_there_is_room(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "first");
	add(file, "second");
	set_disk(9);
	assert_int_equal(output_file_flush(file), -EFBIG);
	assert_string_equal(content_of(path), "first\nsec");
	assert_int_equal(stats_of(file).lines, 1);
	assert_int_equal(stats_of(file).bytes, 9);
	assert_int_equal(output_file_flush(file), -EFBIG);
	add(file, "third");
	set_disk(RLIM_INFINITY);
	assert_int_equal(output_file_flush(file), 0);
	assert_string_equal(content_of(path), "first\nsecond\nthird\n");
	assert_int_equal(stats_of(file).lines, 3);
	assert_int_equal(stats_of(file).bytes, 19);
	assert_int_equal(stats_of(file).dropped, 0);
	assert_int_equal(output_file_free(file), 0);
}

static void a_line_may_be_cut_more_than_once(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "abcdefgh");
	for (rlim_t bytes = 1; bytes < 9; bytes++) {
		set_disk(bytes);
		assert_int_equal(output_file_flush(file), -EFBIG);
	}
	set_disk(RLIM_INFINITY);
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(path), "abcdefgh\n");
}

static void a_full_disk_drops_new_lines_and_counts_them(void **state)
{
	struct output_file *file = file_of("/dev/full");
	char line[10000];
	uint64_t added = 0, dropped = 0;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	while (dropped < 5) {
		if (add(file, line))
			added++;
		else
			dropped++;
		assert_true(added < 1000);
	}
	assert_true(added * sizeof(line) > 1024 * 1024); /* memory was used first, but not more */
	assert_true(added * sizeof(line) < 1024 * 1024 + 2 * sizeof(line));
	assert_int_equal(output_file_flush(file), -ENOSPC);
	assert_int_equal(stats_of(file).dropped, 5);
	assert_int_equal(stats_of(file).lines, 0);
	assert_int_equal(output_file_take_dropped(file), 5);
	assert_int_equal(output_file_take_dropped(file), 0);
	assert_int_equal(stats_of(file).dropped, 5);
	assert_int_equal(output_file_free(file), added);
}

static void a_line_that_memory_does_not_suffice_for_is_taken_out(void **state)
{
	struct output_file *file = file_of(path);
	struct buf *out;

	add(file, "first");
	out = output_file_begin_line(file);
	buf_add_text(out, "half a li");
	assert_false(buf_reserve(out, SIZE_MAX / 2));
	buf_add_text(out, "ne\n");
	output_file_end_line(file);
	add(file, "third");
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(path), "first\nthird\n");
}

static void a_reopened_file_takes_the_next_lines(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "old");
	assert_int_equal(rename(path, old_path), 0);
	assert_int_equal(output_file_reopen(file), 0);
	add(file, "new");
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(old_path), "old\n");
	assert_string_equal(content_of(path), "new\n");
}

static void a_file_that_cannot_be_reopened_goes_on_with_the_old_one(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "old");
	assert_int_equal(rename(path, old_path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(output_file_reopen(file), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	add(file, "still old");
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(old_path), "old\nstill old\n");
}

static void a_reopen_while_a_line_is_cut_leaves_two_files_of_whole_lines(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "first");
	add(file, "second");
	set_disk(9);
	output_file_flush(file);
	assert_int_equal(rename(path, old_path), 0);
	assert_int_equal(output_file_reopen(file), 0);
	set_disk(RLIM_INFINITY);
	add(file, "third");
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(old_path), "first\n");
	assert_string_equal(content_of(path), "second\nthird\n");
}

static void a_reopen_of_the_same_file_while_a_line_is_cut_writes_it_once(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "first");
	add(file, "second");
	set_disk(9);
	output_file_flush(file);
	assert_int_equal(output_file_reopen(file), 0);
	set_disk(RLIM_INFINITY);
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(path), "first\nsecond\n");
}

static void a_failed_reopen_while_a_line_is_cut_loses_nothing(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "first");
	add(file, "second");
	set_disk(9);
	output_file_flush(file);
	assert_int_equal(rename(path, old_path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(output_file_reopen(file), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	set_disk(RLIM_INFINITY);
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(old_path), "first\nsecond\n");
}

static void a_file_that_somebody_emptied_is_not_cut_again(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "first");
	add(file, "second");
	set_disk(9);
	output_file_flush(file);
	set_disk(RLIM_INFINITY);
	put(path, "by another hand\n"); /* copied and emptied, then written to */
	set_disk(9);
	assert_int_equal(output_file_reopen(file), 0);
	set_disk(RLIM_INFINITY);
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(path), "by another hand\nsecond\n");
}

static void what_cannot_be_written_at_the_end_is_lost_in_whole_lines(void **state)
{
	struct output_file *file = file_of(path);

	add(file, "first");
	add(file, "second");
	add(file, "third");
	set_disk(9);
	assert_int_equal(output_file_free(file), 2);
	assert_string_equal(content_of(path), "first\n");
}

static void half_a_line_that_a_killed_agent_left_is_ended(void **state)
{
	struct output_file *file;

	put(path, "whole\nhal");
	file = file_of(path);
	assert_string_equal(content_of(path), "whole\nhal"); /* nothing to write yet */
	set_disk(9);
	add(file, "next");
	assert_int_equal(output_file_flush(file), -EFBIG);
	set_disk(RLIM_INFINITY);
	assert_int_equal(output_file_free(file), 0);
	assert_string_equal(content_of(path), "whole\nhal\nnext\n");
}

static void standard_output_is_a_file_too(void **state)
{
	int saved = dup(STDOUT_FILENO), fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	struct output_file *file;
	struct stat info;

	assert_true(fd >= 0 && saved >= 0);
	fflush(stdout);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	file = file_of("-");
	add(file, "line");
	assert_int_equal(output_file_reopen(file), 0);
	output_file_free(file);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	assert_string_equal(content_of(path), "line\n");
	assert_int_equal(fstat(fd, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640); /* whose it is is not ours to say */
	close(fd);
	close(saved);
}

/* What is in the pipe now. */
static size_t drain(int fd, char *out, size_t bytes)
{
	size_t used = 0;
	ssize_t got;

	while (used < bytes && (got = read(fd, out + used, bytes - used)) > 0)
		used += (size_t)got;
	return used;
}

static void a_pipe_that_nobody_reads_holds_nobody_up(void **state)
{
	enum { LINES = 2000, ROOM = 4 << 20 };
	_cleanup_free_ char *text = calloc(1, ROOM);
	struct output_file *file;
	size_t bytes = 0, lines = 0;
	int reader, error = 0;

	assert_int_equal(mkfifo(path, 0600), 0);
	file = file_of(path); /* before there is a reader */
	for (int i = 0; i < LINES; i++) {
		char line[1024];

		snprintf(line, sizeof(line), "%0900d", i);
		add(file, line);
		error = output_file_flush(file);
	}
	assert_int_equal(error, -EAGAIN);
	assert_true(stats_of(file).dropped > 0);
	assert_int_equal(output_file_reopen(file), 0); /* while a line is cut */
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	do {
		bytes += drain(reader, text + bytes, ROOM - 1 - bytes);
	} while (output_file_flush(file) == -EAGAIN);
	bytes += drain(reader, text + bytes, ROOM - 1 - bytes);
	/* all whole, but for the one that was cut and comes again */
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
		lines += end - line == 900;
	assert_int_equal(text[bytes - 1], '\n');
	assert_int_equal(lines, LINES - stats_of(file).dropped);
	close(reader);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	add(file, "for the next reader");
	assert_int_equal(output_file_flush(file), 0);
	assert_int_equal(drain(reader, text, ROOM), strlen("for the next reader\n"));
	close(reader);
	assert_int_equal(output_file_free(file), 0);
}

static int make_folder(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/events", folder);
	snprintf(old_path, sizeof(old_path), "%s/events.1", folder);
	return 0;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

#define CASE(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(lines_are_appended_and_counted),
		CASE(a_file_that_cannot_be_opened_is_said),
		CASE(the_mode_is_set_whatever_the_umask_but_devices_keep_theirs),
		CASE(a_batch_is_written_before_it_grows_large),
		CASE(a_line_cut_by_the_disk_is_finished_when_there_is_room),
		CASE(a_line_may_be_cut_more_than_once),
		CASE(a_full_disk_drops_new_lines_and_counts_them),
		CASE(a_line_that_memory_does_not_suffice_for_is_taken_out),
		CASE(a_reopened_file_takes_the_next_lines),
		CASE(a_file_that_cannot_be_reopened_goes_on_with_the_old_one),
		CASE(a_reopen_while_a_line_is_cut_leaves_two_files_of_whole_lines),
		CASE(a_reopen_of_the_same_file_while_a_line_is_cut_writes_it_once),
		CASE(a_failed_reopen_while_a_line_is_cut_loses_nothing),
		CASE(a_file_that_somebody_emptied_is_not_cut_again),
		CASE(what_cannot_be_written_at_the_end_is_lost_in_whole_lines),
		CASE(half_a_line_that_a_killed_agent_left_is_ended),
		CASE(standard_output_is_a_file_too),
		CASE(a_pipe_that_nobody_reads_holds_nobody_up),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
