/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of tables -> rows. How numbers of a table are written is a row of `hook_terms`,
 * `task_terms`. */
#include <arpa/inet.h>

#include "policy/printer.h"
#include "policy/rules_printer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROW	     "      "

void print_vector(struct rules_printer *printer, uint32_t at)
{
	const char *comma = "";

	buf_add_char(printer->out, '{');
	for (uint32_t i = 0; i < printer->view.config->words * 64; i++) {
		uint32_t last = i;

		if (!rules_view_has(&printer->view, at, i))
			continue;
		while (rules_view_has(&printer->view, at, last + 1))
			last++;
		buf_add_format(printer->out, "%s%u", comma, i);
		if (last > i)
			buf_add_format(printer->out, "%c%u", last > i + 1 ? '-' : ',', last);
		comma = ",";
		i = last;
	}
	buf_add_char(printer->out, '}');
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

enum notation { PLAIN, BIASED, HEXADECIMAL, OCTAL, IPV4, IPV6, NAMESPACE, WORKLOAD, INNER_PID };

#define NO_NAMES NAMES_TABLES

/* How numbers of a table are written, and which ones there can be at all. */
struct terms {
	enum notation notation;
	struct wire_wide min, max; /* as they stand in the table */
	enum value_names names;
};

#define TERMS(notation, last, names) { (notation), { 0, 0 }, { 0, (last) }, (names) }

static const struct terms hook_terms[WIRE_HOOK_TABLES] = {
	[WIRE_TABLE_MASK] = TERMS(HEXADECIMAL, UINT64_MAX, NO_NAMES),
	[WIRE_TABLE_FILE_TYPE] = TERMS(OCTAL, 0170000, NAMES_FILE_TYPE),
	[WIRE_TABLE_SOURCE_PORT] = TERMS(PLAIN, UINT16_MAX, NO_NAMES),
	[WIRE_TABLE_DESTINATION_PORT] = TERMS(PLAIN, UINT16_MAX, NO_NAMES),
	[WIRE_TABLE_SOURCE_IPV4] = TERMS(IPV4, UINT32_MAX, NO_NAMES),
	[WIRE_TABLE_DESTINATION_IPV4] = TERMS(IPV4, UINT32_MAX, NO_NAMES),
	[WIRE_TABLE_SOURCE_IPV6] = { IPV6, { 0, 0 }, { UINT64_MAX, UINT64_MAX }, NO_NAMES },
	[WIRE_TABLE_DESTINATION_IPV6] = { IPV6, { 0, 0 }, { UINT64_MAX, UINT64_MAX }, NO_NAMES },
	[WIRE_TABLE_PROTOCOL] = TERMS(PLAIN, UINT16_MAX, NAMES_PROTOCOL),
	[WIRE_TABLE_FAMILY] = TERMS(PLAIN, UINT16_MAX, NAMES_FAMILY),
	[WIRE_TABLE_STATE] = TERMS(PLAIN, UINT8_MAX, NAMES_STATE),
	[WIRE_TABLE_GAINED] = TERMS(HEXADECIMAL, UINT64_MAX, NO_NAMES),
};

static struct terms task_get_terms(const struct rules_printer *printer, enum wire_task_table table)
{
	struct terms terms = TERMS(PLAIN, UINT32_MAX, NO_NAMES);

	if (table >= WIRE_TASK_NS_UTS && table <= WIRE_TASK_NS_USER)
		terms.notation = NAMESPACE;
	if (table == WIRE_TASK_NAMESPACE_PID)
		terms.notation = INNER_PID;
	if (table == WIRE_TASK_WORKLOAD) {
		terms.notation = WORKLOAD;
		terms.max.low = printer->world->scopes_count; /* that one stands for all others */
	}
	return terms;
}

static struct terms value_get_terms(const struct wire_hook_value *value, enum wire_hook_table table)
{
	const struct arg_type_facts *type = arg_type_get_facts_of((enum arg_type)value->type);
	struct terms terms = hook_terms[table];
	bool is_signed;
	unsigned int bits = value_class_get_bits(type->class, &is_signed);

	if (table != WIRE_TABLE_NUMBER)
		return terms;
	terms = (struct terms)TERMS(bits ? PLAIN : HEXADECIMAL, UINT64_MAX, NO_NAMES);
	if (bits && bits < 64)
		terms.max.low = (1ULL << bits) - 1;
	if (value->flags & WIRE_VALUE_SIGNED) {
		terms.notation = BIASED;
		terms.min.low = WIRE_SIGN_BIAS - (1ULL << (bits - 1));
		terms.max.low = WIRE_SIGN_BIAS + ((1ULL << (bits - 1)) - 1);
	}
	if (type->group == GROUP_CAPABILITY)
		terms.names = NAMES_CAPABILITY;
	if (type->group == GROUP_COMMAND)
		terms.names = NAMES_BPF_COMMAND;
	return terms;
}

static int wide_compare(struct wire_wide one, struct wire_wide other)
{
	if (one.high != other.high)
		return one.high < other.high ? -1 : 1;
	return one.low == other.low ? 0 : one.low < other.low ? -1 : 1;
}

static void print_address(struct buf *out, struct wire_wide number, bool is_ipv6)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t bytes[16];

	for (int i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(number.high >> (56 - 8 * i));
		bytes[i + 8] = (uint8_t)(number.low >> (56 - 8 * i));
	}
	inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, is_ipv6 ? bytes : bytes + 12, text, sizeof(text));
	buf_add_text(out, text);
}

