/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as the kernel side sends them. In: what a test cares about. Out: well-formed bytes, whose
 * fields a test may then change. Numbers that nobody cares about are 0.
 */
#pragma once

#include <stdint.h>

#include "base/span.h"

#include "wire/hook.h"

enum {
	MADE_TEXT_BYTES_MAX =
		3 * WIRE_PATH_BYTES_MAX + WIRE_CGROUP_BYTES_MAX + 2 * WIRE_INLINE_BYTES_MAX
};

struct made_record {
	union {
		struct wire_header header;
		struct wire_fork fork;
		struct wire_exec exec;
		struct wire_exit exit;
		struct wire_data data;
		struct wire_hook_event hook;
		char bytes[sizeof(struct wire_exec) + MADE_TEXT_BYTES_MAX];
	};
};

/* What stands behind a struct wire_exec; zeroed parts are empty. */
struct made_texts {
	struct span binary, filename, cwd, cgroup, args, environment;
};

static inline struct wire_process_id process_id(uint32_t pid, uint64_t exec_ns)
{
	return (struct wire_process_id){ .pid = pid, .exec_ns = exec_ns };
}

/* Times of records are the exec_ns of their process; exits come one second after it. */
void make_fork(struct made_record *out, struct wire_process_id id, struct wire_process_id parent);
void make_exec(struct made_record *out, struct wire_process_id id, struct wire_process_id parent,
	       const struct made_texts *texts);
void make_exit(struct made_record *out, struct wire_process_id id, uint32_t code);
/* PIECE is at most WIRE_DATA_BYTES_MAX long. */
void make_data(struct made_record *out, uint32_t pid, enum wire_data_part part, uint32_t offset,
	       struct span piece);
/* A call that matched the selectors in VECTOR, of WORDS words; without values yet. */
void make_hook(struct made_record *out, struct wire_process_id id, const uint64_t *vector,
	       uint16_t words);
/* Appends a value to a hook record. */
void make_value(struct made_record *out, uint16_t slot, enum wire_value_status status,
		struct span bytes);
