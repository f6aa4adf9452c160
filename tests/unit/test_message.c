/* SPDX-License-Identifier: Apache-2.0 */
/* A process of the cache -> the API's Process message. */
#include "cmocka_case.h"

#include <stdlib.h>

#include "process/message.h"

#include "make_record.h"

/* One process with an image of its own, and the message made of it. */
struct message_case {
	struct wire_exec exec;
	struct process_image *image;
	struct process process;
	struct process_message_options options;
	struct process_message message;
};

static const struct process_image_source texts = {
	.binary = SPAN("/usr/bin/dash"),
	.filename = SPAN("/bin/sh"),
	.cwd = SPAN("/tmp"),
	.args = SPAN("sh\0-c\0true\0"),
	.environment = SPAN("A=1\0B=2\0"),
	.user = "joe",
	.cgroup = SPAN("docker-0123456789abcdef0123456789abcdef.scope/"),
};

static int set_up(void **state)
{
	static struct message_case test;

	test = (struct message_case){
		.exec = { .login_uid = 1000, .file_links = 1, .file_inode = 99 },
		.process = { .id = process_id(42, 123456789),
			     .parent = process_id(41, 7),
			     .tid = 42,
			     .refs = 3,
			     .flags = WIRE_PROCESS_EXECVE | WIRE_PROCESS_CLONE,
			     .start_wall_ns = 1700000000123456789 },
		.options = { .node_name = "node-1" },
	};
	*state = &test;
	return 0;
}

static int tear_down(void **state)
{
	struct message_case *test = *state;

	process_image_unref(test->image);
	return 0;
}

static const Tetragon__Process *fill(struct message_case *test, bool is_exec)
{
	struct process_image_source source = texts;

	source.exec = &test->exec;
	process_image_unref(test->image);
	assert_int_equal(process_image_new(&test->image, &source), 0);
	test->process.image = test->image;
	process_message_fill(&test->message, &test->process, &test->options, is_exec);
	return &test->message.process;
}

static void identity_names_and_times_are_filled(void **state)
{
	const Tetragon__Process *process = fill(*state, true);

	assert_string_equal(process->exec_id,
			    "bm9kZS0xOjEyMzQ1Njc4OTo0Mg==");		  /* node-1:123456789:42 */
	assert_string_equal(process->parent_exec_id, "bm9kZS0xOjc6NDE="); /* node-1:7:41 */
	assert_int_equal(process->pid->value, 42);
	assert_int_equal(process->tid->value, 42);
	assert_int_equal(process->start_time->seconds, 1700000000);
	assert_int_equal(process->start_time->nanos, 123456789);
	assert_int_equal(process->refcnt, 3);
	assert_string_equal(process->flags, "execve clone");
	assert_string_equal(process->binary, "/bin/sh");
	assert_string_equal(process->executable, "/usr/bin/dash");
	assert_string_equal(process->arguments, "-c true");
	assert_string_equal(process->cwd, "/tmp");
	assert_string_equal(process->docker, "0123456789abcdef0123456789abcde");
	assert_string_equal(process->user->name, "joe");
	assert_int_equal(process->auid->value, 1000);
	assert_int_equal(process->in_init_tree->value, 0);
}

static void what_was_not_asked_for_is_left_out(void **state)
{
	struct message_case *test = *state;
	const Tetragon__Process *process;

	test->exec.privileges = WIRE_PRIVILEGES_SETUID;
	test->exec.file_links = 0;
	process = fill(test, true);
	assert_null(process->cap);
	assert_null(process->process_credentials);
	assert_null(process->binary_properties);
	assert_null(process->ns);
	assert_int_equal(process->n_environment_variables, 0);
}

static void the_uid_is_the_effective_one(void **state)
{
	struct message_case *test = *state;

	test->exec.credentials =
		(struct wire_credentials){ .uid = 1, .euid = 2, .suid = 3, .fsuid = 4 };
	assert_int_equal(fill(test, false)->uid->value, 2);
}

