/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Tests of the process that calls: who it is, where it lives, what it may do. See lib/match.h. */
#pragma once

#include "lib/match.h"

static __always_inline bool task_has(enum wire_task_table table)
{
	return hook.task_tables & 1U << table;
}

static __always_inline const struct wire_table *task_get_table(char *rules,
							       enum wire_task_table table)
{
	return rules_get(rules,
			 offsetof(struct wire_rules, task) + table * sizeof(struct wire_table),
			 sizeof(struct wire_table));
}

static __always_inline bool task_match_ranges(char *rules, struct hook_scratch *scratch,
					      enum wire_task_table table, __u64 value)
{
	const struct wire_table *where = task_get_table(rules, table);

	return where && vector_and(scratch, ranges_find(scratch, where->at, value));
}

static __always_inline bool task_match_masks(char *rules, struct hook_scratch *scratch,
					     enum wire_task_table table, __u64 value)
{
	const struct wire_table *where = task_get_table(rules, table);

	const struct mask_values values = { { value, value, value } };

	return where && masks_apply(scratch, where->at, &values, true);
}

/* ---- marks
 * --------------------------------------------------------------------------------------- */

/* By a de Bruijn sequence: no branches, so that the verifier learns nothing and follows one path.
 */
static const __u8 bit_places[64] = {
	0,  1,	2,  53, 3,  7,	54, 27, 4,  38, 41, 8,	34, 55, 48, 28, 62, 5,	39, 46, 44, 42,
	22, 9,	24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21,
	23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
};

static __always_inline __u32 bit_find_lowest(__u64 word)
{
	return bit_places[(word & -word) * 0x022fdd63cc95386dULL >> 58];
}

