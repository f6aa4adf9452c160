/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record bytes from a ring -> a checked view of them. The view points into the bytes it was made
 * from. Nothing is interpreted here; bytes from a ring are checked like bytes from a network.
 */
#pragma once

#include "base/span.h"

#include "wire/hook.h"

struct record {
	enum wire_record_kind kind;
	const struct wire_header *header;
	union {
		const struct wire_fork *fork;
		const struct wire_exec *exec;
		const struct wire_exit *exit;
		const struct wire_data *data;
	};
	/* exec: the parts behind the struct */
	struct span binary, filename, cwd, cgroup, args, environment;
	/* data: the piece */
	struct span piece;
};

/* -EBADMSG: too short, unknown kind, or lengths that do not add up; OUT is untouched then. */
int record_decode(struct record *out, const void *data, size_t bytes);

/* Name of a kind of record, of a reason to drop one, and what to do against that; "" beyond the
 * tables. */
const char *record_kind_name(unsigned int kind);
const char *record_drop_text(unsigned int reason);
const char *record_drop_advice(unsigned int reason);
