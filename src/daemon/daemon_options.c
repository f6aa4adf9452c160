/* SPDX-License-Identifier: Apache-2.0 */
/* The table of flags, and the checks that involve more than one value. */
#include "daemon/daemon_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/agent_metrics.h"
#include "output/format.h"
#include "sensor/hook_mechanism.h"
#include "sensor/pins.h"
#include "wire/record.h"

/* The kernel wants the ring's size in 32 bits, a power of two. */
#define RING_BYTES_MAX (1ULL << 30)
/* A client's queue is bounded by its bytes before; more is a typing mistake. */
#define QUEUE_EVENTS_MAX (1U << 20)

#define PROCESSES_MAX (1U << 24)
#define PROCESS_BYTES (sizeof(struct wire_process) + sizeof(uint32_t))

#define MEMBER(name) offsetof(struct daemon_options, name)

static const struct option_row daemon_option_rows[] = {
	{ "server-address", 0, OPTION_TEXT, MEMBER(server_address), "localhost:54321", "ADDRESS",
	  NULL, "gRPC listener: host:port or unix:///path; empty: none", "Interfaces" },
	{ "server-tls-cert-file", 0, OPTION_TEXT, MEMBER(server_tls_cert_file), NULL, "FILE", NULL,
	  "speak TLS on the TCP address, with this certificate and its chain (PEM)", "Interfaces" },
	{ "server-tls-key-file", 0, OPTION_TEXT, MEMBER(server_tls_key_file), NULL, "FILE", NULL,
	  "the private key of that certificate", "Interfaces" },
	{ "server-tls-client-ca-files", 0, OPTION_LIST, MEMBER(server_tls_client_ca_files), NULL,
	  "FILES", NULL, "CAs that client certificates are verified with", "Interfaces" },
	{ "server-tls-require-client-cert", 0, OPTION_BOOL, MEMBER(server_tls_require_client_cert),
	  NULL, NULL, NULL, "refuse clients without a certificate", "Interfaces" },
	{ "server-admins", 0, OPTION_LIST, MEMBER(server_admins), NULL, "NAMES", NULL,
	  "names in client certificates that may change policies; empty: all that verify",
	  "Interfaces" },
	{ "server-socket-admins", 0, OPTION_LIST, MEMBER(server_socket_admins), NULL, "USERS", NULL,
	  "users and @groups, besides root, that may change policies over the unix socket",
	  "Interfaces" },
	{ "server-tcp-may-change", 0, OPTION_BOOL, MEMBER(server_tcp_may_change), NULL, NULL, NULL,
	  "let everybody on TCP change policies, as upstream does", "Interfaces" },
	{ "server-socket-mode", 0, OPTION_TEXT, MEMBER(server_socket_mode), "660", "MODE", NULL,
	  "octal mode of the unix socket", "Interfaces" },
	{ "server-socket-group", 0, OPTION_TEXT, MEMBER(server_socket_group), NULL, "GROUP", NULL,
	  "group of the unix socket", "Interfaces" },
	{ "health-server-address", 0, OPTION_TEXT, MEMBER(health_server_address), ":6789",
	  "ADDRESS", NULL, "listener of grpc.health.v1; empty: none", "Interfaces" },
	{ "health-server-interval", 0, OPTION_UINT, MEMBER(health_server_interval), "10", "SECONDS",
	  NULL, "time between self checks", "Interfaces" },
	{ "event-queue-size", 0, OPTION_UINT, MEMBER(event_queue_size), "10000", "EVENTS", NULL,
	  "events that may wait for one slow client", "Interfaces" },
	{ "metrics-server", 0, OPTION_TEXT, MEMBER(metrics_server), "", "ADDRESS", NULL,
	  "serve /metrics there, host:port or :port; empty: nowhere", "Interfaces" },
	{ "enable-event-metrics", 0, OPTION_BOOL, MEMBER(enable_event_metrics), "true", NULL, NULL,
	  "count events by process and policy", "Interfaces" },
	{ "metrics-label-filter", 0, OPTION_LIST, MEMBER(metrics_label_filter),
	  "namespace,workload,pod,binary", "LABELS", NULL,
	  "labels of events that metrics show; others stay empty", "Interfaces" },
	{ "enable-msg-handling-latency", 0, OPTION_BOOL, MEMBER(enable_msg_handling_latency), NULL,
	  NULL, NULL, "measure how long records wait for the agent", "Interfaces" },
	{ "run-dir", 0, OPTION_TEXT, MEMBER(run_dir), "/var/run/tetragon", "DIR", NULL,
	  "directory of PID file, unix socket and info file", "Interfaces" },
	{ "export-filename", 0, OPTION_TEXT, MEMBER(export_filename), NULL, "FILE", NULL,
	  "write events as JSON lines; - is standard output", "Export" },
	{ "export-format", 0, OPTION_TEXT, MEMBER(export_format), "native", "FORMAT",
	  OUTPUT_FORMAT_NAMES, "fields of events in the file; see docs/events.md", "Export" },
	{ "export-file-perm", 0, OPTION_TEXT, MEMBER(export_file_perm), "600", "MODE", NULL,
	  "octal mode of the event file", "Export" },
	{ "export-file-max-size-mb", 0, OPTION_INT, MEMBER(export_file_max_size_mb), "10", "MB",
	  NULL, "begin a new file before this one has more; 0: never", "Export" },
	{ "export-file-rotation-interval", 0, OPTION_DURATION,
	  MEMBER(export_file_rotation_interval_ns), "0s", "TIME", NULL,
	  "also begin a new file that often; 0s: never", "Export" },
	{ "export-file-max-backups", 0, OPTION_INT, MEMBER(export_file_max_backups), "5", "COUNT",
	  NULL, "so many older files are kept; 0: all", "Export" },
	{ "export-file-compress", 0, OPTION_BOOL, MEMBER(export_file_compress), NULL, NULL, NULL,
	  "pack older files with gzip", "Export" },
	{ "export-rate-limit", 0, OPTION_INT, MEMBER(export_rate_limit), "-1", "EVENTS", NULL,
	  "events a minute that are written; what is dropped is counted; -1: all", "Export" },
	{ "enable-export-aggregation", 0, OPTION_BOOL, MEMBER(enable_export_aggregation), NULL,
	  NULL, NULL, "write equal events once, with their number", "Export" },
	{ "export-aggregation-window-size", 0, OPTION_DURATION,
	  MEMBER(export_aggregation_window_ns), "15s", "TIME", NULL,
	  "how long an event waits for others that are equal", "Export" },
	{ "export-aggregation-buffer-size", 0, OPTION_UINT, MEMBER(export_aggregation_buffer_size),
	  "10000", "EVENTS", NULL, "different events that may wait; others go as they are",
	  "Export" },
	{ "export-allowlist", 0, OPTION_TEXT, MEMBER(export_allowlist), NULL, "JSON", NULL,
	  "events that are written: filters, see docs/filters.md; empty: all", "Export" },
	{ "export-denylist", 0, OPTION_TEXT, MEMBER(export_denylist), NULL, "JSON", NULL,
	  "events that are not written", "Export" },
	{ "field-filters", 0, OPTION_TEXT, MEMBER(field_filters), NULL, "JSON", NULL,
	  "fields that are written, or left out", "Export" },
	{ "enable-pid-set-filter", 0, OPTION_BOOL, MEMBER(enable_pid_set_filter), NULL, NULL, NULL,
	  "allow pid_set in filters of the event file", "Export" },
	{ "redaction-filters", 0, OPTION_TEXT, MEMBER(redaction_filters), NULL, "JSON", NULL,
	  "what is hidden in arguments and environments, in all events", "Events" },
	{ "tracing-policy", 0, OPTION_LIST, MEMBER(tracing_policy), NULL, "FILES", NULL,
	  "load these policies at the start", "Policies" },
	{ "tracing-policy-dir", 0, OPTION_TEXT, MEMBER(tracing_policy_dir),
	  "/etc/tetragon/tetragon.tp.d", "DIR", NULL,
	  "load the policies in this directory, and follow its changes; empty: none", "Policies" },
	{ "tracing-policy-errors-fatal", 0, OPTION_BOOL, MEMBER(policy_errors_are_fatal), NULL,
	  NULL, NULL, "end when a policy cannot be loaded at the start, as upstream does",
	  "Policies" },
	{ "workload-file", 0, OPTION_TEXT, MEMBER(workload_file), "", "FILE", NULL,
	  "which cgroup is whose container; see docs/workloads.md", "Policies" },
	{ "hook-mechanisms", 0, OPTION_TEXT, MEMBER(hook_mechanisms),
	  "fentry,fmod_ret,kprobe.multi,kprobe,substitute", "NAMES", NULL,
	  "ways to hook functions that may be used", "Policies" },
	{ "disable-kprobe-multi", 0, OPTION_BOOL, MEMBER(disable_kprobe_multi), NULL, NULL, NULL,
	  "the same as leaving kprobe.multi out of --hook-mechanisms", "Policies" },
	{ "enable-deprecated-tracingpolicy-grpc", 0, OPTION_BOOL,
	  MEMBER(enable_deprecated_tracingpolicy_grpc), NULL, NULL, NULL,
	  "answer EnableTracingPolicy and DisableTracingPolicy", "Policies" },
	{ "persist-grpc-policies", 0, OPTION_BOOL, MEMBER(persist_grpc_policies), NULL, NULL, NULL,
	  "keep policies of clients in files, and load them at the next start", "Policies" },
	{ "persist-grpc-policies-dir", 0, OPTION_TEXT, MEMBER(persist_grpc_policies_dir),
	  "/var/run/tetragon/grpc-policies", "DIR", NULL, "where these files are", "Policies" },
	{ "cluster-name", 0, OPTION_TEXT, MEMBER(cluster_name), NULL, "NAME", NULL,
	  "stored in every event", "Events" },
	{ "enable-process-cred", 0, OPTION_BOOL, MEMBER(enable_process_cred), NULL, NULL, NULL,
	  "show credentials, capabilities and binary properties", "Events" },
	{ "enable-process-ns", 0, OPTION_BOOL, MEMBER(enable_process_ns), NULL, NULL, NULL,
	  "show namespaces", "Events" },
	{ "enable-process-environment-variables", 0, OPTION_BOOL,
	  MEMBER(enable_process_environment_variables), NULL, NULL, NULL,
	  "show the environment in process_exec", "Events" },
	{ "filter-environment-variables", 0, OPTION_LIST, MEMBER(filter_environment_variables),
	  NULL, "NAMES", NULL, "keep only these variables", "Events" },
	{ "enable-ancestors", 0, OPTION_LIST, MEMBER(enable_ancestors), NULL, "KINDS", NULL,
	  "show ancestors in events of these kinds: base, kprobe, ...", "Events" },
	{ "username-metadata", 0, OPTION_TEXT, MEMBER(username_metadata), "disabled", NULL,
	  "disabled|unix", "show user names from the machine's passwd file", "Events" },
	{ "btf", 0, OPTION_TEXT, MEMBER(btf), NULL, "FILE", NULL,
	  "kernel type information; default: the running kernel's own, else from --bpf-lib",
	  "Kernel" },
	{ "bpf-lib", 0, OPTION_TEXT, MEMBER(bpf_lib), "/var/lib/tetragon/", "DIR", NULL,
	  "where metadata/vmlinux-RELEASE or btf may be; programs are inside tetrad", "Kernel" },
	{ "procfs", 0, OPTION_TEXT, MEMBER(procfs), "/proc/", "DIR", NULL,
	  "mount of the host's procfs", "Kernel" },
	{ "rb-size-total", 0, OPTION_SIZE, MEMBER(rb_size_total), "0", "BYTES", NULL,
	  "memory of the kernel's event ring; 0: 1M for each processor, 32M at most", "Kernel" },
	{ "rb-size", 0, OPTION_SIZE, MEMBER(rb_size), "0", "BYTES", NULL, "the same, per processor",
	  "Kernel" },
	{ "policy-rb-size-total", 0, OPTION_SIZE, MEMBER(policy_rb_size_total), "0", "BYTES", NULL,
	  "memory of the ring of policies' events; 0: 512K for each processor, 32M at most",
	  "Kernel" },
	{ "execve-map-entries", 0, OPTION_UINT, MEMBER(execve_map_entries), "0", "COUNT", NULL,
	  "living processes the kernel side can hold; 0: 32768", "Kernel" },
	{ "execve-map-size", 0, OPTION_SIZE, MEMBER(execve_map_size), NULL, "BYTES", NULL,
	  "the same as memory", "Kernel" },
	{ "process-cache-size", 0, OPTION_UINT, MEMBER(process_cache_size), "65536", "COUNT", NULL,
	  "processes the agent can hold", "Kernel" },
	{ "keep-sensors-on-exit", 0, OPTION_BOOL, MEMBER(keep_sensors_on_exit), NULL, NULL, NULL,
	  "policies go on without the agent; the next one takes them over without a gap",
	  "Kernel" },
	{ "bpf-dir", 0, OPTION_TEXT, MEMBER(bpf_dir), "tetragon", "DIR", NULL,
	  "where they stand meanwhile, below /sys/fs/bpf", "Kernel" },
	{ "config-dir", 0, OPTION_TEXT, MEMBER(config_dir), NULL, "DIR", NULL,
	  "directory with one file for each option: its name, and its value inside",
	  "Configuration" },
	{ "print-config", 0, OPTION_TEXT, MEMBER(print_config), NULL, NULL, "text|json",
	  "print each value and where it came from, and exit", "Configuration", .bare = "text",
	  .is_action = true },
	{ "generate-docs", 0, OPTION_BOOL, MEMBER(generate_docs), NULL, NULL, NULL,
	  "print all flags as YAML and exit", "Configuration", .is_action = true },
	{ "log-level", 0, OPTION_TEXT, MEMBER(log_level), "info", NULL,
	  "trace|debug|info|warn|error|fatal", "least level of messages", "Diagnosis" },
	{ "log-format", 0, OPTION_TEXT, MEMBER(log_format), "text", NULL, "text|json",
	  "how messages are written", "Diagnosis" },
	{ "log-file", 0, OPTION_TEXT, MEMBER(log_file), NULL, "FILE", NULL,
	  "also append messages to FILE; SIGHUP opens it anew", "Diagnosis" },
	{ "debug", 'd', OPTION_BOOL, MEMBER(debug), NULL, NULL, NULL,
	  "the same as --log-level debug", "Diagnosis" },
	{ "verbose", 0, OPTION_UINT, MEMBER(verbose), "0", "LEVEL", NULL,
	  "how much of the verifier's log is shown with --log-level debug: 0, 1 or 2",
	  "Diagnosis" },
	{ "record", 0, OPTION_TEXT, MEMBER(record), NULL, "FILE", NULL,
	  "also write the kernel's records to FILE, for tools/replay", "Diagnosis" },
	{ "version", 'v', OPTION_BOOL, MEMBER(version), NULL, NULL, NULL,
	  "print the version and exit", "Diagnosis", .is_action = true },
	{ "help", 'h', OPTION_BOOL, MEMBER(help), NULL, NULL, NULL, "print this text and exit",
	  "Diagnosis", .is_action = true },
};

