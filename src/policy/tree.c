/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's events become nodes. Collections that are still open stand on a stack of frames; a
 * closed one is copied to the arena and becomes an item of the frame below.
 */
#include "policy/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

#include "policy/tree_map.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct tree_frame {
	struct tree *node;	  /* the open collection */
	struct tree_entry *items; /* owned until the collection is closed */
	size_t count;
	size_t capacity;
	struct tree *key; /* of a map: the value is still to come */
};

struct tree_anchor {
	const char *name;
	const struct tree *node;
	bool is_open; /* its node is not complete yet */
};

struct tree_reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct report *report;
	struct tree_frame frames[TREE_DEPTH_MAX];
	size_t depth;
	struct tree_anchor anchors[TREE_ANCHORS_MAX];
	size_t anchors_count;
	unsigned int nodes; /* made so far */
	unsigned int documents;
	const struct tree *root;
	bool has_error;
	bool is_done;
};

struct yaml_problem {
	const char *problem, *message, *hint;
};

static const struct yaml_problem yaml_problems[] = {
#define YAML_PROBLEM(problem, message, hint) { problem, message, hint },
#include "policy/yaml_problems.def"
#undef YAML_PROBLEM
};

const char *tree_get_kind_words(const struct tree *tree)
{
	static const char *const scalar_words[] = {
		[SCALAR_NULL] = "nothing",	 [SCALAR_BOOL] = "true or false",
		[SCALAR_INT] = "a whole number", [SCALAR_FLOAT] = "a number",
		[SCALAR_TEXT] = "text",
	};

	if (tree->kind == TREE_LIST)
		return "a list";
	return tree->kind == TREE_MAP ? "a map" : scalar_words[tree->scalar.kind];
}

static struct place tree_get_place(const yaml_mark_t *start, const yaml_mark_t *end)
{
	struct place place = { (uint32_t)start->line + 1, (uint32_t)start->column + 1, 1 };

	if (end->line == start->line && end->column > start->column)
		place.width = (uint32_t)(end->column - start->column);
	else if (end->line > start->line)
		place.width = UINT32_MAX; /* to the end of its first line */
	return place;
}

static void reader_fail(struct tree_reader *reader)
{
	reader->has_error = true;
	reader->is_done = true;
}

static void reader_report_syntax(struct tree_reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem ? parser->problem : "unknown problem";
	struct place place = tree_get_place(&parser->problem_mark, &parser->problem_mark);

	reader_fail(reader);
	if (parser->error == YAML_MEMORY_ERROR) {
		reader->arena->failed = true;
		return;
	}
	for (size_t i = 0; i < COUNT(yaml_problems); i++) {
		struct finding *finding;

		if (strcmp(yaml_problems[i].problem, problem) != 0)
			continue;
		finding = report_error(reader->report, place, "%s", yaml_problems[i].message);
		if (*yaml_problems[i].hint)
			finding_hint(finding, "%s", yaml_problems[i].hint);
		return;
	}
	report_error(reader->report, place, "this is not YAML: %s", problem);
}

static struct tree *reader_new_node(struct tree_reader *reader, const yaml_event_t *event,
				    enum tree_kind kind)
{
	struct place place = tree_get_place(&event->start_mark, &event->end_mark);
	struct tree *node;

	if (++reader->nodes > TREE_NODES_MAX) {
		report_error(reader->report, place, "a file has at most %u keys and values",
			     TREE_NODES_MAX);
		reader_fail(reader);
		return NULL;
	}
	node = arena_alloc(reader->arena, sizeof(*node));
	if (!node) {
		reader_fail(reader);
		return NULL;
	}
	*node = (struct tree){
		.kind = kind, .place = place, .nodes = 1, .levels = 1, .text = span_of("")
	};
	return node;
}

static bool reader_is_in_map(const struct tree_reader *reader)
{
	return reader->depth && reader->frames[reader->depth - 1].node->kind == TREE_MAP;
}

/* Whether the next node is a key. */
static bool reader_wants_key(const struct tree_reader *reader)
{
	return reader_is_in_map(reader) && !reader->frames[reader->depth - 1].key;
}

/* What hangs below NODE is counted into FRAME's node; refuses what grows too large. */
static bool reader_weigh(struct tree_reader *reader, struct tree_frame *frame,
			 const struct tree *node, struct place place)
{
	struct tree *parent = frame->node;

	parent->nodes += node->nodes;
	if (parent->levels < node->levels + 1)
		parent->levels = node->levels + 1;
	if (parent->nodes <= TREE_NODES_MAX && reader->depth + node->levels <= TREE_DEPTH_MAX + 1)
		return true;
	if (parent->nodes > TREE_NODES_MAX)
		finding_hint(
			report_error(reader->report, place,
				     "with this alias the file has more than %u keys and values",
				     TREE_NODES_MAX),
			"aliases that repeat aliases grow quickly");
	else
		report_error(reader->report, place,
			     "with this alias the file is nested more than %u deep",
			     TREE_DEPTH_MAX);
	reader_fail(reader);
	return false;
}

