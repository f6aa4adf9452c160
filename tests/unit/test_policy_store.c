/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of clients in files, and small files as a whole. */
#include "cmocka_case.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "daemon/policy_store.h"
#include "policy/model.h"

struct fixture {
	char root[32], directory[64];
	struct policy_store *store;
	struct diag diag;
	struct buf seen; /* "domain mode enabled text|" for each file */
};

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	return remove(path);
}

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .root = "/tmp/test-store-XXXXXX" };
	*state = &fixture;
	if (!mkdtemp(fixture.root))
		return -1;
	snprintf(fixture.directory, sizeof(fixture.directory), "%s/kept", fixture.root);
	return policy_store_new(&fixture.store, fixture.directory, &fixture.diag);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	policy_store_free(fixture->store);
	diag_done(&fixture->diag);
	buf_done(&fixture->seen);
	return nftw(fixture->root, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void see(void *context, const char *path, const struct policy_store_state *state,
		struct span yaml)
{
	buf_add_format(context, "%s %d %d %.*s|", state->domain, state->mode, state->is_enabled,
		       (int)yaml.bytes, yaml.data);
}

/* What all files say. */
static const char *look(struct fixture *fixture)
{
	buf_reset(&fixture->seen);
	policy_store_visit(fixture->store, see, &fixture->seen, &fixture->diag);
	return buf_text(&fixture->seen);
}

static void put_file(struct fixture *fixture, const char *name, const char *text)
{
	_cleanup_free_ char *path = NULL;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", fixture->directory, name) > 0);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const struct policy_store_state first = { "grpc", "", "one", -1, true };

static void what_was_put_is_there_again(void **state)
{
	static const struct policy_store_state other = { "grpc", "team a", "one",
							 POLICY_MODE_MONITOR, false };
	struct fixture *fixture = *state;

	assert_string_equal(look(fixture), "");
	assert_int_equal(policy_store_put(fixture->store, &first, "a: 1\n", &fixture->diag), 0);
	assert_int_equal(policy_store_put(fixture->store, &other, "b: 2\n", &fixture->diag), 0);
	assert_string_equal(look(fixture), "grpc -1 1 a: 1\n|grpc 1 0 b: 2\n|");
	assert_int_equal(fixture->diag.lines, 0);
}

static void a_new_state_keeps_the_text(void **state)
{
	struct policy_store_state changed = first;
	struct fixture *fixture = *state;

	policy_store_put(fixture->store, &first, "# tetra\na: 1\n", &fixture->diag);
	changed.mode = POLICY_MODE_ENFORCE;
	changed.is_enabled = false;
	assert_int_equal(policy_store_update(fixture->store, &changed, &fixture->diag), 0);
	assert_string_equal(look(fixture), "grpc 0 0 # tetra\na: 1\n|");
	assert_int_equal(policy_store_update(fixture->store, &first, &fixture->diag), 0);
	assert_string_equal(look(fixture), "grpc -1 1 # tetra\na: 1\n|");
}

static void what_is_removed_is_gone_and_what_never_was_is_no_mistake(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(policy_store_update(fixture->store, &first, &fixture->diag), 0);
	assert_int_equal(policy_store_remove(fixture->store, &first, &fixture->diag), 0);
	policy_store_put(fixture->store, &first, "a", &fixture->diag);
	assert_int_equal(policy_store_remove(fixture->store, &first, &fixture->diag), 0);
	assert_string_equal(look(fixture), "");
	assert_int_equal(fixture->diag.lines, 0);
}

/* Names that a client may think of: none leaves the directory, no two meet. */
static const struct policy_store_state hostile[] = {
	{ "../../etc", "", "passwd", -1, true }, { "a_b", "c", "d", -1, true },
	{ "a", "b_c", "d", -1, true },		 { "", "", ".hidden", -1, true },
	{ "a/b", "\n", "\xff", -1, true },	 { ".", "..", "/", -1, true },
};

static void no_name_leads_out_of_the_directory(void **state)
{
	struct fixture *fixture = *state;
	size_t count = 0;

	for (size_t i = 0; i < COUNT(hostile); i++)
		assert_int_equal(policy_store_put(fixture->store, &hostile[i], "x", &fixture->diag),
				 0);
	for (const char *at = look(fixture); *at; at++)
		count += *at == '|';
	assert_int_equal(count, COUNT(hostile));
	for (size_t i = 0; i < COUNT(hostile); i++)
		assert_int_equal(policy_store_remove(fixture->store, &hostile[i], &fixture->diag),
				 0);
	assert_string_equal(look(fixture), "");
}

static void a_name_that_is_too_long_for_a_file_is_told(void **state)
{
	static char name[NAME_MAX];
	const struct policy_store_state state_of_long = { "grpc", "", name, -1, true };
	struct fixture *fixture = *state;

	memset(name, 'n', sizeof(name) - 1);
	assert_int_equal(policy_store_put(fixture->store, &state_of_long, "x", &fixture->diag),
			 -ENAMETOOLONG);
	assert_int_equal(fixture->diag.lines, 1);
}

/* In: a file that somebody else put there. Out: how it is read; NULL: a line in the diag. */
static const struct {
	const char *text, *seen;
} foreign[] = {
	{ "a: 1\n", "grpc -1 1 a: 1\n|" },
	{ "# a comment\na: 1\n", "grpc -1 1 # a comment\na: 1\n|" },
	{ "# tetrad: {}\na: 1\n", "grpc -1 1 a: 1\n|" },
	{ "# tetrad: {\"domain\": \"x\", \"mode\": \"monitor\"}\n", "x 1 1 |" },
	{ "# tetrad: {\"mode\": \"enforce\"}\n", "grpc 0 1 |" },
	/* a word that is none must not let it kill */
	{ "# tetrad: {\"mode\": \"Monitor\"}\na: 1\n", NULL },
	{ "# tetrad: {\"mode\": \"\"}\na: 1\n", NULL },
	{ "# tetrad: {\"mode\": null}\na: 1\n", NULL },
	{ "# tetrad: {\"enabled\": \"no\"}\na: 1\n", NULL },
	{ "# tetrad: [\n", NULL },
};

static void files_of_others_are_read_or_refused_with_their_name(void **state)
{
	struct fixture *fixture = *state;

	put_file(fixture, ".hidden.yaml", "x");
	put_file(fixture, "notes.txt", "x");
	put_file(fixture, "p_grpc__one.yaml.new", "half");
	for (size_t i = 0; i < COUNT(foreign); i++) {
		unsigned int lines = fixture->diag.lines;
		const char *seen;

		put_file(fixture, "foreign.yaml", foreign[i].text);
		seen = look(fixture);
		assert_row_string(i, seen, foreign[i].seen ? foreign[i].seen : "");
		assert_int_equal(fixture->diag.lines, lines + !foreign[i].seen);
	}
	assert_non_null(strstr(buf_text(&fixture->diag.text), "foreign.yaml:1: "));
}

static void a_link_to_another_file_is_not_followed(void **state)
{
	struct fixture *fixture = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/link.yaml", fixture->directory);
	assert_int_equal(symlink("/proc/version", path), 0);
	assert_string_equal(look(fixture), "");
	assert_int_equal(fixture->diag.lines, 1);
}

static void a_file_with_a_name_of_its_own_is_changed_and_removed(void **state)
{
	struct fixture *fixture = *state;
	struct policy_store_state one = { "grpc", "", "one", .mode = -1, .is_enabled = true };
	char path[128];

	put_file(fixture, "mine.yaml", "x\n");
	snprintf(path, sizeof(path), "%s/mine.yaml", fixture->directory);
	assert_false(policy_store_has(fixture->store, &one));
	one.path = path;
	one.is_enabled = false;
	assert_true(policy_store_has(fixture->store, &one));
	assert_int_equal(policy_store_update(fixture->store, &one, &fixture->diag), 0);
	assert_string_equal(look(fixture), "grpc -1 0 x\n|");
	assert_int_equal(policy_store_remove(fixture->store, &one, &fixture->diag), 0);
	assert_string_equal(look(fixture), "");
	assert_false(policy_store_has(fixture->store, &one));
}

static void a_path_that_is_not_of_the_store_means_nothing(void **state)
{
	static const char *const others[] = { "/proc/version", "",   "kept",
					      "%s/../other",   "%s", "%s/",
					      "%s-more/file" };
	struct fixture *fixture = *state;
	struct policy_store_state one = { "grpc", "", "one", .mode = -1 };
	char path[128];

	put_file(fixture, "../other", "x");
	for (size_t i = 0; i < COUNT(others); i++) {
		_cleanup_free_ char *other = NULL;

		assert_true(asprintf(&other, "%s%s", others[i][0] == '%' ? fixture->directory : "",
				     others[i][0] == '%' ? others[i] + 2 : others[i]) >= 0);
		one.path = other;
		assert_int_equal(policy_store_put(fixture->store, &one, "x\n", &fixture->diag), 0);
		one.path = NULL;
		assert_true(policy_store_has(fixture->store, &one));
		one.path = other;
		assert_int_equal(policy_store_remove(fixture->store, &one, &fixture->diag), 0);
		one.path = NULL;
		assert_false(policy_store_has(fixture->store, &one));
	}
	snprintf(path, sizeof(path), "%s/other", fixture->root);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(fixture->diag.lines, 0);
}

static void a_new_file_takes_the_place_of_a_link(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_close_ int fd = -1;
	struct stat status;
	char path[128], other[128];

	put_file(fixture, "other", "precious");
	snprintf(path, sizeof(path), "%s/new", fixture->directory);
	snprintf(other, sizeof(other), "%s/other", fixture->directory);
	assert_int_equal(symlink(other, path), 0);
	fd = file_create(path, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(stat(other, &status), 0);
	assert_int_equal(status.st_size, 8);
	assert_int_equal(file_create("/nowhere/at/all", 0600), -ENOENT);
}

static void a_directory_that_others_may_write_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct policy_store *store;

	assert_int_equal(chmod(fixture->directory, 0777), 0);
	assert_int_equal(policy_store_new(&store, fixture->directory, &fixture->diag), -EPERM);
	assert_int_equal(policy_store_new(&store, "/proc/version", &fixture->diag), -ENOTDIR);
	assert_int_equal(policy_store_new(&store, "/nowhere/at/all", &fixture->diag), -ENOENT);
	assert_int_equal(fixture->diag.lines, 3);
}

static void a_file_that_cannot_be_replaced_stays(void **state)
{
	struct fixture *fixture = *state;
	struct stat status;
	char path[128];

	put_file(fixture, "a", "old");
	snprintf(path, sizeof(path), "%s/a", fixture->directory);
	assert_int_equal(file_replace(path, 0600, span_of("new")), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(status.st_size, 3);
	assert_int_equal(file_replace("/proc/version", 0600, span_of("new")), -ENOENT);
	assert_int_equal(file_replace(fixture->directory, 0600, span_of("new")), -EISDIR);
}

static void a_file_is_read_up_to_its_limit(void **state)
{
	static const struct {
		size_t bytes, max;
		int result;
	} rows[] = { { 0, 0, 0 },
		     { 1, 0, -EFBIG },
		     { 4096, 4096, 0 },
		     { 4097, 4096, -EFBIG },
		     { 9000, 10000, 0 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf text = {};
		_cleanup_close_ int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

		assert_int_equal(ftruncate(fd, (off_t)rows[i].bytes), 0);
		assert_int_equal(file_read_all(fd, rows[i].max, &text), rows[i].result);
		if (!rows[i].result)
			assert_int_equal(text.bytes, rows[i].bytes);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(what_was_put_is_there_again),
		CASE(a_new_state_keeps_the_text),
		CASE(what_is_removed_is_gone_and_what_never_was_is_no_mistake),
		CASE(no_name_leads_out_of_the_directory),
		CASE(a_name_that_is_too_long_for_a_file_is_told),
		CASE(files_of_others_are_read_or_refused_with_their_name),
		CASE(a_link_to_another_file_is_not_followed),
		CASE(a_file_with_a_name_of_its_own_is_changed_and_removed),
		CASE(a_path_that_is_not_of_the_store_means_nothing),
		CASE(a_new_file_takes_the_place_of_a_link),
		CASE(a_directory_that_others_may_write_is_refused),
		CASE(a_file_that_cannot_be_replaced_stays),
		cmocka_unit_test(a_file_is_read_up_to_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
