/* SPDX-License-Identifier: Apache-2.0 */
/* Puts rules together: bits, slots, tests, tables, actions, and at last the size. */
#include "policy/rules_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A half of the smallest hook; grows by doubling, so that most changes fit what is there. */
#define HALF_BYTES_MIN 8192u
/* Words of texts, likewise in few steps. */
static const uint16_t text_word_steps[] = { 4, 16, 64, WIRE_TEXT_WORDS_MAX };

void rules_done(struct rules *rules)
{
	buf_done(&rules->memory);
}

/* ---- bits
 * ----------------------------------------------------------------------------------------- */

static int assign_bits(struct rules_builder *builder)
{
	struct wire_hook_config *config = &builder->out->config;
	uint32_t words = 1;

	for (size_t i = 0; i < builder->members_count; i++) {
		struct rules_member *member = &builder->members[i];

		member->first_bit = builder->bits;
		member->bits =
			member->hook->selectors.count ? (uint32_t)member->hook->selectors.count : 1;
		builder->bits += member->bits;
	}
	if (builder->bits > WIRE_SELECTORS_MAX) {
		diag_add(builder->diag,
			 "the policies on one function have %u selectors; the limit is %u",
			 builder->bits, WIRE_SELECTORS_MAX);
		return -ENOSPC;
	}
	while (words * 64 < builder->bits)
		words *= 2;
	if (config->words < words)
		config->words = words;
	builder->vector = calloc(config->words, sizeof(*builder->vector));
	return builder->vector ? 0 : -ENOMEM;
}

/* ---- tables
 * --------------------------------------------------------------------------------------- */

enum table_form {
	FORM_RANGES,
	FORM_WIDE_RANGES,
	FORM_TEXT,
	FORM_MASKS,
	FORM_MARKS,
	FORM_SUBSTRINGS
};

#define HOOK_TABLE(name, text, form) [WIRE_TABLE_##name] = FORM_##form,
static const enum table_form hook_table_forms[WIRE_HOOK_TABLES] = {
#include "wire/hook_tables.def"
};
#undef HOOK_TABLE

#define TASK_TABLE(name, text, form) [WIRE_TASK_##name] = FORM_##form,
static const enum table_form task_table_forms[WIRE_TASK_TABLES] = {
#include "wire/task_tables.def"
};
#undef TASK_TABLE

static struct wire_table table_add(struct rules_builder *builder, const struct rules_tests *tests,
				   enum table_form form, bool is_reversed, uint16_t *words)
{
	struct wire_table table = {};

	switch (form) {
	case FORM_RANGES:
		table.at = rules_add_ranges(builder, tests);
		break;
	case FORM_WIDE_RANGES:
		table.at = rules_add_wide_ranges(builder, tests);
		break;
	case FORM_TEXT:
		table.at = rules_add_text(builder, tests, is_reversed, words);
		break;
	case FORM_MASKS:
		table.at = rules_add_masks(builder, tests);
		break;
	case FORM_MARKS:
		table.at = rules_add_marks(builder, tests);
		break;
	case FORM_SUBSTRINGS:
		table.at = rules_add_substrings(builder, tests);
		break;
	}
	table.absent = rules_add_vector_without(builder, tests);
	if (!table.at)
		builder->failed = true;
	return table;
}

/* A table that the program knows of but no selector asks: it leaves everybody. */
static void add_tables(struct rules_builder *builder, struct wire_rules *head)
{
	struct wire_hook_config *config = &builder->out->config;

	for (uint32_t i = 0; i < WIRE_TASK_TABLES; i++) {
		if (builder->task[i].count)
			config->task_tables |= 1u << i;
		if (config->task_tables & 1u << i)
			head->task[i] = table_add(builder, &builder->task[i], task_table_forms[i],
						  false, NULL);
	}
	for (uint32_t slot = 0; slot < config->values_count; slot++) {
		struct wire_hook_value *value = &config->values[slot];

		for (uint32_t i = 0; i < WIRE_HOOK_TABLES; i++) {
			if (builder->values[slot][i].count)
				value->tables |= 1u << i;
			if (value->tables & 1u << i)
				head->values[slot].tables[i] = table_add(
					builder, &builder->values[slot][i], hook_table_forms[i],
					i == WIRE_TABLE_TEXT_END, &value->text_words);
		}
	}
}

