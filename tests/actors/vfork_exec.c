/* SPDX-License-Identifier: Apache-2.0 */
/* vfork_exec FILE [ARG...]: like fork_run, through vfork: the child shares the parent's memory
 * until it executes. */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 1, "vfork_exec FILE [ARG...]");
	pid_t child = vfork();
	if (child < 0)
		actor_die("vfork");
	if (child == 0) {
		execv(argv[1], argv + 1);
		_exit(125);
	}
	printf("child=%d\n", (int)child);
	return actor_wait(child);
}
