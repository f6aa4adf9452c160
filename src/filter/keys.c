/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a filter: one row each, with how it is compiled and what it means. */
#include <errno.h>
#include <stdlib.h>

#include <google/protobuf/wrappers.pb-c.h>

#include "filter/filter_private.h"

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static bool any_regex_matches(const struct filter_values *values,
			      const struct filter_subject *subject, const char *text)
{
	size_t bytes = text ? strlen(text) : 0;

	for (size_t i = 0; i < values->count; i++) {
		uint64_t given_up = regex_get_given_up(values->regexes[i]);

		if (regex_matches(values->regexes[i], text, bytes))
			return true;
		*subject->gave_up |= regex_get_given_up(values->regexes[i]) != given_up;
	}
	return false;
}

static bool any_text_equals(const struct filter_values *values, const char *text)
{
	for (size_t i = 0; i < values->count; i++) {
		if (strcmp(values->texts[i], text_of(text)) == 0)
			return true;
	}
	return false;
}

/* A key that is a list of TYPE, compiled by filter_values_set_TYPE(). */
#define COMPILE_LIST(key, type)                                                                    \
	static int compile_##key(struct filter_compiler *compiler, const Tetragon__Filter *filter, \
				 struct filter_values *out)                                        \
	{                                                                                          \
		return filter_values_set_##type(compiler, filter->key, filter->n_##key, out);      \
	}

COMPILE_LIST(pid, numbers)
COMPILE_LIST(namespace_, texts)
COMPILE_LIST(policy_names, texts)
COMPILE_LIST(binary_regex, regexes)
COMPILE_LIST(parent_binary_regex, regexes)
COMPILE_LIST(arguments_regex, regexes)
COMPILE_LIST(parent_arguments_regex, regexes)
COMPILE_LIST(namespace_regex, regexes)
COMPILE_LIST(pod_regex, regexes)
COMPILE_LIST(container_name_regex, regexes)
COMPILE_LIST(container_id, regexes)
COMPILE_LIST(labels, selectors)
COMPILE_LIST(cel_expression, expressions)

static int compile_ancestor_binary_regex(struct filter_compiler *compiler,
					 const Tetragon__Filter *filter, struct filter_values *out)
{
	if (compiler->options->ancestors_flag)
		return filter_fail(compiler, "events show no ancestors; switch them on with %s",
				   compiler->options->ancestors_flag);
	return filter_values_set_regexes(compiler, filter->ancestor_binary_regex,
					 filter->n_ancestor_binary_regex, out);
}

static int compile_pid_set(struct filter_compiler *compiler, const Tetragon__Filter *filter,
			   struct filter_values *out)
{
	int error = filter_count_values(compiler, filter->n_pid_set);

	if (error)
		return error;
	if (compiler->options->pid_set_flag)
		return filter_fail(compiler,
				   "is off here, because it may forget descendants of "
				   "busy families; allow it with %s",
				   compiler->options->pid_set_flag);
	if (++compiler->pid_sets > FILTER_PID_SETS_MAX)
		return filter_fail(compiler, "more than %u entries of the list have it",
				   FILTER_PID_SETS_MAX);
	out->pids = filter_pids_new(filter->pid_set, filter->n_pid_set);
	return out->pids ? 0 : -ENOMEM;
}

static int compile_health_check(struct filter_compiler *compiler, const Tetragon__Filter *filter,
				struct filter_values *out)
{
	out->wanted = filter->health_check->value;
	return 0;
}

static int compile_in_init_tree(struct filter_compiler *compiler, const Tetragon__Filter *filter,
				struct filter_values *out)
{
	out->wanted = filter->in_init_tree->value;
	return 0;
}

static int compile_capabilities(struct filter_compiler *compiler, const Tetragon__Filter *filter,
				struct filter_values *out)
{
	if (compiler->options->credentials_flag)
		return filter_fail(compiler, "events show no capabilities; switch them on with %s",
				   compiler->options->credentials_flag);
	return filter_values_set_capabilities(compiler, filter->capabilities, out);
}

static bool matches_pid(const struct filter_values *values, const struct filter_subject *subject)
{
	const Tetragon__Process *process = subject->view.process;

	for (size_t i = 0; process && process->pid && i < values->count; i++) {
		if (values->numbers[i] == process->pid->value)
			return true;
	}
	return false;
}

static bool matches_pid_set(const struct filter_values *values,
			    const struct filter_subject *subject)
{
	return filter_pids_matches(values->pids, &subject->view);
}

static bool matches_in_init_tree(const struct filter_values *values,
				 const struct filter_subject *subject)
{
	const Tetragon__Process *process = subject->view.process;

	return process && (process->in_init_tree && process->in_init_tree->value) == values->wanted;
}

static bool is_health_check(const Tetragon__Process *process)
{
	return process && process->pod && process->pod->container &&
	       process->pod->container->maybe_exec_probe;
}

/* As upstream, an event about no process is no health check. */
static bool matches_health_check(const struct filter_values *values,
				 const struct filter_subject *subject)
{
	return (is_health_check(subject->view.process) || is_health_check(subject->view.parent)) ==
	       values->wanted;
}

static const Tetragon__Pod *get_pod(const struct filter_subject *subject)
{
	return subject->view.process ? subject->view.process->pod : NULL;
}

