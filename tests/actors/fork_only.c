/* SPDX-License-Identifier: Apache-2.0 */
/* fork_only N: forks a child that executes nothing and ends with status N; prints child=PID, ends
 * with N too. */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 1, "fork_only N");
	pid_t child = fork();
	if (child < 0)
		actor_die("fork");
	if (child == 0)
		_exit((int)actor_number(argv[1]));
	printf("child=%d\n", (int)child);
	return actor_wait(child);
}
