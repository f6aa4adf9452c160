/* SPDX-License-Identifier: Apache-2.0 */
/* What an execve made of a process: names, texts, memory. */
#include "cmocka_case.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "process/image.h"

static struct process_image *image_of(const struct process_image_source *source)
{
	struct process_image *image = NULL;

	assert_int_equal(process_image_new(&image, source), 0);
	return image;
}

/* In: what the kernel side tells. Out: the names in the event. */
static const struct {
	const char *walked, *filename, *cwd;
	uint32_t flags;
	const char *binary, *executable;
} naming[] = {
	/* the given name means the file that runs: its walked path */
	{ "/usr/bin/true", "/usr/bin/true", "/home", 0, "/usr/bin/true", NULL },
	{ "/usr/bin/true", "//usr/./bin//true", "/home", 0, "/usr/bin/true", NULL },
	{ "/usr/bin/true", "/usr/lib/../bin/true", "/home", 0, "/usr/bin/true", NULL },
	{ "/home/a/x", "./x", "/home/a", 0, "/home/a/x", NULL },
	{ "/home/a/x", "x", "/home/a", 0, "/home/a/x", NULL },
	{ "/home/x", "../x", "/home/a", 0, "/home/x", NULL },
	{ "/x", "../../../x", "/home/a", 0, "/x", NULL },
	{ "/x", "x", "", WIRE_PROCESS_ROOT_CWD, "/x", NULL },
	{ "/x", "./x", "", WIRE_PROCESS_ROOT_CWD, "/x", NULL },
	/* a symbolic link or a script: the given name, made absolute, and the file beside it */
	{ "/usr/bin/dash", "/bin/sh", "/home", 0, "/bin/sh", "/usr/bin/dash" },
	{ "/usr/bin/dash", "//bin/sh", "/home", 0, "//bin/sh", "/usr/bin/dash" },
	{ "/usr/bin/dash", "sh", "/bin", 0, "/bin/sh", "/usr/bin/dash" },
	{ "/usr/bin/dash", "./sh", "/bin", 0, "/bin/sh", "/usr/bin/dash" },
	{ "/usr/bin/dash", "../bin/./sh", "/home", 0, "/home/../bin/sh", "/usr/bin/dash" },
	{ "/usr/bin/bash", "./run.sh", "/srv", 0, "/srv/run.sh", "/usr/bin/bash" },
	{ "/usr/bin/bash", "run.sh", "", WIRE_PROCESS_ROOT_CWD, "/run.sh", "/usr/bin/bash" },
	/* a directory on the way is a symbolic link */
	{ "/usr/bin/true", "/bin/true", "/", 0, "/bin/true", "/usr/bin/true" },
	/* memory files and descriptors */
	{ "/memfd:code", "/dev/fd/3", "/home", 0, "/dev/fd/3", "/memfd:code" },
	{ "/usr/bin/true", "/dev/fd/3", "", 0, "/dev/fd/3", "/usr/bin/true" },
	/* relative, and where it is relative to is not known: the walked path is sure */
	{ "/usr/bin/true", "true", "", 0, "/usr/bin/true", NULL },
	{ "/usr/bin/true", "./a/../true", "", WIRE_PROCESS_ERROR_CWD, "/usr/bin/true", NULL },
	{ "", "true", "", 0, "true", NULL },
	/* nothing was given: from the start-up scan, or unreadable */
	{ "/usr/bin/true", "", "/home", 0, "/usr/bin/true", NULL },
	{ "", "", "", 0, "", NULL },
	/* the file was not readable */
	{ "", "/bin/true", "/home", 0, "/bin/true", NULL },
	{ "", "true", "/bin", 0, "/bin/true", NULL },
	/* in a chroot both paths are those that the process sees */
	{ "/bin/true", "/bin/true", "/", 0, "/bin/true", NULL },
	/* odd ones */
	{ "/x", "/", "/", 0, "/", "/x" },
	{ "/x", "/..", "/", 0, "/..", "/x" },
	{ "/x", ".", "/a", 0, "/a", "/x" },
	{ "/a/..b", "..b", "/a", 0, "/a/..b", NULL },
	/* kernel threads have a name and no file */
	{ "", "kworker/0:1", "", WIRE_PROCESS_KERNEL_THREAD, "[kworker/0:1]", NULL },
};

