/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's flags: defaults, values that do not go together, and what is said about them. */
#include "cmocka_case.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/config.h"

struct flags {
	struct config *config; /* NULL after mistakes */
	struct daemon_options values;
	struct diag diag;
};

static int set_up(void **state)
{
	static struct flags flags;

	flags = (struct flags){};
	*state = &flags;
	return 0;
}

static void flags_done(struct flags *flags)
{
	config_free(flags->config);
	diag_done(&flags->diag);
}

static int tear_down(void **state)
{
	flags_done(*state);
	return 0;
}

/* Of a command line alone. */
static int parse(struct flags *flags, const char *const *words, int count)
{
	static const struct config_paths nowhere;
	const struct config_inputs inputs = { .argc = count,
					      .argv = (char *const *)words,
					      .paths = &nowhere };
	int error = config_new(&flags->config, &inputs, &flags->diag);

	if (!error)
		flags->values = flags->config->values;
	return error;
}

static void without_flags_the_values_are_upstreams(void **state)
{
	struct flags *flags = *state;
	const struct daemon_options *values = &flags->values;

	assert_int_equal(parse(flags, NULL, 0), 0);
	assert_string_equal(values->server_address, "localhost:54321");
	assert_string_equal(values->health_server_address, ":6789");
	assert_int_equal(values->health_server_interval, 10);
	assert_false(values->server_tcp_may_change);
	assert_string_equal(values->run_dir, "/var/run/tetragon");
	assert_string_equal(values->export_filename, "");
	assert_string_equal(values->export_file_perm, "600");
	assert_string_equal(values->log_level, "info");
	assert_string_equal(values->procfs, "/proc/");
	assert_string_equal(values->username_metadata, "disabled");
	assert_int_equal(values->event_queue_size, 10000);
	assert_int_equal(values->process_cache_size, 65536);
	assert_int_equal(values->rb_size_total, 0);
	assert_false(values->enable_process_cred);
	assert_false(values->enable_process_ns);
	assert_false(values->help);
	assert_int_equal(values->enable_ancestors.count, 0);
}

static void flags_set_values(void **state)
{
	static const char *const words[] = {
		"--enable-process-cred",
		"--enable-process-ns=true",
		"--rb-size-total",
		"16M",
		"--filter-environment-variables=PATH,HOME",
		"--enable-ancestors",
		"base",
		"--export-filename=-",
		"-d",
		"--process-cache-size=16",
		"--log-level",
		"warn",
	};
	struct flags *flags = *state;
	const struct daemon_options *values = &flags->values;

	assert_int_equal(parse(flags, words, COUNT(words)), 0);
	assert_true(values->enable_process_cred && values->enable_process_ns && values->debug);
	assert_int_equal(values->rb_size_total, 16 * 1024 * 1024);
	assert_int_equal(values->filter_environment_variables.count, 2);
	assert_string_equal(values->filter_environment_variables.items[1], "HOME");
	assert_int_equal(values->enable_ancestors.count, 1);
	assert_string_equal(values->export_filename, "-");
	assert_int_equal(values->process_cache_size, 16);
	assert_string_equal(values->log_level, "warn");
}