/* ---- the filter by the first component ---------------------------------------------------------
 */

/* The bytes of TEXT that decide; -1: any path may begin like that. */
static int filter_get_length(struct span text)
{
	size_t length = 0;

	if (!text.bytes || text.data[0] != '/')
		return 0; /* no path is like that: it needs no place in the filter */
	while (length < 4 && length + 1 < text.bytes) {
		length++;
		if (text.data[length] == '/')
			break;
	}
	return length ? (int)length : -1;
}

static bool filter_add(struct wire_root_filter *filter, struct span text)
{
	int length = filter_get_length(text);
	uint32_t bytes = 0, bit;

	if (length <= 0)
		return length == 0;
	memcpy(&bytes, text.data + 1, (size_t)length);
	bit = wire_root_filter_bit(bytes, (uint32_t)length);
	filter->lengths |= 1u << length;
	filter->bits[bit / 64] |= 1ULL << bit % 64;
	return true;
}

/* Of a hook on a function with a struct file whose path everybody asks about; else there is none.
 */
static void add_filter(struct rules_builder *builder, struct wire_rules *head)
{
	struct wire_root_filter filter = {};
	const struct rules_tests *tests;
	const struct wire_text *text;
	uint32_t slot = 0;

	while (slot < builder->out->config.values_count &&
	       (builder->out->config.values[slot].type != WIRE_ARG_FILE ||
		builder->out->config.values[slot].from != WIRE_FROM_ARGUMENT))
		slot++;
	if (slot == builder->out->config.values_count ||
	    !builder->values[slot][WIRE_TABLE_TEXT].count)
		return;
	builder->out->config.filtered = builder->out->config.values[slot].index + 1u;
	tests = &builder->values[slot][WIRE_TABLE_TEXT];
	text = rules_at(builder, head->values[slot].tables[WIRE_TABLE_TEXT].at);
	if (text->none)
		return;
	for (size_t i = 0; i < tests->count; i++) {
		for (size_t j = 0; j < tests->items[i].texts_count; j++) {
			if (!filter_add(&filter, tests->items[i].texts[j].text))
				return;
		}
	}
	head->filter = rules_add_bytes(builder, &filter, sizeof(filter));
}

/* Selectors whose events show the value: all of a member that collects it. */
static void add_wanted(struct rules_builder *builder, struct wire_rules *head)
{
	for (uint32_t slot = 0; slot < builder->out->config.values_count; slot++) {
		memset(builder->vector, 0, builder->out->config.words * sizeof(*builder->vector));
		for (size_t i = 0; i < builder->members_count; i++) {
			const struct rules_member *member = &builder->members[i];
			const struct policy_hook *hook = member->hook;
			bool wants = hook->return_argument && member->return_slot == slot;

			for (size_t j = 0; j < hook->values_count; j++)
				wants = wants || member->slots[j] == slot;
			for (uint32_t bit = 0; wants && bit < member->bits; bit++)
				vector_set(builder->vector, member->first_bit + bit, true);
		}
		head->values[slot].wanted = rules_add_vector(builder, builder->vector);
	}
}

/* ---- actions
 * -------------------------------------------------------------------------------------- */

static uint32_t action_get_flags(const struct policy_action *action)
{
	static const uint32_t flags[POLICY_ACTIONS] = {
		[POLICY_ACTION_NO_POST] = WIRE_ACT_NO_POST,
		[POLICY_ACTION_SIGKILL] = WIRE_ACT_SIGNAL,
		[POLICY_ACTION_SIGNAL] = WIRE_ACT_SIGNAL,
		[POLICY_ACTION_OVERRIDE] = WIRE_ACT_OVERRIDE,
		[POLICY_ACTION_TRACK_SOCK] = WIRE_ACT_TRACK,
		[POLICY_ACTION_UNTRACK_SOCK] = WIRE_ACT_UNTRACK,
	};

	return flags[action->facts->kind] | (action->rate_limit_ns ? WIRE_ACT_RATE_LIMIT : 0);
}