/* Whether TEXT is 1 to 4 octal digits of permissions. */
static bool is_file_mode(const char *text)
{
	return *text && strlen(text) <= 4 && strspn(text, "01234567") == strlen(text) &&
	       strtoul(text, NULL, 8) <= 0777;
}

static void check_server(const struct daemon_options *options, struct diag *diag)
{
	if (!*options->server_tls_cert_file != !*options->server_tls_key_file)
		diag_add(diag, "--server-tls-cert-file and --server-tls-key-file go together; give "
			       "both");
	if (!*options->server_tls_cert_file &&
	    (options->server_tls_client_ca_files.count || options->server_tls_require_client_cert))
		diag_add(diag, "client certificates want TLS; give --server-tls-cert-file and "
			       "--server-tls-key-file");
	if (options->server_tls_require_client_cert && !options->server_tls_client_ca_files.count)
		diag_add(diag, "--server-tls-require-client-cert wants the CAs to verify them "
			       "with; give --server-tls-client-ca-files");
	if (*options->server_tls_cert_file && !strncmp(options->server_address, "unix:", 5))
		diag_add(diag, "a unix socket speaks no TLS; give a host:port as "
			       "--server-address or leave --server-tls-cert-file out");
	if (!is_file_mode(options->server_socket_mode))
		diag_add(diag,
			 "--server-socket-mode is \"%s\"; it must be an octal mode such as 660",
			 options->server_socket_mode);
	if (options->health_server_interval < 1 || options->health_server_interval > 86400)
		diag_add(diag, "--health-server-interval is %llu; it must be from 1 to 86400",
			 (unsigned long long)options->health_server_interval);
}

