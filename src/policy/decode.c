/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects, one function per kind of their fields, and a table of these: no field has code of its
 * own. A field about which there was a finding becomes FIELD_BAD, so that nothing is said twice
 * about one mistake.
 */
#include "policy/decode.h"

#include "policy/decoder.h"
#include "policy/limits.h"

static bool decode_object(struct decoder *decoder, const struct tree *tree, enum object object,
			  void *target);

/*
 * Texts are never NULL, and words never mean something by accident. Objects that share a struct,
 * as all hooks do, have members that only others of them can be given.
 */
static void decode_blank(enum object object, void *target, struct place place)
{
	const char *struct_name = schema_get_object(object)->struct_name;
	size_t count;
	const struct field_row *rows = schema_get_all_fields(&count);

	for (size_t i = 0; i < count; i++) {
		void *member = (char *)target + rows[i].offset;

		if (rows[i].kind != FIELD_TEXT && rows[i].kind != FIELD_WORD)
			continue;
		if (strcmp(schema_get_object(rows[i].object)->struct_name, struct_name) != 0)
			continue;
		if (rows[i].kind == FIELD_TEXT)
			*(struct policy_text *)member =
				(struct policy_text){ .data = "", .place = place };
		else
			*(struct policy_word *)member =
				(struct policy_word){ .value = -1, .place = place };
	}
}

/* Where each kind of member keeps its state; pointers to objects have none. */
static const size_t state_offsets[] = {
	[FIELD_TEXT] = offsetof(struct policy_text, state),
	[FIELD_TEXTS] = offsetof(struct policy_texts, state),
	[FIELD_VALUES] = offsetof(struct policy_texts, state),
	[FIELD_LABELS] = offsetof(policy_labels, state),
	[FIELD_FLAG] = offsetof(struct policy_flag, state),
	[FIELD_WORD] = offsetof(struct policy_word, state),
	[FIELD_INT32] = offsetof(struct policy_number, state),
	[FIELD_INDEX] = offsetof(struct policy_number, state),
	[FIELD_INT64] = offsetof(struct policy_number, state),
	[FIELD_NUMBERS_INDEX] = offsetof(struct policy_numbers, state),
	[FIELD_NUMBERS_INT64] = offsetof(struct policy_numbers, state),
	[FIELD_OBJECTS] = offsetof(struct policy_texts, state),
	[FIELD_NAMED_OBJECTS] = offsetof(struct policy_texts, state),
};

static bool decode_spoil_object(struct decoder *decoder, enum object object, void **out);

/* A field that cannot be read: nothing more is said about it. False: the arena ended. */
static bool decode_spoil(struct decoder *decoder, const struct field_row *row, void *target)
{
	void *member = (char *)target + row->offset;

	if (row->kind == FIELD_ANYTHING)
		return true;
	if (row->kind == FIELD_OBJECT)
		return decode_spoil_object(decoder, (enum object)row->element, member);
	*(enum field_state *)((char *)member + state_offsets[row->kind]) = FIELD_BAD;
	return true;
}

/* An object that cannot be read: it is there, and all its own fields are spoiled. */
static bool decode_spoil_object(struct decoder *decoder, enum object object, void **out)
{
	size_t count;
	const struct field_row *rows = schema_get_fields(object, &count);

	*out = arena_alloc(decoder->arena, schema_get_object(object)->bytes);
	if (!*out)
		return false;
	decode_blank(object, *out, (struct place){});
	for (size_t i = 0; i < count; i++) {
		if (rows[i].kind != FIELD_OBJECT && !decode_spoil(decoder, &rows[i], *out))
			return false;
	}
	return true;
}

static bool decode_pointer(struct decoder *decoder, const struct slot *slot)
{
	const enum object object = (enum object)slot->row->element;
	void **out = slot->member;

	if (slot->value->kind != TREE_MAP) {
		decode_report_kind(decoder, slot, "a map");
		return decode_spoil_object(decoder, object, out);
	}
	*out = arena_alloc(decoder->arena, schema_get_object(object)->bytes);
	return *out && decode_object(decoder, slot->value, object, *out);
}

