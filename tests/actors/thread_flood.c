/* SPDX-License-Identifier: Apache-2.0 */
/* thread_flood N: starts and ends N threads, one after the other, then ends with status 0. */
#include <pthread.h>

#include "actor.h"

static void *nothing(void *argument)
{
	return argument;
}

int main(int argc, char **argv)
{
	actor_need(argc, 1, "thread_flood N");
	for (long count = actor_number(argv[1]); count > 0; count--) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, nothing, NULL) != 0)
			actor_die("pthread_create");
		pthread_join(thread, NULL);
	}
	return 0;
}