/* In: flags. Out: a word that the person needs to put them right. */
static const struct {
	const char *words[4]; /* ended by NULL */
	const char *said;
} mistakes[] = {
	{ { "--rb-size=1M", "--rb-size-total=1M" }, "exclude each other" },
	{ { "--enable-ancestors=uprobes" }, "uprobes" },
	{ { "--hook-mechanisms=fentry,magic" }, "magic" },
	{ { "--policy-rb-size-total=2G" }, "1G" },
	{ { "--enable-ancestors=base,x" }, "\"x\"" },
	{ { "--process-cache-size=15" }, "from 16 to" },
	{ { "--process-cache-size=16777217" }, "from 16 to" },
	{ { "--process-cache-size=-1" }, "--process-cache-size" },
	{ { "--execve-map-entries=16777217" }, "at most" },
	{ { "--export-file-perm=800" }, "octal" },
	{ { "--export-file-perm=" }, "octal" },
	{ { "--export-file-perm=00600" }, "octal" },
	{ { "--export-file-perm=rw" }, "octal" },
	{ { "--server-tls-cert-file=c" }, "go together" },
	{ { "--server-tls-key-file=k" }, "go together" },
	{ { "--server-tls-client-ca-files=a" }, "client certificates want TLS" },
	{ { "--server-tls-require-client-cert", "--server-tls-cert-file=c",
	    "--server-tls-key-file=k" },
	  "--server-tls-client-ca-files" },
	{ { "--server-address=unix:///s", "--server-tls-cert-file=c", "--server-tls-key-file=k" },
	  "speaks no TLS" },
	{ { "--server-socket-mode=rw" }, "octal" },
	{ { "--bpf-dir=" }, "/sys/fs/bpf" },
	{ { "--bpf-dir=.." }, "full path" },
	{ { "--bpf-dir=a/b" }, "full path" },
	{ { "--bpf-dir=/sys/fs/bpf/" }, "full path" },
	{ { "--bpf-dir=/sys/fs/bpf/." }, "full path" },
	{ { "--health-server-interval=0" }, "from 1 to" },
	{ { "--health-server-interval=86401" }, "from 1 to" },
	{ { "--execve-map-entries=16", "--execve-map-size=1M" }, "exclude each other" },
	{ { "--parents-map-entries=16", "--parents-map-size=1M" }, "exclude each other" },
	{ { "--force-small-progs", "--force-large-progs" }, "exclude each other" },
	{ { "--execve-map-size=1" }, "room for a process" },
	{ { "--execve-map-size=1000G" }, "at most 16777216 processes" },
	{ { "--verbose=3" }, "0, 1 or 2" },
	{ { "--persist-grpc-policies", "--persist-grpc-policies-dir=" }, "a directory" },
	{ { "--export-rate-limit=-2" }, "-1 or more" },
	{ { "--export-file-max-size-mb=-1" }, "from 0 to" },
	{ { "--export-file-max-size-mb=1048577" }, "from 0 to" },
	{ { "--export-file-max-backups=-1" }, "from 0 to" },
	{ { "--export-file-rotation-interval=daily" }, "daily" },
	{ { "--log-format=xml" }, "text|json" },
	{ { "--log-level=loud" }, "loud" },
	{ { "--username-metadata=ldap" }, "ldap" },
	{ { "--exprot-filename=x" }, "--export-filename" },
	{ { "--rb-size=lots" }, "lots" },
	{ { "--rb-size" }, "--rb-size" },
	{ { "getevents" }, "\"getevents\"" },
};

static void mistakes_are_refused_with_a_line_that_helps(void **state)
{
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		struct flags flags = {};
		int count = 0;

		while (mistakes[i].words[count])
			count++;
		if (parse(&flags, mistakes[i].words, count) != -EINVAL || !flags.diag.lines)
			fail_msg("%s is not refused", mistakes[i].words[0]);
		if (!strstr(buf_text(&flags.diag.text), mistakes[i].said))
			fail_msg("%s", buf_text(&flags.diag.text));
		flags_done(&flags);
	}
}

static void all_mistakes_are_told_at_once(void **state)
{
	static const char *const words[] = { "--process-cache-size=1", "--export-file-perm=x",
					     "--rb-size=1", "--rb-size-total=1" };
	struct flags *flags = *state;

	assert_int_equal(parse(flags, words, COUNT(words)), -EINVAL);
	assert_int_equal(flags->diag.lines, 3);
}

static void memory_of_the_process_map_is_turned_into_entries(void **state)
{
	static const char *const words[] = { "--execve-map-size=1M" };
	struct flags *flags = *state;
	uint32_t entries;

	assert_int_equal(parse(flags, words, COUNT(words)), 0);
	entries = daemon_options_get_process_entries(&flags->values);
	assert_in_range(entries, 1000, 20000);
	flags->values.execve_map_size = 0;
	flags->values.execve_map_entries = 77;
	assert_int_equal(daemon_options_get_process_entries(&flags->values), 77);
}

static void every_kind_of_upstreams_events_may_have_ancestors(void **state)
{
	static const char *const words[] = {
		"--enable-ancestors=base,kprobe,tracepoint,loader,uprobe,lsm,usdt"
	};
	struct flags *flags = *state;

	assert_int_equal(parse(flags, words, COUNT(words)), 0);
	assert_int_equal(flags->values.enable_ancestors.count, 7);
}

static void every_flag_has_help(void **state)
{
	struct flags *flags = *state;
	_cleanup_buf_ struct buf help = {};

	assert_int_equal(parse(flags, NULL, 0), 0);
	options_add_help(flags->config->flags, &help);
	assert_non_null(strstr(buf_text(&help), "--export-filename"));
	assert_non_null(strstr(buf_text(&help), "--process-cache-size"));
	assert_non_null(strstr(buf_text(&help), "--version"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(without_flags_the_values_are_upstreams),
		CASE(flags_set_values),
		cmocka_unit_test(mistakes_are_refused_with_a_line_that_helps),
		CASE(all_mistakes_are_told_at_once),
		CASE(memory_of_the_process_map_is_turned_into_entries),
		CASE(every_kind_of_upstreams_events_may_have_ancestors),
		CASE(every_flag_has_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