/* "" stands for processes of the host. */
static bool matches_namespace_(const struct filter_values *values,
			       const struct filter_subject *subject)
{
	const Tetragon__Pod *pod = get_pod(subject);

	return subject->view.process && any_text_equals(values, pod ? pod->namespace_ : "");
}

static bool matches_namespace_regex(const struct filter_values *values,
				    const struct filter_subject *subject)
{
	const Tetragon__Pod *pod = get_pod(subject);

	return pod && any_regex_matches(values, subject, pod->namespace_);
}

static bool matches_pod_regex(const struct filter_values *values,
			      const struct filter_subject *subject)
{
	const Tetragon__Pod *pod = get_pod(subject);

	return pod && any_regex_matches(values, subject, pod->name);
}

static bool matches_container_name_regex(const struct filter_values *values,
					 const struct filter_subject *subject)
{
	const Tetragon__Pod *pod = get_pod(subject);

	return pod && pod->container && any_regex_matches(values, subject, pod->container->name);
}

static bool matches_container_id(const struct filter_values *values,
				 const struct filter_subject *subject)
{
	const Tetragon__Process *process = subject->view.process;

	return process && any_regex_matches(values, subject, process->docker);
}

static bool matches_labels(const struct filter_values *values, const struct filter_subject *subject)
{
	const Tetragon__Pod *pod = get_pod(subject);

	for (size_t i = 0; pod && i < values->count; i++) {
		if (label_selector_matches(values->selectors[i], pod->pod_labels,
					   pod->n_pod_labels))
			return true;
	}
	return false;
}

static bool matches_policy_names(const struct filter_values *values,
				 const struct filter_subject *subject)
{
	return subject->view.policy_name && any_text_equals(values, subject->view.policy_name);
}

static bool capabilities_hold(const struct filter_capabilities *wanted,
			      const Tetragon__CapabilitiesType *list, size_t count)
{
	uint64_t had = 0;

	for (size_t i = 0; i < count; i++)
		had |= (unsigned int)list[i] < 64 ? 1ULL << list[i] : 0;
	switch (wanted->how) {
	case CAPABILITIES_ANY:
		return had & wanted->wanted;
	case CAPABILITIES_ALL:
		return (had & wanted->wanted) == wanted->wanted;
	case CAPABILITIES_EXACTLY:
		return had == wanted->wanted;
	case CAPABILITIES_NONE:
		return !(had & wanted->wanted);
	default:
		return true;
	}
}

static bool matches_capabilities(const struct filter_values *values,
				 const struct filter_subject *subject)
{
	const Tetragon__Process *process = subject->view.process;
	const Tetragon__Capabilities *had = process ? process->cap : NULL;
	const struct filter_capabilities *wanted = values->capabilities;

	return had && capabilities_hold(&wanted[SET_PERMITTED], had->permitted, had->n_permitted) &&
	       capabilities_hold(&wanted[SET_EFFECTIVE], had->effective, had->n_effective) &&
	       capabilities_hold(&wanted[SET_INHERITABLE], had->inheritable, had->n_inheritable);
}

static bool matches_binary_regex(const struct filter_values *values,
				 const struct filter_subject *subject)
{
	return subject->view.process &&
	       any_regex_matches(values, subject, subject->view.process->binary);
}

static bool matches_parent_binary_regex(const struct filter_values *values,
					const struct filter_subject *subject)
{
	return subject->view.parent &&
	       any_regex_matches(values, subject, subject->view.parent->binary);
}

static bool matches_ancestor_binary_regex(const struct filter_values *values,
					  const struct filter_subject *subject)
{
	for (size_t i = 0; i < subject->view.ancestors_count; i++) {
		if (any_regex_matches(values, subject, subject->view.ancestors[i]->binary))
			return true;
	}
	return false;
}

static bool matches_arguments_regex(const struct filter_values *values,
				    const struct filter_subject *subject)
{
	return subject->view.process &&
	       any_regex_matches(values, subject, subject->view.process->arguments);
}

static bool matches_parent_arguments_regex(const struct filter_values *values,
					   const struct filter_subject *subject)
{
	return subject->view.parent &&
	       any_regex_matches(values, subject, subject->view.parent->arguments);
}

static bool matches_cel_expression(const struct filter_values *values,
				   const struct filter_subject *subject)
{
	for (size_t i = 0; i < values->count; i++) {
		int answer = cel_program_evaluate(values->expressions[i], subject->event, NULL);

		if (answer == 1)
			return true;
		*subject->gave_up |= answer == -E2BIG;
	}
	return false;
}

#define KEY(name) { offsetof(Tetragon__Filter, name), compile_##name, matches_##name }

const struct filter_key filter_keys[] = {
	KEY(pid),
	KEY(in_init_tree),
	KEY(health_check),
	KEY(namespace_),
	KEY(policy_names),
	KEY(capabilities),
	KEY(labels),
	KEY(container_id),
	KEY(container_name_regex),
	KEY(namespace_regex),
	KEY(pod_regex),
	KEY(binary_regex),
	KEY(parent_binary_regex),
	KEY(ancestor_binary_regex),
	KEY(arguments_regex),
	KEY(parent_arguments_regex),
	KEY(cel_expression),
	/* The last one, because it learns: whom no other key let through is no relative. */
	KEY(pid_set),
};
const size_t filter_keys_count = sizeof(filter_keys) / sizeof(filter_keys[0]);
