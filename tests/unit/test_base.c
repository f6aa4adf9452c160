/* SPDX-License-Identifier: Apache-2.0 */
/* The bricks: arenas, spans, UTF-8, base64, buffers, findings, messages, the loop. */
#include "cmocka_case.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/span.h"
#include "base/utf8.h"

static void a_span_is_cut_at_separators_and_the_last_piece_takes_all(void **state)
{
	struct span rest = span_of("a,,bc");

	assert_span_equal(span_cut(&rest, ','), "a");
	assert_span_equal(span_cut(&rest, ','), "");
	assert_span_equal(span_cut(&rest, ','), "bc");
	assert_int_equal(rest.bytes, 0);
	assert_int_equal(span_cut(&rest, ',').bytes, 0);
}

static void an_empty_span_without_data_can_be_cut(void **state)
{
	struct span rest = {};

	assert_int_equal(span_cut(&rest, ',').bytes, 0);
	assert_null(rest.data);
}

static void an_arena_ends_at_its_limit(void **state)
{
	_cleanup_arena_ struct arena arena = { .bytes_max = 100 * 1024 };
	size_t pieces = 0;

	(void)state;
	while (arena_alloc(&arena, 1000))
		pieces++;
	assert_in_range(pieces, 80, 102);
	assert_true(arena.failed);
	assert_null(arena_alloc(&arena, 1));
	assert_null(arena_alloc_array(&(struct arena){}, SIZE_MAX / 2, 16));
}

static void an_arena_that_was_reset_gives_zeroes_from_the_same_memory(void **state)
{
	_cleanup_arena_ struct arena arena = { .bytes_max = 100 * 1024 };
	char *first = arena_alloc(&arena, 100);

	memset(first, 'x', 100);
	assert_non_null(arena_alloc(&arena, 50 * 1024)); /* larger than a chunk: is given back */
	assert_null(arena_alloc(&arena, 60 * 1024));
	arena_reset(&arena);
	assert_false(arena.failed);
	assert_in_range(arena.bytes, 1, 20 * 1024);
	assert_ptr_equal(arena_alloc(&arena, 100), first);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(first[i], 0);
}