/* Pairs that mean the same in two units, or the opposite of each other. */
static const char *const exclusions[][2] = {
	{ "rb-size", "rb-size-total" },
	{ "execve-map-entries", "execve-map-size" },
	{ "parents-map-entries", "parents-map-size" },
	{ "force-small-progs", "force-large-progs" },
};

/* A file of a terabyte, and more of them than a directory is good for. */
enum { EXPORT_FILE_MB_MAX = 1 << 20, EXPORT_BACKUPS_MAX = 1000000 };

/* Numbers whose kind alone allows too much. */
static const struct option_range {
	const char *name;
	size_t offset; /* of a uint64_t */
	uint64_t least, most;
	const char *words;
} ranges[] = {
	{ "process-cache-size", MEMBER(process_cache_size), 16, PROCESSES_MAX,
	  "from 16 to 16777216" },
	{ "event-queue-size", MEMBER(event_queue_size), 1, QUEUE_EVENTS_MAX, "from 1 to 1048576" },
	{ "export-aggregation-buffer-size", MEMBER(export_aggregation_buffer_size), 1,
	  QUEUE_EVENTS_MAX, "from 1 to 1048576" },
	{ "execve-map-entries", MEMBER(execve_map_entries), 0, PROCESSES_MAX, "at most 16777216" },
	{ "execve-map-size", MEMBER(execve_map_size), 0, PROCESSES_MAX *PROCESS_BYTES,
	  "of at most 16777216 processes" },
	{ "rb-size", MEMBER(rb_size), 0, RING_BYTES_MAX, "at most 1G" },
	{ "rb-size-total", MEMBER(rb_size_total), 0, RING_BYTES_MAX, "at most 1G" },
	{ "policy-rb-size-total", MEMBER(policy_rb_size_total), 0, RING_BYTES_MAX, "at most 1G" },
	{ "verbose", MEMBER(verbose), 0, 2, "0, 1 or 2" },
};

