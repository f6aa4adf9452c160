/* SPDX-License-Identifier: Apache-2.0 */
/* Long arguments in pieces: whole, cut, lost in every place, and never somebody else's. */
#include "cmocka_case.h"

#include <stdlib.h>

#include "process/track.h"

#include "make_record.h"

enum { PID = 5, OTHER_PID = 6, PIECE = WIRE_DATA_BYTES_MAX };

#define ARGS_FLAGS  (WIRE_PROCESS_EXECVE | WIRE_PROCESS_DATA_ARGS)
#define SHORT_FLAGS (ARGS_FLAGS | WIRE_PROCESS_ERROR_ARGS | WIRE_PROCESS_TRUNC_ARGS)

static struct process_tracker tracker;
static struct made_record made;
static uint64_t sequence, exec_ns;

static int set_up(void **state)
{
	tracker = (struct process_tracker){ .procfs = "/nonexistent", .with_environment = true };
	sequence = 0;
	exec_ns = 100;
	return process_table_new(&tracker.table, 16) || pieces_new(&tracker.pieces, 2);
}

static int tear_down(void **state)
{
	process_tracker_done(&tracker);
	pieces_free(tracker.pieces);
	process_table_free(tracker.table);
	return 0;
}

static const struct record *decode(void)
{
	static struct record record;

	made.header.sequence = ++sequence;
	assert_int_equal(record_decode(&record, &made, made.header.bytes), 0);
	return &record;
}

static void send_piece(uint32_t pid, enum wire_data_part part, uint32_t offset, uint32_t bytes,
		       char fill)
{
	char text[PIECE];

	memset(text, fill, sizeof(text));
	if (part == WIRE_DATA_ARGS && !offset)
		text[0] = '\0'; /* argv[0] is empty, the rest is one long argument */
	if (part == WIRE_DATA_ENVIRONMENT && !offset)
		memcpy(text, "V=", 2);
	make_data(&made, pid, part, offset, (struct span){ text, bytes });
	pieces_add(tracker.pieces, decode());
}

/* TOTAL bytes, the last piece the shorter one; those from LOST_FROM on are lost, as the kernel side
 * does: the first of them takes a number, then it stops. */
static void send_pieces(uint32_t pid, enum wire_data_part part, uint32_t total, uint32_t lost_from,
			char fill)
{
	for (uint32_t offset = 0; offset < total && offset < WIRE_ARGS_BYTES_MAX; offset += PIECE) {
		if (offset >= lost_from) {
			sequence++;
			return;
		}
		send_piece(pid, part, offset, total - offset < PIECE ? total - offset : PIECE,
			   fill);
	}
}

static const struct process *send_exec(uint32_t pid, uint32_t args_total,
				       uint32_t environment_total)
{
	static const struct made_texts texts = { .binary = SPAN("/bin/x") };

	make_exec(&made, process_id(pid, ++exec_ns), process_id(1, 1), &texts);
	made.exec.args_total = args_total;
	made.exec.environment_total = environment_total;
	return process_track_exec(&tracker, decode());
}

/* One long argument of FILL, BYTES of it with the NUL that ends argv[0]. */
static void assert_args(const struct process *process, uint32_t bytes, char fill, uint32_t flags)
{
	const char *arguments = process->image->arguments;

	assert_int_equal(strlen(arguments), bytes ? bytes - 1 : 0);
	for (uint32_t i = 0; i + 1 < bytes; i++) {
		if (arguments[i] != fill)
			fail_msg("byte %u is of somebody else", i);
	}
	assert_int_equal(process->flags, flags);
}

static void pieces_become_one_argument_list(void **state)
{
	static const uint32_t totals[] = {
		WIRE_INLINE_BYTES_MAX, PIECE - 1,	    PIECE, PIECE + 1,
		3 * PIECE + 5,	       WIRE_ARGS_BYTES_MAX,
	};

	for (size_t i = 0; i < COUNT(totals); i++) {
		send_pieces(PID, WIRE_DATA_ARGS, totals[i], UINT32_MAX, 'a');
		assert_args(send_exec(PID, totals[i], 0), totals[i], 'a', ARGS_FLAGS);
	}
}

static void more_than_the_limit_is_cut_and_flagged(void **state)
{
	uint32_t total = WIRE_ARGS_BYTES_MAX + 1;

	send_pieces(PID, WIRE_DATA_ARGS, total, UINT32_MAX, 'a');
	assert_args(send_exec(PID, total, 0), WIRE_ARGS_BYTES_MAX, 'a',
		    ARGS_FLAGS | WIRE_PROCESS_TRUNC_ARGS);
}

