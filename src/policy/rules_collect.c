/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of selectors -> tests, each beside the table that will hold it. */
#include "policy/rules_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A selector and what it belongs to. */
struct collecting {
	struct rules_builder *builder;
	struct rules_member *member;
	uint32_t bit;
};

struct rules_test *rules_add_test(struct rules_builder *builder, struct rules_tests *tests,
				  uint32_t bit)
{
	if (tests->count == tests->capacity) {
		size_t capacity = tests->capacity ? 2 * tests->capacity : 4;
		struct rules_test *items = realloc(tests->items, capacity * sizeof(*items));

		if (!items) {
			builder->failed = true;
			return NULL;
		}
		tests->items = items;
		tests->capacity = capacity;
	}
	tests->items[tests->count] = (struct rules_test){ .bit = bit };
	return &tests->items[tests->count++];
}

static void *collecting_alloc(const struct collecting *at, size_t count, size_t bytes)
{
	void *memory = arena_alloc_array(&at->builder->arena, count ? count : 1, bytes);

	if (!memory)
		at->builder->failed = true;
	return memory;
}

static struct rules_test *add_task_test(const struct collecting *at, enum wire_task_table table,
					bool is_negated)
{
	struct rules_test *test = rules_add_test(at->builder, &at->builder->task[table], at->bit);

	if (test)
		test->is_negated = is_negated;
	return test;
}

/* ---- who runs
 * ------------------------------------------------------------------------------------- */

static void add_mark(const struct collecting *at, const struct policy_binaries *binaries,
		     const struct policy_pids *pids, bool is_negated)
{
	const struct rules_world *world = at->builder->world;
	uint32_t mark = world->find_mark(world->context, binaries, pids);
	struct rules_test *test;

	if (mark == RULES_NO_MARK) {
		diag_add(at->builder->diag,
			 "too many different lists of binaries and followed pids; the limit is %u",
			 WIRE_MARKS_MAX);
		at->builder->failed = true;
		return;
	}
	test = add_task_test(at, WIRE_TASK_MARKS, is_negated);
	if (test)
		test->mark = mark;
}

static void collect_pids(const struct collecting *at, const struct policy_pids *pids)
{
	enum wire_task_table table =
		pids->is_namespace.value ? WIRE_TASK_NAMESPACE_PID : WIRE_TASK_PID;
	bool is_negated = pids->operator.value == POLICY_NOT_IN;
	struct rules_range *ranges;
	struct rules_test *test;

	if (pids->follow_forks.value) {
		add_mark(at, NULL, pids, is_negated);
		return;
	}
	ranges = collecting_alloc(at, pids->values.count, sizeof(*ranges));
	test = add_task_test(at, table, is_negated);
	if (!test || !ranges)
		return;
	for (size_t i = 0; i < pids->values.count; i++)
		ranges[i].min = ranges[i].max = (uint64_t)pids->values.items[i].value;
	test->ranges = ranges;
	test->ranges_count = pids->values.count;
}

static void collect_namespaces(const struct collecting *at, const struct policy_namespaces *filter)
{
	size_t count = filter->inodes_count + filter->has_host;
	struct rules_range *ranges = collecting_alloc(at, count, sizeof(*ranges));
	enum wire_task_table table = WIRE_TASK_NS_UTS + (uint32_t)filter->namespace.value;
	struct rules_test *test = add_task_test(at, table, filter->operator.value == POLICY_NOT_IN);

	if (!test || !ranges)
		return;
	for (size_t i = 0; i < filter->inodes_count; i++)
		ranges[i].min = ranges[i].max = filter->inodes[i];
	if (filter->has_host)
		ranges[count - 1].min = ranges[count - 1].max =
			at->builder->world->host_namespaces[filter->namespace.value];
	test->ranges = ranges;
	test->ranges_count = count;
}

