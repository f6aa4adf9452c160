/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many_args KIB FILE: executes FILE with KIB arguments of 1,023 bytes each (1 KiB with the NUL):
 * six digits that count from 000000, then only x.
 */
#include <string.h>

#include "actor.h"

enum { ARGUMENT_BYTES = 1024 };

int main(int argc, char **argv)
{
	actor_need(argc, 2, "many_args KIB FILE");
	long count = actor_number(argv[1]);
	char **arguments = calloc((size_t)count + 2, sizeof(*arguments));
	char *text = malloc((size_t)count * ARGUMENT_BYTES);
	if (arguments == NULL || text == NULL)
		actor_die("many_args");
	arguments[0] = argv[2];
	for (long index = 0; index < count; index++) {
		char *argument = text + index * ARGUMENT_BYTES;
		memset(argument, 'x', ARGUMENT_BYTES - 1);
		argument[ARGUMENT_BYTES - 1] = '\0';
		char digits[8];
		snprintf(digits, sizeof(digits), "%06ld", index % 1000000);
		memcpy(argument, digits, 6);
		arguments[index + 1] = argument;
	}
	execv(argv[2], arguments);
	actor_die(argv[2]);
}
