/* SPDX-License-Identifier: Apache-2.0 */
/* Records -> the process cache: fork, exec, exit, the start-up scan, and a cache without room. */
#include "cmocka_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/track.h"

#include "make_record.h"

enum { BOOT_TO_WALL_NS = 1000000 };

static char procfs[] = "/tmp/procfs-XXXXXX";

static const struct wire_process_id nobody = {}, one = { .pid = 1, .exec_ns = 10 },
				    two = { .pid = 2, .exec_ns = 20 },
				    two_later = { .pid = 2, .exec_ns = 25 },
				    three = { .pid = 3, .exec_ns = 30 };
static const struct made_texts shell = {
	.binary = SPAN("/bin/sh"),
	.filename = SPAN("/bin/sh"),
	.cwd = SPAN("/home"),
	.args = SPAN("sh\0-c\0true\0"),
	.environment = SPAN("A=1\0B=2\0C\0"),
};

static struct process_tracker tracker;
static struct made_record made;

/* The view of `made`, valid until the next one. */
static const struct record *decode(void)
{
	static struct record record;

	assert_int_equal(record_decode(&record, &made, made.header.bytes), 0);
	return &record;
}

static struct process *track_fork(struct wire_process_id id, struct wire_process_id parent)
{
	make_fork(&made, id, parent);
	return process_track_fork(&tracker, decode());
}

static struct process *track_exec(struct wire_process_id id, struct wire_process_id parent,
				  struct wire_process_id previous, const struct made_texts *texts)
{
	make_exec(&made, id, parent, texts);
	made.exec.previous = previous;
	return process_track_exec(&tracker, decode());
}

static struct process *track_exit(struct wire_process_id id)
{
	make_exit(&made, id, 0);
	return process_track_exit(&tracker, decode());
}

static struct process *track_seed(struct wire_process_id id, struct wire_process_id parent,
				  uint32_t flags, const char *binary)
{
	make_exec(&made, id, parent, &(struct made_texts){ .binary = span_of(binary) });
	made.exec.flags = flags;
	return process_track_seed(&tracker, decode());
}

static struct process_table_stats stats_now(void)
{
	struct process_table_stats stats;

	process_table_read_stats(tracker.table, &stats);
	return stats;
}

static int set_up_of(uint32_t capacity)
{
	tracker = (struct process_tracker){ .procfs = procfs, .boot_to_wall_ns = BOOT_TO_WALL_NS };
	return process_table_new(&tracker.table, capacity) || pieces_new(&tracker.pieces, 2);
}

static int set_up(void **state)
{
	return set_up_of(16);
}

static int set_up_small(void **state)
{
	return set_up_of(2);
}

static int tear_down(void **state)
{
	process_tracker_done(&tracker);
	pieces_free(tracker.pieces);
	users_free(tracker.users);
	process_table_free(tracker.table);
	return 0;
}

static void a_fork_shares_the_image_of_its_parent(void **state)
{
	struct process *parent = track_exec(one, nobody, nobody, &shell);
	struct process *child = track_fork(two, one);

	assert_ptr_equal(child->image, parent->image);
	assert_int_equal(child->flags, WIRE_PROCESS_CLONE);
	assert_int_equal(child->start_wall_ns, 20 + BOOT_TO_WALL_NS);
	assert_int_equal(child->tid, 2);
	assert_int_equal(parent->refs, 2);
}

static void a_fork_of_an_unknown_parent_has_no_image(void **state)
{
	struct process *child = track_fork(two, one);

	assert_non_null(child);
	assert_null(child->image);
	assert_null(process_table_find(tracker.table, &one));
}

static void a_fork_that_the_scan_saw_before_changes_nothing(void **state)
{
	struct process *seeded = track_seed(two, one, WIRE_PROCESS_PROCFS, "/bin/x");

	assert_ptr_equal(track_fork(two, one), seeded);
	assert_int_equal(seeded->flags & WIRE_PROCESS_CLONE, 0);
	assert_string_equal(seeded->image->binary, "/bin/x");
}

