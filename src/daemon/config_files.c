/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories and YAML files of options. Both are read as text from a stranger: only regular files,
 * no more than CONFIG_FILE_BYTES_MAX, UTF-8. A mistake does not stop the reading.
 */
#include "daemon/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/utf8.h"
#include "daemon/config.h"
#include "policy/tree.h"

/* ---- one file
 * --------------------------------------------------------------------------------------- */

static bool status_is_trusted(const struct stat *status)
{
	return (status->st_uid == geteuid() || status->st_uid == 0) &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* -ENOENT is not told; -EINVAL: a line in DIAG. A FIFO or a device is not waited for. */
static int file_read(const char *path, bool is_foreign, struct buf *out, struct diag *diag)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int error;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &status)) {
		diag_add(diag, "%s: cannot read this file: %s", path, strerror(errno));
		return -EINVAL;
	}
	if (!S_ISREG(status.st_mode)) {
		diag_add(diag, "%s: this is no file; options are read from regular files only",
			 path);
		return -EINVAL;
	}
	if (is_foreign && !status_is_trusted(&status)) {
		diag_add(
			diag,
			"%s: this file of the current directory belongs to somebody else, or others may write it; remove it, or start the agent in another directory",
			path);
		return -EINVAL;
	}
	error = file_read_all(fd, CONFIG_FILE_BYTES_MAX, out);
	if (error == -EFBIG)
		diag_add(diag, "%s: this file has more than %u bytes", path, CONFIG_FILE_BYTES_MAX);
	else if (error)
		diag_add(diag, "%s: cannot read this file: %s", path, strerror(-error));
	return error ? -EINVAL : 0;
}

/* ---- a directory
 * ------------------------------------------------------------------------------------ */

static bool name_ends_with(const char *name, const char *end)
{
	size_t bytes = strlen(name), end_bytes = strlen(end);

	return bytes > end_bytes && strcmp(name + bytes - end_bytes, end) == 0;
}

static int entry_is_option(const struct dirent *entry)
{
	static const char *const leftovers[] = { "~",	       ".dpkg-old", ".dpkg-new",
						 ".dpkg-dist", ".dpkg-tmp", ".ucf-old",
						 ".ucf-new",   ".ucf-dist", ".rpmnew",
						 ".rpmsave",   ".rpmorig",  ".bak",
						 ".swp" };

	if (entry->d_name[0] == '.')
		return 0;
	for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
		if (name_ends_with(entry->d_name, leftovers[i]))
			return 0;
	}
	return 1;
}

static bool text_is_valid(const struct buf *text)
{
	for (size_t i = 0; i < text->bytes;) {
		size_t bytes = utf8_char_bytes(text->data + i, text->bytes - i);

		if (!bytes || !text->data[i])
			return false;
		i += bytes;
	}
	return true;
}

/* Without white space around it. */
static char *text_trim(struct buf *text)
{
	static const char white[] = " \t\r\n\v\f";
	const char *data = buf_text(text);
	size_t first = 0, end = text->bytes;

	while (first < end && strchr(white, data[first]))
		first++;
	while (end > first && strchr(white, data[end - 1]))
		end--;
	return strndup(data + first, end - first);
}

static int entry_read(struct options *flags, const char *path, const char *name, struct diag *diag)
{
	_cleanup_buf_ struct buf text = {};
	_cleanup_free_ char *value = NULL;
	int error = file_read(path, false, &text, diag);

	if (error == -ENOENT) { /* a link that leads nowhere, or gone meanwhile */
		diag_add(diag, "%s: cannot read this file: %s", path, strerror(ENOENT));
		return -EINVAL;
	}
	if (error)
		return error;
	if (!text_is_valid(&text)) {
		diag_add(diag, "%s: this file is no text in UTF-8", path);
		return -EINVAL;
	}
	value = text_trim(&text);
	return value ? options_set(flags, name, value, path, diag) : -ENOMEM;
}

int config_read_directory(struct options *flags, const char *path, struct diag *diag)
{
	struct dirent **entries;
	int count = scandir(path, &entries, entry_is_option, alphasort);
	int result = 0;

	if (count < 0 && errno == ENOENT)
		return -ENOENT;
	if (count < 0) {
		diag_add(diag, "%s: cannot read this directory: %s", path, strerror(errno));
		return -EINVAL;
	}
	if (count > CONFIG_ENTRIES_MAX) {
		diag_add(diag, "%s: this directory has more than %u files; it holds one per option",
			 path, CONFIG_ENTRIES_MAX);
		result = -EINVAL;
	}
	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *file = NULL;
		int error = -ENOMEM;

		if (count > CONFIG_ENTRIES_MAX)
			error = 0;
		else if (asprintf(&file, "%s/%s", path, entries[i]->d_name) >= 0)
			error = entry_read(flags, file, entries[i]->d_name, diag);
		else
			file = NULL;
		if (error)
			result = error;
		free(entries[i]);
	}
	free(entries);
	return result;
}

