/* SPDX-License-Identifier: Apache-2.0 */
/* open_file FILE...: opens each FILE for reading by openat(2) and closes it; prints
 * result=descriptor or negative errno of the last one. */
#include <errno.h>
#include <fcntl.h>

#include "actor.h"

int main(int argc, char **argv)
{
	int result = 0;

	actor_need(argc, 1, "open_file FILE...");
	for (int i = 1; i < argc; i++) {
		result = openat(AT_FDCWD, argv[i], O_RDONLY);
		if (result < 0)
			result = -errno;
		else
			close(result);
	}
	printf("result=%d\n", result);
	return 0;
}
