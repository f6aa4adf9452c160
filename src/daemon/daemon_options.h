/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's flags: one row each in daemon_options.c, with upstream's names and defaults where it
 * has them. In: values from wherever config.c found them. Out: what does not go together, said with
 * the place of both. Flags of upstream that change nothing here are in upstream_flags.def.
 */
#pragma once

#include <stdbool.h>

#include "base/options.h"

struct daemon_options {
	bool help, version, generate_docs;
	const char *print_config; /* "": no; "text", "json" */
	const char *config_dir;
	bool debug;
	const char *log_level, *log_format, *log_file;
	const char *btf, *bpf_lib;
	const char *procfs;
	const char *cluster_name;
	const char *run_dir;
	const char *bpf_dir;
	bool keep_sensors_on_exit;
	const char *server_address;
	const char *server_tls_cert_file, *server_tls_key_file;
	struct option_list server_tls_client_ca_files;
	bool server_tls_require_client_cert;
	struct option_list server_admins, server_socket_admins;
	bool server_tcp_may_change;
	const char *server_socket_mode, *server_socket_group;
	const char *health_server_address;
	uint64_t health_server_interval; /* seconds */
	uint64_t event_queue_size;
	const char *metrics_server;
	bool enable_event_metrics, enable_msg_handling_latency;
	struct option_list metrics_label_filter;
	const char *export_filename;
	const char *export_file_perm;
	const char *export_format;
	int64_t export_file_max_size_mb, export_file_max_backups; /* 0: not limited */
	uint64_t export_file_rotation_interval_ns;		  /* 0: never */
	bool export_file_compress, enable_export_aggregation;
	uint64_t export_aggregation_window_ns, export_aggregation_buffer_size;
	int64_t export_rate_limit;			/* events a minute; -1: no limit */
	const char *export_allowlist, *export_denylist; /* JSON, see filter/parse.h */
	const char *field_filters, *redaction_filters;
	bool enable_pid_set_filter;
	struct option_list tracing_policy;
	const char *tracing_policy_dir;
	const char *workload_file;
	const char *hook_mechanisms;
	bool disable_kprobe_multi;
	bool policy_errors_are_fatal;
	bool persist_grpc_policies;
	const char *persist_grpc_policies_dir;
	bool enable_deprecated_tracingpolicy_grpc;
	uint64_t policy_rb_size_total;
	const char *record;
	uint64_t process_cache_size;
	uint64_t execve_map_entries, execve_map_size;
	uint64_t verbose;
	uint64_t rb_size, rb_size_total;
	bool enable_process_cred, enable_process_ns, enable_process_environment_variables;
	struct option_list filter_environment_variables;
	struct option_list enable_ancestors;
	const char *username_metadata;
};

/* Adds the table to FLAGS, which owns what OUT points to. */
int daemon_options_add_table(struct options *flags, struct daemon_options *out);
/* Values that are out of bounds or exclude each other. -EINVAL: a line in DIAG for each. */
int daemon_options_check(const struct options *flags, const struct daemon_options *options,
			 struct diag *diag);

/* Living processes that the kernel side shall hold; 0: its default. */
uint32_t daemon_options_get_process_entries(const struct daemon_options *options);
