/* SPDX-License-Identifier: Apache-2.0 */
/* Operators are drawn from what a type takes; what a policy names goes into pools. */
#include "rules_make.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void rules_maker_init(struct rules_maker *maker, uint64_t seed)
{
	memset(maker, 0, sizeof(*maker));
	maker->state = seed * 0x9e3779b97f4a7c15ULL + 1;
}

void rules_maker_done(struct rules_maker *maker)
{
	buf_done(&maker->text);
}

/* xorshift64* */
static uint64_t draw(struct rules_maker *maker)
{
	maker->state ^= maker->state >> 12;
	maker->state ^= maker->state << 25;
	maker->state ^= maker->state >> 27;
	return maker->state * 0x2545f4914f6cdd1dULL;
}

uint64_t rules_maker_random(struct rules_maker *maker, uint64_t count)
{
	return (draw(maker) >> 11) % count;
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

static uint64_t number_cut(uint64_t number, unsigned int bits, bool is_signed)
{
	unsigned int shift = 64 - bits;

	if (is_signed)
		return (uint64_t)((int64_t)(number << shift) >> shift);
	return number << shift >> shift;
}

static uint64_t make_number(struct rules_maker *maker, unsigned int bits, bool is_signed)
{
	uint64_t number = 0;

	switch (rules_maker_random(maker, 7)) {
	case 0:
		number = rules_maker_random(maker, 2) - 1;
		break;
	case 1:
		number = (is_signed ? INT64_MAX : UINT64_MAX) >> (64 - bits);
		break;
	case 2:
		number = is_signed ? 1ULL << (bits - 1) : 0;
		break;
	case 3:
		number = draw(maker);
		break;
	case 4:
		number = rules_maker_random(maker, 40) - 20;
		break;
	default:
		if (maker->numbers_count)
			number = maker->numbers[rules_maker_random(maker, maker->numbers_count)] +
				 rules_maker_random(maker, 3) - 1;
	}
	number = number_cut(number, bits, is_signed);
	maker->numbers[maker->numbers_count++ % MAKER_POOL_MAX] = number;
	if (maker->numbers_count > MAKER_POOL_MAX)
		maker->numbers_count = MAKER_POOL_MAX;
	return number;
}

static void add_number(struct rules_maker *maker, unsigned int bits, bool is_signed, bool is_range)
{
	uint64_t first = make_number(maker, bits, is_signed), last = first;

	buf_add_text(&maker->text, "\"");
	if (is_range)
		last = make_number(maker, bits, is_signed);
	if (is_signed ? (int64_t)first > (int64_t)last : first > last) {
		uint64_t other = first;

		first = last;
		last = other;
	}
	buf_add_format(&maker->text, is_signed ? "%lld" : "%llu", (long long)first);
	if (is_range)
		buf_add_format(&maker->text, is_signed ? ":%lld" : ":%llu", (long long)last);
	buf_add_text(&maker->text, "\"");
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static const char *make_text(struct rules_maker *maker)
{
	static const size_t lengths[] = { 1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 25, 31, 32, 33 };
	char *text = maker->texts[maker->texts_count % MAKER_POOL_MAX];
	size_t bytes = lengths[rules_maker_random(maker, COUNT(lengths))], from = 0;
	char old[48] = "";

	if (maker->texts_count)
		memcpy(old, maker->texts[rules_maker_random(maker, maker->texts_count)], 47);
	if (maker->texts_count < MAKER_POOL_MAX)
		maker->texts_count++;
	else
		text = maker->texts[rules_maker_random(maker, MAKER_POOL_MAX)];
	if (rules_maker_random(maker, 3)) /* goes on as one that was there, or from its middle */
		from = strlen(old);
	if (from && rules_maker_random(maker, 4) == 0)
		memmove(old, old + from / 2, from - from / 2 + 1);
	from = from ? rules_maker_random(maker, strlen(old) + 1) : 0;
	for (size_t i = 0; i < from; i++)
		text[i] = old[i];
	for (; from < bytes; from++)
		text[from] = "ab/.AB"[rules_maker_random(maker, 6)];
	text[from] = 0;
	return text;
}

/* ---- addresses --------------------------------------------------------------------------------
 */

static const uint8_t *make_address(struct rules_maker *maker)
{
	uint8_t *address = maker->addresses[maker->addresses_count % MAKER_POOL_MAX];
	uint8_t other = (uint8_t)rules_maker_random(maker, 128);

	if (maker->addresses_count && rules_maker_random(maker, 3))
		memcpy(address, maker->addresses[rules_maker_random(maker, maker->addresses_count)],
		       16);
	else
		memset(address, rules_maker_random(maker, 3) ? (int)draw(maker) : -1, 16);
	if (rules_maker_random(maker, 4))
		address[other / 8] ^= (uint8_t)(0x80 >> other % 8);
	if (rules_maker_random(maker, 2)) /* more often where IPv4 looks */
		address[rules_maker_random(maker, 4)] ^= (uint8_t)draw(maker);
	if (maker->addresses_count < MAKER_POOL_MAX)
		maker->addresses_count++;
	return address;
}

static void add_address(struct rules_maker *maker)
{
	bool is_ipv6 = rules_maker_random(maker, 2);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, make_address(maker), text, sizeof(text));
	buf_add_format(&maker->text, "\"%s/%u\"", text,
		       (unsigned int)rules_maker_random(maker, is_ipv6 ? 129 : 33));
}

/* ---- filters ----------------------------------------------------------------------------------
 */

enum syntax { NOTHING, NUMBER, RANGE, PORT, TEXT, ADDRESS, FILE_TYPE, STATE, FAMILY, SET };

struct operator_row {
	const char *word;
	enum syntax syntax;
};

static const struct operator_row number_operators[] = {
	{ "Equal", NUMBER },   { "NotEqual", NUMBER }, { "GT", NUMBER },
	{ "LT", NUMBER },      { "Mask", NUMBER },     { "InMap", RANGE },
	{ "NotInMap", RANGE }, { "InRange", RANGE },   { "NotInRange", RANGE },
};
static const struct operator_row text_operators[] = {
	{ "Equal", TEXT },	   { "NotEqual", TEXT },
	{ "Prefix", TEXT },	   { "NotPrefix", TEXT },
	{ "Postfix", TEXT },	   { "NotPostfix", TEXT },
	{ "SubString", TEXT },	   { "SubStringIgnCase", TEXT },
	{ "FileType", FILE_TYPE }, { "NotFileType", FILE_TYPE },
};
static const struct operator_row socket_operators[] = {
	{ "SPort", PORT },    { "NotSPort", PORT },    { "SPortPriv", NOTHING },
	{ "SAddr", ADDRESS }, { "NotSAddr", ADDRESS }, { "Family", FAMILY },
	{ "DPort", PORT },    { "NotDPort", PORT },    { "NotDPortPriv", NOTHING },
	{ "DAddr", ADDRESS }, { "NotDAddr", ADDRESS }, { "Protocol", STATE },
	{ "State", STATE },
};
static const struct operator_row set_operators[] = {
	{ "Equal", SET }, { "NotEqual", SET }, { "GT", SET }, { "LT", SET }, { "Mask", SET },
};

struct type_row {
	const char *word;
	unsigned int bits; /* of a number */
	bool is_signed;
	const struct operator_row *operators;
	size_t operators_count;
};

#define NUMBERS(word, bits, is_signed) \
	{ word, bits, is_signed, number_operators, COUNT(number_operators) }

static const struct type_row types[] = {
	NUMBERS("int8", 8, true),
	NUMBERS("int16", 16, true),
	NUMBERS("int32", 32, true),
	NUMBERS("int64", 64, true),
	NUMBERS("uint8", 8, false),
	NUMBERS("uint16", 16, false),
	NUMBERS("uint32", 32, false),
	NUMBERS("uint64", 64, false),
	{ "string", 0, false, text_operators, 8 },
	{ "sockaddr_un", 0, false, text_operators, 8 },
	{ "file", 0, false, text_operators, COUNT(text_operators) },
	{ "sock", 0, false, socket_operators, COUNT(socket_operators) },
	{ "skb", 0, false, socket_operators, COUNT(socket_operators) - 1 },
	{ "sockaddr", 0, false, socket_operators, 6 },
	{ "cap_effective", 0, false, set_operators, COUNT(set_operators) },
};

static void add_value(struct rules_maker *maker, const struct type_row *type, enum syntax syntax)
{
	static const char *const file_types[] = { "reg", "dir", "fifo", "socket" };
	static const char *const families[] = { "AF_INET", "AF_INET6", "AF_UNIX", "0:9" };

	switch (syntax) {
	case TEXT:
		buf_add_format(&maker->text, "\"%s\"", make_text(maker));
		break;
	case ADDRESS:
		add_address(maker);
		break;
	case PORT:
		add_number(maker, 16, false, rules_maker_random(maker, 2));
		break;
	case STATE:
		buf_add_format(&maker->text, "\"%u\"", (unsigned int)rules_maker_random(maker, 13));
		break;
	case FAMILY:
		buf_add_format(&maker->text, "\"%s\"", families[rules_maker_random(maker, 4)]);
		break;
	case FILE_TYPE:
		buf_add_text(&maker->text, file_types[rules_maker_random(maker, 4)]);
		break;
	case SET:
		add_number(maker, 64, false, false);
		break;
	default:
		add_number(maker, type->bits, type->is_signed, syntax == RANGE);
	}
}

static void add_filter(struct rules_maker *maker, const struct type_row *type, size_t index,
		       size_t values)
{
	const struct operator_row *operator= &
		type->operators[rules_maker_random(maker, type->operators_count)];

	buf_add_format(&maker->text, "      - {index: %zu, operator: %s, values: [",
		       index, operator->word);
	for (size_t i = 0; i < values && operator->syntax != NOTHING; i++) {
		buf_add_text(&maker->text, i ? ", " : "");
		add_value(maker, type, operator->syntax);
	}
	buf_add_text(&maker->text, "]}\n");
}

/* ---- filters on the process -------------------------------------------------------------------
 */

static const char *make_word(struct rules_maker *maker, const char *one, const char *other)
{
	return rules_maker_random(maker, 2) ? one : other;
}

static void add_binaries(struct rules_maker *maker)
{
	static const char *const operators[] = { "In",	      "NotIn",	 "Prefix",
						 "NotPrefix", "Postfix", "NotPostfix" };
	size_t count = 1 + rules_maker_random(maker, 3);

	buf_add_text(&maker->text, "      matchBinaries:\n");
	for (size_t i = 0; i < count; i++)
		buf_add_format(&maker->text, "      - {operator: %s, values: [/%c]}\n",
			       operators[rules_maker_random(maker, COUNT(operators))],
			       "abc"[rules_maker_random(maker, 3)]);
}

static void add_process_filter(struct rules_maker *maker, uint64_t kind)
{
	struct buf *text = &maker->text;
	const char *word = make_word(maker, "In", "NotIn");
	unsigned int number = (unsigned int)rules_maker_random(maker, 4);

	if (kind == 0)
		buf_add_format(
			text,
			"      matchPIDs: [{operator: %s, values: [%u, %u], followForks: %s}]\n",
			word, number, number + 2, make_word(maker, "true", "false"));
	if (kind == 1)
		buf_add_format(
			text,
			"      matchPIDs: [{operator: %s, values: [%u, 3], isNamespacePID: true}]\n",
			word, number);
	if (kind == 2)
		add_binaries(maker);
	if (kind == 3)
		buf_add_format(
			text,
			"      matchNamespaces: [{namespace: Net, operator: %s, values: [host_ns, \"%u\"]}]\n",
			word, number);
	if (kind == 4)
		buf_add_format(
			text,
			"      matchCapabilities: [{operator: %s, values: [CAP_CHOWN, CAP_KILL], type: %s, isNamespaceCapability: %s}]\n",
			word, make_word(maker, "Permitted", "Effective"),
			make_word(maker, "true", "false"));
	if (kind == 5)
		buf_add_format(
			text, "      matchNamespaceChanges: [{operator: %s, values: [Uts, Mnt]}]\n",
			word);
	if (kind == 6)
		buf_add_format(
			text,
			"      matchCapabilityChanges: [{operator: %s, values: [CAP_CHOWN, CAP_KILL]}]\n",
			word);
	if (kind == 7)
		buf_add_format(
			text, "      matchWorkloads: {podSelector: {matchLabels: {a: \"%u\"}}%s}\n",
			number, make_word(maker, ", hostSelector: {}", ""));
}

/* ---- policies ---------------------------------------------------------------------------------
 */

#define HEAD \
	"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p}\nspec:\n  kprobes:\n"

static void add_hook(struct rules_maker *maker, size_t selectors)
{
	const struct type_row *chosen[3];

	buf_add_text(&maker->text, "  - call: f\n    syscall: false\n    args:\n");
	for (size_t i = 0; i < COUNT(chosen); i++) {
		chosen[i] = &types[rules_maker_random(maker, COUNT(types))];
		buf_add_format(&maker->text, "    - {index: %zu, type: %s}\n", i, chosen[i]->word);
	}
	buf_add_text(&maker->text, selectors ? "    selectors:\n" : "");
	for (size_t i = 0; i < selectors; i++) {
		size_t filters = 1 + rules_maker_random(maker, 3);

		buf_add_format(&maker->text, "    - label: s%zu\n", i);
		if (rules_maker_random(maker, 2))
			add_process_filter(maker, rules_maker_random(maker, 8));
		buf_add_text(&maker->text, "      matchArgs:\n");
		for (size_t j = 0; j < filters; j++) {
			size_t index = rules_maker_random(maker, COUNT(chosen));

			add_filter(maker, chosen[index], index, 1 + rules_maker_random(maker, 4));
		}
	}
}

void rules_make_policy(struct rules_maker *maker, size_t hooks, size_t selectors)
{
	buf_add_text(&maker->text, HEAD);
	for (size_t i = 0; i < hooks; i++)
		add_hook(maker, selectors);
}

void rules_make_table(struct rules_maker *maker, const char *type, size_t selectors, size_t values)
{
	size_t row = 0;

	while (strcmp(types[row].word, type) != 0)
		row++;
	buf_add_format(
		&maker->text,
		HEAD
		"  - call: f\n    syscall: false\n    args: [{index: 0, type: %s}]\n    selectors:\n",
		type);
	for (size_t i = 0; i < selectors; i++) {
		buf_add_text(&maker->text, "    - matchArgs:\n");
		add_filter(maker, &types[row], 0, values);
	}
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static void make_value(struct rules_maker *maker, const struct wire_hook_value *slot,
		       struct call_value *value)
{
	static const uint16_t families[] = { AF_INET, AF_INET, AF_INET6, AF_INET6, AF_UNIX, 0 };
	static const uint32_t modes[] = { 0, S_IFREG | 0644, S_IFDIR | 0755, S_IFIFO, S_IFSOCK };
	const struct arg_type_facts *type = arg_type_get_facts_of((enum arg_type)slot->type);
	bool is_signed;
	unsigned int bits = value_class_get_bits(type->class, &is_signed);

	*value = (struct call_value){
		.is_there = rules_maker_random(maker, 16) != 0,
		.number = make_number(maker, bits ? bits : 64, is_signed),
		.text = { "", 0 },
		.mode = modes[rules_maker_random(maker, COUNT(modes))],
		.family = families[rules_maker_random(maker, COUNT(families))],
		.protocol = (uint16_t)rules_maker_random(maker, 13),
		.source_port = (uint16_t)make_number(maker, 16, false),
		.destination_port = (uint16_t)make_number(maker, 16, false),
		.state = (uint8_t)rules_maker_random(maker, 13),
	};
	if (type->class == VALUE_UNIX_ADDRESS)
		value->family = AF_UNIX;
	if (rules_maker_random(maker, 32))
		value->text = span_of(make_text(maker));
	memcpy(value->source, make_address(maker), 16);
	memcpy(value->destination, make_address(maker), 16);
}

void rules_make_call(struct rules_maker *maker, const struct wire_hook_config *config,
		     uint32_t marks, uint32_t workloads, struct call *call)
{
	*call = (struct call){
		.pid = (uint32_t)rules_maker_random(maker, 7),
		.namespace_pid = (uint32_t)rules_maker_random(maker, 5),
		.workload = (uint32_t)rules_maker_random(maker, workloads + 1),
		.namespace_changes = rules_maker_random(maker, 1 << WIRE_NAMESPACES),
		.in_user_namespace = rules_maker_random(maker, 2),
	};
	for (uint32_t i = 0; i < marks; i++)
		call->marks[i / 64] |= rules_maker_random(maker, 2) << i % 64;
	for (int i = 0; i < WIRE_NAMESPACES; i++)
		call->inodes[i] = (uint32_t)rules_maker_random(maker, 5);
	for (int i = 0; i < 3; i++) {
		call->capabilities[i] = rules_maker_random(maker, 64);
		call->capability_changes[i] = rules_maker_random(maker, 64);
	}
	for (uint32_t slot = 0; slot < config->values_count; slot++)
		make_value(maker, &config->values[slot], &call->values[slot]);
}
