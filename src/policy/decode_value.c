/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that are no objects: text, truth values, numbers, words, and lists of them. */
#include "policy/decoder.h"

#include <stdio.h>

#include "policy/limits.h"

bool tree_is_null(const struct tree *tree)
{
	return tree->kind == TREE_SCALAR && tree->scalar.kind == SCALAR_NULL;
}

/* Goes before the field's name. */
static const char *slot_get_words(const struct slot *slot)
{
	return slot->is_item ? "an item of " : "";
}

void decode_report_kind(struct decoder *decoder, const struct slot *slot, const char *wanted)
{
	const struct tree *value = slot->value;
	struct finding *finding;

	finding = report_error(decoder->report, value->place, "%s\"%s\" is %s; it must be %s",
			       slot_get_words(slot), slot->row->name, tree_get_kind_words(value),
			       wanted);
	if (value->kind == TREE_SCALAR && value->scalar.kind == SCALAR_TEXT &&
	    scalar_resolve(value->text).kind != SCALAR_TEXT)
		finding_hint(finding, "without quotes it is %s",
			     tree_get_kind_words(
				     &(struct tree){ .scalar = scalar_resolve(value->text) }));
	else if (value->kind == TREE_MAP && value->count && slot->row->kind >= FIELD_OBJECT)
		finding_hint(finding, "each item begins with \"- \"");
}

/* Text that Kubernetes would take from a number or truth value in a file. */
static const char *decode_write_scalar(struct decoder *decoder, const struct tree *value, char *out,
				       size_t bytes)
{
	const struct scalar *scalar = &value->scalar;

	if (scalar->kind == SCALAR_BOOL)
		return scalar->truth ? "true" : "false";
	if (scalar->kind != SCALAR_INT)
		return value->text.data;
	snprintf(out, bytes, "%s%llu", scalar->is_negative ? "-" : "",
		 (unsigned long long)scalar->magnitude);
	return out;
}

static bool decode_has_nul(struct span text)
{
	return memchr(text.data, 0, text.bytes) != NULL;
}

/* VALUE becomes text. SUBJECT: the field or "an item of ...", for messages. */
static bool decode_one_text(struct decoder *decoder, const struct slot *slot,
			    struct policy_text *out)
{
	const struct tree *value = slot->value;
	struct span text = value->text;
	char number[32];

	*out = (struct policy_text){ .data = "", .state = FIELD_BAD, .place = value->place };
	if (value->kind != TREE_SCALAR || tree_is_null(value)) {
		decode_report_kind(decoder, slot, "text");
		return true;
	}
	if (text.bytes > POLICY_TEXT_BYTES_MAX) {
		report_error(decoder->report, value->place,
			     "this text has %zu bytes; \"%s\" takes at most %u", text.bytes,
			     slot->row->name, POLICY_TEXT_BYTES_MAX);
		return true;
	}
	if (slot->row->kind != FIELD_VALUES && decode_has_nul(text)) {
		report_error(decoder->report, value->place, "\"%s\" has a NUL inside",
			     slot->row->name);
		return true;
	}
	if (value->scalar.kind != SCALAR_TEXT) {
		text = span_of(decode_write_scalar(decoder, value, number, sizeof(number)));
		finding_hint(
			report_warning(decoder->report, value->place,
				       "%s\"%s\" is %s where text is wanted", slot_get_words(slot),
				       slot->row->name, tree_get_kind_words(value)),
			"\"%s\" is taken; Kubernetes refuses it without the quotes", text.data);
	}
	out->data = arena_copy(decoder->arena, text);
	out->bytes = text.bytes;
	out->state = slot->state;
	return out->data != NULL;
}

bool decode_text(struct decoder *decoder, const struct slot *slot)
{
	return decode_one_text(decoder, slot, slot->member);
}

bool decode_flag(struct decoder *decoder, const struct slot *slot)
{
	struct policy_flag *flag = slot->member;
	const struct tree *value = slot->value;

	flag->place = value->place;
	flag->state = slot->state;
	flag->value = value->scalar.truth;
	if (value->kind != TREE_SCALAR || value->scalar.kind != SCALAR_BOOL) {
		decode_report_kind(decoder, slot, "true or false");
		flag->state = FIELD_BAD;
	}
	return true;
}

struct number_range {
	int64_t min, max;
};

static struct number_range decode_get_range(enum field_kind kind)
{
	if (kind == FIELD_INT32)
		return (struct number_range){ INT32_MIN, INT32_MAX };
	if (kind == FIELD_INDEX || kind == FIELD_NUMBERS_INDEX)
		return (struct number_range){ 0, INT32_MAX };
	return (struct number_range){ INT64_MIN, INT64_MAX };
}

static bool scalar_get_int64(const struct scalar *scalar, int64_t *out)
{
	if (scalar->is_negative)
		*out = (int64_t)(0 - scalar->magnitude);
	else
		*out = (int64_t)scalar->magnitude;
	return scalar->magnitude <= (uint64_t)INT64_MAX + scalar->is_negative;
}

static bool decode_one_number(struct decoder *decoder, const struct slot *slot,
			      struct policy_number *out)
{
	struct number_range range = decode_get_range(slot->row->kind);
	const struct tree *value = slot->value;

	*out = (struct policy_number){ .state = FIELD_BAD, .place = value->place };
	if (value->kind != TREE_SCALAR || value->scalar.kind != SCALAR_INT) {
		decode_report_kind(decoder, slot, "a whole number");
		return true;
	}
	if (!scalar_get_int64(&value->scalar, &out->value) || out->value < range.min ||
	    out->value > range.max) {
		report_error(decoder->report, value->place,
			     "%s\"%s\" is %s; it must be between %lld and %lld",
			     slot_get_words(slot), slot->row->name,
			     value->text.bytes < 24 ? value->text.data : "out of range",
			     (long long)range.min, (long long)range.max);
		return true;
	}
	out->state = slot->state;
	return true;
}

