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

static const uint64_t two_words[] = { 5, 1ULL << 63 };

/* Two words, an empty value in slot 9, a number in slot 0 and a cut text in the last slot. */
static void make_call(struct made_record *out)
{
	static const uint64_t number = 77;

	make_hook(out, process_id(5, 50), two_words, 2);
	make_value(out, 9, WIRE_VALUE_UNREADABLE, SPAN(""));
	make_value(out, 0, WIRE_VALUE_OK, (struct span){ (const char *)&number, sizeof(number) });
	make_value(out, WIRE_HOOK_VALUES_MAX - 1, WIRE_VALUE_CUT, SPAN("nine byte"));
}

static void a_hook_record_has_its_values_by_slot(void **state)
{
	struct made_record made;
	struct record record;

	memset(&record, 0xff, sizeof(record));
	make_call(&made);
	assert_int_equal(record_decode(&record, &made, made.header.bytes), 0);
	assert_int_equal(record.kind, WIRE_RECORD_HOOK);
	assert_int_equal(record.hook->id.pid, 5);
	assert_memory_equal(record.vector, two_words, sizeof(two_words));
	for (int slot = 0; slot < WIRE_HOOK_VALUES_MAX; slot++)
		assert_int_equal(record.values[slot].is_there,
				 slot == 0 || slot == 9 || slot == WIRE_HOOK_VALUES_MAX - 1);
	assert_int_equal(record.values[9].status, WIRE_VALUE_UNREADABLE);
	assert_int_equal(record.values[9].bytes.bytes, 0);
	assert_int_equal(record.values[0].status, WIRE_VALUE_OK);
	assert_int_equal(*(const uint64_t *)record.values[0].bytes.data, 77);
	assert_int_equal(record.values[WIRE_HOOK_VALUES_MAX - 1].status, WIRE_VALUE_CUT);
	assert_span_equal(record.values[WIRE_HOOK_VALUES_MAX - 1].bytes, "nine byte");
}

static void a_hook_record_may_fill_every_slot_or_none(void **state)
{
	static const uint64_t words[WIRE_VECTOR_WORDS_MAX] = { 1 };
	static struct made_record made;
	struct record record;

	make_hook(&made, process_id(5, 50), words, WIRE_VECTOR_WORDS_MAX);
	assert_int_equal(decode(&made, made.header.bytes, &record), 0);
	for (uint16_t slot = WIRE_HOOK_VALUES_MAX; slot--;)
		make_value(&made, slot, WIRE_VALUE_OK, SPAN("x"));
	assert_int_equal(decode(&made, made.header.bytes, &record), 0);
	for (int slot = 0; slot < WIRE_HOOK_VALUES_MAX; slot++)
		assert_true(record.values[slot].is_there);
	make_value(&made, 3, WIRE_VALUE_OK, SPAN("x"));
	assert_int_equal(decode(&made, made.header.bytes, &record), -EBADMSG);
}

static void every_shorter_or_longer_hook_record_is_refused(void **state)
{
	struct record record = { .kind = 99 };
	struct made_record made;
	uint32_t whole;

	make_call(&made);
	whole = made.header.bytes;
	for (uint32_t bytes = 0; bytes <= whole + 24; bytes++) {
		if (bytes == whole)
			continue;
		made.header.bytes = bytes;
		assert_int_equal(decode(&made, bytes, &record), -EBADMSG);
	}
	assert_int_equal(record.kind, 99);
	made.header.bytes = whole;
	assert_int_equal(decode(&made, whole, &record), 0);
}

