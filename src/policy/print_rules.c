/* SPDX-License-Identifier: Apache-2.0 */
/* The head of the rules: selectors, values, actions, sizes. Tables are print_tables.c's. */
#include "policy/print_rules.h"

#include "policy/printer.h"
#include "policy/rules_printer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct flag {
	uint32_t bit;
	const char *name;
};

static void print_flags(struct buf *out, const char *separator, const struct flag *flags,
			size_t count, uint32_t value)
{
	for (size_t i = 0; i < count; i++) {
		if (value & flags[i].bit)
			buf_add_format(out, "%s%s", separator, flags[i].name);
	}
}

/* ---- selectors --------------------------------------------------------------------------------
 */

static void print_actions(struct buf *out, const struct wire_actions *actions)
{
	static const char *const scopes[] = {
		[WIRE_RATE_THREAD] = "thread",
		[WIRE_RATE_PROCESS] = "process",
		[WIRE_RATE_GLOBAL] = "hook",
	};
	uint32_t flags = actions->flags;

	buf_add_text(out, flags & WIRE_ACT_NO_POST ? "no post" : "post");
	if (flags & WIRE_ACT_RATE_LIMIT)
		buf_add_format(out, " at most every %llu ns per %s",
			       (unsigned long long)actions->rate_ns,
			       actions->rate_scope < COUNT(scopes) ? scopes[actions->rate_scope]
								   : "unknown");
	if (flags & WIRE_ACT_SIGNAL)
		buf_add_format(out, ", signal %d", actions->signal);
	if (flags & WIRE_ACT_OVERRIDE)
		buf_add_format(out, ", override %d", actions->error);
	if (flags & WIRE_ACT_TRACK)
		buf_add_format(out, ", track slot %u", actions->socket);
	if (flags & WIRE_ACT_UNTRACK)
		buf_add_format(out, ", untrack slot %u", actions->socket);
	if (flags & WIRE_ACT_MONITOR)
		buf_add_text(out, ", only counted");
}

static void print_selector_name(struct buf *out, const struct policy_hook *hook, uint32_t number)
{
	const struct policy_selector *selector;

	buf_add_format(out, "%s %zu", section_facts[hook->section].one, hook->number);
	if (!hook->selectors.count) {
		buf_add_text(out, ", every call");
		return;
	}
	selector = &hook->selectors.items[number];
	buf_add_format(out, ", selector %zu", selector->number);
	if (selector->label.bytes) {
		buf_add_char(out, ' ');
		print_text(out, &selector->label);
	}
}

static void print_selectors(struct rules_printer *printer, const struct wire_rules *head,
			    const struct rules_member *member)
{
	const struct wire_selector *selectors = rules_view_get(
		&printer->view, head->selectors, head->selectors_count * sizeof(*selectors));

	for (uint32_t i = 0; selectors && i < member->bits; i++) {
		uint32_t bit = member->first_bit + i;
		const struct wire_selector *one = &selectors[bit];

		buf_add_format(printer->out, "    %u: ", bit);
		print_selector_name(printer->out, member->hook, i);
		buf_add_text(printer->out, ": ");
		print_actions(printer->out, &one->entry);
		if (one->entry.flags & WIRE_ACT_RETURNS) {
			buf_add_text(printer->out, ", at the return ");
			print_actions(printer->out, &one->at_return);
		}
		if (one->last > bit)
			buf_add_format(printer->out, "; else up to %u", one->last);
		if (rules_view_has(&printer->view, head->acts, bit))
			buf_add_text(printer->out, "; looked at");
		buf_add_char(printer->out, '\n');
	}
}

/* ---- values -----------------------------------------------------------------------------------
 */

static void print_value(struct buf *out, uint32_t slot, const struct wire_hook_value *value)
{
	static const struct flag flags[] = {
		{ WIRE_VALUE_USER, "in user memory" },
		{ WIRE_VALUE_LATE, "read at the return" },
		{ WIRE_VALUE_SIGNED, "signed" },
	};

	buf_add_format(out, "  slot %u: %s", slot,
		       arg_type_get_facts_of((enum arg_type)value->type)->name);
	if (value->from == WIRE_FROM_RETURN)
		buf_add_text(out, ", what is returned");
	else
		buf_add_format(out, "%s %u",
			       value->from == WIRE_FROM_TASK ? ", of the task" : ", argument",
			       value->index);
	if (value->size_from)
		buf_add_format(out, ", size in argument %u", value->size_from - 1);
	print_flags(out, ", ", flags, COUNT(flags), value->flags);
	if (value->text_words)
		buf_add_format(out, ", %u words of text", value->text_words);
}

