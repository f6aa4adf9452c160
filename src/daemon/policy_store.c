/* SPDX-License-Identifier: Apache-2.0 */
/* Names and content of the files. */
#include "daemon/policy_store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "policy/model.h"
#include "service/service.h"

#define STATE_MARK "# tetrad: "
#define FILE_END   ".yaml"

/* More than a policy may have, with its state. */
#define STORE_FILE_BYTES_MAX (SOURCE_BYTES_MAX + 4096)

struct policy_store {
	char *directory;
};

static int store_fail(struct diag *diag, const char *what, const char *path, int error)
{
	diag_add(diag, "cannot %s \"%s\": %s", what, path, strerror(-error));
	return error;
}

/* Whoever can write there decides what root's agent enforces. */
static int store_check_directory(const char *directory, struct diag *diag)
{
	struct stat status;

	if (mkdir(directory, 0700) && errno != EEXIST)
		return store_fail(diag, "create directory of policies", directory, -errno);
	if (stat(directory, &status))
		return store_fail(diag, "use directory of policies", directory, -errno);
	if (!S_ISDIR(status.st_mode))
		return store_fail(diag, "use directory of policies", directory, -ENOTDIR);
	if ((status.st_uid == 0 || status.st_uid == geteuid()) &&
	    !(status.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	diag_add(
		diag,
		"cannot use directory of policies \"%s\": others may write there; it must belong to root and be writable by root only",
		directory);
	return -EPERM;
}

int policy_store_new(struct policy_store **out, const char *directory, struct diag *diag)
{
	struct policy_store *store;
	int error = store_check_directory(directory, diag);

	if (error)
		return error;
	store = calloc(1, sizeof(*store));
	if (store)
		store->directory = strdup(directory);
	if (!store || !store->directory) {
		policy_store_free(store);
		return store_fail(diag, "use directory of policies", directory, -ENOMEM);
	}
	*out = store;
	return 0;
}

void policy_store_free(struct policy_store *store)
{
	if (!store)
		return;
	free(store->directory);
	free(store);
}

/* What is more than a letter, a digit, "-" or "." becomes %XX; so "_" can stand between parts. */
static void name_add(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || *text == '-' || *text == '.')
			buf_add_char(out, *text);
		else
			buf_add_format(out, "%%%02X", (unsigned char)*text);
	}
}

static bool store_has_path(const struct policy_store *store, const char *path)
{
	size_t bytes = strlen(store->directory);

	return path && strncmp(path, store->directory, bytes) == 0 && path[bytes] == '/' &&
	       path[bytes + 1] && !strchr(path + bytes + 1, '/');
}

/* "DIRECTORY/DOMAIN_NAMESPACE_NAME.yaml"; a domain may begin with a dot, so something stands
 * before it. */
static int store_get_path(const struct policy_store *store, const struct policy_store_state *state,
			  struct buf *path, struct diag *diag)
{
	size_t bytes;

	if (store_has_path(store, state->path)) {
		buf_add_text(path, state->path);
		return path->failed ? store_fail(diag, "name a file in", store->directory, -ENOMEM)
				    : 0;
	}
	buf_add_format(path, "%s/", store->directory);
	bytes = path->bytes;
	buf_add_text(path, "p_");
	name_add(path, state->domain);
	buf_add_char(path, '_');
	name_add(path, state->namespace);
	buf_add_char(path, '_');
	name_add(path, state->name);
	buf_add_text(path, FILE_END);
	if (path->failed)
		return store_fail(diag, "name a file in", store->directory, -ENOMEM);
	if (path->bytes - bytes + strlen(".new") > NAME_MAX)
		return store_fail(diag, "name a file for policy", state->name, -ENAMETOOLONG);
	return 0;
}

static int store_write(const struct policy_store_state *state, struct buf *path, struct span yaml,
		       struct diag *diag)
{
	_cleanup_buf_ struct buf content = {};
	_cleanup_free_ char *line = NULL;
	json_t *object =
		json_pack("{s:s, s:b}", "domain", state->domain, "enabled", state->is_enabled);
	int error;

	if (state->mode == POLICY_MODE_ENFORCE || state->mode == POLICY_MODE_MONITOR)
		json_object_set_new(
			object, "mode",
			json_string(state->mode == POLICY_MODE_MONITOR ? "monitor" : "enforce"));
	line = json_dumps(object, JSON_ENSURE_ASCII);
	json_decref(object);
	buf_add_format(&content, STATE_MARK "%s\n", line ? line : "");
	buf_add(&content, yaml.data, yaml.bytes);
	error = !line || content.failed
			? -ENOMEM
			: file_replace(buf_text(path), 0600,
				       (struct span){ content.data, content.bytes });
	return error ? store_fail(diag, "keep policy in", buf_text(path), error) : 0;
}

