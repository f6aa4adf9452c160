/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event line without a kernel: records in, one short line of text per event out, so that a test
 * sees what was told and in which order.
 *
 *     exec 5 /bin/sh [-c true] <1 /sbin/init>       process, arguments, parent
 *     exit 5 /bin/sh status 1
 *     exit 9 unknown signal SIGKILL
 *     gap lifecycle 3: exec ring full 2, record unexplained 1
 */
#pragma once

#include "daemon/pipeline.h"

#include "make_record.h"

enum { RUN_CPUS = 2 };

struct run {
	struct pipeline pipeline;
	struct buf told;
	struct wire_ring_state states[RUN_CPUS]; /* what the kernel side has counted */
	uint64_t sequences[RUN_CPUS];
	uint64_t call_sequences[RUN_CPUS]; /* of the other ring */
	uint64_t bad_json;		   /* events whose JSON could not be read again */
	struct made_record made;
};

/* RUN is zeroed memory. 0 or a negative errno. */
int run_init(struct run *run, uint32_t process_cache_size);
void run_done(struct run *run);

/* Sends `made` with the next number of its processor; exactly its bytes, on the heap. */
void run_send(struct run *run);
void run_seed(struct run *run);
void run_fork(struct run *run, struct wire_process_id id, struct wire_process_id parent);
void run_exec(struct run *run, struct wire_process_id id, struct wire_process_id parent,
	      struct wire_process_id previous, const struct made_texts *texts);
void run_exit(struct run *run, struct wire_process_id id, uint32_t code);
/* Of a hooked function, for no policy. */
void run_call(struct run *run, struct wire_process_id id);

/* What was told since the last call, valid until the next. */
const char *run_told(struct run *run);
