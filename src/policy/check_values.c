/* SPDX-License-Identifier: Apache-2.0 */
/* Values of filters on arguments: from text to numbers, ranges, sets, addresses and bytes, one
 * function per syntax. */
#include "policy/checker.h"

#include <arpa/inet.h>

#include "policy/scalar.h"

/* A value on its way. */
struct value_task {
	struct checker *checker;
	const struct policy_filter *filter;
	const struct arg_type_facts *type;
	const struct policy_text *text;
	struct policy_value *out;
};

static struct finding *value_error(const struct value_task *task, const char *wanted)
{
	return report_error(task->checker->report, task->text->place, "%s is no %s",
			    report_quote(task->checker->report, text_span(task->text)), wanted);
}

void check_report_name(struct checker *checker, struct place place, struct span name,
		       enum value_names table)
{
	static const char *const words[NAMES_TABLES] = {
		[NAMES_PROTOCOL] = "protocol",	 [NAMES_FAMILY] = "address family",
		[NAMES_STATE] = "TCP state",	 [NAMES_CAPABILITY] = "capability",
		[NAMES_FILE_TYPE] = "file type", [NAMES_BPF_COMMAND] = "command of bpf(2)",
	};
	static const char *const examples[NAMES_TABLES] = {
		[NAMES_PROTOCOL] = "as in IPPROTO_TCP, or a number",
		[NAMES_FAMILY] = "as in AF_INET, or a number",
		[NAMES_STATE] = "as in TCP_ESTABLISHED, or a number",
		[NAMES_CAPABILITY] = "as in CAP_SYS_ADMIN",
		[NAMES_FILE_TYPE] = "one of socket, lnk, reg, blk, dir, chr, fifo",
		[NAMES_BPF_COMMAND] = "as in BPF_PROG_LOAD, or a number",
	};
	const char *quoted = report_quote(checker->report, name);
	struct finding *finding =
		report_error(checker->report, place, "unknown %s %s", words[table], quoted);
	struct suggest suggest;
	char word[64] = ""; /* longer words are nothing's neighbours */

	if (!finding)
		return;
	if (name.bytes < sizeof(word))
		memcpy(word, name.data, name.bytes);
	suggest = suggest_start(word);
	value_names_suggest(table, &suggest);
	if (suggest.best)
		finding_hint(finding, "did you mean \"%s\"?", suggest.best);
	else
		finding_hint(finding, "%s", examples[table]);
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

struct number_rule {
	unsigned int bits; /* of the value, at most 64 */
	bool is_signed;
	uint64_t max;	    /* 0: what the bits hold */
	int names;	    /* enum value_names, or -1 */
	const char *wanted; /* "number" */
};

/* One number of TEXT, extended to 64 bits. False: it is none, or does not fit; that was said. */
static bool value_parse_number(const struct value_task *task, struct span text,
			       const struct number_rule *rule, uint64_t *out)
{
	uint64_t max = rule->bits == 64 ? UINT64_MAX : (1ULL << rule->bits) - 1;
	bool is_negative;
	uint32_t named;

	if (rule->names >= 0 && value_names_find((enum value_names)rule->names, text, &named)) {
		*out = named;
		return true;
	}
	if (!scalar_parse_int(text, &is_negative, out)) {
		if (rule->names >= 0)
			check_report_name(task->checker, task->text->place, text,
					  (enum value_names)rule->names);
		else
			finding_hint(value_error(task, rule->wanted),
				     "decimal, 0x hexadecimal or 0 octal");
		return false;
	}
	if (rule->is_signed)
		max >>= 1;
	if (rule->max)
		max = rule->max;
	if (*out <= max + (rule->is_signed && is_negative) && (!is_negative || rule->is_signed)) {
		*out = is_negative ? 0 - *out : *out;
		return true;
	}
	if (rule->is_signed)
		finding_hint(value_error(task, rule->wanted), "from -%llu to %llu",
			     (unsigned long long)max + 1, (unsigned long long)max);
	else
		finding_hint(value_error(task, rule->wanted), "from 0 to %llu",
			     (unsigned long long)max);
	return false;
}

static bool range_is_reversed(const struct policy_value *value, bool is_signed)
{
	if (is_signed)
		return (int64_t)value->range.min > (int64_t)value->range.max;
	return value->range.min > value->range.max;
}

/* "n", or "min:max" where CAN_RANGE. */
static void value_take_range(const struct value_task *task, const struct number_rule *rule,
			     bool can_range)
{
	struct span text = text_span(task->text), rest = text;
	struct span first = span_cut(&rest, ':');
	bool has_colon = first.bytes < text.bytes;
	struct policy_value *out = task->out;

	if (has_colon && !can_range) {
		finding_hint(value_error(task, rule->wanted),
			     "operators InMap and InRange take ranges");
		return;
	}
	if (!value_parse_number(task, first, rule, &out->range.min))
		return;
	out->range.max = out->range.min;
	if (has_colon && !value_parse_number(task, rest, rule, &out->range.max))
		return;
	if (!range_is_reversed(out, rule->is_signed))
		return;
	report_warning(task->checker->report, task->text->place,
		       "range %s has its larger end first; it is read the other way",
		       report_quote(task->checker->report, text));
	out->range.min ^= out->range.max;
	out->range.max ^= out->range.min;
	out->range.min ^= out->range.max;
}

static struct number_rule number_rule_of(const struct arg_type_facts *type)
{
	struct number_rule rule = { .names = -1, .wanted = type->name };

