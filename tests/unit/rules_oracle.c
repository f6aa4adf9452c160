/* SPDX-License-Identifier: Apache-2.0 */
/* What the documentation of the operators says, filter by filter and value by value. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "rules_call.h"

/* ---- values -----------------------------------------------------------------------------------
 */

static bool number_is_less(const struct policy_filter *filter, uint64_t one, uint64_t other)
{
	bool is_signed;

	value_class_get_bits(filter->subject->facts->class, &is_signed);
	return is_signed ? (int64_t)one < (int64_t)other : one < other;
}

static bool is_in_range(const struct policy_filter *filter, const struct policy_value *value,
			uint64_t number)
{
	return !number_is_less(filter, number, value->range.min) &&
	       !number_is_less(filter, value->range.max, number);
}

static bool text_is_in(struct span text, struct span part, bool any_case)
{
	for (size_t i = 0; i + part.bytes <= text.bytes; i++) {
		if (any_case ? strncasecmp(text.data + i, part.data, part.bytes) == 0
			     : memcmp(text.data + i, part.data, part.bytes) == 0)
			return true;
	}
	return false;
}

static bool text_fulfils(enum policy_test test, struct span text, struct span value)
{
	bool is_long = text.bytes >= value.bytes;

	switch (test) {
	case TEST_EQUAL:
		return text.bytes == value.bytes &&
		       (!text.bytes || memcmp(text.data, value.data, text.bytes) == 0);
	case TEST_PREFIX:
		return is_long && (!value.bytes || memcmp(text.data, value.data, value.bytes) == 0);
	case TEST_POSTFIX:
		return is_long && (!value.bytes || memcmp(text.data + text.bytes - value.bytes,
							  value.data, value.bytes) == 0);
	default:
		return text_is_in(text, value, test == TEST_SUBSTRING_ANY_CASE);
	}
}

