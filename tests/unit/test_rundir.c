/* SPDX-License-Identifier: Apache-2.0 */
/* PID and info files: who holds them, and what is left behind. */
#include "cmocka_case.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "daemon/rundir.h"

static char folder[] = "/tmp/rundir-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[2][PATH_MAX];
	static int which;

	which = !which;
	snprintf(path[which], sizeof(path[which]), "%s/%s", folder, name);
	return path[which];
}

static void it_holds_the_pid_and_the_info_while_it_lives(void **state)
{
	const struct rundir_info info = { .server_address = "localhost:1",
					  .export_filename = "/e\"v",
					  .btf = "" };
	_cleanup_diag_ struct diag diag = {};
	struct rundir *rundir = NULL;
	json_t *object;
	char pid[16] = "";
	FILE *file;

	assert_int_equal(rundir_new(&rundir, path_of("a/b/c"), &diag), 0);
	file = fopen(path_of("a/b/c/tetragon.pid"), "r");
	assert_non_null(file);
	assert_non_null(fgets(pid, sizeof(pid), file));
	assert_int_equal(strtol(pid, NULL, 10), getpid());
	fclose(file);
	assert_int_equal(rundir_write_info(rundir, &info, &diag), 0);
	object = json_load_file(path_of("a/b/c/tetragon-info.json"), 0, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "export_fname")), "/e\"v");
	assert_string_equal(json_string_value(json_object_get(object, "server_address")),
			    "localhost:1");
	assert_int_equal(json_integer_value(json_object_get(object, "pid")), getpid());
	json_decref(object);
	rundir_free(rundir);
	assert_int_equal(access(path_of("a/b/c/tetragon.pid"), F_OK), -1);
	assert_int_equal(access(path_of("a/b/c/tetragon-info.json"), F_OK), -1);
	assert_int_equal(diag.lines, 0);
	rundir_free(NULL);
}

static void its_path_is_one_from_the_root_on(void **state)
{
	_cleanup_diag_ struct diag diag = {};
	struct rundir *rundir = NULL;
	char before[PATH_MAX], here[PATH_MAX - 16], wanted[PATH_MAX];

	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(rundir_new(&rundir, "a/run", &diag), 0);
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(wanted, sizeof(wanted), "%s/a/run", here);
	assert_int_equal(chdir(before), 0);
	assert_string_equal(rundir_get_path(rundir), wanted);
	rundir_free(rundir);
	assert_int_equal(rundir_new(&rundir, path_of("a/run"), &diag), 0);
	assert_string_equal(rundir_get_path(rundir), path_of("a/run"));
	rundir_free(rundir);
}

static void a_second_one_is_told_who_holds_it(void **state)
{
	_cleanup_diag_ struct diag diag = {};
	struct rundir *first = NULL, *second = NULL;
	char pid[32];

	assert_int_equal(rundir_new(&first, folder, &diag), 0);
	assert_int_equal(rundir_new(&second, folder, &diag), -EBUSY);
	assert_null(second);
	assert_int_equal(diag.lines, 1);
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	assert_non_null(strstr(buf_text(&diag.text), pid));
	assert_int_equal(access(path_of("tetragon.pid"), F_OK),
			 0); /* the loser took nothing away */
	rundir_free(first);
}

static void files_of_an_agent_that_was_killed_do_not_matter(void **state)
{
	_cleanup_diag_ struct diag diag = {};
	struct rundir *rundir = NULL;
	pid_t child = fork();

	if (child == 0) {
		if (rundir_new(&rundir, folder, &diag))
			_exit(1);
		_exit(0); /* without rundir_free() */
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(path_of("tetragon.pid"), F_OK), 0);
	assert_int_equal(rundir_new(&rundir, folder, &diag), 0);
	rundir_free(rundir);
}

/* The number is one that the kernel has given to somebody else since, or never will. */
static void a_number_that_nobody_locks_does_not_matter(void **state)
{
	const char *const rows[] = { "1\n", "4194305\n", "", "not a number", "\n\n", "-1\n" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_diag_ struct diag diag = {};
		struct rundir *rundir = NULL;
		char text[16] = "";
		FILE *file = fopen(path_of("tetragon.pid"), "w");

		assert_non_null(file);
		fputs(rows[i], file);
		fclose(file);
		assert_int_equal(rundir_new(&rundir, folder, &diag), 0);
		file = fopen(path_of("tetragon.pid"), "r");
		assert_non_null(fgets(text, sizeof(text), file));
		fclose(file);
		assert_int_equal(strtol(text, NULL, 10), getpid()); /* nothing of the old is left */
		rundir_free(rundir);
	}
}

