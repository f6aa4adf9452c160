/* SPDX-License-Identifier: Apache-2.0 */
/*
 * in_pid_ns FILE [ARG...]: runs FILE as process 1 of a new pid namespace; prints child=PID (as seen
 * here) and ends with the child's status.
 */
#include <sched.h>

#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 1, "in_pid_ns FILE [ARG...]");
	if (unshare(CLONE_NEWPID) != 0)
		actor_die("unshare");
	pid_t child = fork();
	if (child < 0)
		actor_die("fork");
	if (child == 0) {
		execv(argv[1], argv + 1);
		actor_die(argv[1]);
	}
	printf("child=%d\n", (int)child);
	return actor_wait(child);
}
