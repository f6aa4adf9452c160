/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn_clock N FILE: executes FILE N times, one after another, and prints the nanoseconds that one
 * fork, exec and exit took on average. On the deterministic clock a nanosecond is an instruction.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	long long start;

	if (count <= 0) {
		fputs("usage: spawn_clock N FILE\n", stderr);
		return 2;
	}
	start = now_ns();
	for (long i = 0; i < count; i++) {
		int status = -1;
		pid_t pid = vfork();

		if (pid == 0) {
			execl(argv[2], argv[2], (char *)NULL);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
			perror("spawn_clock");
			return 1;
		}
	}
	printf("%lld\n", (now_ns() - start) / count);
	return 0;
}