bool decode_number(struct decoder *decoder, const struct slot *slot)
{
	return decode_one_number(decoder, slot, slot->member);
}

/* "a", "b" and "c" of a table, and the nearest. */
static void decode_hint_words(struct finding *finding, enum words table, struct span word)
{
	_cleanup_buf_ struct buf all = {};
	struct suggest suggest = suggest_start(word.data);

	if (!finding)
		return;
	for (size_t row = 0; row < words_get_count(table); row++) {
		suggest_offer(&suggest, words_get(table, row));
		buf_add_format(&all, "%s%s", row ? ", " : "", words_get(table, row));
	}
	if (suggest.best)
		finding_hint(finding, "did you mean \"%s\"?", suggest.best);
	else
		finding_hint(finding, "%s %s", words_get_count(table) > 1 ? "one of" : "it must be",
			     buf_text(&all));
}

bool decode_word(struct decoder *decoder, const struct slot *slot)
{
	const enum words table = (enum words)slot->row->element;
	struct policy_word *word = slot->member;
	const struct tree *value = slot->value;
	struct finding *finding;

	*word = (struct policy_word){ .value = -1, .state = FIELD_BAD, .place = value->place };
	if (value->kind != TREE_SCALAR || value->scalar.kind != SCALAR_TEXT) {
		decode_report_kind(decoder, slot, "text");
		return true;
	}
	word->value = words_find(table, value->text);
	word->text = arena_copy(decoder->arena, value->text);
	if (!word->text)
		return false;
	word->state = slot->state;
	if (word->value >= 0 || table == WORDS_OPERATOR)
		return true;
	/* An optional word that is empty is a field that is not there. */
	if (!value->text.bytes && !slot->row->is_required) {
		word->state = FIELD_ABSENT;
		return true;
	}
	word->state = FIELD_BAD;
	finding = report_error(decoder->report, value->place, "unknown %s %s", slot->row->name,
			       report_quote(decoder->report, value->text));
	decode_hint_words(finding, table, value->text);
	return true;
}

/* Checks that the value is a list of at most MAX items; then OUT may have that many. */
bool decode_is_list(struct decoder *decoder, const struct slot *slot, size_t max)
{
	const struct tree *value = slot->value;

	if (value->kind != TREE_LIST) {
		decode_report_kind(decoder, slot, "a list");
		return false;
	}
	if (value->count > max) {
		report_error(decoder->report, value->place,
			     "\"%s\" has %zu items; at most %zu are allowed", slot->row->name,
			     value->count, max);
		return false;
	}
	return true;
}

/* The slot of an item of the slot's list. */
struct slot slot_get_item(const struct slot *slot, size_t i)
{
	struct slot item = *slot;

	item.value = slot->value->entries[i].value;
	item.is_item = true;
	return item;
}

bool decode_texts(struct decoder *decoder, const struct slot *slot)
{
	struct policy_texts *texts = slot->member;

	*texts = (struct policy_texts){ .state = FIELD_BAD, .place = slot->value->place };
	if (!decode_is_list(decoder, slot, WIRE_FILTER_VALUES_MAX))
		return true;
	texts->state = slot->state;
	texts->items = arena_alloc_array(decoder->arena, slot->value->count, sizeof(*texts->items));
	if (!texts->items)
		return false;
	for (size_t i = 0; i < slot->value->count; i++) {
		struct slot item = slot_get_item(slot, i);

		if (!decode_one_text(decoder, &item, &texts->items[texts->count]))
			return false;
		if (texts->items[texts->count].state == FIELD_BAD)
			texts->state = FIELD_BAD;
		texts->count++;
	}
	return true;
}

bool decode_numbers(struct decoder *decoder, const struct slot *slot)
{
	struct policy_numbers *numbers = slot->member;

	*numbers = (struct policy_numbers){ .state = FIELD_BAD, .place = slot->value->place };
	if (!decode_is_list(decoder, slot, WIRE_FILTER_VALUES_MAX))
		return true;
	numbers->state = slot->state;
	numbers->items =
		arena_alloc_array(decoder->arena, slot->value->count, sizeof(*numbers->items));
	if (!numbers->items)
		return false;
	for (size_t i = 0; i < slot->value->count; i++) {
		struct slot item = slot_get_item(slot, i);

		if (!decode_one_number(decoder, &item, &numbers->items[numbers->count]))
			return false;
		if (numbers->items[numbers->count].state == FIELD_BAD)
			numbers->state = FIELD_BAD;
		numbers->count++;
	}
	return true;
}

bool decode_labels(struct decoder *decoder, const struct slot *slot)
{
	policy_labels *labels = slot->member;
	const struct tree *value = slot->value;

	labels->place = value->place;
	labels->state = FIELD_BAD;
	if (value->kind != TREE_MAP) {
		decode_report_kind(decoder, slot, "a map");
		return true;
	}
	labels->state = slot->state;
	labels->items = arena_alloc_array(decoder->arena, value->count, sizeof(*labels->items));
	if (!labels->items)
		return false;
	for (size_t i = 0; i < value->count; i++) {
		const struct tree_entry *entry = &value->entries[i];
		struct policy_label *label = &labels->items[labels->count++];
		struct slot item = slot_get_item(slot, i);

		label->key =
			(struct policy_text){ .data = arena_copy(decoder->arena, entry->key->text),
					      .bytes = entry->key->text.bytes,
					      .state = FIELD_GIVEN,
					      .place = entry->key->place };
		if (!label->key.data || !decode_one_text(decoder, &item, &label->value))
			return false;
	}
	return true;
}
