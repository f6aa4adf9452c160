/* SPDX-License-Identifier: Apache-2.0 */
/* as_user UID GID FILE [ARG...]: gives up root for UID and GID, with no other groups, then executes
 * FILE. */
#include <grp.h>

#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 3, "as_user UID GID FILE [ARG...]");
	if (setgroups(0, NULL) != 0 || setgid((gid_t)actor_number(argv[2])) != 0 ||
	    setuid((uid_t)actor_number(argv[1])) != 0)
		actor_die("as_user");
	execv(argv[3], argv + 3);
	actor_die(argv[3]);
}
