/* SPDX-License-Identifier: Apache-2.0 */
/* The process cache to a file and back. */
#include "cmocka_case.h"

#include <errno.h>
#include <stdlib.h>

#include "process/saved.h"

#include "make_record.h"

static struct process_table *table_new(void)
{
	struct process_table *table = NULL;

	assert_int_equal(process_table_new(&table, 64), 0);
	return table;
}

/* With texts that JSON has to escape, and the largest numbers. */
static struct process_image *image_new(void)
{
	static const struct process_variable variables[] = { { "LANG", "C" },
							     { "QUOTE", "\"\\\n" } };
	const struct process_image plain = {
		.login_uid = UINT32_MAX,
		.privileges = WIRE_PRIVILEGES_SETUID,
		.file_links = 3,
		.file_inode = INT64_MAX,
		.credentials = { .permitted = (1ULL << 41) - 1, .uid = 1, .fsgid = 8 },
		.namespaces = { [WIRE_NS_UTS] = 4026531838, [WIRE_NS_USER] = 4026531837 },
		.variable_count = 2,
		.variables_cut = true,
		.binary = "/bin/sh",
		.executable = "/usr/bin/dash",
		.file_path = "/usr/bin/dash",
		.cwd = "/tmp/ü",
		.arguments = "-c \"echo \\\"x\\\"\"",
		.user = "root",
		.variables = variables,
		.container_id = "0123456789abcdef",
	};
	struct process_image *image = NULL;

	assert_int_equal(process_image_copy(&image, &plain), 0);
	return image;
}

static struct process *add(struct process_table *table, uint32_t pid, uint32_t parent,
			   struct process_image *image)
{
	struct wire_process_id id = process_id(pid, 1000ULL * pid);
	struct wire_process_id above = process_id(parent, 1000ULL * parent);
	struct process *process = process_table_insert(table, &id, &above, image);

	assert_non_null(process);
	process->flags = WIRE_PROCESS_EXECVE;
	process->tid = pid + 1;
	process->namespace_pid = 7;
	process->start_wall_ns = 1700000000000000000ULL;
	return process;
}

static struct process *find(struct process_table *table, uint32_t pid)
{
	struct wire_process_id id = process_id(pid, 1000ULL * pid);

	return process_table_find(table, &id);
}

/* TABLE goes; what comes back goes by the rules of RULES. */
static struct process_table *carry_to(const struct process_tracker *rules,
				      struct process_table *table)
{
	struct process_tracker tracker = *rules;
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(process_table_save(table, file), 0);
	rewind(file);
	tracker.table = table_new();
	assert_int_equal(process_table_restore(&tracker, file), 0);
	fclose(file);
	process_table_free(table);
	return tracker.table;
}

static struct process_table *carry(struct process_table *table)
{
	const struct process_tracker shows_all = { .with_environment = true };

	return carry_to(&shows_all, table);
}

static void a_process_comes_back_with_all_that_is_known_of_it(void **state)
{
	struct process_table *table = table_new();
	const struct process_image *image;
	const struct process *process;

	add(table, 10, 1, image_new());
	table = carry(table);
	process = find(table, 10);
	assert_non_null(process);
	assert_int_equal(process->flags, WIRE_PROCESS_EXECVE);
	assert_int_equal(process->tid, 11);
	assert_int_equal(process->namespace_pid, 7);
	assert_int_equal(process->start_wall_ns, 1700000000000000000ULL);
	assert_int_equal(process->parent.pid, 1);
	assert_int_equal(process->refs, 1);
	image = process->image;
	assert_int_equal(image->login_uid, UINT32_MAX);
	assert_int_equal(image->privileges, WIRE_PRIVILEGES_SETUID);
	assert_int_equal(image->file_links, 3);
	assert_int_equal(image->file_inode, INT64_MAX);
	assert_int_equal(image->credentials.permitted, (1ULL << 41) - 1);
	assert_int_equal(image->credentials.uid, 1);
	assert_int_equal(image->credentials.fsgid, 8);
	assert_int_equal(image->namespaces[WIRE_NS_UTS], 4026531838);
	assert_int_equal(image->namespaces[WIRE_NS_USER], 4026531837);
	assert_string_equal(image->binary, "/bin/sh");
	assert_string_equal(image->executable, "/usr/bin/dash");
	assert_string_equal(image->file_path, "/usr/bin/dash");
	assert_string_equal(image->cwd, "/tmp/ü");
	assert_string_equal(image->arguments, "-c \"echo \\\"x\\\"\"");
	assert_string_equal(image->user, "root");
	assert_string_equal(image->container_id, "0123456789abcdef");
	assert_int_equal(image->variable_count, 2);
	assert_true(image->variables_cut);
	assert_string_equal(image->variables[1].name, "QUOTE");
	assert_string_equal(image->variables[1].value, "\"\\\n");
	process_table_free(table);
}

