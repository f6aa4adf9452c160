/* SPDX-License-Identifier: Apache-2.0 */
/* One buffer per processor and part; at most WIRE_ARGS_BYTES_MAX each. */
#include "process/pieces.h"

#include <errno.h>

enum { PIECE_PARTS = WIRE_DATA_ENVIRONMENT + 1 };

struct pieces_run {
	struct buf text;
	uint32_t pid;
};

struct pieces {
	unsigned int cpus;
	struct pieces_run runs[][PIECE_PARTS];
};

int pieces_new(struct pieces **out, unsigned int cpus)
{
	struct pieces *pieces = calloc(1, sizeof(*pieces) + cpus * sizeof(pieces->runs[0]));

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
		buf_done(&pieces->runs[cpu][i].text);
}

void pieces_free(struct pieces *pieces)
{
	for (unsigned int i = 0; pieces && i < pieces->cpus; i++)
		pieces_clear(pieces, i);
	free(pieces);
}

void pieces_add(struct pieces *pieces, const struct record *record)
{
	const struct wire_data *data = record->data;
	struct pieces_run *run;

	if (record->header->cpu >= pieces->cpus)
		return;
	run = &pieces->runs[record->header->cpu][data->part];
	if (data->offset == 0) {
		buf_reset(&run->text);
		run->pid = data->pid;
	}
	if (run->pid != data->pid || run->text.bytes != data->offset)
		return;
	buf_add(&run->text, record->piece.data, record->piece.bytes);
}

struct span pieces_find(struct pieces *pieces, unsigned int cpu, uint32_t pid,
			enum wire_data_part part)
{
	struct pieces_run *run;

	if (cpu >= pieces->cpus)
		return (struct span){};
	run = &pieces->runs[cpu][part];
	if (run->pid != pid)
		buf_reset(&run->text);
	return (struct span){ run->text.data, run->text.bytes };
}
