/* SPDX-License-Identifier: Apache-2.0 */
/*
 * So many events a minute, as upstream counts them: a bucket that holds a minute's worth and fills
 * evenly. In: the moment of an event. Out: whether it may go, and how many might not.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct output_limit {
	bool is_limited;     /* false: all go */
	uint64_t per_minute; /* 0: nothing goes */
	/* its own */
	uint64_t full_ns; /* when the bucket is full again; any clock that never goes back */
	uint64_t told_ns;
	uint64_t dropped, dropped_untold;
};

/* COUNT: how many the event stands for, if it is dropped; it takes the place of one. */
bool output_limit_take(struct output_limit *limit, uint64_t now_ns, uint64_t count);
/* Once a minute at most: what was dropped since the last time; 0: nothing, or it is too early.
 * NOW_NS UINT64_MAX: it never is. */
uint64_t output_limit_take_dropped(struct output_limit *limit, uint64_t now_ns);
