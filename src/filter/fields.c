/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles paths of fields to trees, one for each kind of events, and applies them. */
#include "filter/fields.h"

#include <errno.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "event/json_schema.h"
#include "event/kind.h"

/* An event of which every struct had to be copied: arguments of some thousand elements. */
#define FIELD_COPY_BYTES_MAX (16UL << 20)

struct field_node {
	const ProtobufCFieldDescriptor *field;
	struct field_node *next;
	struct field_node *below; /* NULL: the whole field */
};

struct field_filter {
	event_mask kinds;
	bool is_include;
	struct field_node **trees; /* by row of event_kinds; NULL: none of the paths is of it */
};

struct field_filters {
	struct arena trees;  /* filters and nodes */
	struct arena copies; /* of the event at hand */
	struct field_filter *items;
	size_t count;
};

struct field_compiler {
	struct arena *arena;
	const char *name;
	size_t entry; /* from 1 */
	struct diag *diag;
};

void field_filters_free(struct field_filters *filters)
{
	if (!filters)
		return;
	arena_done(&filters->trees);
	arena_done(&filters->copies);
	free(filters);
}

static void field_filters_cleanup(struct field_filters **filters)
{
	field_filters_free(*filters);
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
						  struct span name)
{
	for (unsigned int i = 0; i < type->n_fields; i++) {
		if (strlen(type->fields[i].name) == name.bytes &&
		    !memcmp(type->fields[i].name, name.data, name.bytes))
			return &type->fields[i];
	}
	return NULL;
}

static const ProtobufCMessageDescriptor *type_below(const ProtobufCFieldDescriptor *field)
{
	bool has_fields = field->type == PROTOBUF_C_TYPE_MESSAGE && !json_field_is_map(field);

	return has_fields ? field->descriptor : NULL;
}

/* How many parts of PATH are fields, from TYPE on; all of them: it is a path. */
static unsigned int count_known(const ProtobufCMessageDescriptor *type, struct span path)
{
	unsigned int known = 0;

	while (path.bytes && type) {
		const ProtobufCFieldDescriptor *field = find_field(type, span_cut(&path, '.'));

		if (!field)
			break;
		known++;
		type = type_below(field);
	}
	return known;
}

static unsigned int count_parts(struct span path)
{
	unsigned int parts = 1;

	for (size_t i = 0; i < path.bytes; i++)
		parts += path.data[i] == '.';
	return parts;
}

/* The path ends where the field with the first unknown name would stand in TYPE. */
static int fail_path(struct field_compiler *self, const ProtobufCMessageDescriptor *type,
		     struct span path, unsigned int known)
{
	const char *whole = path.data;
	size_t bytes = path.bytes;
	struct suggest suggest;
	struct span part;
	char word[64] = "";

	for (; known; known--)
		type = type_below(find_field(type, span_cut(&path, '.')));
	part = span_cut(&path, '.');
	memcpy(word, part.data, part.bytes < sizeof(word) ? part.bytes : sizeof(word) - 1);
	suggest = suggest_start(word);
	for (unsigned int i = 0; type && i < type->n_fields; i++)
		suggest_offer(&suggest, type->fields[i].name);
	if (!type)
		diag_add(self->diag, "%s, entry %zu: path \"%.*s\": nothing is below \"%.*s\"",
			 self->name, self->entry, (int)bytes, whole, (int)(part.data - whole - 1),
			 whole);
	else if (suggest.best)
		diag_add(
			self->diag,
			"%s, entry %zu: path \"%.*s\": no field \"%s\" in %s; did you mean \"%s\"?",
			self->name, self->entry, (int)bytes, whole, word, type->short_name,
			suggest.best);
	else
		diag_add(self->diag, "%s, entry %zu: path \"%.*s\": no field \"%s\" in %s",
			 self->name, self->entry, (int)bytes, whole, word, type->short_name);
	return -EINVAL;
}

/* The node of FIELD in LIST, made if need be. NULL: no memory. */
static struct field_node *get_node(struct field_compiler *self, struct field_node **list,
				   const ProtobufCFieldDescriptor *field, bool *is_new)
{
	struct field_node *node = *list;

	while (node && node->field != field)
		node = node->next;
	*is_new = !node;
	if (node)
		return node;
	node = arena_alloc(self->arena, sizeof(*node));
	if (!node)
		return NULL;
	node->field = field;
	node->next = *list;
	*list = node;
	return node;
}

