/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_loop N FILE: executes FILE N times through vfork, as fast as it can; prints done=how many
 * were executed. */
#include "actor.h"

static int spawn_once(const char *file)
{
	pid_t child = vfork();
	if (child < 0)
		actor_die("vfork");
	if (child == 0) {
		execl(file, file, NULL);
		_exit(125);
	}
	return actor_wait(child);
}

int main(int argc, char **argv)
{
	long done = 0;

	actor_need(argc, 2, "spawn_loop N FILE");
	long wanted = actor_number(argv[1]);
	for (long round = 0; round < wanted; round++)
		done += spawn_once(argv[2]) == 0;
	printf("done=%ld\n", done);
	return 0;
}
