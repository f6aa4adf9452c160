/* SPDX-License-Identifier: Apache-2.0 */
/* Values in the order of the policy, the action that it took, and what it says about itself. */
#include "daemon/kprobe.h"

void kprobe_message_done(struct kprobe_message *message)
{
	for (size_t i = 0; i < WIRE_HOOK_VALUES_MAX; i++) {
		argument_message_done(&message->arguments[i]);
		argument_message_done(&message->data[i]);
	}
	argument_message_done(&message->result);
}

static void fill_value(struct argument_message *out, const struct record *record,
		       const struct engine_match *match, const struct policy_argument *argument,
		       uint8_t slot)
{
	enum wire_arg_type type = (enum wire_arg_type)match->config->values[slot].type;

	argument_fill(out, type, &record->values[slot],
		      argument->label.bytes ? argument->label.data : NULL);
}

/* "nop" has nothing to show. */
static bool value_is_shown(const struct policy_argument *argument)
{
	return argument->facts->type != ARG_TYPE_NOP;
}

static void fill_values(struct kprobe_message *out, const struct record *record,
			const struct engine_match *match)
{
	const struct policy_hook *hook = match->member->hook;
	Tetragon__ProcessKprobe *message = &out->message;

	for (size_t i = 0; i < hook->values_count; i++) {
		bool is_data = i >= hook->arguments.count;
		size_t at = is_data ? message->n_data : message->n_args;
		struct argument_message *value = is_data ? &out->data[at] : &out->arguments[at];

		if (!value_is_shown(hook->values[i]))
			continue;
		fill_value(value, record, match, hook->values[i], match->member->slots[i]);
		if (is_data)
			out->data_list[message->n_data++] = &value->argument;
		else
			out->argument_list[message->n_args++] = &value->argument;
	}
	message->args = out->argument_list;
	message->data = out->data_list;
	if (!(record->hook->flags & WIRE_EVENT_AT_RETURN) || !hook->return_argument)
		return;
	fill_value(&out->result, record, match, hook->return_argument, match->member->return_slot);
	message->return_ = &out->result.argument;
}

/* The last action that is more than to post. */
static Tetragon__KprobeAction actions_get_last(const struct policy_action *actions, size_t count)
{
	Tetragon__KprobeAction last = TETRAGON__KPROBE_ACTION__KPROBE_ACTION_POST;

	for (size_t i = 0; i < count; i++) {
		if (actions[i].facts->kind != POLICY_ACTION_POST)
			last = (Tetragon__KprobeAction)actions[i].facts->api_number;
	}
	return last;
}

static void fill_actions(Tetragon__ProcessKprobe *message, const struct record *record,
			 const struct engine_match *match)
{
	const struct policy_selector *selector = match->selector;

	message->action = TETRAGON__KPROBE_ACTION__KPROBE_ACTION_POST;
	if (selector)
		message->action =
			actions_get_last(selector->actions.items, selector->actions.count);
	if (!(record->hook->flags & WIRE_EVENT_AT_RETURN))
		return;
	message->return_action = TETRAGON__KPROBE_ACTION__KPROBE_ACTION_POST;
	if (selector)
		message->return_action = actions_get_last(selector->return_actions.items,
							  selector->return_actions.count);
}

void kprobe_message_fill(struct kprobe_message *out, const struct record *record,
			 const struct engine_match *match)
{
	const struct policy_hook *hook = match->member->hook;
	Tetragon__ProcessKprobe *message = &out->message;

	tetragon__process_kprobe__init(message);
	message->function_name = (char *)match->function;
	message->policy_name = (char *)match->policy->name;
	if (hook->message.bytes)
		message->message = (char *)hook->message.data;
	for (size_t i = 0; i < hook->tags.count && i < sizeof(out->tags) / sizeof(out->tags[0]);
	     i++)
		out->tags[message->n_tags++] = (char *)hook->tags.items[i].data;
	message->tags = out->tags;
	fill_values(out, record, match);
	fill_actions(message, record, match);
}
