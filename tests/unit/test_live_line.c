/* SPDX-License-Identifier: Apache-2.0 */
/* Counters below the events on a terminal. */
#include "cmocka_case.h"

#include "base/clock.h"
#include "cli/live_line.h"

#define SECOND CLOCK_NS_PER_SECOND

static void a_line_is_cleared_before_anything_else(void **state)
{
	_cleanup_buf_ struct buf out = {};
	struct live_line line = { .is_on = true, .shown = 3, .lost = 2 };

	live_line_clear(&line, &out);
	assert_int_equal(out.bytes, 0);
	live_line_draw(&line, &out, SECOND);
	assert_string_equal(buf_text(&out), "\x1b[2m0/s  3 shown  2 lost\x1b[0m");
	buf_reset(&out);
	live_line_clear(&line, &out);
	live_line_clear(&line, &out);
	assert_string_equal(buf_text(&out), "\r\x1b[K");
}

static void what_stands_there_is_drawn_again_some_times_a_second(void **state)
{
	_cleanup_buf_ struct buf out = {};
	struct live_line line = { .is_on = true };

	live_line_draw(&line, &out, SECOND);
	buf_reset(&out);
	line.shown = 100;
	live_line_draw(&line, &out, SECOND + SECOND / 5);
	assert_int_equal(out.bytes, 0);
	live_line_draw(&line, &out, 3 * SECOND);
	assert_string_equal(buf_text(&out), "\r\x1b[K\x1b[2m50/s  100 shown  0 lost\x1b[0m");
}

static void a_line_that_is_off_writes_nothing(void **state)
{
	_cleanup_buf_ struct buf out = {};
	struct live_line line = {};

	live_line_draw(&line, &out, SECOND);
	live_line_clear(&line, &out);
	assert_int_equal(out.bytes, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_cleared_before_anything_else),
		cmocka_unit_test(what_stands_there_is_drawn_again_some_times_a_second),
		cmocka_unit_test(a_line_that_is_off_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
