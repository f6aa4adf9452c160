/* SPDX-License-Identifier: Apache-2.0 */
/* Records -> events, in which order, and what is told of what was lost. */
#include "cmocka_case.h"

#include <stdlib.h>

#include "run_pipeline.h"

static const struct wire_process_id nobody = {}, init = { .pid = 1, .exec_ns = 10 },
				    shell = { .pid = 5, .exec_ns = 50 },
				    child = { .pid = 6, .exec_ns = 60 },
				    child_later = { .pid = 6, .exec_ns = 65 },
				    late = { .pid = 7, .exec_ns = 70 };
static const struct made_texts init_texts = { .binary = SPAN("/sbin/init") },
			       shell_texts = { .binary = SPAN("/bin/sh"),
					       .args = SPAN("sh\0-c\0x\0") },
			       true_texts = { .binary = SPAN("/bin/true"), .args = SPAN("true\0") };

static struct run run;

static int set_up_of(uint32_t process_cache_size)
{
	run = (struct run){};
	return run_init(&run, process_cache_size);
}

static int set_up(void **state)
{
	return set_up_of(64);
}

static int set_up_small(void **state)
{
	return set_up_of(3);
}

static int tear_down(void **state)
{
	uint64_t bad_json = run.bad_json;

	run_done(&run);
	return bad_json ? -1 : 0;
}

/* init and the shell, whose events are of no interest. */
static void begin(void)
{
	run_exec(&run, init, nobody, nobody, &init_texts);
	run_exec(&run, shell, init, nobody, &shell_texts);
	assert_string_equal(run_told(&run), "exec 1 /sbin/init < 0 unknown>\n"
					    "exec 5 /bin/sh [-c x] < 1 /sbin/init>\n");
}

static void a_process_is_told_from_exec_to_exit(void **state)
{
	begin();
	run_fork(&run, child, shell);
	assert_string_equal(run_told(&run), "");
	run_exec(&run, child_later, shell, child, &true_texts);
	run_exit(&run, child_later, 1 << 8);
	assert_string_equal(run_told(&run), "exec 6 /bin/true < 5 /bin/sh>\n"
					    "exit 6 /bin/true status 1\n");
}

static void a_fork_that_ends_without_exec_shows_the_image_of_its_parent(void **state)
{
	begin();
	run_fork(&run, child, shell);
	run_exit(&run, child, 9);
	assert_string_equal(run_told(&run), "exit 6 /bin/sh signal SIGKILL\n");
}

static void an_exec_in_place_keeps_the_parent_and_the_old_image_has_no_exit(void **state)
{
	const struct wire_process_id again = process_id(5, 55);

	begin();
	run_exec(&run, again, init, shell, &true_texts);
	assert_string_equal(run_told(&run), "exec 5 /bin/true < 1 /sbin/init>\n");
	run_exit(&run, again, 0);
	assert_string_equal(run_told(&run), "exit 5 /bin/true status 0\n");
}

static void an_event_waits_for_its_parent(void **state)
{
	run_exec(&run, child, shell, nobody, &true_texts);
	pipeline_end_batch(&run.pipeline);
	assert_string_equal(run_told(&run), "");
	run_exec(&run, shell, nobody, nobody, &shell_texts);
	assert_string_equal(run_told(&run), "exec 5 /bin/sh [-c x] < 0 unknown>\n");
	pipeline_end_batch(&run.pipeline);
	assert_string_equal(run_told(&run), "exec 6 /bin/true < 5 /bin/sh>\n");
}

static void an_exit_waits_behind_its_exec(void **state)
{
	begin();
	run_exec(&run, child, late, nobody, &true_texts);
	run_exit(&run, child, 0);
	run_exit(&run, shell, 0); /* others do not wait */
	assert_string_equal(run_told(&run), "exit 5 /bin/sh status 0\n");
	run_fork(&run, late, init);
	pipeline_end_batch(&run.pipeline);
	assert_string_equal(run_told(&run), "exec 6 /bin/true < 7 /sbin/init>\n"
					    "exit 6 /bin/true status 0\n");
}

static void a_call_does_not_come_before_the_exec_of_its_process(void **state)
{
	run_exec(&run, child, shell, nobody, &true_texts);
	run_exit(&run, child, 0);
	run_call(&run, shell); /* of another one */
	assert_string_equal(run_told(&run), "");
	run_call(&run, child);
	assert_string_equal(run_told(&run), "exec 6 /bin/true < 5 unknown>\n");
	pipeline_flush(&run.pipeline);
	assert_string_equal(run_told(&run), "exit 6 /bin/true status 0\n");
}

static void an_event_whose_parent_never_comes_is_told_in_the_end(void **state)
{
	run_exec(&run, child, shell, nobody, &true_texts);
	run_exit(&run, child, 0);
	pipeline_flush(&run.pipeline);
	assert_string_equal(run_told(&run), "exec 6 /bin/true < 5 unknown>\n"
					    "exit 6 /bin/true status 0\n");
	pipeline_flush(&run.pipeline);
	assert_string_equal(run_told(&run), "");
}

