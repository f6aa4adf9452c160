/* SPDX-License-Identifier: Apache-2.0 */
/* Draws and clears the line of counters. */
#include "cli/live_line.h"

#include <inttypes.h>

#include "base/clock.h"

/* A person reads four lines a second, not more. */
#define LIVE_LINE_NS (CLOCK_NS_PER_SECOND / 4)

void live_line_clear(struct live_line *line, struct buf *out)
{
	if (line->is_drawn)
		buf_add_text(out, "\r\x1b[K");
	line->is_drawn = false;
}

static void count_rate(struct live_line *line, uint64_t now_ns)
{
	uint64_t passed = now_ns - line->rate_ns;

	if (line->rate_ns && passed < CLOCK_NS_PER_SECOND)
		return;
	if (line->rate_ns)
		line->rate = (line->shown - line->rate_shown) * CLOCK_NS_PER_SECOND / passed;
	line->rate_ns = now_ns;
	line->rate_shown = line->shown;
}

void live_line_draw(struct live_line *line, struct buf *out, uint64_t now_ns)
{
	if (!line->is_on)
		return;
	count_rate(line, now_ns);
	/* What cleared it drew nothing in its place: it comes back at once, unchanged ones later.
	 */
	if (line->is_drawn && now_ns - line->drawn_ns < LIVE_LINE_NS)
		return;
	live_line_clear(line, out);
	/* Dim, and short enough for narrow terminals: a line that wraps could not be cleared. */
	buf_add_format(out, "\x1b[2m%" PRIu64 "/s  %" PRIu64 " shown  %" PRIu64 " lost\x1b[0m",
		       line->rate, line->shown, line->lost);
	line->drawn_ns = now_ns;
	line->is_drawn = true;
}
