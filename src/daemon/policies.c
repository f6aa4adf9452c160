/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies in files. A file that changed is loaded in place of what it said before; if its new text
 * is wrong, the old one goes on; if it is gone, its policy goes.
 */
#include "daemon/policies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/policies_private.h"

/* A policy file of more is refused by its reader anyway. */
#define POLICY_FILE_BYTES_MAX (4u << 20)

/* A look that failed is taken again after a second, then two, four and so on to a minute. */
#define POLICIES_LOOK_AGAIN_NS	    CLOCK_NS_PER_SECOND
#define POLICIES_LOOK_DOUBLINGS_MAX 6u

/* Since a moment of the monotonic clock. */
unsigned long long policies_count_us(uint64_t began_ns)
{
	return (clock_read_ns(CLOCK_MONOTONIC) - began_ns) / 1000;
}

uint64_t policies_get_pause_ns(unsigned int blind_looks)
{
	return POLICIES_LOOK_AGAIN_NS
	       << (blind_looks < POLICIES_LOOK_DOUBLINGS_MAX ? blind_looks
							     : POLICIES_LOOK_DOUBLINGS_MAX);
}

/* ---- one file
 * --------------------------------------------------------------------------------------- */

static void file_free(struct policy_file *file)
{
	buf_done(&file->text);
	free(file->path);
	free(file->name);
	free(file->namespace);
	free(file);
}

void policies_log(enum log_level level, const struct diag *diag)
{
	struct span rest = { diag->text.data, diag->text.bytes };

	while (rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		log_message(level, "%.*s", (int)line.bytes, line.data);
	}
}

static int file_read(const char *path, struct buf *out)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : file_read_all(fd, POLICY_FILE_BYTES_MAX, out);
}

/* By its source too: two files may have had the same name for what they could not load. */
static struct engine_policy *file_find_policy(const struct policies *policies,
					      const struct policy_file *file)
{
	struct engine_policy *one = file->name ? engine_first(policies->options.engine) : NULL;

	while (one && (strcmp(one->source, file->path) != 0 || strcmp(one->name, file->name) != 0 ||
		       strcmp(one->namespace, file->namespace) != 0 ||
		       strcmp(one->domain, POLICIES_DOMAIN_FILES) != 0))
		one = one->next;
	return one;
}

static void file_remember(struct policy_file *file, const char *name, const char *namespace)
{
	char *name_copy = strdup(name), *namespace_copy = strdup(namespace);

	free(file->name);
	free(file->namespace);
	file->name = name_copy;
	file->namespace = namespace_copy;
}

/* With the policy that goes on, or as one that is named by its file. */
static void file_list_error(struct policies *policies, struct policy_file *file, const char *error)
{
	const struct engine_add_options options = { .domain = POLICIES_DOMAIN_FILES,
						    .source = file->path,
						    .mode = -1 };
	struct engine_policy *policy = file_find_policy(policies, file);
	const char *slash = strrchr(file->path, '/');

	if (policy) {
		engine_set_error(policy, error);
		return;
	}
	file_remember(file, slash ? slash + 1 : file->path, "");
	engine_add_failed(policies->options.engine, file->name, "", &options, error);
}

static void file_fail(struct policies *policies, struct policy_file *file, struct diag *diag)
{
	const struct engine_policy *policy = file_find_policy(policies, file);
	bool goes_on = policy && policy->state != ENGINE_LOAD_ERROR;

	file->is_bad = true;
	policies_log(LOG_LEVEL_ERROR, diag);
	log_error("policy file \"%s\" is not loaded%s", file->path,
		  goes_on ? "; what it said before goes on" : "");
	file_list_error(policies, file, buf_text(&diag->text));
}

/* A pipe (--tracing-policy <(...)) has said all it says when it was read once; to open it again
 * could wait for somebody to write, for ever. */
