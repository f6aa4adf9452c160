/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill_in_exec N SPAN_US FILE: N times, a child executes FILE and its parent kills it, each time a
 * little later until SPAN_US microseconds after the fork: SIGKILL meets it before, in and after
 * execve. Prints done=N and killed=how many did not get to end by themselves.
 */
#include <signal.h>
#include <time.h>

#include "actor.h"

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int run_and_kill(const char *file, long delay_us)
{
	pid_t child = fork();
	if (child < 0)
		actor_die("fork");
	if (child == 0) {
		execl(file, file, NULL);
		_exit(125);
	}
	/* Busy: a timer's own delay would be longer than the moments that matter here. */
	for (long end = now_us() + delay_us; now_us() < end;)
		;
	kill(child, SIGKILL);
	return actor_wait(child);
}

int main(int argc, char **argv)
{
	long killed = 0;

	actor_need(argc, 3, "kill_in_exec N SPAN_US FILE");
	long count = actor_number(argv[1]);
	long span_us = actor_number(argv[2]);
	for (long round = 0; round < count; round++)
		killed += run_and_kill(argv[3], span_us * round / count) != 0;
	printf("done=%ld\nkilled=%ld\n", count, killed);
	return 0;
}