static void credentials_are_shown_whole(void **state)
{
	struct message_case *test = *state;
	const Tetragon__Process *process;

	test->options.with_credentials = true;
	test->exec.credentials = (struct wire_credentials){
		.uid = 1,
		.gid = 2,
		.euid = 3,
		.egid = 4,
		.suid = 5,
		.sgid = 6,
		.fsuid = 7,
		.fsgid = 8,
		.permitted = 1ULL << 40 | 1,
		.effective = 1ULL << 21,
		.inheritable = ~0ULL,
		.securebits = 0x81,
	};
	process = fill(test, false);
	const Tetragon__ProcessCredentials *ids = process->process_credentials;
	const uint32_t got[] = { ids->uid->value,   ids->gid->value,  ids->euid->value,
				 ids->egid->value,  ids->suid->value, ids->sgid->value,
				 ids->fsuid->value, ids->fsgid->value };

	for (uint32_t i = 0; i < COUNT(got); i++)
		assert_int_equal(got[i], i + 1);
	assert_int_equal(process->cap->n_permitted, 2);
	assert_int_equal(process->cap->permitted[0], TETRAGON__CAPABILITIES_TYPE__CAP_CHOWN);
	assert_int_equal(process->cap->permitted[1],
			 TETRAGON__CAPABILITIES_TYPE__CAP_CHECKPOINT_RESTORE);
	assert_int_equal(process->cap->n_effective, 1);
	assert_int_equal(process->cap->effective[0], TETRAGON__CAPABILITIES_TYPE__CAP_SYS_ADMIN);
	assert_int_equal(process->cap->n_inheritable,
			 CREDENTIALS_CAPABILITIES); /* no number beyond */
	assert_int_equal(ids->n_securebits, 2);
	assert_int_equal(ids->securebits[0], 1);
	assert_int_equal(ids->securebits[1], 0x80);
	assert_null(process->binary_properties); /* only the process of process_exec */
}

static void namespaces_are_compared_with_those_of_the_machine(void **state)
{
	struct message_case *test = *state;
	const Tetragon__Namespaces *ns;

	test->options.with_namespaces = true;
	for (uint32_t i = 0; i < WIRE_NAMESPACES; i++) {
		test->exec.namespaces[i] = 100 + i;
		test->options.host_namespaces[i] = i == WIRE_NS_NET ? 1 : 100 + i;
	}
	ns = fill(test, false)->ns;
	assert_int_equal(ns->uts->inum, 100 + WIRE_NS_UTS);
	assert_true(ns->uts->is_host);
	assert_int_equal(ns->net->inum, 100 + WIRE_NS_NET);
	assert_false(ns->net->is_host);
	assert_int_equal(ns->pid_for_children->inum, 100 + WIRE_NS_PID_FOR_CHILDREN);
	assert_int_equal(ns->time_for_children->inum, 100 + WIRE_NS_TIME_FOR_CHILDREN);
	assert_int_equal(ns->user->inum, 100 + WIRE_NS_USER);
}

static void raised_privileges_and_deleted_files_are_told(void **state)
{
	static const struct {
		uint32_t privileges, euid, links;
		uint64_t inode;
		bool is_told, has_file;
		size_t changes;
	} rows[] = {
		{ 0, 0, 1, 9, false, false, 0 },
		{ WIRE_PRIVILEGES_SETUID, 0, 1, 9, true, false, 1 },
		{ WIRE_PRIVILEGES_SETUID, 5, 1, 9, true, false,
		  0 }, /* to another user, not to root */
		{ WIRE_PRIVILEGES_SETUID | WIRE_PRIVILEGES_SETGID | WIRE_PRIVILEGES_FILE_CAPS, 0, 1,
		  9, true, false, 3 },
		{ WIRE_PRIVILEGES_FILE_CAPS, 5, 1, 9, true, false, 1 },
		{ 0, 0, 0, 9, true, true, 0 },	 /* deleted, or a memory file */
		{ 0, 0, 0, 0, false, false, 0 }, /* the file was not read at all */
	};
	struct message_case *test = *state;

	test->options.with_credentials = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const Tetragon__BinaryProperties *binary;

		test->exec.privileges = rows[i].privileges;
		test->exec.credentials.euid = rows[i].euid;
		test->exec.file_links = rows[i].links;
		test->exec.file_inode = rows[i].inode;
		binary = fill(test, true)->binary_properties;
		if (!binary != !rows[i].is_told)
			fail_msg("row %zu", i);
		if (!binary)
			continue;
		assert_int_equal(binary->n_privileges_changed, rows[i].changes);
		assert_int_equal(!binary->setuid, !(rows[i].privileges & WIRE_PRIVILEGES_SETUID));
		assert_int_equal(binary->file != NULL, rows[i].has_file);
		if (!binary->file)
			continue;
		assert_int_equal(binary->file->inode->number, 9);
		assert_int_equal(binary->file->inode->links->value, 0);
		assert_string_equal(binary->file->path, "/usr/bin/dash");
	}
}

