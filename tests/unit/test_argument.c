/* SPDX-License-Identifier: Apache-2.0 */
/* Collected values -> arguments: every type, every status, and values that lie. */
#include "cmocka_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "event/argument.h"
#include "event/compact.h"
#include "event/json.h"

/* Eight bytes, the lowest first, as the kernel side writes numbers. */
#define NUMBER(first_seven)  SPAN(first_seven "\0")
#define NUMBER_MINUS_ONE     SPAN("\xff\xff\xff\xff\xff\xff\xff\xff")
#define FILE_OF(mode, path)  SPAN(mode "\0\0\0\0\0\0" path)
#define BYTES_OF(total, has) SPAN(total "\0\0\0\0\0\0\0" has)
#define SPAN_OF(object)	     ((struct span){ (const char *)&(object), sizeof(object) })

static const struct wire_socket tcp4 = {
	.cookie = UINT64_MAX,
	.source = { 0x0100007f }, /* 127.0.0.1 as four bytes in memory */
	.destination = { 0x08080808 },
	.mark = 7,
	.priority = 8,
	.family = AF_INET,
	.type = 1,
	.protocol = 6,
	.source_port = 40000,
	.destination_port = 443,
	.state = 2,
};
static const struct wire_socket udp6 = {
	.source = { 0, 0x0100000000000000 },
	.destination = { 0xb80d0120, 0x0200000000000000 },
	.family = AF_INET6,
	.type = 2,
	.protocol = 17,
	.state = 7,
};
static const struct wire_socket odd_socket = {
	.source = { UINT64_MAX, UINT64_MAX },
	.family = UINT16_MAX,
	.type = 99,
	.protocol = 261,
	.state = 255,
};
static const struct wire_packet packet = {
	.source = { 0x0100007f },
	.destination = { 0x0200007f },
	.hash = 1,
	.length = 2,
	.mark = 3,
	.priority = 4,
	.family = AF_INET,
	.protocol = 17,
	.link_protocol = 0x800,
	.source_port = 53,
	.destination_port = 5353,
	.security_path_length = 5,
	.security_path_old_length = 6,
};
static const struct wire_address address = { .address = { 0x0100007f },
					     .family = AF_INET,
					     .port = 22 };
static const struct wire_address link_address = { .address = { 0x0100007f }, .family = AF_NETLINK };
static const struct wire_cred cred = {
	.credentials = { .permitted = 2,
			 .effective = 1ULL << 40 | 1ULL << 41,
			 .uid = 1,
			 .gid = 2,
			 .euid = 3,
			 .egid = 4,
			 .suid = 5,
			 .sgid = 6,
			 .fsuid = 7,
			 .fsgid = UINT32_MAX,
			 .securebits = 1 << 4 | 1 << 9 },
	.user_namespace = { .level = 1, .uid = 1000, .gid = 1001, .inode = 99 },
};
static const struct wire_user_namespace host_space = { .inode = 4026531837 };

#define CREDENTIALS_JSON                                                                      \
	"{\"process_credentials_arg\":{\"uid\":1,\"gid\":2,\"euid\":3,\"egid\":4,\"suid\":5," \
	"\"sgid\":6,\"fsuid\":7,\"fsgid\":4294967295,\"securebits\":[\"SecBitKeepCaps\"],"    \
	"\"caps\":{\"permitted\":[\"DAC_OVERRIDE\"],"                                         \
	"\"effective\":[\"CAP_CHECKPOINT_RESTORE\"]},"                                        \
	"\"user_ns\":{\"level\":1,\"uid\":1000,\"gid\":1001,\"ns\":{\"inum\":99}}}}"
#define SOCK_JSON                                                                      \
	"{\"sock_arg\":{\"family\":\"AF_INET\",\"type\":\"SOCK_STREAM\","              \
	"\"protocol\":\"IPPROTO_TCP\",\"mark\":7,\"priority\":8,"                      \
	"\"saddr\":\"127.0.0.1\",\"daddr\":\"8.8.8.8\",\"sport\":40000,\"dport\":443," \
	"\"cookie\":\"18446744073709551615\",\"state\":\"TCP_SYN_SENT\"}}"
#define ERROR_JSON(text) "{\"error_arg\":{\"Message\":\"" text "\"}}"

