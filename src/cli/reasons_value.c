/* SPDX-License-Identifier: Apache-2.0 */
/* Values as events show them, against the values of filters: one function per form. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/reasons.h"
#include "event/abi.h"
#include "event/text.h"
#include "kernel/syscalls.h"
#include "policy/print.h"

#define ARG(name) TETRAGON__KPROBE_ARGUMENT__ARG_##name

/* What stands for bytes that are no text: the value was another one. */
#define REPLACEMENT "\xef\xbf\xbd"

/* ---- what an argument is
 * --------------------------------------------------------------------- */

enum arg_type reasons_value_get_type(const Tetragon__KprobeArgument *argument)
{
	static const struct {
		Tetragon__KprobeArgument__ArgCase shown;
		enum arg_type type;
	} rows[] = {
		{ ARG(STRING_ARG), ARG_TYPE_STRING },
		{ ARG(INT_ARG), ARG_TYPE_INT32 },
		{ ARG(UINT_ARG), ARG_TYPE_UINT32 },
		{ ARG(LONG_ARG), ARG_TYPE_INT64 },
		{ ARG(SIZE_ARG), ARG_TYPE_UINT64 },
		{ ARG(BYTES_ARG), ARG_TYPE_CHAR_BUF },
		{ ARG(TRUNCATED_BYTES_ARG), ARG_TYPE_CHAR_BUF },
		{ ARG(FILE_ARG), ARG_TYPE_FILE },
		{ ARG(PATH_ARG), ARG_TYPE_PATH },
		{ ARG(LINUX_BINPRM_ARG), ARG_TYPE_LINUX_BINPRM },
		{ ARG(SOCK_ARG), ARG_TYPE_SOCK },
		{ ARG(SKB_ARG), ARG_TYPE_SKB },
		{ ARG(SOCKADDR_ARG), ARG_TYPE_SOCKADDR },
		{ ARG(SOCKADDRUN_ARG), ARG_TYPE_SOCKADDR_UN },
		{ ARG(CAPABILITY_ARG), ARG_TYPE_CAPABILITY },
		{ ARG(BPF_CMD_ARG), ARG_TYPE_BPF_CMD },
		{ ARG(SYSCALL_ID), ARG_TYPE_SYSCALL64 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].shown == argument->arg_case)
			return rows[i].type;
	}
	return ARG_TYPE_AUTO;
}

static bool syscall_get_number(const Tetragon__SyscallId *id, uint64_t *out)
{
	*out = id->id;
	if (strcmp(id->abi, ABI_32_BIT) == 0)
		*out |= ABI_32_BIT_FLAG;
	return true;
}

static bool digits_get_number(const char *digits, uint64_t *out)
{
	char *end;

	*out = strtoull(digits, &end, 16);
	return *digits && !*end;
}

bool reasons_value_get_number(const Tetragon__KprobeArgument *argument, uint64_t *out)
{
	switch (argument->arg_case) {
	case ARG(INT_ARG):
		*out = (uint64_t)(int64_t)argument->int_arg;
		return true;
	case ARG(UINT_ARG):
		*out = argument->uint_arg;
		return true;
	case ARG(LONG_ARG):
		*out = (uint64_t)argument->long_arg;
		return true;
	case ARG(SIZE_ARG):
		*out = argument->size_arg;
		return true;
	case ARG(BPF_CMD_ARG):
		*out = (uint64_t)(int64_t)argument->bpf_cmd_arg;
		return true;
	case ARG(CAPABILITY_ARG):
		if (!argument->capability_arg->value)
			return false;
		*out = (uint64_t)(int64_t)argument->capability_arg->value->value;
		return true;
	case ARG(SYSCALL_ID):
		return syscall_get_number(argument->syscall_id, out);
	case ARG(KERNEL_CAP_T_ARG):
		return digits_get_number(argument->kernel_cap_t_arg, out);
	case ARG(CAP_INHERITABLE_ARG):
		return digits_get_number(argument->cap_inheritable_arg, out);
	case ARG(CAP_PERMITTED_ARG):
		return digits_get_number(argument->cap_permitted_arg, out);
	case ARG(CAP_EFFECTIVE_ARG):
		return digits_get_number(argument->cap_effective_arg, out);
	default:
		return false;
	}
}

/* Text, and whether the event shows a part of it only: the end, or the beginning, is another. */
struct shown_text {
	struct span text;
	bool lacks_end, lacks_start;
};

static struct shown_text path_get_text(const char *path, const char *flags)
{
	return (struct shown_text){ .text = span_of(path),
				    .lacks_start = strstr(flags, "unresolved") != NULL };
}

static struct shown_text bytes_get_text(const ProtobufCBinaryData *bytes, bool is_cut)
{
	return (struct shown_text){ .text = { (const char *)bytes->data, bytes->len },
				    .lacks_end = is_cut };
}

