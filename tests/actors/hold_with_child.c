/* SPDX-License-Identifier: Apache-2.0 */
/* hold_with_child FILE FIFO: for each line that it reads from FIFO it runs FILE in a child; ends
 * with the writer. */
#include "actor.h"

int main(int argc, char **argv)
{
	char line[64];

	actor_need(argc, 2, "hold_with_child FILE FIFO");
	FILE *fifo = fopen(argv[2], "r");
	if (fifo == NULL)
		actor_die(argv[2]);
	while (fgets(line, sizeof(line), fifo) != NULL) {
		pid_t child = fork();
		if (child < 0)
			actor_die("fork");
		if (child == 0) {
			execl(argv[1], argv[1], NULL);
			actor_die(argv[1]);
		}
		actor_wait(child);
	}
	return 0;
}
