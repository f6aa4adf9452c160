/* SPDX-License-Identifier: Apache-2.0 */
/* A bad example for tools/check; nothing builds it. */
int jump(int value)
{
	if (value)
		goto out;
	value = 1;
out:
	return value;
}