/* Kinds of events that upstream has; those that are not made here have no ancestors either. */
static const char *const ancestor_kinds[] = {
	"base", "kprobe", "tracepoint", "loader", "uprobe", "lsm", "usdt",
};

/* `--name is "value" (where from); it must be WANTED`. */
static void complain(const struct options *flags, const char *name, const char *wanted,
		     struct diag *diag)
{
	diag_add(diag, "--%s is \"%s\" (%s); it must be %s", name, options_get_text(flags, name),
		 options_get_source(flags, name), wanted);
}

static void check_exclusions(const struct options *flags, struct diag *diag)
{
	for (size_t i = 0; i < sizeof(exclusions) / sizeof(exclusions[0]); i++) {
		const char *one = exclusions[i][0], *other = exclusions[i][1];

		if (options_differs(flags, one) && options_differs(flags, other))
			diag_add(diag,
				 "--%s (%s) and --%s (%s) exclude each other; give one of them",
				 one, options_get_source(flags, one), other,
				 options_get_source(flags, other));
	}
}

static void check_ranges(const struct options *flags, const struct daemon_options *options,
			 struct diag *diag)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct option_range *range = &ranges[i];
		const uint64_t *value = (const void *)((const char *)options + range->offset);

		if (*value < range->least || *value > range->most)
			complain(flags, range->name, range->words, diag);
	}
}

