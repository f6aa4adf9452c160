/* SPDX-License-Identifier: Apache-2.0 */
/* The policy, its hooks and what they collect. Selectors are print_selector.c's. */
#include "policy/print.h"

#include "policy/printer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void print_quoted(struct buf *out, struct span text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.bytes; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '"' || c == '\\')
			buf_add_format(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_add_format(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

void print_text(struct buf *out, const struct policy_text *text)
{
	print_quoted(out, (struct span){ text->data, text->bytes });
}

void print_texts(struct buf *out, const struct policy_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		buf_add_char(out, ' ');
		print_text(out, &texts->items[i]);
	}
}

static void print_line_of_text(struct buf *out, const char *word, const struct policy_text *text)
{
	if (!text->bytes)
		return;
	buf_add_format(out, "    %s ", word);
	print_text(out, text);
	buf_add_char(out, '\n');
}

static void print_line_of_texts(struct buf *out, const char *word, const struct policy_texts *texts)
{
	if (!texts->count)
		return;
	buf_add_format(out, "    %s", word);
	print_texts(out, texts);
	buf_add_char(out, '\n');
}

static void print_line_of_numbers(struct buf *out, const char *word,
				  const struct policy_numbers *numbers)
{
	if (!numbers->count)
		return;
	buf_add_format(out, "    %s", word);
	for (size_t i = 0; i < numbers->count; i++)
		buf_add_format(out, " 0x%llx", (unsigned long long)numbers->items[i].value);
	buf_add_char(out, '\n');
}

/* ---- which workloads --------------------------------------------------------------------------
 */

void print_label_selector(struct buf *out, const char *indent, const char *word,
			  const struct policy_label_selector *selector)
{
	if (!selector)
		return;
	buf_add_format(out, "%s%s", indent, word);
	for (size_t i = 0; i < selector->labels.count; i++) {
		const struct policy_label *label = &selector->labels.items[i];

		buf_add_char(out, ' ');
		print_text(out, &label->key);
		buf_add_char(out, '=');
		print_text(out, &label->value);
	}
	for (size_t i = 0; i < selector->expressions.count; i++) {
		const struct policy_label_expression *expression = &selector->expressions.items[i];

		buf_add_text(out, " (");
		print_text(out, &expression->key);
		buf_add_format(out, " %s",
			       words_get(WORDS_LABEL_OPERATOR, (size_t)expression->operator.value));
		print_texts(out, &expression->values);
		buf_add_char(out, ')');
	}
	if (!selector->labels.count && !selector->expressions.count)
		buf_add_text(out, " all");
	buf_add_char(out, '\n');
}

static void print_scope(struct buf *out, const struct policy_spec *spec)
{
	print_label_selector(out, "  ", "pods", spec->pod_selector);
	print_label_selector(out, "  ", "containers", spec->container_selector);
	print_label_selector(out, "  ", "host", spec->host_selector);
	print_label_selector(out, "  ", "nodes", spec->node_selector);
}

/* ---- hooks ------------------------------------------------------------------------------------
 */

static void print_argument(struct buf *out, const char *word,
			   const struct policy_argument *argument)
{
	static const char *const sources[] = {
		[POLICY_FROM_ARGUMENT] = "",
		[POLICY_FROM_RETURN] = "",
		[POLICY_FROM_TASK] = " of current_task",
		[POLICY_FROM_REGISTER] = " of pt_regs",
	};

	buf_add_format(out, "    %s", word);
	if (argument->from == POLICY_FROM_ARGUMENT)
		buf_add_format(out, " %lld", (long long)argument->index.value);
	buf_add_format(out, ": %s", argument->facts->name);
	if (argument->resolve.bytes)
		buf_add_format(out, " at %s%s", argument->resolve.data, sources[argument->from]);
	if (argument->btf_type.bytes)
		buf_add_format(out, " as %s", argument->btf_type.data);
	if (argument->btf_module.bytes)
		buf_add_format(out, " from module %s", argument->btf_module.data);
	if (argument->size_from >= 0)
		buf_add_format(out, ", size in argument %d", argument->size_from);
	if (argument->max_data.value)
		buf_add_text(out, ", all data");
	if (argument->return_copy.value)
		buf_add_text(out, ", at the return");
	if (argument->label.bytes) {
		buf_add_text(out, ", label ");
		print_text(out, &argument->label);
	}
	buf_add_char(out, '\n');
}

static void print_function(struct buf *out, const struct policy_hook *hook)
{
	buf_add_text(out, hook->call.data);
	if (hook->is_syscall)
		buf_add_text(out, " (system call)");
}

static void print_tracepoint(struct buf *out, const struct policy_hook *hook)
{
	buf_add_format(out, "%s/%s%s", hook->subsystem.data, hook->event.data,
		       hook->raw.value ? " (raw)" : "");
}

static void print_lsmhook(struct buf *out, const struct policy_hook *hook)
{
	buf_add_text(out, hook->call.data);
}

static void print_uprobe(struct buf *out, const struct policy_hook *hook)
{
	print_text(out, &hook->path);
}

static void print_usdt(struct buf *out, const struct policy_hook *hook)
{
	print_text(out, &hook->path);
	buf_add_char(out, ' ');
	print_text(out, &hook->provider);
	buf_add_char(out, ' ');
	print_text(out, &hook->name);
}

typedef void (*print_place_fn)(struct buf *out, const struct policy_hook *hook);

static const print_place_fn place_functions[POLICY_SECTIONS] = {
	[POLICY_SECTION_KPROBES] = print_function,	 [POLICY_SECTION_FENTRIES] = print_function,
	[POLICY_SECTION_TRACEPOINTS] = print_tracepoint, [POLICY_SECTION_LSMHOOKS] = print_lsmhook,
	[POLICY_SECTION_UPROBES] = print_uprobe,	 [POLICY_SECTION_USDTS] = print_usdt,
};

static void print_ignored(struct buf *out, const struct policy_ignore *ignore)
{
	if (ignore && ignore->call_not_found.value)
		buf_add_text(out, "    may be missing\n");
	if (ignore && ignore->digest_mismatch.value)
		buf_add_text(out, "    may have another digest\n");
}

static void print_symbols(struct buf *out, const struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->symbols.count; i++) {
		const struct policy_symbol *symbol = &hook->symbol_places[i];

		buf_add_text(out, "    symbol ");
		print_quoted(out, span_of(symbol->name));
		if (symbol->offset)
			buf_add_format(out, " + %llu", (unsigned long long)symbol->offset);
		buf_add_char(out, '\n');
	}
}

