/* SPDX-License-Identifier: Apache-2.0 */
/* fork, a pipe, and a clock. */
#include "cli/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

enum { STEP_BYTES = 65536, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128 };

/* Reads until the end, the limit or the deadline. */
static void collect_read(struct collected *out, const struct collect_limits *limits, int fd)
{
	uint64_t end_ns = clock_read_deadline_ns(CLOCK_MONOTONIC, limits->timeout_ns);

	for (;;) {
		uint64_t now_ns = clock_read_ns(CLOCK_MONOTONIC);
		struct pollfd source = { .fd = fd, .events = POLLIN };
		size_t room = limits->bytes_max - out->data.bytes;
		uint64_t ms = now_ns < end_ns ? (end_ns - now_ns) / CLOCK_NS_PER_MS + 1 : 0;
		ssize_t got;

		out->has_timed_out = !ms || !poll(&source, 1, ms < INT_MAX ? (int)ms : INT_MAX);
		out->is_cut = !room;
		if (out->has_timed_out || !room || !buf_reserve(&out->data, STEP_BYTES))
			return;
		got = read(fd, out->data.data + out->data.bytes,
			   room < STEP_BYTES ? room : STEP_BYTES);
		if (got == 0 || (got < 0 && errno != EINTR))
			return;
		if (got > 0)
			out->data.bytes += (size_t)got;
	}
}

/* Its whole group, for commands have children. One that does not even die, because it waits for a
 * device, is left to process 1. */
static void collect_end(struct collected *out, pid_t child)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int status = 0;

	if (out->has_timed_out || out->is_cut)
		kill(-child, SIGKILL);
	for (int round = 0; round < 100; round++) {
		if (waitpid(child, &status, WNOHANG) != 0)
			break;
		if (round == 50) /* its output ended, it does not */
			kill(-child, SIGKILL);
		nanosleep(&pause, NULL);
	}
	out->status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status);
}

int collect_function(struct collected *out, const struct collect_limits *limits,
		     collect_fn function, const void *argument)
{
	_cleanup_close_ int reader = -1;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	reader = ends[0];
	fflush(NULL); /* what waits there would be written twice */
	child = fork();
	if (child < 0) {
		close(ends[1]);
		return -errno;
	}
	if (child == 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		int status;

		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(ends[1], STDOUT_FILENO) < 0 ||
		    dup2(ends[1], STDERR_FILENO) < 0)
			_exit(STATUS_NOT_FOUND);
		status = function(argument);
		fflush(NULL);
		_exit(status);
	}
	setpgid(child, child);
	close(ends[1]);
	collect_read(out, limits, reader);
	collect_end(out, child);
	return 0;
}

static int collect_execute(const void *argument)
{
	char *const *argv = argument;

	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	printf("cannot run \"%s\": %s\n", argv[0], strerror(errno));
	return STATUS_NOT_FOUND;
}

int collect_command(struct collected *out, const struct collect_limits *limits, char *const *argv)
{
	return collect_function(out, limits, collect_execute, argv);
}
