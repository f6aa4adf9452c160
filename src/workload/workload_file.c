/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a workload, one row each; then the table of all workloads, sorted and without
 * doubles. */
#include "workload/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/suggest.h"
#include "workload/elements.h"
#include "workload/findings.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct file_reader {
	struct findings findings;
	const char *cgroup_root;
	struct workload *items; /* owned */
	size_t count, capacity;
};

/* ---- ownership ------------------------------------------------------------------------------- */

/* The texts are ours to free, and nobody else's to write to. */
static void text_free(const char *text)
{
	free((void *)text);
}

static void workload_done(struct workload *workload)
{
	for (size_t i = 0; i < workload->labels_count; i++) {
		text_free(workload->labels[i].key);
		text_free(workload->labels[i].value);
	}
	free((void *)workload->labels);
	text_free(workload->cgroup);
	text_free(workload->namespace);
	text_free(workload->pod);
	text_free(workload->container);
	text_free(workload->container_id);
	text_free(workload->image);
	text_free(workload->image_repo);
}

static void workloads_done(const struct workload *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		workload_done((struct workload *)&items[i]);
	free((void *)items);
}

void workloads_free(struct workloads *workloads)
{
	if (!workloads)
		return;
	workloads_done(workloads->items, workloads->count);
	free(workloads);
}

static void file_reader_done(struct file_reader *reader)
{
	workloads_done(reader->items, reader->count);
}

static void cleanup_json(json_t **json)
{
	json_decref(*json);
}

/* ---- values ---------------------------------------------------------------------------------- */

struct key_row {
	const char *name;
	/* Takes over a value that is there. 0 also after a finding; -ENOMEM. */
	int (*read)(struct file_reader *reader, const struct key_row *row, const json_t *json,
		    struct workload *out);
	size_t offset; /* of the text in struct workload */
	size_t bytes_max;
	bool is_required; /* then it is not empty either */
};

static const char *json_kind_name(const json_t *json)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a text",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number",	[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	     [JSON_NULL] = "null",
	};

	return names[json_typeof(json)];
}

/* True: it may be taken. SUBJECT is what findings call it. */
static bool check_text(struct file_reader *reader, unsigned int line, const char *subject,
		       const json_t *json, size_t bytes_max)
{
	if (!json_is_string(json))
		findings_add(&reader->findings, line, "%s is %s; want a text", subject,
			     json_kind_name(json));
	else if (json_string_length(json) > bytes_max)
		findings_add(&reader->findings, line, "%s has %zu bytes; at most %zu are accepted",
			     subject, json_string_length(json), bytes_max);
	else
		return true;
	return false;
}

/* True: it may be taken. */
static bool check_row_text(struct file_reader *reader, const struct key_row *row,
			   const json_t *json, const struct workload *workload)
{
	_cleanup_buf_ struct buf subject = {};

	findings_add_quoted(&subject, span_of(row->name));
	if (!check_text(reader, workload->line, buf_text(&subject), json, row->bytes_max))
		return false;
	if (!row->is_required || json_string_length(json))
		return true;
	findings_add(&reader->findings, workload->line, "%s is empty", buf_text(&subject));
	return false;
}

static int set_text(const char **member, const char *text)
{
	*member = strdup(text);
	return *member ? 0 : -ENOMEM;
}

static int read_text(struct file_reader *reader, const struct key_row *row, const json_t *json,
		     struct workload *out)
{
	if (!check_row_text(reader, row, json, out))
		return 0;
	return set_text((const char **)((char *)out + row->offset), json_string_value(json));
}

/* ---- the cgroup ------------------------------------------------------------------------------ */

static bool text_begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* PATH behind ROOT, or NULL when it does not lie there. */
static const char *path_below(const char *path, const char *root)
{
	size_t bytes = strlen(root);

	if (!text_begins(path, root) || (path[bytes] != '/' && path[bytes] != '\0'))
		return NULL;
	return path + bytes;
}

