/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the tables: finds a value, writes it as text or as JSON, and puts it where it belongs. */
#include "output/format.h"

#include <stdlib.h>
#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>

#include "base/cleanup.h"
#include "base/span.h"
#include "base/utf8.h"
#include "event/json.h"
#include "event/kind.h"
#include "event/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the tables ------------------------------------------------------------------------------ */

/* Kinds of events, as far as tables tell them apart. */
enum {
	EXEC = 1,
	EXIT = 2,
	CALLS = 4,
	NOTICES = 8,
	PROCESSES = EXEC | EXIT | CALLS,
	ALL = PROCESSES | NOTICES,
};

enum format_how {
	TEXT,	       /* a text, or the name of an enum's value */
	NAME,	       /* what stands behind the last slash */
	COMMAND,       /* a binary, and the arguments beside it */
	NUMBER,	       /* left out if it is 0, but for wrappers */
	NUMBER_ALWAYS, /* also 0 */
	NUMBER_TEXT,
	TIME,
	TIME_MS,
	TIME_MS_IF_MERGED, /* of an event that stands for several */
	LIST,		   /* of texts */
	ARGUMENTS,
	ARGUMENT,
	CONSTANT,
	CONSTANT_NUMBER,
	CONSTANT_LIST,
	LABEL, /* a constant, if the row before had a value */
	LABEL_NUMBER,
	VERSION,
};

struct format_row {
	const char *target;
	unsigned int kinds;
	enum format_how how;
	const char *source; /* "body" is the member of the oneof; or a constant */
};

#define FORMAT_ROW(target, kinds, how, source) { target, kinds, how, source },
static const struct format_row ecs_rows[] = {
#include "output/formats/ecs.def"
};
static const struct format_row ocsf_rows[] = {
#include "output/formats/ocsf.def"
};
static const struct format_row cef_rows[] = {
#include "output/formats/cef.def"
};
#undef FORMAT_ROW

static const struct {
	const char *name;
	const struct format_row *rows;
	size_t count;
} formats[OUTPUT_FORMATS] = {
	[OUTPUT_NATIVE] = { "native", NULL, 0 },
	[OUTPUT_ECS] = { "ecs", ecs_rows, COUNT(ecs_rows) },
	[OUTPUT_OCSF] = { "ocsf", ocsf_rows, COUNT(ocsf_rows) },
	[OUTPUT_CEF] = { "cef", cef_rows, COUNT(cef_rows) },
};

enum output_format output_format_find(const char *name)
{
	enum output_format format = OUTPUT_NATIVE;

	while (format < OUTPUT_FORMATS && strcmp(formats[format].name, name) != 0)
		format++;
	return format;
}

/* 0: no table knows what it is; it is written as it is. */
static unsigned int kind_get_group(int number)
{
	switch (number) {
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC:
		return EXEC;
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT:
		return EXIT;
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP:
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_RATE_LIMIT_INFO:
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_THROTTLE:
		return NOTICES;
	case TETRAGON__GET_EVENTS_RESPONSE__EVENT_TEST:
		return 0;
	default:
		return CALLS;
	}
}

/* ---- where values are ------------------------------------------------------------------------ */

enum { SOURCE_STEPS_MAX = 5, TARGET_GROUPS_MAX = 5 };

/* FIELD NULL: this kind of events has none, and so no value. */
struct source {
	const ProtobufCFieldDescriptor *field;
	bool is_of_body;
	uint8_t steps;
	unsigned int offsets[SOURCE_STEPS_MAX];
};

/* A row for one kind of events. */
struct compiled {
	const struct format_row *row;
	struct source source, second; /* second: the arguments of a command */
};

struct compiled_kind {
	struct compiled *rows; /* owned */
	size_t count;
};

struct formatter {
	enum output_format format;
	const char *version;
	struct json_encoder *arguments; /* of KprobeArgument */
	struct json_encoder *native;
	struct compiled_kind *kinds; /* owned, by row of event_kinds */
	struct buf value;
	/* of the line that is being written */
	const Tetragon__GetEventsResponse *event;
	struct span groups[TARGET_GROUPS_MAX];
	size_t depth;
	bool needs_comma, had_value;
	unsigned int parts; /* of CEF's head */
};

