/* SPDX-License-Identifier: Apache-2.0 */
/* The bucket as the moment at which it is full again. */
#include "output/limit.h"

#include "base/clock.h"

#define MINUTE_NS (60 * CLOCK_NS_PER_SECOND)

static bool limit_has_room(struct output_limit *limit, uint64_t now_ns)
{
	uint64_t cost_ns;

	if (!limit->per_minute)
		return false;
	cost_ns = MINUTE_NS / limit->per_minute;
	if (limit->full_ns < now_ns)
		limit->full_ns = now_ns;
	if (limit->full_ns + cost_ns > now_ns + MINUTE_NS)
		return false;
	limit->full_ns += cost_ns;
	return true;
}

bool output_limit_take(struct output_limit *limit, uint64_t now_ns, uint64_t count)
{
	if (!limit->is_limited || limit_has_room(limit, now_ns))
		return true;
	limit->dropped += count;
	limit->dropped_untold += count;
	return false;
}

uint64_t output_limit_take_dropped(struct output_limit *limit, uint64_t now_ns)
{
	uint64_t dropped = limit->dropped_untold;

	bool is_early =
		now_ns != UINT64_MAX && limit->told_ns && now_ns - limit->told_ns < MINUTE_NS;

	if (!dropped || is_early)
		return 0;
	limit->told_ns = now_ns;
	limit->dropped_untold = 0;
	return dropped;
}