struct row {
	enum wire_arg_type type;
	enum wire_value_status status;
	struct span bytes;
	const char *json;
};

#define OK(name, bytes, json)  { WIRE_ARG_##name, WIRE_VALUE_OK, bytes, json }
#define CUT(name, bytes, json) { WIRE_ARG_##name, WIRE_VALUE_CUT, bytes, json }

static const struct row shown[] = {
	OK(INT8, NUMBER_MINUS_ONE, "{\"int_arg\":-1}"),
	OK(INT16, NUMBER("\x05\0\0\0\0\0\0"), "{\"int_arg\":5}"),
	OK(INT32, SPAN("\0\0\0\x80\xff\xff\xff\xff"), "{\"int_arg\":-2147483648}"),
	OK(INT64, NUMBER_MINUS_ONE, "{\"long_arg\":\"-1\"}"),
	OK(UINT8, NUMBER("\xff\0\0\0\0\0\0"), "{\"uint_arg\":255}"),
	OK(UINT16, NUMBER("\0\0\0\0\0\0\0"), "{\"uint_arg\":0}"),
	OK(UINT32, NUMBER("\xff\xff\xff\xff\0\0\0"), "{\"uint_arg\":4294967295}"),
	OK(UINT64, NUMBER_MINUS_ONE, "{\"size_arg\":\"18446744073709551615\"}"),
	OK(SIZE, NUMBER("\0\x01\0\0\0\0\0"), "{\"size_arg\":\"256\"}"),
	OK(STRING, SPAN("text"), "{\"string_arg\":\"text\"}"),
	OK(STRING, SPAN(""), "{\"string_arg\":\"\"}"),
	OK(STRING, SPAN("up to\0here"), "{\"string_arg\":\"up to\"}"),
	OK(STRING, SPAN("bad \xff\xfe \xc3\xa4"), "{\"string_arg\":\"bad \xef\xbf\xbd \xc3\xa4\"}"),
	CUT(STRING, SPAN("half a letter \xc3"), "{\"string_arg\":\"half a letter \xef\xbf\xbd\"}"),
	OK(FILENAME, SPAN("/etc/passwd"), "{\"string_arg\":\"/etc/passwd\"}"),
	OK(DATA_LOC, SPAN("sh"), "{\"string_arg\":\"sh\"}"),
	OK(NET_DEVICE, SPAN("eth0"), "{\"string_arg\":\"eth0\"}"),
	OK(CHAR_BUF, BYTES_OF("\x03", "a\0b"), "{\"bytes_arg\":\"YQBi\"}"),
	OK(CHAR_BUF, BYTES_OF("\0", ""), "{\"bytes_arg\":\"\"}"),
	CUT(CHAR_BUF, BYTES_OF("\xff", "abc"),
	    "{\"truncated_bytes_arg\":{\"bytes_arg\":\"YWJj\",\"orig_size\":\"255\"}}"),
	CUT(CHAR_IOVEC, BYTES_OF("\x01", ""), "{\"truncated_bytes_arg\":{\"orig_size\":\"1\"}}"),
	OK(IOV_ITER, BYTES_OF("\x01", "a"), "{\"bytes_arg\":\"YQ==\"}"),
	OK(CONST_BUF, BYTES_OF("\x01", "a"), "{\"bytes_arg\":\"YQ==\"}"),
	OK(FD, FILE_OF("\xa4\x81", "/f"),
	   "{\"file_arg\":{\"path\":\"/f\",\"permission\":\"-rw-r--r--\"}}"),
	CUT(FILE, FILE_OF("\0\0", "/cut"),
	    "{\"file_arg\":{\"path\":\"/cut\",\"flags\":\"unresolvedPathComponents\","
	    "\"permission\":\"---------\"}}"),
	OK(FILE, FILE_OF("\xa4\x81", "/\x80"),
	   "{\"file_arg\":{\"path\":\"/\xef\xbf\xbd\",\"permission\":\"-rw-r--r--\"}}"),
	OK(KIOCB, FILE_OF("\xa4\x81", ""), "{\"file_arg\":{\"permission\":\"-rw-r--r--\"}}"),
	OK(PATH, FILE_OF("\xff\x43", "/tmp"),
	   "{\"path_arg\":{\"path\":\"/tmp\",\"permission\":\"drwxrwxrwt\"}}"),
	CUT(DENTRY, FILE_OF("\xed\x41", "/d"),
	    "{\"path_arg\":{\"path\":\"/d\",\"flags\":\"unresolvedPathComponents\","
	    "\"permission\":\"drwxr-xr-x\"}}"),
	OK(LINUX_BINPRM, FILE_OF("\xed\x89", "/usr/bin/su"),
	   "{\"linux_binprm_arg\":{\"path\":\"/usr/bin/su\",\"permission\":\"-rwsr-xr-x\"}}"),
	OK(SOCK, SPAN_OF(tcp4), SOCK_JSON),
	OK(SOCKET, SPAN_OF(udp6),
	   "{\"sock_arg\":{\"family\":\"AF_INET6\",\"type\":\"SOCK_DGRAM\","
	   "\"protocol\":\"IPPROTO_UDP\",\"saddr\":\"::1\",\"daddr\":\"2001:db8::2\","
	   "\"state\":\"TCP_CLOSE\"}}"),
	OK(SOCK, SPAN_OF(odd_socket),
	   "{\"sock_arg\":{\"family\":\"65535\",\"type\":\"99\",\"protocol\":\"261\","
	   "\"state\":\"255\"}}"),
	OK(SKB, SPAN_OF(packet),
	   "{\"skb_arg\":{\"hash\":1,\"len\":2,\"priority\":4,\"mark\":3,"
	   "\"saddr\":\"127.0.0.1\",\"daddr\":\"127.0.0.2\",\"sport\":53,\"dport\":5353,"
	   "\"proto\":17,\"sec_path_len\":5,\"sec_path_olen\":6,"
	   "\"protocol\":\"IPPROTO_UDP\",\"family\":\"AF_INET\"}}"),
	OK(SOCKADDR, SPAN_OF(address),
	   "{\"sockaddr_arg\":{\"family\":\"AF_INET\",\"addr\":\"127.0.0.1\",\"port\":22}}"),
	OK(SOCKADDR, SPAN_OF(link_address), "{\"sockaddr_arg\":{\"family\":\"AF_NETLINK\"}}"),
	OK(SOCKADDR_UN, FILE_OF("\x01\0", "/run/s"),
	   "{\"sockaddrun_arg\":{\"family\":\"AF_UNIX\",\"path\":\"/run/s\"}}"),
	OK(SOCKADDR_UN, FILE_OF("\x01\0", "\0name\0more"),
	   "{\"sockaddrun_arg\":{\"family\":\"AF_UNIX\",\"path\":\"@name\"}}"),
	OK(SOCKADDR_UN, FILE_OF("\x01\0", "@name"),
	   "{\"sockaddrun_arg\":{\"family\":\"AF_UNIX\",\"path\":\"@name\"}}"),
	OK(SOCKADDR_UN, FILE_OF("\x01\0", ""), "{\"sockaddrun_arg\":{\"family\":\"AF_UNIX\"}}"),
	OK(SOCKADDR_UN, SPAN("\xff\xff\xff\xff\0\0\0\0\0"),
	   "{\"sockaddrun_arg\":{\"family\":\"4294967295\"}}"),
	OK(CRED, SPAN_OF(cred), CREDENTIALS_JSON),
	OK(USER_NAMESPACE, SPAN_OF(host_space),
	   "{\"user_ns_arg\":{\"level\":0,\"uid\":0,\"gid\":0,"
	   "\"ns\":{\"inum\":4026531837,\"is_host\":true}}}"),
	OK(CAPABILITY, NUMBER("\x15\0\0\0\0\0\0"),
	   "{\"capability_arg\":{\"value\":21,\"name\":\"CAP_SYS_ADMIN\"}}"),
	OK(CAPABILITY, NUMBER_MINUS_ONE, "{\"capability_arg\":{\"value\":-1}}"),
	OK(KERNEL_CAP_T, NUMBER("\x0a\0\0\0\0\0\0"), "{\"kernel_cap_t_arg\":\"000000000000000a\"}"),
	OK(CAP_INHERITABLE, NUMBER_MINUS_ONE, "{\"cap_inheritable_arg\":\"ffffffffffffffff\"}"),
	OK(CAP_PERMITTED, NUMBER("\0\0\0\0\x01\0\0"),
	   "{\"cap_permitted_arg\":\"0000000100000000\"}"),
	OK(CAP_EFFECTIVE, NUMBER("\0\0\0\0\0\0\0"), "{\"cap_effective_arg\":\"0000000000000000\"}"),
	OK(BPF_CMD, NUMBER("\x05\0\0\0\0\0\0"), "{\"bpf_cmd_arg\":\"BPF_PROG_LOAD\"}"),
	OK(BPF_CMD, NUMBER("\xe8\x03\0\0\0\0\0"), "{\"bpf_cmd_arg\":1000}"),
#ifdef __x86_64__
	OK(SYSCALL64, NUMBER("\x3b\0\0\0\0\0\0"), "{\"syscall_id\":{\"id\":59,\"abi\":\"x64\"}}"),
	OK(SYSCALL64, NUMBER("\x0b\0\0\x80\0\0\0"),
	   "{\"syscall_id\":{\"id\":11,\"abi\":\"i386\"}}"),
#endif
	/* not read by the kernel side, whatever stands there */
	OK(AUTO, NUMBER("\0\0\0\0\0\0\0"), ERROR_JSON("not collected")),
	OK(NOP, SPAN(""), ERROR_JSON("not collected")),
	OK(BPF_ATTR, NUMBER_MINUS_ONE, ERROR_JSON("not collected")),
	OK(BPF_MAP, NUMBER_MINUS_ONE, ERROR_JSON("not collected")),
	OK(BPF_PROG, NUMBER_MINUS_ONE, ERROR_JSON("not collected")),
	OK(PERF_EVENT, NUMBER_MINUS_ONE, ERROR_JSON("not collected")),
	OK(LOAD_INFO, NUMBER_MINUS_ONE, ERROR_JSON("not collected")),
	OK(MODULE, NUMBER_MINUS_ONE, ERROR_JSON("not collected")),
	OK(SYSCALL64 + 1, NUMBER_MINUS_ONE, ERROR_JSON("not collected")),
	{ UINT32_MAX, WIRE_VALUE_OK, SPAN(""), ERROR_JSON("not collected") },
	/* bytes that do not add up; a pointer must not pass for a length */
	OK(IOV_ITER, NUMBER_MINUS_ONE, ERROR_JSON("malformed value")),
	OK(CHAR_BUF, BYTES_OF("\x04", "abc"), ERROR_JSON("malformed value")),
	CUT(CHAR_BUF, BYTES_OF("\x03", "abc"), ERROR_JSON("malformed value")),
	/* there was a value, but it is not told */
	{ WIRE_ARG_STRING, WIRE_VALUE_UNREADABLE, SPAN(""), ERROR_JSON("bad address") },
	{ WIRE_ARG_FD, WIRE_VALUE_UNREADABLE, SPAN(""), ERROR_JSON("bad address") },
	{ WIRE_ARG_INT32, WIRE_VALUE_UNREADABLE, NUMBER_MINUS_ONE, ERROR_JSON("bad address") },
	{ WIRE_ARG_SOCK, WIRE_VALUE_NO_ROOM, SPAN(""), ERROR_JSON("no room in the record") },
	{ WIRE_ARG_CHAR_BUF, WIRE_VALUE_NO_ROOM, SPAN(""), ERROR_JSON("no room in the record") },
	/* "CharBufErrorPageFault", as upstream tells it */
	{ WIRE_ARG_CHAR_BUF, WIRE_VALUE_UNREADABLE, SPAN(""),
	  "{\"bytes_arg\":\"Q2hhckJ1ZkVycm9yUGFnZUZhdWx0\"}" },
};

