/* SPDX-License-Identifier: Apache-2.0 */
/* Actions: where they may stand, which parameters they need and take, and what those may be. */
#include "policy/checker.h"

#include <signal.h>

#include "policy/scalar.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An action and where it stands. */
struct action_task {
	struct checker *checker;
	const struct policy_hook *hook;
	const struct policy_selector *selector;
	struct policy_action *action;
	bool is_at_return;
};

/* ---- parameters -------------------------------------------------------------------------------
 */

struct parameter_field {
	size_t state; /* offsets in struct policy_action */
	size_t place;
};

static const struct parameter_field parameter_fields[ACTION_PARAMETERS] = {
#define ACTION_PARAMETER(name, word, member)                                        \
	[ACTION_PARAMETER_##name] = { offsetof(struct policy_action, member.state), \
				      offsetof(struct policy_action, member.place) },
#include "policy/action_parameters.def"
#undef ACTION_PARAMETER
};

static enum field_state action_get_state(const struct policy_action *action, size_t parameter)
{
	return *(const enum field_state *)((const char *)action +
					   parameter_fields[parameter].state);
}

static struct place action_get_place(const struct policy_action *action, size_t parameter)
{
	return *(const struct place *)((const char *)action + parameter_fields[parameter].place);
}

static bool action_has(const struct policy_action *action, enum action_parameter parameter)
{
	return action_get_state(action, parameter) == FIELD_GIVEN;
}

/* "rateLimit" and stacks are Post's: with another action they would silently do nothing. */
static bool parameter_is_strict(size_t parameter)
{
	return parameter == ACTION_PARAMETER_RATE_LIMIT ||
	       parameter == ACTION_PARAMETER_KERNEL_STACK_TRACE ||
	       parameter == ACTION_PARAMETER_USER_STACK_TRACE;
}

static bool flag_is_false(const struct policy_action *action, size_t parameter)
{
	return (parameter == ACTION_PARAMETER_KERNEL_STACK_TRACE &&
		!action->kernel_stack_trace.value) ||
	       (parameter == ACTION_PARAMETER_USER_STACK_TRACE &&
		!action->user_stack_trace.value) ||
	       (parameter == ACTION_PARAMETER_IMA_HASH && !action->ima_hash.value);
}

static void check_hint_parameters(struct finding *finding, const struct action_facts *facts)
{
	_cleanup_buf_ struct buf all = {};

	for (size_t i = 0; i < ACTION_PARAMETERS; i++) {
		if (facts->takes & (1u << i))
			buf_add_format(&all, "%s%s", all.bytes ? ", " : "",
				       action_parameter_words[i]);
	}
	finding_hint(finding, "action %s takes %s", facts->name,
		     all.bytes ? buf_text(&all) : "no parameters");
}

static void check_parameters(const struct action_task *task)
{
	const struct action_facts *facts = task->action->facts;
	struct report *report = task->checker->report;

	for (size_t i = 0; i < ACTION_PARAMETERS; i++) {
		enum field_state state = action_get_state(task->action, i);
		struct place place = action_get_place(task->action, i);

		if (state == FIELD_ABSENT && (facts->needs & (1u << i)))
			report_error(report, task->action->action.place, "action %s needs \"%s\"",
				     facts->name, action_parameter_words[i]);
		if (state != FIELD_GIVEN || (facts->takes & (1u << i)) ||
		    flag_is_false(task->action, i))
			continue;
		check_hint_parameters(
			parameter_is_strict(i)
				? report_error(report, place, "action %s does not take \"%s\"",
					       facts->name, action_parameter_words[i])
				: report_warning(report, place, "action %s ignores \"%s\"",
						 facts->name, action_parameter_words[i]),
			facts);
	}
}

/* ---- Post -------------------------------------------------------------------------------------
 */