	rule.bits = value_class_get_bits(type->class, &rule.is_signed);
	if (type->group == GROUP_CAPABILITY)
		rule = (struct number_rule){ 32, false, 63, NAMES_CAPABILITY, "capability" };
	if (type->group == GROUP_COMMAND)
		rule = (struct number_rule){ 32, false, INT32_MAX, NAMES_BPF_COMMAND,
					     "command of bpf(2)" };
	if (type->group == GROUP_SYSCALL)
		rule.wanted = "system call number";
	return rule;
}

/* Only system calls have numbers. */
static void value_check_list(const struct value_task *task)
{
	const struct policy_list *list = task->out->list;

	if (!list || list->type.state == FIELD_BAD || list->type.value == POLICY_LIST_SYSCALLS ||
	    list->type.value == POLICY_LIST_GENERATED_SYSCALLS)
		return;
	finding_hint(report_error(task->checker->report, task->text->place,
				  "list %s is no list of system calls",
				  report_quote(task->checker->report, text_span(&list->name))),
		     "type: syscalls makes it one");
}

static void value_take_number(const struct value_task *task)
{
	struct number_rule rule = number_rule_of(task->type);
	bool can_range = task->filter->facts->syntax == SYNTAX_RANGE ||
			 task->filter->facts->syntax == SYNTAX_RANGE_ONLY;
	bool has_lists = task->type->group == GROUP_SYSCALL || task->type->class == VALUE_U64 ||
			 task->type->class == VALUE_S64;
	bool is_list = has_lists && can_range &&
		       check_list_reference(task->checker, task->text, &task->out->list);

	if (is_list) {
		value_check_list(task);
		return;
	}
	if (can_range && strncmp(task->text->data, "list:", 5) == 0) {
		finding_hint(report_error(task->checker->report, task->text->place,
					  "a list cannot be used for type %s", task->type->name),
			     "lists hold system calls, whose type is syscall64");
		return;
	}
	if (task->filter->facts->syntax == SYNTAX_RANGE_ONLY &&
	    !memchr(task->text->data, ':', task->text->bytes)) {
		finding_hint(value_error(task, "range"), "as in \"1:10\"");
		return;
	}
	value_take_range(task, &rule, can_range);
}

static void value_take_port(const struct value_task *task)
{
	const struct number_rule rule = { 16, false, UINT16_MAX, -1, "port" };

	value_take_range(task, &rule, true);
}

static void value_take_protocol(const struct value_task *task)
{
	/* MPTCP is 262 and still fits the kernel's field. */
	const struct number_rule rule = { 16, false, UINT16_MAX, NAMES_PROTOCOL, "protocol" };

	value_take_range(task, &rule, true);
}

static void value_take_family(const struct value_task *task)
{
	const struct number_rule rule = { 16, false, UINT16_MAX, NAMES_FAMILY, "address family" };

	value_take_range(task, &rule, true);
}

static void value_take_state(const struct value_task *task)
{
	const struct number_rule rule = { 8, false, UINT8_MAX, NAMES_STATE, "TCP state" };

	value_take_range(task, &rule, true);
}

/* ---- sets of bits -----------------------------------------------------------------------------
 */

/* "0x1ff", or "CAP_A,CAP_B". */
static void value_take_capabilities(const struct value_task *task)
{
	struct span rest = text_span(task->text);
	bool is_negative;

	if (scalar_parse_int(rest, &is_negative, &task->out->bits) && !is_negative)
		return;
	task->out->bits = 0;
	do {
		struct span name = span_cut(&rest, ',');
		uint32_t bit;

		while (name.bytes && name.data[0] == ' ')
			name = (struct span){ name.data + 1, name.bytes - 1 };
		while (name.bytes && name.data[name.bytes - 1] == ' ')
			name.bytes--;
		if (value_names_find(NAMES_CAPABILITY, name, &bit)) {
			task->out->bits |= 1ULL << bit;
			continue;
		}
		check_report_name(task->checker, task->text->place, name, NAMES_CAPABILITY);
		return;
	} while (rest.bytes);
}

static void value_take_mask(const struct value_task *task)
{
	struct number_rule rule = number_rule_of(task->type);

	if (task->type->group == GROUP_CAPABILITIES) {
		value_take_capabilities(task);
	} else {
		/* A mask is a pattern of bits: -1 and the largest unsigned number are both meant as
		 * such. */
		rule.is_signed = task->text->data[0] == '-';
		if (!value_parse_number(task, text_span(task->text), &rule, &task->out->bits))
			return;
		if (rule.bits < 64)
			task->out->bits &= (1ULL << rule.bits) - 1;
	}
	if (!task->out->bits)
		report_warning(task->checker->report, task->text->place,
			       "an empty mask never matches");
}

static void value_take_file_type(const struct value_task *task)
{
	uint32_t bits = 0;

	if (!value_names_find(NAMES_FILE_TYPE, text_span(task->text), &bits))
		check_report_name(task->checker, task->text->place, text_span(task->text),
				  NAMES_FILE_TYPE);
	task->out->bits = bits;
}

/* ---- texts and addresses ----------------------------------------------------------------------
 */

static size_t value_get_text_max(enum policy_test test)
{
	if (test == TEST_PREFIX || test == TEST_POSTFIX)
		return WIRE_PREFIX_BYTES_MAX;
	if (test == TEST_SUBSTRING || test == TEST_SUBSTRING_ANY_CASE)
		return WIRE_SUBSTRING_BYTES_MAX;
	return WIRE_PATH_BYTES_MAX;
}

static void value_take_text(const struct value_task *task)
{
	const struct operator_facts *operator= task->filter->facts;
	size_t max = value_get_text_max(operator->test);
	struct span text = text_span(task->text);

	/* What the kernel copies ends before its NUL; only buffers have bytes behind one. */
	while (task->type->class != VALUE_BYTES && text.bytes && !text.data[text.bytes - 1])
		text.bytes--;
	task->out->text = text;
	if (!text.bytes && operator->test != TEST_EQUAL)
		report_warning(task->checker->report, task->text->place,
			       "an empty text %s",
			       operator->is_negated ? "never matches" : "always matches");
	if (text.bytes > max)
		report_error(task->checker->report, task->text->place,
			     "this text has %zu bytes; operator %s takes at most %zu",
			     text.bytes, operator->name, max);
}

/* Keeps the first BITS of an address. */
static void address_mask(uint8_t *bytes, size_t count, unsigned int bits)
{
	for (size_t i = 0; i < count; i++) {
		unsigned int keep = bits > i * 8 ? bits - (unsigned int)i * 8 : 0;

		if (keep < 8)
			bytes[i] &= (uint8_t)(0xff00u >> keep);
	}
}

static void value_take_address(const struct value_task *task)
{
	struct span rest = text_span(task->text);
	struct span address = span_cut(&rest, '/');
	bool has_prefix = address.bytes < task->text->bytes;
	struct policy_value *out = task->out;
	char text[INET6_ADDRSTRLEN + 1] = "";
	bool is_negative = false;
	uint64_t bits, bits_max;

	if (address.bytes < sizeof(text))
		memcpy(text, address.data, address.bytes);
	out->address.is_ipv6 = memchr(text, ':', sizeof(text)) != NULL;
	bits_max = out->address.is_ipv6 ? 128 : 32;
	bits = bits_max;
	if (inet_pton(out->address.is_ipv6 ? AF_INET6 : AF_INET, text, out->address.bytes) != 1) {
		finding_hint(value_error(task, "address"),
			     "as in 10.0.0.1, 10.0.0.0/8, ::1 or fe80::/10");
		return;
	}
	if (has_prefix &&
	    (!scalar_parse_int(rest, &is_negative, &bits) || is_negative || bits > bits_max)) {
		finding_hint(value_error(task, "address"), "its prefix has from 0 to %llu bits",
			     (unsigned long long)bits_max);
		return;
	}
	out->address.prefix_bits = (uint8_t)bits;
	address_mask(out->address.bytes, bits_max / 8, out->address.prefix_bits);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

struct syntax_facts {
	enum policy_form form;
	void (*take)(const struct value_task *task); /* NULL: no values */
};

static const struct syntax_facts syntaxes[] = {
	[SYNTAX_NOTHING] = { POLICY_FORM_NONE, NULL },
	[SYNTAX_PRIVILEGED] = { POLICY_FORM_RANGE, NULL },
	[SYNTAX_RANGE] = { POLICY_FORM_RANGE, value_take_number },
	[SYNTAX_RANGE_ONLY] = { POLICY_FORM_RANGE, value_take_number },
	[SYNTAX_MASK] = { POLICY_FORM_BITS, value_take_mask },
	[SYNTAX_TEXT] = { POLICY_FORM_TEXT, value_take_text },
	[SYNTAX_PORT] = { POLICY_FORM_RANGE, value_take_port },
	[SYNTAX_ADDRESS] = { POLICY_FORM_ADDRESS, value_take_address },
	[SYNTAX_PROTOCOL] = { POLICY_FORM_RANGE, value_take_protocol },
	[SYNTAX_FAMILY] = { POLICY_FORM_RANGE, value_take_family },
	[SYNTAX_STATE] = { POLICY_FORM_RANGE, value_take_state },
	[SYNTAX_FILE_TYPE] = { POLICY_FORM_BITS, value_take_file_type },
};

static struct syntax_facts syntax_get(const struct operator_facts *operator,
				      const struct arg_type_facts * type)
{
	static const struct syntax_facts number = { POLICY_FORM_RANGE, value_take_number };
	static const struct syntax_facts set = { POLICY_FORM_BITS, value_take_capabilities };

	if (operator->syntax != SYNTAX_OF_TYPE)
		return syntaxes[operator->syntax];
	if (type->group == GROUP_CAPABILITIES)
		return set;
	if (type->group == GROUP_TEXT || type->group == GROUP_FILE ||
	    type->group == GROUP_UNIX_ADDRESS)
		return syntaxes[SYNTAX_TEXT];
	return number;
}

/* SPortPriv and its kin: one range that nobody has to write. */
static void check_no_values(struct checker *checker, struct policy_filter *filter)
{
	if (filter->texts.count)
		report_error(checker->report, filter->texts.place, "operator %s takes no values",
			     filter->facts->name);
	if (filter->facts->syntax != SYNTAX_PRIVILEGED)
		return;
	filter->values = arena_alloc(checker->arena, sizeof(*filter->values));
	if (!filter->values)
		return;
	filter->values->place = filter->operator.place;
	filter->values->range.max = 1023;
	filter->values_count = 1;
}

void check_values(struct checker *checker, struct policy_filter *filter,
		  const struct arg_type_facts *type)
{
	struct syntax_facts syntax = syntax_get(filter->facts, type);
	const struct policy_texts *texts = &filter->texts;

	filter->form = syntax.form;
	if (!syntax.take) {
		check_no_values(checker, filter);
		return;
	}
	if (texts->state != FIELD_BAD && !texts->count)
		report_error(checker->report, filter->operator.place, "operator %s needs values",
			     filter->facts->name);
	filter->values = arena_alloc_array(checker->arena, texts->count, sizeof(*filter->values));
	for (size_t i = 0; filter->values && i < texts->count; i++) {
		struct value_task task = { checker, filter, type, &texts->items[i],
					   &filter->values[i] };

		task.out->place = task.text->place;
		if (task.text->state != FIELD_BAD)
			syntax.take(&task);
		filter->values_count++;
	}
}
