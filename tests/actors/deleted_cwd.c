/* SPDX-License-Identifier: Apache-2.0 */
/* deleted_cwd DIR FILE [ARG...]: enters the empty DIR (an absolute name), removes it, then executes
 * FILE. */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 2, "deleted_cwd DIR FILE [ARG...]");
	if (chdir(argv[1]) != 0 || rmdir(argv[1]) != 0)
		actor_die(argv[1]);
	execv(argv[2], argv + 2);
	actor_die(argv[2]);
}