/* The same of numbers that may be less than 0. */
static void check_export(const struct options *flags, const struct daemon_options *options,
			 struct diag *diag)
{
	if (options->export_file_max_size_mb < 0 ||
	    options->export_file_max_size_mb > EXPORT_FILE_MB_MAX)
		complain(flags, "export-file-max-size-mb", "from 0 to 1048576", diag);
	if (options->export_file_max_backups < 0 ||
	    options->export_file_max_backups > EXPORT_BACKUPS_MAX)
		complain(flags, "export-file-max-backups", "from 0 to 1000000", diag);
	if (options->export_rate_limit < -1)
		complain(flags, "export-rate-limit", "-1 or more", diag);
}

static bool kind_has_ancestors(const char *kind)
{
	for (size_t i = 0; i < sizeof(ancestor_kinds) / sizeof(ancestor_kinds[0]); i++) {
		if (strcmp(ancestor_kinds[i], kind) == 0)
			return true;
	}
	return false;
}

static void check_words(const struct options *flags, const struct daemon_options *options,
			struct diag *diag)
{
	for (size_t i = 0; i < options->enable_ancestors.count; i++) {
		if (!kind_has_ancestors(options->enable_ancestors.items[i]))
			diag_add(
				diag,
				"unknown kind \"%s\" for --enable-ancestors (%s); it takes base, kprobe, tracepoint, loader, uprobe, lsm and usdt",
				options->enable_ancestors.items[i],
				options_get_source(flags, "enable-ancestors"));
	}
	if (!mechanisms_parse(options->hook_mechanisms))
		complain(flags, "hook-mechanisms",
			 "some of fentry, fmod_ret, kprobe.multi, kprobe and substitute", diag);
	if (!is_file_mode(options->export_file_perm))
		complain(flags, "export-file-perm", "an octal mode such as 600", diag);
	if (options->persist_grpc_policies && !options->persist_grpc_policies_dir[0])
		complain(flags, "persist-grpc-policies-dir",
			 "a directory, for --persist-grpc-policies", diag);
	if (!pins_name_is_right(options->bpf_dir))
		complain(flags, "bpf-dir",
			 "the name of a directory below /sys/fs/bpf, or its full path", diag);
	if (options->execve_map_size && !daemon_options_get_process_entries(options))
		complain(flags, "execve-map-size", "room for a process at least", diag);
}

int daemon_options_check(const struct options *flags, const struct daemon_options *options,
			 struct diag *diag)
{
	unsigned int lines = diag->lines;

	check_exclusions(flags, diag);
	check_ranges(flags, options, diag);
	check_words(flags, options, diag);
	check_export(flags, options, diag);
	check_server(options, diag);
	agent_metrics_check_labels(&options->metrics_label_filter, diag);
	return diag->lines == lines ? 0 : -EINVAL;
}

uint32_t daemon_options_get_process_entries(const struct daemon_options *options)
{
	if (options->execve_map_size)
		return (uint32_t)(options->execve_map_size / PROCESS_BYTES);
	return (uint32_t)options->execve_map_entries;
}

int daemon_options_add_table(struct options *flags, struct daemon_options *out)
{
	size_t rows = sizeof(daemon_option_rows) / sizeof(daemon_option_rows[0]);

	return options_add_table(flags, daemon_option_rows, rows, out);
}
