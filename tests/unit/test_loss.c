/* SPDX-License-Identifier: Apache-2.0 */
/* Holes in the numbers against the counters of the kernel side, in every order. */
#include "cmocka_case.h"

#include "sensor/loss.h"

enum { CPUS = 3 };

struct loss_case {
	struct loss *loss;
	struct wire_ring_state states[CPUS];
	struct loss_gap gap;
};

static int set_up(void **state)
{
	static struct loss_case test;

	test = (struct loss_case){};
	*state = &test;
	return loss_new(&test.loss, CPUS);
}

static int tear_down(void **state)
{
	struct loss_case *test = *state;

	loss_free(test->loss);
	return 0;
}

static bool note(struct loss_case *test, uint16_t cpu, uint64_t sequence)
{
	struct wire_header header = { .cpu = cpu, .sequence = sequence };

	return loss_note_record(test->loss, &header);
}

static void drop(struct loss_case *test, unsigned int cpu, enum wire_record_kind kind,
		 uint64_t count)
{
	test->states[cpu].drops[kind][WIRE_DROP_RING_FULL] += count;
}

static bool take(struct loss_case *test, unsigned int cpu, bool ring_is_empty)
{
	return loss_take_gap(test->loss, cpu, &test->states[cpu], ring_is_empty, &test->gap);
}

static void assert_gap(const struct loss_gap *gap, uint64_t first, uint64_t lost,
		       uint64_t unexplained)
{
	assert_int_equal(gap->first_sequence, first);
	assert_int_equal(gap->lost, lost);
	assert_int_equal(gap->unexplained, unexplained);
}

static void numbers_in_a_row_are_no_loss(void **state)
{
	struct loss_case *test = *state;

	for (uint64_t sequence = 1; sequence < 100; sequence++)
		assert_false(note(test, 0, sequence));
	assert_false(take(test, 0, true));
	assert_false(take(test, 1, true));
}

static void a_hole_that_is_counted_is_one_gap_with_its_reasons(void **state)
{
	struct loss_case *test = *state;

	note(test, 1, 1);
	drop(test, 1, WIRE_RECORD_FORK, 2);
	drop(test, 1, WIRE_RECORD_EXEC, 1);
	test->states[1].drops[WIRE_RECORD_EXEC][WIRE_DROP_SCRATCH_BUSY] = 1;
	assert_true(note(test, 1, 6));
	assert_true(take(test, 1, false));
	assert_gap(&test->gap, 2, 4, 0);
	assert_int_equal(test->gap.cpu, 1);
	assert_int_equal(test->gap.counts[WIRE_RECORD_FORK][WIRE_DROP_RING_FULL], 2);
	assert_int_equal(test->gap.counts[WIRE_RECORD_EXEC][WIRE_DROP_RING_FULL], 1);
	assert_int_equal(test->gap.counts[WIRE_RECORD_EXEC][WIRE_DROP_SCRATCH_BUSY], 1);
	assert_false(take(test, 1, true));
	assert_false(note(test, 1, 7));
}

static void records_lost_before_the_first_one_are_missed_too(void **state)
{
	struct loss_case *test = *state;

	drop(test, 0, WIRE_RECORD_FORK, 4);
	assert_true(note(test, 0, 5));
	assert_true(take(test, 0, false));
	assert_gap(&test->gap, 1, 4, 0);
}

static void counters_may_come_before_the_hole(void **state)
{
	struct loss_case *test = *state;

	note(test, 0, 10); /* of which 1..9 are lost */
	drop(test, 0, WIRE_RECORD_EXIT, 9);
	assert_true(take(test, 0, false));
	drop(test, 0, WIRE_RECORD_EXIT, 3);
	assert_true(take(test, 0, true)); /* nothing came behind them yet */
	assert_gap(&test->gap, 0, 3, 0);
	assert_false(note(test, 0, 14));
	assert_false(take(test, 0, true));
	/* the hole that was told already is not the beginning of the next one */
	drop(test, 0, WIRE_RECORD_EXIT, 5);
	assert_true(note(test, 0, 20));
	assert_true(take(test, 0, true));
	assert_gap(&test->gap, 15, 5, 0);
}

