/* SPDX-License-Identifier: Apache-2.0 */
/* The policy as a whole: its name, where it applies, its options, and then every part in turn. */
#include "policy/check.h"

#include "policy/checker.h"
#include "policy/scalar.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool policy_is_namespaced(const struct checker *checker)
{
	return checker->policy->kind.value == POLICY_NAMESPACED;
}

static void check_namespace(struct checker *checker, const struct policy_metadata *metadata)
{
	const struct policy_text *namespace = &metadata->namespace;

	if (namespace->state == FIELD_BAD || checker->policy->kind.value < 0)
		return;
	if (!policy_is_namespaced(checker)) {
		if (text_is_given(namespace))
			finding_hint(
				report_warning(
					checker->report, namespace->place,
					"a TracingPolicy applies everywhere, \"namespace\" does not limit it"),
				"kind TracingPolicyNamespaced is limited to its namespace");
		return;
	}
	if (!text_is_given(namespace))
		report_error(
			checker->report, metadata->place,
			"\"namespace\" is missing in metadata; a TracingPolicyNamespaced needs one");
	else if (!name_is_label(text_span(namespace)))
		finding_hint(report_error(checker->report, namespace->place,
					  "%s is no name of a namespace",
					  report_quote(checker->report, text_span(namespace))),
			     "lower-case letters, digits and \"-\" inside, at most %u",
			     POLICY_NAMESPACE_BYTES_MAX);
}

void check_metadata(struct checker *checker)
{
	const struct policy_metadata *metadata = checker->policy->metadata;
	const struct policy_text *name;

	if (!metadata)
		return;
	name = &metadata->name;
	if (name->state == FIELD_GIVEN && !name_is_subdomain(text_span(name)))
		finding_hint(report_error(checker->report, name->place, "%s is no name of a policy",
					  report_quote(checker->report, text_span(name))),
			     "lower-case letters, digits, and \"-\" and \".\" inside, at most %u",
			     POLICY_NAME_BYTES_MAX);
	check_namespace(checker, metadata);
}

/* ---- label selectors --------------------------------------------------------------------------
 */

static void check_container_key(struct checker *checker, const struct policy_text *key)
{
	if (key->state == FIELD_BAD || strcmp(key->data, "name") == 0 ||
	    strcmp(key->data, "repo") == 0)
		return;
	finding_hint(report_error(checker->report, key->place, "containers have no label %s",
				  report_quote(checker->report, text_span(key))),
		     "a container selector takes \"name\" and \"repo\"");
}

static void check_label_expression(struct checker *checker,
				   const struct policy_label_expression *expression)
{
	bool wants_values = expression->operator.value == POLICY_LABEL_IN ||
			    expression->operator.value == POLICY_LABEL_NOT_IN;
	const struct policy_texts *values = &expression->values;

	if (expression->key.state == FIELD_GIVEN && !expression->key.bytes)
		report_error(checker->report, expression->key.place, "the key of a label is empty");
	if (expression->operator.value<0 || values->state == FIELD_BAD)
		return;
	if (wants_values && !values->count)
		report_error(checker->report, expression->operator.place,
			     "operator \"%s\" needs values",
			     words_get(WORDS_LABEL_OPERATOR, (size_t)expression->operator.value));
	if (!wants_values && values->count)
		report_error(checker->report, values->place, "operator \"%s\" takes no values",
			     words_get(WORDS_LABEL_OPERATOR, (size_t)expression->operator.value));
}

static void check_label_selector(struct checker *checker,
				 const struct policy_label_selector *selector, bool is_container)
{
	if (!selector)
		return;
	for (size_t i = 0; is_container && i < selector->labels.count; i++)
		check_container_key(checker, &selector->labels.items[i].key);
	for (size_t i = 0; i < selector->expressions.count; i++) {
		check_label_expression(checker, &selector->expressions.items[i]);
		if (is_container)
			check_container_key(checker, &selector->expressions.items[i].key);
	}
}

