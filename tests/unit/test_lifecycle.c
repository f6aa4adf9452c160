/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of the cache -> process_exec, process_exit and process_kprobe. */
#include "cmocka_case.h"

#include <stdlib.h>

#include "process/lifecycle.h"

#include "make_record.h"

struct lifecycle_case {
	struct process_table *table;
	struct process_event_options options;
	struct process_event_builder *builder;
};

static int set_up_of(struct lifecycle_case *test, bool with_ancestors, bool with_environment)
{
	test->options.with_ancestors = with_ancestors;
	test->options.with_environment = with_environment;
	return process_table_new(&test->table, 1024) ||
	       process_event_builder_new(&test->builder, test->table, &test->options);
}

static int set_up(void **state)
{
	static struct lifecycle_case test;

	test = (struct lifecycle_case){ .options = { .cluster_name = "c1",
						     .message.node_name = "n1" } };
	*state = &test;
	return set_up_of(&test, false, false);
}

static int set_up_with_all(void **state)
{
	static struct lifecycle_case test;

	test = (struct lifecycle_case){ .options = { .cluster_name = "",
						     .message.node_name = "n1" } };
	*state = &test;
	return set_up_of(&test, true, true);
}

static int set_up_with_kprobe_ancestors(void **state)
{
	static struct lifecycle_case test;

	test = (struct lifecycle_case){ .options = { .cluster_name = "c1",
						     .with_kprobe_ancestors = true,
						     .message = { .node_name = "n1",
								  .with_credentials = true } } };
	*state = &test;
	return set_up_of(&test, false, true);
}

static int tear_down(void **state)
{
	struct lifecycle_case *test = *state;

	process_event_builder_free(test->builder);
	process_table_free(test->table);
	return 0;
}

/* A process named after its pid, of the pid above it. */
static struct process *add(struct lifecycle_case *test, uint32_t pid, uint32_t parent)
{
	static const struct wire_exec exec;
	struct wire_process_id id = process_id(pid, pid + 1),
			       above = process_id(parent, parent + 1);
	char binary[] = { '/', (char)('a' + pid % 26), '\0' };
	struct process_image *image = NULL;

	assert_int_equal(
		process_image_new(&image,
				  &(struct process_image_source){ .exec = &exec,
								  .binary = span_of(binary),
								  .environment = SPAN("A=1\0"),
								  .user = "" }),
		0);
	return process_table_insert(test->table, &id, &above, image);
}

static const Tetragon__GetEventsResponse *build(struct lifecycle_case *test,
						enum process_event_kind kind,
						const struct process *process, uint32_t code)
{
	const struct process_event event = {
		.kind = kind, .id = process->id, .wall_ns = 5000000001, .exit_code = code
	};

	return process_event_build(test->builder, &event, process);
}

static void an_exec_has_its_process_and_its_parent(void **state)
{
	struct lifecycle_case *test = *state;
	const Tetragon__GetEventsResponse *event;

	add(test, 3, 2);
	event = build(test, PROCESS_EVENT_EXEC, add(test, 4, 3), 0);
	assert_int_equal(event->event_case, TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC);
	assert_string_equal(event->process_exec->process->binary, "/e");
	assert_string_equal(event->process_exec->parent->binary, "/d");
	assert_int_equal(event->process_exec->parent->refcnt, 2);
	assert_int_equal(event->process_exec->n_ancestors, 0);
	assert_int_equal(event->process_exec->process->n_environment_variables, 0);
	assert_string_equal(event->node_name, "n1");
	assert_string_equal(event->cluster_name, "c1");
	assert_int_equal(event->time->seconds, 5);
	assert_int_equal(event->time->nanos, 1);
}

static void a_parent_that_is_not_known_is_a_number(void **state)
{
	struct lifecycle_case *test = *state;
	const Tetragon__GetEventsResponse *event =
		build(test, PROCESS_EVENT_EXEC, add(test, 4, 3), 0);

	assert_string_equal(event->process_exec->parent->flags, "unknown");
	assert_int_equal(event->process_exec->parent->pid->value, 3);
	assert_string_equal(event->process_exec->parent->exec_id,
			    event->process_exec->process->parent_exec_id);
}

static void an_exit_tells_status_and_signal(void **state)
{
	static const struct {
		uint32_t code, status;
		const char *signal;
	} rows[] = {
		{ 0, 0, "" },
		{ 1 << 8, 1, "" },
		{ 255 << 8, 255, "" },
		{ 9, 0, "SIGKILL" },
		{ 11 | 0x80, 0, "SIGSEGV" }, /* the core dump bit says nothing */
		{ 15, 0, "SIGTERM" },
		{ 34, 0, "SIGRTMIN+0" },
		{ 64, 0, "SIGRTMIN+30" },
		{ 0x80, 0, "" },
		{ UINT32_MAX, 255, "SIGRTMIN+93" },
	};
	struct lifecycle_case *test = *state;
	struct process *process = add(test, 4, 3);

	for (size_t i = 0; i < COUNT(rows); i++) {
		const Tetragon__GetEventsResponse *event =
			build(test, PROCESS_EVENT_EXIT, process, rows[i].code);

		assert_int_equal(event->event_case,
				 TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT);
		assert_row_string(i, event->process_exit->signal, rows[i].signal);
		assert_int_equal(event->process_exit->status, rows[i].status);
		assert_int_equal(event->process_exit->time->seconds, 5);
	}
}

