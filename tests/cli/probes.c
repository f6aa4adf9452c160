/* SPDX-License-Identifier: Apache-2.0 */
/* An executable with a few functions and static probes, for `tetra tracingpolicy generate`. It is
 * linked without a C library so that its symbols are these alone; it is never run. */

/* A note of <sys/sdt.h>'s form, written out so that the header need not be installed. */
#define PROBE(provider, name)                                                          \
	__asm__ volatile("990: nop\n"                                                  \
			 ".pushsection .note.stapsdt, \"?\", \"note\"\n"               \
			 ".balign 4\n.4byte 992f-991f, 994f-993f, 3\n"                 \
			 "991: .asciz \"stapsdt\"\n992: .balign 4\n"                   \
			 "993: .8byte 990b, 0, 0\n"                                    \
			 ".asciz \"" provider "\"\n.asciz \"" name "\"\n.asciz \"\"\n" \
			 "994: .balign 4\n.popsection\n")

void work_begin(void);
void work_end(void);
void _start(void);

void work_begin(void)
{
	PROBE("work", "begin");
	PROBE("work", "again");
}

/* A probe may have several places. */
void work_end(void)
{
	PROBE("work", "begin");
	PROBE("work", "end");
}

void _start(void)
{
}
