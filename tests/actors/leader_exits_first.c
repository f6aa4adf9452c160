/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leader_exits_first N: the group's leader leaves; the other thread, once it sees the leader as a
 * zombie, ends the group with status N.
 */
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>

#include "actor.h"

static int wanted_status;

/* The state letter of the leader stands behind the last parenthesis of its stat line. */
static int leader_is_zombie(void)
{
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	FILE *file = fopen(path, "r");
	if (file == NULL)
		actor_die(path);
	if (fgets(line, sizeof(line), file) == NULL)
		actor_die(path);
	fclose(file);
	const char *end = strrchr(line, ')');
	return end != NULL && end[2] == 'Z';
}

static void *outlive(void *argument)
{
	while (!leader_is_zombie())
		usleep(1000);
	_exit(wanted_status);
	return argument;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	actor_need(argc, 1, "leader_exits_first N");
	wanted_status = (int)actor_number(argv[1]);
	if (pthread_create(&thread, NULL, outlive, NULL) != 0)
		actor_die("pthread_create");
	syscall(SYS_exit, 0);
	return 125;
}