static void collect_capabilities(const struct collecting *at,
				 const struct policy_capabilities *filter,
				 enum wire_task_table table)
{
	static const uint32_t sets[] = {
		[POLICY_CAPABILITIES_EFFECTIVE] = WIRE_CAPABILITIES_EFFECTIVE,
		[POLICY_CAPABILITIES_INHERITABLE] = WIRE_CAPABILITIES_INHERITABLE,
		[POLICY_CAPABILITIES_PERMITTED] = WIRE_CAPABILITIES_PERMITTED,
	};
	bool is_change = table == WIRE_TASK_CAPABILITY_CHANGE,
	     is_not_in = filter->operator.value == POLICY_NOT_IN;
	struct rules_test *test = add_task_test(at, table, is_not_in && !is_change);

	if (!test)
		return;
	/* of changes, NotIn means one that is not listed */
	test->mask = is_not_in && is_change ? ~filter->bits : filter->bits;
	test->set = sets[filter->type.value];
	test->in_user_namespace = filter->is_namespace.value;
}

static void collect_namespace_changes(const struct collecting *at,
				      const struct policy_namespace_changes *filter)
{
	struct rules_test *test = add_task_test(at, WIRE_TASK_NS_CHANGE, false);

	if (!test)
		return;
	test->mask = filter->operator.value == POLICY_NOT_IN ? ~(uint64_t)filter->namespaces
							     : filter->namespaces;
	test->in_user_namespace = false;
}

static void collect_workloads(const struct collecting *at, const struct policy_selector *selector)
{
	const struct rules_world *world = at->builder->world;
	const struct rules_range *found;
	struct rules_range *ranges;
	struct rules_test *test;
	size_t count = 0;

	if (!world->find_workloads(world->context, at->member->policy, selector, &found, &count))
		return;
	ranges = collecting_alloc(at, count, sizeof(*ranges));
	test = add_task_test(at, WIRE_TASK_WORKLOAD, false);
	if (!test || !ranges)
		return;
	if (count)
		memcpy(ranges, found, count * sizeof(*ranges));
	test->ranges = ranges;
	test->ranges_count = count;
}

/* ---- values
 * --------------------------------------------------------------------------------------- */

static const enum wire_hook_table test_tables[] = {
	[TEST_EQUAL] = WIRE_TABLE_NUMBER,
	[TEST_GREATER] = WIRE_TABLE_NUMBER,
	[TEST_LESS] = WIRE_TABLE_NUMBER,
	[TEST_MASK] = WIRE_TABLE_MASK,
	[TEST_PREFIX] = WIRE_TABLE_TEXT,
	[TEST_POSTFIX] = WIRE_TABLE_TEXT_END,
	[TEST_SUBSTRING] = WIRE_TABLE_SUBSTRING,
	[TEST_SUBSTRING_ANY_CASE] = WIRE_TABLE_SUBSTRING,
	[TEST_FILE_TYPE] = WIRE_TABLE_FILE_TYPE,
	[TEST_SOURCE_PORT] = WIRE_TABLE_SOURCE_PORT,
	[TEST_DESTINATION_PORT] = WIRE_TABLE_DESTINATION_PORT,
	[TEST_SOURCE_ADDRESS] = WIRE_TABLE_SOURCE_IPV4,
	[TEST_DESTINATION_ADDRESS] = WIRE_TABLE_DESTINATION_IPV4,
	[TEST_PROTOCOL] = WIRE_TABLE_PROTOCOL,
	[TEST_FAMILY] = WIRE_TABLE_FAMILY,
	[TEST_STATE] = WIRE_TABLE_STATE,
	[TEST_CAPABILITIES_GAINED] = WIRE_TABLE_GAINED,
};

static struct rules_test *add_value_test(const struct collecting *at,
					 const struct policy_filter *filter, uint8_t slot,
					 enum wire_hook_table table)
{
	struct rules_test *test =
		rules_add_test(at->builder, &at->builder->values[slot][table], at->bit);

	if (test)
		test->is_negated = filter->facts->is_negated;
	return test;
}

