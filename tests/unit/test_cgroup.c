/* SPDX-License-Identifier: Apache-2.0 */
/* Where the cgroup v2 hierarchy is, what its groups are called by number, and which lie below one.
 * Ordinary folders stand for groups where the hierarchy itself is not needed. */
#include "cmocka_case.h"
#include "temporary_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "workload/cgroup.h"
#include "workload/runtime_path.h"

static char folder[TEMPORARY_FOLDER_BYTES];

static int setup(void **state)
{
	temporary_folder_enter(folder);
	return 0;
}

static int teardown(void **state)
{
	temporary_folder_leave(folder);
	return 0;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

#define V1     "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
#define HYBRID "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
#define PURE   "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define PART   "50 31 0:38 /kubepods/pod1 /mnt/part rw shared:1 master:2 - cgroup2 none rw\n"
#define HOST   "51 31 0:38 /../../.. /host/cgroup rw - cgroup2 cgroup2 rw\n"

static void the_hierarchy_is_found_among_the_mounts(void **state)
{
	static const struct {
		const char *mountinfo, *root;
	} rows[] = {
		{ V1 HYBRID, "/sys/fs/cgroup/unified" },
		{ PURE, "/sys/fs/cgroup" },
		{ V1 PART, "/mnt/part" },
		{ PART PURE, "/sys/fs/cgroup" },
		{ PURE PART HYBRID, "/sys/fs/cgroup" },
		/* in a container: its own part, and the host's whole */
		{ PURE HOST, "/host/cgroup" },
		{ "1 2 0:1 / /a\\040b\\134c rw - cgroup2 cgroup2 rw", "/a b\\c" },
		{ V1, NULL },
		{ "", NULL },
		{ "1 2 0:1 - cgroup2 \n - cgroup2 \n", NULL },
		{ "1 2 0:1 / /cgroup2 rw - tmpfs cgroup2 rw\n", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_free_ char *root = NULL;

		put("mountinfo", rows[i].mountinfo);
		assert_int_equal(cgroup_find_root_in("mountinfo", &root),
				 rows[i].root ? 0 : -ENOENT);
		assert_row_string(i, root ? root : "", rows[i].root ? rows[i].root : "");
	}
	assert_int_equal(cgroup_find_root_in("missing", NULL), -ENOENT);
}

/* ---- the tree -------------------------------------------------------------------------------- */

struct visit {
	char *paths[16];
	uint64_t ids[16];
	unsigned int count;
	unsigned int end_after; /* 0: never */
	const char *removes;	/* when it comes first */
};

static int on_visit(void *context, const char *path, uint64_t id)
{
	struct visit *visit = context;

	if (visit->removes && !visit->count)
		assert_int_equal(rmdir(visit->removes), 0);
	if (visit->count < COUNT(visit->paths)) {
		visit->paths[visit->count] = strdup(path);
		visit->ids[visit->count] = id;
	}
	visit->count++;
	return visit->end_after == visit->count ? 7 : 0;
}

static void visit_done(struct visit *visit)
{
	for (size_t i = 0; i < visit->count && i < COUNT(visit->paths); i++)
		free(visit->paths[i]);
}

static int find(const struct visit *visit, const char *path)
{
	for (unsigned int i = 0; i < visit->count; i++)
		if (strcmp(visit->paths[i], path) == 0)
			return (int)i;
	return -1;
}

static void make_folders(const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(mkdir(paths[i], 0700), 0);
}

static void nested_groups_are_visited_after_the_outer_ones(void **state)
{
	static const char *const paths[] = { "c", "c/a", "c/a/x", "c/b", "other" };
	_cleanup_(visit_done) struct visit visit = {};

	make_folders(paths, COUNT(paths));
	put("c/cgroup.procs", "");
	assert_int_equal(symlink("../other", "c/link"), 0);
	assert_int_equal(cgroup_visit_tree("c", on_visit, &visit), 0);
	assert_int_equal(visit.count, 4);
	assert_int_equal(find(&visit, "c"), 0);
	assert_true(find(&visit, "c/a") > 0);
	assert_true(find(&visit, "c/a/x") > find(&visit, "c/a"));
	assert_true(find(&visit, "c/b") > 0);
	for (unsigned int i = 0; i < visit.count; i++) {
		struct stat status;

		assert_int_equal(stat(visit.paths[i], &status), 0);
		assert_int_equal(visit.ids[i], status.st_ino);
	}
}

static void the_function_can_end_the_visit(void **state)
{
	static const char *const paths[] = { "c", "c/a", "c/b", "c/d" };
	_cleanup_(visit_done) struct visit visit = { .end_after = 2 };

	make_folders(paths, COUNT(paths));
	assert_int_equal(cgroup_visit_tree("c", on_visit, &visit), 7);
	assert_int_equal(visit.count, 2);
}

static void a_group_that_goes_away_is_left_out(void **state)
{
	static const char *const paths[] = { "c", "c/a" };
	_cleanup_(visit_done) struct visit visit = { .removes = "c/a" };

	make_folders(paths, COUNT(paths));
	assert_int_equal(cgroup_visit_tree("c", on_visit, &visit), 0);
	assert_int_equal(visit.count, 1);
}

static void what_is_no_group_is_said(void **state)
{
	_cleanup_(visit_done) struct visit visit = {};
	uint64_t id;

	put("file", "");
	assert_int_equal(cgroup_visit_tree("missing", on_visit, &visit), -ENOENT);
	assert_int_equal(cgroup_visit_tree("file", on_visit, &visit), -ENOTDIR);
	assert_int_equal(cgroup_read_id("missing", &id), -ENOENT);
	assert_int_equal(visit.count, 0);
}

static void what_lies_too_deep_is_not_visited_but_said(void **state)
{
	_cleanup_(visit_done) struct visit visit = {};

	assert_int_equal(mkdir("top", 0700), 0);
	assert_int_equal(chdir("top"), 0);
	for (unsigned int i = 1; i < CGROUP_DEPTH_MAX; i++) {
		assert_int_equal(mkdir("d", 0700), 0);
		assert_int_equal(chdir("d"), 0);
	}
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(cgroup_visit_tree("top", on_visit, &visit), 0);
	assert_int_equal(visit.count, CGROUP_DEPTH_MAX);
	visit_done(&visit);
	visit = (struct visit){};
	/* One more above it. */
	assert_int_equal(mkdir("above", 0700), 0);
	assert_int_equal(rename("top", "above/top"), 0);
	assert_int_equal(cgroup_visit_tree("above", on_visit, &visit), -E2BIG);
	assert_int_equal(visit.count, CGROUP_DEPTH_MAX);
}

/* ---- the hierarchy itself -------------------------------------------------------------------- */

enum { OUTER_BYTES = 256, INNER_BYTES = 512 };

/* Groups of this test; false: this machine does not let it make any. */
static bool make_groups(char outer[OUTER_BYTES], char inner[INNER_BYTES])
{
	_cleanup_free_ char *root = NULL;

	if (cgroup_find_root(&root))
		return false;
	snprintf(outer, OUTER_BYTES, "%s/tetrad-test-%d", root, getpid());
	snprintf(inner, INNER_BYTES, "%s/inner", outer);
	return mkdir(outer, 0755) == 0 && mkdir(inner, 0755) == 0;
}

static void the_number_of_a_real_group_is_its_inode(void **state)
{
	_cleanup_(visit_done) struct visit visit = {};
	char outer[OUTER_BYTES] = "", inner[INNER_BYTES];
	struct stat status;
	uint64_t id = 0;

	if (!make_groups(outer, inner)) {
		rmdir(outer);
		skip();
	}
	assert_int_equal(stat(inner, &status), 0);
	assert_int_equal(cgroup_read_id(inner, &id), 0);
	assert_int_equal(cgroup_visit_tree(outer, on_visit, &visit), 0);
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(rmdir(outer), 0);
	assert_int_equal(id, status.st_ino);
	assert_int_equal(visit.count, 2);
	assert_string_equal(visit.paths[1], inner);
	assert_int_equal(visit.ids[1], id);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* NULL: it names no group. */
static void groups_are_found_by_what_runtimes_call_them(void **state)
{
	static const struct {
		const char *path, *group;
	} rows[] = {
		{ "/kubepods/pod1/abc", "/kubepods/pod1/abc" },
		{ "kubepods/pod1/abc", "kubepods/pod1/abc" },
		{ "/a:b:c", "/a:b:c" },
		{ "kubepods-burstable-pod1_2.slice:cri-containerd:abc",
		  "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
		  "cri-containerd-abc.scope" },
		{ ":docker:abc", "/system.slice/docker-abc.scope" },
		{ "user.slice::abc", "/user.slice/abc.scope" },
		{ "-.slice:crio:abc", "/crio-abc.scope" },
		{ "a.slice:b:c.slice", "/a.slice/c.slice" },
		{ "a.slice:b:c:d", NULL },
		{ "::", NULL },
		{ "x:y:z", NULL },
		{ "a--b.slice:y:z", NULL },
		{ "abc", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf group = {};

		assert_int_equal(runtime_path_add(&group, rows[i].path), rows[i].group != NULL);
		if (rows[i].group)
			assert_string_equal(buf_text(&group), rows[i].group);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_found_by_what_runtimes_call_them),
		CASE(the_hierarchy_is_found_among_the_mounts),
		CASE(nested_groups_are_visited_after_the_outer_ones),
		CASE(the_function_can_end_the_visit),
		CASE(a_group_that_goes_away_is_left_out),
		CASE(what_is_no_group_is_said),
		CASE(what_lies_too_deep_is_not_visited_but_said),
		CASE(the_number_of_a_real_group_is_its_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