#define ARG_TYPE(name, id, word, class, field, group) WIRE_ARG_##name,
#define ARG_TYPE_ALIAS(word, name)
static const enum wire_arg_type all_types[] = {
#include "wire/arg_types.def"
};
#undef ARG_TYPE
#undef ARG_TYPE_ALIAS

/* One message for all, as in a daemon, and a place for bytes that ends where they end. */
struct argument_case {
	struct argument_message message;
	char *bytes;
	struct buf json;
};

static int set_up(void **state)
{
	static struct argument_case test;

	test = (struct argument_case){};
	*state = &test;
	return 0;
}

static int tear_down(void **state)
{
	struct argument_case *test = *state;

	argument_message_done(&test->message);
	free(test->bytes);
	buf_done(&test->json);
	return 0;
}

static const Tetragon__KprobeArgument *fill(struct argument_case *test, enum wire_arg_type type,
					    enum wire_value_status status, struct span bytes)
{
	struct record_value value = { .is_there = true, .status = status };

	free(test->bytes);
	test->bytes = malloc(bytes.bytes ? bytes.bytes : 1);
	assert_non_null(test->bytes);
	memcpy(test->bytes, bytes.data, bytes.bytes);
	value.bytes = (struct span){ test->bytes, bytes.bytes };
	argument_fill(&test->message, type, &value, NULL);
	return &test->message.argument;
}

