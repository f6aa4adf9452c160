// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/* A good example for tools/check: goto is allowed here. */
int good(int value)
{
	if (value)
		goto out;
	value = 1;
out:
	return value;
}
