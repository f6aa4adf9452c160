/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch sees of files and directories. Nothing here sleeps: the loop runs until it is told,
 * or until a deadline. */
#include "cmocka_case.h"
#include "temporary_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/watch.h"

#define DEADLINE_NS (10 * CLOCK_NS_PER_SECOND)

/* ---- changes as data ------------------------------------------------------------------------- */

static int act_write(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

static int act_mkdir(const char *path, const char *unused)
{
	return mkdir(path, 0700);
}

static int act_link(const char *path, const char *target)
{
	return symlink(target, path);
}

static int act_move(const char *path, const char *from)
{
	return rename(from, path);
}

static int act_remove(const char *path, const char *unused)
{
	return remove(path);
}

static int act_chmod(const char *path, const char *unused)
{
	return chmod(path, 0400);
}

struct act {
	int (*verb)(const char *path, const char *other);
	const char *path, *other;
};

enum { ACTS_MAX = 6 };

static void do_acts(const struct act *acts)
{
	for (size_t i = 0; i < ACTS_MAX && acts[i].verb; i++)
		if (acts[i].verb(acts[i].path, acts[i].other) < 0)
			fail_msg("act %zu on \"%s\": %s", i, acts[i].path, strerror(errno));
}

/* ---- an owner -------------------------------------------------------------------------------- */

struct owner {
	char folder[TEMPORARY_FOLDER_BYTES]; /* the current directory of the case */
	struct loop *loop;
	struct loop_source *deadline, *producer;
	struct watch *watch, *other;
	unsigned int told, told_other, wanted, produced;
};

static void on_deadline(void *context)
{
	struct owner *owner = context;

	loop_stop(owner->loop, -ETIMEDOUT);
}

static void on_changed(void *context)
{
	struct owner *owner = context;

	if (++owner->told >= owner->wanted)
		loop_stop(owner->loop, 0);
}

static int setup(void **state)
{
	struct owner *owner = calloc(1, sizeof(*owner));

	assert_non_null(owner);
	temporary_folder_enter(owner->folder);
	assert_int_equal(loop_new(&owner->loop), 0);
	assert_int_equal(loop_add_timer(owner->loop, on_deadline, owner, &owner->deadline), 0);
	*state = owner;
	return 0;
}

static int teardown(void **state)
{
	struct owner *owner = *state;

	watch_free(owner->watch);
	watch_free(owner->other);
	loop_free(owner->loop);
	temporary_folder_leave(owner->folder);
	free(owner);
	return 0;
}

static void begin(struct owner *owner, const char *path)
{
	assert_int_equal(watch_new(&owner->watch, owner->loop, path, on_changed, owner), 0);
}

/* Runs until the owner was told TIMES more. */
static int wait_told(struct owner *owner, unsigned int times)
{
	owner->wanted = owner->told + times;
	loop_set_timer(owner->deadline, DEADLINE_NS, 0);
	return loop_run(owner->loop);
}

/* ---- the cases ------------------------------------------------------------------------------- */

static const struct {
	const char *watched;
	struct act before[ACTS_MAX], acts[ACTS_MAX];
} changes[] = {
	{ "f", {}, { { act_write, "f", "x" } } },
	{ "f", { { act_write, "f", "x" } }, { { act_write, "f", "yy" } } },
	{ "f",
	  { { act_write, "f", "x" }, { act_write, "new", "x" } },
	  { { act_move, "f", "new" } } },
	{ "f", { { act_write, "f", "x" } }, { { act_remove, "f" } } },
	{ "f", { { act_write, "f", "x" } }, { { act_move, "g", "f" } } },
	{ "f", { { act_write, "f", "x" } }, { { act_chmod, "f" } } },
	{ "f", {}, { { act_link, "f", "nowhere" } } },
	/* directories, and what is in them */
	{ "d", {}, { { act_mkdir, "d" } } },
	{ "d/", { { act_mkdir, "d" } }, { { act_remove, "d" } } },
	{ "d", { { act_mkdir, "d" } }, { { act_write, "d/f", "x" } } },
	{ "d", { { act_mkdir, "d" }, { act_write, "d/f", "x" } }, { { act_remove, "d/f" } } },
	{ "d", { { act_mkdir, "d" }, { act_write, "d/f", "x" } }, { { act_write, "d/f", "y" } } },
	{ "d", { { act_mkdir, "d" }, { act_write, "f", "x" } }, { { act_move, "d/f", "f" } } },
	/* directories above it come and go */
	{ "a/b/f", {}, { { act_mkdir, "a" }, { act_mkdir, "a/b" }, { act_write, "a/b/f", "x" } } },
	{ "a/b/f",
	  { { act_mkdir, "a" } },
	  { { act_mkdir, "t" }, { act_write, "t/f", "x" }, { act_move, "a/b", "t" } } },
	{ "a/f", { { act_mkdir, "a" }, { act_write, "a/f", "x" } }, { { act_move, "b", "a" } } },
	{ "a/f",
	  { { act_mkdir, "a" }, { act_write, "a/f", "x" } },
	  { { act_remove, "a/f" }, { act_remove, "a" } } },
	{ "a/f",
	  { { act_write, "a", "a file" } },
	  { { act_remove, "a" }, { act_mkdir, "a" }, { act_write, "a/f", "x" } } },
	/* a volume of Kubernetes: "..data" is switched beside the name that is watched */
	{ "f",
	  { { act_mkdir, "..1" },
	    { act_write, "..1/f", "x" },
	    { act_mkdir, "..2" },
	    { act_write, "..2/f", "x" },
	    { act_link, "..data", "..1" },
	    { act_link, "f", "..data/f" } },
	  { { act_link, "..tmp", "..2" }, { act_move, "..data", "..tmp" } } },
	/* a symbolic link to somewhere else */
	{ "f",
	  { { act_mkdir, "d" }, { act_write, "d/f", "x" }, { act_link, "f", "d/f" } },
	  { { act_write, "d/f", "y" } } },
	{ "l", { { act_mkdir, "d" }, { act_link, "l", "d" } }, { { act_write, "d/f", "y" } } },
	/* one that leads nowhere yet */
	{ "l", { { act_mkdir, "t" }, { act_link, "l", "t/d" } }, { { act_mkdir, "t/d" } } },
	{ "f", { { act_mkdir, "t" }, { act_link, "f", "t/f" } }, { { act_write, "t/f", "x" } } },
	{ "l/f",
	  { { act_mkdir, "t" }, { act_link, "l", "t/d" } },
	  { { act_mkdir, "t/d" }, { act_write, "t/d/f", "x" } } },
};

static void every_change_of_a_path_is_told(void **state)
{
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct owner *owner;
		int result;

		owner = *state;
		do_acts(changes[i].before);
		begin(owner, changes[i].watched);
		do_acts(changes[i].acts);
		result = wait_told(owner, 1);
		if (result)
			print_error("row %zu: \"%s\"\n", i, changes[i].watched);
		assert_int_equal(result, 0);
		/* An empty folder for the next one. */
		teardown(state);
		setup(state);
	}
}