static bool address_fulfils(uint16_t family, const uint8_t *address,
			    const struct policy_value *value)
{
	if (family != (value->address.is_ipv6 ? AF_INET6 : AF_INET))
		return false;
	for (unsigned int i = 0; i < value->address.prefix_bits; i++) {
		if ((address[i / 8] ^ value->address.bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	}
	return true;
}

static bool number_fulfils(const struct policy_filter *filter, const struct policy_value *value,
			   uint64_t number)
{
	bool is_bits = filter->form == POLICY_FORM_BITS;
	uint64_t operand = is_bits ? value->bits : value->range.min;

	switch (filter->facts->test) {
	case TEST_GREATER:
		return number_is_less(filter, operand, number);
	case TEST_LESS:
		return number_is_less(filter, number, operand);
	case TEST_MASK:
		return number & value->bits;
	default:
		return is_bits ? number == value->bits : is_in_range(filter, value, number);
	}
}

static bool value_fulfils(const struct policy_filter *filter, const struct policy_value *value,
			  const struct call_value *got)
{
	switch (filter->facts->test) {
	case TEST_FILE_TYPE:
		return (got->mode & S_IFMT) == value->bits;
	case TEST_SOURCE_PORT:
		return is_in_range(filter, value, got->source_port);
	case TEST_DESTINATION_PORT:
		return is_in_range(filter, value, got->destination_port);
	case TEST_SOURCE_ADDRESS:
		return address_fulfils(got->family, got->source, value);
	case TEST_DESTINATION_ADDRESS:
		return address_fulfils(got->family, got->destination, value);
	case TEST_PROTOCOL:
		return is_in_range(filter, value, got->protocol);
	case TEST_FAMILY:
		return is_in_range(filter, value, got->family);
	case TEST_STATE:
		return is_in_range(filter, value, got->state);
	default:
		return filter->form == POLICY_FORM_TEXT
			       ? text_fulfils(filter->facts->test, got->text, value->text)
			       : number_fulfils(filter, value, got->number);
	}
}

static bool value_is_there(const struct policy_filter *filter, const struct call_value *got)
{
	bool is_internet = got->family == AF_INET || got->family == AF_INET6;

	switch (filter->facts->test) {
	case TEST_FILE_TYPE:
		return got->mode != 0;
	case TEST_SOURCE_PORT:
	case TEST_DESTINATION_PORT:
	case TEST_SOURCE_ADDRESS:
	case TEST_DESTINATION_ADDRESS:
		return got->is_there && is_internet;
	default:
		return got->is_there;
	}
}

static bool filter_holds(const struct rules_member *member, const struct policy_filter *filter,
			 const struct call *call, uint8_t slot)
{
	const struct call_value *got = &call->values[slot], *second;
	bool is_fulfilled = false;

	if (!value_is_there(filter, got))
		return false;
	if (filter->facts->test == TEST_CAPABILITIES_GAINED) {
		second = &call->values[member->slots[filter->second->position]];
		return second->is_there && second->number & ~got->number;
	}
	for (size_t i = 0; i < filter->values_count; i++)
		is_fulfilled = is_fulfilled || value_fulfils(filter, &filter->values[i], got);
	return is_fulfilled != filter->facts->is_negated;
}

/* ---- the process ------------------------------------------------------------------------------
 */

static bool mark_holds(const struct rules_world *world, const struct policy_binaries *binaries,
		       const struct policy_pids *pids, const struct call *call, bool is_negated)
{
	uint32_t mark = world->find_mark(world->context, binaries, pids);

	return (call->marks[mark / 64] >> mark % 64 & 1) != is_negated;
}

static bool pids_hold(const struct rules_world *world, const struct policy_pids *pids,
		      const struct call *call)
{
	bool is_negated = pids->operator.value == POLICY_NOT_IN, is_in = false;
	uint32_t pid = pids->is_namespace.value ? call->namespace_pid : call->pid;

	if (pids->follow_forks.value)
		return mark_holds(world, NULL, pids, call, is_negated);
	for (size_t i = 0; i < pids->values.count; i++)
		is_in = is_in || (uint64_t)pids->values.items[i].value == pid;
	return is_in != is_negated;
}

static bool namespaces_hold(const struct rules_world *world, const struct policy_namespaces *filter,
			    const struct call *call)
{
	uint32_t inode = call->inodes[filter->namespace.value];
	bool is_in = filter->has_host && inode == world->host_namespaces[filter->namespace.value];

	for (size_t i = 0; i < filter->inodes_count; i++)
		is_in = is_in || filter->inodes[i] == inode;
	return is_in != (filter->operator.value == POLICY_NOT_IN);
}

static bool capabilities_hold(const struct policy_capabilities *filter, const struct call *call)
{
	bool has = call->capabilities[filter->type.value] & filter->bits;

	return (!filter->is_namespace.value || call->in_user_namespace) &&
	       has != (filter->operator.value == POLICY_NOT_IN);
}

/* NotIn: something else has changed. */
static bool changes_hold(uint64_t changes, uint64_t listed, const struct policy_word *operator)
{
	return changes & (operator->value == POLICY_NOT_IN ? ~listed : listed);
}

static bool workloads_hold(const struct rules_member *member, const struct rules_world *world,
			   const struct policy_selector *selector, const struct call *call)
{
	const struct rules_range *ranges;
	size_t count;

	if (!world->find_workloads(world->context, member->policy, selector, &ranges, &count))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (call->workload >= ranges[i].min && call->workload <= ranges[i].max)
			return true;
	}
	return false;
}

static bool process_holds(const struct rules_world *world, const struct policy_selector *selector,
			  const struct call *call)
{
	bool holds = true;

	for (size_t i = 0; i < selector->pids.count; i++)
		holds = holds && pids_hold(world, &selector->pids.items[i], call);
	for (size_t i = 0; i < selector->binaries.count; i++)
		holds = holds && mark_holds(world, &selector->binaries.items[i], NULL, call,
					    selector->binaries.items[i].is_negated);
	for (size_t i = 0; i < selector->namespaces.count; i++)
		holds = holds && namespaces_hold(world, &selector->namespaces.items[i], call);
	for (size_t i = 0; i < selector->namespace_changes.count; i++)
		holds = holds && changes_hold(call->namespace_changes,
					      selector->namespace_changes.items[i].namespaces,
					      &selector->namespace_changes.items[i].operator);
	for (size_t i = 0; i < selector->capabilities.count; i++)
		holds = holds && capabilities_hold(&selector->capabilities.items[i], call);
	for (size_t i = 0; i < selector->capability_changes.count; i++) {
		const struct policy_capabilities *filter = &selector->capability_changes.items[i];

		holds = holds && (!filter->is_namespace.value || call->in_user_namespace) &&
			changes_hold(call->capability_changes[filter->type.value], filter->bits,
				     &filter->operator);
	}
	return holds;
}

bool rules_oracle(const struct rules_member *member, const struct rules_world *world,
		  const struct policy_selector *selector, const struct call *call)
{
	if (!workloads_hold(member, world, selector, call))
		return false;
	if (!selector)
		return true;
	if (!process_holds(world, selector, call))
		return false;
	for (size_t i = 0; i < selector->arguments.count; i++) {
		const struct policy_filter *filter = &selector->arguments.items[i];

		if (!filter_holds(member, filter, call, member->slots[filter->subject->position]))
			return false;
	}
	for (size_t i = 0; i < selector->return_arguments.count; i++) {
		if (!filter_holds(member, &selector->return_arguments.items[i], call,
				  member->return_slot))
			return false;
	}
	return true;
}