static void actions_add(struct wire_actions *out, const struct rules_member *member,
			const struct policy_action *action)
{
	out->flags |= action_get_flags(action);
	switch (action->facts->kind) {
	case POLICY_ACTION_SIGKILL:
		out->signal = 9;
		break;
	case POLICY_ACTION_SIGNAL:
		out->signal = (int32_t)action->signal.value;
		break;
	case POLICY_ACTION_OVERRIDE:
		out->error = (int32_t)action->error.value;
		break;
	case POLICY_ACTION_TRACK_SOCK:
	case POLICY_ACTION_UNTRACK_SOCK:
		out->socket = action->subject ? member->slots[action->subject->position] : 0;
		break;
	case POLICY_ACTION_POST:
		out->rate_ns = action->rate_limit_ns;
		out->rate_scope = action->rate_limit_scope.value < 0
					  ? WIRE_RATE_THREAD
					  : (uint32_t)action->rate_limit_scope.value;
		break;
	default:
		break;
	}
}

static bool hook_waits(const struct policy_hook *hook)
{
	return hook->returns.value || hook->has_return_copy;
}

/* 12 bits for the policy, 10 each for its hook and the selector: whoever shares a number shares a
 * limit. */
static uint32_t selector_get_rate(const struct rules_member *member,
				  const struct policy_selector *selector)
{
	uint32_t number = selector ? (uint32_t)(selector - member->hook->selectors.items) : 0;

	return member->stats << 20 | ((uint32_t)member->hook->number & 1023) << 10 |
	       (number & 1023);
}

static struct wire_selector selector_describe(const struct rules_member *member,
					      const struct policy_selector *selector)
{
	struct wire_selector out = { .last = member->first_bit + member->bits - 1,
				     .stats = member->stats };

	for (size_t i = 0; selector && i < selector->actions.count; i++)
		actions_add(&out.entry, member, &selector->actions.items[i]);
	for (size_t i = 0; selector && i < selector->return_actions.count; i++)
		actions_add(&out.at_return, member, &selector->return_actions.items[i]);
	out.entry.rate = out.at_return.rate = selector_get_rate(member, selector);
	if (hook_waits(member->hook))
		out.entry.flags |= WIRE_ACT_RETURNS;
	if (member->is_monitored) {
		out.entry.flags |= WIRE_ACT_MONITOR;
		out.at_return.flags |= WIRE_ACT_MONITOR;
	}
	return out;
}

/* Whether the kernel side must look at each selector of a member: one of them does more than to
 * post. */
static bool member_acts(const struct wire_selector *selectors, const struct rules_member *member)
{
	for (uint32_t i = 0; i < member->bits; i++) {
		const struct wire_selector *one = &selectors[member->first_bit + i];

		if ((one->entry.flags | one->at_return.flags) & ~WIRE_ACT_MONITOR)
			return true;
	}
	return false;
}

static void config_note_actions(struct wire_hook_config *config,
				const struct wire_selector *selector)
{
	uint32_t flags = selector->entry.flags | selector->at_return.flags;

	if (flags & (WIRE_ACT_TRACK | WIRE_ACT_UNTRACK))
		config->flags |= WIRE_HOOK_SOCKS;
	if (flags & WIRE_ACT_OVERRIDE)
		config->flags |= WIRE_HOOK_OVERRIDE;
	if (flags & WIRE_ACT_RETURNS)
		config->flags |= WIRE_HOOK_RETURNS;
}

