/* SPDX-License-Identifier: Apache-2.0 */
/* Rows say which members of the structs are saved; texts are saved as they are. */
#include "process/saved.h"

#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"

/* An image has at most 256 KiB of arguments and as much environment, each byte escaped. */
#define SAVED_LINE_BYTES_MAX (4u << 20)

struct saved_number {
	const char *name;
	size_t offset;
	uint8_t bytes; /* 4 or 8 */
};

#define PROCESS(member, bytes) { #member, offsetof(struct process, member), bytes }
#define IMAGE(member, bytes)   { #member, offsetof(struct process_image, member), bytes }

static const struct saved_number process_numbers[] = {
	PROCESS(id.exec_ns, 8), PROCESS(id.pid, 4),	   PROCESS(parent.exec_ns, 8),
	PROCESS(parent.pid, 4), PROCESS(start_wall_ns, 8), PROCESS(flags, 4),
	PROCESS(tid, 4),	PROCESS(namespace_pid, 4),
};

static const struct saved_number image_numbers[] = {
	IMAGE(login_uid, 4),
	IMAGE(privileges, 4),
	IMAGE(file_links, 4),
	IMAGE(file_inode, 8),
	IMAGE(credentials.permitted, 8),
	IMAGE(credentials.effective, 8),
	IMAGE(credentials.inheritable, 8),
	IMAGE(credentials.uid, 4),
	IMAGE(credentials.gid, 4),
	IMAGE(credentials.euid, 4),
	IMAGE(credentials.egid, 4),
	IMAGE(credentials.suid, 4),
	IMAGE(credentials.sgid, 4),
	IMAGE(credentials.fsuid, 4),
	IMAGE(credentials.fsgid, 4),
	IMAGE(credentials.securebits, 4),
};

static const struct {
	const char *name;
	size_t offset;
} image_texts[] = {
	{ "binary", offsetof(struct process_image, binary) },
	{ "file_path", offsetof(struct process_image, file_path) },
	{ "cwd", offsetof(struct process_image, cwd) },
	{ "arguments", offsetof(struct process_image, arguments) },
	{ "user", offsetof(struct process_image, user) },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- saving
 * ------------------------------------------------------------------------------------ */

static void numbers_save(json_t *object, const struct saved_number *rows, size_t count,
			 const void *data)
{
	for (size_t i = 0; i < count; i++) {
		const char *member = (const char *)data + rows[i].offset;
		uint64_t value = 0;

		memcpy(&value, member, rows[i].bytes); /* both sides are of one machine */
		json_object_set_new(object, rows[i].name, json_integer((json_int_t)value));
	}
}

static json_t *image_save(const struct process_image *image)
{
	json_t *object = json_object(), *namespaces = json_array(), *variables = json_array();

	numbers_save(object, image_numbers, COUNT(image_numbers), image);
	for (size_t i = 0; i < COUNT(image_texts); i++)
		json_object_set_new(object, image_texts[i].name,
				    json_string(*(const char *const *)((const char *)image +
								       image_texts[i].offset)));
	for (int i = 0; i < WIRE_NAMESPACES; i++)
		json_array_append_new(namespaces, json_integer(image->namespaces[i]));
	for (uint32_t i = 0; i < image->variable_count; i++) {
		json_array_append_new(variables, json_string(image->variables[i].name));
		json_array_append_new(variables, json_string(image->variables[i].value));
	}
	json_object_set_new(object, "namespaces", namespaces);
	json_object_set_new(object, "variables", variables);
	json_object_set_new(object, "variables_cut", json_boolean(image->variables_cut));
	json_object_set_new(object, "has_executable", json_boolean(image->executable != NULL));
	json_object_set_new(object, "container_id", json_string(image->container_id));
	return object;
}

struct saved_list {
	struct process **items; /* owned */
	size_t count;
};

static void saved_add(void *context, struct process *process)
{
	struct saved_list *list = context;

	list->items[list->count++] = process;
}

static int saved_compare(const void *a, const void *b)
{
	const struct process *one = *(struct process *const *)a;
	const struct process *other = *(struct process *const *)b;

	if (one->image != other->image)
		return one->image < other->image ? -1 : 1;
	return one->id.exec_ns < other->id.exec_ns ? -1 : one->id.exec_ns > other->id.exec_ns;
}

int process_table_save(struct process_table *table, FILE *file)
{
	_cleanup_free_ struct process **items = NULL;
	const struct process_image *last = NULL;
	struct process_table_stats stats;
	struct saved_list list = {};
	int error = 0;

	process_table_read_stats(table, &stats);
	list.items = items = calloc(stats.size + 1, sizeof(struct process *));
	if (!items)
		return -ENOMEM;
	process_table_visit(table, saved_add, &list);
	qsort(items, list.count, sizeof(struct process *), saved_compare);
	for (size_t i = 0; i < list.count && !error; i++) {
		json_t *object = json_object();

		numbers_save(object, process_numbers, COUNT(process_numbers), items[i]);
		json_object_set_new(object, "dead_ns", json_integer((json_int_t)items[i]->dead_ns));
		if (items[i]->image && items[i]->image != last)
			json_object_set_new(object, "image", image_save(items[i]->image));
		json_object_set_new(object, "has_image", json_boolean(items[i]->image != NULL));
		last = items[i]->image;
		errno = EIO; /* the default: jansson sets none of its own */
		if (json_dumpf(object, file, JSON_COMPACT) || fputc('\n', file) == EOF)
			error = -errno;
		json_decref(object);
	}
	return error;
}

/* ---- restoring
 * --------------------------------------------------------------------------------- */

static void numbers_restore(const json_t *object, const struct saved_number *rows, size_t count,
			    void *data)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value =
			(uint64_t)json_integer_value(json_object_get(object, rows[i].name));

		memcpy((char *)data + rows[i].offset, &value, rows[i].bytes);
	}
}

