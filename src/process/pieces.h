/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long arguments and environments, put together again. In: wire_data records. Out: one run of bytes
 * for the wire_exec record that follows on the same processor.
 *
 * A processor has at most one execve under way between two records, so one place for each is
 * enough; its memory is given back when the run was taken.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "event/record.h"

struct pieces;

int pieces_new(struct pieces **out, unsigned int cpus);
void pieces_free(struct pieces *pieces);

/* A piece behind a hole (one was lost) is left out, like all that follow it. */
void pieces_add(struct pieces *pieces, const struct record *record);

/*
 * What came for PID on CPU, valid until pieces_clear(). Empty when nothing did; pieces of another
 * process, whose own record was lost, are thrown away.
 */
struct span pieces_find(struct pieces *pieces, unsigned int cpu, uint32_t pid,
			enum wire_data_part part);
void pieces_clear(struct pieces *pieces, unsigned int cpu);
