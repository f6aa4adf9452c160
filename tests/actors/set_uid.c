/* SPDX-License-Identifier: Apache-2.0 */
/* set_uid N: setuid(N). */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 1, "set_uid N");
	if (setuid((uid_t)actor_number(argv[1])))
		actor_die("setuid");
	return 0;
}
