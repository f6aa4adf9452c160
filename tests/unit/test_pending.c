/* SPDX-License-Identifier: Apache-2.0 */
/* Events that wait for their parent. */
#include "cmocka_case.h"

#include <stdio.h>

#include "base/clock.h"
#include "daemon/pending.h"

#include "make_record.h"

#define WAIT_NS (PENDING_WAIT_MS * CLOCK_NS_PER_MS)

/* Which pids' parents are known, and what was released: "e5 x5 " for an exec and an exit of 5. */
struct waiting_room {
	struct pending *pending;
	bool is_ready[10];
	bool exits_are_ready; /* whatever their parent is */
	char released[256];
};

static bool is_ready(void *context, const struct process_event *event,
		     const struct process *process)
{
	struct waiting_room *room = context;

	return room->is_ready[event->id.pid] ||
	       (room->exits_are_ready && event->kind == PROCESS_EVENT_EXIT);
}

static void release(void *context, const struct process_event *event, const struct process *process)
{
	struct waiting_room *room = context;
	size_t bytes = strlen(room->released);

	snprintf(room->released + bytes, sizeof(room->released) - bytes, "%c%u ",
		 event->kind == PROCESS_EVENT_EXEC ? 'e' : 'x', event->id.pid);
}

static bool add(struct waiting_room *room, enum process_event_kind kind, uint32_t pid,
		uint64_t now_ns)
{
	const struct process_event event = { .kind = kind, .id = process_id(pid, pid) };

	return pending_add(room->pending, &event, NULL, now_ns);
}

static const char *let_go(struct waiting_room *room, uint64_t now_ns)
{
	room->released[0] = '\0';
	pending_release(room->pending, now_ns, is_ready, release, room);
	return room->released;
}

static int set_up(void **state)
{
	static struct waiting_room room;

	room = (struct waiting_room){};
	*state = &room;
	return pending_new(&room.pending);
}

static int tear_down(void **state)
{
	struct waiting_room *room = *state;

	pending_free(room->pending);
	return 0;
}

static void events_go_when_their_parent_is_known(void **state)
{
	struct waiting_room *room = *state;

	assert_true(pending_is_empty(room->pending));
	add(room, PROCESS_EVENT_EXEC, 1, 0);
	add(room, PROCESS_EVENT_EXEC, 2, 0);
	assert_string_equal(let_go(room, 1), "");
	room->is_ready[2] = true;
	assert_string_equal(let_go(room, 1), "e2 ");
	assert_false(pending_is_empty(room->pending));
	room->is_ready[1] = true;
	assert_string_equal(let_go(room, 1), "e1 ");
	assert_true(pending_is_empty(room->pending));
}

static void events_go_when_they_have_waited_long_enough(void **state)
{
	struct waiting_room *room = *state;

	add(room, PROCESS_EVENT_EXEC, 1, 100);
	add(room, PROCESS_EVENT_EXEC, 2, 200);
	assert_string_equal(let_go(room, 99 + WAIT_NS), "");
	assert_string_equal(let_go(room, 100 + WAIT_NS), "e1 ");
	assert_string_equal(let_go(room, UINT64_MAX), "e2 ");
}

static void events_of_one_process_stay_in_order(void **state)
{
	struct waiting_room *room = *state;

	add(room, PROCESS_EVENT_EXEC, 1, 100);
	add(room, PROCESS_EVENT_EXEC, 2, 100);
	assert_true(
		pending_has(room->pending, &(struct wire_process_id){ .pid = 1, .exec_ns = 1 }));
	add(room, PROCESS_EVENT_EXIT, 1, 900);
	assert_string_equal(let_go(room, 100 + WAIT_NS - 1), "");
	room->is_ready[2] = true;
	assert_string_equal(let_go(room, 100 + WAIT_NS - 1), "e2 ");
	/* the exit's own time is not over, but nothing is in its way once it is ready */
	assert_string_equal(let_go(room, 100 + WAIT_NS), "e1 ");
	room->is_ready[1] = true;
	assert_string_equal(let_go(room, 100 + WAIT_NS), "x1 ");
}

static void an_exit_waits_behind_its_exec_even_if_it_is_ready(void **state)
{
	struct waiting_room *room = *state;

	add(room, PROCESS_EVENT_EXEC, 3, 0);
	add(room, PROCESS_EVENT_EXIT, 3, 0);
	add(room, PROCESS_EVENT_EXIT, 4, 0);
	room->exits_are_ready = true;
	assert_string_equal(let_go(room, 1), "x4 ");
	room->is_ready[3] = true;
	assert_string_equal(let_go(room, 1), "e3 x3 ");
}

static void another_image_of_the_same_pid_does_not_wait_behind_it(void **state)
{
	struct waiting_room *room = *state;
	struct wire_process_id later = process_id(4, 40);

	add(room, PROCESS_EVENT_EXEC, 4, 0);
	assert_false(pending_has(room->pending, &later));
}

static void a_full_room_takes_no_more(void **state)
{
	struct waiting_room *room = *state;

	for (int i = 0; i < PENDING_MAX; i++)
		assert_true(add(room, PROCESS_EVENT_EXEC, (uint32_t)i % 10, 0));
	assert_false(add(room, PROCESS_EVENT_EXEC, 5, 0));
	let_go(room, UINT64_MAX);
	assert_true(pending_is_empty(room->pending));
	assert_true(add(room, PROCESS_EVENT_EXEC, 5, 0));
}

static void what_became_of_events_is_counted(void **state)
{
	struct waiting_room *room = *state;
	struct pending_stats stats;

	add(room, PROCESS_EVENT_EXEC, 1, 0);
	add(room, PROCESS_EVENT_EXEC, 2, 0);
	add(room, PROCESS_EVENT_EXIT, 3, 0);
	room->is_ready[2] = true;
	let_go(room, 1);
	pending_read_stats(room->pending, &stats);
	assert_int_equal(stats.entries, 2);
	assert_int_equal(stats.inserts, 3);
	assert_int_equal(stats.retries, 2);
	assert_int_equal(stats.failures[PROCESS_EVENT_EXEC], 0);
	let_go(room, WAIT_NS);
	for (int i = 0; i <= PENDING_MAX; i++)
		add(room, PROCESS_EVENT_EXEC, 5, 0);
	pending_read_stats(room->pending, &stats);
	assert_int_equal(stats.failures[PROCESS_EVENT_EXEC], 1);
	assert_int_equal(stats.failures[PROCESS_EVENT_EXIT], 1);
	assert_int_equal(stats.refused, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(events_go_when_their_parent_is_known),
		CASE(events_go_when_they_have_waited_long_enough),
		CASE(events_of_one_process_stay_in_order),
		CASE(an_exit_waits_behind_its_exec_even_if_it_is_ready),
		CASE(another_image_of_the_same_pid_does_not_wait_behind_it),
		CASE(a_full_room_takes_no_more),
		CASE(what_became_of_events_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
