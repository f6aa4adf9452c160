/* SPDX-License-Identifier: Apache-2.0 */
/* Two positions, each on a page of its own (kernel/bpf/ringbuf.c, struct bpf_ringbuf). */
#include "sensor/ring_peak.h"

#include <sys/mman.h>
#include <unistd.h>

void ring_peak_init(struct ring_peak *peak, int map_fd)
{
	size_t bytes = 2 * (size_t)sysconf(_SC_PAGESIZE);
	void *pages = mmap(NULL, bytes, PROT_READ, MAP_SHARED, map_fd, 0);

	*peak = (struct ring_peak){ .pages = pages == MAP_FAILED ? NULL : pages };
}

void ring_peak_done(struct ring_peak *peak)
{
	if (peak->pages)
		munmap((void *)peak->pages, 2 * (size_t)sysconf(_SC_PAGESIZE));
}

uint64_t ring_peak_read(const struct ring_peak *peak)
{
	const unsigned long *consumer = (const void *)peak->pages, *producer;
	unsigned long taken, sent;

	if (!peak->pages)
		return 0;
	producer = (const void *)(peak->pages + sysconf(_SC_PAGESIZE));
	taken = __atomic_load_n(consumer, __ATOMIC_ACQUIRE);
	sent = __atomic_load_n(producer, __ATOMIC_ACQUIRE);
	return sent - taken;
}

void ring_peak_note(struct ring_peak *peak)
{
	uint64_t now = ring_peak_read(peak);

	if (now > peak->most)
		peak->most = now;
}
