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

/* The file of BYTES at DATA; what is found in it. */
static int read_bytes(const void *data, size_t bytes, struct buf *found)
{
	char path[] = "/tmp/test-config-XXXXXX";
	int fd = mkstemp(path), error;

	assert_int_equal(write(fd, data, bytes), bytes);
	close(fd);
	error = kernel_config_visit_file(path, add_option, found);
	assert_int_equal(unlink(path), 0);
	return error;
}

/* CONTENT, packed; how many bytes OUT has then. */
static size_t pack(unsigned char *out, size_t room)
{
	char path[] = "/tmp/test-config-XXXXXX";
	int fd = mkstemp(path);
	gzFile file = gzdopen(dup(fd), "w9");
	ssize_t bytes;

	assert_int_equal(gzputs(file, content), strlen(content));
	assert_int_equal(gzclose(file), Z_OK);
	bytes = pread(fd, out, room, 0);
	assert_true(bytes > 20 && (size_t)bytes < room);
	close(fd);
	unlink(path);
	return (size_t)bytes;
}

static void a_packed_file_that_is_cut_is_an_error(void **state)
{
	unsigned char packed[512];
	size_t whole = pack(packed, sizeof(packed));

	/* two bytes tell that it is packed */
	for (size_t bytes = 2; bytes < whole; bytes++) {
		_cleanup_buf_ struct buf found = {};

		assert_int_equal(read_bytes(packed, bytes, &found), -EBADMSG);
	}
}

static void a_packed_file_that_is_changed_is_an_error(void **state)
{
	unsigned char packed[512];
	size_t whole = pack(packed, sizeof(packed));

	/* behind the head of 10 bytes are the text, its sum and its length (RFC 1952) */
	for (size_t at = 10; at < whole; at++) {
		_cleanup_buf_ struct buf found = {};

		packed[at] ^= 0x55;
		assert_int_equal(read_bytes(packed, whole, &found), -EBADMSG);
		packed[at] ^= 0x55;
	}
}

static void files_of_something_else_set_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"=",
		"=y\n",
		"CONFIG_BPF",
		"CONFIG_BPF =y\n",
		" CONFIG_BPF=y\n",
		"#CONFIG_BPF=y\n",
		"CONFIG_BPF\0=y\n",
		"config_bpf=y\n",
		"\x1f\x8b\x08",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		_cleanup_buf_ struct buf found = {};

		read_bytes(texts[i], strlen(texts[i]), &found);
		assert_int_equal(found.bytes, 0);
	}
	{
		_cleanup_buf_ struct buf found = {};

		assert_int_equal(kernel_config_visit_file("/", add_option, &found), -EISDIR);
	}
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
		cmocka_unit_test(a_packed_file_that_is_cut_is_an_error),
		cmocka_unit_test(a_packed_file_that_is_changed_is_an_error),
		cmocka_unit_test(files_of_something_else_set_nothing),
		cmocka_unit_test(names_are_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