static bool frame_push(struct tree_frame *frame, struct tree_entry entry)
{
	if (frame->count == frame->capacity) {
		size_t capacity = frame->capacity ? frame->capacity * 2 : 8;
		struct tree_entry *items = realloc(frame->items, capacity * sizeof(*items));

		if (!items)
			return false;
		frame->items = items;
		frame->capacity = capacity;
	}
	frame->items[frame->count++] = entry;
	return true;
}

/* A block collection begins where its first item does; that one is underlined. */
static void reader_lend_place(const struct tree_frame *frame, const struct tree *key)
{
	if (!frame->count && key && key->place.line == frame->node->place.line &&
	    key->place.column == frame->node->place.column)
		frame->node->place.width = key->place.width;
}

/* Hangs a complete node where it belongs. PLACE: where it is used. */
static void reader_place_node(struct tree_reader *reader, struct tree *node, struct place place)
{
	struct tree_frame *frame;
	struct tree_entry entry = { .value = node };

	if (!reader->depth) {
		reader->root = node;
		return;
	}
	frame = &reader->frames[reader->depth - 1];
	if (!reader_weigh(reader, frame, node, place))
		return;
	if (reader_wants_key(reader)) {
		reader_lend_place(frame, node);
		frame->key = node;
		return;
	}
	entry.key = frame->key;
	frame->key = NULL;
	/* An empty value stands nowhere; its key does. */
	if (node->kind == TREE_SCALAR && !node->place.width && entry.key)
		node->place = entry.key->place;
	if (!frame_push(frame, entry)) {
		reader->arena->failed = true;
		reader_fail(reader);
	}
}

static void reader_add_anchor(struct tree_reader *reader, const yaml_event_t *event,
			      const yaml_char_t *name, struct tree *node, bool is_open)
{
	struct tree_anchor *anchor;

	if (!name || !node)
		return;
	if (reader->anchors_count == TREE_ANCHORS_MAX) {
		report_error(reader->report, tree_get_place(&event->start_mark, &event->start_mark),
			     "a file has at most %u anchors", TREE_ANCHORS_MAX);
		reader_fail(reader);
		return;
	}
	anchor = &reader->anchors[reader->anchors_count++];
	anchor->name = arena_copy(reader->arena, span_of((const char *)name));
	anchor->node = node;
	anchor->is_open = is_open;
	if (!anchor->name)
		reader_fail(reader);
}

static void reader_close_anchor(struct tree_reader *reader, const struct tree *node)
{
	for (size_t i = 0; i < reader->anchors_count; i++) {
		if (reader->anchors[i].node == node)
			reader->anchors[i].is_open = false;
	}
}

/* The tags that mean something here: TAG:yaml.org,2002 is written "!!". */
static bool reader_take_tag(struct tree_reader *reader, struct tree *node, const char *tag)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	const char *word = tag && strncmp(tag, prefix, sizeof(prefix) - 1) == 0
				   ? tag + sizeof(prefix) - 1
				   : tag;
	bool is_scalar = node->kind == TREE_SCALAR;
	bool is_known = is_scalar ? word && (!strcmp(word, "int") || !strcmp(word, "bool") ||
					     !strcmp(word, "float") || !strcmp(word, "null"))
				  : word && !strcmp(word, node->kind == TREE_MAP ? "map" : "seq");

	if (!word || is_known)
		return true;
	if (is_scalar && (!strcmp(word, "str") || !strcmp(word, "!"))) {
		node->scalar = (struct scalar){ .kind = SCALAR_TEXT };
		return true;
	}
	report_error(reader->report, node->place, "tag %s has no meaning here",
		     report_quote(reader->report, span_of(tag)));
	reader->has_error = true;
	return false;
}

static void reader_take_scalar(struct tree_reader *reader, const yaml_event_t *event)
{
	struct span text = { (const char *)event->data.scalar.value, event->data.scalar.length };
	struct tree *node = reader_new_node(reader, event, TREE_SCALAR);

	if (!node)
		return;
	/* An empty value has no width; reader_place_node() looks for that. */
	if (event->start_mark.index == event->end_mark.index)
		node->place.width = 0;
	node->text = (struct span){ arena_copy(reader->arena, text), text.bytes };
	if (!node->text.data) {
		reader_fail(reader);
		return;
	}
	node->scalar = (struct scalar){ .kind = SCALAR_TEXT };
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		node->scalar = scalar_resolve(node->text);
	reader_take_tag(reader, node, (const char *)event->data.scalar.tag);
	reader_add_anchor(reader, event, event->data.scalar.anchor, node, false);
	reader_place_node(reader, node, node->place);
}