static void variables_are_shown_where_there_is_room_for_them(void **state)
{
	static struct process_variables_message variables;
	struct message_case *test = *state;
	const Tetragon__Process *process;

	test->message.variables = &variables;
	process = fill(test, true);
	assert_int_equal(process->n_environment_variables, 2);
	assert_string_equal(process->environment_variables[1]->key, "B");
	assert_string_equal(process->environment_variables[1]->value, "2");
}

static void all_flags_fit_and_keep_their_order(void **state)
{
	struct message_case *test = *state;

	test->process.flags = UINT32_MAX;
	assert_string_equal(
		fill(test, false)->flags,
		"execve procFS errorEnvs truncArgs miss errorFilename errorArgs nocwd rootcwd "
		"errorCWD clone errorCgroups errorPathResolutionCwd dataArgs inInitTree");
	assert_int_equal(test->message.process.in_init_tree->value, 1);
	test->process.flags = 0;
	assert_string_equal(fill(test, false)->flags, "");
}

static void the_longest_node_name_and_numbers_fit(void **state)
{
	struct message_case *test = *state;
	const Tetragon__Process *process;

	memset(test->options.node_name, 'n', PROCESS_NODE_BYTES_MAX - 1);
	test->process.id = test->process.parent = process_id(UINT32_MAX, UINT64_MAX);
	process = fill(test, false);
	assert_int_equal(strlen(process->exec_id), ((PROCESS_NODE_BYTES_MAX - 1 + 32) + 2) / 3 * 4);
	assert_string_equal(process->exec_id, process->parent_exec_id);
}

static void a_process_without_an_image_is_what_its_record_said(void **state)
{
	struct message_case *test = *state;
	const Tetragon__Process *process;

	process_message_fill(&test->message, &test->process, &test->options, true);
	process = &test->message.process;
	assert_string_equal(process->binary, "");
	assert_null(process->uid);
	assert_null(process->binary_properties);
	assert_int_equal(process->pid->value, 42);
}

static void a_process_that_is_not_known_is_a_number(void **state)
{
	struct message_case *test = *state;
	const struct wire_process_id id = process_id(9, 0);
	const Tetragon__Process *process = &test->message.process;

	process_message_fill_unknown(&test->message, &id, 0, &test->options);
	assert_string_equal(process->exec_id, "bm9kZS0xOjE6MA=="); /* node-1:1:0 */
	assert_string_equal(process->flags, "unknown");
	assert_int_equal(process->pid->value, 9);
	assert_null(process->start_time);
	assert_null(process->in_init_tree);
	process_message_fill_unknown(&test->message, &id, 5000000000, &test->options);
	assert_int_equal(process->start_time->seconds, 5);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(identity_names_and_times_are_filled),
		CASE(what_was_not_asked_for_is_left_out),
		CASE(the_uid_is_the_effective_one),
		CASE(credentials_are_shown_whole),
		CASE(namespaces_are_compared_with_those_of_the_machine),
		CASE(raised_privileges_and_deleted_files_are_told),
		CASE(variables_are_shown_where_there_is_room_for_them),
		CASE(all_flags_fit_and_keep_their_order),
		CASE(the_longest_node_name_and_numbers_fit),
		CASE(a_process_without_an_image_is_what_its_record_said),
		CASE(a_process_that_is_not_known_is_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