static void counters_that_come_early_may_cover_half_a_hole(void **state)
{
	struct loss_case *test = *state;

	note(test, 0, 1);
	drop(test, 0, WIRE_RECORD_FORK, 2); /* 2 and 3 */
	assert_true(take(test, 0, true));
	drop(test, 0, WIRE_RECORD_FORK, 4); /* 4 to 7 */
	assert_true(note(test, 0, 8));
	assert_true(take(test, 0, false));
	assert_gap(&test->gap, 4, 4, 0);
}

static void counters_may_come_after_the_hole(void **state)
{
	struct loss_case *test = *state;

	note(test, 0, 1);
	assert_true(note(test, 0, 5));
	assert_false(take(test, 0, false)); /* not counted yet, and more may be on its way */
	assert_true(note(test, 0, 6));	    /* still to be told */
	drop(test, 0, WIRE_RECORD_DATA, 3);
	assert_true(take(test, 0, false));
	assert_gap(&test->gap, 2, 3, 0);
	assert_false(note(test, 0, 7));
	assert_false(take(test, 0, true));
}

static void a_hole_that_no_counter_explains_is_told_once_the_ring_is_empty(void **state)
{
	struct loss_case *test = *state;

	note(test, 0, 1);
	drop(test, 0, WIRE_RECORD_FORK, 1);
	assert_true(note(test, 0, 5));
	assert_true(take(test, 0, false));
	assert_gap(&test->gap, 2, 1, 0);
	assert_true(note(test, 0, 6));
	assert_true(take(test, 0, true));
	assert_gap(&test->gap, 3, 2, 2);
	assert_false(note(test, 0, 7));
	assert_false(take(test, 0, true));
	assert_true(note(test, 0, 9));
	assert_true(take(test, 0, true));
	assert_gap(&test->gap, 8, 1, 1);
}

static void two_holes_before_one_look_are_one_gap(void **state)
{
	struct loss_case *test = *state;

	note(test, 0, 1);
	drop(test, 0, WIRE_RECORD_FORK, 5);
	note(test, 0, 3);
	note(test, 0, 8);
	assert_true(take(test, 0, false));
	assert_gap(&test->gap, 2, 5, 0);
}

static void processors_have_numbers_of_their_own(void **state)
{
	struct loss_case *test = *state;

	assert_false(note(test, 0, 1));
	assert_false(note(test, 1, 1));
	assert_false(note(test, 0, 2));
	assert_true(note(test, 2, 2));
	drop(test, 2, WIRE_RECORD_FORK, 1);
	drop(test, 1, WIRE_RECORD_EXEC, 7);
	assert_false(take(test, 0, true));
	assert_true(take(test, 1, true));
	assert_gap(&test->gap, 0, 7, 0);
	assert_true(take(test, 2, true));
	assert_gap(&test->gap, 1, 1, 0);
}

static void what_has_no_number_or_processor_is_not_noted(void **state)
{
	struct loss_case *test = *state;

	assert_false(note(test, 0, 0));
	assert_false(note(test, CPUS, 5));
	assert_false(note(test, UINT16_MAX, 5));
	note(test, 0, 5);
	note(test, 0, 5); /* again: neither opens nor closes a hole */
	assert_true(take(test, 0, true));
	assert_gap(&test->gap, 1, 4, 4);
	note(test, 0, 4); /* after it was reported: that stands */
	assert_false(take(test, 0, true));
}

static void a_record_that_another_overtook_is_not_missing(void **state)
{
	struct loss_case *test = *state;

	note(test, 0, 1);
	assert_true(note(test, 0, 3));
	note(test, 0, 2);
	assert_false(take(test, 0, true));
}