static void print_return(struct buf *out, const struct policy_hook *hook)
{
	if (!hook->returns.value)
		return;
	print_argument(out, "return", hook->return_argument);
	if (hook->return_action.value >= 0)
		buf_add_format(out, "    return action %s\n",
			       words_get(WORDS_RETURN_ACTION, (size_t)hook->return_action.value));
}

static void print_hook(struct buf *out, const struct policy_hook *hook)
{
	buf_add_format(out, "  %s ", section_facts[hook->section].one);
	place_functions[hook->section](out, hook);
	buf_add_char(out, '\n');
	print_symbols(out, hook);
	print_line_of_numbers(out, "offsets", &hook->offsets);
	print_line_of_numbers(out, "addresses", &hook->addrs);
	print_line_of_numbers(out, "reference counters", &hook->ref_ctr_offsets);
	print_line_of_texts(out, "digests", &hook->digests);
	print_line_of_text(out, "btf", &hook->btf_path);
	print_line_of_text(out, "message", &hook->message);
	print_line_of_texts(out, "tags", &hook->tags);
	print_ignored(out, hook->ignore);
	for (size_t i = 0; i < hook->arguments.count; i++)
		print_argument(out, "arg", &hook->arguments.items[i]);
	for (size_t i = 0; i < hook->data.count; i++)
		print_argument(out, "data", &hook->data.items[i]);
	print_return(out, hook);
	for (size_t i = 0; i < hook->selectors.count; i++)
		print_selector(out, hook, &hook->selectors.items[i]);
}

/* ---- the policy -------------------------------------------------------------------------------
 */

static void print_list(struct buf *out, const struct policy_list *list)
{
	buf_add_text(out, "  list ");
	print_text(out, &list->name);
	if (list->type.value >= 0)
		buf_add_format(out, " (%s)", words_get(WORDS_LIST_TYPE, (size_t)list->type.value));
	print_texts(out, &list->values);
	if (list->pattern.bytes) {
		buf_add_text(out, " pattern ");
		print_text(out, &list->pattern);
	}
	buf_add_char(out, '\n');
}

static void print_enforcer(struct buf *out, const struct policy_enforcer *enforcer)
{
	buf_add_text(out, "  enforcer on");
	print_texts(out, &enforcer->calls);
	buf_add_char(out, '\n');
}

static void print_options(struct buf *out, const struct policy_options *options)
{
	if (options->override_method >= 0)
		buf_add_format(out, "  override method %s\n",
			       words_get(WORDS_OVERRIDE_METHOD, (size_t)options->override_method));
	if (options->disable_kprobe_multi)
		buf_add_text(out, "  without kprobe.multi\n");
	if (options->disable_uprobe_multi)
		buf_add_text(out, "  without uprobe.multi\n");
	if (options->sleepable_preload_size)
		buf_add_format(out, "  sleepable preload size %llu\n",
			       (unsigned long long)options->sleepable_preload_size);
}

void policy_print_model(const struct policy *policy, struct buf *out)
{
	static const char *const modes[] = {
		[POLICY_MODE_ENFORCE] = "enforce",
		[POLICY_MODE_MONITOR] = "monitor",
		[POLICY_MODE_MONITOR_ONLY] = "monitor_only",
	};
	const struct policy_spec *spec = policy->spec;

	buf_add_text(out, "policy ");
	print_text(out, &policy->metadata->name);
	if (policy->kind.value == POLICY_NAMESPACED) {
		buf_add_text(out, " in namespace ");
		print_text(out, &policy->metadata->namespace);
	}
	buf_add_format(out, "\n  mode %s\n", modes[policy->mode]);
	print_options(out, &policy->options);
	print_scope(out, spec);
	for (size_t i = 0; i < spec->lists.count; i++)
		print_list(out, &spec->lists.items[i]);
	for (size_t i = 0; i < spec->enforcers.count; i++)
		print_enforcer(out, &spec->enforcers.items[i]);
	if (spec->loader.value)
		buf_add_text(out, "  loader\n");
	for (size_t i = 0; i < policy->hooks_count; i++)
		print_hook(out, policy->hooks[i]);
}

void policy_print_summary(const struct policy *policy, struct buf *out)
{
	buf_add_text(out, "policy ");
	print_text(out, &policy->metadata->name);
	buf_add_format(out, ", %zu hook%s, %zu selector%s", policy->hooks_count,
		       policy->hooks_count == 1 ? "" : "s", policy->selectors_count,
		       policy->selectors_count == 1 ? "" : "s");
}