static void an_exec_ends_the_image_before_it(void **state)
{
	struct process *child;

	track_exec(one, nobody, nobody, &shell);
	track_fork(two, one);
	child = track_exec(two_later, one, two, &shell);
	assert_int_equal(child->id.exec_ns, 25);
	assert_string_equal(child->image->arguments, "-c true");
	assert_int_equal(child->start_wall_ns, 25 + BOOT_TO_WALL_NS);
	assert_int_not_equal(process_table_find(tracker.table, &two)->dead_ns, 0);
	assert_int_equal(process_table_find(tracker.table, &one)->refs, 2);
}

static void an_exit_ends_the_process_and_an_unknown_one_is_nobody(void **state)
{
	track_fork(two, one);
	assert_int_not_equal(track_exit(two)->dead_ns, 0);
	assert_null(track_exit(three));
}

static void the_environment_is_kept_only_when_asked_for(void **state)
{
	static const char *const names[] = { "B", "C", "NONE" };
	struct process *process = track_exec(two, one, nobody, &shell);

	assert_int_equal(process->image->variable_count, 0);
	tracker.with_environment = true;
	process = track_exec(three, one, nobody, &shell);
	assert_int_equal(process->image->variable_count, 3);
	tracker.filter = (struct process_variable_filter){ names, COUNT(names) };
	process = track_exec(two_later, one, nobody, &shell);
	assert_int_equal(process->image->variable_count, 2);
	assert_string_equal(process->image->variables[0].name, "B");
	assert_string_equal(process->image->variables[0].value, "2");
	assert_string_equal(process->image->variables[1].name, "C");
}

static void an_exec_takes_the_place_of_its_own_image_in_a_full_table(void **state)
{
	struct process *process;

	track_fork(one, nobody);
	track_fork(two, one);
	process = track_exec(two_later, one, two, &shell);
	assert_ptr_equal(process, process_table_find(tracker.table, &two_later));
	assert_int_equal(stats_now().refused, 0);
	assert_int_equal(process_table_find(tracker.table, &one)->refs, 2);
}

static void a_process_that_the_full_table_refuses_is_whole_in_its_event(void **state)
{
	struct process *process;

	track_fork(one, nobody);
	track_fork(two, one);
	process = track_exec(three, one, nobody, &shell);
	assert_ptr_equal(process, &tracker.overflow);
	assert_string_equal(process->image->arguments, "-c true");
	assert_int_equal(process->id.pid, 3);
	assert_int_equal(process->parent.pid, 1);
	assert_int_equal(process->flags, WIRE_PROCESS_EXECVE);
	assert_int_equal(process->refs, 1);
	assert_int_equal(stats_now().refused, 1);
	assert_null(track_exit(three));
	/* another one in its place: the image of the first is given back */
	assert_ptr_equal(track_exec(three, two, nobody, &shell), process);
	assert_int_equal(process->parent.pid, 2);
	assert_null(track_fork(three, one));
}

static void arguments_that_find_no_room_are_cut_in_the_cache_but_not_in_the_event(void **state)
{
	struct process *process, *kept;
	uint32_t bytes;

	bytes = track_exec(one, nobody, nobody, &shell)->image->bytes;
	process_table_set_image_bytes_max(tracker.table, bytes + bytes / 2);
	process = track_exec(two, one, nobody, &shell);
	kept = process_table_find(tracker.table, &two);
	assert_ptr_equal(process, &tracker.overflow);
	assert_string_equal(process->image->arguments, "-c true");
	assert_int_equal(process->flags, WIRE_PROCESS_EXECVE);
	assert_int_equal(process->id.pid, 2);
	assert_int_equal(process->start_wall_ns, 20 + BOOT_TO_WALL_NS);
	assert_string_equal(kept->image->binary, "/bin/sh");
	assert_string_equal(kept->image->arguments, "");
	assert_int_equal(kept->flags, WIRE_PROCESS_EXECVE | WIRE_PROCESS_TRUNC_ARGS);
	assert_int_equal(kept->start_wall_ns, 20 + BOOT_TO_WALL_NS);
	assert_int_equal(stats_now().cut, 1);
	assert_int_equal(stats_now().refused, 0);
	assert_true(stats_now().image_bytes <= 2 * (bytes + bytes / 2));
}