static void reader_open(struct tree_reader *reader, const yaml_event_t *event, enum tree_kind kind)
{
	const bool is_map = kind == TREE_MAP;
	const yaml_char_t *anchor =
		is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
	const yaml_char_t *tag =
		is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	struct tree *node = reader_new_node(reader, event, kind);

	if (!node)
		return;
	if (reader_wants_key(reader)) {
		report_error(reader->report, node->place, "a key is text, this is %s",
			     tree_get_kind_words(node));
		reader_fail(reader);
		return;
	}
	if (reader->depth == TREE_DEPTH_MAX) {
		report_error(reader->report, node->place, "a file is nested at most %u deep",
			     TREE_DEPTH_MAX);
		reader_fail(reader);
		return;
	}
	reader_take_tag(reader, node, (const char *)tag);
	reader_add_anchor(reader, event, anchor, node, true);
	reader->frames[reader->depth++] = (struct tree_frame){ .node = node };
}

static void reader_close(struct tree_reader *reader)
{
	struct tree_frame frame = reader->frames[reader->depth - 1];
	_cleanup_free_ struct tree_entry *items = frame.items;
	struct tree_entry *copy;
	int error = 0;

	reader->depth--;
	if (frame.node->kind == TREE_MAP) {
		error = tree_finish_map(frame.node, items, frame.count, reader->arena,
					reader->report);
	} else {
		copy = arena_alloc_array(reader->arena, frame.count, sizeof(*copy));
		if (copy && frame.count)
			memcpy(copy, items, frame.count * sizeof(*copy));
		frame.node->entries = copy;
		frame.node->count = frame.count;
	}
	reader->has_error |= error != 0;
	if (reader->arena->failed) {
		reader_fail(reader);
		return;
	}
	reader_close_anchor(reader, frame.node);
	reader_place_node(reader, frame.node, frame.node->place);
}

static void reader_take_alias(struct tree_reader *reader, const yaml_event_t *event)
{
	struct span name = span_of((const char *)event->data.alias.anchor);
	struct place place = tree_get_place(&event->start_mark, &event->end_mark);

	/* The latest of several anchors with one name is meant. */
	for (size_t i = reader->anchors_count; i-- > 0;) {
		const struct tree_anchor *anchor = &reader->anchors[i];

		if (strcmp(anchor->name, name.data) != 0)
			continue;
		if (!anchor->is_open) {
			reader_place_node(reader, (struct tree *)anchor->node, place);
			return;
		}
		report_error(reader->report, place, "alias %s stands inside of what it names",
			     report_quote(reader->report, name));
		reader_fail(reader);
		return;
	}
	finding_hint(report_error(reader->report, place, "no anchor %s stands before this alias",
				  report_quote(reader->report, name)),
		     "put text that begins with \"*\" in quotes");
	reader_fail(reader);
}

/* What follows the first document: nothing, or an empty one behind a last "---". */
static void reader_take_more(struct tree_reader *reader, const yaml_event_t *event)
{
	if (event->type == YAML_DOCUMENT_START_EVENT || event->type == YAML_DOCUMENT_END_EVENT ||
	    (event->type == YAML_SCALAR_EVENT && !event->data.scalar.length))
		return;
	finding_hint(report_error(reader->report,
				  tree_get_place(&event->start_mark, &event->end_mark),
				  "a second document begins here; a file holds one document"),
		     "put it into a file of its own");
	reader_fail(reader);
}

static void reader_take(struct tree_reader *reader, const yaml_event_t *event)
{
	if (event->type == YAML_STREAM_END_EVENT) {
		reader->is_done = true;
		return;
	}
	if (event->type == YAML_DOCUMENT_START_EVENT)
		reader->documents++;
	if (reader->documents > 1) {
		reader_take_more(reader, event);
		return;
	}
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		reader_take_scalar(reader, event);
		break;
	case YAML_ALIAS_EVENT:
		reader_take_alias(reader, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		reader_open(reader, event, TREE_LIST);
		break;
	case YAML_MAPPING_START_EVENT:
		reader_open(reader, event, TREE_MAP);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		reader_close(reader);
		break;
	default: /* stream start, document start and end carry nothing */
		break;
	}
}

static void reader_done(struct tree_reader *reader)
{
	yaml_parser_delete(&reader->parser);
	while (reader->depth)
		free(reader->frames[--reader->depth].items);
}

static void cleanup_reader(struct tree_reader **reader)
{
	if (*reader)
		reader_done(*reader);
	free(*reader);
}

int tree_read(const struct source *source, struct arena *arena, struct report *report,
	      const struct tree **out)
{
	_cleanup_(cleanup_reader) struct tree_reader *reader = calloc(1, sizeof(*reader));

	if (!reader || !yaml_parser_initialize(&reader->parser)) {
		free(TAKE_PTR(reader));
		return -ENOMEM;
	}
	reader->arena = arena;
	reader->report = report;
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser, (const unsigned char *)source->text.data,
				     source->text.bytes);
	while (!reader->is_done) {
		yaml_event_t event;

		if (!yaml_parser_parse(&reader->parser, &event)) {
			reader_report_syntax(reader);
			break;
		}
		reader_take(reader, &event);
		yaml_event_delete(&event);
	}
	if (arena->failed)
		return -ENOMEM;
	if (reader->has_error)
		return -EINVAL;
	if (!reader->root) {
		report_error(report, (struct place){}, "the text holds nothing");
		return -EINVAL;
	}
	*out = reader->root;
	return 0;
}