/* All members of the oneof lie in one place. */
static const ProtobufCMessage *event_get_body(const Tetragon__GetEventsResponse *event)
{
	return event->event_case ? (const ProtobufCMessage *)event->process_exec : NULL;
}

static const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type,
						  struct span name)
{
	for (unsigned int i = 0; i < type->n_fields; i++) {
		const char *one = type->fields[i].name;

		if (strlen(one) == name.bytes && memcmp(one, name.data, name.bytes) == 0)
			return &type->fields[i];
	}
	return NULL;
}

static void source_compile(struct source *out, const ProtobufCMessageDescriptor *body,
			   struct span path)
{
	const ProtobufCMessageDescriptor *type = &tetragon__get_events_response__descriptor;

	while (path.bytes) {
		struct span name = span_cut(&path, '.');
		const ProtobufCFieldDescriptor *field;

		if (name.bytes == 4 && memcmp(name.data, "body", 4) == 0) {
			out->is_of_body = true;
			type = body;
			continue;
		}
		field = field_find(type, name);
		if (!field || (path.bytes && (field->type != PROTOBUF_C_TYPE_MESSAGE ||
					      field->label == PROTOBUF_C_LABEL_REPEATED ||
					      out->steps == SOURCE_STEPS_MAX)))
			return;
		if (!path.bytes) {
			out->field = field;
			return;
		}
		out->offsets[out->steps++] = field->offset;
		type = field->descriptor;
	}
}

/* The member; NULL: a message on the way is not there. */
static const void *source_find(const struct source *source,
			       const Tetragon__GetEventsResponse *event)
{
	const char *at =
		source->is_of_body ? (const char *)event_get_body(event) : (const char *)event;

	for (uint8_t i = 0; at && i < source->steps; i++)
		at = *(const char *const *)(at + source->offsets[i]);
	return at && source->field ? at + source->field->offset : NULL;
}

/* ---- what they are --------------------------------------------------------------------------- */

static const char *source_get_text(const struct source *source,
				   const Tetragon__GetEventsResponse *event)
{
	const void *member = source_find(source, event);
	const ProtobufCEnumValue *value;

	if (!member)
		return "";
	if (source->field->type == PROTOBUF_C_TYPE_STRING)
		return *(const char *const *)member ? *(const char *const *)member : "";
	if (source->field->type != PROTOBUF_C_TYPE_ENUM || !*(const int *)member)
		return "";
	value = protobuf_c_enum_descriptor_get_value(source->field->descriptor,
						     *(const int *)member);
	return value ? value->name : "";
}

/* False: it is not there. Of wrappers also 0 is, of others only if that is WANTED. */
static bool source_get_number(const struct source *source, const Tetragon__GetEventsResponse *event,
			      bool wants_zero, int64_t *out)
{
	const void *member = source_find(source, event);

	if (!member)
		return false;
	switch (source->field->type) {
	case PROTOBUF_C_TYPE_UINT32:
		*out = *(const uint32_t *)member;
		return *out || wants_zero;
	case PROTOBUF_C_TYPE_UINT64:
		*out = (int64_t)*(const uint64_t *)member;
		return *out || wants_zero;
	case PROTOBUF_C_TYPE_MESSAGE:
		if (source->field->descriptor != &google__protobuf__uint32_value__descriptor ||
		    !*(void *const *)member)
			return false;
		*out = (*(const Google__Protobuf__UInt32Value *const *)member)->value;
		return true;
	default:
		return false;
	}
}

static const Google__Protobuf__Timestamp *source_get_time(const struct source *source,
							  const Tetragon__GetEventsResponse *event)
{
	const void *member = source_find(source, event);

	return member ? *(const Google__Protobuf__Timestamp *const *)member : NULL;
}

/* Appends to formatter->value. False: there is no value. IS_TEXT: JSON has to quote it. */
typedef bool (*format_fn)(struct formatter *formatter, const struct compiled *row, bool *is_text);

static bool add_text(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	const char *text = source_get_text(&row->source, formatter->event);

	*is_text = true;
	buf_add_text(&formatter->value, text);
	return *text;
}

static bool add_name(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	const char *text = source_get_text(&row->source, formatter->event);
	const char *slash = strrchr(text, '/');

	*is_text = true;
	buf_add_text(&formatter->value, slash && slash[1] ? slash + 1 : text);
	return *text;
}