static void names_too_are_left_out_beyond_twice_the_bound(void **state)
{
	struct process *process;

	process_table_set_image_bytes_max(tracker.table, 1);
	process = track_exec(two, one, nobody, &shell);
	assert_string_equal(process->image->binary, "/bin/sh");
	assert_null(process_table_find(tracker.table, &two)->image);
	assert_int_equal(stats_now().image_bytes, 0);
	/* its children have none either */
	assert_null(track_fork(three, two)->image);
}

static void a_cut_image_replaces_the_inherited_one(void **state)
{
	uint32_t bytes;

	bytes = track_exec(one, nobody, nobody, &shell)->image->bytes;
	track_fork(two, one);
	process_table_set_image_bytes_max(tracker.table, bytes);
	track_exec(two, one, nobody, &shell); /* same id as the fork */
	assert_string_equal(process_table_find(tracker.table, &two)->image->arguments, "");
	assert_string_equal(process_table_find(tracker.table, &one)->image->arguments, "-c true");
}

static void dead_processes_make_room_for_arguments(void **state)
{
	uint32_t bytes = track_exec(one, nobody, nobody, &shell)->image->bytes;
	const struct process *process;

	process_table_set_image_bytes_max(tracker.table, bytes);
	track_exit(one);
	process = track_exec(two, three, nobody, &shell);
	assert_ptr_equal(process, process_table_find(tracker.table, &two));
	assert_null(process_table_find(tracker.table, &one));
	assert_int_equal(stats_now().image_bytes, bytes);
	assert_int_equal(stats_now().cut, 0);
}

static void put_file(uint32_t pid, const char *name, struct span text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", procfs, pid);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%u/%s", procfs, pid, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text.data, 1, text.bytes, file), text.bytes);
	assert_int_equal(fclose(file), 0);
}

static void a_seed_reads_arguments_and_environment_from_procfs(void **state)
{
	struct process *process;

	tracker.with_environment = true;
	put_file(2, "cmdline", SPAN("sh\0-c\0two words\0"));
	put_file(2, "environ", SPAN("X=1\0"));
	process = track_seed(two, one, WIRE_PROCESS_PROCFS, "/bin/sh");
	assert_string_equal(process->image->arguments, "-c \"two words\"");
	assert_int_equal(process->image->variable_count, 1);
	assert_int_equal(process->flags, WIRE_PROCESS_PROCFS);
}

static void a_seed_that_procfs_does_not_have_is_flagged(void **state)
{
	struct process *process;

	tracker.with_environment = true;
	process = track_seed(three, one, WIRE_PROCESS_PROCFS, "/bin/sh");
	assert_string_equal(process->image->arguments, "");
	assert_int_equal(process->flags,
			 WIRE_PROCESS_PROCFS | WIRE_PROCESS_ERROR_ARGS | WIRE_PROCESS_ERROR_ENVS);
}

static void arguments_of_a_seed_are_cut_at_the_limit(void **state)
{
	struct process *process;
	char *text = calloc(1, WIRE_ARGS_BYTES_MAX + 1);

	assert_non_null(text);
	memset(text + 1, 'x', WIRE_ARGS_BYTES_MAX);
	put_file(2, "cmdline", (struct span){ text, WIRE_ARGS_BYTES_MAX });
	process = track_seed(two, one, WIRE_PROCESS_PROCFS, "/bin/sh");
	assert_int_equal(strlen(process->image->arguments), WIRE_ARGS_BYTES_MAX - 1);
	assert_int_equal(process->flags, WIRE_PROCESS_PROCFS);
	put_file(2, "cmdline", (struct span){ text, WIRE_ARGS_BYTES_MAX + 1 });
	process = track_seed(two_later, one, WIRE_PROCESS_PROCFS, "/bin/sh");
	assert_int_equal(strlen(process->image->arguments), WIRE_ARGS_BYTES_MAX - 1);
	assert_int_equal(process->flags, WIRE_PROCESS_PROCFS | WIRE_PROCESS_TRUNC_ARGS);
	free(text);
}

