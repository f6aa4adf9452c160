/* SPDX-License-Identifier: Apache-2.0 */
/* chroot_exec ROOT DIR FILE [ARG...]: makes ROOT its root, enters DIR below it, then executes FILE.
 */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 3, "chroot_exec ROOT DIR FILE [ARG...]");
	if (chroot(argv[1]) != 0 || chdir(argv[2]) != 0)
		actor_die(argv[1]);
	execv(argv[3], argv + 3);
	actor_die(argv[3]);
}
