/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors: a line for each filter and each action. */
#include "policy/printer.h"

#include <arpa/inet.h>

#include "policy/cel.h"
#include "policy/print.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *print_get_in_word(const struct policy_word *operator)
{
	return words_get(WORDS_IN_OPERATOR, (size_t)operator->value);
}

static void print_bits(struct buf *out, enum value_names table, uint64_t bits)
{
	for (uint32_t i = 0; i < 64; i++) {
		const char *name = value_names_get(table, i);

		if (!(bits & (1ULL << i)))
			continue;
		if (name)
			buf_add_format(out, " %s", name);
		else
			buf_add_format(out, " %u", i);
	}
}

/* ---- who runs ---------------------------------------------------------------------------------
 */

static void print_pids(struct buf *out, const struct policy_pids *pids)
{
	buf_add_format(out, "      pid %s", print_get_in_word(&pids->operator));
	for (size_t i = 0; i < pids->values.count; i++)
		buf_add_format(out, " %lld", (long long)pids->values.items[i].value);
	buf_add_format(out, "%s%s\n", pids->follow_forks.value ? ", and descendants" : "",
		       pids->is_namespace.value ? ", in its namespace" : "");
}

static void print_binaries(struct buf *out, const char *word,
			   const struct policy_binaries *binaries)
{
	buf_add_format(out, "      %s %s", word,
		       words_get(WORDS_BINARY_OPERATOR, (size_t)binaries->operator.value));
	print_texts(out, &binaries->values);
	buf_add_format(out, "%s\n", binaries->follow_children.value ? ", and descendants" : "");
}

static void print_namespaces(struct buf *out, const struct policy_namespaces *filter)
{
	buf_add_format(out, "      namespace %s %s",
		       words_get(WORDS_NAMESPACE, (size_t)filter->namespace.value),
		       print_get_in_word(&filter->operator));
	for (size_t i = 0; i < filter->inodes_count; i++)
		buf_add_format(out, " %u", filter->inodes[i]);
	buf_add_format(out, "%s\n", filter->has_host ? " host" : "");
}

static void print_namespace_changes(struct buf *out, const struct policy_namespace_changes *filter)
{
	buf_add_format(out, "      namespace change %s", print_get_in_word(&filter->operator));
	for (size_t i = 0; i < POLICY_NAMESPACES; i++) {
		if (filter->namespaces & (1u << i))
			buf_add_format(out, " %s", words_get(WORDS_NAMESPACE, i));
	}
	buf_add_char(out, '\n');
}

static void print_capabilities(struct buf *out, const char *word,
			       const struct policy_capabilities *filter)
{
	buf_add_format(out, "      %s %s %s", word,
		       words_get(WORDS_CAPABILITY_SET, (size_t)filter->type.value),
		       print_get_in_word(&filter->operator));
	print_bits(out, NAMES_CAPABILITY, filter->bits);
	buf_add_format(out, "%s\n",
		       filter->is_namespace.value ? ", outside the host's user namespace" : "");
}

static void print_process_filters(struct buf *out, const struct policy_selector *selector)
{
	for (size_t i = 0; i < selector->pids.count; i++)
		print_pids(out, &selector->pids.items[i]);
	for (size_t i = 0; i < selector->binaries.count; i++)
		print_binaries(out, "binary", &selector->binaries.items[i]);
	for (size_t i = 0; i < selector->parent_binaries.count; i++)
		print_binaries(out, "parent binary", &selector->parent_binaries.items[i]);
	for (size_t i = 0; i < selector->namespaces.count; i++)
		print_namespaces(out, &selector->namespaces.items[i]);
	for (size_t i = 0; i < selector->namespace_changes.count; i++)
		print_namespace_changes(out, &selector->namespace_changes.items[i]);
	for (size_t i = 0; i < selector->capabilities.count; i++)
		print_capabilities(out, "capabilities", &selector->capabilities.items[i]);
	for (size_t i = 0; i < selector->capability_changes.count; i++)
		print_capabilities(out, "capability change",
				   &selector->capability_changes.items[i]);
	if (selector->workloads) {
		print_label_selector(out, "      ", "pods", selector->workloads->pod_selector);
		print_label_selector(out, "      ", "containers",
				     selector->workloads->container_selector);
		print_label_selector(out, "      ", "host", selector->workloads->host_selector);
	}
}

