/* SPDX-License-Identifier: Apache-2.0 */
/* One buffer per processor and part; at most WIRE_ARGS_BYTES_MAX each. */
#include "process/pieces.h"

#include <errno.h>

enum { PIECE_PARTS = WIRE_DATA_ENVIRONMENT + 1 };

struct pieces_run {
	struct buf text;
	uint32_t pid;
};

struct pieces_cpu {
	struct pieces_run runs[PIECE_PARTS];
	uint64_t sequence; /* of the last record */
	uint64_t lost;	   /* numbers left out since the last piece */
};

struct pieces {
	unsigned int cpus;
	struct pieces_cpu list[];
};

int pieces_new(struct pieces **out, unsigned int cpus)
{
	struct pieces *pieces = calloc(1, sizeof(*pieces) + cpus * sizeof(pieces->list[0]));

	if (!pieces)
		return -ENOMEM;
	pieces->cpus = cpus;
	*out = pieces;
	return 0;
}

void pieces_clear(struct pieces *pieces, unsigned int cpu)
{
	if (cpu >= pieces->cpus)
		return;
	for (int i = 0; i < PIECE_PARTS; i++)
		buf_done(&pieces->list[cpu].runs[i].text);
}

void pieces_free(struct pieces *pieces)
{
	for (unsigned int i = 0; pieces && i < pieces->cpus; i++)
		pieces_clear(pieces, i);
	free(pieces);
}

void pieces_note_record(struct pieces *pieces, const struct wire_header *header)
{
	struct pieces_cpu *cpu;

	if (header->cpu >= pieces->cpus)
		return;
	cpu = &pieces->list[header->cpu];
	cpu->lost += header->sequence - cpu->sequence - 1;
	cpu->sequence = header->sequence;
	if (cpu->lost > PIECE_PARTS) /* more than any exec explains: what waits is nobody's */
		pieces_clear(pieces, header->cpu);
}

void pieces_add(struct pieces *pieces, const struct record *record)
{
	const struct wire_data *data = record->data;
	struct pieces_cpu *cpu;
	struct pieces_run *run;

	if (record->header->cpu >= pieces->cpus)
		return;
	cpu = &pieces->list[record->header->cpu];
	run = &cpu->runs[data->part];
	pieces_note_record(pieces, record->header);
	/* arguments come first: ahead of the environment only their own lost piece may be missing
	 */
	if (cpu->lost > (data->part == WIRE_DATA_ENVIRONMENT && !data->offset ? 1 : 0))
		pieces_clear(pieces, record->header->cpu);
	cpu->lost = 0;
	if (data->offset == 0) {
		buf_reset(&run->text);
		run->pid = data->pid;
	}
	if (run->pid != data->pid || run->text.bytes != data->offset)
		return;
	buf_add(&run->text, record->piece.data, record->piece.bytes);
}

static bool pieces_fell_short(const struct pieces_cpu *cpu, const struct wire_exec *exec,
			      enum wire_data_part part)
{
	uint32_t total = part == WIRE_DATA_ARGS ? exec->args_total : exec->environment_total;

	if (total < WIRE_INLINE_BYTES_MAX)
		return false;
	return cpu->runs[part].text.bytes <
	       (total < WIRE_ARGS_BYTES_MAX ? total : WIRE_ARGS_BYTES_MAX);
}

struct span pieces_find(const struct pieces *pieces, const struct wire_exec *exec,
			enum wire_data_part part)
{
	const struct pieces_cpu *cpu;
	const struct pieces_run *run;

	if (exec->header.cpu >= pieces->cpus)
		return (struct span){};
	cpu = &pieces->list[exec->header.cpu];
	run = &cpu->runs[part];
	if (run->pid != exec->id.pid ||
	    cpu->lost > pieces_fell_short(cpu, exec, WIRE_DATA_ARGS) +
				(uint64_t)pieces_fell_short(cpu, exec, WIRE_DATA_ENVIRONMENT))
		return (struct span){};
	return (struct span){ run->text.data, run->text.bytes };
}
