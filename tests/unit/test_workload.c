/* SPDX-License-Identifier: Apache-2.0 */
/* The file of workloads: both forms, every mistake with its line, the limits. */
#include "cmocka_case.h"
#include "temporary_folder.h"

#include <errno.h>
#include <fcntl.h>

#include "workload/elements.h"
#include "workload/workload.h"

#define ROOT "/sys/fs/cgroup"
/* What every workload needs, without the braces. */
#define WEB "\"cgroup\": \"/k/web\", \"namespace\": \"production\", \"pod\": \"web-1\""
#define DB  "\"cgroup\": \"/k/db\", \"namespace\": \"test\", \"pod\": \"db-0\""

struct fixture {
	char folder[TEMPORARY_FOLDER_BYTES];
	struct workloads *workloads;
	struct diag diag;
};

static int setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){};
	temporary_folder_enter(fixture.folder);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	workloads_free(fixture->workloads);
	diag_done(&fixture->diag);
	temporary_folder_leave(fixture->folder);
	return 0;
}

static void put(struct span text)
{
	FILE *file = fopen("w.json", "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text.data, 1, text.bytes, file), text.bytes);
	assert_int_equal(fclose(file), 0);
}

static int read_span(struct fixture *fixture, struct span text)
{
	workloads_free(fixture->workloads);
	fixture->workloads = NULL;
	diag_done(&fixture->diag);
	put(text);
	return workloads_read_file("w.json", ROOT, &fixture->workloads, &fixture->diag);
}

static int read_text(struct fixture *fixture, const char *text)
{
	return read_span(fixture, span_of(text));
}

static const char *found(struct fixture *fixture)
{
	return buf_text(&fixture->diag.text);
}

static void a_workload_is_all_that_the_file_says(void **state)
{
	struct fixture *fixture = *state;
	const struct workload *workload;

	assert_int_equal(
		read_text(fixture,
			  "\n{" WEB ", \"labels\": {\"app\": \"web\", \"tier\": \"\"}, "
			  "\"container\": \"nginx\", \"container_id\": \"containerd://abc\", "
			  "\"image\": \"docker.io/library/nginx@sha256:1234\"}"),
		0);
	assert_string_equal(found(fixture), "");
	assert_int_equal(fixture->workloads->count, 1);
	workload = fixture->workloads->items;
	assert_int_equal(workload->line, 2);
	assert_string_equal(workload->cgroup, "/k/web");
	assert_string_equal(workload->namespace, "production");
	assert_string_equal(workload->pod, "web-1");
	assert_string_equal(workload->container, "nginx");
	assert_string_equal(workload->container_id, "containerd://abc");
	assert_string_equal(workload->image, "docker.io/library/nginx@sha256:1234");
	assert_string_equal(workload->image_repo, "docker.io/library/nginx");
	assert_int_equal(workload->labels_count, 2);
	assert_string_equal(workload->labels[0].key, "app");
	assert_string_equal(workload->labels[0].value, "web");
	assert_string_equal(workload->labels[1].value, "");
}

static void what_the_file_does_not_say_is_empty(void **state)
{
	struct fixture *fixture = *state;
	const struct workload *workload;

	assert_int_equal(read_text(fixture, "{" WEB ", \"labels\": null, \"image\": \"\"}"), 0);
	workload = fixture->workloads->items;
	assert_string_equal(workload->container, "");
	assert_string_equal(workload->container_id, "");
	assert_string_equal(workload->image, "");
	assert_string_equal(workload->image_repo, "");
	assert_int_equal(workload->labels_count, 0);
	assert_int_equal(fixture->workloads->count, 1);
}

static void objects_come_in_an_array_or_one_behind_the_other(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} rows[] = {
		{ "", 0 },
		{ "\n \t\r\n", 0 },
		{ "[]", 0 },
		{ " [ ]\n", 0 },
		{ "{" WEB "}\n{" DB "}\n", 2 },
		{ "{" WEB "}\r\n\r\n{" DB "}", 2 },
		{ "{" WEB "} {" DB "}", 2 },
		{ "[{" WEB "}]", 1 },
		{ "[\n  {" WEB "},\n  {" DB "}\n]\n", 2 },
		{ "[{" WEB "} , {" DB ",\n\"labels\":\n{}\n}]", 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (read_text(*state, rows[i].text))
			print_error("row %zu: %s", i, found(*state));
		assert_non_null(((struct fixture *)*state)->workloads);
		assert_int_equal(((struct fixture *)*state)->workloads->count, rows[i].count);
	}
}

static void every_mistake_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *findings;
	} rows[] = {
		/* what is no object */
		{ "\n1", "w.json:2: want an object in braces, found \"1\"\n" },
		{ "\"\x1b[31m\"", "w.json:1: want an object in braces, found \"\"?[31m\"\"\n" },
		{ "[{" WEB "}", "w.json:1: want \",\" or \"]\" behind an object, "
				"found the end of the file\n" },
		{ "[{" WEB "},\n]", "w.json:2: want an object in braces, found \"]\"\n" },
		{ "[{" WEB "}\n{" DB "}]",
		  "w.json:2: want \",\" or \"]\" behind an object, found \"{\"cgroup\": "
		  "\"/k/db\", \"namespace\": \"test\", \"pod\": \"db-0\"}]\"\n" },
		{ "[{" WEB "}]\n{" DB "}", "w.json:2: want nothing behind the array, found "
					   "\"{\"cgroup\": \"/k/db\", \"namespace\": \"test\", "
					   "\"pod\": \"db-0\"}\"\n" },
		{ "{" WEB "}\n{" DB ",\n}",
		  "w.json:3: no JSON object: string or '}' expected near '}'\n" },
		{ "{" WEB "\n{" DB "}", "w.json:2: no JSON object: '}' expected near '{'\n" },
		{ "{" WEB ", \"pod\": \"x\"}",
		  "w.json:1: no JSON object: duplicate object key near '\"pod\"'\n" },
		/* keys */
		{ "{" WEB ", \"imge\": \"x\"}",
		  "w.json:1: unknown key \"imge\"; did you mean \"image\"?\n" },
		{ "{" WEB ", \"node\\u001b\": \"x\"}",
		  "w.json:1: unknown key \"node?\"; a workload has cgroup, namespace, pod, labels, "
		  "container, container_id, image\n" },
		{ "{\"cgroup\": \"/a\", \"namespace\": \"n\"}",
		  "w.json:1: \"pod\" is missing; a workload needs cgroup, namespace and pod\n" },
		{ "{\"cgroup\": \"/a\", \"namespace\": null, \"pod\": \"\"}",
		  "w.json:1: \"namespace\" is missing; a workload needs cgroup, namespace and pod\n"
		  "w.json:1: \"pod\" is empty\n" },
		/* values */
		{ "{" WEB ", \"container\": 7}",
		  "w.json:1: \"container\" is a number; want a text\n" },
		{ "{" WEB ", \"image\": {}}", "w.json:1: \"image\" is an object; want a text\n" },
		{ "{" WEB ", \"labels\": [\"app\"]}",
		  "w.json:1: \"labels\" is an array; want an object of texts\n" },
		{ "{" WEB ", \"labels\": {\"app\": true, \"n\": 1.5}}",
		  "w.json:1: label \"app\" is true; want a text\n"
		  "w.json:1: label \"n\" is a number; want a text\n" },
		{ "{" WEB ", \"labels\": {\"\": \"x\"}}",
		  "w.json:1: the key of label \"\" has 0 bytes; want 1 to 317\n" },
		{ "{" WEB ", \"container\": "
		  "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
		  "w.json:1: \"container\" has 64 bytes; at most 63 are accepted\n" },
		/* the table */
		{ "{" WEB "}\n{" DB "}\n\n{" WEB "}",
		  "w.json:4: cgroup \"/k/web\" belongs to the workload of line 1\n" },
		{ "{" WEB "}\n{\"cgroup\": \"" ROOT "/k//web/\", \"namespace\": \"n\", "
		  "\"pod\": \"p\"}",
		  "w.json:2: cgroup \"/k/web\" belongs to the workload of line 1\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(read_text(*state, rows[i].text), -EINVAL);
		assert_row_string(i, found(*state), rows[i].findings);
		assert_null(((struct fixture *)*state)->workloads);
	}
}

