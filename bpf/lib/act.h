/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Actions: the selectors that matched -> what is done, and which of them are told. Of several
 * selectors of one policy the first acts. Selectors that only post have no row here and are not
 * looked at one by one.
 */
#pragma once

#include "lib/emit.h"
#include "lib/match_task.h"

enum act_stage { ACT_AT_ENTRY, ACT_AT_RETURN };
enum act_turn { ACT_IS_OVER, ACT_GOES_ON, ACT_IS_FOUND };

static __always_inline struct wire_policy_stats *act_find_stats(__u32 policy)
{
	return bpf_map_lookup_elem(&policy_stats, &policy);
}

/* ---- rate limits
 * ---------------------------------------------------------------------------------- */

/* The first bytes of each value count (upstream's bound), so that equal calls have one key. */
#define RATE_VALUE_BYTES 40

static __always_inline __u64 rate_hash_values(struct hook_scratch *scratch)
{
	__u64 hash = WIRE_TEXT_HASH_A ^ hook.hook;

	for (__u32 slot = 0; slot < WIRE_HOOK_VALUES_MAX && slot < hook.values_count; slot++) {
		__u32 place = scratch->places[slot];
		const struct wire_value *value;

		if (!place || place > WIRE_VALUES_BYTES_MAX)
			continue;
		value = (const struct wire_value *)(scratch->data + place);
		for (__u32 i = 0; i < RATE_VALUE_BYTES && i < value->bytes; i += 8) {
			__u64 word = *(const __u64 *)((const char *)(value + 1) + i) &
				     text_mask(value->bytes - i);

			hash = (hash ^ word) * WIRE_TEXT_HASH_B;
			hash ^= hash >> 29;
		}
	}
	return hash;
}

/* Whether an equal event was told within the interval. */
static __always_inline bool rate_is_limited(struct hook_scratch *scratch,
					    const struct wire_actions *actions)
{
	__u64 now = bpf_ktime_get_boot_ns(), task = bpf_get_current_pid_tgid();
	struct rate_key key = {
		.values = rate_hash_values(scratch),
		.rate = actions->rate,
	};
	const __u64 *last;

	if (actions->rate_scope == WIRE_RATE_THREAD)
		key.scope = task;
	else if (actions->rate_scope == WIRE_RATE_PROCESS)
		key.scope = task >> 32;
	last = bpf_map_lookup_elem(&rates, &key);
	if (last && now - *last < actions->rate_ns)
		return true;
	bpf_map_update_elem(&rates, &key, &now, BPF_ANY);
	return false;
}

/* ---- one selector
 * --------------------------------------------------------------------------------- */

static __always_inline void act_on_socket(struct hook_scratch *scratch,
					  const struct wire_actions *actions)
{
	__u64 socket = scratch->numbers[actions->socket & (WIRE_HOOK_VALUES_MAX - 1)];
	__u64 task = bpf_get_current_pid_tgid();
	const struct wire_process *process;
	struct tracked_sock tracked = {};

	if (actions->flags & WIRE_ACT_UNTRACK) {
		bpf_map_delete_elem(&tracked_socks, &socket);
		return;
	}
	process = task_find_process(task >> 32);
	tracked.owner.pid = task >> 32;
	tracked.owner.exec_ns = process ? process->exec_ns : 0;
	tracked.tid = task;
	bpf_map_update_elem(&tracked_socks, &socket, &tracked, BPF_ANY);
}

static __always_inline void act_enforce(struct hook_scratch *scratch,
					const struct wire_actions *actions,
					struct wire_policy_stats *stats)
{
	if (actions->flags & WIRE_ACT_MONITOR) {
		stats->would_enforce++;
		return;
	}
	stats->enforced++;
	if (actions->flags & WIRE_ACT_SIGNAL)
		bpf_send_signal(actions->signal);
	if (hook.flags & WIRE_HOOK_OVERRIDE && actions->flags & WIRE_ACT_OVERRIDE)
		scratch->override_error = actions->error;
}

/* True: the event is told (now, or at the return). */
static __always_inline bool act_run(struct hook_scratch *scratch,
				    const struct wire_actions *actions,
				    struct wire_policy_stats *stats)
{
	if (actions->flags & (WIRE_ACT_SIGNAL | WIRE_ACT_OVERRIDE))
		act_enforce(scratch, actions, stats);
	if (hook.flags & WIRE_HOOK_SOCKS && actions->flags & (WIRE_ACT_TRACK | WIRE_ACT_UNTRACK))
		act_on_socket(scratch, actions);
	if (actions->flags & WIRE_ACT_NO_POST)
		return false;
	if (actions->flags & WIRE_ACT_RATE_LIMIT && rate_is_limited(scratch, actions)) {
		stats->rate_limited++;
		return false;
	}
	return true;
}

