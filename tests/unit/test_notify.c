/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager is told: every message is read at the other end of the socket. */
#include "cmocka_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/notify.h"
#include "temporary_folder.h"

#define SECOND CLOCK_NS_PER_SECOND

static char folder[TEMPORARY_FOLDER_BYTES];
static int manager = -1; /* where the datagrams arrive */

static int listen_at(const char *name, size_t bytes)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, bytes);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes)),
			 0);
	return fd;
}

/* The next message, or "" if there is none. */
static const char *heard(void)
{
	static char text[512];
	ssize_t got = recv(manager, text, sizeof(text) - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	return text;
}

static struct notify *start(const char *watchdog_us, const char *watchdog_pid)
{
	struct notify *notify = NULL;

	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	if (watchdog_us)
		setenv("WATCHDOG_USEC", watchdog_us, 1);
	if (watchdog_pid)
		setenv("WATCHDOG_PID", watchdog_pid, 1);
	assert_int_equal(notify_new(&notify), 0);
	assert_non_null(notify);
	return notify;
}

static int enter(void **state)
{
	char path[64];

	temporary_folder_enter(folder);
	snprintf(path, sizeof(path), "%s/notify", folder);
	manager = listen_at(path, strlen(path));
	setenv("NOTIFY_SOCKET", path, 1);
	return 0;
}

static int leave(void **state)
{
	close(manager);
	temporary_folder_leave(folder);
	return 0;
}

static void each_state_is_a_message(void **state)
{
	struct notify *notify = start(NULL, NULL);
	unsigned long long before_us = clock_read_ns(CLOCK_MONOTONIC) / 1000, told_us;
	char rest;

	notify_tell(notify, NOTIFY_READY, "3 processes");
	assert_string_equal(heard(), "READY=1\nSTATUS=3 processes\n");
	notify_tell(notify, NOTIFY_RELOADING, NULL);
	assert_int_equal(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%llu%c", &told_us, &rest), 2);
	assert_in_range(told_us, before_us, clock_read_ns(CLOCK_MONOTONIC) / 1000);
	notify_tell(notify, NOTIFY_READY, NULL);
	assert_string_equal(heard(), "READY=1\n");
	notify_tell(notify, NOTIFY_STOPPING, "stopping");
	assert_string_equal(heard(), "STOPPING=1\nSTATUS=stopping\n");
	assert_string_equal(heard(), "");
	notify_free(notify);
}

static void keep_alives_come_twice_in_the_time_of_the_watchdog(void **state)
{
	struct notify *notify = start("10000000", NULL);

	notify_beat(notify, 100 * SECOND, true, NULL);
	assert_string_equal(heard(), "WATCHDOG=1\n");
	for (uint64_t after = 1; after < 5; after++) {
		assert_false(notify_is_due(notify, (100 + after) * SECOND));
		notify_beat(notify, (100 + after) * SECOND, true, NULL);
		assert_string_equal(heard(), "");
	}
	assert_true(notify_is_due(notify, 105 * SECOND));
	notify_beat(notify, 105 * SECOND, true, NULL);
	assert_string_equal(heard(), "WATCHDOG=1\n");
	notify_free(notify);
}

static void an_agent_that_is_not_well_is_silent_until_it_is(void **state)
{
	struct notify *notify = start("10000000", NULL);

	notify_beat(notify, 100 * SECOND, false, NULL);
	notify_beat(notify, 140 * SECOND, false, NULL);
	assert_string_equal(heard(), "");
	notify_beat(notify, 141 * SECOND, true, NULL);
	assert_string_equal(heard(), "WATCHDOG=1\n");
	notify_free(notify);
}

static void the_watchdog_of_another_process_or_of_nonsense_is_no_concern(void **state)
{
	char own[16];
	const struct {
		const char *us, *pid;
		bool beats;
	} rows[] = {
		{ "10000000", own, true },
		{ "10000000", "1", false },
		{ "10000000", "x", false },
		{ NULL, NULL, false },
		{ "0", NULL, false },
		{ "-5", NULL, false },
		{ "10s", NULL, false },
		{ "99999999999999999999", NULL, false },
		{ "18446744073709551615", NULL, false },
		{ "", NULL, false },
	};

	snprintf(own, sizeof(own), "%d", (int)getpid());
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct notify *notify = start(rows[i].us, rows[i].pid);
		const char *text;

		notify_beat(notify, 100 * SECOND, true, NULL);
		text = heard();
		assert_row_string(i, text, rows[i].beats ? "WATCHDOG=1\n" : "");
		notify_free(notify);
	}
}

static void a_status_is_told_when_it_changed_but_not_more_than_twice_a_minute(void **state)
{
	struct notify *notify = start(NULL, NULL);

	notify_tell(notify, NOTIFY_READY, "1 process");
	heard();
	notify_beat(notify, 100 * SECOND, true, "1 process");
	assert_string_equal(heard(), "");
	assert_false(notify_is_due(notify, 129 * SECOND));
	notify_beat(notify, 129 * SECOND, true, "2 processes");
	assert_string_equal(heard(), "");
	assert_true(notify_is_due(notify, 130 * SECOND));
	notify_beat(notify, 130 * SECOND, true, "3 processes");
	assert_string_equal(heard(), "STATUS=3 processes\n");
	notify_free(notify);
}

static void a_status_is_one_line_of_bounded_length(void **state)
{
	struct notify *notify = start(NULL, NULL);
	char text[1000];
	size_t bytes;

	notify_tell(notify, NOTIFY_READY, "one\nSTOPPING=1");
	assert_string_equal(heard(), "READY=1\nSTATUS=one\n");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	notify_tell(notify, NOTIFY_READY, text);
	bytes = strlen(heard());
	assert_in_range(bytes, 100, 160);
	notify_free(notify);
}

/* Fills the socket's queue, as a manager that is busy does. */
static unsigned int fill_queue(struct notify *notify)
{
	unsigned int sent = 0;

	for (; sent < 100000 && !notify_is_due(notify, SECOND); sent++)
		notify_tell(notify, NOTIFY_RELOADING, NULL);
	return sent;
}

static void what_the_manager_had_no_room_for_is_sent_later(void **state)
{
	struct notify *notify = start(NULL, NULL);

	notify_beat(notify, SECOND, true, NULL); /* no status is due for half a minute */
	assert_in_range(fill_queue(notify), 1, 99999);
	notify_tell(notify, NOTIFY_READY, "late");
	for (const char *text = heard(); text[0]; text = heard())
		assert_null(strstr(text, "READY"));
	assert_true(notify_is_due(notify, 2 * SECOND));
	notify_beat(notify, 2 * SECOND, true, NULL);
	assert_string_equal(heard(), "READY=1\n");
	notify_beat(notify, 40 * SECOND, true, "late");
	assert_string_equal(heard(), "STATUS=late\n");
	notify_free(notify);
}

static void abstract_sockets_are_reached_too(void **state)
{
	struct notify *notify;
	char name[64], kept[64];

	snprintf(kept, sizeof(kept), "%s", getenv("NOTIFY_SOCKET"));
	close(manager);
	snprintf(name, sizeof(name), "@tetrad-notify-%d", (int)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	name[0] = '\0';
	manager = listen_at(name, 1 + strlen(name + 1));
	notify = start(NULL, NULL);
	notify_tell(notify, NOTIFY_READY, NULL);
	assert_string_equal(heard(), "READY=1\n");
	notify_free(notify);
	setenv("NOTIFY_SOCKET", kept, 1);
}

static void nobody_is_told_without_a_usable_socket(void **state)
{
	static char too_long[200];
	const char *const rows[] = { NULL, "",		"relative", "@",
				     "/",  "vsock:2:1", too_long,   "/nonexistent/notify" };

	memset(too_long, '/', sizeof(too_long) - 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct notify *notify;

		if (rows[i])
			setenv("NOTIFY_SOCKET", rows[i], 1);
		else
			unsetenv("NOTIFY_SOCKET");
		notify = start("10000000", NULL);
		notify_tell(notify, NOTIFY_READY, "fine");
		notify_beat(notify, SECOND, true, "fine");
		assert_row_string(i, heard(), "");
		notify_free(notify);
	}
	notify_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_state_is_a_message, enter, leave),
		cmocka_unit_test_setup_teardown(keep_alives_come_twice_in_the_time_of_the_watchdog,
						enter, leave),
		cmocka_unit_test_setup_teardown(an_agent_that_is_not_well_is_silent_until_it_is,
						enter, leave),
		cmocka_unit_test_setup_teardown(
			the_watchdog_of_another_process_or_of_nonsense_is_no_concern, enter, leave),
		cmocka_unit_test_setup_teardown(
			a_status_is_told_when_it_changed_but_not_more_than_twice_a_minute, enter,
			leave),
		cmocka_unit_test_setup_teardown(a_status_is_one_line_of_bounded_length, enter,
						leave),
		cmocka_unit_test_setup_teardown(what_the_manager_had_no_room_for_is_sent_later,
						enter, leave),
		cmocka_unit_test_setup_teardown(abstract_sockets_are_reached_too, enter, leave),
		cmocka_unit_test_setup_teardown(nobody_is_told_without_a_usable_socket, enter,
						leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
