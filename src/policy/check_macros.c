/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Macros: fragments of selectors by name. A selector takes each kind of filter from itself or from
 * one macro; from two of them it would not be clear which is meant.
 */
#include "policy/checker.h"

struct macro_field {
	const char *word;
	size_t offset; /* of a list in struct policy_selector */
	size_t bytes;  /* of its elements */
};

#define MACRO_FIELD(word, member)                           \
	{ (word), offsetof(struct policy_selector, member), \
	  sizeof(*((struct policy_selector *)0)->member.items) }

static const struct macro_field macro_fields[] = {
	MACRO_FIELD("matchPIDs", pids),
	MACRO_FIELD("matchBinaries", binaries),
	MACRO_FIELD("matchParentBinaries", parent_binaries),
	MACRO_FIELD("matchNamespaces", namespaces),
	MACRO_FIELD("matchNamespaceChanges", namespace_changes),
	MACRO_FIELD("matchCapabilities", capabilities),
	MACRO_FIELD("matchCapabilityChanges", capability_changes),
	MACRO_FIELD("matchArgs", arguments),
	MACRO_FIELD("matchData", data),
	MACRO_FIELD("matchReturnArgs", return_arguments),
	MACRO_FIELD("matchActions", actions),
	MACRO_FIELD("matchReturnActions", return_actions),
};

enum { MACRO_FIELDS = sizeof(macro_fields) / sizeof(macro_fields[0]) };

typedef POLICY_LIST_OF(void) policy_any_list;

static policy_any_list *selector_get_list(struct policy_selector *selector, size_t field)
{
	return (policy_any_list *)((char *)selector + macro_fields[field].offset);
}

static bool texts_have(const struct policy_texts *texts, const char *word)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (strcmp(texts->items[i].data, word) == 0)
			return true;
	}
	return false;
}

static bool macro_is_used(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->hooks_count; i++) {
		const struct policy_hook *hook = policy->hooks[i];

		for (size_t j = 0; j < hook->selectors.count; j++) {
			if (texts_have(&hook->selectors.items[j].macros, name))
				return true;
		}
	}
	return false;
}

/* Operators that the decoder left to hooks, and no hook comes. */
static void check_unused_filters(struct checker *checker, const struct policy_filter *filters,
				 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct policy_word *operator= & filters[i].operator;

		if (operator->state == FIELD_GIVEN && operator->value<0)
			report_error(checker->report, operator->place, "unknown operator %s",
				     report_quote(checker->report, span_of(operator->text)));
	}
}

static void check_macro(struct checker *checker, const struct policy_selector *macro)
{
	if (macro->macros.count)
		finding_hint(report_error(checker->report, macro->macros.place,
					  "a macro cannot use macros"),
			     "name both in the selector");
	if (macro->workloads)
		finding_hint(report_error(checker->report, macro->workloads->place,
					  "\"matchWorkloads\" in a macro has no effect"),
			     "write it into the selector");
	if (macro_is_used(checker->policy, macro->name.data))
		return;
	finding_hint(report_warning(checker->report, macro->name.place, "macro %s is not used",
				    report_quote(checker->report, text_span(&macro->name))),
		     "its values are not checked then");
	check_unused_filters(checker, macro->arguments.items, macro->arguments.count);
	check_unused_filters(checker, macro->data.items, macro->data.count);
	check_unused_filters(checker, macro->return_arguments.items, macro->return_arguments.count);
}

void check_macros(struct checker *checker)
{
	const struct policy_spec *spec = checker->policy->spec;

	for (size_t i = 0; i < spec->macros.count; i++)
		check_macro(checker, &spec->macros.items[i]);
}

static struct policy_selector *check_find_macro(struct checker *checker,
						const struct policy_text *name)
{
	const struct policy_spec *spec = checker->policy->spec;
	struct suggest suggest = suggest_start(name->data);
	struct finding *finding;

	for (size_t i = 0; i < spec->macros.count; i++) {
		if (strcmp(spec->macros.items[i].name.data, name->data) == 0)
			return &spec->macros.items[i];
		suggest_offer(&suggest, spec->macros.items[i].name.data);
	}
	if (spec->macros.state == FIELD_BAD)
		return NULL;
	finding = report_error(checker->report, name->place, "there is no macro %s",
			       report_quote(checker->report, text_span(name)));
	if (suggest.best)
		finding_hint(finding, "did you mean \"%s\"?", suggest.best);
	else
		finding_hint(finding, "macros are defined in spec.selectorsMacros");
	return NULL;
}

/* The selector gets a copy of its own: what is checked later differs by hook. */
static void check_copy_field(struct checker *checker, struct policy_selector *selector,
			     const struct policy_text *name, struct policy_selector *macro,
			     size_t field)
{
	policy_any_list *from = selector_get_list(macro, field);
	policy_any_list *to = selector_get_list(selector, field);
	void *items;

	if (!from->count)
		return;
	if (to->count) {
		report_error(checker->report, name->place,
			     "macro %s brings \"%s\", which is here already (line %u)",
			     report_quote(checker->report, text_span(name)),
			     macro_fields[field].word, to->place.line);
		return;
	}
	items = arena_alloc_array(checker->arena, from->count, macro_fields[field].bytes);
	if (!items)
		return;
	memcpy(items, from->items, from->count * macro_fields[field].bytes);
	*to = *from;
	to->items = items;
}

void check_expand_macros(struct checker *checker, struct policy_selector *selector)
{
	for (size_t i = 0; i < selector->macros.count; i++) {
		const struct policy_text *name = &selector->macros.items[i];
		struct policy_selector *macro =
			name->state == FIELD_BAD ? NULL : check_find_macro(checker, name);

		if (!macro)
			continue;
		for (size_t field = 0; field < MACRO_FIELDS; field++)
			check_copy_field(checker, selector, name, macro, field);
		if (!text_is_given(&selector->label) && text_is_given(&macro->label))
			selector->label = macro->label;
	}
}
