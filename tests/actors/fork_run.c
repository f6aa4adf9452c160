/* SPDX-License-Identifier: Apache-2.0 */
/* fork_run FILE [ARG...]: forks, runs FILE in the child, prints child=PID and ends with the child's
 * status. */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 1, "fork_run FILE [ARG...]");
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
