/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * A hook as a sentence: in scope? - read what is still needed - match - act - emit. In: the
 * arguments of the call, as plain numbers in the scratch. Out: a record in the policy ring, an
 * error for the function to return, or nothing.
 */
#pragma once

#include "lib/act.h"
#include "lib/filter.h"

/* ---- the scratch
 * ----------------------------------------------------------------------------------- */

/* A free one of this processor, or NULL: more programs met here than there are levels. */
static __always_inline struct hook_scratch *hook_take_scratch(void)
{
	for (__u32 level = 0; level < WIRE_HOOK_LEVELS; level++) {
		__u32 key = level;
		struct hook_scratch *scratch = bpf_map_lookup_elem(&hook_scratches, &key);

		if (!scratch)
			return NULL;
		if (!__sync_lock_test_and_set(&scratch->busy, 1))
			return scratch;
	}
	return NULL;
}

static __always_inline void hook_give_scratch(struct hook_scratch *scratch)
{
	*(volatile __u32 *)&scratch->busy = 0;
}

static __always_inline void hook_count_loss(enum wire_drop_reason reason)
{
	struct wire_ring_state *state = emit_ring_state(WIRE_RING_POLICY);

	if (!state)
		return;
	__sync_fetch_and_add(&state->sequence, 1);
	emit_drop(state, WIRE_RECORD_HOOK, reason);
}

/* ---- read
 * ------------------------------------------------------------------------------------------- */

static __always_inline bool hook_is_late(__u32 slot)
{
	return hook.values[slot].from == WIRE_FROM_RETURN ||
	       hook.values[slot].flags & WIRE_VALUE_LATE;
}

RULES_FUNCTION void hook_read(struct hook_scratch *scratch, __u32 slot)
{
	const volatile struct wire_hook_value *value;
	struct reading reading = { .scratch = scratch };

	slot &= WIRE_HOOK_VALUES_MAX - 1;
	value = &hook.values[slot];
	reading.slot = slot;
	if (value->from == WIRE_FROM_RETURN)
		reading.argument = scratch->result;
	else if (value->from == WIRE_FROM_TASK)
		reading.argument = bpf_get_current_task();
	else
		reading.argument = scratch->arguments[value->index < 6 ? value->index : 0];
	for (__u32 i = 0; i < WIRE_RESOLVE_STEPS_MAX && i < value->steps_count; i++) {
		reading.argument += value->steps[i].offset;
		if (value->steps[i].is_pointer &&
		    bpf_probe_read_kernel(&reading.argument, 8, (void *)reading.argument)) {
			arg_put_status(&reading, WIRE_VALUE_UNREADABLE);
			return;
		}
	}
	arg_read_value(&reading);
}

/* A path becomes a value of the record; other values are one already. */
RULES_FUNCTION void hook_keep(struct hook_scratch *scratch, __u32 slot)
{
	struct reading reading = { .scratch = scratch };

	reading.slot = slot & (WIRE_HOOK_VALUES_MAX - 1);
	if (arg_is_path(hook.values[reading.slot].type) && !scratch->places[reading.slot])
		arg_keep_path(&reading);
}

/* What selectors that are left show, and what was not needed so far. */
RULES_FUNCTION void hook_read_rest(char *rules, struct hook_scratch *scratch, enum act_stage stage)
{
	for (__u32 slot = 0; slot < WIRE_HOOK_VALUES_MAX && slot < hook.values_count; slot++) {
		const __u32 *wanted;

		if (scratch->places[slot] || (stage == ACT_AT_ENTRY && hook_is_late(slot)))
			continue;
		wanted = rules_get(rules,
				   offsetof(struct wire_rules, values) +
					   slot * sizeof(struct wire_value_rules) +
					   offsetof(struct wire_value_rules, wanted),
				   sizeof(*wanted));
		if (!wanted || !vector_meets(scratch, *wanted))
			continue;
		hook_read(scratch, slot);
		hook_keep(scratch, slot);
	}
}

/* ---- match
 * ------------------------------------------------------------------------------------------ */

/* CapabilitiesGained looks at two values. */
static __always_inline void hook_read_second(struct hook_scratch *scratch, __u32 slot)
{
	__u32 second = hook.values[slot].second & (WIRE_HOOK_VALUES_MAX - 1);

	if (match_has(slot, WIRE_TABLE_GAINED) && !scratch->places[second])
		hook_read(scratch, second);
}

