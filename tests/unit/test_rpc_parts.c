/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a call below HTTP/2: framing, the text of a status, addresses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rpc/address.h"
#include "rpc/frame.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- framing ---- */

static void assembles_messages_from_any_pieces(void **state)
{
	static const uint8_t bytes[] = "\0\0\0\0\3abc\0\0\0\0\0\0\0\0\0\1x";
	static const char *const wanted[] = { "abc", "", "x" };

	for (size_t piece = 1; piece <= sizeof(bytes); piece++) {
		struct frame_reader reader = { .bytes_max = 3 };
		size_t messages = 0;

		for (size_t at = 0; at < sizeof(bytes) - 1;) {
			size_t left = sizeof(bytes) - 1 - at;
			size_t used;
			enum frame_state got = frame_reader_feed(
				&reader, bytes + at, left < piece ? left : piece, &used);

			at += used;
			if (got == FRAME_INCOMPLETE)
				continue;
			assert_int_equal(got, FRAME_COMPLETE);
			assert_true(messages < COUNT(wanted));
			assert_string_equal(buf_text(&reader.body), wanted[messages++]);
			frame_reader_reset(&reader);
		}
		assert_int_equal(messages, COUNT(wanted));
		frame_reader_done(&reader);
	}
}

static void refuses_bad_frame_heads(void **state)
{
	static const struct {
		uint8_t head[FRAME_HEAD_BYTES];
		enum frame_state wanted;
	} cases[] = {
		{ { 0, 0, 0, 0, 101 }, FRAME_TOO_LARGE },
		{ { 0, 0xff, 0xff, 0xff, 0xff }, FRAME_TOO_LARGE },
		{ { 1, 0, 0, 0, 1 }, FRAME_COMPRESSED },
		{ { 0, 0, 0, 0, 100 }, FRAME_INCOMPLETE },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct frame_reader reader = { .bytes_max = 100 };
		size_t used = 0;

		assert_int_equal(frame_reader_feed(&reader, cases[i].head, 5, &used),
				 cases[i].wanted);
		assert_int_equal(used, 5);
		/* Nothing is allocated for what is only announced. */
		assert_int_equal(reader.body.capacity, 0);
		frame_reader_done(&reader);
	}
}

static void status_text_survives_the_header_and_spares_the_terminal(void **state)
{
	static const struct {
		const char *text;
		const char *encoded;
		const char *decoded; /* NULL: the text */
	} cases[] = {
		{ "plain text", "plain text", NULL },
		{ "100%", "100%25", NULL },
		{ "größer\n", "gr%C3%B6%C3%9Fer%0A", NULL },
		{ "\x1b[31m", "%1B[31m", "?[31m" },
		{ "\x7f", "%7F", "?" },
		{ "", "", NULL },
	};
	static const char broken[] = "%zz%4";

	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_buf_ struct buf encoded = {};
		_cleanup_buf_ struct buf decoded = {};

		frame_encode_status(&encoded, cases[i].text);
		assert_string_equal(buf_text(&encoded), cases[i].encoded);
		frame_decode_status(&decoded, (const uint8_t *)encoded.data, encoded.bytes);
		assert_string_equal(buf_text(&decoded),
				    cases[i].decoded ? cases[i].decoded : cases[i].text);
	}
	_cleanup_buf_ struct buf kept = {};

	frame_decode_status(&kept, (const uint8_t *)broken, strlen(broken));
	assert_string_equal(buf_text(&kept), broken);
}