/* A path whose beginning is there as a whole adds nothing; a whole takes all below it in. */
static int add_path(struct field_compiler *self, struct field_node **tree,
		    const ProtobufCMessageDescriptor *type, struct span path)
{
	struct field_node **list = tree;

	for (;;) {
		const ProtobufCFieldDescriptor *field = find_field(type, span_cut(&path, '.'));
		bool is_new;
		struct field_node *node = get_node(self, list, field, &is_new);

		if (!node)
			return -ENOMEM;
		if (!path.bytes)
			node->below = NULL;
		if (!path.bytes || (!is_new && !node->below))
			return 0;
		list = &node->below;
		type = type_below(field);
	}
}

static int compile_path(struct field_compiler *self, struct field_filter *filter, struct span path)
{
	unsigned int parts = count_parts(path), best = 0;
	const ProtobufCMessageDescriptor *best_type = NULL;
	bool is_known = false;

	for (size_t i = 0; i < event_kinds_count; i++) {
		const ProtobufCMessageDescriptor *type = event_kinds[i].type;
		unsigned int known;

		if (!(filter->kinds & (event_mask)1 << i))
			continue;
		known = count_known(type, path);
		if (!best_type || known > best) {
			best = known;
			best_type = type;
		}
		if (known < parts || !path.bytes)
			continue;
		is_known = true;
		if (add_path(self, &filter->trees[i], type, path))
			return -ENOMEM;
	}
	return is_known || !best_type ? 0 : fail_path(self, best_type, path, best);
}

static event_mask read_kinds(const Tetragon__FieldFilter *message)
{
	bool is_inverted = message->invert_event_set && message->invert_event_set->value;
	event_mask kinds = 0;

	for (size_t i = 0; i < message->n_event_set; i++)
		kinds |= event_kind_bit((int)message->event_set[i]);
	if (!message->n_event_set)
		return EVENT_MASK_ALL;
	return is_inverted ? ~kinds : kinds;
}

static int compile_filter(struct field_compiler *self, const Tetragon__FieldFilter *message,
			  struct field_filter *filter)
{
	const Google__Protobuf__FieldMask *mask = message->fields;
	size_t paths = mask ? mask->n_paths : 0;
	int error = 0;

	if (message->base.n_unknown_fields ||
	    (message->action != TETRAGON__FIELD_FILTER_ACTION__INCLUDE &&
	     message->action != TETRAGON__FIELD_FILTER_ACTION__EXCLUDE)) {
		diag_add(self->diag,
			 "%s, entry %zu: has a key or an action that is unknown to "
			 "this version; actions are INCLUDE and EXCLUDE",
			 self->name, self->entry);
		return -EINVAL;
	}
	/* No paths leave all as it is, with either action. */
	filter->kinds = paths ? read_kinds(message) : 0;
	filter->is_include = message->action == TETRAGON__FIELD_FILTER_ACTION__INCLUDE;
	filter->trees = arena_alloc_array(self->arena, event_kinds_count, sizeof(*filter->trees));
	if (!filter->trees)
		return -ENOMEM;
	for (size_t i = 0; i < paths && error != -ENOMEM; i++) {
		int path_error = compile_path(self, filter, span_of(mask->paths[i]));

		error = path_error ? path_error : error;
	}
	return error;
}

static int check_counts(Tetragon__FieldFilter *const *filters, size_t count, const char *name,
			struct diag *diag)
{
	size_t paths = 0;

	for (size_t i = 0; i < count; i++)
		paths += filters[i]->fields ? filters[i]->fields->n_paths : 0;
	if (count <= FIELD_FILTERS_MAX && paths <= FIELD_PATHS_MAX)
		return 0;
	diag_add(diag, "%s: %zu entries with %zu paths; at most %u with %u are taken", name, count,
		 paths, FIELD_FILTERS_MAX, FIELD_PATHS_MAX);
	return -EINVAL;
}

int field_filters_new(struct field_filters **out, Tetragon__FieldFilter *const *filters,
		      size_t count, const char *name, struct diag *diag)
{
	_cleanup_(field_filters_cleanup) struct field_filters *self = NULL;
	int error = check_counts(filters, count, name, diag);

	if (error)
		return error;
	self = calloc(1, sizeof(*self));
	if (!self)
		return -ENOMEM;
	self->copies.bytes_max = FIELD_COPY_BYTES_MAX;
	self->items = arena_alloc_array(&self->trees, count, sizeof(*self->items));
	if (!self->items)
		return -ENOMEM;
	self->count = count;
	for (size_t i = 0; i < count && error != -ENOMEM; i++) {
		struct field_compiler compiler = { &self->trees, name, i + 1, diag };
		int one_error = compile_filter(&compiler, filters[i], &self->items[i]);

		error = one_error ? one_error : error;
	}
	if (error)
		return error;
	*out = TAKE_PTR(self);
	return 0;
}

