/* SPDX-License-Identifier: Apache-2.0 */
/* moved_cwd DIR NEW FILE [ARG...]: enters DIR, renames it to NEW (an absolute name), then executes
 * FILE. */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 3, "moved_cwd DIR NEW FILE [ARG...]");
	if (chdir(argv[1]) != 0 || rename(argv[1], argv[2]) != 0)
		actor_die(argv[1]);
	execv(argv[3], argv + 3);
	actor_die(argv[3]);
}