static void print_slot(struct rules_printer *printer, const struct wire_rules *head, uint32_t slot)
{
	const struct wire_hook_value *value = &printer->view.config->values[slot];
	const struct wire_value_rules *rules = &head->values[slot];

	print_value(printer->out, slot, value);
	buf_add_text(printer->out, ", shown by ");
	print_vector(printer, rules->wanted);
	buf_add_char(printer->out, '\n');
	for (uint32_t table = 0; table < WIRE_HOOK_TABLES; table++) {
		if (value->tables >> table & 1)
			print_value_table(printer, value, table, &rules->tables[table]);
	}
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void print_program(const struct wire_hook_config *config, struct buf *out)
{
	static const struct flag flags[] = {
		{ WIRE_HOOK_SYSCALL, "system call" },
		{ WIRE_HOOK_RETURNS, "returns" },
		{ WIRE_HOOK_ACTS, "acts" },
		{ WIRE_HOOK_OVERRIDE, "overrides" },
		{ WIRE_HOOK_SOCKS, "tracks sockets" },
	};
	static const struct flag uses[] = {
		{ WIRE_USES_RANGES, "ranges" },
		{ WIRE_USES_WIDE_RANGES, "wide ranges" },
		{ WIRE_USES_TEXTS, "texts" },
		{ WIRE_USES_MASKS, "masks" },
		{ WIRE_USES_SUBSTRINGS, "substrings" },
		{ WIRE_USES_MARKS, "marks" },
		{ WIRE_USES_TASK, "task" },
		{ WIRE_USES_RETURNS, "returns" },
		{ WIRE_USES_MARKING, "marking" },
		{ WIRE_USES_FILES, "files" },
		{ WIRE_USES_NETWORK, "network" },
		{ WIRE_USES_CREDENTIALS, "credentials" },
		{ WIRE_USES_BUFFERS, "buffers" },
		{ WIRE_USES_NUMBERS, "numbers" },
		{ WIRE_USES_STRINGS, "strings" },
	};

	buf_add_text(out, "  program:");
	print_flags(out, " ", flags, COUNT(flags), config->flags);
	if (config->uses)
		buf_add_text(out, config->flags ? "; uses" : " uses");
	else if (!config->flags)
		buf_add_text(out, " plain");
	print_flags(out, " ", uses, COUNT(uses), config->uses);
	if (config->values_count > 1) {
		buf_add_text(out, "; slots in the order");
		for (uint32_t i = 0; i < config->values_count; i++)
			buf_add_format(out, " %u", config->order[i]);
	}
	buf_add_char(out, '\n');
}

static void print_sizes(const struct wire_hook_config *config, const struct wire_rules *head,
			struct buf *out)
{
	buf_add_format(out, "  size: %u of %u bytes, vectors of %u word%s", head->bytes,
		       config->half_bytes, config->words, config->words == 1 ? "" : "s");
	if (config->parked_bytes)
		buf_add_format(out, ", %u bytes wait for the return", config->parked_bytes);
	buf_add_char(out, '\n');
}

void print_rules(const struct rules *rules, const struct rules_member *members, size_t count,
		 const struct plan_world *world, struct buf *out)
{
	struct rules_printer printer = {
		.view = { &rules->config, rules->memory.data, rules->memory.bytes, false },
		.world = world,
		.out = out,
	};
	const struct wire_rules *head = rules_view_get(&printer.view, 0, sizeof(*head));

	if (!head)
		return;
	buf_add_text(out, "  selectors ");
	print_vector(&printer, head->all);
	buf_add_char(out, '\n');
	for (size_t i = 0; i < count; i++)
		print_selectors(&printer, head, &members[i]);
	if (rules->config.task_tables)
		buf_add_text(out, "  process\n");
	for (uint32_t i = 0; i < WIRE_TASK_TABLES; i++) {
		if (rules->config.task_tables >> i & 1)
			print_task_table(&printer, i, &head->task[i]);
	}
	for (uint32_t slot = 0; slot < rules->config.values_count; slot++)
		print_slot(&printer, head, slot);
	print_program(&rules->config, out);
	print_sizes(&rules->config, head, out);
	if (printer.view.is_broken)
		buf_add_text(out, "  broken: something leads nowhere\n");
}