/* ---- a YAML file
 * ------------------------------------------------------------------------------------ */

struct yaml_reading {
	struct options *flags;
	const char *path;
	struct report *report;
};

static void yaml_set(const struct yaml_reading *reading, const char *name, const struct tree *value)
{
	_cleanup_free_ char *source = NULL;
	_cleanup_buf_ struct buf message = {};
	int error;

	if (asprintf(&source, "%s:%u", reading->path, value->place.line) < 0) {
		source = NULL;
		return;
	}
	if (strlen(value->text.data) != value->text.bytes) {
		report_error(reading->report, value->place, "no option has a value with a NUL");
		return;
	}
	error = options_try(reading->flags, name, value->text.data, source, &message);
	if (error == -EINVAL)
		report_error(reading->report, value->place, "%s", buf_text(&message));
}

static void yaml_set_list(const struct yaml_reading *reading, const char *name,
			  const struct tree *list)
{
	_cleanup_buf_ struct buf joined = {};
	struct tree value = { .place = list->place };

	for (size_t i = 0; i < list->count; i++) {
		const struct tree *item = list->entries[i].value;

		if (item->kind != TREE_SCALAR || item->scalar.kind == SCALAR_NULL ||
		    memchr(item->text.data, ',', item->text.bytes)) {
			report_error(reading->report, item->place,
				     "an item of \"%s\" is a word without commas", name);
			return;
		}
		if (i)
			buf_add_char(&joined, ',');
		buf_add(&joined, item->text.data, item->text.bytes);
	}
	value.text = (struct span){ buf_text(&joined), joined.bytes };
	yaml_set(reading, name, &value);
}

static void yaml_take(const struct yaml_reading *reading, const struct tree *key,
		      const struct tree *value)
{
	const struct option_row *row = options_get_row(reading->flags, key->text.data);
	_cleanup_buf_ struct buf message = {};

	if (!row || row->is_action) {
		options_try(reading->flags, key->text.data, "", reading->path, &message);
		report_error(reading->report, key->place, "%s", buf_text(&message));
	} else if (value->kind == TREE_LIST && row->kind == OPTION_LIST) {
		yaml_set_list(reading, row->name, value);
	} else if (value->kind != TREE_SCALAR) {
		report_error(reading->report, value->place, "\"%s\" takes %s, this is %s",
			     row->name, row->kind == OPTION_LIST ? "a list" : "one value",
			     tree_get_kind_words(value));
	} else if (value->scalar.kind == SCALAR_NULL) {
		finding_hint(
			report_error(reading->report, key->place, "\"%s\" has no value", row->name),
			"write \"\" for an empty one, or leave the line out");
	} else {
		yaml_set(reading, row->name, value);
	}
}

/* Nothing but comments: a file that was written to be filled in later. */
static bool yaml_is_empty(struct span text)
{
	while (text.bytes) {
		struct span line = span_cut(&text, '\n');

		while (line.bytes && strchr(" \t\r", line.data[0]))
			line = (struct span){ line.data + 1, line.bytes - 1 };
		if (line.bytes && line.data[0] != '#' &&
		    !(line.bytes >= 3 && memcmp(line.data, "---", 3) == 0 && line.bytes <= 4))
			return false;
	}
	return true;
}

static int yaml_read_tree(const struct yaml_reading *reading, const struct source *source)
{
	_cleanup_arena_ struct arena arena = { .bytes_max = 16UL * CONFIG_FILE_BYTES_MAX };
	const struct tree *tree;
	int error = tree_read(source, &arena, reading->report, &tree);

	if (error == -ENOMEM)
		report_error(reading->report, (struct place){}, "there is no memory for this file");
	if (error)
		return -EINVAL;
	if (tree->kind != TREE_MAP) {
		finding_hint(report_error(reading->report, tree->place,
					  "a file of options is a map, this is %s",
					  tree_get_kind_words(tree)),
			     "write \"option: value\"");
		return -EINVAL;
	}
	for (size_t i = 0; i < tree->count; i++)
		yaml_take(reading, tree->entries[i].key, tree->entries[i].value);
	return reading->report->errors ? -EINVAL : 0;
}

int config_read_yaml(struct options *flags, const char *path, bool is_foreign, struct diag *diag)
{
	_cleanup_report_ struct report report = { .name = path };
	const struct yaml_reading reading = { flags, path, &report };
	_cleanup_buf_ struct buf text = {};
	struct source source;
	int error = file_read(path, is_foreign, &text, diag);

	if (error)
		return error;
	error = source_init(&source, path, (struct span){ text.data, text.bytes }, &report);
	if (!error && !yaml_is_empty(source.text))
		error = yaml_read_tree(&reading, &source);
	report_tell(&report, diag);
	return error;
}