/* Nanoseconds of "N", "Ns", "Nm" or "Nh"; upstream's field ends at 2^32 milliseconds. */
static bool rate_limit_parse(struct span text, uint64_t *out_ns)
{
	static const struct {
		char suffix;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 } };
	uint64_t seconds = 1, count = 0;

	for (size_t i = 0; text.bytes && i < COUNT(units); i++) {
		if ((text.data[text.bytes - 1] | 0x20) != units[i].suffix)
			continue;
		seconds = units[i].seconds;
		text.bytes--;
		break;
	}
	for (size_t i = 0; i < text.bytes; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || count > UINT32_MAX)
			return false;
		count = count * 10 + (uint64_t)(text.data[i] - '0');
	}
	if (count * seconds > UINT32_MAX / 1000)
		count = UINT32_MAX / 1000 / seconds;
	*out_ns = count * seconds * 1000000000ULL;
	return text.bytes > 0;
}

#define IMA_HOOK(name) name,
static const char *const ima_hooks[] = {
#include "wire/ima_hooks.def"
};
#undef IMA_HOOK

static void check_ima_hash(const struct action_task *task)
{
	const struct policy_hook *hook = task->hook;
	struct finding *finding;

	if (!task->action->ima_hash.value)
		return;
	for (size_t i = 0; hook->section == POLICY_SECTION_LSMHOOKS && i < COUNT(ima_hooks); i++) {
		if (strcmp(hook->call.data, ima_hooks[i]) == 0)
			return;
	}
	finding = report_warning(task->checker->report, task->action->ima_hash.place,
				 "there is no IMA hash here");
	finding_hint(
		finding,
		"lsm hooks that look at a file have one, as file_open, mmap_file, bprm_check_security");
}

static void check_stacks(const struct action_task *task)
{
	const struct policy_flag *flags[] = { &task->action->kernel_stack_trace,
					      &task->action->user_stack_trace };
	bool has_fields = task->hook->section == POLICY_SECTION_KPROBES ||
			  task->hook->section == POLICY_SECTION_FENTRIES;

	for (size_t i = 0; i < COUNT(flags) && !has_fields; i++) {
		if (!flags[i]->value)
			continue;
		if (task->hook->section == POLICY_SECTION_LSMHOOKS)
			report_error(task->checker->report, flags[i]->place,
				     "events of lsmhooks have no stack traces");
		else
			report_warning(task->checker->report, flags[i]->place,
				       "events of %s have no stack traces, this has no effect",
				       section_facts[task->hook->section].key);
	}
}

static void check_post(const struct action_task *task)
{
	struct policy_action *action = task->action;

	check_stacks(task);
	check_ima_hash(task);
	if (text_is_given(&action->rate_limit) &&
	    !rate_limit_parse(text_span(&action->rate_limit), &action->rate_limit_ns))
		finding_hint(report_error(task->checker->report, action->rate_limit.place,
					  "%s is no time",
					  report_quote(task->checker->report,
						       text_span(&action->rate_limit))),
			     "seconds as in \"5\" or \"5s\", minutes \"5m\", hours \"5h\"");
	if (action->rate_limit_scope.value >= 0 && !text_is_given(&action->rate_limit) &&
	    action->rate_limit.state != FIELD_BAD)
		report_warning(task->checker->report, action->rate_limit_scope.place,
			       "\"rateLimitScope\" has no effect without \"rateLimit\"");
}

/* ---- enforcing actions ------------------------------------------------------------------------
 */

/* The kernel's MAX_ERRNO: what a caller can tell from a pointer. */
enum { ERRNO_MAX = 4095 };

static void check_error_number(const struct action_task *task)
{
	const struct policy_number *error = &task->action->error;
	struct report *report = task->checker->report;
	long long value = (long long)error->value;

	if (error->state != FIELD_GIVEN || (value <= 0 && value >= -ERRNO_MAX))
		return;
	if (value < 0 || value > ERRNO_MAX)
		finding_hint(report_error(report, error->place,
					  "\"argError\" is %lld; it must be between -%d and 0",
					  value, ERRNO_MAX),
			     "-1 is EPERM, -13 is EACCES");
	else
		finding_hint(report_warning(
				     report, error->place,
				     "\"argError\" is %lld, which callers do not take for an error",
				     value),
			     "did you mean -%lld?", value);
}