/* The numbers that one value of a filter stands for; false: there are none. */
static bool value_get_range(const struct policy_filter *filter, const struct policy_value *value,
			    uint64_t bias, struct rules_range *out)
{
	bool is_bits = filter->form == POLICY_FORM_BITS;
	uint64_t min = (is_bits ? value->bits : value->range.min) + bias;
	uint64_t max = (is_bits ? value->bits : value->range.max) + bias;

	switch (filter->facts->test) {
	case TEST_GREATER:
		*out = (struct rules_range){ min + 1, UINT64_MAX };
		return min != UINT64_MAX;
	case TEST_LESS:
		*out = (struct rules_range){ 0, min - 1 };
		return min != 0;
	default:
		*out = (struct rules_range){ min, max };
		return true;
	}
}

static void collect_ranges(const struct collecting *at, const struct policy_filter *filter,
			   uint8_t slot)
{
	bool is_number = test_tables[filter->facts->test] == WIRE_TABLE_NUMBER;
	uint16_t flags = at->builder->out->config.values[slot].flags;
	uint64_t bias = is_number && flags & WIRE_VALUE_SIGNED ? WIRE_SIGN_BIAS : 0;
	struct rules_range *ranges = collecting_alloc(at, filter->values_count, sizeof(*ranges));
	struct rules_test *test =
		add_value_test(at, filter, slot, test_tables[filter->facts->test]);

	if (!test || !ranges)
		return;
	test->ranges = ranges;
	for (size_t i = 0; i < filter->values_count; i++) {
		if (value_get_range(filter, &filter->values[i], bias, &ranges[test->ranges_count]))
			test->ranges_count++;
	}
}

static void collect_gained(const struct collecting *at, const struct policy_filter *filter,
			   uint8_t slot)
{
	static const struct rules_range any = { 1, UINT64_MAX };
	uint8_t second = at->member->slots[filter->second->position];
	struct rules_test *test;

	if (rules_find_gained_slot(at->builder, slot, second, &slot)) {
		at->builder->failed = true;
		return;
	}
	test = add_value_test(at, filter, slot, WIRE_TABLE_GAINED);
	if (!test)
		return;
	test->ranges = &any;
	test->ranges_count = 1;
}

static void collect_mask(const struct collecting *at, const struct policy_filter *filter,
			 uint8_t slot)
{
	struct rules_test *test = add_value_test(at, filter, slot, WIRE_TABLE_MASK);

	for (size_t i = 0; test && i < filter->values_count; i++)
		test->mask |= filter->values[i].bits;
}

static void collect_texts(const struct collecting *at, const struct policy_filter *filter,
			  uint8_t slot)
{
	enum policy_test kind = filter->facts->test;
	enum wire_hook_table table = kind == TEST_EQUAL ? WIRE_TABLE_TEXT : test_tables[kind];
	struct rules_text *texts = collecting_alloc(at, filter->values_count, sizeof(*texts));
	struct rules_test *test = add_value_test(at, filter, slot, table);

	if (!test || !texts)
		return;
	for (size_t i = 0; i < filter->values_count; i++)
		texts[i] = (struct rules_text){ filter->values[i].text, kind == TEST_EQUAL };
	test->texts = texts;
	test->texts_count = filter->values_count;
}

static void collect_substrings(const struct collecting *at, const struct policy_filter *filter,
			       uint8_t slot)
{
	struct rules_test *test = add_value_test(at, filter, slot, WIRE_TABLE_SUBSTRING);

	if (!test)
		return;
	test->substrings = filter->values;
	test->substrings_count = filter->values_count;
	test->ignores_case = filter->facts->test == TEST_SUBSTRING_ANY_CASE;
}

static struct wire_wide address_get_wide(const uint8_t *bytes)
{
	struct wire_wide wide = {};

	for (int i = 0; i < 8; i++) {
		wide.high = wide.high << 8 | bytes[i];
		wide.low = wide.low << 8 | bytes[i + 8];
	}
	return wide;
}

