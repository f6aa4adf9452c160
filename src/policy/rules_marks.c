/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of the programs that mark processes (bpf/lib/mark.h): laid out like a hook's, each mark in
 * the place of a selector; the names of an executable are value 0.
 */
#include "policy/rules_private.h"

#include <errno.h>
#include <stdlib.h>

static const enum wire_hook_table mark_tables[] = {
	[TEST_EQUAL] = WIRE_TABLE_TEXT,
	[TEST_PREFIX] = WIRE_TABLE_TEXT,
	[TEST_POSTFIX] = WIRE_TABLE_TEXT_END,
};

static void collect_binaries(struct rules_builder *builder, uint32_t mark,
			     const struct rules_mark *condition)
{
	struct rules_tests *tests = &builder->values[0][mark_tables[condition->test]];
	struct rules_text *texts =
		arena_alloc_array(&builder->arena, condition->texts_count + 1, sizeof(*texts));
	struct rules_test *test = rules_add_test(builder, tests, mark);

	if (!texts || !test) {
		builder->failed = true;
		return;
	}
	for (size_t i = 0; i < condition->texts_count; i++)
		texts[i] =
			(struct rules_text){ condition->texts[i], condition->test == TEST_EQUAL };
	test->texts = texts;
	test->texts_count = condition->texts_count;
}

static void collect_pids(struct rules_builder *builder, uint32_t mark,
			 const struct rules_mark *condition)
{
	struct rules_test *test = rules_add_test(builder, &builder->task[WIRE_TASK_PID], mark);

	if (!test)
		return;
	test->ranges = condition->pids;
	test->ranges_count = condition->pids_count;
}

int rules_build_marks(struct rules *out, const struct rules_mark *const *marks, uint32_t generation,
		      struct diag *diag)
{
	struct rules_builder builder = {
		.out = out, .diag = diag, .bits = WIRE_MARKS_MAX, .lines_before = diag->lines
	};
	int error;

	buf_reset(&out->memory);
	out->config.words = WIRE_MARK_WORDS;
	out->config.values_count = 1;
	out->config.uses |= WIRE_USES_MARKING;
	out->config.values[0].type = WIRE_ARG_STRING;
	builder.vector = calloc(WIRE_MARK_WORDS, sizeof(*builder.vector));
	if (!builder.vector)
		return -ENOMEM;
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		if (!marks[i])
			continue;
		if (marks[i]->texts_count)
			collect_binaries(&builder, i, marks[i]);
		else
			collect_pids(&builder, i, marks[i]);
	}
	error = rules_build_memory(&builder, generation);
	rules_builder_done(&builder);
	return error;
}