static void processes_without_a_place_in_the_kernels_map_are_a_loss_of_their_own(void **state)
{
	struct loss_case *test = *state;

	test->states[0].untracked = 3;
	assert_true(take(test, 0, true));
	assert_int_equal(test->gap.untracked, 3);
	assert_gap(&test->gap, 0, 3, 0);
	assert_false(take(test, 0, true));
	/* they leave no hole in the numbers, and so explain none */
	test->states[0].untracked = 5;
	assert_true(note(test, 0, 3));
	assert_true(take(test, 0, true));
	assert_gap(&test->gap, 1, 4, 2);
	assert_false(note(test, 0, 4));
}

static void totals_are_the_sum_of_all_gaps(void **state)
{
	struct loss_case *test = *state;
	struct loss_gap totals;

	drop(test, 0, WIRE_RECORD_FORK, 2);
	take(test, 0, true);
	drop(test, 1, WIRE_RECORD_FORK, 3);
	drop(test, 1, WIRE_RECORD_EXIT, 1);
	take(test, 1, true);
	note(test, 2, 4);
	take(test, 2, true);
	loss_read_totals(test->loss, &totals);
	assert_int_equal(totals.lost, 9);
	assert_int_equal(totals.unexplained, 3);
	assert_int_equal(totals.counts[WIRE_RECORD_FORK][WIRE_DROP_RING_FULL], 5);
	assert_int_equal(totals.counts[WIRE_RECORD_EXIT][WIRE_DROP_RING_FULL], 1);
}

static void another_agent_goes_on_counting_where_this_one_ended(void **state)
{
	struct loss_case *test = *state;
	struct loss *next = NULL;
	json_t *left;

	note(test, 0, 1);
	note(test, 0, 4);
	drop(test, 0, WIRE_RECORD_EXEC, 2);
	assert_true(take(test, 0, true));
	left = loss_leave(test->loss);
	assert_int_equal(loss_new(&next, CPUS), 0);
	assert_true(loss_take(next, left));
	loss_free(test->loss);
	test->loss = next;
	assert_false(note(test, 0, 5));
	assert_false(take(test, 0, true)); /* told before */
	drop(test, 0, WIRE_RECORD_EXEC, 1);
	assert_true(note(test, 0, 7));
	assert_true(take(test, 0, true));
	assert_gap(&test->gap, 6, 1, 0);
	json_decref(left);
}

static void a_count_of_other_processors_is_not_taken(void **state)
{
	struct loss_case *test = *state;
	json_t *left = loss_leave(test->loss);
	struct loss *other = NULL;

	assert_int_equal(loss_new(&other, CPUS + 1), 0);
	assert_false(loss_take(other, left));
	assert_false(loss_take(other, NULL));
	json_object_set_new(left, "list", json_string("zz"));
	assert_false(loss_take(test->loss, left));
	loss_free(other);
	json_decref(left);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(numbers_in_a_row_are_no_loss),
		CASE(a_hole_that_is_counted_is_one_gap_with_its_reasons),
		CASE(records_lost_before_the_first_one_are_missed_too),
		CASE(counters_may_come_before_the_hole),
		CASE(counters_that_come_early_may_cover_half_a_hole),
		CASE(counters_may_come_after_the_hole),
		CASE(a_hole_that_no_counter_explains_is_told_once_the_ring_is_empty),
		CASE(two_holes_before_one_look_are_one_gap),
		CASE(processors_have_numbers_of_their_own),
		CASE(what_has_no_number_or_processor_is_not_noted),
		CASE(a_record_that_another_overtook_is_not_missing),
		CASE(processes_without_a_place_in_the_kernels_map_are_a_loss_of_their_own),
		CASE(totals_are_the_sum_of_all_gaps),
		CASE(another_agent_goes_on_counting_where_this_one_ended),
		CASE(a_count_of_other_processors_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
