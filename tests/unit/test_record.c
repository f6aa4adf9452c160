/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a ring are checked like bytes from a network. */
#include "cmocka_case.h"

#include <errno.h>
#include <stdlib.h>

#include "event/record.h"

#include "make_record.h"

static const struct made_texts texts = {
	.binary = SPAN("/bin/true"),
	.filename = SPAN("true"),
	.cwd = SPAN("/"),
	.cgroup = SPAN("a/b/"),
	.args = SPAN("true\0x"),
	.environment = SPAN("A=1"),
};

/* Decodes a copy that ends where the record ends, so that a sanitizer sees reads beyond it. */
static int decode(const struct made_record *made, size_t bytes, struct record *out)
{
	void *copy = malloc(bytes ? bytes : 1);
	int result;

	assert_non_null(copy);
	memcpy(copy, made, bytes);
	result = record_decode(out, copy, bytes);
	free(copy);
	return result;
}

static void an_exec_record_is_split_into_its_parts(void **state)
{
	struct made_record made;
	struct record record;

	make_exec(&made, process_id(5, 50), process_id(1, 1), &texts);
	assert_int_equal(record_decode(&record, &made, made.header.bytes), 0);
	assert_int_equal(record.kind, WIRE_RECORD_EXEC);
	assert_span_equal(record.binary, "/bin/true");
	assert_span_equal(record.filename, "true");
	assert_span_equal(record.cwd, "/");
	assert_span_equal(record.cgroup, "a/b/");
	assert_int_equal(record.args.bytes, 6);
	assert_span_equal(record.environment, "A=1");
}

static void a_data_record_is_its_piece(void **state)
{
	struct made_record made;
	struct record record;

	make_data(&made, 5, WIRE_DATA_ENVIRONMENT, 8192, SPAN("piece"));
	assert_int_equal(record_decode(&record, &made, made.header.bytes), 0);
	assert_span_equal(record.piece, "piece");
}

static void every_shorter_record_is_refused_and_leaves_the_view_alone(void **state)
{
	struct record record = { .kind = 99 };
	struct made_record made;
	size_t whole;

	make_exec(&made, process_id(5, 50), process_id(1, 1), &texts);
	whole = sizeof(made.exec) + 9 + 4 + 1 + 4 + 6 + 3;
	for (size_t bytes = 0; bytes < whole; bytes++) {
		made.header.bytes = (uint32_t)bytes;
		assert_int_equal(decode(&made, bytes, &record), -EBADMSG);
	}
	assert_int_equal(record.kind, 99);
	made.header.bytes = (uint32_t)whole;
	assert_int_equal(decode(&made, whole, &record), 0);
}

static void each_kind_has_its_least_size(void **state)
{
	static const size_t least[WIRE_RECORD_KINDS] = {
		[WIRE_RECORD_FORK] = sizeof(struct wire_fork),
		[WIRE_RECORD_EXEC] = sizeof(struct wire_exec),
		[WIRE_RECORD_EXIT] = sizeof(struct wire_exit),
		[WIRE_RECORD_DATA] = sizeof(struct wire_data),
	};

	for (unsigned int kind = 0; kind < WIRE_RECORD_KINDS + 2; kind++) {
		struct made_record made = { .header = { .kind = (uint16_t)kind } };
		size_t bytes = kind < WIRE_RECORD_KINDS ? least[kind] : 0;
		struct record record;

		if (bytes) {
			made.header.bytes = (uint32_t)bytes;
			assert_int_equal(decode(&made, bytes, &record), 0);
			made.header.bytes--;
			assert_int_equal(decode(&made, bytes - 1, &record), -EBADMSG);
			continue;
		}
		made.header.bytes = sizeof(made);
		assert_int_equal(decode(&made, sizeof(made), &record), -EBADMSG);
	}
}

static void a_record_that_tells_another_length_is_refused(void **state)
{
	struct made_record made;
	struct record record;

	make_exit(&made, process_id(5, 50), 0);
	made.header.bytes++;
	assert_int_equal(decode(&made, sizeof(made.exit), &record), -EBADMSG);
	made.header.bytes = 0;
	assert_int_equal(decode(&made, sizeof(made.exit), &record), -EBADMSG);
}