static bool add_command(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	const char *arguments = source_get_text(&row->second, formatter->event);

	if (!add_text(formatter, row, is_text))
		return false;
	if (*arguments)
		buf_add_format(&formatter->value, " %s", arguments);
	return true;
}

static bool add_number_if(struct formatter *formatter, const struct compiled *row, bool wants_zero)
{
	int64_t number = 0;

	if (!source_get_number(&row->source, formatter->event, wants_zero, &number))
		return false;
	buf_add_format(&formatter->value, "%lld", (long long)number);
	return true;
}

static bool add_number(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	return add_number_if(formatter, row, false);
}

static bool add_number_always(struct formatter *formatter, const struct compiled *row,
			      bool *is_text)
{
	return add_number_if(formatter, row, true);
}

static bool add_number_text(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	*is_text = true;
	return add_number_if(formatter, row, false);
}

static bool add_time(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	const Google__Protobuf__Timestamp *time = source_get_time(&row->source, formatter->event);
	char text[TEXT_TIME_BYTES_MAX];

	if (!time)
		return false;
	*is_text = true;
	buf_add(&formatter->value, text,
		(size_t)(text_put_time(text, time->seconds, time->nanos, TEXT_FRACTION_FULL) -
			 text));
	return true;
}

static bool add_time_ms(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	const Google__Protobuf__Timestamp *time = source_get_time(&row->source, formatter->event);
	int64_t ms;

	if (!time || __builtin_mul_overflow(time->seconds, 1000, &ms))
		return false;
	buf_add_format(&formatter->value, "%lld", (long long)(ms + time->nanos / 1000000));
	return true;
}

static bool add_time_ms_if_merged(struct formatter *formatter, const struct compiled *row,
				  bool *is_text)
{
	return formatter->event->aggregation_info && add_time_ms(formatter, row, is_text);
}

/* The first of a repeated member, and how many there are; 0 also where there is no such member. */
static const void *source_get_list(const struct source *source,
				   const Tetragon__GetEventsResponse *event, size_t *count)
{
	const char *member = source_find(source, event);

	*count = member ? *(const size_t *)(member - source->field->offset +
					    source->field->quantifier_offset)
			: 0;
	return *count ? *(const void *const *)member : NULL;
}

static bool add_list(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	size_t count;
	char *const *texts = source_get_list(&row->source, formatter->event, &count);

	for (size_t i = 0; i < count; i++) {
		buf_add_char(&formatter->value, i ? ',' : '[');
		json_add_text(&formatter->value, texts[i], strlen(texts[i]));
	}
	buf_add_text(&formatter->value, count ? "]" : "");
	return count;
}

static bool add_arguments(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	size_t count;
	ProtobufCMessage *const *list = source_get_list(&row->source, formatter->event, &count);

	for (size_t i = 0; i < count; i++) {
		buf_add_char(&formatter->value, i ? ',' : '[');
		json_encode(formatter->arguments, &formatter->value, list[i]);
	}
	buf_add_text(&formatter->value, count ? "]" : "");
	return count;
}

static bool add_argument(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	const void *member = source_find(&row->source, formatter->event);
	const ProtobufCMessage *argument = member ? *(const ProtobufCMessage *const *)member : NULL;

	if (argument)
		json_encode(formatter->arguments, &formatter->value, argument);
	return argument;
}

static bool add_constant_number(struct formatter *formatter, const struct compiled *row,
				bool *is_text)
{
	buf_add_text(&formatter->value, row->row->source);
	return true;
}

static bool add_constant(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	*is_text = true;
	return add_constant_number(formatter, row, is_text);
}

static bool add_constant_list(struct formatter *formatter, const struct compiled *row,
			      bool *is_text)
{
	buf_add_format(&formatter->value, "[\"%s\"]", row->row->source);
	return true;
}

static bool add_label(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	return formatter->had_value && add_constant(formatter, row, is_text);
}

static bool add_label_number(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	return formatter->had_value && add_constant_number(formatter, row, is_text);
}

static bool add_version(struct formatter *formatter, const struct compiled *row, bool *is_text)
{
	*is_text = true;
	buf_add_text(&formatter->value, formatter->version);
	return true;
}

