/* SPDX-License-Identifier: Apache-2.0 */
/* pid_reuse FILE: two processes, one after the other, get the same pid and run FILE; prints
 * pid=PID. */
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "actor.h"

/* A pid that was free a moment ago: that of a child that has just been waited for. */
static pid_t free_pid(void)
{
	pid_t child = fork();
	if (child < 0)
		actor_die("fork");
	if (child == 0)
		_exit(0);
	actor_wait(child);
	return child;
}

/* clone3 with set_tid needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. */
static int run_as(pid_t pid, const char *file, const char *word)
{
	struct clone_args arguments = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	long child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child < 0)
		actor_die("clone3");
	if (child == 0) {
		execl(file, file, word, NULL);
		actor_die(file);
	}
	return actor_wait((pid_t)child);
}

int main(int argc, char **argv)
{
	actor_need(argc, 1, "pid_reuse FILE");
	pid_t pid = free_pid();
	printf("pid=%d\n", (int)pid);
	return run_as(pid, argv[1], "first") + run_as(pid, argv[1], "second");
}