static void *member(ProtobufCMessage *message, unsigned int offset)
{
	return (char *)message + offset;
}

/* The field as in a new message. One of a oneof that another member has is left alone. */
static void clear_field(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	void *value = member(message, field->offset);

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t *set = member(message, field->quantifier_offset);

		if (*set != field->id)
			return;
		*set = 0;
	}
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		*(size_t *)member(message, field->quantifier_offset) = 0;
		*(void **)value = NULL;
	} else if (field->type == PROTOBUF_C_TYPE_STRING) {
		*(char **)value = (char *)protobuf_c_empty_string;
	} else {
		memset(value, 0, json_type_bytes(field->type));
	}
}

static ProtobufCMessage *copy_message(struct arena *arena, const ProtobufCMessage *message,
				      const struct field_node *nodes, bool is_include);

static bool copy_list(struct arena *arena, ProtobufCMessage *message, const struct field_node *node,
		      bool is_include)
{
	size_t count = *(size_t *)member(message, node->field->quantifier_offset);
	ProtobufCMessage ***list = member(message, node->field->offset);
	ProtobufCMessage **copies = arena_alloc_array(arena, count, sizeof(*copies));

	if (!copies)
		return false;
	for (size_t i = 0; i < count; i++) {
		copies[i] = copy_message(arena, (*list)[i], node->below, is_include);
		if (!copies[i])
			return false;
	}
	*list = copies;
	return true;
}

/* The messages of a field as copies with some of their fields. */
static bool copy_below(struct arena *arena, ProtobufCMessage *message,
		       const struct field_node *node, bool is_include)
{
	const ProtobufCFieldDescriptor *field = node->field;
	ProtobufCMessage **value = member(message, field->offset);

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return copy_list(arena, message, node, is_include);
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
	    *(uint32_t *)member(message, field->quantifier_offset) != field->id)
		return true;
	if (*value)
		*value = copy_message(arena, *value, node->below, is_include);
	return !arena->failed;
}

static const struct field_node *find_node(const struct field_node *nodes,
					  const ProtobufCFieldDescriptor *field)
{
	while (nodes && nodes->field != field)
		nodes = nodes->next;
	return nodes;
}

/* With is_include only the fields of NODES, else all but them. NULL: no memory. */
static ProtobufCMessage *copy_message(struct arena *arena, const ProtobufCMessage *message,
				      const struct field_node *nodes, bool is_include)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	ProtobufCMessage *copy = arena_alloc(arena, type->sizeof_message);

	if (!copy)
		return NULL;
	memcpy(copy, message, type->sizeof_message);
	if (is_include)
		copy->n_unknown_fields = 0;
	for (unsigned int i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		const struct field_node *node = find_node(nodes, field);

		if (node && node->below) {
			if (!copy_below(arena, copy, node, is_include))
				return NULL;
		} else if ((node != NULL) != is_include) {
			clear_field(copy, field);
		}
	}
	return copy;
}

const Tetragon__GetEventsResponse *field_filters_apply(struct field_filters *filters,
						       const Tetragon__GetEventsResponse *event)
{
	const struct event_kind *kind = event_kind_find((int)event->event_case);
	size_t row = kind ? (size_t)(kind - event_kinds) : 0;
	Tetragon__GetEventsResponse *copy = NULL;

	arena_reset(&filters->copies);
	for (size_t i = 0; kind && event->process_exec && i < filters->count; i++) {
		const struct field_filter *filter = &filters->items[i];
		ProtobufCMessage *shown;

		if (!(filter->kinds & (event_mask)1 << row) ||
		    (!filter->is_include && !filter->trees[row]))
			continue;
		if (!copy) {
			copy = arena_alloc(&filters->copies, sizeof(*copy));
			if (!copy)
				return NULL;
			*copy = *event;
		}
		/* All members of the oneof are pointers that share their place. */
		shown = copy_message(&filters->copies, &copy->process_exec->base,
				     filter->trees[row], filter->is_include);
		if (!shown)
			return NULL;
		copy->process_exec = (Tetragon__ProcessExec *)shown;
	}
	return copy ? copy : event;
}