static void print_number(struct rules_printer *printer, const struct terms *terms,
			 struct wire_wide number)
{
	switch (terms->notation) {
	case BIASED:
		buf_add_int(printer->out, (int64_t)(number.low - WIRE_SIGN_BIAS));
		break;
	case HEXADECIMAL:
		buf_add_format(printer->out, "0x%llx", (unsigned long long)number.low);
		break;
	case OCTAL:
		buf_add_format(printer->out, "0%llo", (unsigned long long)number.low);
		break;
	case IPV4:
	case IPV6:
		print_address(printer->out, number, terms->notation == IPV6);
		break;
	default:
		buf_add_uint(printer->out, number.low);
		break;
	}
}

/* A number that has a row of its own is told by name, if it has one. */
static void print_single(struct rules_printer *printer, const struct terms *terms,
			 struct wire_wide number)
{
	uint64_t value = number.low - (terms->notation == BIASED ? WIRE_SIGN_BIAS : 0);
	const char *name = terms->names != NO_NAMES && value <= UINT32_MAX
				   ? value_names_get(terms->names, (uint32_t)value)
				   : NULL;

	if (terms->notation == WORKLOAD)
		buf_add_text(printer->out, number.low < printer->world->scopes_count
						   ? printer->world->scopes[number.low]
						   : "others");
	else if (terms->notation == NAMESPACE && !number.low)
		buf_add_text(printer->out, "host");
	else if (terms->notation == INNER_PID && !number.low)
		buf_add_text(printer->out, "none, it is in the initial one");
	else if (name)
		buf_add_text(printer->out, name);
	else
		print_number(printer, terms, number);
}

/* ---- ranges -----------------------------------------------------------------------------------
 */

struct range_printer {
	struct rules_printer *printer;
	struct terms terms;
};

static void print_range(const struct range_printer *own, struct wire_wide first,
			struct wire_wide last)
{
	bool is_first = wide_compare(first, own->terms.min) == 0;
	bool is_last = wide_compare(last, own->terms.max) == 0;

	if (is_first && is_last) {
		buf_add_text(own->printer->out, "any");
		return;
	}
	if (wide_compare(first, last) == 0) {
		print_single(own->printer, &own->terms, first);
		return;
	}
	if (!is_first)
		print_number(own->printer, &own->terms, first);
	buf_add_text(own->printer->out, "..");
	if (!is_last)
		print_number(own->printer, &own->terms, last);
}

static void print_range_row(void *context, const struct rules_range_row *row)
{
	const struct range_printer *own = context;
	struct wire_wide first = row->first, last = row->last;

	if (wide_compare(first, own->terms.max) > 0 || wide_compare(last, own->terms.min) < 0)
		return; /* there is no such value */
	if (wide_compare(first, own->terms.min) < 0)
		first = own->terms.min;
	if (wide_compare(last, own->terms.max) > 0)
		last = own->terms.max;
	do {
		bool is_list = own->terms.notation == WORKLOAD; /* each has a name */

		buf_add_text(own->printer->out, ROW);
		print_range(own, first, is_list ? first : last);
		buf_add_text(own->printer->out, ": ");
		print_vector(own->printer, row->vector);
		buf_add_char(own->printer->out, '\n');
		if (!is_list)
			break;
		first.low++;
	} while (first.low <= last.low);
}

