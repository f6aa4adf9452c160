/* SPDX-License-Identifier: Apache-2.0 */
/* Which values a hook collects for all its policies together: equal ones share a slot, and slots
 * keep their places. */
#include "policy/rules_private.h"

#include <errno.h>
#include <string.h>

static struct wire_hook_value slot_describe(const struct policy_hook *hook,
					    const struct policy_argument *argument)
{
	struct wire_hook_value value = {
		.type = (uint16_t)argument->facts->type,
		.index = (uint8_t)(argument->from == POLICY_FROM_ARGUMENT ? argument->index.value
									  : 0),
		.size_from = (uint8_t)(argument->size_from == POLICY_INDEX_NONE
					       ? 0
					       : argument->size_from + 1),
	};
	bool is_signed = false;

	value_class_get_bits(argument->facts->class, &is_signed);
	value.from = argument->from == POLICY_FROM_RETURN ? WIRE_FROM_RETURN : WIRE_FROM_ARGUMENT;
	if (is_signed)
		value.flags |= WIRE_VALUE_SIGNED;
	if (hook->is_syscall && argument->from == POLICY_FROM_ARGUMENT)
		value.flags |= WIRE_VALUE_USER;
	if (argument->return_copy.value)
		value.flags |= WIRE_VALUE_LATE;
	return value;
}

static bool slots_are_equal(const struct wire_hook_value *one, const struct wire_hook_value *other)
{
	return one->type == other->type && one->from == other->from && one->index == other->index &&
	       one->size_from == other->size_from && one->flags == other->flags;
}

static void config_note_argument(struct wire_hook_config *config, uint32_t count)
{
	if (config->arguments_count < count)
		config->arguments_count = count;
}

static int slots_refuse(struct rules_builder *builder)
{
	diag_add(
		builder->diag,
		"the policies on one function collect more than %u different values; the limit is %u",
		WIRE_HOOK_VALUES_MAX, WIRE_HOOK_VALUES_MAX);
	return -ENOSPC;
}

static int slot_find(struct rules_builder *builder, const struct wire_hook_value *value,
		     uint8_t *out)
{
	struct wire_hook_config *config = &builder->out->config;
	uint32_t slot = 0;

	while (slot < config->values_count && !slots_are_equal(&config->values[slot], value))
		slot++;
	if (slot == WIRE_HOOK_VALUES_MAX)
		return slots_refuse(builder);
	if (slot == config->values_count) {
		config->values[slot] = *value;
		config->values_count++;
		config_note_argument(config, value->index + 1u);
		config_note_argument(config, value->size_from);
	}
	*out = (uint8_t)slot;
	return 0;
}

/* What it costs to read: numbers are there, texts take a helper, paths a walk. */
static unsigned int slot_get_cost(const struct wire_hook_value *value)
{
	static const unsigned int costs[] = {
		[VALUE_TEXT] = 2,	  [VALUE_BYTES] = 3,	    [VALUE_FILE] = 5,
		[VALUE_SOCKET] = 4,	  [VALUE_PACKET] = 4,	    [VALUE_ADDRESS] = 2,
		[VALUE_UNIX_ADDRESS] = 2, [VALUE_CAPABILITIES] = 1, [VALUE_CREDENTIALS] = 4,
	};
	enum value_class class = arg_type_get_facts_of((enum arg_type)value->type)->class;

	return class < sizeof(costs) / sizeof(costs[0]) ? costs[class] : 0;
}

static void slots_sort(struct wire_hook_config *config)
{
	for (uint32_t i = 0; i < config->values_count; i++) {
		uint32_t at = i;

		while (at && slot_get_cost(&config->values[config->order[at - 1]]) >
				     slot_get_cost(&config->values[i])) {
			config->order[at] = config->order[at - 1];
			at--;
		}
		config->order[at] = (uint8_t)i;
	}
}

static int member_assign(struct rules_builder *builder, struct rules_member *member)
{
	const struct policy_hook *hook = member->hook;
	int error = 0;

	for (size_t i = 0; i < hook->values_count && !error; i++) {
		struct wire_hook_value value = slot_describe(hook, hook->values[i]);

		error = slot_find(builder, &value, &member->slots[i]);
	}
	if (!error && hook->return_argument) {
		struct wire_hook_value value = slot_describe(hook, hook->return_argument);

		error = slot_find(builder, &value, &member->return_slot);
	}
	return error;
}

/* Whether values of the slot SLOT can be compared with those of SECOND: it has no other partner. */
static bool slot_takes_second(const struct rules_builder *builder, uint32_t slot, uint8_t second)
{
	const struct wire_hook_value *value = &builder->out->config.values[slot];
	bool is_compared = value->tables & 1u << WIRE_TABLE_GAINED ||
			   builder->values[slot][WIRE_TABLE_GAINED].count;

	return !is_compared || value->second == second;
}

int rules_find_gained_slot(struct rules_builder *builder, uint8_t slot, uint8_t second,
			   uint8_t *out)
{
	struct wire_hook_config *config = &builder->out->config;
	struct wire_hook_value value = config->values[slot];
	uint32_t found = 0;

	while (found < config->values_count && !(slots_are_equal(&config->values[found], &value) &&
						 slot_takes_second(builder, found, second)))
		found++;
	if (found == WIRE_HOOK_VALUES_MAX)
		return slots_refuse(builder);
	if (found == config->values_count) {
		value.tables = 0;
		value.text_words = 0;
		config->values[config->values_count++] = value;
		slots_sort(config);
	}
	config->values[found].second = second;
	*out = (uint8_t)found;
	return 0;
}

int rules_assign_slots(struct rules_builder *builder)
{
	int error = 0;

	for (size_t i = 0; i < builder->members_count && !error; i++)
		error = member_assign(builder, &builder->members[i]);
	slots_sort(&builder->out->config);
	return error;
}
