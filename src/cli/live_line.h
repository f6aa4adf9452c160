/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters at the bottom of a terminal, below the events: how many came in the last second, were
 * shown, were lost. In: events that were written. Out: bytes that draw or clear the line, into the
 * same buffer as the events, so that neither can stand in the other.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct live_line {
	bool is_on;
	/* its own */
	bool is_drawn;
	uint64_t shown, lost;
	uint64_t drawn_ns, rate_ns; /* monotonic clock; 0: not yet */
	uint64_t rate_shown;	    /* at rate_ns */
	uint64_t rate;		    /* events a second */
};

/* Before anything else is written. */
void live_line_clear(struct live_line *line, struct buf *out);
/* After what is to be written now; some times a second. */
void live_line_draw(struct live_line *line, struct buf *out, uint64_t now_ns);