static void hook_records_that_lie_are_refused(void **state)
{
	enum { VALUES = sizeof(struct wire_hook_event) + sizeof(two_words) };
	static const struct {
		size_t offset;
		uint16_t number;
	} rows[] = {
		{ offsetof(struct wire_hook_event, words), 0 },
		{ offsetof(struct wire_hook_event, words), 1 },
		{ offsetof(struct wire_hook_event, words), WIRE_VECTOR_WORDS_MAX + 1 },
		{ offsetof(struct wire_hook_event, words), UINT16_MAX },
		{ offsetof(struct wire_hook_event, values), 0 },
		{ offsetof(struct wire_hook_event, values), 2 },
		{ offsetof(struct wire_hook_event, values), 4 },
		{ offsetof(struct wire_hook_event, values), UINT16_MAX },
		{ VALUES + offsetof(struct wire_value, slot), WIRE_HOOK_VALUES_MAX },
		{ VALUES + offsetof(struct wire_value, slot), UINT16_MAX },
		{ VALUES + offsetof(struct wire_value, slot), 0 }, /* taken by the next one */
		{ VALUES + offsetof(struct wire_value, status), WIRE_VALUE_NO_ROOM + 1 },
		{ VALUES + offsetof(struct wire_value, bytes), 1 },
		{ VALUES + offsetof(struct wire_value, bytes) + 2, UINT16_MAX },
	};
	struct made_record made;
	struct record record;

	for (size_t i = 0; i < COUNT(rows); i++) {
		make_call(&made);
		memcpy(made.bytes + rows[i].offset, &rows[i].number, sizeof(rows[i].number));
		if (decode(&made, made.header.bytes, &record) != -EBADMSG)
			fail_msg("row %zu", i);
	}
}

static void a_value_as_long_as_a_number_can_tell_is_refused(void **state)
{
	struct made_record made;
	struct record record;
	struct wire_value *last;

	make_call(&made);
	last = (struct wire_value *)(made.bytes + made.header.bytes - 16 - sizeof(*last));
	assert_int_equal(last->bytes, 9);
	for (uint32_t bytes = UINT32_MAX - 16; bytes; bytes++) {
		last->bytes = bytes;
		assert_int_equal(decode(&made, made.header.bytes, &record), -EBADMSG);
	}
	last->bytes = 17; /* one more than there are, padding included */
	assert_int_equal(decode(&made, made.header.bytes, &record), -EBADMSG);
}

static void other_kinds_leave_the_values_alone(void **state)
{
	struct record record = { .values = { [3] = { .is_there = true } } };
	struct made_record made;

	make_exit(&made, process_id(5, 50), 0);
	assert_int_equal(record_decode(&record, &made, made.header.bytes), 0);
	assert_true(record.values[3].is_there);
	assert_null(record.vector);
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
		[WIRE_RECORD_HOOK] = sizeof(struct wire_hook_event) + sizeof(uint64_t),
	};

	for (unsigned int kind = 0; kind < WIRE_RECORD_KINDS + 2; kind++) {
		struct made_record made = { .header = { .kind = (uint16_t)kind } };
		size_t bytes = kind < WIRE_RECORD_KINDS ? least[kind] : 0;
		struct record record;

		if (kind == WIRE_RECORD_HOOK)
			made.hook.words = 1; /* there is no vector without */
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
		cmocka_unit_test(a_hook_record_has_its_values_by_slot),
		cmocka_unit_test(a_hook_record_may_fill_every_slot_or_none),
		cmocka_unit_test(every_shorter_or_longer_hook_record_is_refused),
		cmocka_unit_test(hook_records_that_lie_are_refused),
		cmocka_unit_test(a_value_as_long_as_a_number_can_tell_is_refused),
		cmocka_unit_test(other_kinds_leave_the_values_alone),
		cmocka_unit_test(every_shorter_record_is_refused_and_leaves_the_view_alone),
		cmocka_unit_test(each_kind_has_its_least_size),
		cmocka_unit_test(a_record_that_tells_another_length_is_refused),
		cmocka_unit_test(lengths_of_parts_beyond_their_limits_are_refused),
		cmocka_unit_test(pieces_beyond_the_limits_are_refused),
		cmocka_unit_test(kinds_and_reasons_have_names_and_none_beyond_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