/* One mark that the process has: its selectors may go on, those that forbid it may not. */
RULES_GLOBAL int mark_apply(struct hook_scratch *scratch, __u32 table, __u32 number)
{
	char *rules = rules_get_base(scratch);
	const struct wire_marks *marks = rules_get(rules, table, sizeof(*marks));
	const __u32 *at = marks ? rules_get(rules, marks->marks + number * 4, 4) : NULL;
	const struct wire_mark *mark = at && *at ? rules_get(rules, *at, sizeof(*mark)) : NULL;
	const __u64 *with, *without;

	if (!rules_use(WIRE_USES_MARKS))
		return 0;
	if (!mark || !scratch)
		return 0;
	with = vector_get(rules, mark->with, hook.words);
	without = vector_get(rules, mark->without, hook.words);
	for (__u32 i = 0; with && i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		scratch->posting[i] |= with[i];
	for (__u32 i = 0; without && i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		scratch->alive[i] &= ~without[i];
	return 0;
}

static __always_inline bool mark_is_set(const struct wire_process *process, __u32 number)
{
	return process->marks[number / 64 & (WIRE_MARK_WORDS - 1)] >> (number & 63) & 1;
}

struct mark_search {
	struct hook_scratch *scratch;
	char *rules;
	const struct wire_process *process; /* NULL: it is not known, and has no marks */
	__u32 table;
	__u32 rows, count;
	__u32 pad;
};

/* Conditions beyond the first of a selector. */
RULES_STEP mark_row_step(__u32 index, void *context)
{
	const struct mark_search *search = context;
	const struct wire_mark_row *row;

	if (index >= search->count)
		return 1;
	row = rules_get(search->rules, search->rows + index * sizeof(*row), sizeof(*row));
	if (!row)
		return 1;
	if ((search->process && mark_is_set(search->process, row->mark)) != !!row->is_negated)
		return 0;
	return vector_ends(search->scratch, row->failing);
}

/* The next mark that the process has and the rules ask about, or the next word of them. */
RULES_STEP mark_step(__u32 index, void *context)
{
	const struct mark_search *search = context;
	struct hook_scratch *scratch = search->scratch;
	const struct wire_marks *marks = rules_get(search->rules, search->table, sizeof(*marks));
	__u64 bits = scratch->marks.bits;
	__u32 word = scratch->marks.word;

	if (!marks || !search->process)
		return 1;
	if (!bits) {
		if (word >= WIRE_MARK_WORDS)
			return 1;
		scratch->marks.bits = search->process->marks[word] & marks->relevant[word];
		scratch->marks.word = word + 1;
		return 0;
	}
	mark_apply(scratch, search->table, (word - 1) * 64 + bit_find_lowest(bits));
	scratch->marks.bits = bits & (bits - 1);
	return 0;
}

/* posting collects what the marks want; it is empty before and of no meaning afterwards. */
static __always_inline void marks_collect(const struct mark_search *search, __u32 free)
{
	struct hook_scratch *scratch = search->scratch;
	const __u64 *vector;

	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		scratch->posting[i] = 0;
	scratch->marks.bits = 0;
	scratch->marks.word = 0;
	rules_loop(WIRE_MARKS_MAX + WIRE_MARK_WORDS, WIRE_MARKS_UNROLLED + WIRE_MARK_WORDS,
		   mark_step, (void *)search);
	vector = vector_get(search->rules, free, hook.words);
	for (__u32 i = 0; vector && i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		scratch->posting[i] |= vector[i];
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		scratch->alive[i] &= scratch->posting[i];
}

RULES_GLOBAL int task_match_marks(struct hook_scratch *scratch, const struct wire_process *process)
{
	char *rules = rules_get_base(scratch);
	const struct wire_table *where = task_get_table(rules, WIRE_TASK_MARKS);
	const struct wire_marks *marks = where ? rules_get(rules, where->at, sizeof(*marks)) : NULL;
	struct mark_search search = { .scratch = scratch, .rules = rules, .process = process };
	__u64 any = 0;

	if (!rules_use(WIRE_USES_MARKS))
		return 0;
	if (!marks || !scratch)
		return false;
	search.table = where->at;
	search.rows = marks->rows;
	search.count = marks->rows_count;
	for (__u32 i = 0; process && i < WIRE_MARK_WORDS; i++)
		any |= process->marks[i] & marks->relevant[i];
	if (any && !scratch->has_alive)
		vector_and_words(scratch, ((const struct wire_rules *)rules)->all);
	if (any)
		marks_collect(&search, marks->free);
	else
		vector_and(scratch, marks->none);
	if (search.count)
		rules_loop(WIRE_MASKS_MAX, WIRE_MASKS_MAX, mark_row_step, &search);
	return !vector_is_empty(scratch);
}

/* ---- capabilities, and what changed
 * --------------------------------------------------------------- */

static __always_inline void task_read_capability_sets(struct task_struct *task,
						      struct mask_values *out)
{
	const struct cred *cred = task->cred;

	out->sets[WIRE_CAPABILITIES_EFFECTIVE] = task_read_capabilities(&cred->cap_effective);
	out->sets[WIRE_CAPABILITIES_INHERITABLE] = task_read_capabilities(&cred->cap_inheritable);
	out->sets[WIRE_CAPABILITIES_PERMITTED] = task_read_capabilities(&cred->cap_permitted);
}

/* SETS: three of them, by enum wire_capability_set. */
static __always_inline bool task_match_capabilities(char *rules, struct hook_scratch *scratch,
						    const struct mask_values *sets,
						    bool in_user_namespace,
						    enum wire_task_table table)
{
	const struct wire_table *where = task_get_table(rules, table);

	return where && masks_apply(scratch, where->at, sets, in_user_namespace);
}

/* A function of its own for its stack: before 6.2 a map takes values from the stack and from other
 * maps only. */
RULES_GLOBAL int baseline_store(struct hook_scratch *scratch, __u32 pid)
{
	struct baseline now;

	if (!scratch || !rules_use(WIRE_USES_TASK))
		return 0;
	now = scratch->now;
	return bpf_map_update_elem(&baselines, &pid, &now, BPF_ANY);
}

/*
 * Against what a process had at its last execve (hook_note_exec), what its parent had at the fork
 * (hook_note_fork), or what it had when it was first looked at, if it is older than the policy. A
 * change is told once: the baseline follows.
 */
static __always_inline bool task_match_changes(char *rules, struct hook_scratch *scratch,
					       struct task_struct *task, __u64 exec_ns)
{
	struct baseline *now = &scratch->now;
	__u32 pid = task->tgid;
	struct baseline *before = bpf_map_lookup_elem(&baselines, &pid);
	struct mask_values changed = {};
	__u64 spaces = 0;
	bool is_alive = true;

	now->exec_ns = exec_ns;
	task_read_namespaces(task, now->namespaces);
	if (before && before->exec_ns == exec_ns) {
		for (int i = 0; i < WIRE_NAMESPACES; i++)
			spaces |= (__u64)(before->namespaces[i] != now->namespaces[i]) << i;
		for (int i = 0; i < 3; i++)
			changed.sets[i] = before->capabilities.sets[i] ^ now->capabilities.sets[i];
	}
	if (task_has(WIRE_TASK_NS_CHANGE))
		is_alive = task_match_masks(rules, scratch, WIRE_TASK_NS_CHANGE, spaces);
	if (is_alive && task_has(WIRE_TASK_CAPABILITY_CHANGE))
		is_alive = task_match_capabilities(rules, scratch, &changed,
						   task->cred->user_ns->level > 0,
						   WIRE_TASK_CAPABILITY_CHANGE);
	if (!before || before->exec_ns != exec_ns || is_alive)
		baseline_store(scratch, pid);
	return is_alive;
}

/* ---- all of it
 * ------------------------------------------------------------------------------------ */

static __always_inline __u32 task_find_workload(struct task_struct *task)
{
	__u64 cgroup = task->cgroups->dfl_cgrp->kn->id;
	const __u32 *workload = bpf_map_lookup_elem(&workloads, &cgroup);

	return workload ? *workload : 0;
}

#define TASK_NAMESPACE_TABLES ((1U << (WIRE_TASK_NS_USER + 1)) - (1U << WIRE_TASK_NS_UTS))

static __always_inline bool task_match_namespaces(char *rules, struct hook_scratch *scratch,
						  struct task_struct *task)
{
	const __u32 *inodes = scratch->now.namespaces;

	task_read_namespaces(task, scratch->now.namespaces);
	for (__u32 i = 0; i < WIRE_NAMESPACES; i++) {
		if (task_has(WIRE_TASK_NS_UTS + i) &&
		    !task_match_ranges(rules, scratch, WIRE_TASK_NS_UTS + i, inodes[i]))
			return false;
	}
	return true;
}

static __always_inline bool task_match_powers(char *rules, struct hook_scratch *scratch,
					      struct task_struct *task,
					      const struct wire_process *process)
{
	task_read_capability_sets(task, &scratch->now.capabilities);
	if (task_has(WIRE_TASK_CAPABILITIES) &&
	    !task_match_capabilities(rules, scratch, &scratch->now.capabilities,
				     task->cred->user_ns->level > 0, WIRE_TASK_CAPABILITIES))
		return false;
	if (!task_has(WIRE_TASK_NS_CHANGE) && !task_has(WIRE_TASK_CAPABILITY_CHANGE))
		return true;
	return task_match_changes(rules, scratch, task, process ? process->exec_ns : 0);
}

/* Everything that the hook asks of the process; the cheap questions first. */
RULES_GLOBAL int match_task(struct hook_scratch *scratch)
{
	char *rules = rules_get_base(scratch);
	struct task_struct *task = bpf_get_current_task_btf();
	const struct wire_process *process = NULL;

	if (!rules_use(WIRE_USES_TASK))
		return 0;
	if (!scratch || !rules)
		return false;
	if (task_has(WIRE_TASK_PID) &&
	    !task_match_ranges(rules, scratch, WIRE_TASK_PID, task->tgid))
		return false;
	if (task_has(WIRE_TASK_WORKLOAD) &&
	    !task_match_ranges(rules, scratch, WIRE_TASK_WORKLOAD, task_find_workload(task)))
		return false;
	if (task_has(WIRE_TASK_MARKS) || task_has(WIRE_TASK_NS_CHANGE) ||
	    task_has(WIRE_TASK_CAPABILITY_CHANGE))
		process = task_find_process(task->tgid);
	if (task_has(WIRE_TASK_MARKS) && !task_match_marks(scratch, process))
		return false;
	if (task_has(WIRE_TASK_NAMESPACE_PID) &&
	    !task_match_ranges(rules, scratch, WIRE_TASK_NAMESPACE_PID, task_namespace_pid(task)))
		return false;
	if (hook.task_tables & TASK_NAMESPACE_TABLES &&
	    !task_match_namespaces(rules, scratch, task))
		return false;
	if (!task_has(WIRE_TASK_CAPABILITIES) && !task_has(WIRE_TASK_NS_CHANGE) &&
	    !task_has(WIRE_TASK_CAPABILITY_CHANGE))
		return true;
	return task_match_powers(rules, scratch, task, process);
}
