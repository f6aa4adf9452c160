/* SPDX-License-Identifier: Apache-2.0 */
/* What was lost when: findings from totals, on a clock that the test turns. */
#include "cmocka_case.h"

#include <stdio.h>

#include "daemon/loss_history.h"

#define SECOND CLOCK_NS_PER_SECOND

static const struct loss_kind exec_ring = { "lifecycle", "exec", "ring full", "raise it" };
static const struct loss_kind exit_ring = { "lifecycle", "exit", "ring full", "raise it" };

enum { SEEN_MAX = 8 };

struct seen {
	struct loss_finding items[SEEN_MAX];
	uint64_t count, sum;
};

static void seen_add(void *context, const struct loss_finding *finding)
{
	struct seen *seen = context;

	if (seen->count < SEEN_MAX)
		seen->items[seen->count] = *finding;
	seen->count++;
	seen->sum += finding->count;
}

static struct seen visit(const struct loss_history *history)
{
	struct seen seen = {};

	loss_history_visit(history, seen_add, &seen);
	assert_int_equal(seen.count, loss_history_count(history));
	return seen;
}

static struct loss_history *start(void)
{
	struct loss_history *history;

	assert_int_equal(loss_history_new(&history, 100 * SECOND), 0);
	return history;
}

static void note(struct loss_history *history, const struct loss_kind *kind, uint64_t total,
		 uint64_t second)
{
	loss_history_note(history, kind, total, second * SECOND);
	loss_history_end_round(history, second * SECOND);
}

static void what_was_never_lost_is_no_finding(void **state)
{
	struct loss_history *history = start();

	note(history, &exec_ring, 0, 101);
	assert_int_equal(visit(history).count, 0);
	loss_history_free(history);
}

static void a_finding_reaches_from_the_round_before_to_the_one_that_saw_it(void **state)
{
	struct loss_history *history = start();
	struct seen seen;

	note(history, &exec_ring, 0, 104);
	note(history, &exec_ring, 7, 105);
	note(history, &exec_ring, 7, 106);
	seen = visit(history);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.items[0].from_ns, 104 * SECOND);
	assert_int_equal(seen.items[0].to_ns, 105 * SECOND);
	assert_int_equal(seen.items[0].count, 7);
	assert_string_equal(seen.items[0].kind->record, "exec");
	loss_history_free(history);
}

/* How far apart two losses are, and whether they are one finding. */
static void losses_after_a_pause_or_a_minute_are_findings_of_their_own(void **state)
{
	static const struct {
		uint64_t first, second, third;
		uint64_t findings;
	} rows[] = {
		{ 101, 102, 103, 1 },
		{ 101, 111, 121, 1 }, /* pauses of 10 s are none */
		{ 101, 112, 113, 2 },
		{ 101, 112, 123, 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loss_history *history = start();
		struct seen seen;

		note(history, &exec_ring, 1, rows[i].first);
		note(history, &exec_ring, 3, rows[i].second);
		note(history, &exec_ring, 6, rows[i].third);
		seen = visit(history);
		assert_int_equal(seen.count, rows[i].findings);
		assert_int_equal(seen.sum, 6);
		loss_history_free(history);
	}
}

static void a_loss_that_never_pauses_is_cut_by_the_minute(void **state)
{
	struct loss_history *history = start();
	struct seen seen;

	for (uint64_t second = 1; second <= 180; second++)
		note(history, &exec_ring, second, 100 + second);
	seen = visit(history);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.sum, 180);
	for (size_t i = 0; i < 3; i++)
		assert_true(seen.items[i].to_ns - seen.items[i].from_ns <= LOSS_FINDING_NS);
	loss_history_free(history);
}

static void kinds_are_told_apart(void **state)
{
	struct loss_history *history = start();
	struct seen seen;

	loss_history_note(history, &exec_ring, 2, 101 * SECOND);
	loss_history_note(history, &exit_ring, 5, 101 * SECOND);
	loss_history_end_round(history, 101 * SECOND);
	loss_history_note(history, &exit_ring, 6, 102 * SECOND);
	seen = visit(history);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.items[0].count, 2);
	assert_int_equal(seen.items[1].count, 6);
	assert_string_equal(seen.items[1].kind->record, "exit");
	loss_history_free(history);
}

static void the_oldest_findings_are_forgotten_and_that_is_told(void **state)
{
	struct loss_history *history = start();
	uint64_t rounds = LOSS_FINDINGS_MAX + 3;
	struct seen seen;

	for (uint64_t i = 1; i <= rounds; i++)
		note(history, &exec_ring, i, 100 + 20 * i);
	seen = visit(history);
	assert_int_equal(seen.count, LOSS_FINDINGS_MAX);
	assert_int_equal(loss_history_forgotten(history), 3);
	assert_int_equal(seen.items[0].to_ns, (100 + 20 * 4) * SECOND);
	loss_history_free(history);
}

static void a_forgotten_finding_is_not_continued(void **state)
{
	struct loss_history *history = start();

	note(history, &exit_ring, 1, 101);
	for (uint64_t i = 1; i <= LOSS_FINDINGS_MAX; i++)
		loss_history_note(history, &exec_ring, i, (100 + 20 * i) * SECOND);
	note(history, &exit_ring, 2, 102);
	assert_int_equal(loss_history_forgotten(history), 2);
	loss_history_free(history);
}

static void kinds_beyond_the_limit_share_the_last_place(void **state)
{
	struct loss_history *history = start();
	static char names[LOSS_KINDS_MAX + 10][8];
	struct seen seen;

	for (size_t i = 0; i < LOSS_KINDS_MAX + 10; i++) {
		struct loss_kind kind = { "x", names[i], "y", "" };

		snprintf(names[i], sizeof(names[i]), "%zu", i);
		loss_history_note(history, &kind, 5, 101 * SECOND);
	}
	loss_history_end_round(history, 101 * SECOND);
	seen = visit(history);
	assert_int_equal(seen.count, LOSS_KINDS_MAX);
	loss_history_free(history);
}

/* A kind of its own has the loss of each second; the others are one sum. */
static void what_shares_the_last_place_is_told_once_however_it_is_mixed(void **state)
{
	struct loss_history *history = start();
	static char names[LOSS_KINDS_MAX + 10][8];
	uint64_t wanted = 0;

	for (uint64_t second = 101; second < 110; second++) {
		for (size_t i = 0; i < LOSS_KINDS_MAX + 10; i++) {
			const struct loss_kind kind = { "x", names[i], "y", "" };
			uint64_t total = (i * 37) % 50 + (second >= 105);

			snprintf(names[i], sizeof(names[i]), "%zu", i);
			loss_history_note(history, &kind, total, second * SECOND);
			wanted += second == 101 ? total : second == 105;
		}
		loss_history_end_round(history, second * SECOND);
		assert_int_equal(visit(history).sum, wanted);
	}
	loss_history_free(history);
}

#define CASE(function) cmocka_unit_test(function)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_never_lost_is_no_finding),
		CASE(a_finding_reaches_from_the_round_before_to_the_one_that_saw_it),
		CASE(losses_after_a_pause_or_a_minute_are_findings_of_their_own),
		CASE(a_loss_that_never_pauses_is_cut_by_the_minute),
		CASE(kinds_are_told_apart),
		CASE(the_oldest_findings_are_forgotten_and_that_is_told),
		CASE(a_forgotten_finding_is_not_continued),
		CASE(kinds_beyond_the_limit_share_the_last_place),
		CASE(what_shares_the_last_place_is_told_once_however_it_is_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
