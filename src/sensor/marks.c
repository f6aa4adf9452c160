/* SPDX-License-Identifier: Apache-2.0 */
/* The table of conditions, the programs that mark, and the walk over what lives already. */
#include "sensor/marks_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"

/* ---- conditions
 * ----------------------------------------------------------------------------------- */

void condition_free(struct condition *condition)
{
	if (!condition)
		return;
	for (size_t i = 0; i < condition->rule.texts_count; i++)
		free((char *)condition->rule.texts[i].data);
	free((struct span *)condition->rule.texts);
	free((struct rules_range *)condition->rule.pids);
	free(condition);
}

static bool text_add(struct span *texts, size_t *count, const char *text)
{
	texts[*count].data = strdup(text);
	texts[*count].bytes = strlen(text);
	return texts[*count].data && ++*count;
}

/*
 * A file in a directory that is a symbolic link has two names: /bin/sh is /usr/bin/sh. Only the
 * directory is followed: what a link to a file leads to may be many programs in one.
 */
static bool text_add_real(struct span *texts, size_t *count, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *directory = slash ? strndup(path, (size_t)(slash - path)) : NULL;
	char real[PATH_MAX], both[PATH_MAX + NAME_MAX + 2];

	if (!directory || !*directory || !realpath(directory, real) || strcmp(real, directory) == 0)
		return true;
	snprintf(both, sizeof(both), "%s%s", strcmp(real, "/") ? real : "", slash);
	return text_add(texts, count, both);
}

static bool condition_set_binaries(struct condition *condition,
				   const struct policy_binaries *binaries)
{
	struct span *texts = calloc(2 * binaries->values.count + 1, sizeof(*texts));
	bool is_whole = binaries->test == TEST_EQUAL, has_all = texts != NULL;

	condition->rule.test = binaries->test;
	condition->rule.texts = texts;
	condition->follows = binaries->follow_children.value;
	for (size_t i = 0; i < binaries->values.count && has_all; i++) {
		const char *value = binaries->values.items[i].data;

		has_all = text_add(texts, &condition->rule.texts_count, value) &&
			  (!is_whole || text_add_real(texts, &condition->rule.texts_count, value));
	}
	return has_all;
}

static bool condition_set_pids(struct condition *condition, const struct policy_pids *pids)
{
	struct rules_range *ranges = calloc(pids->values.count + 1, sizeof(*ranges));

	condition->rule.pids = ranges;
	condition->follows = true;
	for (size_t i = 0; ranges && i < pids->values.count; i++)
		ranges[i].min = ranges[i].max = (uint64_t)pids->values.items[i].value;
	condition->rule.pids_count = ranges ? pids->values.count : 0;
	return ranges != NULL;
}

static struct condition *condition_new(const struct policy_binaries *binaries,
				       const struct policy_pids *pids)
{
	struct condition *condition = calloc(1, sizeof(*condition));

	if (!condition)
		return NULL;
	if (binaries ? condition_set_binaries(condition, binaries)
		     : condition_set_pids(condition, pids))
		return condition;
	condition_free(condition);
	return NULL;
}

static bool conditions_are_equal(const struct condition *one, const struct condition *other)
{
	const struct rules_mark *a = &one->rule, *b = &other->rule;

	if (one->follows != other->follows || a->texts_count != b->texts_count ||
	    a->pids_count != b->pids_count || (a->texts_count && a->test != b->test))
		return false;
	for (size_t i = 0; i < a->texts_count; i++) {
		if (strcmp(a->texts[i].data, b->texts[i].data) != 0)
			return false;
	}
	for (size_t i = 0; i < a->pids_count; i++) {
		if (a->pids[i].min != b->pids[i].min)
			return false;
	}
	return true;
}

static uint32_t marks_find_equal(const struct marks *marks, const struct condition *wanted)
{
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		if (marks->conditions[i] && conditions_are_equal(marks->conditions[i], wanted))
			return i;
	}
	return RULES_NO_MARK;
}

uint32_t marks_find(const struct marks *marks, const struct policy_binaries *binaries,
		    const struct policy_pids *pids)
{
	struct condition *wanted = condition_new(binaries, pids);
	uint32_t mark = wanted ? marks_find_equal(marks, wanted) : RULES_NO_MARK;

	condition_free(wanted);
	return mark;
}

uint32_t marks_ref(struct marks *marks, const struct policy_binaries *binaries,
		   const struct policy_pids *pids)
{
	struct condition *wanted = condition_new(binaries, pids);
	uint32_t mark = wanted ? marks_find_equal(marks, wanted) : RULES_NO_MARK;

	if (mark == RULES_NO_MARK && wanted) {
		for (mark = 0; mark < WIRE_MARKS_MAX && marks->conditions[mark];)
			mark++;
		if (mark < WIRE_MARKS_MAX) {
			wanted->is_new = true;
			marks->conditions[mark] = wanted;
			marks->has_changed = true;
			wanted = NULL;
		} else {
			mark = RULES_NO_MARK;
		}
	}
	condition_free(wanted);
	if (mark != RULES_NO_MARK)
		marks->conditions[mark]->refs++;
	return mark;
}

