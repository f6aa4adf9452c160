/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on arguments: which value is tested, and whether the operator suits its type. */
#include "policy/cel.h"
#include "policy/checker.h"

/* What a filter's list refers to. */
struct subjects {
	const struct policy_argument *items;
	size_t count;
	bool is_complete;     /* every item was read; else a missing one is no surprise */
	bool is_by_position;  /* index is a position, not an argument's index */
	bool may_be_position; /* of tracepoints: it is a position when no argument has that index */
	const char *word;     /* "args" */
};

void check_hint_operators(struct finding *finding, const struct arg_type_facts *type)
{
	_cleanup_buf_ struct buf all = {};

	if (!finding)
		return;
	for (size_t i = 0; i < POLICY_OPERATORS; i++) {
		if (operator_facts[i].groups & (1u << type->group))
			buf_add_format(&all, "%s%s", all.bytes ? ", " : "", operator_facts[i].name);
	}
	if (all.bytes)
		finding_hint(finding, "%s takes %s", type->name, buf_text(&all));
	else
		finding_hint(finding, "values of type %s can be collected, but not tested",
			     type->name);
}

/* "argument 1", for messages. */
static const char *subject_get_words(struct checker *checker, const struct policy_argument *subject)
{
	_cleanup_buf_ struct buf words = {};
	const char *copy;

	if (subject->from == POLICY_FROM_RETURN)
		return "the returned value";
	if (subject->from == POLICY_FROM_ARGUMENT)
		buf_add_format(&words, "argument %lld", (long long)subject->index.value);
	else
		buf_add_format(&words, "data %s",
			       report_quote(checker->report, text_span(&subject->resolve)));
	copy = arena_copy(&checker->report->arena, (struct span){ words.data, words.bytes });
	return copy ? copy : "this value";
}

static void check_report_operator(struct checker *checker, const struct policy_filter *filter)
{
	struct suggest suggest = suggest_start(filter->operator.text);
	const struct arg_type_facts *type = filter->subject ? filter->subject->facts : NULL;
	bool is_open = !type || type->group == GROUP_ANY;
	const char *quoted = report_quote(checker->report, span_of(filter->operator.text));
	struct finding *finding;

	for (size_t i = 0; i < POLICY_OPERATORS; i++) {
		if (is_open || (operator_facts[i].groups & (1u << type->group)))
			suggest_offer(&suggest, operator_facts[i].name);
	}
	if (is_open)
		finding = report_error(checker->report, filter->operator.place,
				       "unknown operator %s", quoted);
	else
		finding = report_error(checker->report, filter->operator.place,
				       "unknown operator %s for %s (%s)", quoted,
				       subject_get_words(checker, filter->subject), type->name);
	if (suggest.best)
		finding_hint(finding, "did you mean \"%s\"?", suggest.best);
	if (!is_open)
		check_hint_operators(finding, type);
}

/* ---- which value ------------------------------------------------------------------------------
 */

static void check_report_missing(struct checker *checker, struct place place,
				 const struct subjects *subjects, long long wanted)
{
	_cleanup_buf_ struct buf all = {};
	struct finding *finding;

	if (!subjects->is_complete)
		return;
	for (size_t i = 0; i < subjects->count; i++)
		buf_add_format(&all, "%s%lld", i ? ", " : "",
			       subjects->is_by_position
				       ? (long long)i
				       : (long long)subjects->items[i].index.value);
	finding = report_error(checker->report, place, "%s %lld is not collected",
			       subjects->is_by_position ? "item" : "argument", wanted);
	if (subjects->count)
		finding_hint(finding, "\"%s\" has %s", subjects->word, buf_text(&all));
	else
		finding_hint(finding, "the hook has no \"%s\"", subjects->word);
}

/* The item at a position that `args` of a filter names. */
static const struct policy_argument *subjects_at(struct checker *checker,
						 const struct subjects *subjects,
						 const struct policy_number *position)
{
	struct subjects by_position = *subjects;

	by_position.is_by_position = true;
	if (position->state == FIELD_BAD)
		return NULL;
	if ((uint64_t)position->value < subjects->count)
		return &subjects->items[position->value];
	check_report_missing(checker, position->place, &by_position, (long long)position->value);
	return NULL;
}

static const struct policy_argument *subjects_by_index(struct checker *checker,
						       const struct subjects *subjects,
						       const struct policy_filter *filter)
{
	const struct policy_number *index = &filter->index;
	bool is_given = index->state == FIELD_GIVEN;

	if (index->state == FIELD_BAD)
		return NULL;
	if (subjects->is_by_position && is_given)
		return subjects_at(checker, subjects, index);
	for (size_t i = 0; i < subjects->count; i++) {
		if (subjects->is_by_position ? i == 0
					     : subjects->items[i].index.value == index->value)
			return &subjects->items[i];
	}
	if (subjects->may_be_position && (uint64_t)index->value < subjects->count)
		return &subjects->items[index->value];
	check_report_missing(checker, is_given ? index->place : filter->place, subjects,
			     (long long)index->value);
	return NULL;
}

/* How many values the operator looks at: two for CapabilitiesGained, any number for CelExpr, else
 * one. */
