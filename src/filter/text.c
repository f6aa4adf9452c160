/* SPDX-License-Identifier: Apache-2.0 */
/* "key:value,key:value" -> a Filter, by its descriptors: cut into pairs, then told as JSON, which
 * knows how each type is written. */
#include <ctype.h>
#include <errno.h>
#include <google/protobuf/wrappers.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/suggest.h"
#include "event/json_parse.h"
#include "filter/parse.h"

/* Pairs of one text; a person writes five. */
enum { PAIRS_MAX = 256, KEY_BYTES_MAX = 64, KEY_DEPTH_MAX = 3 };

struct pair {
	const ProtobufCFieldDescriptor *path[KEY_DEPTH_MAX];
	unsigned int depth;
	struct buf value;
	bool is_written;
};

struct pairs {
	const char *name;
	struct diag *diag;
	size_t count;
	struct pair items[PAIRS_MAX];
};

static void pairs_done(struct pairs **self)
{
	for (size_t i = 0; *self && i < (*self)->count; i++)
		buf_done(&(*self)->items[i].value);
	free(*self);
}

static const ProtobufCFieldDescriptor *leaf_of(const struct pair *pair)
{
	return pair->path[pair->depth - 1];
}

static bool is_wrapper(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_MESSAGE &&
	       field->descriptor == &google__protobuf__bool_value__descriptor;
}

/* The length of a key at TEXT that a colon follows; 0: none. */
static size_t measure_key(const char *text)
{
	size_t bytes = 0;

	while (isalnum((unsigned char)text[bytes]) || text[bytes] == '_' || text[bytes] == '.')
		bytes++;
	return text[bytes] == ':' ? bytes : 0;
}

static int fail_key(struct pairs *self, struct span part, const ProtobufCMessageDescriptor *type)
{
	char word[KEY_BYTES_MAX + 1] = "";
	struct suggest suggest;

	memcpy(word, part.data, part.bytes < KEY_BYTES_MAX ? part.bytes : KEY_BYTES_MAX);
	suggest = suggest_start(word);
	for (unsigned int i = 0; i < type->n_fields; i++)
		suggest_offer(&suggest, type->fields[i].name);
	if (suggest.best)
		diag_add(self->diag, "%s: unknown key \"%s\"; did you mean \"%s\"?", self->name,
			 word, suggest.best);
	else
		diag_add(self->diag,
			 "%s: unknown key \"%s\"; want one such as event_set or "
			 "binary_regex",
			 self->name, word);
	return -EINVAL;
}

static int find_path(struct pairs *self, struct span key, struct pair *pair)
{
	const ProtobufCMessageDescriptor *type = &tetragon__filter__descriptor;
	struct span rest = key;

	while (type && pair->depth < KEY_DEPTH_MAX) {
		struct span part = span_cut(&rest, '.');
		const ProtobufCFieldDescriptor *field = NULL;

		for (unsigned int i = 0; i < type->n_fields && !field; i++) {
			if (strlen(type->fields[i].name) == part.bytes &&
			    !memcmp(type->fields[i].name, part.data, part.bytes))
				field = &type->fields[i];
		}
		if (!field)
			return fail_key(self, part, type);
		pair->path[pair->depth++] = field;
		type = field->type == PROTOBUF_C_TYPE_MESSAGE && !is_wrapper(field)
			       ? field->descriptor
			       : NULL;
		if (!rest.bytes)
			break;
	}
	if (!type && !rest.bytes)
		return 0;
	if (type)
		diag_add(self->diag,
			 "%s: key \"%.*s\" is not complete; want as in "
			 "\"capabilities.effective.any\"",
			 self->name, (int)key.bytes, key.data);
	else
		diag_add(self->diag, "%s: key \"%.*s\" has nothing below it", self->name,
			 (int)(rest.data - key.data - 1), key.data);
	return -EINVAL;
}

static struct pair *add_pair(struct pairs *self)
{
	if (self->count < PAIRS_MAX)
		return &self->items[self->count++];
	diag_add(self->diag, "%s: more than %d pairs", self->name, PAIRS_MAX);
	return NULL;
}

/* A comma and what stands behind it, up to the next one. */
static int read_piece(struct pairs *self, const char **at)
{
	size_t key = measure_key(*at);
	struct pair *last = self->count ? &self->items[self->count - 1] : NULL;
	struct pair *pair = last;

	if (!key && !last) {
		diag_add(self->diag,
			 "%s: \"%s\" has no key; want key:value, as in "
			 "\"event_set:PROCESS_KPROBE\"",
			 self->name, *at);
		return -EINVAL;
	}
	if (key || leaf_of(last)->type == PROTOBUF_C_TYPE_ENUM ||
	    leaf_of(last)->type == PROTOBUF_C_TYPE_UINT32)
		pair = add_pair(self);
	else
		buf_add_char(&pair->value, ',');
	if (!pair)
		return -EINVAL;
	if (!key && pair != last) {
		memcpy(pair->path, last->path, sizeof(pair->path));
		pair->depth = last->depth;
	}
	if (key && find_path(self, (struct span){ *at, key }, pair))
		return -EINVAL;
	*at += key ? key + 1 : 0;
	for (; **at && **at != ','; ++*at) {
		if (**at == '\\' && (*at)[1] == ',')
			++*at;
		buf_add_char(&pair->value, **at);
	}
	*at += **at == ',';
	return 0;
}