/* The key under which an object stands is its name. */
static bool decode_name(struct decoder *decoder, const struct tree_entry *entry,
			struct policy_named *target)
{
	target->name = (struct policy_text){ .data = arena_copy(decoder->arena, entry->key->text),
					     .bytes = entry->key->text.bytes,
					     .state = FIELD_GIVEN,
					     .place = entry->key->place };
	return target->name.data != NULL;
}

static bool decode_objects(struct decoder *decoder, const struct slot *slot)
{
	const enum object object = (enum object)slot->row->element;
	const size_t bytes = schema_get_object(object)->bytes;
	const bool is_named = slot->row->kind == FIELD_NAMED_OBJECTS;
	POLICY_LIST_OF(char) *list = slot->member;
	const struct tree *value = slot->value;

	list->place = value->place;
	list->state = FIELD_BAD;
	if (is_named && value->kind != TREE_MAP)
		decode_report_kind(decoder, slot, "a map");
	if (is_named ? value->kind != TREE_MAP : !decode_is_list(decoder, slot, POLICY_ITEMS_MAX))
		return true;
	list->state = slot->state;
	list->items = arena_alloc_array(decoder->arena, value->count, bytes);
	if (!list->items)
		return false;
	for (size_t i = 0; i < value->count; i++) {
		struct slot item = slot_get_item(slot, i);
		char *target = list->items + list->count * bytes;

		if (item.value->kind != TREE_MAP) {
			report_error(decoder->report, item.value->place,
				     "%s is %s; it must be a map", schema_get_object(object)->words,
				     tree_get_kind_words(item.value));
			list->state = FIELD_BAD;
			continue;
		}
		if (!decode_object(decoder, item.value, object, target) ||
		    (is_named &&
		     !decode_name(decoder, &value->entries[i], (struct policy_named *)target)))
			return false;
		list->count++;
	}
	return true;
}

static bool decode_anything(struct decoder *decoder, const struct slot *slot)
{
	return true;
}

typedef bool (*decode_fn)(struct decoder *decoder, const struct slot *slot);

static const decode_fn decode_functions[] = {
	[FIELD_TEXT] = decode_text,
	[FIELD_TEXTS] = decode_texts,
	[FIELD_VALUES] = decode_texts,
	[FIELD_LABELS] = decode_labels,
	[FIELD_FLAG] = decode_flag,
	[FIELD_WORD] = decode_word,
	[FIELD_INT32] = decode_number,
	[FIELD_INDEX] = decode_number,
	[FIELD_INT64] = decode_number,
	[FIELD_NUMBERS_INDEX] = decode_numbers,
	[FIELD_NUMBERS_INT64] = decode_numbers,
	[FIELD_OBJECT] = decode_pointer,
	[FIELD_OBJECTS] = decode_objects,
	[FIELD_NAMED_OBJECTS] = decode_objects,
	[FIELD_ANYTHING] = decode_anything,
};

/* The field that was most likely meant by an unknown one, or NULL. */
static const struct field_row *decode_report_unknown(struct decoder *decoder,
						     const struct tree *key, enum object object)
{
	_cleanup_buf_ struct buf all = {};
	struct suggest suggest = suggest_start(key->text.data);
	enum object owner = schema_find_owner(key->text);
	struct finding *finding;
	size_t count;
	const struct field_row *rows = schema_get_fields(object, &count);

	finding = report_error(decoder->report, key->place, "unknown field %s in %s",
			       report_quote(decoder->report, key->text),
			       schema_get_object(object)->words);
	for (size_t i = 0; finding && i < count; i++) {
		suggest_offer(&suggest, rows[i].name);
		if (rows[i].kind != FIELD_ANYTHING)
			buf_add_format(&all, "%s%s", i ? ", " : "", rows[i].name);
	}
	if (suggest.best)
		finding_hint(finding, "did you mean \"%s\"?", suggest.best);
	else if (owner != OBJECTS)
		finding_hint(finding, "it belongs into %s; is it indented right?",
			     schema_get_object(owner)->words);
	else
		finding_hint(finding, "known are %s", buf_text(&all));
	return suggest.best ? schema_find_field(object, span_of(suggest.best)) : NULL;
}

