/* SPDX-License-Identifier: Apache-2.0 */
/* The table of flags, and the checks that involve more than one value. */
#include "daemon/daemon_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/agent_metrics.h"
#include "sensor/hook_mechanism.h"

/* The kernel wants the ring's size in 32 bits, a power of two. */
#define RING_BYTES_MAX (1ULL << 30)
/* A client's queue is bounded by its bytes before; more is a typing mistake. */
#define QUEUE_EVENTS_MAX (1U << 20)

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
	{ "export-file-perm", 0, OPTION_TEXT, MEMBER(export_file_perm), "600", "MODE", NULL,
	  "octal mode of the event file", "Export" },
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
	{ "enable-deprecated-tracingpolicy-grpc", 0, OPTION_BOOL,
	  MEMBER(enable_deprecated_tracingpolicy_grpc), NULL, NULL, NULL,
	  "answer EnableTracingPolicy and DisableTracingPolicy", "Policies" },
	{ "policy-rb-size-total", 0, OPTION_SIZE, MEMBER(policy_rb_size_total), "0", "BYTES", NULL,
	  "memory of the ring of policies' events; 0: 512K for each processor, 32M at most",
	  "Kernel" },
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
	  "show ancestors in events of these kinds: base, kprobe", "Events" },
	{ "username-metadata", 0, OPTION_TEXT, MEMBER(username_metadata), "disabled", NULL,
	  "disabled|unix", "show user names from the machine's passwd file", "Events" },
	{ "btf", 0, OPTION_TEXT, MEMBER(btf), NULL, "FILE", NULL,
	  "kernel type information; default: the running kernel's own", "Kernel" },
	{ "procfs", 0, OPTION_TEXT, MEMBER(procfs), "/proc/", "DIR", NULL,
	  "mount of the host's procfs", "Kernel" },
	{ "rb-size-total", 0, OPTION_SIZE, MEMBER(rb_size_total), "0", "BYTES", NULL,
	  "memory of the kernel's event ring; 0: 1M for each processor, 32M at most", "Kernel" },
	{ "rb-size", 0, OPTION_SIZE, MEMBER(rb_size), "0", "BYTES", NULL, "the same, per processor",
	  "Kernel" },
	{ "execve-map-entries", 0, OPTION_UINT, MEMBER(execve_map_entries), "0", "COUNT", NULL,
	  "living processes the kernel side can hold; 0: 32768", "Kernel" },
	{ "process-cache-size", 0, OPTION_UINT, MEMBER(process_cache_size), "65536", "COUNT", NULL,
	  "processes the agent can hold", "Kernel" },
	{ "keep-sensors-on-exit", 0, OPTION_BOOL, MEMBER(keep_sensors_on_exit), NULL, NULL, NULL,
	  "policies go on without the agent; the next one takes them over without a gap",
	  "Kernel" },
	{ "bpf-dir", 0, OPTION_TEXT, MEMBER(bpf_dir), "tetragon", "DIR", NULL,
	  "where they stand meanwhile, below /sys/fs/bpf", "Kernel" },
	{ "record", 0, OPTION_TEXT, MEMBER(record), NULL, "FILE", NULL,
	  "also write the kernel's records to FILE, for tools/replay", "Diagnosis" },
	{ "log-level", 0, OPTION_TEXT, MEMBER(log_level), "info", NULL,
	  "trace|debug|info|warn|error|fatal", "least level of messages", "Diagnosis" },
	{ "debug", 'd', OPTION_BOOL, MEMBER(debug), NULL, NULL, NULL,
	  "the same as --log-level debug", "Diagnosis" },
	{ "version", 'v', OPTION_BOOL, MEMBER(version), NULL, NULL, NULL,
	  "print the version and exit", "Diagnosis" },
	{ "help", 'h', OPTION_BOOL, MEMBER(help), NULL, NULL, NULL, "print this text and exit",
	  "Diagnosis" },
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

static int check_together(const struct daemon_options *options, struct diag *diag)
{
	unsigned int lines = diag->lines;

	if (options->rb_size && options->rb_size_total)
		diag_add(diag,
			 "--rb-size and --rb-size-total exclude each other; give one of them");
	for (size_t i = 0; i < options->enable_ancestors.count; i++) {
		if (strcmp(options->enable_ancestors.items[i], "base") &&
		    strcmp(options->enable_ancestors.items[i], "kprobe"))
			diag_add(
				diag,
				"unknown kind \"%s\" for --enable-ancestors; it takes base and kprobe",
				options->enable_ancestors.items[i]);
	}
	if (options->process_cache_size < 16 || options->process_cache_size > 1U << 24)
		diag_add(diag, "--process-cache-size is %llu; it must be from 16 to %u",
			 (unsigned long long)options->process_cache_size, 1U << 24);
	if (options->rb_size > RING_BYTES_MAX || options->rb_size_total > RING_BYTES_MAX)
		diag_add(
			diag,
			"the kernel's event ring may have at most 1G; give a smaller --rb-size-total");
	if (options->event_queue_size < 1 || options->event_queue_size > QUEUE_EVENTS_MAX)
		diag_add(diag, "--event-queue-size is %llu; it must be from 1 to %u",
			 (unsigned long long)options->event_queue_size, QUEUE_EVENTS_MAX);
	if (!mechanisms_parse(options->hook_mechanisms))
		diag_add(
			diag,
			"--hook-mechanisms is \"%s\"; it takes fentry, fmod_ret, kprobe.multi, kprobe and substitute",
			options->hook_mechanisms);
	agent_metrics_check_labels(&options->metrics_label_filter, diag);
	if (options->policy_rb_size_total > RING_BYTES_MAX)
		diag_add(diag, "--policy-rb-size-total may be at most 1G");
	if (options->execve_map_entries > 1U << 24)
		diag_add(diag, "--execve-map-entries is %llu; it must be at most %u",
			 (unsigned long long)options->execve_map_entries, 1U << 24);
	if (!is_file_mode(options->export_file_perm))
		diag_add(diag, "--export-file-perm is \"%s\"; it must be an octal mode such as 600",
			 options->export_file_perm);
	check_server(options, diag);
	return diag->lines == lines ? 0 : -EINVAL;
}

int daemon_options_parse(struct options *options, struct daemon_options *out, int argc,
			 char *const *argv, struct diag *diag)
{
	size_t rows = sizeof(daemon_option_rows) / sizeof(daemon_option_rows[0]);
	int error = options_add_table(options, daemon_option_rows, rows, out);
	const struct option_list *words;

	if (error)
		return error;
	error = options_parse(options, argc, argv, diag);
	if (error) /* behind an unknown flag a word may be its value: one mistake, one line */
		return error;
	words = options_get_words(options);
	for (size_t i = 0; i < words->count; i++) {
		diag_add(diag, "unexpected word \"%s\"; tetrad takes only flags", words->items[i]);
		error = -EINVAL;
	}
	return error ? error : check_together(out, diag);
}