static const format_fn how_functions[] = {
	[TEXT] = add_text,
	[NAME] = add_name,
	[COMMAND] = add_command,
	[NUMBER] = add_number,
	[NUMBER_ALWAYS] = add_number_always,
	[NUMBER_TEXT] = add_number_text,
	[TIME] = add_time,
	[TIME_MS] = add_time_ms,
	[TIME_MS_IF_MERGED] = add_time_ms_if_merged,
	[LIST] = add_list,
	[ARGUMENTS] = add_arguments,
	[ARGUMENT] = add_argument,
	[CONSTANT] = add_constant,
	[CONSTANT_NUMBER] = add_constant_number,
	[CONSTANT_LIST] = add_constant_list,
	[LABEL] = add_label,
	[LABEL_NUMBER] = add_label_number,
	[VERSION] = add_version,
};

/* ---- JSON ------------------------------------------------------------------------------------ */

static void group_close(struct formatter *formatter, struct buf *out)
{
	buf_add_char(out, '}');
	formatter->depth--;
	formatter->needs_comma = true;
}

static void key_add(struct formatter *formatter, struct buf *out, struct span name)
{
	if (formatter->needs_comma)
		buf_add_char(out, ',');
	json_add_text(out, name.data, name.bytes);
	buf_add_char(out, ':');
	formatter->needs_comma = true;
}

/* Opens and closes objects until the last name of TARGET may be written. */
static void target_go_to(struct formatter *formatter, struct buf *out, const char *target)
{
	struct span rest = span_of(target);
	size_t common = 0;

	for (;;) {
		struct span name = span_cut(&rest, '.');
		bool is_known;

		if (!rest.bytes) {
			while (formatter->depth > common)
				group_close(formatter, out);
			key_add(formatter, out, name);
			return;
		}
		is_known = common < formatter->depth &&
			   formatter->groups[common].bytes == name.bytes &&
			   memcmp(formatter->groups[common].data, name.data, name.bytes) == 0;
		if (!is_known) {
			while (formatter->depth > common)
				group_close(formatter, out);
			key_add(formatter, out, name);
			buf_add_char(out, '{');
			formatter->needs_comma = false;
			formatter->groups[formatter->depth++] = name;
		}
		common++;
	}
}

static void json_add_value(struct formatter *formatter, struct buf *out,
			   const struct format_row *row, bool is_text)
{
	target_go_to(formatter, out, row->target);
	if (is_text)
		json_add_text(out, formatter->value.data, formatter->value.bytes);
	else
		buf_add(out, formatter->value.data, formatter->value.bytes);
}

/* ---- CEF ------------------------------------------------------------------------------------- */

enum { CEF_PARTS = 3 }; /* of the head that a table gives */

/* Code points that end a line or move a terminal; BYTES of UTF-8. 0: it is none. */
static unsigned int control_read(const char *text, size_t bytes)
{
	const unsigned char *c = (const unsigned char *)text;

	if (bytes == 1)
		return c[0] < 0x20 || c[0] == 0x7f ? c[0] : 0;
	if (bytes == 2 && c[0] == 0xc2 && c[1] < 0xa0)
		return c[1];
	if (bytes == 3 && c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9))
		return 0x2000u + c[2] - 0x80;
	return 0;
}

/* A bar ends a part of the head, a blank before a name and "=" a value. What CEF has no escape for
 * is written as in JSON, its backslash escaped. */
static void cef_add_escaped(struct buf *out, const struct buf *value, const char *marks)
{
	size_t at = 0, bytes;

	for (; at < value->bytes; at += bytes) {
		const char *c = value->data + at;
		unsigned int control;

		bytes = utf8_char_bytes(c, value->bytes - at) ?: 1;
		control = control_read(c, bytes);
		if (control == '\n' || control == '\r') {
			buf_add_text(out, control == '\n' ? "\\n" : "\\r");
		} else if (control) {
			buf_add_format(out, "\\\\u%04x", control);
		} else {
			buf_add_text(out, bytes == 1 && strchr(marks, *c) ? "\\" : "");
			buf_add(out, c, bytes);
		}
	}
}