/* A field that the text does not give, or gives without a value. */
static bool decode_absent(struct decoder *decoder, struct slot *slot, struct place place)
{
	const char *text = slot->row->default_text;
	struct tree value = { .kind = TREE_SCALAR, .place = place };

	if (text) {
		value.text = span_of(text);
		value.scalar = scalar_resolve(value.text);
		slot->value = &value;
		slot->state = FIELD_DEFAULTED;
		return decode_functions[slot->row->kind](decoder, slot);
	}
	if (slot->row->is_required)
		report_error(decoder->report, place, "\"%s\" is missing in %s", slot->row->name,
			     schema_get_object(slot->row->object)->words);
	return true;
}

static const struct tree_entry *tree_find(const struct tree *tree, const char *name)
{
	for (size_t i = 0; i < tree->count; i++) {
		struct span key = tree->entries[i].key->text;

		if (key.bytes == strlen(name) && memcmp(key.data, name, key.bytes) == 0)
			return &tree->entries[i];
	}
	return NULL;
}

/* The most fields that an object has, for a set of them in one word. */
enum { OBJECT_FIELDS_MAX = 32 };

/* Complains about all unknown fields. The fields that were meant, a bit for each row. */
static uint32_t decode_unknown(struct decoder *decoder, const struct tree *tree, enum object object)
{
	size_t count;
	const struct field_row *rows = schema_get_fields(object, &count);
	uint32_t meant = 0;

	for (size_t i = 0; i < tree->count; i++) {
		const struct tree *key = tree->entries[i].key;
		const struct field_row *row;

		if (schema_find_field(object, key->text))
			continue;
		row = decode_report_unknown(decoder, key, object);
		if (row && row - rows < OBJECT_FIELDS_MAX)
			meant |= 1u << (row - rows);
	}
	return meant;
}

static bool decode_object(struct decoder *decoder, const struct tree *tree, enum object object,
			  void *target)
{
	size_t count;
	const struct field_row *rows = schema_get_fields(object, &count);
	uint32_t meant = decode_unknown(decoder, tree, object);

	decode_blank(object, target, tree->place);
	*(struct place *)target = tree->place;
	for (size_t i = 0; i < count; i++) {
		const struct tree_entry *entry = tree_find(tree, rows[i].name);
		struct slot slot = { .row = &rows[i],
				     .value = entry ? entry->value : NULL,
				     .member = (char *)target + rows[i].offset,
				     .state = FIELD_GIVEN };
		bool is_there = entry && !tree_is_null(entry->value);

		bool is_meant = !entry && i < OBJECT_FIELDS_MAX && (meant & (1u << i));
		struct place place = entry ? entry->key->place : tree->place;

		if (is_meant   ? !decode_spoil(decoder, &rows[i], target)
		    : is_there ? !decode_functions[rows[i].kind](decoder, &slot)
			       : !decode_absent(decoder, &slot, place))
			return false;
	}
	return true;
}

bool decode_policy(const struct tree *tree, struct report *report, struct policy *policy)
{
	struct decoder decoder = { .arena = &policy->arena, .report = report };

	if (tree->kind != TREE_MAP) {
		report_error(report, tree->place, "a policy is a map, this is %s",
			     tree_get_kind_words(tree));
		return true;
	}
	return decode_object(&decoder, tree, OBJECT_POLICY, policy);
}