static void the_memory_of_a_run_never_exceeds_the_limit(void **state)
{
	const struct process *process;

	send_pieces(PID, WIRE_DATA_ARGS, WIRE_ARGS_BYTES_MAX, UINT32_MAX, 'a');
	make_data(&made, PID, WIRE_DATA_ARGS, WIRE_ARGS_BYTES_MAX, SPAN("x"));
	made.header.sequence = sequence + 1;
	assert_true(record_decode(&(struct record){}, &made, made.header.bytes) < 0);
	process = send_exec(PID, WIRE_ARGS_BYTES_MAX, 0);
	assert_int_equal(strlen(process->image->arguments), WIRE_ARGS_BYTES_MAX - 1);
}

static void what_came_before_a_lost_piece_is_shown(void **state)
{
	send_pieces(PID, WIRE_DATA_ARGS, 4 * PIECE, 2 * PIECE, 'a');
	assert_args(send_exec(PID, 4 * PIECE, 0), 2 * PIECE, 'a', SHORT_FLAGS);
	send_pieces(PID, WIRE_DATA_ARGS, 4 * PIECE, 0, 'a');
	assert_args(send_exec(PID, 4 * PIECE, 0), 0, 'a', SHORT_FLAGS);
}

static void a_piece_behind_a_hole_is_left_out(void **state)
{
	send_piece(PID, WIRE_DATA_ARGS, 0, PIECE, 'a');
	send_piece(PID, WIRE_DATA_ARGS, 2 * PIECE, PIECE, 'b');
	send_piece(PID, WIRE_DATA_ARGS, PIECE, PIECE, 'a'); /* out of order, but where it belongs */
	assert_args(send_exec(PID, 3 * PIECE, 0), 2 * PIECE, 'a', SHORT_FLAGS);
}

static void a_piece_that_could_not_be_read_ends_the_run(void **state)
{
	send_piece(PID, WIRE_DATA_ARGS, 0, PIECE, 'a');
	send_piece(PID, WIRE_DATA_ARGS, PIECE, 0, 'a');
	send_piece(PID, WIRE_DATA_ARGS, 2 * PIECE, PIECE, 'b');
	assert_args(send_exec(PID, 3 * PIECE, 0), PIECE, 'a', SHORT_FLAGS);
}

static void pieces_of_another_process_are_not_taken(void **state)
{
	send_pieces(OTHER_PID, WIRE_DATA_ARGS, 2 * PIECE, UINT32_MAX, 'o');
	assert_args(send_exec(PID, 2 * PIECE, 0), 0, 'a', SHORT_FLAGS);
	send_piece(PID, WIRE_DATA_ARGS, 0, PIECE, 'a');
	send_piece(OTHER_PID, WIRE_DATA_ARGS, PIECE, PIECE, 'o');
	assert_args(send_exec(PID, 2 * PIECE, 0), PIECE, 'a', SHORT_FLAGS);
}

static void pieces_of_an_earlier_execve_of_the_same_process_are_not_taken(void **state)
{
	static const uint32_t lost_from[] = { 0, PIECE, 2 * PIECE, UINT32_MAX };

	for (size_t i = 0; i < COUNT(lost_from); i++) {
		send_pieces(PID, WIRE_DATA_ARGS, 2 * PIECE, lost_from[i], 'o');
		sequence++; /* its exec record is lost */
		sequence++; /* and the first piece of the next one */
		assert_args(send_exec(PID, 2 * PIECE, 0), 0, 'a', SHORT_FLAGS);
	}
}

static void pieces_of_an_earlier_execve_are_not_continued(void **state)
{
	send_piece(PID, WIRE_DATA_ARGS, 0, PIECE, 'o');
	sequence += 2; /* its exec record and the next one's first piece */
	send_piece(PID, WIRE_DATA_ARGS, PIECE, PIECE, 'a');
	assert_args(send_exec(PID, 2 * PIECE, 0), 0, 'a', SHORT_FLAGS);
}

static void pieces_are_taken_once(void **state)
{
	send_pieces(PID, WIRE_DATA_ARGS, 2 * PIECE, UINT32_MAX, 'a');
	send_exec(PID, 2 * PIECE, 0);
	assert_args(send_exec(PID, 2 * PIECE, 0), 0, 'a', SHORT_FLAGS);
}

static void short_arguments_take_no_pieces(void **state)
{
	send_pieces(PID, WIRE_DATA_ARGS, 2 * PIECE, UINT32_MAX, 'o');
	assert_args(send_exec(PID, 0, 0), 0, 'a', WIRE_PROCESS_EXECVE);
}

