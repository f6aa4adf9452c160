/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions from one agent to the next, under the numbers that processes are marked with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sensor/marks_private.h"

static json_t *condition_leave(const struct condition *condition, uint32_t number)
{
	const struct rules_mark *rule = &condition->rule;
	json_t *texts = json_array(), *pids = json_array();

	for (size_t i = 0; i < rule->texts_count; i++)
		json_array_append_new(texts,
				      json_stringn(rule->texts[i].data, rule->texts[i].bytes));
	for (size_t i = 0; i < rule->pids_count; i++)
		json_array_append_new(pids, json_integer((json_int_t)rule->pids[i].min));
	return json_pack("{s:i, s:i, s:b, s:o, s:o}", "number", (int)number, "test",
			 (int)rule->test, "follows", condition->follows, "texts", texts, "pids",
			 pids);
}

json_t *marks_leave(const struct marks *marks, struct pins *pins)
{
	json_t *left = json_array();

	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		if (marks->conditions[i])
			json_array_append_new(left, condition_leave(marks->conditions[i], i));
	}
	for (int i = 0; i < 2; i++) {
		int error = marks->links[i] < 0 ? 0 : pins_put(pins, marks->links[i], "mark_%d", i);

		if (error)
			log_debug("cannot leave what marks processes: %s", strerror(-error));
	}
	return left;
}

static bool condition_take_texts(struct condition *condition, const json_t *texts)
{
	struct span *list = calloc(json_array_size(texts) + 1, sizeof(*list));

	condition->rule.texts = list;
	for (size_t i = 0; list && i < json_array_size(texts); i++) {
		const char *text = json_string_value(json_array_get(texts, i));

		list[i].data = text ? strdup(text) : NULL;
		if (!list[i].data)
			return false;
		list[i].bytes = strlen(text);
		condition->rule.texts_count++;
	}
	return list != NULL;
}

static bool condition_take_pids(struct condition *condition, const json_t *pids)
{
	struct rules_range *list = calloc(json_array_size(pids) + 1, sizeof(*list));

	condition->rule.pids = list;
	condition->rule.pids_count = list ? json_array_size(pids) : 0;
	for (size_t i = 0; i < condition->rule.pids_count; i++)
		list[i].min = list[i].max = (uint64_t)json_integer_value(json_array_get(pids, i));
	return list != NULL;
}

static struct condition *condition_take(const json_t *left)
{
	struct condition *condition = calloc(1, sizeof(*condition));

	if (!condition)
		return NULL;
	condition->rule.test = (enum policy_test)handover_get_uint(left, "test");
	condition->follows = json_is_true(json_object_get(left, "follows"));
	if (condition_take_texts(condition, json_object_get(left, "texts")) &&
	    condition_take_pids(condition, json_object_get(left, "pids")))
		return condition;
	condition_free(condition);
	return NULL;
}

void marks_take(struct marks *marks, const json_t *left, const struct pins *pins)
{
	for (size_t i = 0; i < json_array_size(left); i++) {
		const json_t *one = json_array_get(left, i);
		uint64_t number = handover_get_uint(one, "number");

		if (number >= WIRE_MARKS_MAX || marks->conditions[number])
			continue;
		marks->conditions[number] = condition_take(one);
		marks->has_changed = true; /* there are no programs of ours yet */
	}
	for (int i = 0; i < 2; i++) {
		int link = pins_get(pins, "mark_%d", i);

		marks->links[i] = link < 0 ? -1 : link;
	}
}

void marks_end_taking(struct marks *marks)
{
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		if (!marks->conditions[i] || marks->conditions[i]->refs)
			continue;
		condition_free(marks->conditions[i]);
		marks->conditions[i] = NULL;
		marks->has_changed = true;
	}
}
