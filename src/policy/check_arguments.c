/* SPDX-License-Identifier: Apache-2.0 */
/* What a hook collects: args, data and returnArg. */
#include "policy/checker.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define S(section) (1u << POLICY_SECTION_##section)

/* Types that only some sections can read, with the reason. All others are taken everywhere. */
struct type_rule {
	enum arg_type type;
	uint32_t sections; /* bit per policy_section */
	const char *reason;
};

static const struct type_rule type_rules[] = {
	{ ARG_TYPE_SYSCALL64, S(TRACEPOINTS),
	  "system call numbers are fields of the raw_syscalls tracepoints" },
	{ ARG_TYPE_DATA_LOC, S(TRACEPOINTS), "__data_loc fields belong to tracepoints" },
	{ ARG_TYPE_CONST_BUF, ~S(TRACEPOINTS),
	  "a tracepoint's arrays are recognised by themselves: leave the type out" },
	{ ARG_TYPE_BPF_CMD, S(KPROBES) | S(FENTRIES) | S(LSMHOOKS),
	  "bpf(2)'s command is an argument of kernel functions" },
};

/* Whether the BTF of the kernel or of a program, or a format file, can say what AUTO is. */
static bool argument_can_be_auto(const struct policy_hook *hook,
				 const struct policy_argument *argument)
{
	if (hook->section == POLICY_SECTION_TRACEPOINTS || hook->section == POLICY_SECTION_LSMHOOKS)
		return true;
	if (hook->section == POLICY_SECTION_KPROBES || hook->section == POLICY_SECTION_FENTRIES)
		return argument->from == POLICY_FROM_TASK && argument->resolve.bytes;
	return argument->resolve.bytes > 0;
}

static void check_type(struct checker *checker, const struct policy_hook *hook,
		       struct policy_argument *argument)
{
	const struct arg_type_facts *facts = arg_type_get_facts(argument->type.value);
	struct place place =
		argument->type.state == FIELD_GIVEN ? argument->type.place : argument->place;

	argument->facts = facts;
	if (!facts)
		return;
	if (facts->type == ARG_TYPE_AUTO && !argument_can_be_auto(hook, argument)) {
		finding_hint(report_error(checker->report, place, "an argument of %s needs a type",
					  section_facts[hook->section].key),
			     "as in \"type: int\"");
		argument->facts = NULL;
	}
	for (size_t i = 0; i < COUNT(type_rules); i++) {
		if (type_rules[i].type == facts->type &&
		    !(type_rules[i].sections & (1u << hook->section)))
			report_error(checker->report, place, "type %s cannot be used in %s: %s",
				     facts->name, section_facts[hook->section].key,
				     type_rules[i].reason);
	}
}

/* ---- resolve ----------------------------------------------------------------------------------
 */

/* Cuts "[n]" or "member" off PATH; separators are taken along. False: it is neither. */
static bool step_take(struct checker *checker, struct span *path, struct policy_step *out)
{
	bool is_element = path->data[0] == '[';
	size_t bytes = strcspn(path->data, is_element ? "]" : ".[");
	uint64_t element = 0;

	*out = (struct policy_step){};
	if (is_element) {
		for (size_t i = 1; i < bytes; i++) {
			if (path->data[i] < '0' || path->data[i] > '9' || element > UINT32_MAX / 16)
				return false;
			element = element * 10 + (uint64_t)(path->data[i] - '0');
		}
		if (bytes < 2 || !path->data[bytes])
			return false;
		out->element = (uint32_t)element;
		bytes++;
	} else {
		if (!name_is_identifier((struct span){ path->data, bytes }))
			return false;
		out->member = arena_copy(checker->arena, (struct span){ path->data, bytes });
	}
	path->data += bytes;
	path->bytes -= bytes;
	if (path->bytes && path->data[0] == '.') {
		path->data++;
		path->bytes--;
		return path->bytes > 0 && path->data[0] != '[';
	}
	return !path->bytes || path->data[0] == '[';
}

static void check_resolve(struct checker *checker, struct policy_argument *argument)
{
	struct policy_step steps[WIRE_RESOLVE_STEPS_MAX];
	struct span path = text_span(&argument->resolve);
	struct policy_step *copy;
	size_t count = 0;

	while (path.bytes && count < WIRE_RESOLVE_STEPS_MAX) {
		if (step_take(checker, &path, &steps[count++]))
			continue;
		finding_hint(
			report_error(checker->report, argument->resolve.place,
				     "%s is no path to a member",
				     report_quote(checker->report, text_span(&argument->resolve))),
			"as in \"mm.owner.pid\" or \"argv[0].name\"");
		return;
	}
	if (path.bytes) {
		report_error(checker->report, argument->resolve.place,
			     "\"resolve\" crosses more than %u members", WIRE_RESOLVE_STEPS_MAX);
		return;
	}
	copy = arena_alloc_array(checker->arena, count, sizeof(*copy));
	if (!copy || !count)
		return;
	memcpy(copy, steps, count * sizeof(*copy));
	argument->steps = copy;
	argument->steps_count = count;
}