static void check_signal_number(const struct action_task *task)
{
	const struct policy_number *number = &task->action->signal;

	if (number->state == FIELD_GIVEN && (number->value < 1 || number->value > SIGRTMAX))
		finding_hint(report_error(task->checker->report, number->place,
					  "there is no signal %lld", (long long)number->value),
			     "from 1 to %d; 9 is SIGKILL, 15 is SIGTERM", SIGRTMAX);
}

static bool register_is_name(struct span name)
{
	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return name.bytes > 0 && name.bytes < 8;
}

/* What stands behind the "=": const, %reg, off%reg, (%reg), off(%reg). */
static bool register_parse_value(struct arena *arena, struct span value,
				 struct policy_register *out)
{
	const char *percent = memchr(value.data, '%', value.bytes);
	struct span offset = { value.data, percent ? (size_t)(percent - value.data) : value.bytes };
	struct span name = { percent ? percent + 1 : "",
			     percent ? value.bytes - offset.bytes - 1 : 0 };
	bool is_negative = false;
	uint64_t magnitude = 0;

	if (percent && offset.bytes && offset.data[offset.bytes - 1] == '(') {
		if (!name.bytes || name.data[name.bytes - 1] != ')')
			return false;
		out->is_memory = true;
		offset.bytes--;
		name.bytes--;
	}
	if ((offset.bytes || !percent) && !scalar_parse_int(offset, &is_negative, &magnitude))
		return false;
	out->offset = (int64_t)(is_negative ? 0 - magnitude : magnitude);
	if (!percent)
		return true;
	out->source = arena_copy(arena, name);
	return register_is_name(name);
}

static void check_registers(const struct action_task *task)
{
	struct policy_texts *regs = &task->action->regs;
	struct checker *checker = task->checker;
	struct policy_register *registers =
		arena_alloc_array(checker->arena, regs->count, sizeof(*registers));

	if (regs->count > POLICY_REGISTERS_MAX)
		report_error(checker->report, regs->place,
			     "\"argRegs\" sets %zu registers; at most %u can be set", regs->count,
			     POLICY_REGISTERS_MAX);
	for (size_t i = 0; registers && i < regs->count; i++) {
		struct span value = text_span(&regs->items[i]);
		struct span target = span_cut(&value, '=');

		if (regs->items[i].state == FIELD_BAD)
			continue;
		registers[i].target = arena_copy(checker->arena, target);
		if (target.bytes < regs->items[i].bytes && register_is_name(target) &&
		    register_parse_value(checker->arena, value, &registers[i]))
			continue;
		finding_hint(
			report_error(checker->report, regs->items[i].place, "%s sets no register",
				     report_quote(checker->report, text_span(&regs->items[i]))),
			"as in rax=0, rax=%%rdi, rsp=8%%rsp, rip=(%%rsp) or rip=8(%%rsp)");
	}
	task->action->registers = registers;
}

/* Parameters that only a uprobe's Override has. */
static const enum action_parameter uprobe_parameters[] = {
	ACTION_PARAMETER_NEW_SYMBOL,
	ACTION_PARAMETER_NEW_ADDR,
	ACTION_PARAMETER_NEW_OFFSET,
	ACTION_PARAMETER_REGS,
};

/* argNewSymbol, argNewAddr and argNewOffset say the same in three ways; argRegs says all itself. */
static void check_uprobe_override(const struct action_task *task)
{
	const struct policy_action *action = task->action;
	size_t first = COUNT(uprobe_parameters);

	for (size_t i = 0; i < COUNT(uprobe_parameters); i++) {
		if (!action_has(action, uprobe_parameters[i]))
			continue;
		if (first < COUNT(uprobe_parameters)) {
			report_error(task->checker->report,
				     action_get_place(action, uprobe_parameters[i]),
				     "\"%s\" and \"%s\" exclude each other",
				     action_parameter_words[uprobe_parameters[first]],
				     action_parameter_words[uprobe_parameters[i]]);
			return;
		}
		first = i;
	}
	if (first < COUNT(uprobe_parameters) && action_has(action, ACTION_PARAMETER_ERROR))
		report_warning(task->checker->report, action->error.place,
			       "\"argError\" has no effect beside \"%s\"",
			       action_parameter_words[uprobe_parameters[first]]);
}

