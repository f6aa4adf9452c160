/* SPDX-License-Identifier: Apache-2.0 */
/* A good example for tools/check: it holds every rule; nothing builds it. */
#include "base/good.h"

#include <stdio.h>

/* TODO(base): an owner is named here; words like goto or strcpy(a, b) do no harm in comments. */
int good_print(char *text, size_t bytes)
{
	return snprintf(text, bytes, "system(%s)", "goto");
}