static const char *json_of(struct argument_case *test)
{
	buf_reset(&test->json);
	json_add_message(&test->json, &test->message.argument.base);
	return buf_text(&test->json);
}

static void every_type_is_shown_as_the_api_has_it(void **state)
{
	struct argument_case *test = *state;

	for (size_t i = 0; i < COUNT(shown); i++) {
		fill(test, shown[i].type, shown[i].status, shown[i].bytes);
		assert_row_string(i, json_of(test), shown[i].json);
	}
}

static void the_table_of_this_test_has_every_type(void **state)
{
	for (size_t i = 0; i < COUNT(all_types); i++) {
		bool is_shown = false;

		for (size_t j = 0; j < COUNT(shown); j++)
			is_shown |= shown[j].type == all_types[i];
		if (!is_shown)
			fail_msg("type %u is not in the table", (unsigned int)all_types[i]);
	}
}

static void values_that_are_too_short_are_errors(void **state)
{
	struct argument_case *test = *state;

	for (size_t i = 0; i < COUNT(shown); i++) {
		struct span bytes = shown[i].bytes;
		const Tetragon__KprobeArgument *argument;

		/* below its fixed part every value is an error, above it nothing is read beyond */
		while (bytes.bytes) {
			bytes.bytes--;
			argument = fill(test, shown[i].type, shown[i].status, bytes);
			json_of(test);
			if (bytes.bytes < 8 && shown[i].type != WIRE_ARG_STRING &&
			    shown[i].type != WIRE_ARG_FILENAME &&
			    shown[i].type != WIRE_ARG_DATA_LOC &&
			    shown[i].type != WIRE_ARG_NET_DEVICE)
				assert_int_equal(argument->arg_case,
						 TETRAGON__KPROBE_ARGUMENT__ARG_ERROR_ARG);
		}
	}
}

