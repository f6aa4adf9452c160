/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration shown, and taken over by an agent that runs. */
#include "cmocka_case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/btf_file.h"
#include "daemon/reload.h"

enum { WORDS_MAX = 8 };

static struct config *config_of(const char *const *words)
{
	static const struct config_paths nowhere;
	struct config_inputs inputs = { .argv = (char *const *)words, .paths = &nowhere };
	_cleanup_diag_ struct diag diag = {};
	struct config *config;

	while (words[inputs.argc])
		inputs.argc++;
	if (config_new(&config, &inputs, &diag))
		fail_msg("%s", buf_text(&diag.text));
	return config;
}

/* In: what the agent runs with, and what stands in the configuration now. Out: what is told. */
static const struct {
	const char *before[WORDS_MAX], *after[WORDS_MAX];
	const char *changed, *waiting;
} changes[] = {
	{ { "--debug" }, { "--debug" }, "", "" },
	{ { "--log-level=info" },
	  { "--log-level=warn" },
	  "log-level changed from \"info\" to \"warn\" (command line)\n",
	  "" },
	{ { "--export-filename=a" },
	  { "--export-filename=b" },
	  "",
	  "export-filename changed from \"a\" to \"b\" (command line): needs a restart\n" },
	{ { "--cluster-name=a" },
	  { NULL },
	  "",
	  "cluster-name changed from \"a\" to \"\" (default): needs a restart\n" },
	{ { "--tracing-policy=a,b" },
	  { "--tracing-policy=b" },
	  "tracing-policy changed from \"a,b\" to \"b\" (command line)\n",
	  "" },
	{ { "--export-file-compress" },
	  { "--export-rate-limit=5" },
	  "export-file-compress changed from \"true\" to \"false\" (default)\n"
	  "export-rate-limit changed from \"-1\" to \"5\" (command line)\n",
	  "" },
	{ { NULL },
	  { "-d", "--log-file=x", "--rb-size=1M", "--run-dir=y" },
	  "log-file changed from \"\" to \"x\" (command line)\n"
	  "debug changed from \"false\" to \"true\" (command line)\n",
	  "run-dir changed from \"/var/run/tetragon\" to \"y\" (command line): needs a restart\n"
	  "rb-size changed from \"0\" to \"1M\" (command line): needs a restart\n" },
};

static void what_can_change_does_and_the_rest_is_told(void **state)
{
	for (size_t i = 0; i < COUNT(changes); i++) {
		_cleanup_config_ struct config *running = config_of(changes[i].before);
		_cleanup_config_ struct config *next = config_of(changes[i].after);
		_cleanup_diag_ struct diag changed = {}, waiting = {};

		config_take_over(running, next, &changed, &waiting);
		assert_row_string(i, buf_text(&changed.text), changes[i].changed);
		assert_row_string(i, buf_text(&waiting.text), changes[i].waiting);
	}
	log_set_level(LOG_LEVEL_INFO);
}

static void values_that_changed_are_those_it_runs_with_then(void **state)
{
	static const char *const before[] = { "--tracing-policy=a,b", "--cluster-name=x", NULL };
	static const char *const after[] = { "--tracing-policy=b,c", "--log-level=error", NULL };
	_cleanup_config_ struct config *running = config_of(before);
	_cleanup_config_ struct config *next = config_of(after);
	_cleanup_diag_ struct diag changed = {}, waiting = {};

	assert_int_equal(config_take_over(running, next, &changed, &waiting), RELOAD_POLICIES);
	assert_int_equal(log_get_level(), LOG_LEVEL_ERROR);
	assert_int_equal(running->values.tracing_policy.count, 2);
	assert_string_equal(running->values.tracing_policy.items[1], "c");
	assert_string_equal(running->values.cluster_name, "x");
	diag_done(&changed);
	changed = (struct diag){};
	/* Read again: only what waits is told again. */
	assert_int_equal(config_take_over(running, next, &changed, &waiting), 0);
	assert_int_equal(changed.lines, 0);
	assert_int_equal(waiting.lines, 2);
	log_set_level(LOG_LEVEL_INFO);
}

static void a_level_that_a_client_has_set_stays_while_the_files_say_the_same(void **state)
{
	static const char *const words[] = { "--log-level=warn", NULL };
	_cleanup_config_ struct config *running = config_of(words);
	_cleanup_config_ struct config *next = config_of(words);
	_cleanup_diag_ struct diag changed = {}, waiting = {};

	log_set_level(LOG_LEVEL_TRACE);
	config_take_over(running, next, &changed, &waiting);
	assert_int_equal(log_get_level(), LOG_LEVEL_TRACE);
	log_set_level(LOG_LEVEL_INFO);
}

static void a_log_file_that_cannot_be_opened_is_told(void **state)
{
	static const char *const words[] = { "--log-file=/nowhere/log", NULL };
	_cleanup_config_ struct config *config = config_of(words);
	_cleanup_diag_ struct diag diag = {};

	assert_int_equal(config_apply_log(&config->values, &diag), -ENOENT);
	assert_non_null(strstr(buf_text(&diag.text), "/nowhere/log"));
}

static const char *const rich[] = { "--cluster-name=say \"a\\b\"\n\x01 # end",
				    "--enable-ancestors=base,lsm",
				    "--rb-size=64K",
				    "-d",
				    "--gops-address=x",
				    "--event-queue-size=5",
				    NULL };

