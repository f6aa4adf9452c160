/* SPDX-License-Identifier: Apache-2.0 */
/* Builds images: one block of memory each, texts behind the struct. */
#include "process/image.h"

#include <errno.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "process/arguments.h"

static bool path_is_absolute(struct span path)
{
	return path.bytes && path.data[0] == '/';
}

/* Appends PATH without empty and "." components; with FOLD, also without ".." (by name alone). */
static void path_add_clean(struct buf *out, struct span path, bool fold)
{
	while (path.bytes) {
		struct span part = span_cut(&path, '/');

		if (!part.bytes || (part.bytes == 1 && part.data[0] == '.'))
			continue;
		if (fold && part.bytes == 2 && !memcmp(part.data, "..", 2)) {
			while (out->bytes && out->data[--out->bytes] != '/')
				;
			continue;
		}
		buf_add_char(out, '/');
		buf_add(out, part.data, part.bytes);
	}
	if (!out->bytes)
		buf_add_char(out, '/');
}

static bool buf_equals(const struct buf *buf, struct span span)
{
	return buf->bytes == span.bytes && !memcmp(buf->data, span.data, span.bytes);
}

/*
 * The name that people know: the one given to execve, made absolute. Where it means the file that
 * runs the walked path stands for it (it has no "..", no doubled slashes); where it is a symbolic
 * link or a script, the given name stays, as upstream shows it, and the walked path is told beside
 * it.
 */
static void image_add_binary(struct buf *out, const struct process_image_source *source)
{
	_cleanup_buf_ struct buf given = {};
	_cleanup_buf_ struct buf folded = {};
	struct span walked = source->binary;

	if (!source->filename.bytes || (!path_is_absolute(source->filename) && !source->cwd.bytes &&
					!(source->exec->flags & WIRE_PROCESS_ROOT_CWD))) {
		buf_add(out, walked.data, walked.bytes);
		if (!walked.bytes)
			buf_add(out, source->filename.data, source->filename.bytes);
		return;
	}
	if (!path_is_absolute(source->filename)) {
		buf_add(&given, source->cwd.data, source->cwd.bytes);
		buf_add_char(&given, '/');
	}
	buf_add(&given, source->filename.data, source->filename.bytes);
	path_add_clean(&folded, (struct span){ given.data, given.bytes }, true);
	out->failed |= given.failed || folded.failed;
	if (buf_equals(&folded, walked))
		buf_add(out, walked.data, walked.bytes);
	else if (path_is_absolute(source->filename))
		buf_add(out, given.data, given.bytes);
	else
		path_add_clean(out, (struct span){ given.data, given.bytes }, false);
}

static void text_add(struct buf *out, size_t *offset, const void *data, size_t bytes)
{
	*offset = out->bytes;
	utf8_add_valid(out, data, bytes);
	buf_add_char(out, '\0');
}

struct image_texts {
	struct buf text;
	size_t binary, file_path, cwd, arguments, user, variables;
	uint32_t variable_count;
	bool variables_cut;
	bool has_executable;
};

static void image_texts_done(struct image_texts *texts)
{
	buf_done(&texts->text);
}

static void image_add_arguments(struct image_texts *texts, const char *binary,
				const struct process_image_source *source)
{
	_cleanup_buf_ struct buf joined = {};

	texts->arguments = texts->text.bytes;
	if (!source->redaction.redact) {
		arguments_add_joined(&texts->text, source->args);
	} else {
		/* before it is stored anywhere; without memory the image is not made */
		arguments_add_joined(&joined, source->args);
		source->redaction.redact(source->redaction.context, binary, &joined);
		buf_add(&texts->text, joined.data, joined.bytes);
		texts->text.failed |= joined.failed;
	}
	buf_add_char(&texts->text, '\0');
}

void process_variable_redact(const struct process_redaction *redaction, const char *binary,
			     struct span name, struct span value, struct buf *out)
{
	_cleanup_buf_ struct buf both = {};
	size_t start = out->bytes;
	char *split;

	utf8_add_valid(&both, name.data, name.bytes);
	buf_add_char(&both, '=');
	utf8_add_valid(&both, value.data, value.bytes);
	redaction->redact(redaction->context, binary, &both);
	buf_add(out, both.data, both.bytes);
	out->failed |= both.failed;
	split = out->failed || !both.bytes ? NULL
					   : memchr(out->data + start, '=', out->bytes - start);
	if (split)
		*split = '\0';
	else
		buf_add_char(out, '\0');
	buf_add_char(out, '\0');
}

static void image_add_variables(struct image_texts *texts, const char *binary,
				const struct process_image_source *source)
{
	struct span environment = source->environment;
	struct span name, value;
	size_t offset;

	texts->variables = texts->text.bytes;
	while (environment_next(&environment, &name, &value)) {
		if (texts->variable_count == PROCESS_VARIABLES_MAX) {
			texts->variables_cut = true;
			return;
		}
		texts->variable_count++;
		if (source->redaction.redact) {
			process_variable_redact(&source->redaction, binary, name, value,
						&texts->text);
			continue;
		}
		text_add(&texts->text, &offset, name.data, name.bytes);
		text_add(&texts->text, &offset, value.data, value.bytes);
	}
}

