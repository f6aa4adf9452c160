/* SPDX-License-Identifier: Apache-2.0 */
/*
 * double_fork FILE [ARG...]: a grandchild waits until its parent is gone and another process has
 * taken it in, then executes FILE. Prints child=PID of the grandchild and reaper=PID of its new
 * parent.
 */
#include "actor.h"

/* The pipe closes behind the grandchild when it has executed FILE, so the actor ends after that. */
static _Noreturn void grandchild(pid_t parent, char **argv)
{
	while (getppid() == parent)
		usleep(1000);
	printf("child=%d\nreaper=%d\n", (int)getpid(), (int)getppid());
	fflush(stdout);
	execv(argv[1], argv + 1);
	actor_die(argv[1]);
}

int main(int argc, char **argv)
{
	int ends[2];
	char byte;

	actor_need(argc, 1, "double_fork FILE [ARG...]");
	if (pipe(ends) != 0)
		actor_die("pipe");
	pid_t child = fork();
	if (child < 0)
		actor_die("fork");
	if (child == 0) {
		close(ends[0]);
		pid_t self = getpid();
		if (fork() == 0)
			grandchild(self, argv);
		_exit(0);
	}
	close(ends[1]);
	actor_wait(child);
	return read(ends[0], &byte, 1) == 0 ? 0 : 125;
}