void marks_unref(struct marks *marks, uint32_t mark)
{
	struct condition *condition = marks->conditions[mark];

	if (--condition->refs)
		return;
	condition_free(condition);
	marks->conditions[mark] = NULL;
	marks->has_changed = true;
}

/* ---- programs
 * ------------------------------------------------------------------------------------- */

static int marks_load(struct marks *marks, enum hook_template template, unsigned int type,
		      const struct wire_hook_config *config, int memory_fd)
{
	const struct attach_space *attach = &marks->options.space->attach;
	const struct hook_program program = {
		.template = template,
		.config = config,
		.memory_fd = memory_fd,
		.parked_fd = -1,
		.slot_fd = -1,
		.type = type,
		.flags = type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0,
	};

	return hook_program_load(attach->templates, &attach->stand_ins, &program);
}

static void marks_detach(struct marks *marks)
{
	for (int i = 0; i < 2; i++) {
		cleanup_close(&marks->links[i]);
		marks->links[i] = -1;
	}
	cleanup_close(&marks->memory_fd);
	marks->memory_fd = -1;
}

/* Programs with these rules, beside those that are there: setting a mark twice is the same as once.
 */
static int marks_attach(struct marks *marks, const struct rules *rules, int *memory_fd,
			int links[2])
{
	static const struct {
		enum hook_template template;
		const char *tracepoint;
	} rows[2] = { { HOOK_TEMPLATE_MARK_EXEC, "sched_process_exec" },
		      { HOOK_TEMPLATE_MARK_FORK, "sched_process_fork" } };
	uint32_t half = rules->config.half_bytes;
	char *memory;

	*memory_fd = hook_memory_new(half);
	if (*memory_fd < 0)
		return *memory_fd;
	memory = mmap(NULL, 2 * (size_t)half, PROT_READ | PROT_WRITE, MAP_SHARED, *memory_fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	memcpy(memory, rules->memory.data, rules->memory.bytes);
	munmap(memory, 2 * (size_t)half);
	for (int i = 0; i < 2; i++) {
		_cleanup_close_ int fd =
			marks_load(marks, rows[i].template, BPF_PROG_TYPE_RAW_TRACEPOINT,
				   &rules->config, *memory_fd);

		if (fd < 0)
			return fd;
		links[i] = attach_raw_tracepoint(rows[i].tracepoint, fd);
		if (links[i] < 0)
			return links[i];
	}
	return 0;
}

static bool marks_are_empty(const struct marks *marks)
{
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		if (marks->conditions[i])
			return false;
	}
	return true;
}

static int marks_replace_programs(struct marks *marks, struct diag *diag)
{
	_cleanup_(cleanup_rules) struct rules rules = {};
	const struct rules_mark *list[WIRE_MARKS_MAX] = {};
	int memory_fd = -1, links[2] = { -1, -1 };
	int error;

	rules.config.has_bpf_loop = marks->options.space->features->has[KERNEL_BPF_LOOP];
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++)
		list[i] = marks->conditions[i] ? &marks->conditions[i]->rule : NULL;
	error = rules_build_marks(&rules, list, ++marks->generation, diag);
	if (!error)
		error = marks_attach(marks, &rules, &memory_fd, links);
	if (error) {
		cleanup_close(&memory_fd);
		cleanup_close(&links[0]);
		cleanup_close(&links[1]);
		return error;
	}
	marks_detach(marks);
	marks->memory_fd = memory_fd;
	memcpy(marks->links, links, sizeof(links));
	return 0;
}

static void marks_set_followed(struct marks *marks)
{
	uint64_t words[WIRE_MARK_WORDS] = {};

	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		if (marks->conditions[i] && marks->conditions[i]->follows)
			words[i / 64] |= 1ULL << i % 64;
	}
	for (uint32_t i = 0; i < WIRE_MARK_WORDS; i++)
		marks->options.followed[i] = words[i];
}

/* ---- what lives already
 * ----------------------------------------------------------------------------- */

struct living {
	struct wire_process_id id, parent;
	uint64_t own[WIRE_MARK_WORDS]; /* by its own names or pid */
	uint64_t all[WIRE_MARK_WORDS]; /* with what it has from its parent */
};

struct living_list {
	struct marks *marks;
	struct living *items; /* owned */
	size_t count, capacity;
};

static bool rule_matches_text(const struct rules_mark *rule, const char *text)
{
	size_t bytes = strlen(text);

	for (size_t i = 0; i < rule->texts_count; i++) {
		const struct span *one = &rule->texts[i];

		if (one->bytes > bytes || (rule->test == TEST_EQUAL && one->bytes != bytes))
			continue;
		if (memcmp(one->data, rule->test == TEST_POSTFIX ? text + bytes - one->bytes : text,
			   one->bytes) == 0)
			return true;
	}
	return false;
}

