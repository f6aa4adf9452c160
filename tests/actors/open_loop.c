/* SPDX-License-Identifier: Apache-2.0 */
/* open_loop N FILE [US]: opens FILE N times by openat(2); after each hundred it rests US
 * microseconds, so that whoever counts can follow. Prints done=how many times that went well. */
#include <fcntl.h>

#include "actor.h"

#define ROUND 100

int main(int argc, char **argv)
{
	long done = 0;

	actor_need(argc, 2, "open_loop N FILE [US]");
	long wanted = actor_number(argv[1]);
	useconds_t rest = argc > 3 ? (useconds_t)actor_number(argv[3]) : 0;
	for (long i = 1; i <= wanted; i++) {
		int fd = openat(AT_FDCWD, argv[2], O_RDONLY);

		if (fd >= 0) {
			close(fd);
			done++;
		}
		if (rest && i % ROUND == 0)
			usleep(rest);
	}
	printf("done=%ld\n", done);
	return 0;
}
