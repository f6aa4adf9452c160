/* SPDX-License-Identifier: Apache-2.0 */
/* What print_rules.c (the whole) and print_tables.c (the forms of tables) share. */
#pragma once

#include "policy/plan_world.h"
#include "policy/rules_read.h"

struct rules_printer {
	struct rules_view view;
	const struct plan_world *world;
	uint32_t bits; /* selectors */
	struct buf *out;
};

/* "{0,2-4}" */
void print_vector(struct rules_printer *printer, uint32_t at);
/* Tables with their rows, indented; the answer for values that are not there is the last row. */
void print_task_table(struct rules_printer *printer, enum wire_task_table table,
		      const struct wire_table *where);
void print_value_table(struct rules_printer *printer, const struct wire_hook_value *value,
		       enum wire_hook_table table, const struct wire_table *where);
