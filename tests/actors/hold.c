/* SPDX-License-Identifier: Apache-2.0 */
/* hold [ARG...]: waits for a signal; for processes that are older than the agent or outlive a case.
 */
#include <unistd.h>

int main(void)
{
	pause();
	return 0;
}
