/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tetra debug maps`, `debug progs`, `debug enable-stats`: what the kernel tells about BPF on this
 * machine, without asking the agent. Only root may ask.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/screen_text.h"
#include "kernel/programs.h"

#define DEBUG_INFO_PATH "/var/run/tetragon/tetragon-info.json"
#define DEBUG_CLEAR	"\x1b[H\x1b[J"

struct debug_settings {
	const char *output;
	const char *path;
	uint64_t lines;
	bool all;
	/* of progs */
	uint64_t interval_ns;
	bool once;
	bool no_clear;
};

struct debug_list {
	struct kernel_object *items; /* owned */
	size_t count, capacity;
	bool failed;
};

/* ---- whose
 * ----------------------------------------------------------------------------------- */

/* Numbers of what the agent holds; has_agent false: it is not known, so that all is shown. */
struct debug_owned {
	uint32_t *ids[2]; /* by enum kernel_object_kind; owned */
	size_t counts[2];
	bool has_agent;
};

static void owned_add(struct debug_owned *owned, enum kernel_object_kind kind, uint32_t id)
{
	size_t count = owned->counts[kind];
	uint32_t *grown = reallocarray(owned->ids[kind], count + 1, sizeof(*grown));

	if (!grown)
		return;
	grown[count] = id;
	owned->ids[kind] = grown;
	owned->counts[kind]++;
}

static void owned_read(struct debug_owned *owned)
{
	json_t *info = json_load_file(DEBUG_INFO_PATH, 0, NULL);
	unsigned int pid = (unsigned int)json_integer_value(json_object_get(info, "pid"));
	char path[64];
	DIR *folder;

	json_decref(info);
	snprintf(path, sizeof(path), "/proc/%u/fdinfo", pid);
	folder = pid ? opendir(path) : NULL;
	if (!folder)
		return;
	owned->has_agent = true;
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		enum kernel_object_kind kind;
		uint32_t id;

		if (entry->d_name[0] != '.' &&
		    kernel_fd_read_object(pid, (int)strtol(entry->d_name, NULL, 10), &kind, &id) ==
			    0)
			owned_add(owned, kind, id);
	}
	closedir(folder);
}

static bool owned_has(const struct debug_owned *owned, enum kernel_object_kind kind, uint32_t id)
{
	for (size_t i = 0; i < owned->counts[kind]; i++) {
		if (owned->ids[kind][i] == id)
			return true;
	}
	return false;
}

static void owned_done(struct debug_owned *owned)
{
	free(owned->ids[KERNEL_PROGRAMS]);
	free(owned->ids[KERNEL_MAPS]);
}

/* ---- lists
 * ----------------------------------------------------------------------------------- */

static void list_add(void *context, const struct kernel_object *object)
{
	struct debug_list *list = context;
	size_t capacity = list->capacity ? 2 * list->capacity : 64;
	struct kernel_object *grown;

	if (list->count == list->capacity) {
		grown = reallocarray(list->items, capacity, sizeof(*grown));
		if (!grown) {
			list->failed = true;
			return;
		}
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count++] = *object;
}

/* An empty list has no items, and qsort(3) takes no NULL. */
static void list_sort(struct debug_list *list, int (*compare)(const void *, const void *))
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare);
}

static int compare_memory(const void *left, const void *right)
{
	const struct kernel_object *a = left, *b = right;

	if (a->memory_bytes != b->memory_bytes)
		return a->memory_bytes < b->memory_bytes ? 1 : -1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* What is not OWNED is left out, unless all is wanted or there is no agent to ask. */
static enum cli_exit list_read(struct debug_list *list, enum kernel_object_kind kind,
			       const struct debug_owned *owned, bool all)
{
	size_t kept = 0;
	int error = kernel_visit_objects(kind, list_add, list);

	if (!error && list->failed)
		error = -ENOMEM;
	if (error) {
		cli_complain("cannot list BPF %s: %s%s", kind == KERNEL_MAPS ? "maps" : "programs",
			     strerror(-error), error == -EPERM ? "; run as root" : "");
		return CLI_FAILED;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (all || !owned->has_agent || owned_has(owned, kind, list->items[i].id))
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	return CLI_DONE;
}

/* ---- maps
 * ------------------------------------------------------------------------------------ */

static const char *object_get_type(const struct kernel_object *object, char room[16])
{
	if (*object->type)
		return object->type;
	snprintf(room, 16, "%" PRIu32, object->type_number);
	return room;
}

static void maps_add_table(struct buf *out, const char *title, struct debug_list *list,
			   uint64_t lines)
{
	_cleanup_columns_ struct columns columns = { .count = 6 };
	static const char *const heads[] = {
		"ID", "NAME", "TYPE", "MEMORY", "KEY/VALUE", "ENTRIES"
	};
	size_t shown = lines && lines < list->count ? lines : list->count;
	uint64_t sum = 0;

	for (size_t i = 0; i < 6; i++)
		columns_add(&columns, heads[i]);
	for (size_t i = 0; i < list->count; i++)
		sum += list->items[i].memory_bytes;
	for (size_t i = 0; i < shown; i++) {
		const struct kernel_object *one = &list->items[i];
		_cleanup_buf_ struct buf memory = {}, sizes = {};
		char room[16];

		screen_add_bytes(&memory, one->memory_bytes);
		buf_add_format(&sizes, "%" PRIu32 "/%" PRIu32, one->key_bytes, one->value_bytes);
		columns_add_uint(&columns, one->id);
		columns_add(&columns, one->name);
		columns_add(&columns, object_get_type(one, room));
		columns_add(&columns, buf_text(&memory));
		columns_add(&columns, one->max_entries ? buf_text(&sizes) : "");
		columns_add_uint(&columns, one->max_entries);
	}
	buf_add_format(out, "%s: %zu, ", title, list->count);
	screen_add_bytes(out, sum);
	buf_add_char(out, '\n');
	for (size_t i = 0; i <= shown; i++)
		columns_write_row(&columns, out);
	if (shown < list->count)
		buf_add_format(out, "%zu more; see --lines\n", list->count - shown);
}

static json_t *list_get_json(const struct debug_list *list)
{
	json_t *array = json_array();
	char room[16];

	for (size_t i = 0; i < list->count; i++) {
		const struct kernel_object *one = &list->items[i];

		json_array_append_new(
			array, json_pack("{s:I, s:s, s:s, s:I, s:I}", "id", (json_int_t)one->id,
					 "name", one->name, "type", object_get_type(one, room),
					 "memory_bytes", (json_int_t)one->memory_bytes,
					 "max_entries", (json_int_t)one->max_entries));
	}
	return array;
}

static enum cli_exit debug_maps_run(const struct cli_settings *cli, const void *settings)
{
	const struct debug_settings *own = settings;
	struct debug_list maps = {}, programs = {};
	struct debug_owned owned = {};
	_cleanup_buf_ struct buf text = {};
	enum cli_exit status;

	owned_read(&owned);
	status = list_read(&maps, KERNEL_MAPS, &owned, own->all);
	if (status == CLI_DONE)
		status = list_read(&programs, KERNEL_PROGRAMS, &owned, own->all);
	list_sort(&maps, compare_memory);
	list_sort(&programs, compare_memory);
	if (status == CLI_DONE && strcmp(own->output, "json") == 0) {
		json_t *object = json_pack("{s:o, s:o}", "maps", list_get_json(&maps), "programs",
					   list_get_json(&programs));
		char *line = json_dumps(object, JSON_COMPACT);

		buf_add_format(&text, "%s\n", line ? line : "");
		free(line);
		json_decref(object);
	} else if (status == CLI_DONE) {
		maps_add_table(&text, "maps", &maps, own->lines);
		buf_add_char(&text, '\n');
		maps_add_table(&text, "programs", &programs, own->lines);
	}
	fwrite(text.data, 1, text.bytes, stdout);
	free(maps.items);
	free(programs.items);
	owned_done(&owned);
	return status;
}

/* ---- programs
 * -------------------------------------------------------------------------------- */

static int compare_run_time(const void *left, const void *right)
{
	const struct kernel_object *a = left, *b = right;

	if (a->stats.run_time_ns != b->stats.run_time_ns)
		return a->stats.run_time_ns < b->stats.run_time_ns ? 1 : -1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* NOW becomes what happened since OLD. */
static void list_subtract(struct debug_list *now, const struct debug_list *old)
{
	size_t at = 0; /* both are in the order of their numbers */

	for (size_t i = 0; i < now->count; i++) {
		struct kernel_program_stats *stats = &now->items[i].stats;

		while (at < old->count && old->items[at].id < now->items[i].id)
			at++;
		if (at == old->count || old->items[at].id != now->items[i].id)
			continue;
		stats->calls -= old->items[at].stats.calls;
		stats->run_time_ns -= old->items[at].stats.run_time_ns;
	}
}

static void progs_add_table(struct buf *out, struct debug_list *list, double seconds, bool all)
{
	_cleanup_columns_ struct columns columns = { .count = 6 };
	static const char *const heads[] = { "ID", "CPU%", "RUNS/s", "NS/RUN", "TYPE", "NAME" };
	size_t rows = 1;

	list_sort(list, compare_run_time);
	for (size_t i = 0; i < 6; i++)
		columns_add(&columns, heads[i]);
	for (size_t i = 0; i < list->count; i++) {
		const struct kernel_object *one = &list->items[i];
		uint64_t calls = one->stats.calls;
		char cpu[32], runs[32], room[16];

		if (!calls && !all)
			continue;
		snprintf(cpu, sizeof(cpu), "%.3f",
			 (double)one->stats.run_time_ns / (1e7 * seconds));
		snprintf(runs, sizeof(runs), "%.1f", (double)calls / seconds);
		columns_add_uint(&columns, one->id);
		columns_add(&columns, cpu);
		columns_add(&columns, runs);
		columns_add_uint(&columns, calls ? one->stats.run_time_ns / calls : 0);
		columns_add(&columns, object_get_type(one, room));
		columns_add(&columns, one->name);
		rows++;
	}
	while (rows--)
		columns_write_row(&columns, out);
}

/* One look, INTERVAL long. */
static enum cli_exit progs_look(const struct debug_settings *own, const struct debug_owned *owned,
				bool clears)
{
	const struct timespec interval = {
		.tv_sec = (time_t)(own->interval_ns / CLOCK_NS_PER_SECOND),
		.tv_nsec = (long)(own->interval_ns % CLOCK_NS_PER_SECOND),
	};
	struct debug_list before = {}, after = {};
	_cleanup_buf_ struct buf text = {};
	uint64_t began_ns = clock_read_ns(CLOCK_MONOTONIC);
	enum cli_exit status = list_read(&before, KERNEL_PROGRAMS, owned, own->all);

	if (status == CLI_DONE) {
		nanosleep(&interval, NULL);
		status = list_read(&after, KERNEL_PROGRAMS, owned, own->all);
	}
	if (status == CLI_DONE) {
		list_subtract(&after, &before);
		if (clears)
			buf_add_text(&text, DEBUG_CLEAR);
		progs_add_table(&text, &after,
				(double)(clock_read_ns(CLOCK_MONOTONIC) - began_ns) / 1e9,
				own->all);
	}
	if (fwrite(text.data, 1, text.bytes, stdout) != text.bytes || fflush(stdout))
		status = CLI_FAILED;
	free(before.items);
	free(after.items);
	return status;
}

static enum cli_exit debug_progs_run(const struct cli_settings *cli, const void *settings)
{
	const struct debug_settings *own = settings;
	_cleanup_close_ int measure_fd = kernel_measure_programs();
	bool is_terminal = isatty(STDOUT_FILENO);
	struct debug_owned owned = {};
	enum cli_exit status;

	if (measure_fd < 0 && !kernel_measures_programs())
		cli_complain("the kernel does not measure run times: %s", strerror(-measure_fd));
	owned_read(&owned);
	do {
		status = progs_look(own, &owned, is_terminal && !own->no_clear && !own->once);
	} while (status == CLI_DONE && !own->once && is_terminal);
	owned_done(&owned);
	return status;
}

/* ---- measuring
 * ------------------------------------------------------------------------------- */

static enum cli_exit debug_enable_stats_run(const struct cli_settings *cli, const void *settings)
{
	_cleanup_close_ int fd = kernel_measure_programs();
	sigset_t signals;
	int signal;

	if (fd < 0) {
		cli_complain("the kernel does not measure run times: %s%s", strerror(-fd),
			     fd == -EPERM ? "; run as root" : "");
		return CLI_FAILED;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	puts("the kernel measures run times of BPF programs until this ends (Ctrl-C)");
	fflush(stdout);
	sigwait(&signals, &signal);
	return CLI_DONE;
}

static const struct option_row debug_maps_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct debug_settings, output), .value = "tab",
	  .choices = "tab|json", .help = "for people or for programs" },
	{ "lines", 'n', OPTION_UINT, offsetof(struct debug_settings, lines), .value = "10",
	  .help = "how many of each to show, the largest first; 0: all" },
	{ "all", 0, OPTION_BOOL, offsetof(struct debug_settings, all),
	  .help = "of the whole machine, not of the agent only" },
	{ "path", 0, OPTION_TEXT, offsetof(struct debug_settings, path), .placeholder = "PATH",
	  .help = "taken for upstream's sake; the agent's are found without pins" },
};

const struct command command_debug_maps = {
	.path = "debug maps",
	.about = "kernel memory of the agent's BPF maps and programs",
	.is_hidden = true,
	.rows = debug_maps_rows,
	.rows_count = sizeof(debug_maps_rows) / sizeof(debug_maps_rows[0]),
	.settings_bytes = sizeof(struct debug_settings),
	.run = debug_maps_run,
};

static const struct option_row debug_progs_rows[] = {
	{ "all", 0, OPTION_BOOL, offsetof(struct debug_settings, all),
	  .help = "of the whole machine, and those that did not run" },
	{ "interval", 0, OPTION_DURATION, offsetof(struct debug_settings, interval_ns),
	  .value = "1s", .help = "how long a look takes" },
	{ "once", 0, OPTION_BOOL, offsetof(struct debug_settings, once), .help = "one look" },
	{ "no-clear", 0, OPTION_BOOL, offsetof(struct debug_settings, no_clear),
	  .help = "looks below each other" },
	{ "bpf-lib", 0, OPTION_TEXT, offsetof(struct debug_settings, path), .placeholder = "PATH",
	  .help = "taken for upstream's sake" },
	{ "bpf-dir", 0, OPTION_TEXT, offsetof(struct debug_settings, path), .placeholder = "PATH",
	  .help = "taken for upstream's sake" },
};

const struct command command_debug_progs = {
	.path = "debug progs",
	.about = "run time of the agent's BPF programs",
	.is_hidden = true,
	.rows = debug_progs_rows,
	.rows_count = sizeof(debug_progs_rows) / sizeof(debug_progs_rows[0]),
	.settings_bytes = sizeof(struct debug_settings),
	.run = debug_progs_run,
};

const struct command command_debug_enable_stats = {
	.path = "debug enable-stats",
	.about = "have the kernel measure BPF programs while this runs",
	.is_hidden = true,
	.run = debug_enable_stats_run,
};
