/* SPDX-License-Identifier: Apache-2.0 */
/* User names from a passwd file that changes. */
#include "cmocka_case.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/users.h"

static char folder[] = "/tmp/users-XXXXXX";
static char path[64], other_path[64];

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
}

static struct users *users_of(const char *text)
{
	struct users *users = NULL;

	put(path, text);
	assert_int_equal(users_new(&users, path), 0);
	return users;
}

static void numbers_become_names(void **state)
{
	struct users *users = users_of("root:x:0:0:root:/root:/bin/sh\n"
				       "joe:x:1000:1000::/home/joe:/bin/sh\n"
				       "nobody:x:4294967294:65534::/:/bin/false\n"
				       "daemon:x:1:1::/:/bin/false\n");

	assert_string_equal(users_find(users, 0), "root");
	assert_string_equal(users_find(users, 1), "daemon");
	assert_string_equal(users_find(users, 1000), "joe");
	assert_string_equal(users_find(users, 4294967294), "nobody");
	assert_string_equal(users_find(users, 2), "");
	assert_string_equal(users_find(users, UINT32_MAX), "");
	users_free(users);
}

static void the_first_of_two_names_is_the_accounts(void **state)
{
	struct users *users = users_of(
		"root:x:0:0::/:/bin/sh\na:x:5:5::/:/\ntoor:x:0:0::/:/\nadmin:x:0:0::/:/\n");

	assert_string_equal(users_find(users, 0), "root");
	assert_string_equal(users_find(users, 5), "a");
	users_free(users);
}

static void lines_that_are_no_accounts_are_left_out(void **state)
{
	struct users *users = users_of("+::::::\n"
				       "-evil::::::\n"
				       "# comment\n"
				       "\n"
				       "short:x\n"
				       "word:x:notanumber:5::/:/\n"
				       "last:x:5:5::/:/");

	assert_string_equal(users_find(users, 0), "");
	assert_string_equal(users_find(users, 5), "last");
	users_free(users);
}

static void a_missing_or_empty_file_has_no_names(void **state)
{
	struct users *users = users_of("");

	assert_string_equal(users_find(users, 0), "");
	users_free(users);
	assert_int_equal(users_new(&users, "/nonexistent/passwd"), 0);
	assert_string_equal(users_find(users, 0), "");
	users_refresh(users);
	users_free(users);
	users_free(NULL);
}

static void a_replaced_file_is_read_again_even_within_one_tick_of_its_clock(void **state)
{
	static const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };
	struct users *users = NULL;

	put(path, "joe:x:1000:1000::/:/\n");
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(users_new(&users, path), 0);
	put(other_path, "eve:x:1000:1000::/:/\n");
	assert_int_equal(utimensat(AT_FDCWD, other_path, times, 0), 0);
	assert_int_equal(rename(other_path, path), 0);
	users_refresh(users);
	assert_string_equal(users_find(users, 1000), "eve");
	users_free(users);
}

static void names_stay_while_the_file_is_away(void **state)
{
	struct users *users = users_of("joe:x:1000:1000::/:/\n");

	assert_int_equal(unlink(path), 0);
	users_refresh(users);
	assert_string_equal(users_find(users, 1000), "joe");
	put(path, "eve:x:1000:1000::/:/\nx:x:7:7::/:/\n");
	users_refresh(users);
	assert_string_equal(users_find(users, 1000), "eve");
	assert_string_equal(users_find(users, 7), "x");
	users_free(users);
}

static void thousands_of_accounts_are_found(void **state)
{
	struct users *users = NULL;
	FILE *file = fopen(path, "w");
	char name[16];

	assert_non_null(file);
	for (unsigned int i = 0; i < 5000; i++)
		fprintf(file, "u%u:x:%u:1::/:/\n", i, 4999 - i);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(users_new(&users, path), 0);
	for (unsigned int i = 0; i < 5000; i += 7) {
		snprintf(name, sizeof(name), "u%u", i);
		assert_string_equal(users_find(users, 4999 - i), name);
	}
	users_free(users);
}

static int make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/passwd", folder);
	snprintf(other_path, sizeof(other_path), "%s/passwd+", folder);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_become_names),
		cmocka_unit_test(the_first_of_two_names_is_the_accounts),
		cmocka_unit_test(lines_that_are_no_accounts_are_left_out),
		cmocka_unit_test(a_missing_or_empty_file_has_no_names),
		cmocka_unit_test(a_replaced_file_is_read_again_even_within_one_tick_of_its_clock),
		cmocka_unit_test(names_stay_while_the_file_is_away),
		cmocka_unit_test(thousands_of_accounts_are_found),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
