/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors as Kubernetes evaluates them, and what three of them say together. */
#include "policy/scope.h"

#include <string.h>

#include "policy/model.h"

/* ---- one label selector ---------------------------------------------------------------------- */

/* NULL: there is no such label. */
typedef const char *(*label_find_fn)(const struct scope_subject *subject, const char *key);

/* A pod cannot take the namespace's label for itself: its key is none that Kubernetes allows. */
static const char *pod_find_label(const struct scope_subject *subject, const char *key)
{
	if (strcmp(key, SCOPE_NAMESPACE_LABEL) == 0)
		return subject->namespace;
	for (size_t i = 0; i < subject->labels_count; i++)
		if (strcmp(key, subject->labels[i].key) == 0)
			return subject->labels[i].value;
	return NULL;
}

/* Both are always there, though perhaps empty: so it is upstream. */
static const char *container_find_label(const struct scope_subject *subject, const char *key)
{
	if (strcmp(key, "name") == 0)
		return subject->container;
	return strcmp(key, "repo") == 0 ? subject->image_repo : NULL;
}

/* The negated ones hold for a label that is not there. */
static const struct label_operator_facts {
	bool has_values;
	bool is_negated;
} label_operators[] = {
	[POLICY_LABEL_IN] = { .has_values = true },
	[POLICY_LABEL_NOT_IN] = { .has_values = true, .is_negated = true },
	[POLICY_LABEL_EXISTS] = {},
	[POLICY_LABEL_DOES_NOT_EXIST] = { .is_negated = true },
};
_Static_assert(sizeof(label_operators) / sizeof(label_operators[0]) ==
		       POLICY_LABEL_DOES_NOT_EXIST + 1,
	       "a row for each operator");

static bool texts_have(const struct policy_texts *texts, const char *wanted)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i].data, wanted) == 0)
			return true;
	return false;
}

static bool label_expression_holds(const struct policy_label_expression *expression,
				   const char *value)
{
	const struct label_operator_facts *facts = &label_operators[expression->operator.value];
	bool is_met = value && (!facts->has_values || texts_have(&expression->values, value));

	return is_met != facts->is_negated;
}

static bool label_selector_selects(const struct policy_label_selector *selector, label_find_fn find,
				   const struct scope_subject *subject)
{
	for (size_t i = 0; i < selector->labels.count; i++) {
		const struct policy_label *label = &selector->labels.items[i];
		const char *value = find(subject, label->key.data);

		if (!value || strcmp(value, label->value.data) != 0)
			return false;
	}
	for (size_t i = 0; i < selector->expressions.count; i++) {
		const struct policy_label_expression *expression = &selector->expressions.items[i];

		if (!label_expression_holds(expression, find(subject, expression->key.data)))
			return false;
	}
	return true;
}

/* ---- the three together ---------------------------------------------------------------------- */

static struct policy_workloads scope_of_policy(const struct policy *policy)
{
	return (struct policy_workloads){
		.pod_selector = policy->spec->pod_selector,
		.container_selector = policy->spec->container_selector,
		.host_selector = policy->spec->host_selector,
	};
}

static bool policy_is_namespaced(const struct policy *policy)
{
	return policy->kind.value == POLICY_NAMESPACED;
}

static bool workloads_name_containers(const struct policy_workloads *workloads)
{
	return workloads->pod_selector || workloads->container_selector;
}

static bool workloads_name_nothing(const struct policy_workloads *workloads)
{
	return !workloads_name_containers(workloads) && !workloads->host_selector;
}

static bool workloads_select_host(const struct policy_workloads *workloads)
{
	return workloads->host_selector || workloads_name_nothing(workloads);
}

static bool workloads_select(const struct policy_workloads *workloads,
			     const struct scope_subject *subject)
{
	const struct policy_label_selector *pod = workloads->pod_selector;
	const struct policy_label_selector *container = workloads->container_selector;

	if (!workloads_name_containers(workloads))
		return !workloads->host_selector;
	return (!pod || label_selector_selects(pod, pod_find_label, subject)) &&
	       (!container || label_selector_selects(container, container_find_label, subject));
}

/* NULL selects all. */
static bool label_selector_is_all(const struct policy_label_selector *selector)
{
	return !selector || (!selector->labels.count && !selector->expressions.count);
}

static bool workloads_are_everything(const struct policy_workloads *workloads)
{
	if (workloads_name_nothing(workloads))
		return true;
	return workloads->host_selector && workloads_name_containers(workloads) &&
	       label_selector_is_all(workloads->pod_selector) &&
	       label_selector_is_all(workloads->container_selector);
}

bool scope_selects_host(const struct policy *policy, const struct policy_selector *selector)
{
	struct policy_workloads scope = scope_of_policy(policy);

	/* The host is in no namespace. */
	if (policy_is_namespaced(policy) || !workloads_select_host(&scope))
		return false;
	return !selector || !selector->workloads || workloads_select_host(selector->workloads);
}

bool scope_selects(const struct policy *policy, const struct policy_selector *selector,
		   const struct scope_subject *subject)
{
	struct policy_workloads scope = scope_of_policy(policy);

	if (policy_is_namespaced(policy) &&
	    strcmp(policy->metadata->namespace.data, subject->namespace) != 0)
		return false;
	if (!workloads_select(&scope, subject))
		return false;
	return !selector || !selector->workloads || workloads_select(selector->workloads, subject);
}

bool scope_is_everything(const struct policy *policy, const struct policy_selector *selector)
{
	struct policy_workloads scope = scope_of_policy(policy);

	if (policy_is_namespaced(policy) || !workloads_are_everything(&scope))
		return false;
	return !selector || !selector->workloads || workloads_are_everything(selector->workloads);
}