static void print_ranges(struct rules_printer *printer, uint32_t at, const struct terms *terms)
{
	struct range_printer own = { printer, *terms };

	rules_read_ranges(&printer->view, at, terms->notation == IPV6, print_range_row, &own);
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static void print_text_row(void *context, const struct rules_text_row *row)
{
	struct rules_printer *printer = context;

	buf_add_text(printer->out, ROW);
	print_quoted(printer->out, row->text);
	buf_add_text(printer->out, ": going on ");
	print_vector(printer, row->going_on);
	buf_add_text(printer->out, ", ending ");
	print_vector(printer, row->ending);
	buf_add_text(printer->out, row->is_lost ? ", but no search finds it\n" : "\n");
}

static void print_vector_row(struct rules_printer *printer, const char *what, uint32_t at)
{
	buf_add_format(printer->out, ROW "%s: ", what);
	print_vector(printer, at);
	buf_add_char(printer->out, '\n');
}

static void print_tree(struct rules_printer *printer, uint32_t at, bool is_reversed)
{
	const struct wire_text *head = rules_view_get(&printer->view, at, sizeof(*head));

	if (!head)
		return;
	print_vector_row(printer, "others", head->none);
	print_vector_row(printer, "\"\"", head->empty);
	rules_read_texts(&printer->view, at, is_reversed, print_text_row, printer);
}

static void print_substrings(struct rules_printer *printer, uint32_t at)
{
	const struct wire_substrings *head = rules_view_get(&printer->view, at, sizeof(*head));
	const struct wire_substring *rows =
		head ? rules_view_get(&printer->view, at + sizeof(*head),
				      head->count * sizeof(*rows))
		     : NULL;
	bool begins = true;

	for (uint32_t i = 0; rows && i < head->count; i++) {
		buf_add_text(printer->out, begins ? ROW "has " : " or ");
		print_quoted(printer->out, (struct span){ rows[i].text, rows[i].bytes });
		buf_add_text(printer->out, rows[i].ignores_case ? " in any case" : "");
		begins = rows[i].is_last;
		if (!begins)
			continue;
		buf_add_text(printer->out, ", else ");
		print_vector(printer, rows[i].failing);
		buf_add_char(printer->out, '\n');
	}
}

/* ---- bits -------------------------------------------------------------------------------------
 */

/* Names of bits. */
static const char *capability_get_name(uint32_t bit)
{
	return value_names_get(NAMES_CAPABILITY, bit);
}

static const char *namespace_get_name(uint32_t bit)
{
	return bit < POLICY_NAMESPACES ? words_get(WORDS_NAMESPACE, bit) : NULL;
}

typedef const char *(*bit_name_fn)(uint32_t bit);

static void print_bits(struct buf *out, uint64_t mask, bit_name_fn name)
{
	bool is_rest = __builtin_popcountll(mask) > 32;

	if (!name) {
		buf_add_format(out, " 0x%llx", (unsigned long long)mask);
		return;
	}
	if (is_rest)
		buf_add_text(out, " other than");
	for (uint32_t bit = 0; bit < 64; bit++) {
		if ((mask >> bit & 1) == is_rest)
			continue;
		if (name(bit))
			buf_add_format(out, " %s", name(bit));
		else
			buf_add_format(out, " %u", bit);
	}
}

/* SETS: whether rows say which capabilities they are about. */
static void print_masks(struct rules_printer *printer, uint32_t at, bit_name_fn name, bool has_sets)
{
	static const char *const sets[] = {
		[WIRE_CAPABILITIES_EFFECTIVE] = " effective",
		[WIRE_CAPABILITIES_INHERITABLE] = " inheritable",
		[WIRE_CAPABILITIES_PERMITTED] = " permitted",
	};
	const struct wire_masks *head = rules_view_get(&printer->view, at, sizeof(*head));
	const struct wire_mask_row *rows = head ? rules_view_get(&printer->view, at + sizeof(*head),
								 head->count * sizeof(*rows))
						: NULL;

	for (uint32_t i = 0; rows && i < head->count; i++) {
		buf_add_text(printer->out, rows[i].is_negated ? ROW "none of" : ROW "some of");
		if (has_sets)
			buf_add_text(printer->out,
				     rows[i].set < COUNT(sets) ? sets[rows[i].set] : " unknown");
		print_bits(printer->out, rows[i].mask, name);
		buf_add_text(printer->out, rows[i].in_user_namespace
						   ? ", in a user namespace, else "
						   : ", else ");
		print_vector(printer, rows[i].failing);
		buf_add_char(printer->out, '\n');
	}
}

/* ---- marks ------------------------------------------------------------------------------------
 */

static void print_mark_name(struct rules_printer *printer, uint32_t mark)
{
	buf_add_text(printer->out,
		     mark < printer->world->marks_count ? printer->world->marks[mark] : "unknown");
}

static void print_mark(struct rules_printer *printer, uint32_t mark, uint32_t at)
{
	const struct wire_mark *one = rules_view_get(&printer->view, at, sizeof(*one));

	if (!one)
		return;
	buf_add_format(printer->out, ROW "mark %u, ", mark);
	print_mark_name(printer, mark);
	buf_add_text(printer->out, ": with ");
	print_vector(printer, one->with);
	buf_add_text(printer->out, ", without ");
	print_vector(printer, one->without);
	buf_add_char(printer->out, '\n');
}

static void print_marks(struct rules_printer *printer, uint32_t at)
{
	const struct wire_marks *head = rules_view_get(&printer->view, at, sizeof(*head));
	const uint32_t *marks =
		head ? rules_view_get(&printer->view, head->marks, WIRE_MARKS_MAX * sizeof(*marks))
		     : NULL;
	const struct wire_mark_row *rows =
		head ? rules_view_get(&printer->view, head->rows, head->rows_count * sizeof(*rows))
		     : NULL;

	if (!marks || !rows)
		return;
	print_vector_row(printer, "no mark", head->none);
	print_vector_row(printer, "any mark", head->free);
	for (uint32_t i = 0; i < WIRE_MARKS_MAX; i++) {
		bool is_relevant = head->relevant[i / 64] >> i % 64 & 1;

		if (is_relevant && marks[i])
			print_mark(printer, i, marks[i]);
		else if (is_relevant || marks[i])
			printer->view.is_broken = true;
	}
	for (uint32_t i = 0; i < head->rows_count; i++) {
		buf_add_format(printer->out, ROW "%s ", rows[i].is_negated ? "not" : "also");
		print_mark_name(printer, rows[i].mark);
		buf_add_text(printer->out, ", else ");
		print_vector(printer, rows[i].failing);
		buf_add_char(printer->out, '\n');
	}
}

/* ---- tables -----------------------------------------------------------------------------------
 */

enum form { FORM_RANGES, FORM_WIDE_RANGES, FORM_TEXT, FORM_MASKS, FORM_MARKS, FORM_SUBSTRINGS };

struct table_facts {
	const char *name;
	enum form form;
};

#define HOOK_TABLE(name, text, form) [WIRE_TABLE_##name] = { (text), FORM_##form },
static const struct table_facts hook_tables[WIRE_HOOK_TABLES] = {
#include "wire/hook_tables.def"
};
#undef HOOK_TABLE

#define TASK_TABLE(name, text, form) [WIRE_TASK_##name] = { (text), FORM_##form },
static const struct table_facts task_tables[WIRE_TASK_TABLES] = {
#include "wire/task_tables.def"
};
#undef TASK_TABLE

void print_task_table(struct rules_printer *printer, enum wire_task_table table,
		      const struct wire_table *where)
{
	struct terms terms = task_get_terms(printer, table);
	bool is_change = table == WIRE_TASK_NS_CHANGE;

	buf_add_format(printer->out, "    %s\n", task_tables[table].name);
	if (task_tables[table].form == FORM_MARKS)
		print_marks(printer, where->at);
	else if (task_tables[table].form == FORM_MASKS)
		print_masks(printer, where->at,
			    is_change ? namespace_get_name : capability_get_name, !is_change);
	else
		print_ranges(printer, where->at, &terms);
}

void print_value_table(struct rules_printer *printer, const struct wire_hook_value *value,
		       enum wire_hook_table table, const struct wire_table *where)
{
	const struct arg_type_facts *type = arg_type_get_facts_of((enum arg_type)value->type);
	struct terms terms = value_get_terms(value, table);

	buf_add_format(printer->out, "    %s", hook_tables[table].name);
	if (table == WIRE_TABLE_GAINED)
		buf_add_format(printer->out, " in slot %u", value->second);
	buf_add_char(printer->out, '\n');
	switch (hook_tables[table].form) {
	case FORM_TEXT:
		print_tree(printer, where->at, table == WIRE_TABLE_TEXT_END);
		break;
	case FORM_MASKS:
		print_masks(printer, where->at,
			    type->group == GROUP_CAPABILITIES ? capability_get_name : NULL, false);
		break;
	case FORM_SUBSTRINGS:
		print_substrings(printer, where->at);
		break;
	default:
		print_ranges(printer, where->at, &terms);
	}
	print_vector_row(printer, "unknown", where->absent);
}