/* The same path without repeated slashes and slashes at the end. NULL: it has "." or "..". */
static const char *path_tidy(const char *path, struct buf *out)
{
	struct span rest = span_of(path);

	while (rest.bytes) {
		struct span name = span_cut(&rest, '/');

		if ((name.bytes == 1 || name.bytes == 2) &&
		    memcmp(name.data, "..", name.bytes) == 0)
			return NULL;
		if (!name.bytes)
			continue;
		buf_add_char(out, '/');
		buf_add(out, name.data, name.bytes);
	}
	return buf_text(out);
}

/*
 * Why a path names no cgroup that can be a workload's, or NULL. TIDY: NULL when it cannot be;
 * GROUP: the part below the hierarchy's root.
 */
static const char *cgroup_explain(const char *path, const char *root, const char *tidy,
				  const char *group)
{
	static const char folder[] = "/sys/fs/cgroup/";

	if (path[0] != '/')
		return "want a path that begins with \"/\"";
	if (!tidy)
		return "want a path without \".\" and \"..\"";
	if (!group[0])
		return "that is the root, where the host's processes are; want a group below it";
	/* The v1 hierarchies stand beside the v2 one. */
	if (group == tidy && text_begins(tidy, folder) && text_begins(root, folder))
		return "that is no cgroup v2";
	return NULL;
}

static int read_cgroup(struct file_reader *reader, const struct key_row *row, const json_t *json,
		       struct workload *out)
{
	_cleanup_buf_ struct buf buffer = {};
	_cleanup_buf_ struct buf quoted = {};
	const char *path, *tidy, *below, *group, *reason;

	if (!check_row_text(reader, row, json, out))
		return 0;
	path = json_string_value(json);
	tidy = path_tidy(path, &buffer);
	if (buffer.failed)
		return -ENOMEM;
	below = tidy ? path_below(tidy, reader->cgroup_root) : NULL;
	group = below ? below : tidy;
	reason = cgroup_explain(path, reader->cgroup_root, tidy, group);
	if (!reason)
		return set_text(&out->cgroup, group);
	findings_add_quoted(&quoted, span_of(path));
	findings_add(
		&reader->findings, out->line,
		"\"cgroup\" is %s; %s, as in \"%s/kubepods/pod1/abc\" or \"/kubepods/pod1/abc\"",
		buf_text(&quoted), reason, reader->cgroup_root);
	return 0;
}

/* ---- image and labels ------------------------------------------------------------------------ */

static int read_image(struct file_reader *reader, const struct key_row *row, const json_t *json,
		      struct workload *out)
{
	const char *at;
	int error;

	if (!check_row_text(reader, row, json, out))
		return 0;
	error = set_text(&out->image, json_string_value(json));
	if (error)
		return error;
	/* Upstream's rule: a digest stands behind the only "@". */
	at = strchr(out->image, '@');
	if (!at || strchr(at + 1, '@'))
		return 0;
	out->image_repo = strndup(out->image, (size_t)(at - out->image));
	return out->image_repo ? 0 : -ENOMEM;
}

static int add_label(struct file_reader *reader, struct workload *out, struct text_pair *labels,
		     const char *key, const json_t *json)
{
	_cleanup_buf_ struct buf subject = {};
	struct text_pair *label = &labels[out->labels_count];

	buf_add_text(&subject, "label ");
	findings_add_quoted(&subject, span_of(key));
	if (!check_text(reader, out->line, buf_text(&subject), json,
			WORKLOAD_LABEL_VALUE_BYTES_MAX))
		return 0;
	if (!key[0] || strlen(key) > WORKLOAD_LABEL_KEY_BYTES_MAX) {
		findings_add(&reader->findings, out->line,
			     "the key of %s has %zu bytes; want 1 to %u", buf_text(&subject),
			     strlen(key), WORKLOAD_LABEL_KEY_BYTES_MAX);
		return 0;
	}
	out->labels_count++;
	label->key = strdup(key);
	label->value = strdup(json_string_value(json));
	return label->key && label->value ? 0 : -ENOMEM;
}

static int read_labels(struct file_reader *reader, const struct key_row *row, const json_t *json,
		       struct workload *out)
{
	struct text_pair *labels;
	json_t *value;
	const char *key;
	int error = 0;