static bool value_get_text(const Tetragon__KprobeArgument *argument, struct shown_text *out)
{
	switch (argument->arg_case) {
	case ARG(STRING_ARG):
		*out = (struct shown_text){ .text = span_of(argument->string_arg) };
		return true;
	case ARG(NET_DEV_ARG):
		*out = (struct shown_text){ .text = span_of(argument->net_dev_arg->name) };
		return true;
	case ARG(BYTES_ARG):
		*out = bytes_get_text(&argument->bytes_arg, false);
		return true;
	case ARG(TRUNCATED_BYTES_ARG):
		*out = bytes_get_text(&argument->truncated_bytes_arg->bytes_arg, true);
		return true;
	case ARG(FILE_ARG):
		*out = path_get_text(argument->file_arg->path, argument->file_arg->flags);
		return true;
	case ARG(PATH_ARG):
		*out = path_get_text(argument->path_arg->path, argument->path_arg->flags);
		return true;
	case ARG(LINUX_BINPRM_ARG):
		*out = path_get_text(argument->linux_binprm_arg->path,
				     argument->linux_binprm_arg->flags);
		return true;
	default:
		return false;
	}
}

/* ---- tests of one value
 * ---------------------------------------------------------------------- */

static bool list_has_syscall(const struct policy_list *list, uint64_t number)
{
	for (size_t i = 0; list->syscalls && i < list->values.count; i++) {
		if (syscall_find_number(list->syscalls[i].name) == (int)(number & ~ABI_32_BIT_FLAG))
			return true;
	}
	return false;
}

static bool range_has(const struct policy_filter *filter, const struct policy_value *value,
		      uint64_t number)
{
	bool is_signed = false;

	if (filter->subject && filter->subject->facts)
		value_class_get_bits(filter->subject->facts->class, &is_signed);
	switch (filter->facts->test) {
	case TEST_GREATER:
		return is_signed ? (int64_t)number > (int64_t)value->range.min
				 : number > value->range.min;
	case TEST_LESS:
		return is_signed ? (int64_t)number < (int64_t)value->range.min
				 : number < value->range.min;
	default:
		break;
	}
	if (is_signed)
		return (int64_t)number >= (int64_t)value->range.min &&
		       (int64_t)number <= (int64_t)value->range.max;
	return number >= value->range.min && number <= value->range.max;
}

static bool bits_have(const struct policy_filter *filter, const struct policy_value *value,
		      uint64_t number)
{
	switch (filter->facts->test) {
	case TEST_MASK:
		return (number & value->bits) != 0;
	case TEST_GREATER:
		return number > value->bits;
	case TEST_LESS:
		return number < value->bits;
	default:
		return number == value->bits;
	}
}

static bool span_is(struct span text, size_t at, struct span part)
{
	return !part.bytes || memcmp(text.data + at, part.data, part.bytes) == 0;
}

static bool text_contains(struct span text, struct span part, bool any_case)
{
	for (size_t at = 0; at + part.bytes <= text.bytes; at++) {
		if (any_case ? strncasecmp(text.data + at, part.data, part.bytes) == 0
			     : span_is(text, at, part))
			return true;
	}
	return false;
}

static bool text_has(enum policy_test test, struct span text, struct span wanted)
{
	if (wanted.bytes > text.bytes)
		return false;
	switch (test) {
	case TEST_PREFIX:
		return span_is(text, 0, wanted);
	case TEST_POSTFIX:
		return span_is(text, text.bytes - wanted.bytes, wanted);
	case TEST_SUBSTRING:
		return text_contains(text, wanted, false);
	case TEST_SUBSTRING_ANY_CASE:
		return text_contains(text, wanted, true);
	default:
		return text.bytes == wanted.bytes && span_is(text, 0, wanted);
	}
}

static bool address_has(const struct policy_value *value, bool is_ipv6, const uint8_t bytes[16])
{
	unsigned int whole = value->address.prefix_bits / 8, rest = value->address.prefix_bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (is_ipv6 != value->address.is_ipv6)
		return false;
	return memcmp(bytes, value->address.bytes, whole) == 0 &&
	       (!rest || ((bytes[whole] ^ value->address.bytes[whole]) & mask) == 0);
}

/* ---- sockets
 * --------------------------------------------------------------------------------- */

struct shown_socket {
	const char *family, *protocol, *state, *source, *destination;
	uint32_t source_port, destination_port;
};