/* ---- filters on arguments ---------------------------------------------------------------------
 */

/* Numbers that have names are printed by them. */
static int print_get_names(const struct policy_filter *filter)
{
	switch (filter->facts->test) {
	case TEST_PROTOCOL:
		return NAMES_PROTOCOL;
	case TEST_FAMILY:
		return NAMES_FAMILY;
	case TEST_STATE:
		return NAMES_STATE;
	default:
		break;
	}
	if (filter->subject->facts->group == GROUP_CAPABILITY)
		return NAMES_CAPABILITY;
	return filter->subject->facts->group == GROUP_COMMAND ? NAMES_BPF_COMMAND : -1;
}

static void print_number(const struct policy_filter *filter, uint64_t number, struct buf *out)
{
	int names = print_get_names(filter);
	const char *name =
		names >= 0 ? value_names_get((enum value_names)names, (uint32_t)number) : NULL;
	bool is_signed = false;

	value_class_get_bits(filter->subject->facts->class, &is_signed);
	if (name)
		buf_add_text(out, name);
	else if (is_signed)
		buf_add_int(out, (int64_t)number);
	else
		buf_add_uint(out, number);
}

static void print_range(const struct policy_filter *filter, const struct policy_value *value,
			struct buf *out)
{
	print_number(filter, value->range.min, out);
	if (value->range.min == value->range.max)
		return;
	buf_add_char(out, ':');
	print_number(filter, value->range.max, out);
}

static void print_address(const struct policy_value *value, struct buf *out)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(value->address.is_ipv6 ? AF_INET6 : AF_INET, value->address.bytes, text,
		  sizeof(text));
	buf_add_format(out, "%s/%u", text, value->address.prefix_bits);
}

static void print_set(const struct policy_filter *filter, const struct policy_value *value,
		      struct buf *out)
{
	const char *name = filter->facts->test == TEST_FILE_TYPE
				   ? value_names_get(NAMES_FILE_TYPE, (uint32_t)value->bits)
				   : NULL;

	if (name)
		buf_add_text(out, name);
	else
		buf_add_format(out, "0x%llx", (unsigned long long)value->bits);
}

void policy_print_value(const struct policy_filter *filter, const struct policy_value *value,
			struct buf *out)
{
	if (value->list)
		buf_add_format(out, "list:%s", value->list->name.data);
	else if (filter->form == POLICY_FORM_RANGE)
		print_range(filter, value, out);
	else if (filter->form == POLICY_FORM_TEXT)
		print_quoted(out, value->text);
	else if (filter->form == POLICY_FORM_BITS)
		print_set(filter, value, out);
	else if (filter->form == POLICY_FORM_ADDRESS)
		print_address(value, out);
}

static void print_subject(struct buf *out, const struct policy_argument *subject)
{
	static const char *const words[] = {
		[POLICY_FROM_ARGUMENT] = "arg",
		[POLICY_FROM_RETURN] = "return",
		[POLICY_FROM_TASK] = "data",
		[POLICY_FROM_REGISTER] = "data",
	};

	buf_add_format(out, "      %s", words[subject->from]);
	if (subject->from == POLICY_FROM_ARGUMENT)
		buf_add_format(out, " %lld", (long long)subject->index.value);
	if (subject->from == POLICY_FROM_TASK || subject->from == POLICY_FROM_REGISTER)
		buf_add_format(out, " %s", subject->resolve.data);
	buf_add_format(out, " (%s)", subject->facts->name);
}

