/* SPDX-License-Identifier: Apache-2.0 */
/* Files in the kernel's format of options, compressed and not. */
#include "cmocka_case.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "kernel/config.h"

static const char content[] = "#\n# Linux/x86 6.1 Kernel Configuration\n#\n"
			      "CONFIG_BPF=y\n"
			      "CONFIG_BPFILTER=y\n"
			      "# CONFIG_BPF_LSM is not set\n"
			      "CONFIG_BPF_JIT=\"text,\"\n"
			      "CONFIG_HZ=250\n"
			      "CONFIG_KPROBES=m";
static const char wanted[] = "CONFIG_BPF=y\nCONFIG_BPF_JIT=\"text,\"\nCONFIG_KPROBES=m\n";

static void add_option(void *context, size_t row, const char *value)
{
	buf_add_format(context, "%s=%s\n", kernel_configs[row].name, value);
}

static void options_are_read_compressed_or_not(void **state)
{
	static const char *const modes[] = { "wT", "w9" };

	for (size_t i = 0; i < COUNT(modes); i++) {
		_cleanup_buf_ struct buf found = {};
		char path[] = "/tmp/test-config-XXXXXX";
		gzFile file = gzdopen(mkstemp(path), modes[i]);

		assert_non_null(file);
		assert_int_equal(gzputs(file, content), strlen(content));
		assert_int_equal(gzclose(file), Z_OK);
		assert_int_equal(kernel_config_visit_file(path, add_option, &found), 0);
		assert_string_equal(buf_text(&found), wanted);
		assert_int_equal(unlink(path), 0);
	}
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
	_cleanup_buf_ struct buf found = {};

	assert_int_equal(kernel_config_visit_file("/none", add_option, &found), -ENOENT);
	assert_int_equal(found.bytes, 0);
}

static void names_are_there_once(void **state)
{
	for (size_t i = 0; i < kernel_configs_count; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(kernel_configs[i].name, kernel_configs[j].name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read_compressed_or_not),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
		cmocka_unit_test(names_are_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
