/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How full a ring gets. In: the map of a ring. Out: bytes that wait for the reader, and the most
 * there were. The kernel keeps both positions in the ring's first two pages.
 */
#pragma once

#include <stdint.h>

struct ring_peak {
	const char *pages; /* mapped, read only; NULL: not known */
	uint64_t most;	   /* since it was taken last */
};

/* Nothing is known of a ring that cannot be mapped: no more than figures depend on it. */
void ring_peak_init(struct ring_peak *peak, int map_fd);
void ring_peak_done(struct ring_peak *peak);

uint64_t ring_peak_read(const struct ring_peak *peak);
/* Before the reader takes what waits. */
void ring_peak_note(struct ring_peak *peak);