static void bytes_become_valid_utf8_with_one_mark_per_bad_run(void **state)
{
	static const struct {
		struct span in;
		const char *out;
	} rows[] = {
		{ SPAN(""), "" },
		{ SPAN("plain ascii, longer than one word"), "plain ascii, longer than one word" },
		{ SPAN("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d"),
		  "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d" },
		{ SPAN("\xff"), "\xef\xbf\xbd" },
		{ SPAN("a\xff\xfe\xfdz"), "a\xef\xbf\xbdz" },
		{ SPAN("a\xffz\xff"), "a\xef\xbf\xbdz\xef\xbf\xbd" },
		{ SPAN("\xc0\xaf"), "\xef\xbf\xbd" },		      /* overlong slash */
		{ SPAN("\xe0\x80\xaf"), "\xef\xbf\xbd" },	      /* the same in three bytes */
		{ SPAN("\xed\xa0\x80x"), "\xef\xbf\xbdx" },	      /* a surrogate */
		{ SPAN("\xf4\x90\x80\x80"), "\xef\xbf\xbd" },	      /* above U+10FFFF */
		{ SPAN("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf" },     /* U+10FFFF itself */
		{ SPAN("abcdefgh\xe2\x82"), "abcdefgh\xef\xbf\xbd" }, /* cut at the end */
		{ SPAN("\xe2\x82\x41"), "\xef\xbf\xbd\x41" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf out = {};

		utf8_add_valid(&out, rows[i].in.data, rows[i].in.bytes);
		assert_row_string(i, buf_text(&out), rows[i].out);
	}
}

static void
every_code_point_has_the_length_of_its_encoding_and_no_prefix_is_a_character(void **state)
{
	for (uint32_t point = 0x80; point <= 0x10ffff; point += point < 0x900 ? 1 : 61) {
		unsigned char text[4];
		size_t bytes = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
		bool is_surrogate = point >= 0xd800 && point <= 0xdfff;

		for (size_t i = bytes - 1, rest = point; i > 0; i--, rest >>= 6)
			text[i] = 0x80 | (rest & 0x3f);
		text[0] = (unsigned char)(bytes == 2   ? 0xc0 | point >> 6
					  : bytes == 3 ? 0xe0 | point >> 12
						       : 0xf0 | point >> 18);
		assert_int_equal(utf8_char_bytes((char *)text, bytes), is_surrogate ? 0 : bytes);
		assert_int_equal(utf8_char_bytes((char *)text, bytes - 1), 0);
	}
}

static void base64_is_that_of_rfc_4648(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[16] = "";
		char *end = base64_write(out, rows[i][0], strlen(rows[i][0]));

		*end = '\0';
		assert_row_string(i, out, rows[i][1]);
		assert_int_equal(end - out, base64_bytes(strlen(rows[i][0])));
	}
}

static void base64_of_high_bytes_uses_the_standard_alphabet(void **state)
{
	_cleanup_buf_ struct buf out = {};

	buf_add_base64(&out, "\xfb\xff\xbe", 3);
	assert_string_equal(buf_text(&out), "+/++");
}

static void a_buffer_grows_and_formats(void **state)
{
	_cleanup_buf_ struct buf buf = {};

	for (int i = 0; i < 1000; i++)
		buf_add_char(&buf, 'x');
	assert_int_equal(buf.bytes, 1000);
	buf_reset(&buf);
	buf_add_uint(&buf, UINT64_MAX);
	buf_add_char(&buf, ' ');
	buf_add_int(&buf, INT64_MIN);
	buf_add_char(&buf, ' ');
	buf_add_int(&buf, 0);
	buf_add_format(&buf, " %s=%d", "n", -5);
	assert_string_equal(buf_text(&buf), "18446744073709551615 -9223372036854775808 0 n=-5");
}

static void a_buffer_that_failed_keeps_what_it_had_and_takes_no_more(void **state)
{
	_cleanup_buf_ struct buf buf = {};

	buf_add_text(&buf, "kept");
	assert_false(buf_reserve(&buf, SIZE_MAX));
	assert_false(buf_reserve(&buf, SIZE_MAX / 2));
	buf_add_text(&buf, "more");
	buf_add_char(&buf, '!');
	buf_add_format(&buf, "%d", 1);
	assert_true(buf.failed);
	assert_int_equal(buf.bytes, 4);
	assert_memory_equal(buf.data, "kept", 4);
	buf_reset(&buf);
	buf_add_text(&buf, "again");
	assert_string_equal(buf_text(&buf), "again");
}

static void the_front_of_a_buffer_can_be_dropped(void **state)
{
	_cleanup_buf_ struct buf buf = {};

	buf_drop_front(&buf, 3);
	buf_add_text(&buf, "abcdef");
	buf_drop_front(&buf, 0);
	buf_drop_front(&buf, 2);
	assert_string_equal(buf_text(&buf), "cdef");
	buf_drop_front(&buf, 100);
	assert_int_equal(buf.bytes, 0);
}

static void findings_are_lines_and_are_counted(void **state)
{
	_cleanup_diag_ struct diag diag = {};

	diag_add(&diag, "first \"%s\"", "x");
	diag_add(&diag, "second");
	diag_add(NULL, "nobody asked");
	assert_int_equal(diag.lines, 2);
	assert_string_equal(buf_text(&diag.text), "first \"x\"\nsecond\n");
}

/* What log_message() writes to standard error, with that put back. */
static size_t catch_log(char *out, size_t bytes, enum log_level level, const char *text)
{
	int file = memfd_create("log", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	ssize_t got;

	assert_true(file >= 0 && saved >= 0);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	errno = EXDEV;
	log_message(level, "%s", text);
	assert_int_equal(errno, EXDEV);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	got = pread(file, out, bytes - 1, 0);
	assert_true(got >= 0);
	out[got] = '\0';
	close(file);
	close(saved);
	return (size_t)got;
}

static void messages_below_the_level_are_not_written(void **state)
{
	char text[64];

	log_set_level(LOG_LEVEL_WARN);
	assert_int_equal(catch_log(text, sizeof(text), LOG_LEVEL_INFO, "hidden"), 0);
	catch_log(text, sizeof(text), LOG_LEVEL_WARN, "shown");
	assert_string_equal(text, "warn  shown\n");
	log_set_level(LOG_LEVEL_INFO);
}

static void a_long_message_is_cut_and_still_ends_its_line(void **state)
{
	char message[5000], text[8000];
	size_t bytes;

	memset(message, 'm', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	bytes = catch_log(text, sizeof(text), LOG_LEVEL_ERROR, message);
	assert_true(bytes > 1000 && bytes < sizeof(message));
	assert_int_equal(text[bytes - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + bytes - 1);
}

struct loop_case {
	struct loop *loop;
	struct loop_source *first, *second, *timer;
	int calls, signal;
};

static void on_io_remove_the_other(void *context, uint32_t events)
{
	struct loop_case *test = context;

	test->calls++;
	loop_remove(test->first);
	loop_remove(test->second);
	loop_stop(test->loop, 7);
}

static void a_source_removed_by_another_is_not_called_in_the_same_round(void **state)
{
	struct loop_case test = {};
	int a[2], b[2];

	assert_int_equal(loop_new(&test.loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "x", 1), 1);
	assert_int_equal(
		loop_add_io(test.loop, a[0], EPOLLIN, on_io_remove_the_other, &test, &test.first),
		0);
	assert_int_equal(
		loop_add_io(test.loop, b[0], EPOLLIN, on_io_remove_the_other, &test, &test.second),
		0);
	assert_int_equal(loop_run(test.loop), 7);
	assert_int_equal(test.calls, 1);
	loop_free(test.loop);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(close(a[i]), 0); /* descriptors stayed ours */
		assert_int_equal(close(b[i]), 0);
	}
}

static void on_timer(void *context)
{
	struct loop_case *test = context;

	if (++test->calls == 3)
		loop_stop(test->loop, 0);
}

static void a_periodic_timer_fires_until_it_is_removed(void **state)
{
	struct loop_case test = {};
	uint64_t start = clock_read_ns(CLOCK_MONOTONIC);

	assert_int_equal(loop_new(&test.loop), 0);
	assert_int_equal(loop_add_timer(test.loop, on_timer, &test, &test.timer), 0);
	assert_int_equal(loop_set_timer(test.timer, 1, CLOCK_NS_PER_MS), 0);
	assert_int_equal(loop_run(test.loop), 0);
	assert_int_equal(test.calls, 3);
	assert_true(clock_read_ns(CLOCK_MONOTONIC) - start >= 2 * CLOCK_NS_PER_MS);
	loop_free(test.loop);
}

static void on_signal(void *context, int signal)
{
	struct loop_case *test = context;

	test->signal = signal;
	loop_stop(test->loop, 0);
}

static void a_signal_becomes_a_call(void **state)
{
	struct loop_case test = {};
	sigset_t set, before;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &before), 0);
	assert_int_equal(loop_new(&test.loop), 0);
	assert_int_equal(loop_add_signals(test.loop, &set, on_signal, &test, &test.first), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(loop_run(test.loop), 0);
	assert_int_equal(test.signal, SIGUSR1);
	loop_free(test.loop);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

static void a_bad_descriptor_is_refused(void **state)
{
	struct loop_source *source = NULL;
	struct loop *loop;

	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(loop_add_io(loop, -1, EPOLLIN, on_io_remove_the_other, NULL, &source),
			 -EBADF);
	assert_null(source);
	loop_remove(NULL);
	loop_free(loop);
	loop_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_is_cut_at_separators_and_the_last_piece_takes_all),
		cmocka_unit_test(an_empty_span_without_data_can_be_cut),
		cmocka_unit_test(bytes_become_valid_utf8_with_one_mark_per_bad_run),
		cmocka_unit_test(
			every_code_point_has_the_length_of_its_encoding_and_no_prefix_is_a_character),
		cmocka_unit_test(an_arena_ends_at_its_limit),
		cmocka_unit_test(an_arena_that_was_reset_gives_zeroes_from_the_same_memory),
		cmocka_unit_test(base64_is_that_of_rfc_4648),
		cmocka_unit_test(base64_of_high_bytes_uses_the_standard_alphabet),
		cmocka_unit_test(a_buffer_grows_and_formats),
		cmocka_unit_test(a_buffer_that_failed_keeps_what_it_had_and_takes_no_more),
		cmocka_unit_test(the_front_of_a_buffer_can_be_dropped),
		cmocka_unit_test(findings_are_lines_and_are_counted),
		cmocka_unit_test(messages_below_the_level_are_not_written),
		cmocka_unit_test(a_long_message_is_cut_and_still_ends_its_line),
		cmocka_unit_test(a_source_removed_by_another_is_not_called_in_the_same_round),
		cmocka_unit_test(a_periodic_timer_fires_until_it_is_removed),
		cmocka_unit_test(a_signal_becomes_a_call),
		cmocka_unit_test(a_bad_descriptor_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