static void what_took_the_path_over_is_watched_too(void **state)
{
	static const struct act steps[][ACTS_MAX] = {
		{ { act_write, "new", "x" }, { act_move, "a/f", "new" } },
		{ { act_write, "a/f", "in place" } },
		{ { act_remove, "a/f" }, { act_remove, "a" } },
		{ { act_mkdir, "a" }, { act_write, "a/f", "again" } },
		{ { act_write, "a/f", "and again" } },
		{ { act_remove, "a/f" }, { act_mkdir, "a/f" } },
		{ { act_write, "a/f/entry", "x" } },
	};
	struct owner *owner = *state;

	do_acts((struct act[ACTS_MAX]){ { act_mkdir, "a" }, { act_write, "a/f", "x" } });
	begin(owner, "a/f");
	for (size_t i = 0; i < COUNT(steps); i++) {
		do_acts(steps[i]);
		assert_int_equal(wait_told(owner, 1), 0);
	}
}

static void what_a_link_leads_to_may_go_and_come(void **state)
{
	static const struct act steps[][ACTS_MAX] = {
		{ { act_remove, "t/d/f" }, { act_remove, "t/d" } },
		{ { act_mkdir, "t/d" } },
		{ { act_write, "t/d/f", "again" } },
		{ { act_move, "t/old", "t/d" } },
		{ { act_move, "t/d", "t/old" } },
		{ { act_write, "t/d/f", "moved back" } },
	};
	struct owner *owner = *state;

	do_acts((struct act[ACTS_MAX]){ { act_mkdir, "t" },
					{ act_mkdir, "t/d" },
					{ act_write, "t/d/f", "x" },
					{ act_link, "l", "t/d" } });
	begin(owner, "l");
	for (size_t i = 0; i < COUNT(steps); i++) {
		do_acts(steps[i]);
		assert_int_equal(wait_told(owner, 1), 0);
	}
}

static void on_other_changed(void *context)
{
	struct owner *owner = context;

	owner->told_other++;
	loop_stop(owner->loop, 0);
}