static void cef_add_value(struct formatter *formatter, struct buf *out,
			  const struct format_row *row)
{
	if (!*row->target) {
		cef_add_escaped(out, &formatter->value, "\\|");
		buf_add_char(out, '|');
		formatter->parts++;
		return;
	}
	if (formatter->needs_comma)
		buf_add_char(out, ' ');
	formatter->needs_comma = true;
	buf_add_format(out, "%s=", row->target);
	cef_add_escaped(out, &formatter->value, "\\=");
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void formatter_add_row(struct formatter *formatter, struct buf *out,
			      const struct compiled *row)
{
	bool is_text = false;

	buf_reset(&formatter->value);
	formatter->had_value = how_functions[row->row->how](formatter, row, &is_text);
	if (!formatter->had_value)
		return;
	out->failed |= formatter->value.failed;
	if (formatter->format == OUTPUT_CEF)
		cef_add_value(formatter, out, row->row);
	else
		json_add_value(formatter, out, row->row, is_text);
}

static void formatter_add_table(struct formatter *formatter, struct buf *out,
				const struct compiled_kind *kind)
{
	bool is_cef = formatter->format == OUTPUT_CEF;

	formatter->depth = formatter->parts = 0;
	formatter->needs_comma = formatter->had_value = false;
	if (is_cef)
		buf_add_format(out, "CEF:0|tetrad|tetrad|%s|", formatter->version);
	else
		buf_add_char(out, '{');
	for (size_t i = 0; i < kind->count; i++)
		formatter_add_row(formatter, out, &kind->rows[i]);
	while (formatter->depth)
		group_close(formatter, out);
	if (!is_cef)
		buf_add_char(out, '}');
}

void formatter_add(struct formatter *formatter, struct buf *out,
		   const Tetragon__GetEventsResponse *event)
{
	bool is_native = formatter->format == OUTPUT_NATIVE;
	const struct event_kind *kind = is_native ? NULL : event_kind_find((int)event->event_case);
	const struct compiled_kind *table = kind ? &formatter->kinds[kind - event_kinds] : NULL;
	size_t start = out->bytes;

	formatter->event = event;
	if (table && table->count)
		formatter_add_table(formatter, out, table);
	else
		json_encode(formatter->native, out, &event->base);
	if (out->failed)
		out->bytes = start;
}

/* ---- made once ------------------------------------------------------------------------------- */

static void row_compile(struct compiled *out, const struct format_row *row,
			const ProtobufCMessageDescriptor *body)
{
	struct span path = span_of(row->source);

	*out = (struct compiled){ .row = row };
	if (row->how >= CONSTANT)
		return;
	source_compile(&out->source, body, path);
	if (row->how == COMMAND) {
		_cleanup_buf_ struct buf other = {};

		buf_add(&other, path.data, path.bytes - strlen("binary"));
		buf_add_text(&other, "arguments");
		if (!other.failed)
			source_compile(&out->second, body, span_of(buf_text(&other)));
	}
}

static bool formatter_compile(struct formatter *formatter)
{
	const struct format_row *rows = formats[formatter->format].rows;
	size_t count = formats[formatter->format].count;

	formatter->kinds = calloc(event_kinds_count, sizeof(*formatter->kinds));
	for (size_t k = 0; formatter->kinds && k < event_kinds_count; k++) {
		struct compiled_kind *kind = &formatter->kinds[k];

		kind->rows = calloc(count + 1, sizeof(*kind->rows));
		if (!kind->rows)
			return false;
		for (size_t i = 0; i < count; i++) {
			if (rows[i].kinds & kind_get_group(event_kinds[k].number))
				row_compile(&kind->rows[kind->count++], &rows[i],
					    event_kinds[k].type);
		}
	}
	return formatter->kinds;
}

struct formatter *formatter_new(enum output_format format, const char *version)
{
	struct formatter *formatter = calloc(1, sizeof(*formatter));

	if (!formatter)
		return NULL;
	formatter->format = format;
	formatter->version = version;
	formatter->native = json_encoder_new(&tetragon__get_events_response__descriptor);
	formatter->arguments = json_encoder_new(&tetragon__kprobe_argument__descriptor);
	if (formatter->native && formatter->arguments && formatter_compile(formatter))
		return formatter;
	formatter_free(formatter);
	return NULL;
}

void formatter_free(struct formatter *formatter)
{
	if (!formatter)
		return;
	for (size_t i = 0; formatter->kinds && i < event_kinds_count; i++)
		free(formatter->kinds[i].rows);
	free(formatter->kinds);
	json_encoder_free(formatter->native);
	json_encoder_free(formatter->arguments);
	buf_done(&formatter->value);
	free(formatter);
}
