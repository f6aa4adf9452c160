/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence numbers against drop counters, per processor. */
#include "sensor/loss.h"

#include <errno.h>
#include <stdlib.h>

#include "sensor/handover.h"

struct loss_cpu {
	uint64_t sequence; /* of the last record seen */
	uint64_t holes;	   /* numbers that were left out so far */
	uint64_t first;	   /* the first of them that no gap covers; 0: none is left */
	uint64_t reported; /* how many were reported in gaps */
	uint64_t untracked;
	uint64_t counts[WIRE_RECORD_KINDS][WIRE_DROP_REASONS];
};

struct loss {
	unsigned int cpus;
	struct loss_gap totals;
	struct loss_cpu list[];
};

int loss_new(struct loss **out, unsigned int cpus)
{
	struct loss *loss = calloc(1, sizeof(*loss) + cpus * sizeof(loss->list[0]));

	if (!loss)
		return -ENOMEM;
	loss->cpus = cpus;
	*out = loss;
	return 0;
}

void loss_free(struct loss *loss)
{
	free(loss);
}

/* The numbers before SEQUENCE are missing; counters that came early may have covered some already.
 */
static void loss_add_hole(struct loss_cpu *cpu, uint64_t sequence)
{
	uint64_t covered = cpu->reported > cpu->holes ? cpu->reported - cpu->holes : 0;

	cpu->holes += sequence - cpu->sequence - 1;
	if (!cpu->first && cpu->holes > cpu->reported)
		cpu->first = cpu->sequence + 1 + covered;
}

bool loss_note_record(struct loss *loss, const struct wire_header *header)
{
	struct loss_cpu *cpu;

	if (!header->sequence || header->cpu >= loss->cpus)
		return false;
	cpu = &loss->list[header->cpu];
	if (header->sequence <= cpu->sequence) { /* an interrupt's record overtook it */
		cpu->holes -= cpu->holes > cpu->reported && header->sequence < cpu->sequence;
		return false;
	}
	if (header->sequence != cpu->sequence + 1)
		loss_add_hole(cpu, header->sequence);
	cpu->sequence = header->sequence;
	return cpu->holes > cpu->reported;
}

static uint64_t loss_add_counts(struct loss_cpu *cpu, const struct wire_ring_state *state,
				struct loss_gap *out)
{
	uint64_t lost = 0;

	for (int kind = 0; kind < WIRE_RECORD_KINDS; kind++) {
		for (int reason = 0; reason < WIRE_DROP_REASONS; reason++) {
			uint64_t now = state->drops[kind][reason];

			out->counts[kind][reason] = now - cpu->counts[kind][reason];
			cpu->counts[kind][reason] = now;
			lost += out->counts[kind][reason];
		}
	}
	return lost;
}

void loss_add_totals(struct loss_gap *totals, const struct loss_gap *gap)
{
	totals->lost += gap->lost;
	totals->unexplained += gap->unexplained;
	totals->untracked += gap->untracked;
	for (int kind = 0; kind < WIRE_RECORD_KINDS; kind++) {
		for (int reason = 0; reason < WIRE_DROP_REASONS; reason++)
			totals->counts[kind][reason] += gap->counts[kind][reason];
	}
}

bool loss_take_gap(struct loss *loss, unsigned int cpu_number, const struct wire_ring_state *state,
		   bool ring_is_empty, struct loss_gap *out)
{
	struct loss_gap gap = { .cpu = cpu_number };
	struct loss_cpu *cpu = &loss->list[cpu_number];

	gap.lost = loss_add_counts(cpu, state, &gap);
	if (ring_is_empty && cpu->holes > cpu->reported + gap.lost) {
		gap.unexplained = cpu->holes - cpu->reported - gap.lost;
		gap.lost += gap.unexplained;
	}
	gap.untracked = state->untracked - cpu->untracked;
	if (!gap.lost && !gap.untracked)
		return false;
	gap.first_sequence = cpu->first;
	cpu->reported += gap.lost;
	cpu->untracked = state->untracked;
	if (cpu->first)
		cpu->first = cpu->holes > cpu->reported ? cpu->first + gap.lost : 0;
	gap.lost += gap.untracked;
	loss_add_totals(&loss->totals, &gap);
	*out = gap;
	return true;
}

void loss_read_totals(const struct loss *loss, struct loss_gap *out)
{
	*out = loss->totals;
}

size_t loss_get_cpu_bytes(void)
{
	return sizeof(struct loss_cpu);
}

json_t *loss_leave(const struct loss *loss)
{
	json_t *left = json_object();

	json_object_set_new(left, "cpus", json_integer(loss->cpus));
	handover_set_bytes(left, "list", loss->list, loss->cpus * sizeof(loss->list[0]));
	return left;
}

bool loss_take(struct loss *loss, const json_t *left)
{
	return handover_get_uint(left, "cpus") == loss->cpus &&
	       handover_get_bytes(left, "list", loss->list, loss->cpus * sizeof(loss->list[0]));
}
