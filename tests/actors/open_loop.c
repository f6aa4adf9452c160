/* SPDX-License-Identifier: Apache-2.0 */
/* open_loop N FILE [FLAG]: opens FILE N times by openat(2), as fast as it can; prints done=how many
 * times that went well. With FLAG, a file, it goes on in rounds of N until FILE FLAG is there. */
#include <fcntl.h>

#include "actor.h"

static long open_round(long wanted, const char *path)
{
	long done = 0;

	for (long round = 0; round < wanted; round++) {
		int fd = openat(AT_FDCWD, path, O_RDONLY);

		if (fd < 0)
			continue;
		close(fd);
		done++;
	}
	return done;
}

int main(int argc, char **argv)
{
	long done = 0;

	actor_need(argc, 2, "open_loop N FILE [FLAG]");
	do
		done += open_round(actor_number(argv[1]), argv[2]);
	while (argc > 3 && access(argv[3], F_OK) != 0);
	printf("done=%ld\n", done);
	return 0;
}
