/* SPDX-License-Identifier: Apache-2.0 */
/* A selector, and those of its filters that ask who runs. */
#include "policy/checker.h"
#include "policy/scalar.h"

bool check_count_values(struct checker *checker, struct place place, size_t count)
{
	bool had_room = checker->values <= POLICY_VALUES_MAX;

	checker->values += count;
	if (checker->values <= POLICY_VALUES_MAX)
		return true;
	if (had_room)
		report_error(checker->report, place,
			     "with these values the policy has more than %u in all its selectors",
			     POLICY_VALUES_MAX);
	return false;
}

/* Whether there are values to look at; that there are none is said here. */
static bool check_has_values(struct checker *checker, const struct policy_texts *values)
{
	if (values->state == FIELD_GIVEN && !values->count)
		finding_hint(
			report_error(checker->report, values->place, "this filter has no values"),
			"leave it out, or say what it should match");
	return values->count && check_count_values(checker, values->place, values->count);
}

static void check_pids(struct checker *checker, const struct policy_pids *pids)
{
	if (pids->values.state == FIELD_GIVEN && !pids->values.count)
		finding_hint(report_error(checker->report, pids->values.place,
					  "this filter has no values"),
			     "leave it out, or say what it should match");
	check_count_values(checker, pids->values.place, pids->values.count);
}

struct binary_operator_facts {
	enum policy_test test;
	bool is_negated;
	bool is_absolute; /* its values begin with "/" */
	size_t bytes_max;
};

static const struct binary_operator_facts binary_operators[] = {
	[POLICY_BINARY_IN] = { TEST_EQUAL, false, true, WIRE_PATH_BYTES_MAX - 1 },
	[POLICY_BINARY_NOT_IN] = { TEST_EQUAL, true, true, WIRE_PATH_BYTES_MAX - 1 },
	[POLICY_BINARY_PREFIX] = { TEST_PREFIX, false, true, WIRE_PREFIX_BYTES_MAX },
	[POLICY_BINARY_NOT_PREFIX] = { TEST_PREFIX, true, true, WIRE_PREFIX_BYTES_MAX },
	[POLICY_BINARY_POSTFIX] = { TEST_POSTFIX, false, false, WIRE_PREFIX_BYTES_MAX },
	[POLICY_BINARY_NOT_POSTFIX] = { TEST_POSTFIX, true, false, WIRE_PREFIX_BYTES_MAX },
};

static void check_binary(struct checker *checker, const struct policy_text *path, const char *word,
			 const struct binary_operator_facts *facts)
{
	if (path->state == FIELD_BAD)
		return;
	if (!path->bytes)
		report_error(checker->report, path->place, "an empty path matches %s",
			     facts->test == TEST_EQUAL ? "nothing" : "everything");
	else if (facts->is_absolute && path->data[0] != '/')
		finding_hint(report_error(checker->report, path->place,
					  "path %s does not begin with \"/\", so it never matches",
					  report_quote(checker->report, text_span(path))),
			     "operator Postfix matches the end of a path");
	if (path->bytes > facts->bytes_max)
		report_error(checker->report, path->place,
			     "this path has %zu bytes; operator %s takes at most %zu", path->bytes,
			     word, facts->bytes_max);
}

static void check_binaries(struct checker *checker, struct policy_binaries *binaries)
{
	const struct binary_operator_facts *facts;
	const char *word;

	if (!check_has_values(checker, &binaries->values) || binaries->operator.value<0)
		return;
	facts = &binary_operators[binaries->operator.value];
	word = words_get(WORDS_BINARY_OPERATOR, (size_t)binaries->operator.value);
	binaries->test = facts->test;
	binaries->is_negated = facts->is_negated;
	if (binaries->follow_children.value && facts->test != TEST_EQUAL)
		finding_hint(report_error(checker->report, binaries->follow_children.place,
					  "\"followChildren\" cannot be used with operator %s",
					  word),
			     "it takes In and NotIn, which name programs one by one");
	for (size_t i = 0; i < binaries->values.count; i++)
		check_binary(checker, &binaries->values.items[i], word, facts);
}