static void neighbours_are_not_told(void **state)
{
	struct owner *owner = *state;

	do_acts((struct act[ACTS_MAX]){ { act_write, "f", "x" } });
	begin(owner, "f");
	assert_int_equal(watch_new(&owner->other, owner->loop, "g", on_other_changed, owner), 0);
	owner->wanted = UINT32_MAX;
	loop_set_timer(owner->deadline, DEADLINE_NS, 0);
	/* A call about the first round would come before the second round is over. */
	for (unsigned int round = 1; round <= 2; round++) {
		do_acts((struct act[ACTS_MAX]){ { act_write, "g", "x" }, { act_mkdir, "d" } });
		assert_int_equal(loop_run(owner->loop), 0);
		assert_int_equal(owner->told_other, round);
		do_acts((struct act[ACTS_MAX]){ { act_remove, "d" } });
	}
	assert_int_equal(owner->told, 0);
}

static void a_burst_makes_few_calls(void **state)
{
	struct owner *owner = *state;

	do_acts((struct act[ACTS_MAX]){ { act_mkdir, "d" } });
	begin(owner, "d");
	for (unsigned int i = 0; i < 1000; i++)
		do_acts((struct act[ACTS_MAX]){ { act_write, "d/f", "x" }, { act_remove, "d/f" } });
	assert_int_equal(wait_told(owner, 1), 0);
	do_acts((struct act[ACTS_MAX]){ { act_write, "d/f", "x" } });
	assert_int_equal(wait_told(owner, 1), 0);
	/* Two on an idle machine; one more for each time that it was busy with something else. */
	assert_in_range(owner->told, 2, 10);
}

static void on_produce(void *context)
{
	struct owner *owner = context;

	do_acts((struct act[ACTS_MAX]){ { act_write, "f", "x" } });
	owner->produced++;
}

static void a_path_that_never_rests_is_told_in_time(void **state)
{
	struct owner *owner = *state;

	begin(owner, "f");
	assert_int_equal(loop_add_timer(owner->loop, on_produce, owner, &owner->producer), 0);
	assert_int_equal(loop_set_timer(owner->producer, 1, 10 * CLOCK_NS_PER_MS), 0);
	assert_int_equal(wait_told(owner, 1), 0);
	assert_in_range(owner->produced, 1, 1000);
	assert_int_equal(wait_told(owner, 1), 0);
}

static void on_changed_free(void *context)
{
	struct owner *owner = context;

	watch_free(TAKE_PTR(owner->watch));
	loop_stop(owner->loop, 0);
}

static void the_owner_may_free_it_when_it_is_called(void **state)
{
	struct owner *owner = *state;

	assert_int_equal(watch_new(&owner->watch, owner->loop, "f", on_changed_free, owner), 0);
	do_acts((struct act[ACTS_MAX]){ { act_write, "f", "x" } });
	assert_int_equal(wait_told(owner, 1), 0);
	assert_null(owner->watch);
	watch_free(NULL);
}

static void the_root_can_be_watched(void **state)
{
	struct owner *owner = *state;

	begin(owner, "/");
}

/* The inotify instance that was opened last. */
static int find_inotify(void)
{
	int found = -1;

	for (int fd = 3; fd < 64; fd++) {
		char link[32], target[32] = "";

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, target, sizeof(target) - 1) > 0 &&
		    strcmp(target, "anon_inode:inotify") == 0)
			found = fd;
	}
	return found;
}

/* Each time it is set anew a watch on the root gets a further number. */
static void a_path_below_a_missing_directory_is_waited_for_at_rest(void **state)
{
	struct owner *owner = *state;
	int inotify;

	begin(owner, "missing/too/f");
	inotify = find_inotify();
	assert_true(inotify >= 0);
	do_acts((struct act[ACTS_MAX]){ { act_mkdir, "neighbour" } });
	loop_set_timer(owner->deadline, 100 * CLOCK_NS_PER_MS, 0);
	loop_run(owner->loop);
	assert_in_range(inotify_add_watch(inotify, "/", IN_CREATE | IN_MASK_ADD), 1, 40);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_change_of_a_path_is_told),
		CASE(what_took_the_path_over_is_watched_too),
		CASE(what_a_link_leads_to_may_go_and_come),
		CASE(neighbours_are_not_told),
		CASE(a_burst_makes_few_calls),
		CASE(a_path_that_never_rests_is_told_in_time),
		CASE(the_owner_may_free_it_when_it_is_called),
		CASE(the_root_can_be_watched),
		CASE(a_path_below_a_missing_directory_is_waited_for_at_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