static void a_kernel_thread_is_named_in_brackets_and_has_no_arguments(void **state)
{
	struct process *process;

	make_exec(&made, three, two, &(struct made_texts){ .filename = SPAN("kworker/0:0") });
	made.exec.flags = WIRE_PROCESS_PROCFS | WIRE_PROCESS_KERNEL_THREAD;
	process = process_track_seed(&tracker, decode());
	assert_string_equal(process->image->binary, "[kworker/0:0]");
	assert_int_equal(process->flags, WIRE_PROCESS_PROCFS | WIRE_PROCESS_KERNEL_THREAD);
}

static void only_processes_of_the_machine_itself_get_its_user_names(void **state)
{
	struct process *process;
	char path[64];

	put_file(9, "passwd", SPAN("joe:x:1000:1000::/:/\n"));
	snprintf(path, sizeof(path), "%s/9/passwd", procfs);
	assert_int_equal(users_new(&tracker.users, path), 0);
	make_exec(&made, one, nobody, &shell);
	made.exec.namespaces[WIRE_NS_MNT] = 100;
	made.exec.namespaces[WIRE_NS_USER] = 200;
	process_track_seed(&tracker, decode());
	for (int inside = 0; inside < 2; inside++) {
		make_exec(&made, process_id(5, 50 + (uint64_t)inside), one, &shell);
		made.exec.namespaces[WIRE_NS_MNT] = 100 + (uint32_t)inside;
		made.exec.namespaces[WIRE_NS_USER] = 200;
		made.exec.credentials.uid = 7;
		made.exec.credentials.euid = 1000;
		process = process_track_exec(&tracker, decode());
		assert_string_equal(process->image->user, inside ? "" : "joe");
	}
}

static int make_folder(void **state)
{
	return mkdtemp(procfs) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "2/cmdline", "2/environ", "2", "9/passwd", "9", "" };
	char path[128];
	int error = 0;

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", procfs, names[i]);
		error |= remove(path);
	}
	return error;
}

#define CASE(name)	 cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CASE_SMALL(name) cmocka_unit_test_setup_teardown(name, set_up_small, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_fork_shares_the_image_of_its_parent),
		CASE(a_fork_of_an_unknown_parent_has_no_image),
		CASE(a_fork_that_the_scan_saw_before_changes_nothing),
		CASE(an_exec_ends_the_image_before_it),
		CASE(an_exit_ends_the_process_and_an_unknown_one_is_nobody),
		CASE(the_environment_is_kept_only_when_asked_for),
		CASE_SMALL(an_exec_takes_the_place_of_its_own_image_in_a_full_table),
		CASE_SMALL(a_process_that_the_full_table_refuses_is_whole_in_its_event),
		CASE(arguments_that_find_no_room_are_cut_in_the_cache_but_not_in_the_event),
		CASE(names_too_are_left_out_beyond_twice_the_bound),
		CASE(a_cut_image_replaces_the_inherited_one),
		CASE(dead_processes_make_room_for_arguments),
		CASE(a_seed_reads_arguments_and_environment_from_procfs),
		CASE(a_seed_that_procfs_does_not_have_is_flagged),
		CASE(arguments_of_a_seed_are_cut_at_the_limit),
		CASE(a_kernel_thread_is_named_in_brackets_and_has_no_arguments),
		CASE(only_processes_of_the_machine_itself_get_its_user_names),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