int policy_store_put(const struct policy_store *store, const struct policy_store_state *state,
		     const char *yaml, struct diag *diag)
{
	_cleanup_buf_ struct buf path = {};
	int error = store_get_path(store, state, &path, diag);

	return error ? error : store_write(state, &path, span_of(yaml), diag);
}

static int store_read(const char *path, struct buf *out)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

	return fd < 0 ? -errno : file_read_all(fd, STORE_FILE_BYTES_MAX, out);
}

/* Cuts the line of state off TEXT. */
static struct span text_take_state(struct span *text)
{
	struct span rest = *text;
	struct span line = span_cut(&rest, '\n');
	size_t mark = strlen(STATE_MARK);

	if (line.bytes < mark || memcmp(line.data, STATE_MARK, mark) != 0)
		return (struct span){ .data = "" };
	*text = rest;
	return (struct span){ line.data + mark, line.bytes - mark };
}

bool policy_store_has(const struct policy_store *store, const struct policy_store_state *state)
{
	_cleanup_diag_ struct diag ignored = {};
	_cleanup_buf_ struct buf path = {};

	return store_get_path(store, state, &path, &ignored) == 0 &&
	       access(buf_text(&path), F_OK) == 0;
}

int policy_store_update(const struct policy_store *store, const struct policy_store_state *state,
			struct diag *diag)
{
	_cleanup_buf_ struct buf path = {}, content = {};
	int error = store_get_path(store, state, &path, diag);
	struct span text;

	if (error)
		return error;
	error = store_read(buf_text(&path), &content);
	if (error)
		return error == -ENOENT ? 0
					: store_fail(diag, "read policy", buf_text(&path), error);
	text = (struct span){ content.data, content.bytes };
	text_take_state(&text);
	return store_write(state, &path, text, diag);
}

int policy_store_remove(const struct policy_store *store, const struct policy_store_state *state,
			struct diag *diag)
{
	_cleanup_buf_ struct buf path = {};
	int error = store_get_path(store, state, &path, diag);

	if (error)
		return error;
	if (unlink(buf_text(&path)) && errno != ENOENT)
		return store_fail(diag, "remove policy", buf_text(&path), -errno);
	return 0;
}

static int entry_is_policy(const struct dirent *entry)
{
	size_t bytes = strlen(entry->d_name), end = strlen(FILE_END);

	return entry->d_name[0] != '.' && bytes > end &&
	       strcmp(entry->d_name + bytes - end, FILE_END) == 0;
}

/* NULL is that of the policy's text. False: the word is none; it must not let a policy kill that
 * somebody wanted to report only. */
static bool mode_parse(const char *word, int *out)
{
	if (word && strcmp(word, "monitor") != 0 && strcmp(word, "enforce") != 0)
		return false;
	if (word)
		*out = strcmp(word, "monitor") ? POLICY_MODE_ENFORCE : POLICY_MODE_MONITOR;
	return true;
}

/* One file; false: a line in DIAG. */
static bool store_visit_file(const char *path, policy_store_fn visit, void *context,
			     struct diag *diag)
{
	struct policy_store_state state = { .domain = SERVICE_POLICY_DOMAIN_DEFAULT,
					    .mode = -1,
					    .is_enabled = true };
	_cleanup_buf_ struct buf content = {};
	int enabled = 1, error = store_read(path, &content);
	struct span text = { content.data, content.bytes }, line;
	const char *mode = NULL;
	json_t *object = NULL;

	if (error) {
		store_fail(diag, "read policy", path, error);
		return false;
	}
	line = text_take_state(&text);
	if (line.bytes) {
		object = json_loadb(line.data, line.bytes, 0, NULL);
		if (!object ||
		    json_unpack(object, "{s?s, s?b, s?s}", "domain", &state.domain, "enabled",
				&enabled, "mode", &mode) ||
		    !mode_parse(mode, &state.mode)) {
			diag_add(diag, "%s:1: this line is not the state of a policy", path);
			json_decref(object);
			return false;
		}
	}
	state.is_enabled = enabled;
	visit(context, path, &state, text);
	json_decref(object);
	return true;
}

unsigned int policy_store_visit(const struct policy_store *store, policy_store_fn visit,
				void *context, struct diag *diag)
{
	struct dirent **entries;
	int count = scandir(store->directory, &entries, entry_is_policy, alphasort);
	unsigned int bad = 0;

	if (count < 0) {
		store_fail(diag, "read directory of policies", store->directory, -errno);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *path = NULL;

		if (i < POLICY_STORE_FILES_MAX &&
		    (asprintf(&path, "%s/%s", store->directory, entries[i]->d_name) < 0 ||
		     !store_visit_file(path, visit, context, diag)))
			bad++;
		free(entries[i]);
	}
	if (count > POLICY_STORE_FILES_MAX) {
		diag_add(diag, "directory of policies \"%s\" has %d files; the first %d are read",
			 store->directory, count, POLICY_STORE_FILES_MAX);
		bad++;
	}
	free(entries);
	return bad;
}