/* What is printed is a tetragon.yaml that says the same. */
static void the_printed_configuration_can_be_read_again(void **state)
{
	char path[] = "/tmp/test-print-XXXXXX";
	_cleanup_config_ struct config *config = config_of(rich), *again = NULL;
	_cleanup_buf_ struct buf first = {}, second = {};
	const struct config_paths paths = { .files = { path } };
	const struct config_inputs inputs = { .paths = &paths };
	_cleanup_diag_ struct diag diag = {}, changed = {}, waiting = {};
	_cleanup_close_ int fd = mkstemp(path);

	config_print(config, &first);
	assert_int_equal(write(fd, first.data, first.bytes), first.bytes);
	if (config_new(&again, &inputs, &diag))
		fail_msg("%s", buf_text(&diag.text));
	unlink(path);
	config_take_over(config, again, &changed, &waiting);
	assert_string_equal(buf_text(&changed.text), "");
	assert_string_equal(buf_text(&waiting.text), "");
	config_print(again, &second);
	assert_non_null(strstr(buf_text(&first), "# command line; has no effect\n"));
	assert_non_null(strstr(buf_text(&first), "log-level: \"info\""));
	assert_null(strstr(buf_text(&first), "print-config"));
	assert_null(strstr(buf_text(&first), "cpuprofile"));
	assert_non_null(strstr(buf_text(&second), "/tmp/test-print-"));
}

static void json_has_typed_values_and_their_sources(void **state)
{
	_cleanup_config_ struct config *config = config_of(rich);
	_cleanup_buf_ struct buf text = {};
	const char *source, *name;
	int debug, queue;
	json_t *root, *kinds;

	assert_int_equal(config_print_json(config, &text), 0);
	root = json_loads(buf_text(&text), 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_unpack(root, "{s:{s:b,s:s},s:{s:i},s:{s:s},s:{s:o}}", "debug",
				     "value", &debug, "source", &source, "event-queue-size",
				     "value", &queue, "cluster-name", "value", &name,
				     "enable-ancestors", "value", &kinds),
			 0);
	assert_true(debug);
	assert_int_equal(queue, 5);
	assert_string_equal(source, "command line");
	assert_string_equal(name, "say \"a\\b\"\n\x01 # end");
	assert_int_equal(json_array_size(kinds), 2);
	json_decref(root);
}

static void the_table_names_every_flag_and_why_some_change_nothing(void **state)
{
	static const char *const none[] = { NULL };
	_cleanup_config_ struct config *config = config_of(none);
	_cleanup_buf_ struct buf text = {};

	config_print_table(config, &text);
	assert_non_null(strstr(buf_text(&text), "    - name: help\n      shorthand: h\n"));
	assert_non_null(strstr(buf_text(&text), "    - name: cpuprofile\n"
						"      default_value: \"\"\n"
						"      usage: \"\"\n"
						"      upstream: ignored\n"
						"      reason: \"it profiles"));
}

/* In: which places there are. Out: which one is taken; NULL: none. */
static const struct {
	const char *named;
	bool has_kernel, has_release, has_library;
	const char *found;
} btf_rows[] = {
	{ "x/y", true, true, true, "x/y" },
	{ "", true, true, true, "kernel" },
	{ "", false, true, true, "lib/metadata/vmlinux-" },
	{ "", false, false, true, "lib/btf" },
	{ "", false, false, false, NULL },
};

static void touch(bool wanted, const char *path)
{
	int fd = wanted ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		close(fd);
	else
		unlink(path);
}

static void types_are_searched_in_upstreams_order(void **state)
{
	char root[] = "/tmp/test-btf-XXXXXX", kernel[64], library[64], metadata[96];
	char release[256], last[96], out[PATH_MAX];
	struct utsname name;

	uname(&name);
	assert_non_null(mkdtemp(root));
	snprintf(kernel, sizeof(kernel), "%s/kernel", root);
	snprintf(library, sizeof(library), "%s/lib", root);
	snprintf(metadata, sizeof(metadata), "%s/metadata", library);
	snprintf(release, sizeof(release), "%s/vmlinux-%s", metadata, name.release);
	snprintf(last, sizeof(last), "%s/btf", library);
	mkdir(library, 0700);
	mkdir(metadata, 0700);
	for (size_t i = 0; i < COUNT(btf_rows); i++) {
		const struct btf_places places = { btf_rows[i].named, kernel, library };
		_cleanup_diag_ struct diag diag = {};

		touch(btf_rows[i].has_kernel, kernel);
		touch(btf_rows[i].has_release, release);
		touch(btf_rows[i].has_library, last);
		assert_int_equal(btf_find(&places, out, &diag), btf_rows[i].found ? 0 : -ENOENT);
		if (btf_rows[i].found)
			assert_non_null(strstr(out, btf_rows[i].found));
		else
			assert_non_null(strstr(buf_text(&diag.text), "--btf"));
	}
	rmdir(metadata);
	rmdir(library);
	rmdir(root);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_change_does_and_the_rest_is_told),
		cmocka_unit_test(values_that_changed_are_those_it_runs_with_then),
		cmocka_unit_test(a_level_that_a_client_has_set_stays_while_the_files_say_the_same),
		cmocka_unit_test(a_log_file_that_cannot_be_opened_is_told),
		cmocka_unit_test(the_printed_configuration_can_be_read_again),
		cmocka_unit_test(json_has_typed_values_and_their_sources),
		cmocka_unit_test(the_table_names_every_flag_and_why_some_change_nothing),
		cmocka_unit_test(types_are_searched_in_upstreams_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