static void check_host_selector(struct checker *checker,
				const struct policy_label_selector *selector)
{
	if (!selector)
		return;
	if (policy_is_namespaced(checker))
		report_error(
			checker->report, selector->place,
			"\"hostSelector\" cannot be used in a TracingPolicyNamespaced: the host is in no namespace");
	else if (selector->labels.count || selector->expressions.count)
		finding_hint(
			report_error(checker->report, selector->place, "the host has no labels"),
			"\"hostSelector: {}\" selects it");
}

void check_workloads(struct checker *checker, const struct policy_workloads *workloads)
{
	if (!workloads)
		return;
	check_label_selector(checker, workloads->pod_selector, false);
	check_label_selector(checker, workloads->container_selector, true);
	check_host_selector(checker, workloads->host_selector);
}

void check_scope(struct checker *checker)
{
	const struct policy_spec *spec = checker->policy->spec;

	check_label_selector(checker, spec->pod_selector, false);
	check_label_selector(checker, spec->container_selector, true);
	check_label_selector(checker, spec->node_selector, false);
	check_host_selector(checker, spec->host_selector);
}

/* ---- options ----------------------------------------------------------------------------------
 */

enum option_value {
	OPTION_VALUE_BOOL,
	OPTION_VALUE_COUNT,
	OPTION_VALUE_MODE,
	OPTION_VALUE_OVERRIDE_METHOD
};

struct option_facts {
	const char *name;
	enum option_value value;
	size_t offset; /* in struct policy_options */
};

static const struct option_facts option_rows[] = {
#define POLICY_OPTION(member, name, value) \
	{ (name), OPTION_VALUE_##value, offsetof(struct policy_options, member) },
#include "policy/options.def"
#undef POLICY_OPTION
};

/* As Go's strconv.ParseBool. */
static bool option_parse_bool(struct span text, bool *out)
{
	static const char *const words[] = { "1", "t", "T", "TRUE",  "true",  "True",
					     "0", "f", "F", "FALSE", "false", "False" };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strlen(words[i]) != text.bytes || memcmp(words[i], text.data, text.bytes) != 0)
			continue;
		*out = i < COUNT(words) / 2;
		return true;
	}
	return false;
}

static bool option_parse_word(enum words table, struct span text, int *out)
{
	int row = words_find(table, text);

	if (row >= 0)
		*out = row;
	return row >= 0;
}

static bool option_parse_count(struct span text, uint64_t *out)
{
	bool is_negative;
	uint64_t count;

	if (!scalar_parse_int(text, &is_negative, &count) || is_negative || !count ||
	    count > INT32_MAX)
		return false;
	*out = count;
	return true;
}

/* NULL: the value was taken; else what would be right. */
static const char *option_take(const struct option_facts *facts, struct span text,
			       struct policy_options *options)
{
	void *member = (char *)options + facts->offset;

	switch (facts->value) {
	case OPTION_VALUE_BOOL:
		return option_parse_bool(text, member) ? NULL : "true or false";
	case OPTION_VALUE_COUNT:
		return option_parse_count(text, member) ? NULL : "a number above 0";
	case OPTION_VALUE_MODE:
		return option_parse_word(WORDS_MODE, text, member) ? NULL : "enforce or monitor";
	case OPTION_VALUE_OVERRIDE_METHOD:
		return option_parse_word(WORDS_OVERRIDE_METHOD, text, member)
			       ? NULL
			       : "override-return or fmod-ret";
	}
	return NULL;
}

