/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags of upstream that are taken and change nothing (upstream_flags.def). In: the flags as they
 * were set. Out: a line for each that asks for more than its default.
 */
#pragma once

#include "base/options.h"

enum upstream_what { UPSTREAM_IGNORED, UPSTREAM_MISSED, UPSTREAM_WHATS };

struct upstream_flag {
	const char *name;
	enum upstream_what what;
	const char *reason;
};

enum {
#define UPSTREAM_FLAG(name, kind, value, what, reason) +1
	UPSTREAM_FLAGS = 0
#include "daemon/upstream_flags.def"
#undef UPSTREAM_FLAG
};

/* Where the values go, which nobody reads. */
struct upstream_values {
	struct option_list slots[UPSTREAM_FLAGS];
};

/* OUT outlives FLAGS. Values are checked as those of other flags. */
int upstream_flags_add_table(struct options *flags, struct upstream_values *out);
/* NULL: NAME means something here, or is no flag at all. */
const struct upstream_flag *upstream_flag_find(const char *name);
/* "ignored", "missed": for documents. */
const char *upstream_what_get_name(enum upstream_what what);

/* Where lines about flags go that were set to something else than upstream's default. */
struct upstream_lines {
	struct diag *warnings; /* MISSED */
	struct diag *remarks;  /* IGNORED */
};

void upstream_flags_check(const struct options *flags, const struct upstream_lines *lines);
