/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Records into a ring. Each takes the next number of its processor first; if it then
 * finds no room, its number stays out and the reason is counted: the reader sees the gap and knows
 * why.
 */
#pragma once

#include "lib/maps.h"

static __always_inline struct wire_ring_state *emit_ring_state(__u32 ring)
{
	return bpf_map_lookup_elem(&ring_states, &ring);
}

static __always_inline __u64 emit_wakeup_flags(void)
{
	return reader_polls;
}

static __always_inline void emit_header(struct wire_ring_state *state, struct wire_header *header,
					enum wire_record_kind kind, __u32 bytes)
{
	header->bytes = bytes;
	header->kind = kind;
	header->cpu = bpf_get_smp_processor_id();
	header->sequence = state->sequence;
	header->time_ns = bpf_ktime_get_boot_ns();
}

static __always_inline void emit_drop(struct wire_ring_state *state, enum wire_record_kind kind,
				      enum wire_drop_reason reason)
{
	state->drops[kind][reason]++;
}

/* Room for a record of fixed size in the lifecycle ring, with its header filled; NULL: counted as
 * lost. */
static __always_inline void *emit_reserve(struct wire_ring_state *state, enum wire_record_kind kind,
					  __u32 bytes)
{
	struct wire_header *header = bpf_ringbuf_reserve(&lifecycle_ring, bytes, 0);

	state->sequence++;
	if (!header) {
		emit_drop(state, kind, WIRE_DROP_RING_FULL);
		return NULL;
	}
	emit_header(state, header, kind, bytes);
	return header;
}

static __always_inline void emit_submit(void *record)
{
	bpf_ringbuf_submit(record, emit_wakeup_flags());
}