static void a_parent_that_the_kernel_side_does_not_know_is_not_waited_for(void **state)
{
	run_exec(&run, child, process_id(5, 0), nobody, &true_texts);
	assert_string_equal(run_told(&run), "exec 6 /bin/true < 5 unknown>\n");
}

static void an_event_that_waits_is_told_even_if_its_process_lost_its_place(void **state)
{
	run_exec(&run, child, late, nobody, &true_texts);
	run_exit(&run, child, 3 << 8);
	for (uint32_t pid = 20; pid < 24; pid++)
		run_fork(&run, process_id(pid, pid), nobody);
	assert_null(process_table_find(run.pipeline.tracker.table, &child));
	pipeline_flush(&run.pipeline);
	assert_string_equal(run_told(&run), "exec 6 /bin/true < 7 unknown>\n"
					    "exit 6 /bin/true status 3\n");
}

static void events_are_whole_when_the_cache_is_full(void **state)
{
	begin(); /* with the kernel itself all three places are taken */
	run_exec(&run, child, shell, nobody, &shell_texts);
	assert_string_equal(run_told(&run), "exec 6 /bin/sh [-c x] < 5 /bin/sh>\n");
	run_exit(&run, child, 2 << 8);
	assert_string_equal(run_told(&run), "exit 6 unknown status 2\n");
	run_exec(&run, process_id(5, 55), init, shell, &true_texts);
	assert_string_equal(run_told(&run), "exec 5 /bin/true < 1 /sbin/init>\n");
}

static void events_are_whole_when_arguments_find_no_room(void **state)
{
	process_table_set_image_bytes_max(run.pipeline.tracker.table, 1);
	run_exec(&run, shell, nobody, nobody, &shell_texts);
	assert_string_equal(run_told(&run), "exec 5 /bin/sh [-c x] < 0 unknown>\n");
}

static void long_arguments_come_in_pieces(void **state)
{
	char text[WIRE_INLINE_BYTES_MAX];
	const char *told;

	begin();
	memset(text, 'y', sizeof(text));
	text[0] = '\0';
	make_data(&run.made, child.pid, WIRE_DATA_ARGS, 0, (struct span){ text, sizeof(text) });
	run_send(&run);
	make_exec(&run.made, child, shell, &(struct made_texts){ .binary = SPAN("/x") });
	run.made.exec.args_total = sizeof(text);
	run_send(&run);
	told = run_told(&run);
	assert_memory_equal(told, "exec 6 /x [yyyy", 15);
	assert_int_equal(strspn(told + 11, "y"), sizeof(text) - 1);
}

static void records_that_are_no_records_are_counted_and_nothing_else(void **state)
{
	begin();
	make_exit(&run.made, shell, 0);
	run.made.header.kind = WIRE_RECORD_KINDS;
	run_send(&run);
	run.made.header.bytes = 3;
	pipeline_on_record(&run.pipeline, &run.made, 3);
	make_exit(&run.made, shell, 0);
	run_seed(&run); /* the scan sends exec records only */
	assert_int_equal(run.pipeline.stats.malformed, 3);
	assert_int_equal(run.pipeline.stats.events, 2);
	assert_string_equal(run_told(&run), "");
}

static void lost_records_are_a_gap_before_the_record_behind_them(void **state)
{
	begin();
	run.sequences[0] += 3;
	run.states[0].drops[WIRE_RECORD_FORK][WIRE_DROP_RING_FULL] = 1;
	run.states[0].drops[WIRE_RECORD_EXEC][WIRE_DROP_RING_FULL] = 2;
	run_exit(&run, shell, 0);
	assert_string_equal(run_told(&run), "gap lifecycle 3: fork ring full 1, exec ring full 2\n"
					    "exit 5 /bin/sh status 0\n");
	assert_true(run.pipeline.wants_sweep);
	pipeline_tick(&run.pipeline);
	assert_string_equal(run_told(&run), "");
}

static void losses_with_nothing_behind_them_are_told_by_the_clock(void **state)
{
	begin();
	run.states[1].drops[WIRE_RECORD_EXIT][WIRE_DROP_SCRATCH_BUSY] = 4;
	pipeline_end_batch(&run.pipeline);
	assert_string_equal(run_told(&run), "");
	pipeline_tick(&run.pipeline);
	assert_string_equal(run_told(&run), "gap lifecycle 4: exit scratch busy 4\n");
	run.sequences[1] += 4;
	make_exit(&run.made, shell, 0);
	run.made.header.cpu = 1;
	run_send(&run);
	assert_string_equal(run_told(&run), "exit 5 /bin/sh status 0\n");
}