RULES_FUNCTION bool hook_match_values(char *rules, struct hook_scratch *scratch,
				      enum act_stage stage)
{
	for (__u32 i = 0; i < WIRE_HOOK_VALUES_MAX && i < hook.values_count; i++) {
		__u32 slot = hook.order[i] & (WIRE_HOOK_VALUES_MAX - 1);

		if (!hook.values[slot].tables || hook_is_late(slot) != (stage == ACT_AT_RETURN))
			continue;
		if (!scratch->places[slot])
			hook_read(scratch, slot);
		hook_read_second(scratch, slot);
		if (!match_value(rules, scratch, slot))
			return false;
		hook_keep(scratch, slot);
	}
	return true;
}

/* Without any question there is no answer yet: then all are meant. */
static __always_inline bool hook_match_entry(char *rules, struct hook_scratch *scratch)
{
	const struct wire_rules *head = rules_get(rules, 0, sizeof(*head));

	if (!head || (hook.task_tables && !match_task(scratch)) ||
	    !hook_match_values(rules, scratch, ACT_AT_ENTRY))
		return false;
	return scratch->has_alive || vector_and(scratch, head->all);
}

static __always_inline void hook_clear(struct hook_scratch *scratch)
{
	scratch->used = hook.words * 8;
	scratch->has_alive = 0;
	scratch->is_nobody = 0;
	scratch->override_error = 0;
	scratch->record.values = 0;
	for (__u32 i = 0; i < WIRE_HOOK_VALUES_MAX && i < hook.values_count; i++)
		scratch->places[i] = 0;
}

/* ---- emit
 * ------------------------------------------------------------------------------------------- */

static long hook_drop_step(__u32 index, void *context)
{
	struct act_loop *loop = context;
	enum act_turn turn = act_find_next(loop->scratch);
	const struct wire_selector *selector;
	struct wire_policy_stats *stats;

	if (turn != ACT_IS_FOUND)
		return turn == ACT_IS_OVER;
	selector = rules_get(loop->rules,
			     loop->selectors + act_get_bit(loop->scratch) * sizeof(*selector),
			     sizeof(*selector));
	if (!selector)
		return 1;
	act_pass(loop->scratch, selector);
	stats = act_find_stats(selector->stats);
	if (stats)
		stats->dropped++;
	return 0;
}

/* Each policy whose event did not fit learns it; the ring's own count has it already. */
RULES_GLOBAL int hook_count_dropped(struct hook_scratch *scratch)
{
	char *rules = rules_get_base(scratch);

	const struct wire_rules *head = rules_get(rules, 0, sizeof(*head));
	struct act_loop loop = { .scratch = scratch, .rules = rules };

	if (!head || !scratch || !hook.has_bpf_loop)
		return 0;
	loop.selectors = head->selectors;
	scratch->bit = 0;
	bpf_loop(WIRE_SELECTORS_MAX + WIRE_VECTOR_WORDS_MAX, hook_drop_step, &loop, 0);
	return 0;
}

/* A tracked socket says whose call this is. */
static __always_inline bool hook_find_owner(struct hook_scratch *scratch,
					    struct wire_hook_event *record)
{
	for (__u32 slot = 0; slot < WIRE_HOOK_VALUES_MAX && slot < hook.values_count; slot++) {
		__u32 type = hook.values[slot].type;
		const struct tracked_sock *tracked;
		__u64 socket;

		if (type != WIRE_ARG_SOCK && type != WIRE_ARG_SOCKET && type != WIRE_ARG_SKB)
			continue;
		socket = scratch->numbers[slot];
		tracked =
			scratch->places[slot] ? bpf_map_lookup_elem(&tracked_socks, &socket) : NULL;
		if (!tracked)
			continue;
		record->id = tracked->owner;
		record->tid = tracked->tid;
		return true;
	}
	return false;
}

static __always_inline void hook_identify(struct hook_scratch *scratch)
{
	struct wire_hook_event *record = &scratch->record;
	__u64 task = bpf_get_current_pid_tgid();
	const struct wire_process *process;

	if (socks_are_tracked && hook_find_owner(scratch, record)) {
		record->flags |= WIRE_EVENT_OWNER;
		return;
	}
	process = task_find_process(task >> 32);
	record->id.pid = task >> 32;
	record->id.exec_ns = process ? process->exec_ns : 0;
	record->id.pad = 0;
	record->tid = task;
}