	if (!json_is_object(json)) {
		findings_add(&reader->findings, out->line,
			     "\"labels\" is %s; want an object of texts", json_kind_name(json));
		return 0;
	}
	if (json_object_size(json) > WORKLOAD_LABELS_MAX) {
		findings_add(&reader->findings, out->line,
			     "\"labels\" has %zu labels; at most %u are accepted",
			     json_object_size(json), WORKLOAD_LABELS_MAX);
		return 0;
	}
	labels = calloc(json_object_size(json) + 1, sizeof(*labels));
	if (!labels)
		return -ENOMEM;
	out->labels = labels;
	json_object_foreach((json_t *)json, key, value) error =
		error ? error : add_label(reader, out, labels, key, value);
	return error;
}

/* ---- one workload ---------------------------------------------------------------------------- */

#define TEXT(member) offsetof(struct workload, member)

static const struct key_row key_rows[] = {
	{ "cgroup", read_cgroup, TEXT(cgroup), WORKLOAD_CGROUP_BYTES_MAX, .is_required = true },
	{ "namespace", read_text, TEXT(namespace), WORKLOAD_SHORT_NAME_BYTES_MAX,
	  .is_required = true },
	{ "pod", read_text, TEXT(pod), WORKLOAD_NAME_BYTES_MAX, .is_required = true },
	{ "labels", read_labels },
	{ "container", read_text, TEXT(container), WORKLOAD_SHORT_NAME_BYTES_MAX },
	{ "container_id", read_text, TEXT(container_id), WORKLOAD_CONTAINER_ID_BYTES_MAX },
	{ "image", read_image, TEXT(image), WORKLOAD_IMAGE_BYTES_MAX },
};

static void check_key(struct file_reader *reader, unsigned int line, const char *key)
{
	_cleanup_buf_ struct buf quoted = {};
	struct suggest suggest = suggest_start(key);

	for (size_t i = 0; i < COUNT(key_rows); i++) {
		if (strcmp(key, key_rows[i].name) == 0)
			return;
		suggest_offer(&suggest, key_rows[i].name);
	}
	findings_add_quoted(&quoted, span_of(key));
	if (suggest.best) {
		findings_add(&reader->findings, line, "unknown key %s; did you mean \"%s\"?",
			     buf_text(&quoted), suggest.best);
		return;
	}
	buf_add_text(&quoted, "; a workload has");
	for (size_t i = 0; i < COUNT(key_rows); i++)
		buf_add_format(&quoted, "%s %s", i ? "," : "", key_rows[i].name);
	findings_add(&reader->findings, line, "unknown key %s", buf_text(&quoted));
}

/* Members that nothing was said about. */
static int set_absent(struct workload *workload)
{
	const char **members[] = { &workload->container, &workload->container_id, &workload->image,
				   &workload->image_repo };

	for (size_t i = 0; i < COUNT(members); i++)
		if (!*members[i] && set_text(members[i], ""))
			return -ENOMEM;
	return 0;
}

static int read_keys(struct file_reader *reader, const json_t *object, struct workload *out)
{
	const char *key;
	json_t *value;
	int error = 0;

	for (size_t i = 0; !error && i < COUNT(key_rows); i++) {
		const json_t *json = json_object_get(object, key_rows[i].name);

		/* jq writes null for what is not there. */
		if (json && !json_is_null(json))
			error = key_rows[i].read(reader, &key_rows[i], json, out);
		else if (key_rows[i].is_required)
			findings_add(
				&reader->findings, out->line,
				"\"%s\" is missing; a workload needs cgroup, namespace and pod",
				key_rows[i].name);
	}
	json_object_foreach((json_t *)object, key, value) check_key(reader, out->line, key);
	return error ? error : set_absent(out);
}