static bool value_get_socket(const Tetragon__KprobeArgument *argument, struct shown_socket *out)
{
	const Tetragon__KprobeSock *sock = argument->sock_arg;
	const Tetragon__KprobeSkb *skb = argument->skb_arg;
	const Tetragon__KprobeSockaddr *address = argument->sockaddr_arg;

	if (argument->arg_case == ARG(SOCK_ARG))
		*out = (struct shown_socket){ sock->family, sock->protocol, sock->state,
					      sock->saddr,  sock->daddr,    sock->sport,
					      sock->dport };
	else if (argument->arg_case == ARG(SKB_ARG))
		*out = (struct shown_socket){ skb->family, skb->protocol, NULL,	     skb->saddr,
					      skb->daddr,  skb->sport,	  skb->dport };
	else if (argument->arg_case == ARG(SOCKADDR_ARG))
		*out = (struct shown_socket){ .family = address->family,
					      .source = address->addr,
					      .source_port = address->port };
	else if (argument->arg_case == ARG(SOCKADDRUN_ARG))
		*out = (struct shown_socket){ .family = argument->sockaddrun_arg->family };
	else
		return false;
	return true;
}

/* Numbers without a name stand there as digits. */
static bool name_get_number(enum value_names table, const char *name, uint64_t *out)
{
	uint32_t number;
	char *end;

	if (!name || !*name)
		return false;
	if (value_names_find(table, span_of(name), &number)) {
		*out = number;
		return true;
	}
	*out = strtoull(name, &end, 10);
	return !*end;
}

static bool socket_get_number(const struct shown_socket *socket, enum policy_test test,
			      uint64_t *out)
{
	switch (test) {
	case TEST_SOURCE_PORT:
		*out = socket->source_port;
		return true;
	case TEST_DESTINATION_PORT:
		*out = socket->destination_port;
		return true;
	case TEST_PROTOCOL:
		return name_get_number(NAMES_PROTOCOL, socket->protocol, out);
	case TEST_FAMILY:
		return name_get_number(NAMES_FAMILY, socket->family, out);
	case TEST_STATE:
		return name_get_number(NAMES_STATE, socket->state, out);
	default:
		return false;
	}
}

/* ---- a filter's values
 * ----------------------------------------------------------------------- */

/* The event's value, ready for the form of a filter. */
struct shown {
	enum policy_form form;
	uint64_t number;
	struct shown_text text;
	uint8_t address[16];
	bool is_ipv6;
};

static bool shown_has(const struct policy_filter *filter, const struct policy_value *value,
		      const struct shown *shown)
{
	if (value->list)
		return list_has_syscall(value->list, shown->number);
	switch (shown->form) {
	case POLICY_FORM_RANGE:
		return range_has(filter, value, shown->number);
	case POLICY_FORM_BITS:
		return bits_have(filter, value, shown->number);
	case POLICY_FORM_ADDRESS:
		return address_has(value, shown->is_ipv6, shown->address);
	default:
		return text_has(filter->facts->test, shown->text.text, value->text);
	}
}

/* Whether what is not shown may make WANTED of the text after all. */
static bool text_may_have(enum policy_test test, const struct shown_text *shown, struct span wanted)
{
	struct span text = shown->text;

	if (wanted.bytes <= text.bytes)
		return false;
	return (test == TEST_PREFIX && shown->lacks_end && span_is(wanted, 0, text)) ||
	       (test == TEST_POSTFIX && shown->lacks_start &&
		span_is(wanted, wanted.bytes - text.bytes, text));
}

/* Whether the rest of the text, which the event does not show, decides. FOUND: one of the values
 * fits to what is shown. */
static bool text_is_open(const struct policy_filter *filter, const struct shown_text *shown,
			 bool found)
{
	enum policy_test test = filter->facts->test;
	bool is_at_end = test == TEST_EQUAL || test == TEST_POSTFIX;
	bool is_at_start = test == TEST_EQUAL || test == TEST_PREFIX;
	bool may_have = false;

	if (found)
		return (shown->lacks_end && is_at_end) || (shown->lacks_start && is_at_start);
	if (memmem(shown->text.data, shown->text.bytes, REPLACEMENT, strlen(REPLACEMENT)))
		return true;
	for (size_t i = 0; i < filter->values_count; i++)
		may_have |= text_may_have(test, shown, filter->values[i].text);
	return may_have || (shown->lacks_end && test != TEST_PREFIX) ||
	       (shown->lacks_start && test != TEST_POSTFIX);
}

static bool permission_get_type(const char *permission, uint64_t *out)
{
	static const struct {
		char letter;
		uint32_t type;
	} rows[] = { { '-', S_IFREG }, { 'd', S_IFDIR }, { 'l', S_IFLNK }, { 'b', S_IFBLK },
		     { 'c', S_IFCHR }, { 'p', S_IFIFO }, { 's', S_IFSOCK } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].letter == *permission) {
			*out = rows[i].type;
			return strlen(permission) == 10;
		}
	}
	return false;
}