static void fixed_parts_must_be_whole(void **state)
{
	static const struct {
		enum wire_arg_type type;
		struct span whole;
	} rows[] = {
		{ WIRE_ARG_SOCK, SPAN_OF(tcp4) },
		{ WIRE_ARG_SKB, SPAN_OF(packet) },
		{ WIRE_ARG_SOCKADDR, SPAN_OF(address) },
		{ WIRE_ARG_CRED, SPAN_OF(cred) },
		{ WIRE_ARG_USER_NAMESPACE, SPAN_OF(host_space) },
	};
	struct argument_case *test = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span bytes = rows[i].whole;

		fill(test, rows[i].type, WIRE_VALUE_OK, bytes);
		assert_int_not_equal(test->message.argument.arg_case,
				     TETRAGON__KPROBE_ARGUMENT__ARG_ERROR_ARG);
		bytes.bytes--;
		fill(test, rows[i].type, WIRE_VALUE_OK, bytes);
		assert_row_string(i, json_of(test), ERROR_JSON("malformed value"));
	}
}

static void a_value_that_is_not_there_is_an_error(void **state)
{
	static const struct record_value nothing;
	struct argument_case *test = *state;

	for (size_t i = 0; i < COUNT(all_types); i++) {
		argument_fill(&test->message, all_types[i], &nothing, NULL);
		assert_row_string(i, json_of(test), ERROR_JSON("not collected"));
	}
}

static void a_label_is_shown_and_forgotten_by_the_next(void **state)
{
	static const struct record_value number = { true, WIRE_VALUE_OK,
						    NUMBER("\x02\0\0\0\0\0\0") };
	static const struct record_value nothing;
	struct argument_case *test = *state;

	argument_fill(&test->message, WIRE_ARG_INT32, &number, "flags");
	assert_string_equal(json_of(test), "{\"int_arg\":2,\"label\":\"flags\"}");
	argument_fill(&test->message, WIRE_ARG_INT32, &nothing, "flags");
	assert_string_equal(json_of(test), "{\"error_arg\":{\"Message\":\"not collected\"},"
					   "\"label\":\"flags\"}");
	argument_fill(&test->message, WIRE_ARG_INT32, &number, NULL);
	assert_string_equal(json_of(test), "{\"int_arg\":2}");
}

