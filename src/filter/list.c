/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of filters: entries of compiled keys, each behind a mask of kinds of events. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "filter/filter_private.h"

struct filter_test {
	const struct filter_key *key;
	struct filter_values values;
};

struct filter_entry {
	event_mask kinds; /* event_set */
	struct filter_test *tests;
	size_t tests_count;
};

struct filter_list {
	event_mask kinds; /* of any entry */
	uint64_t given_up;
	size_t count;
	struct filter_entry entries[];
};

void filter_list_free(struct filter_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++) {
		for (size_t j = 0; j < list->entries[i].tests_count; j++)
			filter_values_done(&list->entries[i].tests[j].values);
		free(list->entries[i].tests);
	}
	free(list);
}

static void filter_list_cleanup(struct filter_list **list)
{
	filter_list_free(*list);
}

static const ProtobufCFieldDescriptor *find_field(size_t offset)
{
	const ProtobufCMessageDescriptor *type = &tetragon__filter__descriptor;

	for (unsigned int i = 0; i < type->n_fields; i++) {
		if (type->fields[i].offset == offset)
			return &type->fields[i];
	}
	return NULL;
}

static bool has_field(const Tetragon__Filter *filter, const ProtobufCFieldDescriptor *field)
{
	const char *start = (const char *)filter;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(start + field->quantifier_offset);
	return *(void *const *)(start + field->offset);
}

/* UNDEF and numbers of a newer API stand for no event of this one. */
static event_mask read_event_set(const Tetragon__Filter *filter)
{
	event_mask kinds = filter->n_event_set ? 0 : EVENT_MASK_ALL;

	for (size_t i = 0; i < filter->n_event_set; i++)
		kinds |= event_kind_bit((int)filter->event_set[i]);
	return kinds;
}

static int compile_entry(struct filter_compiler *compiler, const Tetragon__Filter *filter,
			 struct filter_entry *entry)
{
	int error = 0;

	entry->kinds = read_event_set(filter);
	if (filter->base.n_unknown_fields) {
		compiler->key = "?";
		error = filter_fail(compiler, "key number %u is unknown to this version",
				    filter->base.unknown_fields[0].tag);
	}
	entry->tests = calloc(filter_keys_count, sizeof(*entry->tests));
	if (!entry->tests)
		return -ENOMEM;
	for (size_t i = 0; i < filter_keys_count && error != -ENOMEM; i++) {
		const ProtobufCFieldDescriptor *field = find_field(filter_keys[i].offset);
		struct filter_test *test = &entry->tests[entry->tests_count];
		int key_error;

		if (!has_field(filter, field))
			continue;
		compiler->key = field->name;
		test->key = &filter_keys[i];
		entry->tests_count++;
		key_error = filter_keys[i].compile(compiler, filter, &test->values);
		error = key_error ? key_error : error;
	}
	return error;
}

int filter_list_new(struct filter_list **out, Tetragon__Filter *const *filters, size_t count,
		    const struct filter_options *options, struct diag *diag)
{
	_cleanup_(filter_list_cleanup) struct filter_list *list = NULL;
	struct filter_compiler compiler = { .options = options, .diag = diag };
	int error = 0;

	if (count > FILTER_ENTRIES_MAX) {
		diag_add(diag, "%s: %zu entries; at most %u are taken",
			 options->name ? options->name : "filter", count, FILTER_ENTRIES_MAX);
		return -EINVAL;
	}
	list = calloc(1, sizeof(*list) + count * sizeof(list->entries[0]));
	if (!list)
		return -ENOMEM;
	for (; list->count < count && error != -ENOMEM; list->count++) {
		struct filter_entry *entry = &list->entries[list->count];
		int entry_error;

		compiler.entry = list->count + 1;
		entry_error = compile_entry(&compiler, filters[list->count], entry);
		list->kinds |= entry->kinds;
		error = entry_error ? entry_error : error;
	}
	if (error)
		return error;
	*out = TAKE_PTR(list);
	return 0;
}

static bool entry_matches(const struct filter_entry *entry, const struct filter_subject *subject)
{
	for (size_t i = 0; i < entry->tests_count; i++) {
		const struct filter_test *test = &entry->tests[i];

		if (!test->key->matches(&test->values, subject))
			return false;
	}
	return true;
}

static bool list_judge(struct filter_list *list, const Tetragon__GetEventsResponse *event,
		       bool *gave_up)
{
	event_mask kind = event_kind_bit((int)event->event_case);
	struct filter_subject subject;
	bool is_match = false;

	/* An entry without keys is for kinds, too, that are unknown here. */
	if (kind && !(list->kinds & kind))
		return false;
	subject = (struct filter_subject){ event, event_look(event), gave_up };
	for (size_t i = 0; i < list->count && !is_match; i++) {
		const struct filter_entry *entry = &list->entries[i];

		if (kind ? !(entry->kinds & kind) : entry->kinds != EVENT_MASK_ALL)
			continue;
		is_match = entry_matches(entry, &subject);
	}
	list->given_up += !is_match && *gave_up;
	return is_match;
}

bool filter_list_matches(struct filter_list *list, const Tetragon__GetEventsResponse *event)
{
	bool gave_up = false;

	return list_judge(list, event, &gave_up);
}

uint64_t filter_list_get_given_up(const struct filter_list *list)
{
	return list->given_up;
}

void filter_done(struct filter *filter)
{
	filter_list_free(filter->allow);
	filter_list_free(filter->deny);
	*filter = (struct filter){};
}

bool filter_passes(const struct filter *filter, const Tetragon__GetEventsResponse *event)
{
	bool gave_up = false;

	if (filter->allow && filter->allow->count && !list_judge(filter->allow, event, &gave_up) &&
	    !gave_up)
		return false;
	return !filter->deny || !filter_list_matches(filter->deny, event);
}
