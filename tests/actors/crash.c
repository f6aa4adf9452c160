/* SPDX-License-Identifier: Apache-2.0 */
/* crash: ends by writing to address zero, and leaves a core dump to whom core_pattern names. */
int main(void)
{
	*(volatile int *)0 = 1;
	return 125;
}
