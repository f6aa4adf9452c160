/* SPDX-License-Identifier: Apache-2.0 */
/* exec FILE [ARG...]: replaces itself by FILE, without a fork. */
#include "actor.h"

int main(int argc, char **argv)
{
	actor_need(argc, 1, "exec FILE [ARG...]");
	execv(argv[1], argv + 1);
	actor_die(argv[1]);
}