static bool file_has_said_all(const struct policy_file *file)
{
	struct stat status;

	return (file->text.data || file->is_bad) && stat(file->path, &status) == 0 &&
	       !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* Reads the file again. False: its text is what it was, and is loaded. One that was refused is
 * tried again: a name that was taken may be free now. */
static bool file_refresh(struct policy_file *file, struct diag *diag, int *error)
{
	struct buf text = {};
	bool has_changed;

	*error = file_read(file->path, &text);
	if (*error)
		diag_add(diag, "cannot read policy \"%s\": %s", file->path, strerror(-*error));
	has_changed = *error || file->is_bad || !file->text.data ||
		      text.bytes != file->text.bytes ||
		      memcmp(text.data, file->text.data, text.bytes) != 0;
	buf_done(has_changed ? &file->text : &text);
	if (has_changed)
		file->text = text;
	return has_changed;
}

static int file_parse(const struct policy_file *file, struct policy **out, struct diag *diag)
{
	_cleanup_report_ struct report report = {};
	int error = policy_read_text(file->path, (struct span){ file->text.data, file->text.bytes },
				     &report, out);

	if (error)
		report_tell(&report, diag);
	return error;
}

/* ---- changes of many files at once
 * --------------------------------------------------------------------- */

struct batch {
	struct policies *policies;
	struct engine_step *steps;  /* owned, and what they add until it is loaded */
	struct policy_file **files; /* owned; one per step */
	size_t count, capacity;
};

/* ADDED is taken over. */
static void batch_add(struct batch *batch, struct policy_file *file, struct policy *added)
{
	struct engine_step *step;

	if (batch->count == batch->capacity) { /* there was no memory: with the next change */
		file->is_bad = true;
		policy_free(added);
		return;
	}
	batch->files[batch->count] = file;
	step = &batch->steps[batch->count++];
	*step = (struct engine_step){
		.removed = file_find_policy(batch->policies, file),
		.added = added,
		.options = { .domain = POLICIES_DOMAIN_FILES, .source = file->path, .mode = -1 },
	};
	if (added)
		policies_follow_left(batch->policies, added, &step->options);
}

static void batch_add_file(struct batch *batch, struct policy_file *file)
{
	_cleanup_diag_ struct diag diag = {};
	struct policy *policy = NULL;
	int error;

	if (file_has_said_all(file) || !file_refresh(file, &diag, &error))
		return;
	if (!error)
		error = file_parse(file, &policy, &diag);
	if (error)
		file_fail(batch->policies, file, &diag);
	else
		batch_add(batch, file, policy);
}

static void step_tell(const struct engine_step *step, struct policy_file *file)
{
	if (!step->added) {
		log_info("policy \"%s\" removed with \"%s\"", file->name, file->path);
		return;
	}
	file->is_bad = false;
	file_remember(file, step->added->metadata->name.data,
		      step->added->metadata->namespace.data);
	log_info("policy \"%s\" loaded from \"%s\"", file->name, file->path);
}

static void step_fail(struct policies *policies, struct engine_step *step, struct policy_file *file,
		      struct diag *diag)
{
	if (!step->added) {
		policies_log(LOG_LEVEL_ERROR, diag);
		return;
	}
	policy_free(step->added);
	file_fail(policies, file, diag);
}

/* All in one change. If that fails, each half on its own, down to the one that is to blame. */
static void batch_run(struct batch *batch, size_t first, size_t count)
{
	_cleanup_diag_ struct diag diag = {};
	struct engine_step *steps = batch->steps + first;

	if (engine_change(batch->policies->options.engine, steps, count, &diag) == 0) {
		policies_log(LOG_LEVEL_WARN, &diag);
		for (size_t i = 0; i < count; i++)
			step_tell(&steps[i], batch->files[first + i]);
	} else if (count == 1) {
		step_fail(batch->policies, steps, batch->files[first], &diag);
	} else {
		batch_run(batch, first, count / 2);
		batch_run(batch, first + count / 2, count - count / 2);
	}
}

/* ---- all of them
 * ------------------------------------------------------------------------------------- */

static void files_see(struct policies *policies, const char *path)
{
	struct policy_file **link = &policies->files;

	while (*link && strcmp((*link)->path, path) != 0)
		link = &(*link)->next;
	if (!*link) {
		*link = calloc(1, sizeof(**link));
		if (*link)
			(*link)->path = strdup(path);
	}
	if (*link && (*link)->path)
		(*link)->is_seen = true;
}

static void policies_on_change(void *context);

/* Watched before it is read, so that nothing in it is missed. */
static void directories_see(struct policies *policies, const char *path)
{
	struct policy_directory *one = policies->directories;
	int error = -ENOMEM;

	while (one && strcmp(one->path, path) != 0)
		one = one->next;
	if (one) {
		one->is_seen = true;
		return;
	}
	one = calloc(1, sizeof(*one));
	if (one)
		one->path = strdup(path);
	if (one && one->path)
		error = watch_new(&one->watch, policies->options.loop, path, policies_on_change,
				  policies);
	if (error) {
		log_warn("cannot watch \"%s\": %s; its changes are seen with others only", path,
			 strerror(-error));
		if (one)
			free(one->path);
		free(one);
		return;
	}
	one->is_seen = true;
	one->next = policies->directories;
	policies->directories = one;
}

/* Those that were not seen. */
static void directories_sweep(struct policies *policies)
{
	struct policy_directory **link = &policies->directories;

	while (*link) {
		struct policy_directory *one = *link;

		if (one->is_seen) {
			link = &one->next;
			continue;
		}
		*link = one->next;
		watch_free(one->watch);
		free(one->path);
		free(one);
	}
}

static bool path_is_below(const char *path, const char *directory)
{
	size_t bytes = strlen(directory);

	return strncmp(path, directory, bytes) == 0 && (!path[bytes] || path[bytes] == '/');
}

/* What nobody can look at (no descriptors, a broken disk) is not known to be gone: PATH and all
 * below it stay as they are. */
static void path_keep(struct policies *policies, const char *path, int error)
{
	if (error == ENOENT || error == ENOTDIR || error == ELOOP)
		return;
	log_message(policies->blind_looks ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
		    "cannot read \"%s\": %s; its policies stay as they are until it can be read",
		    path, strerror(error));
	policies->is_blind = true;
	loop_set_timer(policies->look_again, policies_get_pause_ns(policies->blind_looks), 0);
	for (struct policy_file *file = policies->files; file; file = file->next)
		file->is_kept |= path_is_below(file->path, path);
	for (struct policy_directory *one = policies->directories; one; one = one->next)
		one->is_seen |= path_is_below(one->path, path);
}

static int name_is_policy(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Files of the directory and of those in it, one level down, as upstream does; in the order of
 * their names. */
static void directory_see(struct policies *policies, const char *directory, int depth)
{
	struct dirent **entries;
	int count;

	if (!depth)
		directories_see(policies, directory);
	count = scandir(directory, &entries, name_is_policy, alphasort);
	if (count < 0)
		path_keep(policies, directory, errno);
	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *path = NULL;
		struct stat status;

		if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
			path = NULL;
		free(entries[i]);
		if (!path)
			continue;
		if (stat(path, &status))
			path_keep(policies, path, errno);
		else if (S_ISREG(status.st_mode))
			files_see(policies, path);
		else if (S_ISDIR(status.st_mode) && depth)
			directory_see(policies, path, depth - 1);
	}
	if (count >= 0)
		free(entries);
}

static void files_sweep(struct policies *policies)
{
	struct policy_file **link = &policies->files;

	while (*link) {
		struct policy_file *file = *link;

		if (file->is_seen || file->is_kept) {
			link = &file->next;
			continue;
		}
		*link = file->next;
		file_free(file);
	}
}

/* What is gone comes first: its name may stand in another file now. */
static void files_change(struct policies *policies)
{
	struct batch batch = { .policies = policies };
	uint64_t began_ns = clock_read_ns(CLOCK_MONOTONIC);

	for (const struct policy_file *file = policies->files; file; file = file->next)
		batch.capacity++;
	batch.steps = calloc(batch.capacity + 1, sizeof(*batch.steps));
	batch.files = calloc(batch.capacity + 1, sizeof(struct policy_file *));
	if (!batch.steps || !batch.files)
		batch.capacity = 0;
	for (struct policy_file *file = policies->files; file; file = file->next) {
		if (!file->is_seen && !file->is_kept && file_find_policy(policies, file))
			batch_add(&batch, file, NULL);
	}
	for (struct policy_file *file = policies->files; file; file = file->next) {
		if (file->is_seen)
			batch_add_file(&batch, file);
	}
	if (batch.count) {
		batch_run(&batch, 0, batch.count);
		log_info("%zu policy file(s) taken up in %llu us", batch.count,
			 policies_count_us(began_ns));
	}
	free(batch.steps);
	free(batch.files);
}

static void policies_refresh(struct policies *policies)
{
	for (struct policy_file *file = policies->files; file; file = file->next)
		file->is_seen = file->is_kept = false;
	for (struct policy_directory *one = policies->directories; one; one = one->next)
		one->is_seen = false;
	policies->is_blind = false;
	for (size_t i = 0; i < policies->options.files->count; i++)
		files_see(policies, policies->options.files->items[i]);
	if (policies->options.directory[0])
		directory_see(policies, policies->options.directory, 1);
	policies->blind_looks = policies->is_blind ? policies->blind_looks + 1 : 0;
	directories_sweep(policies);
	files_change(policies);
	files_sweep(policies);
	malloc_trim(0); /* types of the kernel are read for a change and given back */
}

static void policies_on_change(void *context)
{
	policies_refresh(context);
}

void policies_reload_files(struct policies *policies)
{
	policies_refresh(policies);
}

unsigned int policies_load(struct policies *policies)
{
	_cleanup_diag_ struct diag diag = {};
	unsigned int bad = 0;

	if (policies->options.workload_file[0] && policies_read_workloads(policies, &diag)) {
		policies_log(LOG_LEVEL_ERROR, &diag);
		bad++;
	}
	policies_take_workloads(policies, policies->options.left_workloads);
	policies_refresh(policies);
	policies_load_left(policies);
	policies->options.left = policies->options.left_workloads = NULL;
	bad += policies_load_kept(policies) + policies->is_blind;
	for (const struct policy_file *file = policies->files; file; file = file->next)
		bad += file->is_bad;
	return bad;
}

int policies_new(struct policies **out, const struct policies_options *options, struct diag *diag)
{
	struct policies *policies = calloc(1, sizeof(*policies));
	int error = 0;

	if (!policies)
		return -ENOMEM;
	policies->options = *options;
	if (options->kept_directory[0]) {
		error = policy_store_new(&policies->store, options->kept_directory, diag);
		if (error) {
			policies_free(policies);
			return error;
		}
	}
	error = loop_add_timer(options->loop, policies_on_change, policies, &policies->look_again);
	if (!error)
		error = loop_add_timer(options->loop, policies_look_at_workloads_again, policies,
				       &policies->workloads_again);
	if (!error && options->directory[0])
		error = watch_new(&policies->watch, options->loop, options->directory,
				  policies_on_change, policies);
	if (!error && options->workload_file[0])
		error = watch_new(&policies->workload_watch, options->loop, options->workload_file,
				  policies_on_workloads, policies);
	if (error) {
		diag_add(diag, "cannot watch \"%s\": %s",
			 policies->watch ? options->workload_file : options->directory,
			 strerror(-error));
		policies_free(policies);
		return error;
	}
	*out = policies;
	return 0;
}

void policies_free(struct policies *policies)
{
	if (!policies)
		return;
	loop_remove(policies->look_again);
	loop_remove(policies->workloads_again);
	watch_free(policies->watch);
	watch_free(policies->workload_watch);
	for (struct policy_directory *one = policies->directories; one; one = one->next)
		one->is_seen = false;
	directories_sweep(policies);
	while (policies->files) {
		struct policy_file *file = policies->files;

		policies->files = file->next;
		file_free(file);
	}
	policy_store_free(policies->store);
	policies_free_workloads(policies);
	free(policies);
}