static int add_workload(struct file_reader *reader, const struct workload *workload)
{
	if (reader->count == reader->capacity) {
		size_t capacity = reader->capacity ? 2 * reader->capacity : 64;
		struct workload *items = reallocarray(reader->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		reader->items = items;
		reader->capacity = capacity;
	}
	reader->items[reader->count++] = *workload;
	return 0;
}

/* A workload with mistakes is left out; the file is refused anyhow. */
static int read_workload(struct file_reader *reader, const json_t *object, unsigned int line)
{
	struct workload workload = { .line = line };
	unsigned int mistakes = reader->findings.count;
	int error = read_keys(reader, object, &workload);
	bool is_good = !error && reader->findings.count == mistakes;

	if (is_good)
		error = add_workload(reader, &workload);
	if (!is_good || error)
		workload_done(&workload);
	return error;
}

/* ---- the file -------------------------------------------------------------------------------- */

int workload_compare(const void *one, const void *other)
{
	const struct workload *a = one, *b = other;
	int order = strcmp(a->cgroup, b->cgroup);

	return order ? order : a->line < b->line ? -1 : a->line > b->line;
}

static void sort_workloads(struct file_reader *reader)
{
	struct workload *items = reader->items;

	if (reader->count)
		qsort(items, reader->count, sizeof(*items), workload_compare);
	for (size_t i = 0; i < reader->count; i++) {
		_cleanup_buf_ struct buf quoted = {};

		if (!i || strcmp(items[i].cgroup, items[i - 1].cgroup) != 0)
			continue;
		findings_add_quoted(&quoted, span_of(items[i].cgroup));
		findings_add(&reader->findings, items[i].line,
			     "cgroup %s belongs to the workload of line %u", buf_text(&quoted),
			     items[i - 1].line);
	}
}

static int read_elements(struct file_reader *reader, struct span text)
{
	struct elements elements = { .text = text, .findings = &reader->findings };
	unsigned int line = 0, count = 0;
	int error;

	for (;;) {
		_cleanup_(cleanup_json) json_t *object = NULL;

		error = elements_next(&elements, &object, &line);
		if (error || !object)
			return error;
		if (++count > WORKLOADS_MAX) {
			findings_add(&reader->findings, line, "more than %u workloads",
				     WORKLOADS_MAX);
			return 0;
		}
		error = read_workload(reader, object, line);
		if (error)
			return error;
	}
}

/* Up to a byte more than is allowed: that is enough to know. */
static int read_bytes(const char *path, struct buf *out)
{
	enum { STEP = 64 * 1024 };
	/* A pipe would hold the agent up. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -ENODEV;
	while (out->bytes <= WORKLOADS_FILE_BYTES_MAX) {
		ssize_t got;

		if (!buf_reserve(out, STEP))
			return -ENOMEM;
		got = read(fd, out->data + out->bytes, STEP);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		out->bytes += got > 0 ? (size_t)got : 0;
	}
	return -EFBIG;
}

static int read_text_file(const char *path, struct buf *out, struct diag *diag)
{
	int error = read_bytes(path, out);

	if (error == -EFBIG)
		diag_add(diag, "cannot read \"%s\": it has more than %u MiB", path,
			 WORKLOADS_FILE_BYTES_MAX >> 20);
	else if (error == -ENODEV)
		diag_add(diag, "cannot read \"%s\": want a regular file", path);
	else if (error && error != -ENOMEM)
		diag_add(diag, "cannot read \"%s\": %s", path, strerror(-error));
	return error;
}

static int take_workloads(struct file_reader *reader, struct workloads **out)
{
	struct workloads *workloads = malloc(sizeof(*workloads));

	if (!workloads)
		return -ENOMEM;
	workloads->count = reader->count;
	workloads->items = TAKE_PTR(reader->items);
	reader->count = 0;
	*out = workloads;
	return 0;
}

int workloads_read_text(const char *name, struct span text, const char *cgroup_root,
			struct workloads **out, struct diag *diag)
{
	_cleanup_(file_reader_done) struct file_reader reader = {
		.findings = { .name = name, .diag = diag },
		.cgroup_root = cgroup_root,
	};
	int error = read_elements(&reader, text);

	if (error)
		return error;
	sort_workloads(&reader);
	findings_end(&reader.findings);
	return reader.findings.count ? -EINVAL : take_workloads(&reader, out);
}

int workloads_read_file(const char *path, const char *cgroup_root, struct workloads **out,
			struct diag *diag)
{
	_cleanup_buf_ struct buf text = {};
	int error = read_text_file(path, &text, diag);

	return error ? error
		     : workloads_read_text(path, (struct span){ text.data, text.bytes },
					   cgroup_root, out, diag);
}
