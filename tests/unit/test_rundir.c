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
	static const char *const names[] = { "a/b/c", "a/b", "a" };

	for (size_t i = 0; i < COUNT(names); i++)
		rmdir(path_of(names[i]));
	return rmdir(folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_the_pid_and_the_info_while_it_lives),
		cmocka_unit_test(a_second_one_is_told_who_holds_it),
		cmocka_unit_test(files_of_an_agent_that_was_killed_do_not_matter),
		cmocka_unit_test(unusable_directories_are_refused_with_a_line),
		cmocka_unit_test(an_info_file_that_cannot_be_written_is_said),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