/* ---- sizes and copies -------------------------------------------------------------------------
 */

static bool argument_has_size(const struct policy_argument *argument)
{
	return argument->facts->type == ARG_TYPE_CHAR_BUF ||
	       argument->facts->type == ARG_TYPE_CHAR_IOVEC ||
	       argument->facts->type == ARG_TYPE_CONST_BUF ||
	       argument->facts->type == ARG_TYPE_AUTO;
}

static void check_size(struct checker *checker, const struct policy_hook *hook,
		       struct policy_argument *argument)
{
	const struct section_facts *section = &section_facts[hook->section];
	const struct policy_number *size = &argument->size_index;
	bool is_function =
		hook->section == POLICY_SECTION_KPROBES || hook->section == POLICY_SECTION_FENTRIES;

	argument->size_from = (int)size->value - 1;
	if (size->state == FIELD_BAD || !argument->facts)
		return;
	if (size->value && !argument_has_size(argument)) {
		report_warning(checker->report, size->place,
			       "\"sizeArgIndex\" has no effect for type %s", argument->facts->name);
		return;
	}
	if (size->value > section->index_max + 1)
		finding_hint(report_error(checker->report, size->place,
					  "\"sizeArgIndex\" is %lld; it is at most %lld here",
					  (long long)size->value,
					  (long long)section->index_max + 1),
			     "it counts from 1, and %s", section->index_reason);
	if (is_function && argument->facts->type == ARG_TYPE_CHAR_BUF && !size->value &&
	    !argument->return_copy.value && argument->return_copy.state != FIELD_BAD)
		finding_hint(report_warning(checker->report, argument->place,
					    "nothing says how many bytes this char_buf has"),
			     "\"sizeArgIndex\" names the argument that does, counted from 1");
}

static void check_copies(struct checker *checker, const struct policy_hook *hook,
			 struct policy_argument *argument)
{
	bool is_function =
		hook->section == POLICY_SECTION_KPROBES || hook->section == POLICY_SECTION_FENTRIES;

	if (!argument->facts)
		return;
	if (argument->max_data.value && argument->facts->type != ARG_TYPE_CHAR_BUF)
		report_warning(checker->report, argument->max_data.place,
			       "\"maxData\" has no effect for type %s", argument->facts->name);
	if (argument->return_copy.value && !is_function)
		report_error(
			checker->report, argument->return_copy.place,
			"\"returnCopy\" cannot be used in %s: only kprobes and fentries see the return",
			section_facts[hook->section].key);
	if (argument->return_copy.value && argument->max_data.value)
		report_error(checker->report, argument->max_data.place,
			     "\"maxData\" and \"returnCopy\" exclude each other");
}

/* ---- where it comes from ----------------------------------------------------------------------
 */

static void check_btf(struct checker *checker, const struct policy_argument *argument)
{
	if (argument->resolve.bytes || argument->resolve.state == FIELD_BAD)
		return;
	if (text_is_given(&argument->btf_type))
		report_warning(checker->report, argument->btf_type.place,
			       "\"btfType\" has no effect without \"resolve\"");
	else if (text_is_given(&argument->btf_module))
		report_warning(checker->report, argument->btf_module.place,
			       "\"btfTypeModule\" has no effect without \"resolve\"");
}

static void check_data_source(struct checker *checker, struct policy_argument *argument)
{
	const struct policy_text *source = &argument->source;
	struct place place = source->state == FIELD_GIVEN ? source->place : argument->place;

	argument->from = POLICY_FROM_TASK;
	if (source->state == FIELD_BAD)
		return;
	if (strcmp(source->data, "pt_regs") == 0) {
		argument->from = POLICY_FROM_REGISTER;
	} else if (strcmp(source->data, "current_task") != 0) {
		finding_hint(report_error(checker->report, place, "an item of \"data\" %s",
					  source->bytes ? "has an unknown source"
							: "needs a \"source\""),
			     "current_task or pt_regs");
		return;
	}
	if (!argument->resolve.bytes && argument->resolve.state != FIELD_BAD)
		finding_hint(report_error(checker->report, argument->place,
					  "an item of \"data\" needs \"resolve\""),
			     "%s",
			     argument->from == POLICY_FROM_TASK
				     ? "a path from the task, as in \"mm.owner.pid\""
				     : "a register, as in \"rax\"");
}