/* Whoever holds the lock has not written its number yet, or is no agent: no process is accused. */
static void a_lock_of_somebody_unknown_is_told_as_such(void **state)
{
	const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "a process that \"lslocks\" shows (" },
		{ "4194305\n", "a process that \"lslocks\" shows (" },
		{ "1\n", "process 1 (" },
		{ "1\nand more", "process 1 (" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_diag_ struct diag diag = {};
		struct rundir *rundir = NULL;
		int fd =
			open(path_of("tetragon.pid"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		assert_int_equal(write(fd, rows[i].text, strlen(rows[i].text)),
				 strlen(rows[i].text));
		assert_int_equal(flock(fd, LOCK_EX), 0);
		assert_int_equal(rundir_new(&rundir, folder, &diag), -EBUSY);
		if (!strstr(buf_text(&diag.text), rows[i].want))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
		close(fd);
	}
	unlink(path_of("tetragon.pid"));
}

static void a_link_in_place_of_a_file_is_not_followed(void **state)
{
	const struct rundir_info info = {};
	_cleanup_diag_ struct diag diag = {};
	struct rundir *rundir = NULL;

	assert_int_equal(symlink(path_of("victim"), path_of("tetragon.pid")), 0);
	assert_int_equal(rundir_new(&rundir, folder, &diag), -ELOOP);
	unlink(path_of("tetragon.pid"));
	assert_int_equal(rundir_new(&rundir, folder, &diag), 0);
	assert_int_equal(symlink(path_of("victim"), path_of("tetragon-info.json.new")), 0);
	assert_int_equal(rundir_write_info(rundir, &info, &diag), -ELOOP);
	assert_int_equal(access(path_of("victim"), F_OK), -1);
	rundir_free(rundir);
}

static void everybody_may_read_the_info_whatever_the_umask(void **state)
{
	const struct rundir_info info = { .metrics_address = "localhost:2112",
					  .socket_path = "/run/s",
					  .btf = "/sys/kernel/btf/vmlinux" };
	const struct {
		const char *key, *value;
	} rows[] = {
		{ "export_fname", "" },	     { "btf_fname", "/sys/kernel/btf/vmlinux" },
		{ "server_address", "" },    { "metrics_address", "localhost:2112" },
		{ "socket_path", "/run/s" },
	};
	_cleanup_diag_ struct diag diag = {};
	struct rundir *rundir = NULL;
	mode_t mask = umask(0077);
	struct stat status;
	json_t *object;

	assert_int_equal(rundir_new(&rundir, folder, &diag), 0);
	assert_int_equal(rundir_write_info(rundir, &info, &diag), 0);
	umask(mask);
	assert_int_equal(stat(path_of("tetragon-info.json"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	object = json_load_file(path_of("tetragon-info.json"), 0, NULL);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row_string(i, json_string_value(json_object_get(object, rows[i].key)),
				  rows[i].value);
	assert_int_equal(json_integer_value(json_object_get(object, "max_recv_size")), 10485760);
	assert_int_equal(json_object_size(object), COUNT(rows) + 2);
	json_decref(object);
	assert_int_equal(access(path_of("tetragon-info.json.new"), F_OK), -1);
	rundir_free(rundir);
}

static void unusable_directories_are_refused_with_a_line(void **state)
{
	static char too_long[PATH_MAX + 10], nearly[PATH_MAX];
	const struct {
		const char *path;
		int error;
	} rows[] = {
		{ "", -ENOENT },	   { "/dev/null/x", -ENOTDIR }, { "/dev/null", -ENOTDIR },
		{ "/proc/none", -ENOENT }, { too_long, -ENAMETOOLONG }, { nearly, -ENAMETOOLONG },
	};

	memset(too_long, 'x', sizeof(too_long) - 1);
	memset(nearly, '/', sizeof(nearly) - 1); /* is the root, but leaves no room for names */
	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_diag_ struct diag diag = {};
		struct rundir *rundir = NULL;
		int error = rundir_new(&rundir, rows[i].path, &diag);

		if (error != rows[i].error || rundir || diag.lines != 1)
			fail_msg("row %zu: %d, %u lines", i, error, diag.lines);
		assert_non_null(strstr(buf_text(&diag.text), "--run-dir"));
	}
	assert_int_equal(access("/tetragon.pid", F_OK), -1);
}

static void an_info_file_that_cannot_be_written_is_said(void **state)
{
	const struct rundir_info info = { .server_address = "",
					  .export_filename = "\xff",
					  .btf = "" };
	_cleanup_diag_ struct diag diag = {};
	struct rundir *rundir = NULL;

	assert_int_equal(rundir_new(&rundir, folder, &diag), 0);
	assert_true(rundir_write_info(rundir, &info, &diag) < 0); /* JSON has no such text */
	assert_int_equal(diag.lines, 1);
	rundir_free(rundir);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "a/b/c", "a/b", "a/run", "a" };

	for (size_t i = 0; i < COUNT(names); i++)
		rmdir(path_of(names[i]));
	return rmdir(folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_the_pid_and_the_info_while_it_lives),
		cmocka_unit_test(its_path_is_one_from_the_root_on),
		cmocka_unit_test(a_second_one_is_told_who_holds_it),
		cmocka_unit_test(files_of_an_agent_that_was_killed_do_not_matter),
		cmocka_unit_test(a_number_that_nobody_locks_does_not_matter),
		cmocka_unit_test(a_lock_of_somebody_unknown_is_told_as_such),
		cmocka_unit_test(a_link_in_place_of_a_file_is_not_followed),
		cmocka_unit_test(everybody_may_read_the_info_whatever_the_umask),
		cmocka_unit_test(unusable_directories_are_refused_with_a_line),
		cmocka_unit_test(an_info_file_that_cannot_be_written_is_said),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
