/* SPDX-License-Identifier: Apache-2.0 */
/* kill_self SIGNAL: is ended by its own signal (a number). */
#include <signal.h>
#include <sys/prctl.h>

#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 1, "kill_self SIGNAL");
	/* A core file would only slow the case down; the core-dump bit of the status is not what is
	 * tested. */
	prctl(PR_SET_DUMPABLE, 0);
	kill(getpid(), (int)actor_number(argv[1]));
	pause();
	return 125;
}