static void check_override(const struct action_task *task)
{
	const struct policy_action *action = task->action;
	bool is_uprobe = task->hook->section == POLICY_SECTION_UPROBES;

	check_registers(task);
	if (is_uprobe) {
		check_uprobe_override(task);
		return;
	}
	check_error_number(task);
	for (size_t i = 0; i < COUNT(uprobe_parameters); i++) {
		if (action_has(action, uprobe_parameters[i]))
			report_error(task->checker->report,
				     action_get_place(action, uprobe_parameters[i]),
				     "\"%s\" belongs to the Override of a uprobe",
				     action_parameter_words[uprobe_parameters[i]]);
	}
	if (action->error.state == FIELD_ABSENT)
		finding_hint(
			report_warning(
				task->checker->report, action->action.place,
				"without \"argError\" the call is skipped and seems to succeed"),
			"\"argError: -1\" makes it fail with EPERM");
}

static void check_notify_enforcer(const struct action_task *task)
{
	const struct policy_action *action = task->action;

	check_error_number(task);
	if (action->signal.value)
		check_signal_number(task);
	if (action->error.state == FIELD_ABSENT && action->signal.state == FIELD_ABSENT)
		report_error(
			task->checker->report, action->action.place,
			"action NotifyEnforcer needs \"argError\" or \"argSig\", or the enforcer has nothing to do");
	if (!task->checker->policy->spec->enforcers.count &&
	    task->checker->policy->spec->enforcers.state != FIELD_BAD)
		finding_hint(
			report_error(
				task->checker->report, action->action.place,
				"action NotifyEnforcer needs an enforcer, and the policy has none"),
			"spec.enforcers names the calls in which enforcers act");
}

/* ---- the others -------------------------------------------------------------------------------
 */

static void check_sock(const struct action_task *task)
{
	const struct policy_hook *hook = task->hook;
	const struct policy_number *sock = &task->action->sock;
	struct place place = sock->state == FIELD_GIVEN ? sock->place : task->action->action.place;

	if (sock->state == FIELD_BAD || hook->arguments.state == FIELD_BAD)
		return;
	for (size_t i = 0; i < hook->arguments.count && !task->action->subject; i++) {
		if (hook->arguments.items[i].index.value == sock->value)
			task->action->subject = &hook->arguments.items[i];
	}
	if (!task->action->subject)
		report_error(task->checker->report, place, "argument %lld is not collected",
			     (long long)sock->value);
	else if (task->action->subject->facts &&
		 task->action->subject->facts->class != VALUE_SOCKET)
		finding_hint(report_error(task->checker->report, place,
					  "argument %lld is of type %s, which is no socket",
					  (long long)sock->value,
					  task->action->subject->facts->name),
			     "\"argSock\" is the index of an argument of type sock or socket");
}

static void check_url(const struct action_task *task)
{
	const struct policy_text *url = &task->action->url;
	bool is_http = strncmp(url->data, "http://", 7) == 0 && url->data[7];
	bool is_https = strncmp(url->data, "https://", 8) == 0 && url->data[8];

	if (url->state == FIELD_GIVEN && ((!is_http && !is_https) || strpbrk(url->data, " \t\r\n")))
		finding_hint(report_error(task->checker->report, url->place, "%s is no URL",
					  report_quote(task->checker->report, text_span(url))),
			     "as in http://example.com/path");
}

static void check_fqdn(const struct action_task *task)
{
	const struct policy_text *name = &task->action->fqdn;

	if (name->state == FIELD_GIVEN && !name_is_hostname(text_span(name)))
		finding_hint(report_error(task->checker->report, name->place,
					  "%s is no name of a host",
					  report_quote(task->checker->report, text_span(name))),
			     "as in canary.example.com");
}

