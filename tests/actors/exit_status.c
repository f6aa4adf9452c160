/* SPDX-License-Identifier: Apache-2.0 */
/* exit_status N: ends with status N. */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 1, "exit_status N");
	return (int)actor_number(argv[1]);
}