static int add_selectors(struct rules_builder *builder, struct wire_rules *head)
{
	struct wire_selector *selectors = calloc(builder->bits + 1, sizeof(*selectors));
	unsigned int acting = 0;

	if (!selectors)
		return -ENOMEM;
	memset(builder->vector, 0, builder->out->config.words * sizeof(*builder->vector));
	for (size_t i = 0; i < builder->members_count; i++) {
		const struct rules_member *member = &builder->members[i];
		bool has_selectors = member->hook->selectors.count != 0;

		for (uint32_t j = 0; j < member->bits; j++) {
			struct wire_selector *one = &selectors[member->first_bit + j];

			*one = selector_describe(
				member, has_selectors ? &member->hook->selectors.items[j] : NULL);
			config_note_actions(&builder->out->config, one);
		}
		acting += member_acts(selectors, member);
		for (uint32_t j = 0; member_acts(selectors, member) && j < member->bits; j++) {
			vector_set(builder->vector, member->first_bit + j, true);
			builder->out->config.flags |= WIRE_HOOK_ACTS;
		}
	}
	head->acts = rules_add_vector(builder, builder->vector);
	head->selectors = rules_add_bytes(builder, selectors, builder->bits * sizeof(*selectors));
	head->selectors_count = builder->bits;
	free(selectors);
	if (acting <= WIRE_ACTING_MAX || builder->out->config.has_bpf_loop)
		return 0;
	diag_add(builder->diag,
		 "%u hooks of policies act on one function; before Linux 5.17 the limit is %u",
		 acting, WIRE_ACTING_MAX);
	return -ENOSPC;
}

/* ---- sizes
 * ---------------------------------------------------------------------------------------- */

static void round_text_words(struct wire_hook_config *config)
{
	for (uint32_t slot = 0; slot < config->values_count; slot++) {
		uint16_t *words = &config->values[slot].text_words;
		size_t step = 0;

		while (*words > text_word_steps[step])
			step++;
		if (*words)
			*words = text_word_steps[step];
	}
}

/* What programs can do on this kernel; see rules_loop() in bpf/lib/rules.h. */
static int check_steps(const struct rules_builder *builder)
{
	const struct wire_hook_config *config = &builder->out->config;

	for (uint32_t slot = 0; !config->has_bpf_loop && slot < config->values_count; slot++) {
		const struct wire_hook_value *value = &config->values[slot];

		if (value->text_words > WIRE_TEXT_WORDS_UNROLLED) {
			diag_add(builder->diag,
				 "texts of more than %d bytes are compared from Linux 5.17 on only",
				 WIRE_TEXT_WORDS_UNROLLED * 8);
			return -ENOSPC;
		}
		if (value->tables & 1u << WIRE_TABLE_SUBSTRING) {
			diag_add(builder->diag,
				 "parts of texts are searched from Linux 5.17 on only");
			return -ENOSPC;
		}
	}
	return 0;
}

/* Bytes that a value takes in a record at the most, with its head. */
static uint32_t value_get_bytes_max(const struct wire_hook_value *value)
{
	enum value_class class = arg_type_get_facts_of((enum arg_type)value->type)->class;

	switch (class) {
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_FILE:
		return WIRE_VALUE_BYTES_MAX + 32;
	case VALUE_UNIX_ADDRESS:
		return 160;
	default:
		return sizeof(struct wire_cred) + 16;
	}
}

static void set_parked_bytes(struct wire_hook_config *config)
{
	uint32_t bytes = config->words * 8;

	if (!(config->flags & WIRE_HOOK_RETURNS))
		return;
	for (uint32_t slot = 0; slot < config->values_count; slot++) {
		if (config->values[slot].from != WIRE_FROM_RETURN &&
		    !(config->values[slot].flags & WIRE_VALUE_LATE))
			bytes += value_get_bytes_max(&config->values[slot]);
	}
	if (bytes > WIRE_VALUES_BYTES_MAX)
		bytes = WIRE_VALUES_BYTES_MAX;
	if (config->parked_bytes < bytes)
		config->parked_bytes = bytes;
}

static uint32_t form_get_use(enum table_form form)
{
	static const uint32_t uses[] = {
		[FORM_RANGES] = WIRE_USES_RANGES, [FORM_WIDE_RANGES] = WIRE_USES_WIDE_RANGES,
		[FORM_TEXT] = WIRE_USES_TEXTS,	  [FORM_MASKS] = WIRE_USES_MASKS,
		[FORM_MARKS] = WIRE_USES_MARKS,	  [FORM_SUBSTRINGS] = WIRE_USES_SUBSTRINGS,
	};

	return uses[form];
}