static void print_filter(struct buf *out, const struct policy_filter *filter)
{
	if (filter->form == POLICY_FORM_CEL) {
		buf_add_text(out, "      CelExpr ");
		cel_add_text(filter->expression, out);
		buf_add_char(out, '\n');
		return;
	}
	print_subject(out, filter->subject);
	buf_add_format(out, " %s", filter->facts->name);
	if (filter->form == POLICY_FORM_OPEN)
		print_texts(out, &filter->texts);
	if (filter->second)
		buf_add_format(out, " over arg %lld", (long long)filter->second->index.value);
	for (size_t i = 0; i < filter->values_count; i++) {
		buf_add_char(out, ' ');
		policy_print_value(filter, &filter->values[i], out);
	}
	buf_add_char(out, '\n');
}

/* ---- actions ----------------------------------------------------------------------------------
 */

static void print_number_parameter(struct buf *out, const char *word,
				   const struct policy_number *number)
{
	if (number->state == FIELD_GIVEN)
		buf_add_format(out, " %s=%lld", word, (long long)number->value);
}

static void print_text_parameter(struct buf *out, const char *word, const struct policy_text *text)
{
	if (!text->bytes)
		return;
	buf_add_format(out, " %s=", word);
	print_text(out, text);
}

static void print_registers(struct buf *out, const struct policy_action *action)
{
	for (size_t i = 0; i < action->regs.count; i++) {
		const struct policy_register *reg = &action->registers[i];

		buf_add_format(out, " %s=", reg->target);
		if (reg->offset || !reg->source)
			buf_add_int(out, reg->offset);
		if (reg->source)
			buf_add_format(out, reg->is_memory ? "(%%%s)" : "%%%s", reg->source);
	}
}

static void print_action(struct buf *out, const char *word, const struct policy_action *action)
{
	buf_add_format(out, "      %s %s", word, action->facts->name);
	print_number_parameter(out, "error", &action->error);
	print_number_parameter(out, "signal", &action->signal);
	if (action->subject)
		buf_add_format(out, " sock=%lld", (long long)action->subject->index.value);
	print_text_parameter(out, "url", &action->url);
	print_text_parameter(out, "fqdn", &action->fqdn);
	print_number_parameter(out, "index", &action->index);
	print_number_parameter(out, "value", &action->value);
	print_registers(out, action);
	print_text_parameter(out, "symbol", &action->new_symbol);
	print_number_parameter(out, "address", &action->new_addr);
	print_number_parameter(out, "offset", &action->new_offset);
	if (action->rate_limit_ns)
		buf_add_format(out, " at most every %llu s per %s",
			       (unsigned long long)(action->rate_limit_ns / 1000000000),
			       action->rate_limit_scope.value < 0
				       ? "thread"
				       : words_get(WORDS_RATE_LIMIT_SCOPE,
						   (size_t)action->rate_limit_scope.value));
	buf_add_format(out, "%s%s%s\n",
		       action->kernel_stack_trace.value ? " with kernel stack" : "",
		       action->user_stack_trace.value ? " with user stack" : "",
		       action->ima_hash.value ? " with IMA hash" : "");
}

static void print_actions(struct buf *out, const char *word, const struct policy_action *actions,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		print_action(out, word, &actions[i]);
	if (!count)
		buf_add_format(out, "      %s Post\n", word);
}

void print_selector(struct buf *out, const struct policy_hook *hook,
		    const struct policy_selector *selector)
{
	buf_add_format(out, "    selector %zu", selector->number);
	if (selector->label.bytes) {
		buf_add_char(out, ' ');
		print_text(out, &selector->label);
	}
	buf_add_char(out, '\n');
	print_process_filters(out, selector);
	for (size_t i = 0; i < selector->arguments.count; i++)
		print_filter(out, &selector->arguments.items[i]);
	for (size_t i = 0; i < selector->data.count; i++)
		print_filter(out, &selector->data.items[i]);
	print_actions(out, "action", selector->actions.items, selector->actions.count);
	for (size_t i = 0; i < selector->return_arguments.count; i++)
		print_filter(out, &selector->return_arguments.items[i]);
	if (hook->returns.value)
		print_actions(out, "return action", selector->return_actions.items,
			      selector->return_actions.count);
}
