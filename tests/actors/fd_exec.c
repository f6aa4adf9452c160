/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd_exec memfd|deleted FILE [ARG...]: executes a copy of FILE that lives in a memfd, or FILE
 * itself after it was unlinked, through /proc/self/fd.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "actor.h"

/* Closed for writing before it is executed: a file that somebody may write gives ETXTBSY. */
static int copy_to_memfd(const char *path)
{
	char link[64];
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int copy = memfd_create("actor", MFD_CLOEXEC);
	if (from < 0 || copy < 0)
		actor_die(path);
	while (sendfile(copy, from, NULL, 1 << 20) > 0)
		;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", copy);
	int fd = open(link, O_RDONLY);
	if (fd < 0)
		actor_die(link);
	close(copy);
	return fd;
}

static int open_and_unlink(const char *path)
{
	int fd = open(path, O_RDONLY);
	if (fd < 0 || unlink(path) != 0)
		actor_die(path);
	return fd;
}

int main(int argc, char **argv)
{
	char link[64];

	actor_need(argc, 2, "fd_exec memfd|deleted FILE [ARG...]");
	int fd = strcmp(argv[1], "memfd") == 0 ? copy_to_memfd(argv[2]) : open_and_unlink(argv[2]);
	/* Always the same number, so that a case can name it. */
	if (dup2(fd, 9) != 9)
		actor_die("dup2");
	snprintf(link, sizeof(link), "/proc/self/fd/9");
	execv(link, argv + 2);
	actor_die(link);
}
