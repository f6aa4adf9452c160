/* SPDX-License-Identifier: Apache-2.0 */
/* true: does nothing, successfully. The smallest thing that can be executed. */
int main(void)
{
	return 0;
}
