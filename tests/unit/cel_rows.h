/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of expressions for tests, each with its answer. In: rows, an event. Out: a test that fails
 * and names the row. */
#pragma once

#include "cmocka_case.h"

#include <errno.h>

#include "cel/cel.h"
#include "cel_event.h"

enum { FALSE, TRUE, WRONG = -EINVAL };

struct cel_row {
	const char *expression;
	int want;
};

/* Each answers what it is to answer, twice. FORMAT puts the expression into one that names the
 * event. */
static inline void cel_check_rows(const struct cel_row *rows, size_t count, const char *format,
				  const Tetragon__GetEventsResponse *event)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_cel_program_ struct cel_program *program = NULL;
		_cleanup_diag_ struct diag diag = {};
		_cleanup_buf_ struct buf text = {};
		int got, again;

		buf_add_format(&text, format, rows[i].expression);
		got = cel_program_new(&program, buf_text(&text), &diag);
		if (got) {
			fail_msg("%s\n%s", rows[i].expression, buf_text(&diag.text));
			return;
		}
		got = cel_program_evaluate(program, event, &diag);
		again = cel_program_evaluate(program, event, NULL);
		if (got != rows[i].want || again != got)
			fail_msg("%s: %d, again %d, want %d: %s", rows[i].expression, got, again,
				 rows[i].want, buf_text(&diag.text));
		assert_int_equal(got < 0, diag.lines > 0);
	}
}

/* Expressions that need no event. What is constant in them is computed when the program is made, by
 * the same functions; what fails is left to the evaluation. */
#define CHECK_VALUES(rows) \
	cel_check_rows(rows, COUNT(rows), "has(process_exec.process) && (%s)", cel_exec_event())
