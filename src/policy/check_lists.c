/* SPDX-License-Identifier: Apache-2.0 */
/* spec.lists, spec.enforcers, and references to lists. */
#include "policy/checker.h"

static const char list_prefix[] = "list:";

static bool list_is_generated(const struct policy_list *list)
{
	return list->type.value == POLICY_LIST_GENERATED_SYSCALLS ||
	       list->type.value == POLICY_LIST_GENERATED_FTRACE;
}

static void check_list_syscall(struct checker *checker, const struct policy_text *value,
			       struct policy_list_syscall *out)
{
	struct span name = text_span(value);

	out->name = "";
	if (!syscall_abi_take(&name, &out->abi)) {
		finding_hint(report_error(checker->report, value->place, "unknown abi in %s",
					  report_quote(checker->report, text_span(value))),
			     "one of x64, i386, arm64, arm32");
		return;
	}
	if (!syscall_is_name(name) || !name_is_symbol(name))
		finding_hint(report_error(checker->report, value->place, "%s is no system call",
					  report_quote(checker->report, text_span(value))),
			     "write it as \"sys_read\" or \"i386/sys_read\"");
	out->name = name.data;
}

static void check_list_values(struct checker *checker, struct policy_list *list)
{
	bool is_syscalls = list->type.value == POLICY_LIST_SYSCALLS;

	if (is_syscalls)
		list->syscalls = arena_alloc_array(checker->arena, list->values.count,
						   sizeof(*list->syscalls));
	if (is_syscalls && !list->syscalls)
		return;
	for (size_t i = 0; i < list->values.count; i++) {
		const struct policy_text *value = &list->values.items[i];

		if (value->state == FIELD_BAD)
			continue;
		if (is_syscalls)
			check_list_syscall(checker, value, &list->syscalls[i]);
		else if (!name_is_symbol(text_span(value)))
			finding_hint(report_error(checker->report, value->place,
						  "%s is no function of the kernel",
						  report_quote(checker->report, text_span(value))),
				     "letters, digits, \"_\" and \".\"");
	}
}

static void check_generated_list(struct checker *checker, const struct policy_list *list)
{
	const char *type = words_get(WORDS_LIST_TYPE, (size_t)list->type.value);
	bool wants_pattern = list->type.value == POLICY_LIST_GENERATED_FTRACE;

	if (list->values.count)
		report_error(checker->report, list->values.place,
			     "a list of type %s is made from the kernel, it has no values", type);
	if (wants_pattern && list->pattern.state != FIELD_BAD && !list->pattern.bytes)
		finding_hint(report_error(checker->report, list->place,
					  "\"pattern\" is missing; a list of type %s needs it",
					  type),
			     "a regular expression over the names of functions");
	if (!wants_pattern && text_is_given(&list->pattern))
		report_error(checker->report, list->pattern.place,
			     "a list of type %s has no pattern", type);
}

static void check_list(struct checker *checker, struct policy_list *list)
{
	if (list->name.state == FIELD_GIVEN && !list->name.bytes)
		report_error(checker->report, list->name.place, "the name of a list is empty");
	if (list->type.state == FIELD_BAD || list->values.state == FIELD_BAD)
		return;
	if (list_is_generated(list)) {
		check_generated_list(checker, list);
		return;
	}
	if (text_is_given(&list->pattern))
		finding_hint(report_error(checker->report, list->pattern.place,
					  "this list has values, not a pattern"),
			     "type: generated_ftrace takes one");
	if (!list->values.count)
		report_error(checker->report, list->place,
			     "\"values\" is missing in a list, or empty");
	check_list_values(checker, list);
}

void check_lists(struct checker *checker)
{
	const struct policy_spec *spec = checker->policy->spec;

	for (size_t i = 0; i < spec->lists.count; i++) {
		struct policy_list *list = &spec->lists.items[i];

		check_list(checker, list);
		for (size_t j = 0; j < i && list->name.bytes; j++) {
			if (strcmp(spec->lists.items[j].name.data, list->name.data) != 0)
				continue;
			report_error(checker->report, list->name.place,
				     "list %s stands here twice; it is in line %u already",
				     report_quote(checker->report, text_span(&list->name)),
				     spec->lists.items[j].name.place.line);
			break;
		}
	}
}

bool check_list_reference(struct checker *checker, const struct policy_text *text,
			  const struct policy_list **out)
{
	const struct policy_spec *spec = checker->policy->spec;
	const char *name = text->data + sizeof(list_prefix) - 1;
	struct suggest suggest;
	struct finding *finding;

	*out = NULL;
	if (strncmp(text->data, list_prefix, sizeof(list_prefix) - 1) != 0)
		return false;
	suggest = suggest_start(name);
	for (size_t i = 0; i < spec->lists.count; i++) {
		suggest_offer(&suggest, spec->lists.items[i].name.data);
		if (strcmp(spec->lists.items[i].name.data, name) == 0) {
			*out = &spec->lists.items[i];
			return true;
		}
	}
	/* Then its own finding says enough. */
	if (spec->lists.state == FIELD_BAD)
		return true;
	finding = report_error(checker->report, text->place, "there is no list %s",
			       report_quote(checker->report, span_of(name)));
	if (suggest.best)
		finding_hint(finding, "did you mean \"list:%s\"?", suggest.best);
	else
		finding_hint(finding, "lists are defined in spec.lists");
	return true;
}

static void check_enforcer_call(struct checker *checker, const struct policy_text *call)
{
	struct span name = text_span(call);

	if (syscall_is_name(name) && name_is_symbol(name))
		return;
	if (name.bytes > 9 && memcmp(name.data, "security_", 9) == 0 && name_is_symbol(name))
		return;
	finding_hint(
		report_error(checker->report, call->place, "an enforcer cannot act on %s",
			     report_quote(checker->report, name)),
		"it takes system calls as in \"sys_write\", functions \"security_...\", and \"list:NAME\"");
}

void check_enforcers(struct checker *checker)
{
	const struct policy_spec *spec = checker->policy->spec;

	for (size_t i = 0; i < spec->enforcers.count; i++) {
		struct policy_enforcer *enforcer = &spec->enforcers.items[i];

		enforcer->lists = arena_alloc_array(checker->arena, enforcer->calls.count,
						    sizeof(*enforcer->lists));
		if (!enforcer->lists)
			return;
		if (enforcer->calls.state == FIELD_GIVEN && !enforcer->calls.count)
			report_error(checker->report, enforcer->calls.place,
				     "an enforcer needs at least one call");
		for (size_t j = 0; j < enforcer->calls.count; j++) {
			const struct policy_text *call = &enforcer->calls.items[j];

			if (call->state != FIELD_BAD &&
			    !check_list_reference(checker, call, &enforcer->lists[j]))
				check_enforcer_call(checker, call);
		}
	}
}