static void hide_c(void *context, const char *binary, struct buf *text)
{
	assert_string_equal(binary, context);
	for (size_t i = 0; i < text->bytes; i++) {
		if (text->data[i] == 'c' || text->data[i] == 'C')
			text->data[i] = '*';
	}
}

static void what_is_hidden_now_is_hidden_of_older_processes(void **state)
{
	static const char *const names[] = { "LANG" };
	struct process_tracker rules = { .with_environment = true,
					 .redaction = { hide_c, (void *)"/bin/sh" } };
	struct process_table *table = table_new();
	const struct process_image *image;

	add(table, 10, 1, image_new());
	table = carry_to(&rules, table);
	image = find(table, 10)->image;
	assert_string_equal(image->arguments, "-* \"e*ho \\\"x\\\"\"");
	assert_int_equal(image->variable_count, 2);
	assert_string_equal(image->variables[0].name, "LANG");
	assert_string_equal(image->variables[0].value, "*");
	assert_string_equal(image->variables[1].value, "\"\\\n");
	rules.redaction.redact = NULL;
	rules.filter = (struct process_variable_filter){ names, 1 };
	table = carry_to(&rules, table);
	image = find(table, 10)->image;
	assert_int_equal(image->variable_count, 1);
	assert_string_equal(image->variables[0].name, "LANG");
	rules.with_environment = false;
	table = carry_to(&rules, table);
	assert_int_equal(find(table, 10)->image->variable_count, 0);
	process_table_free(table);
}

static void processes_that_share_an_image_still_share_it(void **state)
{
	struct process_table *table = table_new();
	struct process_image *image = image_new();

	add(table, 10, 1, process_image_ref(image));
	add(table, 11, 10, NULL);
	add(table, 12, 10, process_image_ref(image));
	add(table, 13, 10, image_new());
	process_image_unref(image);
	table = carry(table);
	assert_ptr_equal(find(table, 10)->image, find(table, 12)->image);
	assert_ptr_not_equal(find(table, 10)->image, find(table, 13)->image);
	assert_null(find(table, 11)->image);
	process_table_free(table);
}

static void children_count_for_parents_whatever_the_order(void **state)
{
	struct process_table *table = table_new();

	add(table, 30, 20, NULL);
	add(table, 20, 10, NULL);
	add(table, 10, 1, NULL);
	add(table, 31, 20, NULL);
	table = carry(table);
	assert_int_equal(find(table, 10)->refs, 2);
	assert_int_equal(find(table, 20)->refs, 3);
	assert_int_equal(find(table, 30)->refs, 1);
	process_table_free(table);
}

static void the_dead_stay_dead(void **state)
{
	struct process_table *table = table_new();

	process_table_end(table, add(table, 10, 1, image_new()), 5000);
	add(table, 20, 10, NULL);
	table = carry(table);
	assert_true(find(table, 10)->dead_ns);
	assert_int_equal(find(table, 20)->dead_ns, 0);
	process_table_free(table);
}

static void what_is_no_such_file_is_refused_behind_what_is_right(void **state)
{
	static const char *const files[] = {
		"{\"id.pid\":5,\"id.exec_ns\":5000,\"has_image\":false}\nnonsense\n",
		"{\"id.pid\":5,\"id.exec_ns\":5000,\"has_image\":true}\n[]\n",
		"{\"id.pid\":5,\"id.exec_ns\":5000,\"has_image\":true,\"image\":7}\n{\n",
		"{\"id.pid\":5,\"id.exec_ns\":5000,\"has_image\":true,\"image\":{\"variables\":"
		"[1,2,3],\"namespaces\":{},\"binary\":null,\"container_id\":\"0123456789012345678901234567890123456789\"}}\n\"",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct process_tracker tracker = { .with_environment = true };
		struct process_table *table = table_new();
		FILE *file = fmemopen((void *)files[i], strlen(files[i]), "r");

		assert_non_null(file);
		tracker.table = table;
		assert_int_equal(process_table_restore(&tracker, file), -EINVAL);
		assert_non_null(find(table, 5));
		fclose(file);
		process_table_free(table);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_comes_back_with_all_that_is_known_of_it),
		cmocka_unit_test(what_is_hidden_now_is_hidden_of_older_processes),
		cmocka_unit_test(processes_that_share_an_image_still_share_it),
		cmocka_unit_test(children_count_for_parents_whatever_the_order),
		cmocka_unit_test(the_dead_stay_dead),
		cmocka_unit_test(what_is_no_such_file_is_refused_behind_what_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