/* Never NULL. */
static const char *text_restore(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? text : "";
}

/* A text that was read, or its copy without what is hidden now. NULL: no memory. */
static const char *text_hide(const struct process_redaction *redaction, const char *binary,
			     const char *text, struct arena *arena)
{
	_cleanup_buf_ struct buf shown = {};

	if (!redaction->redact)
		return text;
	buf_add_text(&shown, text);
	redaction->redact(redaction->context, binary, &shown);
	return shown.failed ? NULL : arena_copy(arena, (struct span){ shown.data, shown.bytes });
}

/* False: no memory. */
static bool variable_hide(const struct process_redaction *redaction, const char *binary,
			  struct process_variable *variable, struct arena *arena)
{
	_cleanup_buf_ struct buf both = {};
	const char *copy;

	if (!redaction->redact)
		return true;
	process_variable_redact(redaction, binary, span_of(variable->name),
				span_of(variable->value), &both);
	copy = both.failed ? NULL : arena_copy(arena, (struct span){ both.data, both.bytes });
	if (!copy)
		return false;
	*variable = (struct process_variable){ copy, copy + strlen(copy) + 1 };
	return true;
}

/* False: no memory. */
static bool variables_restore(const struct process_tracker *tracker, struct process_image *image,
			      const json_t *texts, struct arena *arena)
{
	size_t count = tracker->with_environment ? json_array_size(texts) / 2 : 0;
	struct process_variable *list = arena_alloc_array(arena, count, sizeof(*list));

	image->variables = list;
	for (size_t i = 0; list && i < count && i < PROCESS_VARIABLES_MAX; i++) {
		struct process_variable *next = &list[image->variable_count];

		next->name = text_restore(json_array_get(texts, 2 * i));
		next->value = text_restore(json_array_get(texts, 2 * i + 1));
		if (!process_keeps_variable(&tracker->filter, span_of(next->name)))
			continue;
		if (!variable_hide(&tracker->redaction, image->binary, next, arena))
			return false;
		image->variable_count++;
	}
	return list;
}

/* NULL: no memory. */
static struct process_image *image_restore(const struct process_tracker *tracker,
					   const json_t *object)
{
	const json_t *namespaces = json_object_get(object, "namespaces");
	struct process_image plain = {}, *image = NULL;
	_cleanup_arena_ struct arena arena = {};

	numbers_restore(object, image_numbers, COUNT(image_numbers), &plain);
	for (size_t i = 0; i < COUNT(image_texts); i++)
		*(const char **)((char *)&plain + image_texts[i].offset) =
			text_restore(json_object_get(object, image_texts[i].name));
	for (int i = 0; i < WIRE_NAMESPACES; i++)
		plain.namespaces[i] =
			(uint32_t)json_integer_value(json_array_get(namespaces, (size_t)i));
	plain.variables_cut = json_is_true(json_object_get(object, "variables_cut"));
	plain.executable =
		json_is_true(json_object_get(object, "has_executable")) ? plain.file_path : NULL;
	snprintf(plain.container_id, sizeof(plain.container_id), "%s",
		 text_restore(json_object_get(object, "container_id")));
	plain.arguments = text_hide(&tracker->redaction, plain.binary, plain.arguments, &arena);
	if (plain.arguments &&
	    variables_restore(tracker, &plain, json_object_get(object, "variables"), &arena))
		process_image_copy(&image, &plain);
	return image;
}

static void process_restore(const struct process_tracker *tracker, const json_t *object,
			    struct process_image **last)
{
	const json_t *saved = json_object_get(object, "image");
	uint64_t dead_ns = (uint64_t)json_integer_value(json_object_get(object, "dead_ns"));
	bool has_image = json_is_true(json_object_get(object, "has_image"));
	struct process plain = {}, *process;

	numbers_restore(object, process_numbers, COUNT(process_numbers), &plain);
	if (saved) {
		process_image_unref(*last);
		*last = image_restore(tracker, saved);
	}
	process = process_table_insert(tracker->table, &plain.id, &plain.parent,
				       has_image ? process_image_ref(*last) : NULL);
	if (!process) {
		if (has_image)
			process_image_unref(*last);
		return;
	}
	process->start_wall_ns = plain.start_wall_ns;
	process->flags = plain.flags;
	process->tid = plain.tid;
	process->namespace_pid = plain.namespace_pid;
	if (dead_ns)
		process_table_end(tracker->table, process, dead_ns);
}

int process_table_restore(const struct process_tracker *tracker, FILE *file)
{
	struct process_image *last = NULL;
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	ssize_t bytes;
	int error = 0;

	while (!error && (bytes = getline(&line, &room, file)) > 0) {
		json_t *object = bytes > SAVED_LINE_BYTES_MAX
					 ? NULL
					 : json_loadb(line, (size_t)bytes, 0, NULL);

		if (json_is_object(object))
			process_restore(tracker, object, &last);
		else
			error = -EINVAL;
		json_decref(object);
	}
	process_image_unref(last);
	process_table_adopt(tracker->table);
	return error;
}