static void status_text_is_cut_at_lines_and_never_within_a_character(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		size_t fits;
	} cases[] = {
		{ "abc", 3, 3 },
		{ "abc", 2, 2 },
		{ "", 0, 0 },
		/* An end of line takes three bytes, as a byte of UTF-8 does. */
		{ "a\nb\nc", 9, 5 },
		{ "a\nb\nc", 8, 4 },
		{ "a\nb\nc", 7, 2 },
		{ "a\nb\nc", 4, 2 },
		{ "a\nb\nc", 3, 1 },
		{ "xö", 7, 3 },
		{ "xö", 6, 1 },
		{ "100%", 5, 3 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(frame_fit_status(cases[i].text, cases[i].max), cases[i].fits);
}

/* ---- addresses ---- */

struct listening {
	int fds[ADDRESS_SOCKETS_MAX];
	size_t count;
	struct diag diag;
};

static int listen_at(struct listening *listening, const char *address)
{
	const struct address_options options = { address, "--server-address", 0660, (gid_t)-1 };

	*listening = (struct listening){};
	return address_listen(&options, listening->fds, &listening->count, &listening->diag);
}

static void stop_listening(struct listening *listening)
{
	for (size_t i = 0; i < listening->count; i++)
		close(listening->fds[i]);
	diag_done(&listening->diag);
}

static void refuses_addresses_that_are_none(void **state)
{
	static const char *const cases[] = { "",
					     "localhost",
					     "localhost:",
					     "localhost:x",
					     "localhost:-1",
					     "localhost:65536",
					     "::1:80",
					     "[::1:80",
					     "a:b:1",
					     "unix:x",
					     "unix://",
					     "unix:relative/path" };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listening listening;

		assert_int_equal(listen_at(&listening, cases[i]), -EINVAL);
		assert_int_equal(listening.count, 0);
		assert_int_equal(listening.diag.lines, 1);
		assert_non_null(strstr(buf_text(&listening.diag.text), "want "));
		stop_listening(&listening);
	}
}

static void all_sockets_of_a_name_share_the_port(void **state)
{
	static const char *const cases[] = { "localhost:0", ":0", "127.0.0.1:0" };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listening listening;

		assert_int_equal(listen_at(&listening, cases[i]), 0);
		assert_true(listening.count >= 1);
		assert_int_not_equal(address_get_port(listening.fds[0]), 0);
		for (size_t j = 1; j < listening.count; j++)
			assert_int_equal(address_get_port(listening.fds[j]),
					 address_get_port(listening.fds[0]));
		stop_listening(&listening);
	}
}

static void names_the_address_that_is_taken(void **state)
{
	struct listening first;
	struct listening second;
	char address[32];
	char line[160];

	assert_int_equal(listen_at(&first, "127.0.0.1:0"), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%u", address_get_port(first.fds[0]));
	assert_int_equal(listen_at(&second, address), -EADDRINUSE);
	snprintf(line, sizeof(line),
		 "cannot listen on \"%s\": address already in use; stop the other instance or "
		 "choose another with --server-address\n",
		 address);
	assert_string_equal(buf_text(&second.diag.text), line);
	stop_listening(&first);
	stop_listening(&second);
}

static void replaces_only_dead_sockets(void **state)
{
	char folder[] = "/tmp/test-rpc-XXXXXX";
	struct listening first;
	struct listening second;
	char address[64];
	struct stat status;
	const char *path;

	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix://%s/s", folder);
	path = address_get_path(address);
	assert_int_equal(listen_at(&first, address), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_int_equal(listen_at(&second, address), -EADDRINUSE);
	stop_listening(&second);
	stop_listening(&first);
	/* The file is still there, nobody listens. */
	assert_int_equal(listen_at(&first, address), 0);
	stop_listening(&first);
	assert_int_equal(unlink(path), 0);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(listen_at(&second, address), -ENOTSOCK);
	assert_non_null(strstr(buf_text(&second.diag.text), "the file there is not a socket"));
	stop_listening(&second);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(assembles_messages_from_any_pieces),
		cmocka_unit_test(refuses_bad_frame_heads),
		cmocka_unit_test(status_text_survives_the_header_and_spares_the_terminal),
		cmocka_unit_test(status_text_is_cut_at_lines_and_never_within_a_character),
		cmocka_unit_test(refuses_addresses_that_are_none),
		cmocka_unit_test(all_sockets_of_a_name_share_the_port),
		cmocka_unit_test(names_the_address_that_is_taken),
		cmocka_unit_test(replaces_only_dead_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
