/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks. Units: nanoseconds. The kernel side stamps with the boot clock (it counts while
 * suspended). */
#pragma once

#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_SECOND 1000000000ULL
#define CLOCK_NS_PER_MS	    1000000ULL

static inline uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* The time AFTER_NS from now; UINT64_MAX: never. */
static inline uint64_t clock_read_deadline_ns(clockid_t clock, uint64_t after_ns)
{
	uint64_t now_ns = clock_read_ns(clock);

	return after_ns < UINT64_MAX - now_ns ? now_ns + after_ns : UINT64_MAX;
}

/* What to add to a boot time to get wall-clock time (Unix epoch), at this moment. */
static inline int64_t clock_boot_to_wall_ns(void)
{
	uint64_t before = clock_read_ns(CLOCK_BOOTTIME);
	uint64_t wall = clock_read_ns(CLOCK_REALTIME);
	uint64_t after = clock_read_ns(CLOCK_BOOTTIME);

	return (int64_t)(wall - (before + (after - before) / 2));
}
