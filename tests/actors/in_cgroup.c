/* SPDX-License-Identifier: Apache-2.0 */
/* in_cgroup DIR FILE [ARG...]: moves itself into the cgroup whose directory is DIR, then executes
 * FILE. */
#include <fcntl.h>

#include "actor.h"

int main(int argc, char **argv)
{
	char path[4096];

	actor_need(argc, 2, "in_cgroup DIR FILE [ARG...]");
	snprintf(path, sizeof(path), "%s/cgroup.procs", argv[1]);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		actor_die(path);
	execv(argv[2], argv + 2);
	actor_die(argv[2]);
}
