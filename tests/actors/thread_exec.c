/* SPDX-License-Identifier: Apache-2.0 */
/* thread_exec FILE [ARG...]: a thread that is not the leader executes FILE; prints thread=TID
 * before it does. */
#include <pthread.h>
#include <sys/syscall.h>

#include "actor.h"

static void *execute(void *argument)
{
	char **argv = argument;

	printf("thread=%ld\n", syscall(SYS_gettid));
	fflush(stdout);
	execv(argv[1], argv + 1);
	actor_die(argv[1]);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	actor_need(argc, 1, "thread_exec FILE [ARG...]");
	if (pthread_create(&thread, NULL, execute, argv) != 0)
		actor_die("pthread_create");
	pthread_join(thread, NULL);
	return 125;
}