static void check_argument_index(struct checker *checker, const struct policy_hook *hook,
				 const struct policy_argument *argument)
{
	const struct section_facts *section = &section_facts[hook->section];

	if (argument->index.state == FIELD_GIVEN && argument->index.value > section->index_max)
		finding_hint(report_error(checker->report, argument->index.place,
					  "index %lld is too large; %s have at most index %lld",
					  (long long)argument->index.value, section->key,
					  (long long)section->index_max),
			     "%s", section->index_reason);
	if (text_is_given(&argument->source))
		finding_hint(report_error(checker->report, argument->source.place,
					  "\"source\" belongs to items of \"data\""),
			     "items of \"args\" come from the hook's arguments");
}

static bool text_is_same(const struct policy_text *a, const struct policy_text *b)
{
	return a->bytes == b->bytes && memcmp(a->data, b->data, a->bytes) == 0;
}

/* The same value twice is most likely a slip; another member or type of the same argument is not.
 */
static void check_repeated(struct checker *checker, const struct policy_hook *hook, size_t position)
{
	const struct policy_argument *argument = &hook->arguments.items[position];

	for (size_t i = 0; i < position; i++) {
		const struct policy_argument *other = &hook->arguments.items[i];

		if (argument->index.state != FIELD_GIVEN ||
		    other->index.value != argument->index.value ||
		    other->facts != argument->facts ||
		    !text_is_same(&other->resolve, &argument->resolve) ||
		    !text_is_same(&other->btf_type, &argument->btf_type) ||
		    other->return_copy.value != argument->return_copy.value)
			continue;
		report_warning(checker->report, argument->index.place,
			       "argument %lld is collected twice; it is in line %u already",
			       (long long)argument->index.value, other->index.place.line);
		return;
	}
}

static void check_argument(struct checker *checker, const struct policy_hook *hook,
			   struct policy_argument *argument)
{
	check_type(checker, hook, argument);
	if (argument->from != POLICY_FROM_REGISTER)
		check_resolve(checker, argument);
	check_btf(checker, argument);
	check_size(checker, hook, argument);
	check_copies(checker, hook, argument);
}

static void check_return(struct checker *checker, struct policy_hook *hook)
{
	struct policy_argument *argument = hook->return_argument;
	bool is_known = hook->returns.state != FIELD_BAD;

	if (hook->returns.value && !argument)
		finding_hint(report_error(checker->report, hook->returns.place,
					  "\"return: true\" needs \"returnArg\""),
			     "it says of which type the returned value is");
	if (is_known && !hook->returns.value && argument)
		finding_hint(report_warning(checker->report, argument->place,
					    "\"returnArg\" has no effect without \"return: true\""),
			     "the returned value is not collected");
	if (is_known && !hook->returns.value && hook->return_action.value >= 0)
		report_error(checker->report, hook->return_action.place,
			     "\"returnArgAction\" needs \"return: true\"");
	if (!argument)
		return;
	argument->from = POLICY_FROM_RETURN;
	check_argument(checker, hook, argument);
}

/* Everything that is collected, in the order of the record. */
static void check_list_values(struct checker *checker, struct policy_hook *hook)
{
	size_t count = hook->arguments.count + hook->data.count;

	if (count > WIRE_HOOK_VALUES_MAX) {
		report_error(checker->report, hook->place,
			     "this %s collects %zu values; at most %u fit a record",
			     section_facts[hook->section].one, count, WIRE_HOOK_VALUES_MAX);
		return;
	}
	hook->values = arena_alloc_array(checker->arena, count, sizeof(*hook->values));
	if (!hook->values)
		return;
	for (size_t i = 0; i < count; i++) {
		struct policy_argument *argument =
			i < hook->arguments.count ? &hook->arguments.items[i]
						  : &hook->data.items[i - hook->arguments.count];

		argument->position = i;
		hook->values[hook->values_count++] = argument;
		hook->has_return_copy |= argument->return_copy.value;
	}
}

void check_arguments(struct checker *checker, struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->arguments.count; i++) {
		struct policy_argument *argument = &hook->arguments.items[i];

		argument->from = POLICY_FROM_ARGUMENT;
		check_argument_index(checker, hook, argument);
		check_argument(checker, hook, argument);
		check_repeated(checker, hook, i);
	}
	for (size_t i = 0; i < hook->data.count; i++) {
		check_data_source(checker, &hook->data.items[i]);
		check_argument(checker, hook, &hook->data.items[i]);
	}
	check_return(checker, hook);
	check_list_values(checker, hook);
}