RULES_GLOBAL int hook_emit(struct hook_scratch *scratch, __u32 flags)
{
	char *rules = rules_get_base(scratch);

	struct wire_ring_state *state = emit_ring_state(WIRE_RING_POLICY);
	const struct wire_rules *head = rules_get(rules, 0, sizeof(*head));
	struct wire_hook_event *record;
	__u32 used;

	if (!state || !head || !scratch)
		return 0;
	record = &scratch->record;
	used = scratch->used;
	if (used > sizeof(scratch->data))
		used = sizeof(scratch->data);
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++) {
		((__u64 *)scratch->data)[i] = scratch->posting[i];
		scratch->acting[i] = scratch->posting[i];
	}
	record->hook = hook.hook;
	record->generation = head->generation;
	record->flags = flags;
	record->words = hook.words;
	record->pad = 0;
	hook_identify(scratch);
	emit_header(state, &record->header, WIRE_RECORD_HOOK, sizeof(*record) + used);
	/* another program may interrupt this one, and takes the next number then */
	record->header.sequence = __sync_fetch_and_add(&state->sequence, 1) + 1;
	if (!bpf_ringbuf_output(&policy_ring, record, sizeof(*record) + used, emit_wakeup_flags()))
		return 0;
	emit_drop(state, WIRE_RECORD_HOOK, WIRE_DROP_RING_FULL);
	hook_count_dropped(scratch);
	return 0;
}

/* ---- what waits for the return
 * ------------------------------------------------------------------------ */

static __always_inline bool hook_any(const __u64 *vector)
{
	__u64 any = 0;

	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		any |= vector[i];
	return any != 0;
}

RULES_GLOBAL int hook_park(struct hook_scratch *scratch)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_parked_call *parked;
	__u32 used;

	if (!rules_use(WIRE_USES_RETURNS))
		return 0;
	if (!scratch)
		return 0;
	used = scratch->used;
	if (used > hook.parked_bytes)
		goto lost;
	parked = bpf_task_storage_get(&hook_parked, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!parked)
		goto lost;
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		parked->vector[i] = scratch->parking[i];
	for (__u32 i = 0; i < 6; i++)
		parked->arguments[i] = scratch->arguments[i];
	for (__u32 i = 0; i < WIRE_HOOK_VALUES_MAX && i < hook.values_count; i++) {
		parked->numbers[i] = scratch->numbers[i];
		parked->places[i] = scratch->places[i];
	}
	parked->used = used;
	parked->values = scratch->record.values;
	bpf_probe_read_kernel(parked->data, used, scratch->data);
	return 0;
lost:
	hook_count_loss(WIRE_DROP_NOT_PARKED);
	return 0;
}

/* False: the entry of this call parked nothing. */
RULES_GLOBAL int hook_unpark(struct hook_scratch *scratch)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_parked_call *parked = bpf_task_storage_get(&hook_parked, task, NULL, 0);
	__u32 used;

	if (!rules_use(WIRE_USES_RETURNS))
		return 0;
	if (!parked || !scratch)
		return false;
	used = parked->used;
	if (used > hook.parked_bytes || used > sizeof(scratch->data))
		return false;
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		scratch->alive[i] = parked->vector[i];
	for (__u32 i = 0; i < 6; i++)
		scratch->arguments[i] = parked->arguments[i];
	for (__u32 i = 0; i < WIRE_HOOK_VALUES_MAX && i < hook.values_count; i++) {
		scratch->numbers[i] = parked->numbers[i];
		scratch->places[i] = parked->places[i];
		scratch->statuses[i] = WIRE_VALUE_OK;
	}
	scratch->has_alive = 1;
	scratch->is_nobody = 0;
	scratch->used = used;
	scratch->record.values = parked->values;
	scratch->override_error = 0;
	bpf_probe_read_kernel(scratch->data, used, parked->data);
	bpf_task_storage_delete(&hook_parked, task);
	return true;
}

/* ---- the two moments of a call
 * -------------------------------------------------------------------------- */

static __always_inline void hook_at_entry(char *rules, struct hook_scratch *scratch)
{
	hook_clear(scratch);
	if (!hook_match_entry(rules, scratch))
		return;
	hook_read_rest(rules, scratch, ACT_AT_ENTRY);
	if (!act_on_matches(scratch, ACT_AT_ENTRY))
		return;
	if (hook.flags & WIRE_HOOK_RETURNS && hook_any(scratch->parking))
		hook_park(scratch);
	if (hook_any(scratch->posting))
		hook_emit(scratch, 0);
}

static __always_inline void hook_at_return(char *rules, struct hook_scratch *scratch)
{
	if (!hook_unpark(scratch) || !hook_match_values(rules, scratch, ACT_AT_RETURN))
		return;
	hook_read_rest(rules, scratch, ACT_AT_RETURN);
	if (act_on_matches(scratch, ACT_AT_RETURN) && hook_any(scratch->posting))
		hook_emit(scratch, WIRE_EVENT_AT_RETURN);
}
