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

/* Each record that is no piece, before anything is found for it: numbers left out are counted. */
void pieces_note_record(struct pieces *pieces, const struct wire_header *header);

/* The kernel side stops at the first piece that it loses, so one behind a hole belongs to nothing.
 */
void pieces_add(struct pieces *pieces, const struct record *record);

/*
 * What came for EXEC, valid until pieces_clear(). Empty when nothing did, and when it came for
 * another execve, whose own record was lost: of another process, or more numbers are missing before
 * EXEC, which was noted, than its own lost pieces account for (one per part that fell short).
 */
struct span pieces_find(const struct pieces *pieces, const struct wire_exec *exec,
			enum wire_data_part part);
void pieces_clear(struct pieces *pieces, unsigned int cpu);