static void write_quoted(struct buf *out, const struct buf *text, bool in_capitals)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text->bytes; i++) {
		unsigned char c = (unsigned char)text->data[i];

		if (c < ' ' || c == '"' || c == '\\')
			buf_add_format(out, "\\u%04x", c);
		else
			buf_add_char(out, (char)(in_capitals ? toupper(c) : c));
	}
	buf_add_char(out, '"');
}

static bool value_is(const struct buf *value, const char *word)
{
	return value->bytes == strlen(word) && memcmp(value->data, word, value->bytes) == 0;
}

static void write_value(struct buf *out, const struct pair *pair)
{
	const ProtobufCFieldDescriptor *field = leaf_of(pair);

	if (is_wrapper(field) &&
	    (value_is(&pair->value, "true") || value_is(&pair->value, "false")))
		buf_add(out, pair->value.data, pair->value.bytes);
	else
		write_quoted(out, &pair->value, field->type == PROTOBUF_C_TYPE_ENUM);
}

/* The members of the object at DEPTH of the path that FIRST has, all pairs of it together. */
static void write_object(struct pairs *self, struct buf *out, const struct pair *first,
			 unsigned int depth);

static bool has_same_path(const struct pair *one, const struct pair *other, unsigned int depth)
{
	return one->depth >= depth && other->depth >= depth &&
	       !memcmp(one->path, other->path, depth * sizeof(one->path[0]));
}

static void write_member(struct pairs *self, struct buf *out, struct pair *pair, unsigned int depth)
{
	const ProtobufCFieldDescriptor *field = pair->path[depth];
	bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
	bool is_first = true;

	buf_add_format(out, "\"%s\":", field->name);
	if (pair->depth > depth + 1) {
		write_object(self, out, pair, depth + 1);
		return;
	}
	buf_add_text(out, is_list ? "[" : "");
	for (size_t i = 0; i < self->count; i++) {
		struct pair *other = &self->items[i];

		if (other->is_written || !has_same_path(pair, other, depth + 1))
			continue;
		if (!is_first && !is_list) {
			diag_add(self->diag, "%s: key \"%s\" takes one value", self->name,
				 field->name);
			return;
		}
		buf_add_text(out, is_first ? "" : ",");
		write_value(out, other);
		other->is_written = true;
		is_first = false;
	}
	buf_add_text(out, is_list ? "]" : "");
}

static void write_object(struct pairs *self, struct buf *out, const struct pair *first,
			 unsigned int depth)
{
	bool is_first = true;

	buf_add_char(out, '{');
	for (size_t i = 0; i < self->count; i++) {
		struct pair *pair = &self->items[i];

		if (pair->is_written || (first && !has_same_path(first, pair, depth)))
			continue;
		buf_add_text(out, is_first ? "" : ",");
		write_member(self, out, pair, depth);
		is_first = false;
	}
	buf_add_char(out, '}');
}

static int parse_written(struct pairs *self, struct buf *json, Tetragon__Filter **out)
{
	_cleanup_diag_ struct diag why = {};
	ProtobufCMessage *message = NULL;
	struct span rest;
	int error = json->failed ? -ENOMEM
				 : json_parse_message((struct span){ json->data, json->bytes },
						      &tetragon__filter__descriptor,
						      JSON_UNKNOWN_REFUSE, &message, &why);

	rest = (struct span){ why.text.data, why.text.bytes };
	while (error == -EINVAL && rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		diag_add(self->diag, "%s: %.*s", self->name, (int)line.bytes, line.data);
	}
	if (!error)
		*out = (Tetragon__Filter *)message;
	return error;
}

int filter_parse_pairs(const char *name, const char *text, Tetragon__Filter **out,
		       struct diag *diag)
{
	_cleanup_(pairs_done) struct pairs *self = calloc(1, sizeof(*self));
	_cleanup_buf_ struct buf json = {};
	unsigned int lines = diag->lines;

	if (!self)
		return -ENOMEM;
	self->name = name;
	self->diag = diag;
	while (*text) {
		if (read_piece(self, &text))
			return -EINVAL;
	}
	write_object(self, &json, NULL, 0);
	return diag->lines > lines ? -EINVAL : parse_written(self, &json, out);
}