static void check_set(const struct action_task *task)
{
	const struct policy_number *index = &task->action->index;
	const struct section_facts *section = &section_facts[task->hook->section];

	if (index->state == FIELD_GIVEN && (index->value < 0 || index->value > section->index_max))
		report_error(task->checker->report, index->place,
			     "\"argIndex\" is %lld; it must be between 0 and %lld",
			     (long long)index->value, (long long)section->index_max);
}

typedef void (*check_action_fn)(const struct action_task *task);

/* NULL: nothing beyond the table's rules. */
static const check_action_fn action_functions[POLICY_ACTIONS] = {
	[POLICY_ACTION_POST] = check_post,
	[POLICY_ACTION_OVERRIDE] = check_override,
	[POLICY_ACTION_GET_URL] = check_url,
	[POLICY_ACTION_DNS_LOOKUP] = check_fqdn,
	[POLICY_ACTION_SIGNAL] = check_signal_number,
	[POLICY_ACTION_TRACK_SOCK] = check_sock,
	[POLICY_ACTION_UNTRACK_SOCK] = check_sock,
	[POLICY_ACTION_NOTIFY_ENFORCER] = check_notify_enforcer,
	[POLICY_ACTION_SET] = check_set,
};

static void check_hint_sections(struct finding *finding, const struct action_facts *facts)
{
	_cleanup_buf_ struct buf all = {};

	for (size_t i = 0; i < POLICY_SECTIONS; i++) {
		if (facts->sections & (1u << i))
			buf_add_format(&all, "%s%s", all.bytes ? ", " : "", section_facts[i].key);
	}
	finding_hint(finding, "it works in %s", buf_text(&all));
}

static void check_action(const struct action_task *task)
{
	struct policy_action *action = task->action;
	struct report *report = task->checker->report;
	const struct action_facts *facts;

	if (action->action.value < 0)
		return;
	facts = &action_facts[action->action.value];
	action->facts = facts;
	if (!(facts->sections & (1u << task->hook->section))) {
		check_hint_sections(report_error(report, action->action.place,
						 "action %s cannot be used in %s", facts->name,
						 section_facts[task->hook->section].key),
				    facts);
		return;
	}
	if (task->is_at_return && !facts->is_at_return) {
		finding_hint(report_error(report, action->action.place,
					  "action %s cannot be used in \"matchReturnActions\"",
					  facts->name),
			     "the function has run already; use \"matchActions\"");
		return;
	}
	check_parameters(task);
	if (action_functions[facts->kind])
		action_functions[facts->kind](task);
}

/* Each list is at most POLICY_ACTIONS_PER_SELECTOR_MAX long, and one action may set registers. */
static void check_action_counts(struct checker *checker, const struct policy_action *actions,
				size_t count, struct place place)
{
	const struct policy_action *first = NULL;

	if (count > POLICY_ACTIONS_PER_SELECTOR_MAX)
		report_error(checker->report, place,
			     "a selector has at most %u actions, here are %zu",
			     POLICY_ACTIONS_PER_SELECTOR_MAX, count);
	for (size_t i = 0; i < count; i++) {
		if (!actions[i].facts || actions[i].facts->kind != POLICY_ACTION_OVERRIDE)
			continue;
		if (first) {
			report_error(checker->report, actions[i].action.place,
				     "a selector overrides a call only once");
			return;
		}
		first = &actions[i];
	}
}

void check_actions(struct checker *checker, const struct policy_hook *hook,
		   struct policy_selector *selector)
{
	struct action_task task = { .checker = checker, .hook = hook, .selector = selector };

	for (size_t i = 0; i < selector->actions.count; i++) {
		task.action = &selector->actions.items[i];
		check_action(&task);
	}
	check_action_counts(checker, selector->actions.items, selector->actions.count,
			    selector->actions.place);
	task.is_at_return = true;
	for (size_t i = 0; i < selector->return_actions.count; i++) {
		task.action = &selector->return_actions.items[i];
		check_action(&task);
	}
	check_action_counts(checker, selector->return_actions.items, selector->return_actions.count,
			    selector->return_actions.place);
}
