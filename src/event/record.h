/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record bytes from a ring -> a checked view of them. The view points into the bytes it was made
 * from. Nothing is interpreted here; bytes from a ring are checked like bytes from a network.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#include "wire/hook.h"

/* A collected value; what its bytes are depends on the type that the hook's plan gives its slot. */
struct record_value {
	bool is_there; /* else the rest is not set */
	enum wire_value_status status;
	struct span bytes;
};

struct record {
	enum wire_record_kind kind;
	const struct wire_header *header;
	union {
		const struct wire_fork *fork;
		const struct wire_exec *exec;
		const struct wire_exit *exit;
		const struct wire_data *data;
		const struct wire_hook_event *hook;
	};
	/* exec: the parts behind the struct */
	struct span binary, filename, cwd, cgroup, args, environment;
	/* data: the piece */
	struct span piece;
	/* hook: `hook->words` words, bit per selector that matched */
	const uint64_t *vector;
	/* hook: by slot. Of other kinds it is left as it was: too long to be cleared for each
	 * record. */
	struct record_value values[WIRE_HOOK_VALUES_MAX];
};

/* -EBADMSG: too short, unknown kind, or lengths that do not add up; OUT is untouched then. */
int record_decode(struct record *out, const void *data, size_t bytes);

/* Name of a kind of record, of a reason to drop one, and what to do against that; "" beyond the
 * tables. */
const char *record_kind_name(unsigned int kind);
const char *record_drop_text(unsigned int reason);
const char *record_drop_advice(unsigned int reason);