static void the_exit_of_an_unknown_process_has_what_its_record_said(void **state)
{
	struct lifecycle_case *test = *state;
	const struct process_event event = { .kind = PROCESS_EVENT_EXIT,
					     .id = process_id(9, 90),
					     .start_wall_ns = 7000000000,
					     .exit_code = 3 << 8 };
	const Tetragon__ProcessExit *exit =
		process_event_build(test->builder, &event, NULL)->process_exit;

	assert_int_equal(exit->process->pid->value, 9);
	assert_string_equal(exit->process->flags, "unknown");
	assert_int_equal(exit->process->start_time->seconds, 7);
	assert_int_equal(exit->status, 3);
	assert_null(exit->parent);
	assert_int_equal(exit->n_ancestors, 0);
}

static void ancestors_go_from_the_grandparent_up_to_init(void **state)
{
	struct lifecycle_case *test = *state;
	const Tetragon__GetEventsResponse *event;

	for (uint32_t pid = 1; pid < 7; pid++)
		add(test, pid, pid < 3 ? 0 : pid - 1);
	event = build(test, PROCESS_EVENT_EXEC, add(test, 7, 6), 0);
	/* 6 is the parent; 2 ends the line (kthreadd, or here whoever is process 2) */
	assert_int_equal(event->process_exec->n_ancestors, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(event->process_exec->ancestors[i]->pid->value, 5 - i);
	event = build(test, PROCESS_EVENT_EXIT, add(test, 8, 1), 0);
	assert_int_equal(event->process_exit->n_ancestors, 0);
}

static void a_line_of_ancestors_ends_where_one_is_not_known(void **state)
{
	struct lifecycle_case *test = *state;
	const Tetragon__GetEventsResponse *event;

	add(test, 5, 4);
	add(test, 6, 5);
	event = build(test, PROCESS_EVENT_EXIT, add(test, 7, 6), 0);
	assert_int_equal(event->process_exit->n_ancestors, 1);
}

static void a_line_of_ancestors_has_an_end_and_its_last_says_that_there_are_more(void **state)
{
	const uint32_t last = PROCESS_ANCESTORS_MAX + 20;
	struct lifecycle_case *test = *state;
	const Tetragon__GetEventsResponse *event;
	Tetragon__Process **ancestors;

	for (uint32_t pid = 3; pid < last; pid++)
		add(test, pid, pid - 1);
	event = build(test, PROCESS_EVENT_EXEC, add(test, last, last - 1), 0);
	ancestors = event->process_exec->ancestors;
	assert_int_equal(event->process_exec->n_ancestors, PROCESS_ANCESTORS_MAX);
	assert_string_equal(ancestors[PROCESS_ANCESTORS_MAX - 2]->flags, "");
	assert_string_equal(ancestors[PROCESS_ANCESTORS_MAX - 1]->flags, "unknown");
	event = build(test, PROCESS_EVENT_EXEC, add(test, 500, 500), 0); /* its own parent */
	assert_int_equal(event->process_exec->n_ancestors, PROCESS_ANCESTORS_MAX);
}

static void only_an_exec_shows_the_environment_and_only_of_its_process(void **state)
{
	struct lifecycle_case *test = *state;
	const Tetragon__GetEventsResponse *event;

	add(test, 5, 4);
	add(test, 6, 5);
	event = build(test, PROCESS_EVENT_EXEC, add(test, 7, 6), 0);
	assert_int_equal(event->process_exec->process->n_environment_variables, 1);
	assert_int_equal(event->process_exec->parent->n_environment_variables, 0);
	assert_int_equal(event->process_exec->ancestors[0]->n_environment_variables, 0);
	event = build(test, PROCESS_EVENT_EXIT, add(test, 7, 6), 0);
	assert_int_equal(event->process_exit->process->n_environment_variables, 0);
}

/* A call of thread 44. */
static const Tetragon__GetEventsResponse *build_kprobe(struct lifecycle_case *test,
						       const struct process *process,
						       Tetragon__ProcessKprobe *kprobe)
{
	const struct process_event event = { .id = process ? process->id : process_id(9, 90),
					     .wall_ns = 5000000001,
					     .tid = 44 };

	tetragon__process_kprobe__init(kprobe);
	kprobe->function_name = (char *)"f";
	return process_event_build_kprobe(test->builder, &event, process, kprobe);
}

static void a_call_has_its_process_its_thread_and_its_parent(void **state)
{
	struct lifecycle_case *test = *state;
	const Tetragon__GetEventsResponse *event;
	Tetragon__ProcessKprobe kprobe;

	add(test, 3, 2);
	event = build_kprobe(test, add(test, 4, 3), &kprobe);
	assert_int_equal(event->event_case, TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE);
	assert_ptr_equal(event->process_kprobe, &kprobe);
	assert_string_equal(kprobe.function_name, "f");
	assert_string_equal(kprobe.process->binary, "/e");
	assert_int_equal(kprobe.process->pid->value, 4);
	assert_int_equal(kprobe.process->tid->value, 44);
	assert_string_equal(kprobe.parent->binary, "/d");
	assert_int_equal(kprobe.parent->tid->value, 0); /* the record of the test has none */
	assert_int_equal(kprobe.n_ancestors, 0);
	assert_string_equal(event->node_name, "n1");
	assert_string_equal(event->cluster_name, "c1");
	assert_int_equal(event->time->seconds, 5);
	assert_int_equal(event->time->nanos, 1);
}

static void a_call_shows_neither_environment_nor_what_the_file_did(void **state)
{
	static const struct wire_exec raised = { .privileges = WIRE_PRIVILEGES_SETUID };
	struct lifecycle_case *test = *state;
	const struct wire_process_id id = process_id(5, 6), above = process_id(4, 5);
	struct process_image *image = NULL;
	const struct process *process;
	Tetragon__ProcessKprobe kprobe;

	assert_int_equal(
		process_image_new(&image,
				  &(struct process_image_source){ .exec = &raised,
								  .binary = SPAN("/x"),
								  .environment = SPAN("A=1\0"),
								  .user = "" }),
		0);
	process = process_table_insert(test->table, &id, &above, image);
	assert_non_null(build(test, PROCESS_EVENT_EXEC, process, 0)
				->process_exec->process->binary_properties);
	build_kprobe(test, process, &kprobe);
	assert_null(kprobe.process->binary_properties);
	assert_int_equal(kprobe.process->n_environment_variables, 0);
	assert_non_null(kprobe.process->process_credentials);
}

static void a_call_of_an_unknown_process_has_its_numbers(void **state)
{
	struct lifecycle_case *test = *state;
	Tetragon__ProcessKprobe kprobe;

	build_kprobe(test, NULL, &kprobe);
	assert_int_equal(kprobe.process->pid->value, 9);
	assert_int_equal(kprobe.process->tid->value, 44);
	assert_string_equal(kprobe.process->flags, "unknown");
	assert_null(kprobe.parent);
	assert_int_equal(kprobe.n_ancestors, 0);
}

static void ancestors_of_calls_are_asked_for_by_themselves(void **state)
{
	struct lifecycle_case *test = *state;
	bool is_for_calls = test->options.with_kprobe_ancestors;
	Tetragon__ProcessKprobe kprobe;
	const struct process *process;

	for (uint32_t pid = 3; pid < 7; pid++)
		add(test, pid, pid - 1);
	process = add(test, 7, 6);
	build_kprobe(test, process, &kprobe);
	assert_int_equal(kprobe.n_ancestors, is_for_calls ? 3 : 0);
	assert_int_equal(build(test, PROCESS_EVENT_EXIT, process, 0)->process_exit->n_ancestors,
			 is_for_calls ? 0 : 3);
	if (is_for_calls)
		assert_int_equal(kprobe.ancestors[0]->pid->value, 5);
}

static void the_thread_of_a_call_is_forgotten_by_the_next_event(void **state)
{
	struct lifecycle_case *test = *state;
	struct process *process = add(test, 4, 3);
	Tetragon__ProcessKprobe kprobe;

	process->tid = 4;
	build_kprobe(test, process, &kprobe);
	assert_int_equal(
		build(test, PROCESS_EVENT_EXIT, process, 0)->process_exit->process->tid->value, 4);
}

#define CASE(name)	    cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CASE_WITH_ALL(name) cmocka_unit_test_setup_teardown(name, set_up_with_all, tear_down)
#define CASE_WITH_KPROBE_ANCESTORS(name) \
	cmocka_unit_test_setup_teardown(name, set_up_with_kprobe_ancestors, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(an_exec_has_its_process_and_its_parent),
		CASE(a_parent_that_is_not_known_is_a_number),
		CASE(an_exit_tells_status_and_signal),
		CASE_WITH_ALL(the_exit_of_an_unknown_process_has_what_its_record_said),
		CASE_WITH_ALL(ancestors_go_from_the_grandparent_up_to_init),
		CASE_WITH_ALL(a_line_of_ancestors_ends_where_one_is_not_known),
		CASE_WITH_ALL(a_line_of_ancestors_has_an_end_and_its_last_says_that_there_are_more),
		CASE_WITH_ALL(only_an_exec_shows_the_environment_and_only_of_its_process),
		CASE(a_call_has_its_process_its_thread_and_its_parent),
		CASE_WITH_KPROBE_ANCESTORS(a_call_shows_neither_environment_nor_what_the_file_did),
		CASE(a_call_of_an_unknown_process_has_its_numbers),
		CASE_WITH_ALL(ancestors_of_calls_are_asked_for_by_themselves),
		CASE_WITH_KPROBE_ANCESTORS(ancestors_of_calls_are_asked_for_by_themselves),
		CASE(the_thread_of_a_call_is_forgotten_by_the_next_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