/* ---- all selectors
 * -------------------------------------------------------------------------------- */

struct act_loop {
	struct hook_scratch *scratch;
	char *rules;
	__u32 selectors, stage;
};

/*
 * The next of the acting selectors, from the one at the cursor (scratch->bit) on: ACT_GOES_ON if
 * there is none in this word, and then the cursor stands at the next one; ACT_IS_OVER behind the
 * last. One word in a step: a search in all of them is verified for each place that it can end at.
 */
static __always_inline enum act_turn act_find_next(struct hook_scratch *scratch)
{
	__u32 bit = *(volatile __u32 *)&scratch->bit;
	__u64 bits;

	if (bit >= WIRE_SELECTORS_MAX || bit >= hook.words * 64)
		return ACT_IS_OVER;
	bits = scratch->acting[bit / 64] >> (bit & 63);
	scratch->bit = bits ? bit + bit_find_lowest(bits) : (bit | 63) + 1;
	return bits ? ACT_IS_FOUND : ACT_GOES_ON;
}

/* Where the cursor stands; opaque to the verifier, so that it follows one path. */
static __always_inline __u32 act_get_bit(const struct hook_scratch *scratch)
{
	return *(const volatile __u32 *)&scratch->bit;
}

/* The policy whose selector stands at the cursor has acted: its further ones do not. */
static __always_inline void act_pass(struct hook_scratch *scratch,
				     const struct wire_selector *selector)
{
	__u32 bit = act_get_bit(scratch);

	scratch->bit = (selector->last > bit ? selector->last : bit) + 1;
}

RULES_STEP act_step(__u32 index, void *context)
{
	struct act_loop *loop = context;
	struct hook_scratch *scratch = loop->scratch;
	enum act_turn turn = act_find_next(scratch);
	const struct wire_selector *selector;
	struct wire_policy_stats *stats;
	bool is_told, is_at_return = loop->stage == ACT_AT_RETURN;
	__u32 bit;

	if (turn != ACT_IS_FOUND)
		return turn == ACT_IS_OVER;
	bit = act_get_bit(scratch);
	selector = rules_get(loop->rules, loop->selectors + bit * sizeof(*selector),
			     sizeof(*selector));
	stats = selector ? act_find_stats(selector->stats) : NULL;
	if (!stats)
		return 1;
	if (!is_at_return)
		stats->matched++;
	is_told = act_run(scratch, is_at_return ? &selector->at_return : &selector->entry, stats);
	bit = act_get_bit(scratch);
	act_pass(scratch, selector);
	if (!is_told || bit >= WIRE_SELECTORS_MAX)
		return 0;
	if (!is_at_return && hook.flags & WIRE_HOOK_RETURNS &&
	    selector->entry.flags & WIRE_ACT_RETURNS)
		scratch->parking[bit / 64] |= 1ULL << (bit & 63);
	else
		scratch->posting[bit / 64] |= 1ULL << (bit & 63);
	return 0;
}

/* From `alive` to `posting` and `parking`. True: something is to be told. */
RULES_GLOBAL int act_on_matches(struct hook_scratch *scratch, enum act_stage stage)
{
	char *rules = rules_get_base(scratch);
	const struct wire_rules *head = rules_get(rules, 0, sizeof(*head));
	const __u64 *acts = head ? vector_get(rules, head->acts, hook.words) : NULL;
	struct act_loop loop = { .scratch = scratch, .rules = rules, .stage = stage };
	__u64 any = 0;

	if (!head || !scratch)
		return false;
	loop.selectors = head->selectors;
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++) {
		scratch->acting[i] = acts ? scratch->alive[i] & acts[i] : 0;
		scratch->posting[i] = scratch->alive[i] & ~scratch->acting[i];
		scratch->parking[i] = 0;
		any |= scratch->acting[i];
	}
	if (!(hook.flags & WIRE_HOOK_ACTS) || !any)
		return true;
	scratch->bit = 0;
	rules_loop(WIRE_SELECTORS_MAX + WIRE_VECTOR_WORDS_MAX,
		   WIRE_ACTING_MAX + WIRE_VECTOR_WORDS_MAX, act_step, &loop);
	any = 0;
	for (__u32 i = 0; i < WIRE_VECTOR_WORDS_MAX && i < hook.words; i++)
		any |= scratch->posting[i] | scratch->parking[i];
	return any != 0;
}