static void all_mistakes_are_found_in_one_run(void **state)
{
	assert_int_equal(read_text(*state, "[\n"
					   "  {\n"
					   "    \"cgroup\": \"/a\",\n"
					   "    \"pod\" \"p\"\n"
					   "  },\n"
					   "  {" WEB ", \"labls\": {}},\n"
					   "  nonsense,\n"
					   "  {" DB "},\n"
					   "  {" DB "}\n"
					   "]\n"),
			 -EINVAL);
	assert_string_equal(found(*state),
			    "w.json:4: no JSON object: ':' expected near '\"p\"'\n"
			    "w.json:6: unknown key \"labls\"; did you mean \"labels\"?\n"
			    "w.json:7: want an object in braces, found \"nonsense,\"\n"
			    "w.json:9: cgroup \"/k/db\" belongs to the workload of line 8\n");
}

static void after_a_hundred_mistakes_they_are_only_counted(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};

	for (unsigned int i = 0; i < 105; i++)
		buf_add_text(&text, "{}\n");
	assert_int_equal(read_text(fixture, buf_text(&text)), -EINVAL);
	assert_int_equal(fixture->diag.lines, 101);
	assert_non_null(strstr(found(fixture), "\nw.json: 215 more mistakes are not shown\n"));
}

static void a_cgroup_is_named_from_the_root_of_the_hierarchy(void **state)
{
	static const struct {
		const char *root, *path;
		const char *cgroup; /* or "why", a part of the finding */
	} rows[] = {
		{ ROOT, ROOT "/kubepods/pod1/abc", "/kubepods/pod1/abc" },
		{ ROOT, "/kubepods/pod1/abc", "/kubepods/pod1/abc" },
		{ ROOT, "//kubepods///pod1/", "/kubepods/pod1" },
		{ ROOT, "/sys//fs/cgroup/a", "/a" },
		{ ROOT, ROOT "s/a", ROOT "s/a" },
		{ ROOT, "/a/..b/c.", "/a/..b/c." },
		{ ROOT "/unified", ROOT "/unified/a", "/a" },
		{ ROOT "/unified", "/a", "/a" },
		{ ROOT "/unified", ROOT "/memory/a", "that is no cgroup v2" },
		{ "/run/cgroup2", "/run/cgroup2/a", "/a" },
		{ ROOT, "kubepods/a", "want a path that begins with \"/\"" },
		{ ROOT, "/a/../b", "want a path without \".\" and \"..\"" },
		{ ROOT, "/a/.", "want a path without \".\" and \"..\"" },
		{ ROOT, "/", "that is the root" },
		{ ROOT, ROOT "/", "that is the root" },
		{ ROOT, "", "\"cgroup\" is empty" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf text = {};
		_cleanup_diag_ struct diag diag = {};
		_cleanup_workloads_ struct workloads *workloads = NULL;

		buf_add_format(&text, "{\"cgroup\": \"%s\", \"namespace\": \"n\", \"pod\": \"p\"}",
			       rows[i].path);
		put((struct span){ text.data, text.bytes });
		if (workloads_read_file("w.json", rows[i].root, &workloads, &diag) == 0)
			assert_row_string(i, workloads->items[0].cgroup, rows[i].cgroup);
		else if (!strstr(buf_text(&diag.text), rows[i].cgroup))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
	}
}

static void outer_groups_come_before_inner_ones(void **state)
{
	static const char *const order[] = { "/a", "/a-b", "/a/b", "/a/b/c", "/b" };
	struct fixture *fixture = *state;

	assert_int_equal(
		read_text(fixture,
			  "{\"cgroup\": \"" ROOT "/a/b/c\", \"namespace\": \"n\", \"pod\": \"1\"}\n"
			  "{\"cgroup\": \"/b\", \"namespace\": \"n\", \"pod\": \"2\"}\n"
			  "{\"cgroup\": \"/a\", \"namespace\": \"n\", \"pod\": \"3\"}\n"
			  "{\"cgroup\": \"/a-b\", \"namespace\": \"n\", \"pod\": \"4\"}\n"
			  "{\"cgroup\": \"" ROOT "/a/b\", \"namespace\": \"n\", \"pod\": \"5\"}\n"),
		0);
	assert_int_equal(fixture->workloads->count, COUNT(order));
	for (uint32_t i = 0; i < COUNT(order); i++) {
		const struct workload *workload = &fixture->workloads->items[i];

		assert_row_string(i, workload->cgroup, order[i]);
	}
}

static void an_image_has_a_repository_when_it_is_named_by_digest(void **state)
{
	static const struct {
		const char *image, *repo;
	} rows[] = {
		{ "docker.io/library/nginx@sha256:12", "docker.io/library/nginx" },
		{ "host:5000/a/b:1.2@sha256:12", "host:5000/a/b:1.2" },
		{ "docker.io/library/nginx:latest", "" },
		{ "sha256:12", "" },
		{ "a@b@sha256:12", "" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf text = {};

		buf_add_format(&text, "{%s, \"image\": \"%s\"}", WEB, rows[i].image);
		assert_int_equal(read_text(fixture, buf_text(&text)), 0);
		assert_row_string(i, fixture->workloads->items[0].image_repo, rows[i].repo);
	}
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void add_workloads(struct buf *text, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		buf_add_format(text, "{\"cgroup\":\"/%u\",\"namespace\":\"n\",\"pod\":\"p\"}\n", i);
}

static void a_full_table_is_read_and_one_more_is_refused(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};

	add_workloads(&text, WORKLOADS_MAX);
	assert_int_equal(read_span(fixture, (struct span){ text.data, text.bytes }), 0);
	assert_int_equal(fixture->workloads->count, WORKLOADS_MAX);
	buf_add_text(&text, "{" WEB "}\n");
	assert_int_equal(read_span(fixture, (struct span){ text.data, text.bytes }), -EINVAL);
	assert_string_equal(found(fixture), "w.json:32769: more than 32768 workloads\n");
}

static void labels_are_limited(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int count = WORKLOAD_LABELS_MAX; count <= WORKLOAD_LABELS_MAX + 1; count++) {
		_cleanup_buf_ struct buf text = {};

		buf_add_text(&text, "{" WEB ", \"labels\": {");
		for (unsigned int i = 0; i < count; i++)
			buf_add_format(&text, "%s\"%u\": \"x\"", i ? "," : "", i);
		buf_add_text(&text, "}}");
		assert_int_equal(read_text(fixture, buf_text(&text)),
				 count > WORKLOAD_LABELS_MAX ? -EINVAL : 0);
	}
	assert_string_equal(found(fixture),
			    "w.json:1: \"labels\" has 257 labels; at most 256 are accepted\n");
}

static void an_endless_object_is_refused_and_the_next_is_read(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_buf_ struct buf text = {};

	buf_add_text(&text, "{\"pod\": \"");
	while (text.bytes < ELEMENT_BYTES_MAX + 10)
		buf_add_text(&text, "xxxxxxxxxxxxxxxx");
	buf_add_text(&text, "\"}\n{\"cgroup\": 1, \"namespace\": \"n\", \"pod\": \"p\"}");
	assert_int_equal(read_text(fixture, buf_text(&text)), -EINVAL);
	assert_string_equal(found(fixture), "w.json:1: an object has more than 256 KiB, or no end; "
					    "want one object for each workload\n"
					    "w.json:2: \"cgroup\" is a number; want a text\n");
}

static void a_file_that_cannot_be_read_is_said(void **state)
{
	struct fixture *fixture = *state;
	struct workloads **out = &fixture->workloads;
	struct diag *diag = &fixture->diag;

	assert_int_equal(workloads_read_file("none", ROOT, out, diag), -ENOENT);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(workloads_read_file("folder", ROOT, out, diag), -EISDIR);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(workloads_read_file("pipe", ROOT, out, diag), -ENODEV);
	put(SPAN("{}"));
	assert_int_equal(truncate("w.json", WORKLOADS_FILE_BYTES_MAX + 1), 0);
	assert_int_equal(workloads_read_file("w.json", ROOT, out, diag), -EFBIG);
	assert_string_equal(found(fixture), "cannot read \"none\": No such file or directory\n"
					    "cannot read \"folder\": Is a directory\n"
					    "cannot read \"pipe\": want a regular file\n"
					    "cannot read \"w.json\": it has more than 16 MiB\n");
	assert_null(fixture->workloads);
	workloads_free(NULL);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_workload_is_all_that_the_file_says),
		CASE(what_the_file_does_not_say_is_empty),
		CASE(objects_come_in_an_array_or_one_behind_the_other),
		CASE(every_mistake_is_told_with_its_line),
		CASE(all_mistakes_are_found_in_one_run),
		CASE(after_a_hundred_mistakes_they_are_only_counted),
		CASE(a_cgroup_is_named_from_the_root_of_the_hierarchy),
		CASE(outer_groups_come_before_inner_ones),
		CASE(an_image_has_a_repository_when_it_is_named_by_digest),
		CASE(a_full_table_is_read_and_one_more_is_refused),
		CASE(labels_are_limited),
		CASE(an_endless_object_is_refused_and_the_next_is_read),
		CASE(a_file_that_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