/* The last address of a prefix. */
static void address_fill(uint8_t bytes[16], unsigned int prefix_bits)
{
	for (unsigned int i = prefix_bits; i < 128; i++)
		bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* Addresses of one family; a filter without any of them still is a test, which nothing of that
 * family fulfils. */
static void collect_family(const struct collecting *at, const struct policy_filter *filter,
			   uint8_t slot, bool is_ipv6)
{
	enum wire_hook_table table = test_tables[filter->facts->test] + is_ipv6;
	struct rules_range *ranges = collecting_alloc(at, filter->values_count, sizeof(*ranges));
	struct wire_wide *wides = collecting_alloc(at, 2 * filter->values_count, sizeof(*wides));
	struct rules_test *test = add_value_test(at, filter, slot, table);

	if (!test || !ranges || !wides)
		return;
	for (size_t i = 0; i < filter->values_count; i++) {
		const struct policy_value *value = &filter->values[i];
		size_t count = test->ranges_count;
		uint8_t last[16];

		if (value->address.is_ipv6 != is_ipv6)
			continue;
		memcpy(last, value->address.bytes, sizeof(last));
		address_fill(last, value->address.prefix_bits);
		wides[2 * count] = address_get_wide(value->address.bytes);
		wides[2 * count + 1] = address_get_wide(last);
		ranges[count] = (struct rules_range){ wides[2 * count].high >> 32,
						      wides[2 * count + 1].high >> 32 };
		test->ranges_count++;
	}
	test->ranges = ranges;
	test->wide_ranges = is_ipv6 ? wides : NULL;
}

static void collect_filter(const struct collecting *at, const struct policy_filter *filter,
			   uint8_t slot)
{
	switch (filter->facts->test) {
	case TEST_CAPABILITIES_GAINED:
		collect_gained(at, filter, slot);
		break;
	case TEST_MASK:
		collect_mask(at, filter, slot);
		break;
	case TEST_SUBSTRING:
	case TEST_SUBSTRING_ANY_CASE:
		collect_substrings(at, filter, slot);
		break;
	case TEST_SOURCE_ADDRESS:
	case TEST_DESTINATION_ADDRESS:
		collect_family(at, filter, slot, false);
		collect_family(at, filter, slot, true);
		break;
	default:
		if (filter->form == POLICY_FORM_TEXT)
			collect_texts(at, filter, slot);
		else
			collect_ranges(at, filter, slot);
	}
}

/* ---- selectors
 * ------------------------------------------------------------------------------------ */

static void collect_selector(const struct collecting *at, const struct policy_selector *selector)
{
	for (size_t i = 0; i < selector->pids.count; i++)
		collect_pids(at, &selector->pids.items[i]);
	for (size_t i = 0; i < selector->binaries.count; i++)
		add_mark(at, &selector->binaries.items[i], NULL,
			 selector->binaries.items[i].is_negated);
	for (size_t i = 0; i < selector->namespaces.count; i++)
		collect_namespaces(at, &selector->namespaces.items[i]);
	for (size_t i = 0; i < selector->namespace_changes.count; i++)
		collect_namespace_changes(at, &selector->namespace_changes.items[i]);
	for (size_t i = 0; i < selector->capabilities.count; i++)
		collect_capabilities(at, &selector->capabilities.items[i], WIRE_TASK_CAPABILITIES);
	for (size_t i = 0; i < selector->capability_changes.count; i++)
		collect_capabilities(at, &selector->capability_changes.items[i],
				     WIRE_TASK_CAPABILITY_CHANGE);
	for (size_t i = 0; i < selector->arguments.count; i++) {
		const struct policy_filter *filter = &selector->arguments.items[i];

		collect_filter(at, filter, at->member->slots[filter->subject->position]);
	}
	for (size_t i = 0; i < selector->return_arguments.count; i++)
		collect_filter(at, &selector->return_arguments.items[i], at->member->return_slot);
}

static void collect_member(struct rules_builder *builder, struct rules_member *member)
{
	struct collecting at = { .builder = builder, .member = member, .bit = member->first_bit };

	if (!member->hook->selectors.count)
		collect_workloads(&at, NULL);
	for (size_t i = 0; i < member->hook->selectors.count; i++, at.bit++) {
		collect_selector(&at, &member->hook->selectors.items[i]);
		collect_workloads(&at, &member->hook->selectors.items[i]);
	}
}

int rules_collect(struct rules_builder *builder)
{
	for (size_t i = 0; i < builder->members_count && !builder->failed; i++)
		collect_member(builder, &builder->members[i]);
	return rules_get_error(builder);
}
