/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What never reached us. In: the sequence number of each record, and the kernel side's own
 * counters. Out: gaps.
 *
 * The counters say how much was lost and why, the numbers prove that nothing else was: a hole that
 * no counter explains is reported as such.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "wire/record.h"

struct loss_gap {
	unsigned int cpu;
	uint64_t first_sequence; /* of the first hole seen in it; 0: not seen yet, only counted */
	uint64_t lost;
	uint64_t counts[WIRE_RECORD_KINDS][WIRE_DROP_REASONS];
	uint64_t unexplained;
	uint64_t untracked; /* processes that found the kernel's process map full; in `lost` too */
};

struct loss;

int loss_new(struct loss **out, unsigned int cpus);
void loss_free(struct loss *loss);

/* Notes a record. True: numbers are missing before it that no gap reported so far covers. */
bool loss_note_record(struct loss *loss, const struct wire_header *header);

/*
 * Compares with the counters of processor CPU. True: OUT is a new gap. With RING_IS_EMPTY all that
 * was sent before the counters were read has been noted, so holes beyond them are unexplained.
 */
bool loss_take_gap(struct loss *loss, unsigned int cpu, const struct wire_ring_state *state,
		   bool ring_is_empty, struct loss_gap *out);

/* All that was lost since the start, over all processors. */
void loss_read_totals(const struct loss *loss, struct loss_gap *out);

void loss_add_totals(struct loss_gap *totals, const struct loss_gap *gap);

/* Where the counting stands, for the next agent; NULL: no memory. */
/* Of what is left for each processor; changes with its form. */
size_t loss_get_cpu_bytes(void);
json_t *loss_leave(const struct loss *loss);
/* Goes on from there; of a LOSS that has noted nothing yet. False: that is no such place. */
bool loss_take(struct loss *loss, const json_t *left);