static void lengths_of_parts_beyond_their_limits_are_refused(void **state)
{
	static const struct {
		size_t offset;
		uint32_t bytes_max;
	} rows[] = {
		{ offsetof(struct wire_exec, binary_bytes), WIRE_PATH_BYTES_MAX },
		{ offsetof(struct wire_exec, filename_bytes), WIRE_PATH_BYTES_MAX },
		{ offsetof(struct wire_exec, cwd_bytes), WIRE_PATH_BYTES_MAX },
		{ offsetof(struct wire_exec, cgroup_bytes), WIRE_CGROUP_BYTES_MAX },
		{ offsetof(struct wire_exec, args_bytes), WIRE_INLINE_BYTES_MAX },
		{ offsetof(struct wire_exec, environment_bytes), WIRE_INLINE_BYTES_MAX },
	};
	static const struct made_texts none;
	static struct made_record made;
	struct record record;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint32_t wrong[] = { rows[i].bytes_max + 1, UINT32_MAX, UINT32_MAX - 255 };
		uint32_t *field = (uint32_t *)(made.bytes + rows[i].offset);

		make_exec(&made, process_id(5, 50), process_id(1, 1), &none);
		made.header.bytes = sizeof(made);
		*field = rows[i].bytes_max;
		assert_int_equal(decode(&made, sizeof(made), &record), 0);
		for (size_t j = 0; j < COUNT(wrong); j++) {
			*field = wrong[j];
			assert_int_equal(decode(&made, sizeof(made), &record), -EBADMSG);
		}
	}
}

static void pieces_beyond_the_limits_are_refused(void **state)
{
	static const struct {
		uint32_t part, offset, bytes;
		int result;
	} rows[] = {
		{ WIRE_DATA_ARGS, 0, WIRE_DATA_BYTES_MAX, 0 },
		{ WIRE_DATA_ENVIRONMENT, WIRE_ARGS_BYTES_MAX - WIRE_DATA_BYTES_MAX,
		  WIRE_DATA_BYTES_MAX, 0 },
		{ WIRE_DATA_ENVIRONMENT + 1, 0, 1, -EBADMSG },
		{ WIRE_DATA_ARGS, 0, WIRE_DATA_BYTES_MAX + 1, -EBADMSG },
		{ WIRE_DATA_ARGS, 0, UINT32_MAX, -EBADMSG },
		{ WIRE_DATA_ARGS, WIRE_ARGS_BYTES_MAX, 0, 0 },
		{ WIRE_DATA_ARGS, WIRE_ARGS_BYTES_MAX, 1, -EBADMSG },
		{ WIRE_DATA_ARGS, WIRE_ARGS_BYTES_MAX - 1, 2, -EBADMSG },
		{ WIRE_DATA_ARGS, UINT32_MAX, 1, -EBADMSG },
	};
	struct made_record made;
	struct record record;

	for (size_t i = 0; i < COUNT(rows); i++) {
		make_data(&made, 5, WIRE_DATA_ARGS, rows[i].offset, SPAN("x"));
		made.data.part = rows[i].part;
		made.data.bytes = rows[i].bytes;
		if (record_decode(&record, &made, made.header.bytes) != rows[i].result)
			fail_msg("row %zu", i);
	}
}

static void kinds_and_reasons_have_names_and_none_beyond_the_tables(void **state)
{
	assert_string_equal(record_kind_name(WIRE_RECORD_FORK), "fork");
	assert_string_equal(record_kind_name(WIRE_RECORD_DATA), "data");
	assert_string_equal(record_kind_name(WIRE_RECORD_NONE), "");
	assert_string_equal(record_kind_name(WIRE_RECORD_KINDS), "");
	assert_string_equal(record_drop_text(WIRE_DROP_RING_FULL), "ring full");
	for (unsigned int reason = 0; reason < WIRE_DROP_REASONS; reason++) {
		assert_string_not_equal(record_drop_text(reason), "");
		assert_string_not_equal(record_drop_advice(reason), "");
	}
	assert_string_equal(record_drop_text(WIRE_DROP_REASONS), "");
	assert_string_equal(record_drop_advice(UINT32_MAX), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exec_record_is_split_into_its_parts),
		cmocka_unit_test(a_data_record_is_its_piece),
		cmocka_unit_test(every_shorter_record_is_refused_and_leaves_the_view_alone),
		cmocka_unit_test(each_kind_has_its_least_size),
		cmocka_unit_test(a_record_that_tells_another_length_is_refused),
		cmocka_unit_test(lengths_of_parts_beyond_their_limits_are_refused),
		cmocka_unit_test(pieces_beyond_the_limits_are_refused),
		cmocka_unit_test(kinds_and_reasons_have_names_and_none_beyond_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
