/* SPDX-License-Identifier: Apache-2.0 */
/* open_clock N FILE: opens and closes FILE N times; prints nanoseconds of the clock for one of
 * them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
		fputs("usage: open_clock N FILE\n", stderr);
		return 2;
	}
	start = now_ns();
	for (long i = 0; i < count; i++) {
		int fd = open(argv[2], O_RDONLY);

		if (fd < 0) {
			perror(argv[2]);
			return 1;
		}
		close(fd);
	}
	printf("%lld\n", (now_ns() - start) / count);
	return 0;
}
