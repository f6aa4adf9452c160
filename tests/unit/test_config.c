/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of the configuration: which wins, what is refused and where, how it is shown. */
#include "cmocka_case.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/config.h"

enum { PATHS_MAX = 128, WORDS_MAX = 8 };

/* A machine of its own: what the standard paths are elsewhere lies in one directory. */
struct machine {
	char root[32];
	char low[PATHS_MAX], high[PATHS_MAX], named[PATHS_MAX], near[PATHS_MAX], far[PATHS_MAX];
	struct config_paths paths;
	struct config *config;
	struct diag diag;
};

static void machine_begin(struct machine *machine)
{
	*machine = (struct machine){ .root = "/tmp/test-config-XXXXXX" };
	assert_non_null(mkdtemp(machine->root));
	snprintf(machine->low, PATHS_MAX, "%s/low", machine->root);
	snprintf(machine->high, PATHS_MAX, "%s/high", machine->root);
	snprintf(machine->named, PATHS_MAX, "%s/named", machine->root);
	snprintf(machine->near, PATHS_MAX, "%s/near.yaml", machine->root);
	snprintf(machine->far, PATHS_MAX, "%s/far.yaml", machine->root);
	machine->paths = (struct config_paths){
		.vendor_directories = { machine->low },
		.files = { machine->near, machine->far },
		.directory = machine->high,
	};
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	return remove(path);
}

static void machine_end(struct machine *machine)
{
	config_free(machine->config);
	diag_done(&machine->diag);
	assert_int_equal(nftw(machine->root, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT), 0);
}

static int set_up(void **state)
{
	static struct machine machine;

	machine_begin(&machine);
	*state = &machine;
	return 0;
}

static int tear_down(void **state)
{
	machine_end(*state);
	return 0;
}

