/* SPDX-License-Identifier: Apache-2.0 */
/* What decode.c and decode_value.c share. Decoding functions return false when the arena ended;
 * mistakes go to the report. */
#pragma once

#include "policy/model.h"
#include "policy/report.h"
#include "policy/schema.h"
#include "policy/tree.h"

struct decoder {
	struct arena *arena;
	struct report *report;
};

/* A field on its way: its row, its value, and where it goes. */
struct slot {
	const struct field_row *row;
	const struct tree *value;
	void *member;
	enum field_state state; /* FIELD_GIVEN or FIELD_DEFAULTED */
	bool is_item;		/* the value is one of a list's */
};

bool tree_is_null(const struct tree *tree);
/* The slot of an item of the slot's list. */
struct slot slot_get_item(const struct slot *slot, size_t i);
/* "... is a list; it must be WANTED" */
void decode_report_kind(struct decoder *decoder, const struct slot *slot, const char *wanted);
/* Whether the value is a list of at most MAX items; that it is not was said. */
bool decode_is_list(struct decoder *decoder, const struct slot *slot, size_t max);

bool decode_text(struct decoder *decoder, const struct slot *slot);
bool decode_flag(struct decoder *decoder, const struct slot *slot);
bool decode_number(struct decoder *decoder, const struct slot *slot);
bool decode_word(struct decoder *decoder, const struct slot *slot);
bool decode_texts(struct decoder *decoder, const struct slot *slot);
bool decode_numbers(struct decoder *decoder, const struct slot *slot);
bool decode_labels(struct decoder *decoder, const struct slot *slot);