static void check_subjects(struct checker *checker, const struct subjects *subjects,
			   struct policy_filter *filter)
{
	bool wants_two = filter->facts && filter->facts->test == TEST_CAPABILITIES_GAINED;
	bool is_cel = filter->facts && filter->facts->test == TEST_CEL;
	const struct policy_numbers *positions = &filter->positions;

	if (is_cel || positions->state == FIELD_BAD)
		return;
	if (wants_two && positions->count != 2) {
		finding_hint(report_error(checker->report, filter->operator.place,
					  "CapabilitiesGained compares two arguments"),
			     "as in \"args: [0, 1]\", the old set and the new set");
		return;
	}
	if (!wants_two && positions->count > 1) {
		report_error(checker->report, positions->items[1].place,
			     "operator %s tests one value, \"args\" names %zu",
			     filter->facts ? filter->facts->name : "here", positions->count);
		return;
	}
	if (!positions->count) {
		filter->subject = subjects_by_index(checker, subjects, filter);
		if (filter->index.state == FIELD_ABSENT && filter->subject)
			finding_hint(report_warning(checker->report, filter->place,
						    "this filter names no argument"),
				     "index 0 is meant");
		return;
	}
	filter->subject = subjects_at(checker, subjects, &positions->items[0]);
	if (wants_two)
		filter->second = subjects_at(checker, subjects, &positions->items[1]);
}

/* ---- operator and values ----------------------------------------------------------------------
 */

/* Whether the operator can be asked of SUBJECT, which is of type TYPE. */
static bool check_operator(struct checker *checker, const struct policy_filter *filter,
			   const struct policy_argument *subject, const struct arg_type_facts *type)
{
	if (type->group == GROUP_ANY || (filter->facts->groups & (1u << type->group)))
		return true;
	check_hint_operators(report_error(checker->report, filter->operator.place,
					  "operator %s cannot be used for %s (%s)",
					  filter->facts->name, subject_get_words(checker, subject),
					  type->name),
			     type);
	return false;
}

void check_filter_of_type(struct checker *checker, struct policy_filter *filter,
			  const struct arg_type_facts *type)
{
	const struct policy_argument *second = filter->second;

	if (!check_operator(checker, filter, filter->subject, type))
		return;
	if (second && second->facts && !check_operator(checker, filter, second, second->facts))
		return;
	if (type->type == ARG_TYPE_AUTO)
		filter->form = POLICY_FORM_OPEN;
	else
		check_values(checker, filter, type);
}

static void check_cel(struct checker *checker, const struct policy_hook *hook,
		      struct policy_filter *filter)
{
	filter->form = POLICY_FORM_CEL;
	if (filter->texts.state == FIELD_BAD)
		return;
	if (filter->texts.count != 1) {
		report_error(checker->report, filter->operator.place,
			     "operator CelExpr takes one expression, here are %zu",
			     filter->texts.count);
		return;
	}
	if (filter->texts.items[0].state == FIELD_GIVEN)
		filter->expression =
			cel_parse(checker->arena, checker->report, hook, &filter->texts.items[0]);
}

static void check_argument_filter(struct checker *checker, const struct policy_hook *hook,
				  const struct subjects *subjects, struct policy_filter *filter)
{
	if (filter->operator.value >= 0)
		filter->facts = &operator_facts[filter->operator.value];
	check_subjects(checker, subjects, filter);
	if (!filter->facts) {
		if (filter->operator.state == FIELD_GIVEN)
			check_report_operator(checker, filter);
		return;
	}
	if (!check_count_values(checker, filter->texts.place, filter->texts.count))
		return;
	if (filter->facts->test == TEST_CEL) {
		check_cel(checker, hook, filter);
		return;
	}
	if (!filter->subject || !filter->subject->facts)
		return;
	check_filter_of_type(checker, filter, filter->subject->facts);
}

/* Whether every argument and its index could be read; only then it is sure that one is missing. */
static bool arguments_are_complete(const struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->arguments.count; i++) {
		if (hook->arguments.items[i].index.state != FIELD_GIVEN)
			return false;
	}
	return hook->arguments.state != FIELD_BAD;
}

void check_argument_filters(struct checker *checker, const struct policy_hook *hook,
			    struct policy_selector *selector)
{
	const struct subjects arguments = {
		.items = hook->arguments.items,
		.count = hook->arguments.count,
		.is_complete = arguments_are_complete(hook),
		.may_be_position = hook->section == POLICY_SECTION_TRACEPOINTS,
		.word = "args",
	};
	const struct subjects data = {
		.items = hook->data.items,
		.count = hook->data.count,
		.is_complete = hook->data.state != FIELD_BAD,
		.is_by_position = true,
		.word = "data",
	};
	/* The returned value is the only one, whatever index a filter gives. */
	const struct subjects returned = {
		.items = hook->return_argument,
		.count = hook->return_argument ? 1 : 0,
		.is_by_position = true,
		.word = "returnArg",
	};

	for (size_t i = 0; i < selector->arguments.count; i++)
		check_argument_filter(checker, hook, &arguments, &selector->arguments.items[i]);
	for (size_t i = 0; i < selector->data.count; i++)
		check_argument_filter(checker, hook, &data, &selector->data.items[i]);
	for (size_t i = 0; i < selector->return_arguments.count; i++) {
		struct policy_filter *filter = &selector->return_arguments.items[i];

		filter->index.value = 0;
		check_argument_filter(checker, hook, &returned, filter);
	}
}