static bool value_get_file_type(const Tetragon__KprobeArgument *argument, uint64_t *out)
{
	switch (argument->arg_case) {
	case ARG(FILE_ARG):
		return permission_get_type(argument->file_arg->permission, out);
	case ARG(PATH_ARG):
		return permission_get_type(argument->path_arg->permission, out);
	case ARG(LINUX_BINPRM_ARG):
		return permission_get_type(argument->linux_binprm_arg->permission, out);
	default:
		return false;
	}
}

static bool shown_set_address(struct shown *out, const char *text)
{
	out->is_ipv6 = text && strchr(text, ':');
	return text && inet_pton(out->is_ipv6 ? AF_INET6 : AF_INET, text, out->address) == 1;
}

/* False: the event does not show what FILTER asks. */
static bool shown_read(struct shown *out, const struct policy_filter *filter,
		       const Tetragon__KprobeArgument *argument)
{
	enum policy_test test = filter->facts->test;
	struct shown_socket socket;

	out->form = filter->form;
	if (test == TEST_FILE_TYPE)
		return value_get_file_type(argument, &out->number);
	if (value_get_socket(argument, &socket)) {
		if (test == TEST_SOURCE_ADDRESS)
			return shown_set_address(out, socket.source);
		if (test == TEST_DESTINATION_ADDRESS)
			return shown_set_address(out, socket.destination);
		return socket_get_number(&socket, test, &out->number);
	}
	if (filter->form == POLICY_FORM_TEXT)
		return value_get_text(argument, &out->text);
	return reasons_value_get_number(argument, &out->number);
}

static void add_shown(struct buf *out, const struct policy_filter *filter,
		      const struct shown *shown)
{
	char address[INET6_ADDRSTRLEN];
	_cleanup_buf_ struct buf text = {};
	bool is_signed = false;

	if (filter->subject && filter->subject->facts)
		value_class_get_bits(filter->subject->facts->class, &is_signed);
	if (shown->form == POLICY_FORM_TEXT) {
		buf_add(&text, shown->text.text.data, shown->text.text.bytes);
		buf_add_char(out, '"');
		text_add_printable(out, buf_text(&text));
		buf_add_char(out, '"');
	} else if (shown->form == POLICY_FORM_ADDRESS) {
		buf_add_text(out, inet_ntop(shown->is_ipv6 ? AF_INET6 : AF_INET, shown->address,
					    address, sizeof(address)));
	} else if (is_signed) {
		buf_add_int(out, (int64_t)shown->number);
	} else {
		buf_add_format(out, shown->form == POLICY_FORM_BITS ? "0x%" PRIx64 : "%" PRIu64,
			       shown->number);
	}
}

static enum reasons_verdict gained_explain(const Tetragon__KprobeArgument *old,
					   const Tetragon__KprobeArgument *new, struct buf *out)
{
	uint64_t before, after;

	if (!new || !reasons_value_get_number(old, &before) ||
	    !reasons_value_get_number(new, &after)) {
		buf_add_text(out, "the event does not show both sets");
		return REASONS_OPEN;
	}
	buf_add_format(out, "0x%" PRIx64 " is gained", after & ~before);
	return after & ~before ? REASONS_HOLDS : REASONS_FAILS;
}

enum reasons_verdict reasons_value(const struct policy_filter *filter,
				   const Tetragon__KprobeArgument *argument,
				   const Tetragon__KprobeArgument *second, struct buf *out)
{
	const struct policy_value *found = NULL;
	struct shown shown = {};

	if (argument->arg_case == ARG(ERROR_ARG)) {
		buf_add_text(out, "the value could not be read, which fulfils nothing");
		return REASONS_FAILS;
	}
	if (filter->facts->test == TEST_CAPABILITIES_GAINED)
		return gained_explain(argument, second, out);
	if (filter->form == POLICY_FORM_OPEN || !shown_read(&shown, filter, argument)) {
		buf_add_text(out, "the event does not show what is asked");
		return REASONS_OPEN;
	}
	for (size_t i = 0; !found && i < filter->values_count; i++) {
		if (shown_has(filter, &filter->values[i], &shown))
			found = &filter->values[i];
	}
	add_shown(out, filter, &shown);
	buf_add_format(out, ": %s ", filter->facts->name);
	if (found)
		policy_print_value(filter, found, out);
	else
		buf_add_text(out, "none of the values");
	if (shown.form == POLICY_FORM_TEXT && text_is_open(filter, &shown.text, found)) {
		buf_add_text(out, "; but the event shows only a part");
		return REASONS_OPEN;
	}
	return (found != NULL) != filter->facts->is_negated ? REASONS_HOLDS : REASONS_FAILS;
}