static void permissions_are_those_of_ls(void **state)
{
	static const struct {
		uint32_t mode;
		const char *text;
	} rows[] = {
		{ 0, "---------" },	     { 0100644, "-rw-r--r--" }, { 0040755, "drwxr-xr-x" },
		{ 0120777, "lrwxrwxrwx" },   { 0020620, "crw--w----" }, { 0060660, "brw-rw----" },
		{ 0010600, "prw-------" },   { 0140700, "srwx------" }, { 0104755, "-rwsr-xr-x" },
		{ 0104644, "-rwSr--r--" },   { 0102755, "-rwxr-sr-x" }, { 0102745, "-rwxr-Sr-x" },
		{ 0041777, "drwxrwxrwt" },   { 0041776, "drwxrwxrwT" }, { 0107000, "---S--S--T" },
		{ 0170777, "rwxrwxrwx" }, /* no such type */
		{ UINT32_MAX, "rwsrwsrwt" },
	};
	struct argument_case *test = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct wire_file file = { .mode = rows[i].mode };

		fill(test, WIRE_ARG_FILE, WIRE_VALUE_OK, SPAN_OF(file));
		assert_row_string(i, test->message.argument.file_arg->permission, rows[i].text);
	}
}

static void names_of_the_network_are_the_kernels(void **state)
{
	static const struct {
		enum network_table table;
		uint32_t number;
		const char *name;
	} rows[] = {
		{ NETWORK_FAMILY, 0, "AF_UNSPEC" },
		{ NETWORK_FAMILY, 45, "AF_MCTP" },
		{ NETWORK_FAMILY, 46, "46" },
		{ NETWORK_PROTOCOL, 0, "IPPROTO_IP" },
		{ NETWORK_PROTOCOL, 3, "3" },
		{ NETWORK_PROTOCOL, 262, "IPPROTO_MPTCP" },
		{ NETWORK_PROTOCOL, 263, "263" },
		{ NETWORK_STATE, 0, "0" },
		{ NETWORK_STATE, 1, "TCP_ESTABLISHED" },
		{ NETWORK_STATE, 12, "TCP_NEW_SYN_RECV" },
		{ NETWORK_TYPE, 10, "SOCK_PACKET" },
		{ NETWORK_TYPE, UINT32_MAX, "4294967295" },
	};
	char digits[NETWORK_DIGITS_BYTES];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row_string(i, network_name_get(rows[i].table, rows[i].number, digits),
				  rows[i].name);
}

static void the_longest_text_of_no_characters_is_repaired(void **state)
{
	static char text[WIRE_VALUE_BYTES_MAX];
	struct argument_case *test = *state;
	const Tetragon__KprobeArgument *argument;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? 'x' : '\x80';
	argument = fill(test, WIRE_ARG_STRING, WIRE_VALUE_CUT, (struct span){ text, sizeof(text) });
	assert_int_equal(argument->arg_case, TETRAGON__KPROBE_ARGUMENT__ARG_STRING_ARG);
	assert_int_equal(strlen(argument->string_arg), 2 * sizeof(text));
}

/* ---- lines of the compact form with such arguments ------------------------------------------- */

enum { LINE_ARGUMENTS = 3 };