static void check_namespaces(struct checker *checker, struct policy_namespaces *filter)
{
	if (!check_has_values(checker, &filter->values))
		return;
	filter->inodes =
		arena_alloc_array(checker->arena, filter->values.count, sizeof(*filter->inodes));
	for (size_t i = 0; filter->inodes && i < filter->values.count; i++) {
		const struct policy_text *value = &filter->values.items[i];
		bool is_negative = false;
		uint64_t inode = 0;

		if (value->state == FIELD_BAD)
			continue;
		if (strcmp(value->data, "host_ns") == 0) {
			filter->has_host = true;
			continue;
		}
		if (!scalar_parse_int(text_span(value), &is_negative, &inode) || is_negative ||
		    inode > UINT32_MAX)
			finding_hint(
				report_error(checker->report, value->place, "%s is no namespace",
					     report_quote(checker->report, text_span(value))),
				"its inode number (ls -l /proc/PID/ns), or host_ns for the host's");
		filter->inodes[filter->inodes_count++] = (uint32_t)inode;
	}
}

/* Row of the namespace called WORD, or -1; the case of letters does not matter. */
static int namespace_find(const char *word)
{
	for (size_t i = 0; i < POLICY_NAMESPACES; i++) {
		if (strcasecmp(words_get(WORDS_NAMESPACE, i), word) == 0)
			return (int)i;
	}
	return -1;
}

static void check_namespace_changes(struct checker *checker,
				    struct policy_namespace_changes *filter)
{
	if (!check_has_values(checker, &filter->values))
		return;
	for (size_t i = 0; i < filter->values.count; i++) {
		const struct policy_text *value = &filter->values.items[i];
		int row = namespace_find(value->data);

		if (value->state == FIELD_BAD)
			continue;
		if (row >= 0)
			filter->namespaces |= 1u << row;
		else
			finding_hint(
				report_error(checker->report, value->place, "unknown namespace %s",
					     report_quote(checker->report, text_span(value))),
				"one of Uts, Ipc, Mnt, Pid, PidForChildren, Net, Time, TimeForChildren, Cgroup, User");
	}
}

static void check_capabilities(struct checker *checker, struct policy_capabilities *filter)
{
	if (!check_has_values(checker, &filter->values))
		return;
	for (size_t i = 0; i < filter->values.count; i++) {
		const struct policy_text *value = &filter->values.items[i];
		uint32_t bit;

		if (value->state == FIELD_BAD)
			continue;
		if (value_names_find(NAMES_CAPABILITY, text_span(value), &bit))
			filter->bits |= 1ULL << bit;
		else
			check_report_name(checker, value->place, text_span(value),
					  NAMES_CAPABILITY);
	}
}

void check_process_filters(struct checker *checker, struct policy_selector *selector)
{
	for (size_t i = 0; i < selector->pids.count; i++)
		check_pids(checker, &selector->pids.items[i]);
	for (size_t i = 0; i < selector->binaries.count; i++)
		check_binaries(checker, &selector->binaries.items[i]);
	for (size_t i = 0; i < selector->parent_binaries.count; i++)
		check_binaries(checker, &selector->parent_binaries.items[i]);
	for (size_t i = 0; i < selector->namespaces.count; i++)
		check_namespaces(checker, &selector->namespaces.items[i]);
	for (size_t i = 0; i < selector->namespace_changes.count; i++)
		check_namespace_changes(checker, &selector->namespace_changes.items[i]);
	for (size_t i = 0; i < selector->capabilities.count; i++)
		check_capabilities(checker, &selector->capabilities.items[i]);
	for (size_t i = 0; i < selector->capability_changes.count; i++)
		check_capabilities(checker, &selector->capability_changes.items[i]);
}

/* What is looked at when the function returns needs a hook there. */
static void check_at_return(struct checker *checker, const struct policy_hook *hook,
			    const struct policy_selector *selector)
{
	struct place place = selector->return_arguments.count ? selector->return_arguments.place
							      : selector->return_actions.place;
	const char *word =
		selector->return_arguments.count ? "matchReturnArgs" : "matchReturnActions";

	if (!selector->return_arguments.count && !selector->return_actions.count)
		return;
	if (hook->section != POLICY_SECTION_KPROBES && hook->section != POLICY_SECTION_FENTRIES &&
	    hook->section != POLICY_SECTION_UPROBES)
		report_error(checker->report, place,
			     "\"%s\" cannot be used in %s: they have no return hook", word,
			     section_facts[hook->section].key);
	else if (!hook->returns.value && hook->returns.state != FIELD_BAD)
		finding_hint(
			report_error(checker->report, place, "\"%s\" needs \"return: true\"", word),
			"without it nobody looks at the return");
}

void check_selector(struct checker *checker, struct policy_hook *hook,
		    struct policy_selector *selector)
{
	check_expand_macros(checker, selector);
	check_process_filters(checker, selector);
	check_workloads(checker, selector->workloads);
	check_at_return(checker, hook, selector);
	check_argument_filters(checker, hook, selector);
	check_actions(checker, hook, selector);
}