static bool condition_holds(const struct condition *condition, const struct mark_process *process)
{
	const struct rules_mark *rule = &condition->rule;

	for (size_t i = 0; i < rule->pids_count; i++) {
		if (rule->pids[i].min == process->id.pid)
			return true;
	}
	return rule_matches_text(rule, process->binary) ||
	       rule_matches_text(rule, process->executable);
}

static void living_add(void *context, const struct mark_process *process)
{
	struct living_list *list = context;
	struct living *one;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 256;
		struct living *items = realloc(list->items, capacity * sizeof(*items));

		if (!items)
			return;
		list->items = items;
		list->capacity = capacity;
	}
	one = &list->items[list->count++];
	*one = (struct living){ .id = process->id, .parent = process->parent };
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		const struct condition *condition = list->marks->conditions[i];

		if (condition && condition->is_new && condition_holds(condition, process))
			one->own[i / 64] |= 1ULL << i % 64;
	}
	memcpy(one->all, one->own, sizeof(one->all));
}

static int living_compare(const void *a, const void *b)
{
	const struct living *one = a, *other = b;

	if (one->id.exec_ns != other->id.exec_ns)
		return one->id.exec_ns < other->id.exec_ns ? -1 : 1;
	return (one->id.pid > other->id.pid) - (one->id.pid < other->id.pid);
}

static bool living_inherit(struct living_list *list, struct living *child)
{
	const struct living key = { .id = child->parent };
	const struct living *parent =
		bsearch(&key, list->items, list->count, sizeof(key), living_compare);
	bool has_changed = false;

	for (uint32_t i = 0; parent && i < WIRE_MARK_WORDS; i++) {
		uint64_t more = parent->all[i] & list->marks->options.followed[i] & ~child->all[i];

		has_changed = has_changed || more;
		child->all[i] |= more;
	}
	return has_changed;
}

/* Marks that are new are taken off and put on as they should be; the kernel side does both at once.
 */
static void living_write(struct living_list *list)
{
	struct wire_mark_change change = {};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &change, .ctx_size_in = sizeof(change));

	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		if (list->marks->conditions[i] && list->marks->conditions[i]->is_new)
			change.clear[i / 64] |= 1ULL << i % 64;
	}
	for (size_t i = 0; i < list->count; i++) {
		change.id = list->items[i].id;
		memcpy(change.set, list->items[i].all, sizeof(change.set));
		bpf_prog_test_run_opts(list->marks->set_fd, &run);
	}
}

static void marks_mark_living(struct marks *marks)
{
	struct living_list list = { .marks = marks };
	bool has_changed = true;

	marks->options.processes(marks->options.processes_context, living_add, &list);
	qsort(list.items, list.count, sizeof(*list.items), living_compare);
	while (has_changed) {
		has_changed = false;
		for (size_t i = 0; i < list.count; i++)
			has_changed = living_inherit(&list, &list.items[i]) || has_changed;
	}
	living_write(&list);
	free(list.items);
}

/* ---- life
 * ----------------------------------------------------------------------------------------- */

int marks_update(struct marks *marks, struct diag *diag)
{
	static const struct wire_hook_config nothing;
	int error = 0;

	if (!marks->has_changed)
		return 0;
	if (marks_are_empty(marks)) {
		marks_detach(marks);
	} else {
		if (marks->set_fd < 0)
			marks->set_fd = marks_load(marks, HOOK_TEMPLATE_MARK_SET,
						   BPF_PROG_TYPE_SYSCALL, &nothing, -1);
		error = marks->set_fd < 0 ? marks->set_fd : marks_replace_programs(marks, diag);
	}
	if (error) {
		diag_add(diag, "cannot watch for binaries: %s", strerror(-error));
		return error;
	}
	marks_set_followed(marks);
	/* twice: what was born of an unmarked parent while the first went on is known by the second
	 */
	for (int i = 0; i < 2; i++)
		marks_mark_living(marks);
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		if (marks->conditions[i])
			marks->conditions[i]->is_new = false;
	}
	marks->has_changed = false;
	return 0;
}

int marks_new(struct marks **out, const struct marks_options *options)
{
	struct marks *marks = calloc(1, sizeof(*marks));

	if (!marks)
		return -ENOMEM;
	marks->options = *options;
	marks->memory_fd = marks->set_fd = marks->links[0] = marks->links[1] = -1;
	*out = marks;
	return 0;
}

void marks_free(struct marks *marks)
{
	if (!marks)
		return;
	marks_detach(marks);
	cleanup_close(&marks->set_fd);
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++)
		condition_free(marks->conditions[i]);
	free(marks);
}
