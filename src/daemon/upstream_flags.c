/* SPDX-License-Identifier: Apache-2.0 */
/* Two tables from one file: rows for the options, and what is said about them. */
#include "daemon/upstream_flags.h"

#include <errno.h>
#include <string.h>

static const struct upstream_flag upstream_flags[] = {
#define UPSTREAM_FLAG(name, kind, value, what, reason) { name, UPSTREAM_##what, reason },
#include "daemon/upstream_flags.def"
#undef UPSTREAM_FLAG
};

/* They are in no help: who sets them knows them from upstream. */
static const struct option_row upstream_rows[] = {
#define UPSTREAM_FLAG(name, kind, value, what, reason) { name, 0, OPTION_##kind, 0, value },
#include "daemon/upstream_flags.def"
#undef UPSTREAM_FLAG
};
_Static_assert(sizeof(upstream_rows) / sizeof(upstream_rows[0]) == UPSTREAM_FLAGS, "one each");
_Static_assert(sizeof(struct option_list) >= sizeof(uint64_t), "a slot holds any kind of value");

static const struct {
	const char *name, *verdict;
	size_t lines; /* member of struct upstream_lines */
} upstream_whats[] = {
	[UPSTREAM_IGNORED] = { "ignored", "has no effect",
			       offsetof(struct upstream_lines, remarks) },
	[UPSTREAM_MISSED] = { "missed", "has no effect",
			      offsetof(struct upstream_lines, warnings) },
};
_Static_assert(sizeof(upstream_whats) / sizeof(upstream_whats[0]) == UPSTREAM_WHATS, "one each");

int upstream_flags_add_table(struct options *flags, struct upstream_values *out)
{
	for (size_t i = 0; i < UPSTREAM_FLAGS; i++) {
		int error = options_add_table(flags, &upstream_rows[i], 1, &out->slots[i]);

		if (error)
			return error;
	}
	return 0;
}

const struct upstream_flag *upstream_flag_find(const char *name)
{
	for (size_t i = 0; i < UPSTREAM_FLAGS; i++) {
		if (strcmp(upstream_flags[i].name, name) == 0)
			return &upstream_flags[i];
	}
	return NULL;
}

const char *upstream_what_get_name(enum upstream_what what)
{
	return upstream_whats[what].name;
}

void upstream_flags_check(const struct options *flags, const struct upstream_lines *lines)
{
	for (size_t i = 0; i < UPSTREAM_FLAGS; i++) {
		const struct upstream_flag *flag = &upstream_flags[i];
		struct diag *const *diag =
			(const void *)((const char *)lines + upstream_whats[flag->what].lines);

		if (!options_differs(flags, flag->name))
			continue;
		diag_add(*diag, "--%s (%s) %s: %s", flag->name,
			 options_get_source(flags, flag->name), upstream_whats[flag->what].verdict,
			 flag->reason);
	}
}