static void put_bytes(const char *path, const char *text, size_t bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	fclose(file);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static void put_in(const char *directory, const char *name, const char *text)
{
	_cleanup_free_ char *path = NULL;

	mkdir(directory, 0755);
	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	put(path, text);
}

static int load(struct machine *machine, const char *const *words, const char *const *environment)
{
	struct config_inputs inputs = {
		.argv = (char *const *)words,
		.environment = (char *const *)environment,
		.paths = &machine->paths,
	};

	while (words && words[inputs.argc])
		inputs.argc++;
	config_free(machine->config);
	machine->config = NULL;
	diag_done(&machine->diag);
	machine->diag = (struct diag){};
	return config_new(&machine->config, &inputs, &machine->diag);
}

static void must_load(struct machine *machine, const char *const *words,
		      const char *const *environment)
{
	if (load(machine, words, environment))
		fail_msg("%s", buf_text(&machine->diag.text));
}

static void said(struct diag *diag, const char *text)
{
	if (!strstr(buf_text(&diag->text), text))
		fail_msg("no \"%s\" in: %s", text, buf_text(&diag->text));
}

/* From low to high; each has its own value for cluster-name. */
enum source { LOW, FAR, NEAR, HIGH, NAMED, VARIABLE, FLAG, SOURCES };

static const char *const source_values[SOURCES] = { "low",   "far",	 "near", "high",
						    "named", "variable", "flag" };
static const char *const source_places[SOURCES] = { "low/cluster-name",	  "far.yaml:2",
						    "near.yaml:2",	  "high/cluster-name",
						    "named/cluster-name", "TETRAGON_CLUSTER_NAME",
						    "command line" };

/* Makes the sources of SET and loads. The one that must win is the highest of them. */
static void load_sources(struct machine *machine, unsigned int set)
{
	static const char *const environment[] = { "HOME=/", "TETRAGON_CLUSTER_NAME=variable",
						   NULL };
	char directory[PATHS_MAX + 32];
	const char *words[] = { NULL, NULL, NULL };
	int count = 0;

	snprintf(directory, sizeof(directory), "--config-dir=%s", machine->named);
	if (set & 1 << LOW)
		put_in(machine->low, "cluster-name", "low\n");
	if (set & 1 << FAR)
		put(machine->far, "# far\ncluster-name: far\n");
	if (set & 1 << NEAR)
		put(machine->near, "# near\ncluster-name: near\n");
	if (set & 1 << HIGH)
		put_in(machine->high, "cluster-name", " high ");
	if (set & 1 << NAMED) {
		put_in(machine->named, "cluster-name", "named");
		words[count++] = directory;
	}
	if (set & 1 << FLAG)
		words[count++] = "--cluster-name=flag";
	must_load(machine, words, set & 1 << VARIABLE ? environment : NULL);
}

static void the_highest_source_wins_whatever_the_others_are(void **state)
{
	for (unsigned int set = 1; set < 1 << SOURCES; set++) {
		struct machine machine;
		int highest = SOURCES - 1;
		const char *source;

		machine_begin(&machine);
		load_sources(&machine, set);
		while (!(set & 1U << highest))
			highest--;
		source = options_get_source(machine.config->flags, "cluster-name");
		assert_row_string(set, machine.config->values.cluster_name, source_values[highest]);
		if (!strstr(source, source_places[highest]))
			fail_msg("sources %x: \"%s\" is not from %s", set, source,
				 source_places[highest]);
		machine_end(&machine);
	}
}

static void without_any_source_all_is_default(void **state)
{
	struct machine *machine = *state;

	must_load(machine, NULL, NULL);
	assert_string_equal(options_get_source(machine->config->flags, "log-level"), "default");
	assert_int_equal(machine->config->warnings.lines + machine->config->remarks.lines, 0);
}

static void yaml_takes_every_kind_of_value(void **state)
{
	struct machine *machine = *state;
	const struct daemon_options *values;

	put(machine->near, "debug: true\n"
			   "rb-size-total: 16M\n"
			   "export-file-perm: 0640\n"
			   "cluster-name: \"a b\"\n"
			   "server-address: \"\"\n"
			   "enable-ancestors: [base, kprobe]\n"
			   "filter-environment-variables:\n"
			   "  - PATH\n"
			   "  - HOME\n"
			   "tracing-policy: a.yaml,b.yaml\n");
	must_load(machine, NULL, NULL);
	values = &machine->config->values;
	assert_true(values->debug);
	assert_int_equal(values->rb_size_total, 16 << 20);
	assert_string_equal(values->export_file_perm, "0640");
	assert_string_equal(values->cluster_name, "a b");
	assert_string_equal(values->server_address, "");
	assert_int_equal(values->enable_ancestors.count, 2);
	assert_string_equal(values->filter_environment_variables.items[1], "HOME");
	assert_int_equal(values->tracing_policy.count, 2);
}

static void a_yaml_file_may_hold_nothing_yet(void **state)
{
	static const char *const texts[] = { "", "\n\n", "# later\n---\n  # more\r\n",
					     "\xef\xbb\xbf" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		put(((struct machine *)*state)->near, texts[i]);
		must_load(*state, NULL, NULL);
	}
}

/* In: YAML. Out: a part of what is said. */
static const struct {
	const char *yaml, *said;
} yaml_mistakes[] = {
	{ "log-level: info\nexport-filenam: x\n",
	  "near.yaml:2:1: unknown flag \"--export-filenam\"; did you mean \"--export-filename\"?\n"
	  "    2 | export-filenam: x\n"
	  "      | ^~~~~~~~~~~~~~\n" },
	{ "log-level:   loud\n", "near.yaml:1:14: bad value \"loud\" for flag \"--log-level\"" },
	{ "rb-size: [1, 2]\n", "near.yaml:1:10: \"rb-size\" takes one value, this is a list" },
	{ "enable-ancestors: {a: b}\n", "\"enable-ancestors\" takes a list, this is a map" },
	{ "enable-ancestors: [base, [kprobe]]\n", "1:26: an item of \"enable-ancestors\"" },
	{ "tracing-policy: [\"a,b\"]\n", "a word without commas" },
	{ "cluster-name:\n", "near.yaml:1:1: \"cluster-name\" has no value" },
	{ "cluster-name: a\ncluster-name: b\n", "near.yaml:2:1: " },
	{ "debug: yes\n", "near.yaml:1:8: bad value \"yes\"" },
	{ "help: true\n", "near.yaml:1:1: \"help\" is for the command line only" },
	{ "cluster-name: \"a\\0b\"\n", "a NUL" },
	{ "cluster-name: [a\n", "near.yaml:" },
	{ "- debug\n", "a file of options is a map, this is a list" },
	{ "debug: true\n---\ndebug: false\n", "a second document" },
	{ "cluster-name: \xff\n", "is not UTF-8" },
};

static void mistakes_in_yaml_are_shown_with_their_place(void **state)
{
	struct machine *machine = *state;

	for (size_t i = 0; i < COUNT(yaml_mistakes); i++) {
		put(machine->near, yaml_mistakes[i].yaml);
		if (load(machine, NULL, NULL) != -EINVAL)
			fail_msg("accepted: %s", yaml_mistakes[i].yaml);
		said(&machine->diag, yaml_mistakes[i].said);
	}
}

/* In: a file of a directory. Out: a part of what is said. */
static const struct {
	const char *name, *text, *said;
} directory_mistakes[] = {
	{ "export-filenam", "x",
	  "/high/export-filenam: unknown flag \"--export-filenam\"; did you" },
	{ "debug", "maybe\n", "/high/debug: bad value \"maybe\" for flag \"--debug\"" },
	{ "version", "true", "/high/version: \"version\" is for the command line only" },
	{ "cluster-name", "a\xff", "/high/cluster-name: this file is no text in UTF-8" },
	{ "process-cache-size", "3", "/high/process-cache-size); it must be from 16" },
	{ "export-rate-limit", "-5", "/high/export-rate-limit); it must be -1" },
};

static void mistakes_in_a_directory_name_their_file(void **state)
{
	for (size_t i = 0; i < COUNT(directory_mistakes); i++) {
		struct machine machine;

		machine_begin(&machine);
		put_in(machine.high, directory_mistakes[i].name, directory_mistakes[i].text);
		if (load(&machine, NULL, NULL) != -EINVAL)
			fail_msg("accepted: %s", directory_mistakes[i].name);
		said(&machine.diag, directory_mistakes[i].said);
		machine_end(&machine);
	}
}

static void only_plain_text_files_of_some_size_are_read(void **state)
{
	static char big[CONFIG_FILE_BYTES_MAX + 2];
	struct machine *machine = *state;
	char path[2 * PATHS_MAX];

	memset(big, 'x', sizeof(big) - 1);
	put_in(machine->high, "cluster-name", big);
	assert_int_equal(load(machine, NULL, NULL), -EINVAL);
	said(&machine->diag, "cluster-name: this file has more than 1048576 bytes");
	snprintf(path, sizeof(path), "%s/cluster-name", machine->high);
	put_bytes(path, "a\0b", 3);
	assert_int_equal(load(machine, NULL, NULL), -EINVAL);
	said(&machine->diag, "no text");
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(load(machine, NULL, NULL), -EINVAL);
	said(&machine->diag, "this is no file");
	rmdir(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(load(machine, NULL, NULL), -EINVAL);
	said(&machine->diag, "this is no file");
	unlink(path);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(load(machine, NULL, NULL), -EINVAL);
	said(&machine->diag, "No such file");
}

/* As kubelet lays it out: the names are links into a directory behind a link. */
static void a_mounted_config_map_is_read(void **state)
{
	struct machine *machine = *state;
	char path[2 * PATHS_MAX];

	mkdir(machine->high, 0755);
	snprintf(path, sizeof(path), "%s/..2026_01_01", machine->high);
	put_in(path, "cluster-name", "from-map");
	snprintf(path, sizeof(path), "%s/..data", machine->high);
	assert_int_equal(symlink("..2026_01_01", path), 0);
	snprintf(path, sizeof(path), "%s/cluster-name", machine->high);
	assert_int_equal(symlink("..data/cluster-name", path), 0);
	must_load(machine, NULL, NULL);
	assert_string_equal(machine->config->values.cluster_name, "from-map");
}

static void what_package_managers_leave_behind_is_left_out(void **state)
{
	static const char *const names[] = { "log-level.dpkg-old", "log-level~",
					     "log-level.rpmsave", ".log-level.swp",
					     "log-level.dpkg-dist" };
	struct machine *machine = *state;

	for (size_t i = 0; i < COUNT(names); i++)
		put_in(machine->high, names[i], "nonsense");
	must_load(machine, NULL, NULL);
}

static void a_directory_with_more_files_than_options_is_refused(void **state)
{
	struct machine *machine = *state;

	for (int i = 0; i <= CONFIG_ENTRIES_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		put_in(machine->high, name, "x");
	}
	assert_int_equal(load(machine, NULL, NULL), -EINVAL);
	assert_int_equal(machine->diag.lines, 1);
	said(&machine->diag, "more than 1024 files");
}

static void a_named_directory_must_exist_and_the_highest_source_names_it(void **state)
{
	const char *words[] = { "--config-dir=/nowhere", NULL };
	char variable[PATHS_MAX + 32];
	const char *environment[] = { variable, NULL };
	struct machine *machine = *state;

	assert_int_equal(load(machine, words, NULL), -EINVAL);
	said(&machine->diag, "/nowhere: --config-dir names a directory that does not exist");
	put_in(machine->named, "cluster-name", "named");
	put_in(machine->high, "config-dir", "/nowhere");
	snprintf(variable, sizeof(variable), "TETRAGON_CONFIG_DIR=%s", machine->named);
	must_load(machine, NULL, environment);
	assert_string_equal(machine->config->values.cluster_name, "named");
	words[0] = "--config-dir=";
	must_load(machine, words, environment);
	assert_string_equal(machine->config->values.cluster_name, "");
}

/* In: a variable. Out: a part of the warning or the remark; "": nothing is said. */
static const struct {
	const char *variable, *warning, *remark;
} variables[] = {
	{ "TETRAGON_EXPORT_FILENAM=x", "did you mean \"TETRAGON_EXPORT_FILENAME\"?", "" },
	{ "TETRAGON_SOMETHING_QUITE_DIFFERENT=secret", "",
	  "\"TETRAGON_SOMETHING_QUITE_DIFFERENT\" names no option" },
	{ "TETRAGON_SERVICE_HOST=10.0.0.1", "", "" },
	{ "TETRAGON_SERVICE_PORT=2112", "", "" },
	{ "TETRAGON_PORT=tcp://10.0.0.1:2112", "", "" },
	{ "TETRAGON_PORT_2112_TCP_PROTO=tcp", "", "" },
	{ "TETRAGON_OPERATOR_METRICS_SERVICE_PORT_METRICS=1", "", "" },
	{ "TETRAGON_VERSION=1.7.0", "", "" },
	{ "TETRAGON_LOG_LEVEL=", "", "" },
	{ "TETRAGON_GOPS_ADDRESS=localhost:8118", "",
	  "--gops-address (TETRAGON_GOPS_ADDRESS) has no effect: " },
	{ "TETRAGON_ENABLE_K8S_API=true", "--enable-k8s-api (TETRAGON_ENABLE_K8S_API) has no", "" },
};

static void variables_of_others_stop_nothing(void **state)
{
	struct machine *machine = *state;

	for (size_t i = 0; i < COUNT(variables); i++) {
		const char *environment[] = { variables[i].variable, NULL };

		must_load(machine, NULL, environment);
		said(&machine->config->warnings, variables[i].warning);
		said(&machine->config->remarks, variables[i].remark);
		assert_int_equal(machine->config->warnings.lines, variables[i].warning[0] != 0);
		assert_int_equal(machine->config->remarks.lines, variables[i].remark[0] != 0);
		assert_null(strstr(buf_text(&machine->config->remarks.text), "secret"));
	}
}

static void a_bad_value_in_the_environment_names_the_variable(void **state)
{
	static const char *const environment[] = { "TETRAGON_DEBUG=perhaps", NULL };
	struct machine *machine = *state;

	assert_int_equal(load(machine, NULL, environment), -EINVAL);
	said(&machine->diag, "TETRAGON_DEBUG: bad value \"perhaps\"");
}

static void values_that_exclude_each_other_are_named_with_their_places(void **state)
{
	static const char *const words[] = { "--rb-size-total=1M", NULL };
	struct machine *machine = *state;

	put_in(machine->high, "rb-size", "64K");
	assert_int_equal(load(machine, words, NULL), -EINVAL);
	said(&machine->diag, "high/rb-size) and --rb-size-total (command line) exclude each other");
	put_in(machine->high, "rb-size", "0");
	must_load(machine, words, NULL);
}

static void mistakes_of_all_sources_are_told_at_once(void **state)
{
	static const char *const words[] = { "--log-format=xml", NULL };
	static const char *const environment[] = { "TETRAGON_DEBUG=x", NULL };
	struct machine *machine = *state;

	put_in(machine->low, "nonsense-a", "x");
	put(machine->far, "nonsense-b: x\n");
	put_in(machine->high, "nonsense-c", "x");
	assert_int_equal(load(machine, words, environment), -EINVAL);
	said(&machine->diag, "nonsense-a");
	said(&machine->diag, "nonsense-b");
	said(&machine->diag, "nonsense-c");
	said(&machine->diag, "TETRAGON_DEBUG");
	said(&machine->diag, "xml");
}

static void help_works_whatever_the_files_hold(void **state)
{
	static const char *const words[] = { "--help", NULL };
	struct machine *machine = *state;

	put(machine->near, "nonsense: [");
	must_load(machine, words, NULL);
	assert_true(machine->config->values.help);
}

/* A list of the low source is replaced by the next one and not lengthened. */
static void lists_of_two_sources_are_not_joined(void **state)
{
	static const char *const words[] = { "--enable-ancestors=base", NULL };
	struct machine *machine = *state;

	put_in(machine->low, "enable-ancestors", "base,kprobe,lsm");
	must_load(machine, words, NULL);
	assert_int_equal(machine->config->values.enable_ancestors.count, 1);
}

static void a_file_that_strangers_may_write_is_refused_in_the_current_directory(void **state)
{
	static const struct {
		mode_t mode;
		bool is_taken;
	} rows[] = { { 0644, true }, { 0600, true }, { 0664, false }, { 0646, false } };
	struct machine *machine = *state;
	char here[PATHS_MAX];

	assert_non_null(getcwd(here, sizeof(here)));
	put(machine->near, "cluster-name: x\n");
	machine->paths.files[0] = "near.yaml";
	assert_int_equal(chdir(machine->root), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(chmod("near.yaml", rows[i].mode), 0);
		assert_int_equal(load(machine, NULL, NULL), rows[i].is_taken ? 0 : -EINVAL);
		if (!rows[i].is_taken)
			said(&machine->diag, "others may write it");
	}
	assert_int_equal(chmod("near.yaml", 0644), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown("near.yaml", 65534, 65534), 0);
		assert_int_equal(load(machine, NULL, NULL), -EINVAL);
	}
	assert_int_equal(chdir(here), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_highest_source_wins_whatever_the_others_are),
		CASE(without_any_source_all_is_default),
		CASE(yaml_takes_every_kind_of_value),
		CASE(a_yaml_file_may_hold_nothing_yet),
		CASE(mistakes_in_yaml_are_shown_with_their_place),
		cmocka_unit_test(mistakes_in_a_directory_name_their_file),
		CASE(only_plain_text_files_of_some_size_are_read),
		CASE(a_mounted_config_map_is_read),
		CASE(what_package_managers_leave_behind_is_left_out),
		CASE(a_directory_with_more_files_than_options_is_refused),
		CASE(a_named_directory_must_exist_and_the_highest_source_names_it),
		CASE(variables_of_others_stop_nothing),
		CASE(a_bad_value_in_the_environment_names_the_variable),
		CASE(values_that_exclude_each_other_are_named_with_their_places),
		CASE(mistakes_of_all_sources_are_told_at_once),
		CASE(help_works_whatever_the_files_hold),
		CASE(lists_of_two_sources_are_not_joined),
		CASE(a_file_that_strangers_may_write_is_refused_in_the_current_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