static void the_binary_is_the_name_that_people_know(void **state)
{
	for (size_t i = 0; i < COUNT(naming); i++) {
		const struct wire_exec exec = { .flags = naming[i].flags };
		struct process_image *image = image_of(
			&(struct process_image_source){ .exec = &exec,
							.binary = span_of(naming[i].walked),
							.filename = span_of(naming[i].filename),
							.cwd = span_of(naming[i].cwd),
							.user = "" });

		assert_row_string(i, image->binary, naming[i].binary);
		if (naming[i].executable)
			assert_row_string(i, image->executable, naming[i].executable);
		else
			assert_null(image->executable);
		assert_row_string(i, image->file_path, naming[i].walked);
		process_image_unref(image);
	}
}

static void texts_are_copied_and_valid(void **state)
{
	char cwd[] = "/tmp/\xff";
	const struct wire_exec exec = {
		.login_uid = 7, .file_inode = 8, .file_links = 9, .namespaces = { 1, 2 }
	};
	struct process_image *image = image_of(
		&(struct process_image_source){ .exec = &exec,
						.binary = SPAN("/bin/a\xc3"),
						.cwd = span_of(cwd),
						.cgroup = SPAN("0123456789abcdef0123456789abcdef/"),
						.args = SPAN("a\0\xc3\xa9 \xfe\0"),
						.environment = SPAN("K=\xff\0EMPTY="),
						.user = "joe" });

	memset(cwd, 'x', sizeof(cwd));
	assert_string_equal(image->binary, "/bin/a\xef\xbf\xbd");
	assert_string_equal(image->cwd, "/tmp/\xef\xbf\xbd");
	assert_string_equal(image->arguments, " \"\xc3\xa9 \xef\xbf\xbd\"");
	assert_string_equal(image->user, "joe");
	assert_string_equal(image->container_id, "0123456789abcdef0123456789abcde");
	assert_int_equal(image->variable_count, 2);
	assert_string_equal(image->variables[0].name, "K");
	assert_string_equal(image->variables[0].value, "\xef\xbf\xbd");
	assert_string_equal(image->variables[1].name, "EMPTY");
	assert_string_equal(image->variables[1].value, "");
	assert_int_equal(image->login_uid, 7);
	assert_int_equal(image->file_inode, 8);
	assert_int_equal(image->file_links, 9);
	assert_int_equal(image->namespaces[1], 2);
	process_image_unref(image);
}

static void the_root_as_current_directory_is_written_as_a_slash(void **state)
{
	const struct wire_exec root = { .flags = WIRE_PROCESS_ROOT_CWD }, unknown = {};
	struct process_image *image =
		image_of(&(struct process_image_source){ .exec = &root, .user = "" });

	assert_string_equal(image->cwd, "/");
	process_image_unref(image);
	image = image_of(&(struct process_image_source){ .exec = &unknown, .user = "" });
	assert_string_equal(image->cwd, "");
	process_image_unref(image);
}

static void variables_beyond_the_limit_are_left_out_and_that_is_noted(void **state)
{
	static const struct wire_exec exec;
	struct process_image *image;
	_cleanup_buf_ struct buf environment = {};

	for (int i = 0; i < PROCESS_VARIABLES_MAX; i++)
		buf_add_format(&environment, "V%d=%d%c", i, i, 0);
	image = image_of(&(struct process_image_source){
		.exec = &exec,
		.user = "",
		.environment = { environment.data, environment.bytes } });
	assert_int_equal(image->variable_count, PROCESS_VARIABLES_MAX);
	assert_false(image->variables_cut);
	process_image_unref(image);

	buf_add_format(&environment, "MORE=%c", 0);
	image = image_of(&(struct process_image_source){
		.exec = &exec,
		.user = "",
		.environment = { environment.data, environment.bytes } });
	assert_int_equal(image->variable_count, PROCESS_VARIABLES_MAX);
	assert_true(image->variables_cut);
	assert_string_equal(image->variables[PROCESS_VARIABLES_MAX - 1].name, "V1023");
	assert_string_equal(image->variables[PROCESS_VARIABLES_MAX - 1].value, "1023");
	process_image_unref(image);
}

