/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deep_cwd BYTES FILE [ARG...]: goes down through new directories until the path of the current
 * directory has exactly BYTES bytes (without the NUL), then executes FILE (an absolute name).
 */
#include <string.h>
#include <sys/stat.h>

#include "actor.h"

enum { COMPONENT_BYTES_MAX = 200 };

static void enter_new(size_t bytes)
{
	char name[COMPONENT_BYTES_MAX + 1];

	memset(name, 'd', bytes);
	name[bytes] = '\0';
	if (mkdir(name, 0755) != 0 || chdir(name) != 0)
		actor_die(name);
}

int main(int argc, char **argv)
{
	char start[4096];

	actor_need(argc, 2, "deep_cwd BYTES FILE [ARG...]");
	if (getcwd(start, sizeof(start)) == NULL)
		actor_die("getcwd");
	size_t missing = (size_t)actor_number(argv[1]) - strlen(start);
	/* Each component costs its slash; never leave a rest of one byte, which would be a slash
	 * alone. */
	while (missing > COMPONENT_BYTES_MAX + 1) {
		size_t bytes = missing == COMPONENT_BYTES_MAX + 2 ? COMPONENT_BYTES_MAX - 1
								  : COMPONENT_BYTES_MAX;
		enter_new(bytes);
		missing -= bytes + 1;
	}
	enter_new(missing - 1);
	execv(argv[2], argv + 2);
	actor_die(argv[2]);
}
