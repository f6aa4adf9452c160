/* SPDX-License-Identifier: Apache-2.0 */
/* A bad example for tools/check; nothing builds it. */
#include <string.h>

void copy(char *to, const char *from)
{
	strcpy(to, from);
}