static uint32_t type_get_use(uint32_t type)
{
	static const uint32_t uses[VALUE_CLASSES] = {
		[VALUE_TEXT] = WIRE_USES_STRINGS,
		[VALUE_BYTES] = WIRE_USES_BUFFERS,
		[VALUE_FILE] = WIRE_USES_FILES,
		[VALUE_SOCKET] = WIRE_USES_NETWORK,
		[VALUE_PACKET] = WIRE_USES_NETWORK,
		[VALUE_ADDRESS] = WIRE_USES_NETWORK,
		[VALUE_UNIX_ADDRESS] = WIRE_USES_NETWORK,
		[VALUE_CREDENTIALS] = WIRE_USES_CREDENTIALS,
		[VALUE_USER_NAMESPACE] = WIRE_USES_CREDENTIALS,
	};

	uint32_t use = uses[arg_type_get_facts_of((enum arg_type)type)->class];

	return use ? use : WIRE_USES_NUMBERS;
}

static void set_uses(struct wire_hook_config *config)
{
	if (config->task_tables)
		config->uses |= WIRE_USES_TASK;
	if (config->flags & WIRE_HOOK_RETURNS)
		config->uses |= WIRE_USES_RETURNS;
	for (uint32_t i = 0; i < WIRE_TASK_TABLES; i++) {
		if (config->task_tables & 1u << i)
			config->uses |= form_get_use(task_table_forms[i]);
	}
	for (uint32_t slot = 0; slot < config->values_count; slot++) {
		config->uses |= type_get_use(config->values[slot].type);
		for (uint32_t i = 0; i < WIRE_HOOK_TABLES; i++) {
			if (config->values[slot].tables & 1u << i)
				config->uses |= form_get_use(hook_table_forms[i]);
		}
	}
}

static void set_half_bytes(struct rules_builder *builder)
{
	uint32_t *half = &builder->out->config.half_bytes;

	if (!*half)
		*half = HALF_BYTES_MIN;
	while (*half < builder->out->memory.bytes)
		*half *= 2; /* up to RULES_BYTES_MAX */
}

/* ---- all of it
 * ------------------------------------------------------------------------------------ */

int rules_build_memory(struct rules_builder *builder, uint32_t generation)
{
	struct wire_rules head = { .generation = generation };
	int error;

	rules_add_bytes(builder, &head, sizeof(head)); /* its room; offset 0 is no table */
	rules_vector_fill(builder, builder->vector);
	head.all = rules_add_vector(builder, builder->vector);
	add_tables(builder, &head);
	if (!builder->failed)
		add_filter(builder, &head);
	add_wanted(builder, &head);
	error = add_selectors(builder, &head);
	if (!error)
		error = rules_get_error(builder);
	if (error)
		return error;
	error = check_steps(builder);
	if (error)
		return error;
	head.bytes = (uint32_t)builder->out->memory.bytes;
	memcpy(builder->out->memory.data, &head, sizeof(head));
	round_text_words(&builder->out->config);
	set_parked_bytes(&builder->out->config);
	set_uses(&builder->out->config);
	set_half_bytes(builder);
	return 0;
}

void rules_builder_done(struct rules_builder *builder)
{
	for (uint32_t i = 0; i < WIRE_TASK_TABLES; i++)
		free(builder->task[i].items);
	for (uint32_t slot = 0; slot < WIRE_HOOK_VALUES_MAX; slot++) {
		for (uint32_t i = 0; i < WIRE_HOOK_TABLES; i++)
			free(builder->values[slot][i].items);
	}
	free(builder->vector);
	free(builder->vectors);
	arena_done(&builder->arena);
}

int rules_build(struct rules *out, struct rules_member *members, size_t count, uint32_t generation,
		const struct rules_world *world, struct diag *diag)
{
	struct rules_builder builder = {
		.out = out,
		.members = members,
		.members_count = count,
		.world = world,
		.diag = diag,
		.lines_before = diag->lines,
	};
	int error;

	buf_reset(&out->memory);
	for (size_t i = 0; i < count; i++) {
		if (members[i].hook->is_syscall)
			out->config.flags |= WIRE_HOOK_SYSCALL;
	}
	error = assign_bits(&builder);
	if (!error)
		error = rules_assign_slots(&builder);
	if (!error)
		error = rules_collect(&builder);
	if (!error)
		error = rules_build_memory(&builder, generation);
	rules_builder_done(&builder);
	return error;
}