static void check_option(struct checker *checker, const struct policy_option *option)
{
	struct suggest suggest = suggest_start(option->name.data);
	const struct option_facts *facts = NULL;
	struct finding *finding;
	const char *wanted;

	for (size_t i = 0; i < COUNT(option_rows); i++) {
		suggest_offer(&suggest, option_rows[i].name);
		if (strcmp(option_rows[i].name, option->name.data) == 0)
			facts = &option_rows[i];
	}
	if (!facts) {
		finding = report_warning(checker->report, option->name.place,
					 "unknown option %s has no effect",
					 report_quote(checker->report, text_span(&option->name)));
		if (suggest.best)
			finding_hint(finding, "did you mean \"%s\"?", suggest.best);
		return;
	}
	wanted = option_take(facts, text_span(&option->value), &checker->policy->options);
	if (wanted)
		report_error(checker->report, option->value.place,
			     "option \"%s\" is %s; it must be %s", facts->name,
			     report_quote(checker->report, text_span(&option->value)), wanted);
}

void check_options(struct checker *checker)
{
	const struct policy_spec *spec = checker->policy->spec;

	checker->policy->options.mode = -1;
	checker->policy->options.override_method = POLICY_OVERRIDE_AUTO;
	for (size_t i = 0; i < spec->options.count; i++) {
		const struct policy_option *option = &spec->options.items[i];

		if (option->name.state != FIELD_GIVEN || option->value.state == FIELD_BAD)
			continue;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(spec->options.items[j].name.data, option->name.data) == 0)
				report_error(
					checker->report, option->name.place,
					"option %s stands here twice",
					report_quote(checker->report, text_span(&option->name)));
		}
		check_option(checker, option);
	}
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static const policy_hooks *spec_get_section(struct policy_spec *spec, size_t section)
{
	return (const policy_hooks *)((char *)spec + section_facts[section].offset);
}

static bool policy_list_hooks(struct policy *policy)
{
	size_t count = 0;

	for (size_t section = 0; section < POLICY_SECTIONS; section++)
		count += spec_get_section(policy->spec, section)->count;
	policy->hooks = arena_alloc_array(&policy->arena, count, sizeof(struct policy_hook *));
	if (!policy->hooks)
		return false;
	for (size_t section = 0; section < POLICY_SECTIONS; section++) {
		const policy_hooks *list = spec_get_section(policy->spec, section);

		for (size_t i = 0; i < list->count; i++) {
			list->items[i].section = (enum policy_section)section;
			list->items[i].number = i;
			policy->hooks[policy->hooks_count++] = &list->items[i];
		}
	}
	return true;
}

static bool actions_enforce(const struct policy_action *actions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (actions[i].facts && actions[i].facts->is_enforcing)
			return true;
	}
	return false;
}

static enum policy_mode policy_get_mode(const struct policy *policy)
{
	for (size_t i = 0; i < policy->hooks_count; i++) {
		const struct policy_hook *hook = policy->hooks[i];

		for (size_t j = 0; j < hook->selectors.count; j++) {
			const struct policy_selector *selector = &hook->selectors.items[j];

			if (actions_enforce(selector->actions.items, selector->actions.count) ||
			    actions_enforce(selector->return_actions.items,
					    selector->return_actions.count))
				return policy->options.mode < 0
					       ? POLICY_MODE_ENFORCE
					       : (enum policy_mode)policy->options.mode;
		}
	}
	return POLICY_MODE_MONITOR_ONLY;
}

bool check_policy(struct policy *policy, struct report *report)
{
	struct checker checker = { .policy = policy, .report = report, .arena = &policy->arena };

	if (!policy->spec)
		policy->spec = arena_alloc(&policy->arena, sizeof(*policy->spec));
	if (!policy->spec || !policy_list_hooks(policy))
		return false;
	check_metadata(&checker);
	check_scope(&checker);
	check_options(&checker);
	check_lists(&checker);
	check_enforcers(&checker);
	check_macros(&checker);
	for (size_t i = 0; i < policy->hooks_count; i++) {
		check_hook(&checker, policy->hooks[i]);
		policy->selectors_count += policy->hooks[i]->selectors.count;
	}
	if (!policy->hooks_count && !policy->spec->loader.value && !report->errors)
		report_warning(report, policy->place, "this policy has no hooks and does nothing");
	policy->mode = policy_get_mode(policy);
	return !policy->arena.failed;
}