static void image_collect_texts(struct image_texts *texts,
				const struct process_image_source *source)
{
	_cleanup_buf_ struct buf binary = {};
	const char *cwd = source->exec->flags & WIRE_PROCESS_ROOT_CWD ? "/" : "";

	if (source->exec->flags & WIRE_PROCESS_KERNEL_THREAD)
		buf_add_format(&binary, "[%.*s]", (int)source->filename.bytes,
			       source->filename.data);
	else
		image_add_binary(&binary, source);
	texts->text.failed |= binary.failed;
	text_add(&texts->text, &texts->binary, binary.data, binary.bytes);
	text_add(&texts->text, &texts->file_path, source->binary.data, source->binary.bytes);
	texts->has_executable = source->binary.bytes && !buf_equals(&binary, source->binary);
	if (source->cwd.bytes)
		text_add(&texts->text, &texts->cwd, source->cwd.data, source->cwd.bytes);
	else
		text_add(&texts->text, &texts->cwd, cwd, strlen(cwd));
	text_add(&texts->text, &texts->user, source->user, strlen(source->user));
	image_add_arguments(texts, buf_text(&binary), source);
	image_add_variables(texts, buf_text(&binary), source);
}

/* Points the variables of IMAGE, whose array lies at LIST, at their texts. */
static void image_point_variables(struct process_image *image, struct process_variable *list,
				  const char *text)
{
	for (uint32_t i = 0; i < image->variable_count; i++) {
		list[i].name = text;
		text += strlen(text) + 1;
		list[i].value = text;
		text += strlen(text) + 1;
	}
	image->variables = list;
}

/* One block with TEXTS; everything else as in FACTS. NULL: no memory. */
static struct process_image *image_new(const struct image_texts *texts,
				       const struct process_image *facts)
{
	size_t bytes = sizeof(struct process_image) +
		       texts->variable_count * sizeof(struct process_variable) + texts->text.bytes;
	struct process_image *image =
		texts->text.failed || bytes > UINT32_MAX ? NULL : malloc(bytes);
	char *text;

	if (!image)
		return NULL;
	text = (char *)image + bytes - texts->text.bytes;
	memcpy(text, texts->text.data, texts->text.bytes);
	*image = *facts;
	image->refs = 1;
	image->holders = image->living = 0;
	image->variable_count = texts->variable_count;
	image->bytes = (uint32_t)bytes;
	image->binary = text + texts->binary;
	image->executable = texts->has_executable ? text + texts->file_path : NULL;
	image->file_path = text + texts->file_path;
	image->cwd = text + texts->cwd;
	image->arguments = text + texts->arguments;
	image->user = text + texts->user;
	image_point_variables(image, (struct process_variable *)(image + 1),
			      text + texts->variables);
	return image;
}

int process_image_new(struct process_image **out, const struct process_image_source *source)
{
	const struct wire_exec *exec = source->exec;
	_cleanup_(image_texts_done) struct image_texts texts = {};
	struct process_image facts = { .login_uid = exec->login_uid,
				       .privileges = exec->privileges,
				       .file_links = exec->file_links,
				       .file_inode = exec->file_inode,
				       .credentials = exec->credentials };
	struct process_image *image;

	image_collect_texts(&texts, source);
	facts.variables_cut = texts.variables_cut;
	memcpy(facts.namespaces, exec->namespaces, sizeof(facts.namespaces));
	container_id_find(source->cgroup, facts.container_id);
	image = image_new(&texts, &facts);
	if (!image)
		return -ENOMEM;
	*out = image;
	return 0;
}

static void image_copy_texts(struct image_texts *texts, const struct process_image *image)
{
	size_t offset;

	text_add(&texts->text, &texts->binary, image->binary, strlen(image->binary));
	text_add(&texts->text, &texts->file_path, image->file_path, strlen(image->file_path));
	text_add(&texts->text, &texts->cwd, image->cwd, strlen(image->cwd));
	text_add(&texts->text, &texts->user, image->user, strlen(image->user));
	text_add(&texts->text, &texts->arguments, image->arguments, strlen(image->arguments));
	texts->variables = texts->text.bytes;
	for (uint32_t i = 0; i < image->variable_count; i++) {
		const struct process_variable *variable = &image->variables[i];

		text_add(&texts->text, &offset, variable->name, strlen(variable->name));
		text_add(&texts->text, &offset, variable->value, strlen(variable->value));
	}
	texts->variable_count = image->variable_count;
	texts->has_executable = image->executable != NULL;
}

int process_image_copy(struct process_image **out, const struct process_image *image)
{
	_cleanup_(image_texts_done) struct image_texts texts = {};
	struct process_image *copy;

	image_copy_texts(&texts, image);
	copy = image_new(&texts, image);
	if (!copy)
		return -ENOMEM;
	*out = copy;
	return 0;
}

/* Texts stand in the order of image_collect_texts(): what is cut away comes last. */
int process_image_cut(struct process_image **out, const struct process_image *image)
{
	const char *old = image->binary;
	size_t kept = (size_t)(image->arguments - old);
	size_t bytes = sizeof(*image) + kept + 1;
	struct process_image *copy = malloc(bytes);
	char *text;

	if (!copy)
		return -ENOMEM;
	text = (char *)(copy + 1);
	memcpy(text, old, kept);
	text[kept] = '\0';
	*copy = *image;
	copy->refs = 1;
	copy->holders = copy->living = 0;
	copy->bytes = (uint32_t)bytes;
	copy->binary = text;
	copy->file_path = text + (image->file_path - old);
	copy->executable = image->executable ? copy->file_path : NULL;
	copy->cwd = text + (image->cwd - old);
	copy->user = text + (image->user - old);
	copy->arguments = text + kept;
	copy->variables = NULL;
	copy->variable_count = 0;
	*out = copy;
	return 0;
}

struct process_image *process_image_ref(struct process_image *image)
{
	if (image)
		image->refs++;
	return image;
}

void process_image_unref(struct process_image *image)
{
	if (image && --image->refs == 0)
		free(image);
}