static void a_cut_image_keeps_the_names(void **state)
{
	const struct wire_exec exec = { .login_uid = 7 };
	struct process_image *cut = NULL, *image = image_of(&(struct process_image_source){
						  .exec = &exec,
						  .binary = SPAN("/usr/bin/dash"),
						  .filename = SPAN("/bin/sh"),
						  .cwd = SPAN("/tmp"),
						  .args = SPAN("sh\0-c\0true\0"),
						  .environment = SPAN("A=1\0"),
						  .user = "joe" });
	uint32_t bytes = image->bytes;

	assert_int_equal(process_image_cut(&cut, image), 0);
	process_image_unref(image); /* nothing in the copy points into it */
	assert_string_equal(cut->binary, "/bin/sh");
	assert_string_equal(cut->executable, "/usr/bin/dash");
	assert_string_equal(cut->file_path, "/usr/bin/dash");
	assert_string_equal(cut->cwd, "/tmp");
	assert_string_equal(cut->user, "joe");
	assert_string_equal(cut->arguments, "");
	assert_int_equal(cut->variable_count, 0);
	assert_int_equal(cut->login_uid, 7);
	assert_true(cut->bytes < bytes && cut->bytes > sizeof(*cut));
	process_image_unref(cut);
}

static void references_are_counted_and_null_is_fine(void **state)
{
	static const struct wire_exec exec;
	struct process_image *image =
		image_of(&(struct process_image_source){ .exec = &exec, .user = "" });

	assert_ptr_equal(process_image_ref(image), image);
	assert_int_equal(image->refs, 2);
	process_image_unref(image);
	assert_int_equal(image->refs, 1);
	process_image_unref(image);
	assert_null(process_image_ref(NULL));
	process_image_unref(NULL);
}

/* Hides each 's', and all of a text that begins with "K". */
static void hide(void *context, const char *binary, struct buf *text)
{
	assert_string_equal(binary, "/bin/x");
	assert_string_equal(context, "rules");
	if (text->bytes && text->data[0] == 'K') {
		buf_reset(text);
		buf_add_text(text, "*");
	}
	for (size_t i = 0; i < text->bytes; i++)
		text->data[i] = text->data[i] == 's' ? '*' : text->data[i];
}

static void what_is_secret_is_hidden_before_it_is_stored(void **state)
{
	static const struct wire_exec exec;
	const struct process_image_source source = {
		.exec = &exec,
		.binary = SPAN("/bin/x"),
		.args = SPAN("x\0secret\0-s\0"),
		.environment = SPAN("PASS=is\0KEY=v\0sA=s=s\0"),
		.user = "",
		.redaction = { hide, (void *)"rules" },
	};
	struct process_image *image = image_of(&source);

	assert_string_equal(image->arguments, "*ecret -*");
	assert_int_equal(image->variable_count, 3);
	assert_string_equal(image->variables[0].name, "PASS");
	assert_string_equal(image->variables[0].value, "i*");
	assert_string_equal(image->variables[1].name, "*");
	assert_string_equal(image->variables[1].value, "");
	assert_string_equal(image->variables[2].name, "*A");
	assert_string_equal(image->variables[2].value, "*=*");
	process_image_unref(image);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_binary_is_the_name_that_people_know),
		cmocka_unit_test(texts_are_copied_and_valid),
		cmocka_unit_test(the_root_as_current_directory_is_written_as_a_slash),
		cmocka_unit_test(variables_beyond_the_limit_are_left_out_and_that_is_noted),
		cmocka_unit_test(a_cut_image_keeps_the_names),
		cmocka_unit_test(references_are_counted_and_null_is_fine),
		cmocka_unit_test(what_is_secret_is_hidden_before_it_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