static void records_of_others_may_stand_between(void **state)
{
	send_piece(PID, WIRE_DATA_ARGS, 0, PIECE, 'a');
	make_fork(&made, process_id(9, 9), process_id(1, 1));
	process_track_fork(&tracker, decode());
	send_piece(PID, WIRE_DATA_ARGS, PIECE, PIECE, 'a');
	make_exit(&made, process_id(9, 9), 0);
	process_track_exit(&tracker, decode());
	assert_args(send_exec(PID, 2 * PIECE, 0), 2 * PIECE, 'a', ARGS_FLAGS);
}

static void processors_do_not_mix(void **state)
{
	send_piece(PID, WIRE_DATA_ARGS, 0, PIECE, 'a');
	make_data(&made, PID, WIRE_DATA_ARGS, 0, SPAN("\0other"));
	made.header.cpu = 1;
	made.header.sequence = 1;
	pieces_add(tracker.pieces,
		   &(struct record){ .header = &made.header,
				     .data = &made.data,
				     .piece = { made.data.data, made.data.bytes } });
	assert_args(send_exec(PID, PIECE, 0), PIECE, 'a', ARGS_FLAGS);
}

static void a_processor_beyond_those_known_is_left_alone(void **state)
{
	make_data(&made, PID, WIRE_DATA_ARGS, 0, SPAN("x"));
	made.header.cpu = 2;
	pieces_add(tracker.pieces, decode());
	make_exec(&made, process_id(PID, 1), process_id(1, 1), &(struct made_texts){});
	made.header.cpu = UINT16_MAX;
	made.exec.args_total = PIECE;
	assert_int_equal(process_track_exec(&tracker, decode())->flags, SHORT_FLAGS);
}

static void environments_come_in_pieces_too(void **state)
{
	const struct process *process;

	send_pieces(PID, WIRE_DATA_ARGS, 2 * PIECE, UINT32_MAX, 'a');
	send_pieces(PID, WIRE_DATA_ENVIRONMENT, 2 * PIECE, UINT32_MAX, 'e');
	process = send_exec(PID, 2 * PIECE, 2 * PIECE);
	assert_args(process, 2 * PIECE, 'a', ARGS_FLAGS);
	assert_int_equal(process->image->variable_count, 1);
	assert_int_equal(strlen(process->image->variables[0].value), 2 * PIECE - 2);
}

static void lost_pieces_of_both_leave_what_came_before(void **state)
{
	const struct process *process;

	send_pieces(PID, WIRE_DATA_ARGS, 3 * PIECE, PIECE, 'a');
	send_pieces(PID, WIRE_DATA_ENVIRONMENT, 3 * PIECE, PIECE, 'e');
	process = send_exec(PID, 3 * PIECE, 3 * PIECE);
	assert_args(process, PIECE, 'a', SHORT_FLAGS | WIRE_PROCESS_ERROR_ENVS);
	assert_int_equal(strlen(process->image->variables[0].value), PIECE - 2);
}

static void an_environment_that_is_cut_is_flagged(void **state)
{
	uint32_t total = WIRE_ARGS_BYTES_MAX + 1;

	send_pieces(PID, WIRE_DATA_ENVIRONMENT, total, UINT32_MAX, 'e');
	assert_int_equal(send_exec(PID, 0, total)->flags,
			 WIRE_PROCESS_EXECVE | WIRE_PROCESS_ERROR_ENVS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(pieces_become_one_argument_list),
		CASE(more_than_the_limit_is_cut_and_flagged),
		CASE(the_memory_of_a_run_never_exceeds_the_limit),
		CASE(what_came_before_a_lost_piece_is_shown),
		CASE(a_piece_behind_a_hole_is_left_out),
		CASE(a_piece_that_could_not_be_read_ends_the_run),
		CASE(pieces_of_another_process_are_not_taken),
		CASE(pieces_of_an_earlier_execve_of_the_same_process_are_not_taken),
		CASE(pieces_of_an_earlier_execve_are_not_continued),
		CASE(pieces_are_taken_once),
		CASE(short_arguments_take_no_pieces),
		CASE(records_of_others_may_stand_between),
		CASE(processors_do_not_mix),
		CASE(a_processor_beyond_those_known_is_left_alone),
		CASE(environments_come_in_pieces_too),
		CASE(lost_pieces_of_both_leave_what_came_before),
		CASE(an_environment_that_is_cut_is_flagged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