static void losses_that_no_counter_explains_are_told_as_such(void **state)
{
	begin();
	run.sequences[0] += 2;
	run_fork(&run, child, shell);
	assert_string_equal(run_told(&run), "");
	pipeline_tick(&run.pipeline);
	assert_string_equal(run_told(&run), "gap lifecycle 2: record unexplained 2\n");
}

static void losses_up_to_the_end_are_told_at_the_end(void **state)
{
	begin();
	run.states[0].drops[WIRE_RECORD_DATA][WIRE_DROP_RING_FULL] = 5;
	pipeline_flush(&run.pipeline);
	assert_string_equal(run_told(&run), "gap lifecycle 5: data ring full 5\n");
}

static void kernel_threads_are_never_told(void **state)
{
	const struct wire_process_id kthreadd = process_id(2, 11), worker = process_id(30, 300),
				     helper = process_id(30, 310);

	make_exec(&run.made, kthreadd, nobody,
		  &(struct made_texts){ .filename = SPAN("kthreadd") });
	run.made.exec.flags = WIRE_PROCESS_PROCFS | WIRE_PROCESS_KERNEL_THREAD;
	run_seed(&run);
	pipeline_publish_seeds(&run.pipeline);
	make_fork(&run.made, worker, kthreadd);
	run.made.fork.flags |= WIRE_PROCESS_KERNEL_THREAD;
	run_send(&run);
	make_exit(&run.made, kthreadd, 0);
	run.made.exit.flags = WIRE_PROCESS_KERNEL_THREAD;
	run_send(&run);
	assert_string_equal(run_told(&run), "");
	/* one that calls execve is a process like others: modprobe */
	run_exec(&run, helper, kthreadd, worker, &true_texts);
	run_exit(&run, helper, 0);
	assert_string_equal(run_told(&run), "exec 30 /bin/true < 2 [kthreadd]>\n"
					    "exit 30 /bin/true status 0\n");
}

static void seed(struct wire_process_id id, struct wire_process_id parent, const char *binary)
{
	make_exec(&run.made, id, parent, &(struct made_texts){ .binary = span_of(binary) });
	run.made.exec.flags = WIRE_PROCESS_PROCFS;
	run_seed(&run);
}

static void processes_older_than_the_agent_are_told_after_the_scan(void **state)
{
	seed(init, process_id(0, 1), "/sbin/init");
	seed(shell, init, "/bin/sh");
	seed(child, late, "/bin/true"); /* its parent is found by no scan */
	assert_string_equal(run_told(&run), "");
	pipeline_publish_seeds(&run.pipeline);
	assert_string_equal(run_told(&run), "exec 1 /sbin/init < 0 <kernel>>\n"
					    "exec 5 /bin/sh < 1 /sbin/init>\n");
	pipeline_flush(&run.pipeline);
	assert_string_equal(run_told(&run), "exec 6 /bin/true < 7 unknown>\n");
	run_exit(&run, shell, 0);
	assert_string_equal(run_told(&run), "exit 5 /bin/sh status 0\n");
}

static void namespaces_of_process_1_are_those_of_the_machine(void **state)
{
	make_exec(&run.made, init, nobody, &init_texts);
	run.made.exec.namespaces[WIRE_NS_NET] = 4026531840;
	run_seed(&run);
	assert_int_equal(run.pipeline.options.event.message.host_namespaces[WIRE_NS_NET],
			 4026531840);
}

#define CASE(name)	 cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CASE_SMALL(name) cmocka_unit_test_setup_teardown(name, set_up_small, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_process_is_told_from_exec_to_exit),
		CASE(a_fork_that_ends_without_exec_shows_the_image_of_its_parent),
		CASE(an_exec_in_place_keeps_the_parent_and_the_old_image_has_no_exit),
		CASE(an_event_waits_for_its_parent),
		CASE(an_exit_waits_behind_its_exec),
		CASE(a_call_does_not_come_before_the_exec_of_its_process),
		CASE(an_event_whose_parent_never_comes_is_told_in_the_end),
		CASE(a_parent_that_the_kernel_side_does_not_know_is_not_waited_for),
		CASE_SMALL(an_event_that_waits_is_told_even_if_its_process_lost_its_place),
		CASE_SMALL(events_are_whole_when_the_cache_is_full),
		CASE(events_are_whole_when_arguments_find_no_room),
		CASE(long_arguments_come_in_pieces),
		CASE(records_that_are_no_records_are_counted_and_nothing_else),
		CASE(lost_records_are_a_gap_before_the_record_behind_them),
		CASE(losses_with_nothing_behind_them_are_told_by_the_clock),
		CASE(losses_that_no_counter_explains_are_told_as_such),
		CASE(losses_up_to_the_end_are_told_at_the_end),
		CASE(kernel_threads_are_never_told),
		CASE(processes_older_than_the_agent_are_told_after_the_scan),
		CASE(namespaces_of_process_1_are_those_of_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
