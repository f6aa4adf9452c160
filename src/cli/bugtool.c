/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tetra bugtool`: what somebody needs who looks into a problem elsewhere, in one archive. In: the
 * agent, if there is one, and this machine. Out: a tar.gz, and a line for each piece. Nothing that
 * may hold secrets: no environment, no keys, no arguments of processes, no events unless asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/bugtool_pieces.h"
#include "cli/bundle.h"
#include "cli/collect.h"
#include "event/text.h"

#define BUGTOOL_INFO_PATH  "/var/run/tetragon/tetragon-info.json"
#define BUGTOOL_EXTRA_PATH "/var/run/tetragon/tetragon-bugtool-extra-files.json"
#define BUGTOOL_FOLDER	   "tetragon-bugtool"

/* Lists of programs and logs are some megabytes; a report is sent by mail. */
#define PIECE_BYTES_MAX	 (8u << 20)
#define REPORT_BYTES_MAX (128u << 20)
enum { EXTRA_FILES_MAX = 64, EXTRA_NAME_BYTES = 64, WORDS_MAX = 8, REACH_WORDS_MAX = 13 };

/* What stands first in a word of the table: this program, the option --bpftool. */
#define SELF	"@tetra"
#define BPFTOOL "@bpftool"

struct bugtool_settings {
	const char *out;
	const char *bpftool;
	const char *gops;
	bool with_events;
	uint64_t events_bytes;
	uint64_t piece_ns;
};

struct bugtool {
	const struct cli_settings *cli;
	const struct bugtool_settings *settings;
	struct bugtool_agent agent;
	json_t *info; /* owned; NULL: none */
	struct bundle *bundle;
	struct buf manifest;
	struct buf ca_files; /* joined, for command lines */
	size_t bytes;
	struct diag diag;
};

/* A piece is a command, a file, or a function. */
struct piece {
	const char *name;
	const char *words[WORDS_MAX];
	const char *path; /* "%u": the agent's pid */
	collect_fn function;
	bool needs_agent;
};

static const struct piece pieces[] = {
	{ "agent/info.json", .path = BUGTOOL_INFO_PATH },
	{ "agent/status.txt", { SELF, "status" } },
	{ "agent/version.txt", { SELF, "version", "--server" } },
	{ "agent/losses.txt", { SELF, "loss", "--lines", "0" } },
	{ "agent/policies.txt", { SELF, "tracingpolicy", "list" } },
	{ "agent/policies.json", { SELF, "tracingpolicy", "list", "-o", "json" } },
	{ "agent/policies.yaml", .function = bugtool_print_policies },
	{ "agent/processes.txt", { SELF, "ps", "--all", "--no-arguments" } },
	{ "agent/cost.txt", { SELF, "top", "--once" } },
	{ "agent/config.txt", .function = bugtool_print_config, .needs_agent = true },
	{ "agent/metrics.txt", .function = bugtool_print_metrics },
	{ "agent/log.txt",
	  { "journalctl", "-u", "tetragon", "-u", "tetrad", "-n5000", "--no-pager" } },
	{ "agent/proc-status.txt", .path = "/proc/%u/status", .needs_agent = true },
	{ "agent/proc-limits.txt", .path = "/proc/%u/limits", .needs_agent = true },
	{ "agent/proc-smaps.txt", .path = "/proc/%u/smaps_rollup", .needs_agent = true },
	{ "agent/bpf-descriptors.txt", .function = bugtool_print_bpf_fds, .needs_agent = true },
	{ "agent/cgroup.txt", .function = bugtool_print_cgroup, .needs_agent = true },
	{ "agent/config-files.txt", { "ls", "-lR", "/etc/tetragon" } },
	{ "bpf/maps.txt", { SELF, "debug", "maps", "--lines", "1000" } },
	{ "bpf/programs.txt", { SELF, "debug", "progs", "--once", "--all" } },
	{ "bpf/bpftool-programs.json", { BPFTOOL, "-j", "prog", "show" } },
	{ "bpf/bpftool-maps.json", { BPFTOOL, "-j", "map", "show" } },
	{ "bpf/bpftool-links.json", { BPFTOOL, "-j", "link", "show" } },
	{ "bpf/features.txt", { BPFTOOL, "feature", "probe", "kernel" } },
	{ "bpf/pins.txt", { "ls", "-lR", "/sys/fs/bpf" } },
	{ "kernel/uname.txt", { "uname", "-a" } },
	{ "kernel/dmesg.txt", { "sh", "-c", "dmesg --ctime | grep -vi 'command line: '" } },
	{ "kernel/config.txt", .function = bugtool_print_kernel_config },
	{ "kernel/btf.txt", { "ls", "-l", "/sys/kernel/btf" } },
	{ "kernel/lsm.txt", .path = "/sys/kernel/security/lsm" },
	{ "kernel/lockdown.txt", .path = "/sys/kernel/security/lockdown" },
	{ "kernel/jit.txt", .path = "/proc/sys/net/core/bpf_jit_enable" },
	{ "kernel/unprivileged-bpf.txt", .path = "/proc/sys/kernel/unprivileged_bpf_disabled" },
	{ "kernel/bpf-stats.txt", .path = "/proc/sys/kernel/bpf_stats_enabled" },
	{ "kernel/taint.txt", .path = "/proc/sys/kernel/tainted" },
	{ "machine/os-release.txt", .path = "/etc/os-release" },
	{ "machine/memory.txt", .path = "/proc/meminfo" },
	{ "machine/processors.txt", .path = "/proc/cpuinfo" },
	{ "machine/load.txt", .path = "/proc/loadavg" },
	{ "machine/pressure.txt", .path = "/proc/pressure/cpu" },
	{ "machine/uptime.txt", .path = "/proc/uptime" },
	{ "machine/disks.txt", { "df", "-h" } },
};

static const char bugtool_left_out[] = "\nleft out on purpose:\n"
				       "  environment variables of the agent and of all processes\n"
				       "  keys and certificates\n"
				       "  arguments of processes, in the process cache too\n"
				       "  the kernel's command line\n";

/* ---- one piece
 * ------------------------------------------------------------------------------- */

/* What became of it, for the terminal and for the archive. */
static void bugtool_note(struct bugtool *bugtool, const char *name, const char *text)
{
	buf_add_format(&bugtool->manifest, "%-28s ", name);
	text_add_printable(&bugtool->manifest, text);
	buf_add_char(&bugtool->manifest, '\n');
	printf("%-28s ", name);
	{
		_cleanup_buf_ struct buf line = {};

		text_add_printable(&line, text);
		printf("%s\n", buf_text(&line));
	}
}

static int bugtool_keep(struct bugtool *bugtool, const char *name, struct collected *collected)
{
	_cleanup_buf_ struct buf text = {};
	int error;

	buf_add_format(&text, "%zu bytes", collected->data.bytes);
	if (collected->has_timed_out)
		buf_add_format(
			&text, ", cut: it took longer than %llu s",
			(unsigned long long)(bugtool->settings->piece_ns / CLOCK_NS_PER_SECOND));
	else if (collected->is_cut)
		buf_add_text(&text, ", cut: it is longer");
	else if (collected->status)
		buf_add_format(&text, ", failed with status %d, as it says", collected->status);
	error = bundle_add(bugtool->bundle, name, collected->data.data, collected->data.bytes,
			   &bugtool->diag);
	bugtool->bytes += collected->data.bytes;
	if (!error)
		bugtool_note(bugtool, name, buf_text(&text));
	return error;
}

/* How to reach the agent, for commands of this program that are run by it. */
static const struct {
	const char *flag;
	size_t offset; /* of a text in struct cli_settings */
} reach_flags[] = {
	{ "--server-address", offsetof(struct cli_settings, server_address) },
	{ "--tls-cert-file", offsetof(struct cli_settings, tls_cert_file) },
	{ "--tls-key-file", offsetof(struct cli_settings, tls_key_file) },
	{ "--tls-server-name", offsetof(struct cli_settings, tls_server_name) },
};

static size_t bugtool_add_reach(struct bugtool *bugtool, char **out)
{
	const struct option_list *files = &bugtool->cli->tls_ca_files;
	size_t count = 0;

	out[count++] = (char *)"--retries";
	out[count++] = (char *)"0";
	for (size_t i = 0; i < sizeof(reach_flags) / sizeof(reach_flags[0]); i++) {
		const char *text;

		memcpy(&text, (const char *)bugtool->cli + reach_flags[i].offset, sizeof(text));
		if (!*text)
			continue;
		out[count++] = (char *)reach_flags[i].flag;
		out[count++] = (char *)text;
	}
	buf_reset(&bugtool->ca_files);
	for (size_t i = 0; i < files->count; i++)
		buf_add_format(&bugtool->ca_files, "%s%s", i ? "," : "", files->items[i]);
	if (files->count) {
		out[count++] = (char *)"--tls-ca-cert-files";
		out[count++] = (char *)buf_text(&bugtool->ca_files);
	}
	if (bugtool->cli->tls_skip_verify)
		out[count++] = (char *)"--tls-skip-verify";
	return count;
}

/* Words of the table as a command line. */
static void bugtool_fill_words(struct bugtool *bugtool, const struct piece *piece,
			       char *out[WORDS_MAX + REACH_WORDS_MAX + 1])
{
	size_t count = 0;

	for (size_t i = 0; i < WORDS_MAX && piece->words[i]; i++)
		out[count++] = (char *)piece->words[i];
	if (strcmp(out[0], SELF) == 0) {
		out[0] = (char *)"/proc/self/exe";
		count += bugtool_add_reach(bugtool, out + count);
	}
	if (strcmp(out[0], BPFTOOL) == 0)
		out[0] = (char *)bugtool->settings->bpftool;
	out[count] = NULL;
}

static int bugtool_collect(struct bugtool *bugtool, const struct piece *piece)
{
	struct collect_limits limits = { bugtool->settings->piece_ns, PIECE_BYTES_MAX };
	struct collected collected = {};
	char *words[WORDS_MAX + REACH_WORDS_MAX + 1], path[64];
	int error;

	if (piece->needs_agent && !bugtool->agent.pid) {
		bugtool_note(bugtool, piece->name, "left out: no agent runs here");
		return 0;
	}
	if (bugtool->bytes >= REPORT_BYTES_MAX) {
		bugtool_note(bugtool, piece->name, "left out: the report is long enough");
		return 0;
	}
	if (piece->function) {
		error = collect_function(&collected, &limits, piece->function, &bugtool->agent);
	} else if (piece->path) {
		const char *percent = strstr(piece->path, "%u");

		snprintf(path, sizeof(path), "%s", piece->path);
		if (percent)
			snprintf(path, sizeof(path), "%.*s%" PRIu32 "%s",
				 (int)(percent - piece->path), piece->path, bugtool->agent.pid,
				 percent + 2);
		error = collect_function(&collected, &limits, bugtool_print_file, path);
	} else {
		bugtool_fill_words(bugtool, piece, words);
		error = collect_command(&collected, &limits, words);
	}
	if (!error)
		error = bugtool_keep(bugtool, piece->name, &collected);
	else
		diag_add(&bugtool->diag, "cannot collect \"%s\": %s", piece->name,
			 strerror(-error));
	buf_done(&collected.data);
	return error;
}

/* ---- more
 * ------------------------------------------------------------------------------------ */

static int bugtool_collect_events(struct bugtool *bugtool)
{
	struct collect_limits limits = { bugtool->settings->piece_ns,
					 bugtool->settings->events_bytes };
	struct collected collected = {};
	int error;

	if (!bugtool->settings->with_events || !*bugtool->agent.event_file) {
		bugtool_note(bugtool, "agent/events.json",
			     bugtool->settings->with_events
				     ? "left out: the agent writes no event file"
				     : "left out: events may hold secrets; see --with-events");
		return 0;
	}
	error = collect_function(&collected, &limits, bugtool_print_events, &bugtool->agent);
	if (!error)
		error = bugtool_keep(bugtool, "agent/events.json", &collected);
	buf_done(&collected.data);
	return error;
}

static const char *extra_get_path(const json_t *item)
{
	if (json_is_string(item))
		return json_string_value(item);
	return json_string_value(json_object_get(item, "path"));
}

/* A name that every tar(1) takes, whatever the file is called. */
static void extra_fill_name(char out[EXTRA_NAME_BYTES], size_t number, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._-";
	const char *slash;

	path = path ? path : "";
	slash = strrchr(path, '/');
	snprintf(out, EXTRA_NAME_BYTES, "extra/%02zu-%.40s", number, slash ? slash + 1 : path);
	for (out += strspn(out, plain); *out; out += strspn(out, plain))
		*out = '_';
}

static int bugtool_collect_file(struct bugtool *bugtool, size_t number, const char *path)
{
	struct collect_limits limits = { bugtool->settings->piece_ns, PIECE_BYTES_MAX };
	struct collected collected = {};
	char name[EXTRA_NAME_BYTES];
	int error;

	extra_fill_name(name, number, path);
	if (!path || bugtool->bytes >= REPORT_BYTES_MAX || number >= EXTRA_FILES_MAX) {
		bugtool_note(bugtool, name,
			     !path			 ? "left out: the list has no path here"
			     : number >= EXTRA_FILES_MAX ? "left out: the list is too long"
							 : "left out: the report is long enough");
		return 0;
	}
	error = collect_function(&collected, &limits, bugtool_print_file, path);
	if (!error)
		error = bugtool_keep(bugtool, name, &collected);
	buf_done(&collected.data);
	return error;
}

/* Files that the administrator wants in every report: a list of paths, or of objects with "path".
 */
static int bugtool_collect_extra(struct bugtool *bugtool)
{
	json_error_t reason;
	json_t *list = json_load_file(BUGTOOL_EXTRA_PATH, 0, &reason);
	_cleanup_buf_ struct buf text = {};
	int error = 0;

	if (!json_is_array(list) && access(BUGTOOL_EXTRA_PATH, F_OK) == 0) {
		buf_add_format(&text, "left out: \"" BUGTOOL_EXTRA_PATH "\" is no list: %s",
			       list ? "want [\"/path\", ...]" : reason.text);
		bugtool_note(bugtool, "extra", buf_text(&text));
	}
	for (size_t i = 0; !error && i < json_array_size(list) && i <= EXTRA_FILES_MAX; i++)
		error = bugtool_collect_file(bugtool, i, extra_get_path(json_array_get(list, i)));
	json_decref(list);
	return error;
}

static const char *info_get(const struct bugtool *bugtool, const char *key)
{
	const char *text = json_string_value(json_object_get(bugtool->info, key));

	return text ? text : "";
}

/* An info file without its process is what a crash leaves. */
static void bugtool_find_agent(struct bugtool *bugtool)
{
	char path[64];
	json_int_t pid;

	bugtool->info = json_load_file(BUGTOOL_INFO_PATH, 0, NULL);
	pid = json_integer_value(json_object_get(bugtool->info, "pid"));
	bugtool->agent.cli = bugtool->cli;
	bugtool->agent.metrics_address = info_get(bugtool, "metrics_address");
	bugtool->agent.event_file = info_get(bugtool, "export_fname");
	bugtool->agent.event_bytes = bugtool->settings->events_bytes;
	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	if (pid > 0 && pid <= INT32_MAX && access(path, F_OK) == 0)
		bugtool->agent.pid = (uint32_t)pid;
}

static int bugtool_write(struct bugtool *bugtool)
{
	int error = bundle_new(&bugtool->bundle, bugtool->settings->out, BUGTOOL_FOLDER,
			       &bugtool->diag);

	for (size_t i = 0; !error && i < sizeof(pieces) / sizeof(pieces[0]); i++)
		error = bugtool_collect(bugtool, &pieces[i]);
	if (!error)
		error = bugtool_collect_events(bugtool);
	if (!error)
		error = bugtool_collect_extra(bugtool);
	buf_add_text(&bugtool->manifest, bugtool_left_out);
	if (!error)
		error = bundle_add(bugtool->bundle, "contents.txt", bugtool->manifest.data,
				   bugtool->manifest.bytes, &bugtool->diag);
	if (!error)
		error = bundle_finish(bugtool->bundle, &bugtool->diag);
	return error;
}

static enum cli_exit bugtool_run(const struct cli_settings *cli, const void *settings)
{
	struct bugtool bugtool = { .cli = cli, .settings = settings };
	int error;

	if (geteuid() != 0)
		cli_complain("not run as root: what only root may read will be missing");
	bugtool_find_agent(&bugtool);
	error = bugtool_write(&bugtool);
	if (error)
		fputs(buf_text(&bugtool.diag.text), stderr);
	else
		printf("written to \"%s\"; only you may read it\n", bugtool.settings->out);
	bundle_free(bugtool.bundle);
	buf_done(&bugtool.manifest);
	buf_done(&bugtool.ca_files);
	diag_done(&bugtool.diag);
	json_decref(bugtool.info);
	return error ? CLI_FAILED : CLI_DONE;
}

static const struct option_row bugtool_rows[] = {
	{ "out", 'o', OPTION_TEXT, offsetof(struct bugtool_settings, out),
	  .value = "tetragon-bugtool.tar.gz", .placeholder = "FILE", .help = "where to write" },
	{ "bpftool", 0, OPTION_TEXT, offsetof(struct bugtool_settings, bpftool), .value = "bpftool",
	  .placeholder = "PATH", .help = "the bpftool to run" },
	{ "gops", 0, OPTION_TEXT, offsetof(struct bugtool_settings, gops), .placeholder = "PATH",
	  .help = "taken for upstream's sake; tetrad is no Go program" },
	{ "with-events", 0, OPTION_BOOL, offsetof(struct bugtool_settings, with_events),
	  .help = "also the end of the event file, which may hold secrets" },
	{ "events-size", 0, OPTION_SIZE, offsetof(struct bugtool_settings, events_bytes),
	  .value = "8M", .help = "how much of the event file" },
	{ "piece-timeout", 0, OPTION_DURATION, offsetof(struct bugtool_settings, piece_ns),
	  .value = "10s", .help = "how long one piece may take; what it said until then is kept" },
};

const struct command command_bugtool = {
	.path = "bugtool",
	.about = "a report about a problem, without secrets",
	.rows = bugtool_rows,
	.rows_count = sizeof(bugtool_rows) / sizeof(bugtool_rows[0]),
	.settings_bytes = sizeof(struct bugtool_settings),
	.run = bugtool_run,
};
