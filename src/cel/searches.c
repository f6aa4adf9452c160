/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions: matches, find, findAll. Constant patterns were compiled by the checker. */
#include "base/clock.h"
#include "cel/calls.h"
#include "cel/text.h"

/* The function's pattern, compiled. NULL: why not was said. */
static struct regex *get_regex(struct cel_eval *eval, const struct cel_value *pattern)
{
	struct regex *regex = eval->call->regex;
	bool is_new;

	if (regex)
		return regex;
	regex = cel_patterns_get(&eval->patterns, pattern->text, &is_new);
	if (is_new && !cel_spend(eval, CEL_PATTERN_STEPS))
		return NULL;
	if (!regex)
		cel_fail_about(eval, "\"%.*s\" is no regular expression", pattern->text);
	return regex;
}

/*
 * A search that backtracks takes far longer than its text is long, and only a clock sees that. What
 * is quick is free of it, so that verdicts do not depend on the machine; and one search cannot take
 * all steps, because the machine may have been busy with something else meanwhile.
 */
static bool search(struct cel_eval *eval, struct regex *regex, struct span text, size_t at,
		   struct span *found, bool *out)
{
	uint64_t begin_ns, took_ns, steps, given_up = regex_get_given_up(regex);

	if (!cel_spend(eval, CEL_SEARCH_STEPS + (text.bytes - at) / 16))
		return false;
	begin_ns = clock_read_ns(CLOCK_MONOTONIC);
	*out = found ? regex_find(regex, text.data, text.bytes, at, found, 1) != 0
		     : regex_matches(regex, text.data, text.bytes);
	took_ns = clock_read_ns(CLOCK_MONOTONIC) - begin_ns;
	if (regex_get_given_up(regex) != given_up) {
		eval->is_exhausted = true;
		eval->error.text = "this takes more than one search may";
		return false;
	}
	if (took_ns < CEL_SEARCH_QUICK_NS)
		return true;
	steps = took_ns / CEL_STEP_NS;
	return cel_spend(eval, steps < CEL_SEARCH_STEPS_MAX ? steps : CEL_SEARCH_STEPS_MAX);
}

CEL_CALL(cel_matches)
{
	struct regex *regex = get_regex(eval, &arguments[1]);
	bool is_found = false;

	if (!regex || !search(eval, regex, arguments[0].text, 0, NULL, &is_found))
		return false;
	*out = cel_value_of_bool(is_found);
	return true;
}

CEL_CALL(cel_find)
{
	struct regex *regex = get_regex(eval, &arguments[1]);
	bool is_found = false;
	struct span found;

	if (!regex || !search(eval, regex, arguments[0].text, 0, &found, &is_found))
		return false;
	*out = cel_value_of_text(is_found ? found : (struct span){ "", 0 });
	return true;
}

struct found_list {
	struct cel_eval *eval;
	struct cel_value *items;
	uint32_t count, capacity;
};

static bool found_add(struct found_list *list, struct span found)
{
	struct cel_value *grown;

	if (list->count == list->capacity) {
		list->capacity = list->capacity ? 2 * list->capacity : 8;
		grown = cel_take(list->eval, list->capacity, sizeof(*grown));
		if (!grown)
			return false;
		if (list->count)
			memcpy(grown, list->items, list->count * sizeof(*grown));
		list->items = grown;
	}
	list->items[list->count++] = cel_value_of_text(found);
	return true;
}

/* As Go: an empty match right behind another one is none. */
CEL_CALL(cel_find_all)
{
	struct regex *regex = get_regex(eval, &arguments[1]);
	struct span text = arguments[0].text, found;
	int64_t limit = eval->call->count > 2 ? arguments[2].integer : -1;
	struct found_list list = { .eval = eval };
	size_t at = 0, end = SIZE_MAX; /* of the match before */
	bool is_found;

	while (regex && at <= text.bytes && (limit < 0 || list.count < limit)) {
		if (!search(eval, regex, text, at, &found, &is_found))
			return false;
		if (!is_found)
			break;
		at = (size_t)(found.data - text.data) + found.bytes;
		if ((found.bytes || at != end) && !found_add(&list, found))
			return false;
		end = at;
		if (!found.bytes)
			at += at < text.bytes ? cel_text_step(text, at) : 1;
	}
	*out = cel_value_of_values(CEL_KIND_LIST, list.items, list.count);
	return regex != NULL;
}