static const struct {
	const char *function, *line;
	struct row values[LINE_ARGUMENTS];
} calls[] = {
	{ "fd_install",
	  "📬 open    node /bin/x /etc/passwd\n",
	  { OK(INT32, NUMBER("\x03\0\0\0\0\0\0"), ""),
	    OK(FILE, FILE_OF("\xa4\x81", "/etc/passwd"), "") } },
	{ "fd_install",
	  "📬 open    node /bin/x \n",
	  { OK(INT32, NUMBER("\x03\0\0\0\0\0\0"), ""),
	    { WIRE_ARG_FILE, WIRE_VALUE_UNREADABLE, SPAN(""), "" } } },
	{ "tcp_connect",
	  "🔌 connect node /bin/x tcp 127.0.0.1:40000 -> 8.8.8.8:443\n",
	  { OK(SOCK, SPAN_OF(tcp4), "") } },
	{ "tcp_sendmsg",
	  "📤 sendmsg node /bin/x tcp 127.0.0.1:40000 -> 8.8.8.8:443 bytes 5\n",
	  { OK(SOCK, SPAN_OF(tcp4), ""), OK(INT32, NUMBER("\x05\0\0\0\0\0\0"), "") } },
	{ "__x64_sys_openat",
	  "📬️ openat  node /bin/x \"/a b\"\n",
	  { OK(INT32, NUMBER_MINUS_ONE, ""), OK(STRING, SPAN("/a b"), "") } },
	{ "__x64_sys_write",
	  "📝 write   node /bin/x /f 256 bytes\n",
	  { OK(FD, FILE_OF("\xa4\x81", "/f"), ""), OK(CHAR_BUF, BYTES_OF("\0", ""), ""),
	    OK(SIZE, NUMBER("\0\x01\0\0\0\0\0"), "") } },
	{ "security_file_permission",
	  "📚 read    node /bin/x /f\n",
	  { OK(FILE, FILE_OF("\xa4\x81", "/f"), ""), OK(INT32, NUMBER("\x04\0\0\0\0\0\0"), "") } },
	{ "security_mmap_file",
	  "📝 mmap-rx node /bin/x /f\n",
	  { OK(FILE, FILE_OF("\xa4\x81", "/f"), ""), OK(UINT32, NUMBER("\x05\0\0\0\0\0\0"), "") } },
	{ "security_path_truncate",
	  "📝 truncate node /bin/x /p\n",
	  { OK(PATH, FILE_OF("\xa4\x81", "/p"), "") } },
	{ "__x64_sys_setuid",
	  "🔑 setuid  node /bin/x 0\n",
	  { OK(INT32, NUMBER("\0\0\0\0\0\0\0"), "") } },
	/* its prefix is not one of those that are left out */
	{ "__sys_setuid",
	  "❓ syscall node /bin/x __sys_setuid\n",
	  { OK(INT32, NUMBER("\0\0\0\0\0\0\0"), "") } },
};

/* A call of FUNCTION with these arguments, as a line. */
static void add_line(struct buf *out, const char *function, const struct row values[LINE_ARGUMENTS])
{
	static const struct compact_options plain;
	struct argument_message messages[LINE_ARGUMENTS] = {};
	Tetragon__KprobeArgument *args[LINE_ARGUMENTS];
	Tetragon__Process process = TETRAGON__PROCESS__INIT;
	Tetragon__ProcessKprobe kprobe = TETRAGON__PROCESS_KPROBE__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;

	for (size_t i = 0; i < LINE_ARGUMENTS && values[i].json; i++) {
		const struct record_value value = { true, values[i].status, values[i].bytes };

		argument_fill(&messages[i], values[i].type, &value, NULL);
		args[kprobe.n_args++] = &messages[i].argument;
	}
	process.binary = (char *)"/bin/x";
	kprobe.process = &process;
	kprobe.function_name = (char *)function;
	kprobe.args = args;
	event.node_name = (char *)"node";
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE;
	event.process_kprobe = &kprobe;
	assert_int_equal(compact_add_event(out, &event, &plain), 0);
	for (size_t i = 0; i < LINE_ARGUMENTS; i++)
		argument_message_done(&messages[i]);
}

static void lines_of_calls_show_their_arguments(void **state)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		_cleanup_buf_ struct buf line = {};

		add_line(&line, calls[i].function, calls[i].values);
		assert_row_string(i, buf_text(&line), calls[i].line);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(every_type_is_shown_as_the_api_has_it),
		CASE(the_table_of_this_test_has_every_type),
		CASE(values_that_are_too_short_are_errors),
		CASE(fixed_parts_must_be_whole),
		CASE(a_value_that_is_not_there_is_an_error),
		CASE(a_label_is_shown_and_forgotten_by_the_next),
		CASE(permissions_are_those_of_ls),
		CASE(names_of_the_network_are_the_kernels),
		CASE(the_longest_text_of_no_characters_is_repaired),
		CASE(lines_of_calls_show_their_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
