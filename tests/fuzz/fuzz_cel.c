/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions, as bytes: what is refused is refused with a reason, what is taken answers alike each
 * time it is asked, within its budget, about events with everything in them.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "cel/cel.h"
#include "unit/cel_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Mistakes are shown on terminals: lines of UTF-8 without control characters. */
static void check_text(const struct diag *diag)
{
	_cleanup_buf_ struct buf valid = {};

	utf8_add_valid(&valid, diag->text.data, diag->text.bytes);
	if (valid.bytes != diag->text.bytes)
		abort();
	for (size_t i = 0; i < valid.bytes; i++) {
		if ((unsigned char)valid.data[i] < 0x20 && valid.data[i] != '\n')
			abort();
	}
}

static void check_event(struct cel_program *program, const Tetragon__GetEventsResponse *event)
{
	_cleanup_diag_ struct diag diag = {};
	int first = cel_program_evaluate(program, event, &diag);

	if (first != 0 && first != 1 && first != -EINVAL && first != -E2BIG)
		abort();
	if ((first < 0) != (diag.lines == 1))
		abort();
	check_text(&diag);
	if (cel_program_evaluate(program, event, NULL) != first)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_cel_program_ struct cel_program *program = NULL;
	_cleanup_diag_ struct diag diag = {};
	_cleanup_free_ char *text = malloc(size + 1);
	int r;

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	r = cel_program_new(&program, text, &diag);
	if ((r != 0 && r != -EINVAL) || (r == 0) != (program != NULL) ||
	    (r != 0) != (diag.lines > 0))
		abort();
	check_text(&diag);
	if (!program)
		return 0;
	check_event(program, cel_exec_event());
	check_event(program, cel_kprobe_event());
	return 0;
}
