/* SPDX-License-Identifier: Apache-2.0 */
/* The compact form: the line of every kind of event and of every function that has one of its own.
 */
#include "event/compact.h"

#include "event/json_parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct compact_options plain = { .stack_traces = true, .ima_hash = true };
static const struct compact_options colored = { .color = true,
						.stack_traces = true,
						.ima_hash = true };

static void event_free(Tetragon__GetEventsResponse **event)
{
	if (*event)
		protobuf_c_message_free_unpacked(&(*event)->base, NULL);
}
#define _cleanup_event_ _cleanup_(event_free)

static Tetragon__GetEventsResponse *event_from(const char *json)
{
	Tetragon__GetEventsResponse *event = NULL;
	_cleanup_diag_ struct diag diag = {};

	if (json_parse_event(json, strlen(json), &event, &diag))
		fail_msg("%s: %s", json, buf_text(&diag.text));
	return event;
}

/* The line of the event that JSON describes. */
static void assert_line(const char *json, const struct compact_options *options, const char *wanted)
{
	_cleanup_event_ Tetragon__GetEventsResponse *event = event_from(json);
	_cleanup_buf_ struct buf out = {};

	assert_int_equal(compact_add_event(&out, event, options), 0);
	assert_string_equal(buf_text(&out), wanted);
}

#define NODE	"\"node_name\":\"node\""
#define PROCESS "\"process\":{\"binary\":\"/bin/x\",\"arguments\":\"-v\"}"

static const struct {
	const char *json, *wanted;
} kinds[] = {
	{ "{\"process_exec\":{" PROCESS "}," NODE "}", "🚀 process node /bin/x -v\n" },
	{ "{\"process_exec\":{\"process\":{\"binary\":\"/bin/x\"}}," NODE "}",
	  "🚀 process node /bin/x \n" },
	{ "{\"process_exec\":{\"process\":{\"binary\":\"/bin/x\",\"arguments\":\"-c a\","
	  "\"pod\":{\"namespace\":\"ns\",\"name\":\"pod\"}}}," NODE "}",
	  "🚀 process ns/pod /bin/x \"-c a\"\n" },
	{ "{\"process_exit\":{" PROCESS ",\"status\":3}," NODE "}",
	  "💥 exit    node /bin/x -v 3\n" },
	{ "{\"process_exit\":{" PROCESS "}," NODE "}", "💥 exit    node /bin/x -v 0\n" },
	{ "{\"process_exit\":{" PROCESS ",\"signal\":\"SIGKILL\",\"status\":9}," NODE "}",
	  "💥 exit    node /bin/x -v SIGKILL\n" },
	{ "{\"process_throttle\":{\"type\":\"THROTTLE_START\",\"cgroup\":\"/a b\"}," NODE "}",
	  "🧬 throttle START \"/a b\"\n" },
	{ "{\"process_throttle\":{\"type\":\"THROTTLE_STOP\",\"cgroup\":\"/a\"}," NODE "}",
	  "🧬 throttle STOP  /a\n" },
	{ "{\"process_throttle\":{\"cgroup\":\"/a\"}," NODE "}", "🧬 throttle  /a\n" },
	{ "{\"process_loader\":{" PROCESS ",\"path\":\"/l.so\",\"buildid\":\"AP8=\"}," NODE "}",
	  "🧬 loader  node /bin/x 00ff /l.so\n" },
	{ "{\"process_loader\":{" PROCESS ",\"path\":\"/l.so\"}," NODE "}",
	  "🧬 loader  node /bin/x /l.so\n" },
	{ "{\"process_tracepoint\":{" PROCESS ",\"subsys\":\"net\",\"event\":\"x\"}," NODE "}",
	  "⁉️ tracepoint node /bin/x net x\n" },
	{ "{\"process_uprobe\":{" PROCESS ",\"path\":\"/l .so\",\"symbol\":\"f\"}," NODE "}",
	  "🕵️ uprobe  node /bin/x \"/l .so\" f\n" },
	{ "{\"process_usdt\":{" PROCESS ",\"path\":\"/l\",\"provider\":\"p\",\"name\":\"n\"}," NODE
	  "}",
	  "🕵️ usdt    node /bin/x /l p n\n" },
	{ "{\"process_lsm\":{" PROCESS ",\"function_name\":\"file_open\"}," NODE "}",
	  "🔒 LSM     node /bin/x file_open\n" },
	{ "{\"test\":{}," NODE "}", "TEST EVENT\n" },
	{ "{\"gap\":{\"where\":\"export\",\"lost\":\"1\"}," NODE "}",
	  "⚠️ gap     node export: 1 record lost\n" },
	{ "{\"gap\":{\"where\":\"lifecycle\",\"cpu\":0,\"lost\":\"12\",\"counts\":["
	  "{\"record\":\"exec\",\"reason\":\"ring full\",\"count\":\"9\"},"
	  "{\"record\":\"exit\",\"reason\":\"ring full\",\"count\":\"3\"}]}," NODE "}",
	  "⚠️ gap     node lifecycle cpu 0: 12 records lost (9 exec ring full, 3 exit ring "
	  "full)\n" },
};

static void writes_a_line_for_every_kind_of_event(void **state)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		assert_line(kinds[i].json, &plain, kinds[i].wanted);
}

#define FILE_ARG "{\"file_arg\":{\"path\":\"/f\"}}"
#define TEXT_ARG "{\"string_arg\":\"/s\"}"
#define INT_ARG	 "{\"int_arg\":2}"
#define SIZE_ARG "{\"size_arg\":\"100\"}"
#define SOCK_ARG                                                                  \
	"{\"sock_arg\":{\"saddr\":\"10.0.0.1\",\"sport\":1234,\"daddr\":\"::1\"," \
	"\"dport\":80}}"
#define MAP_ARG                                                                  \
	"{\"bpf_map_arg\":{\"MapType\":\"BPF_MAP_TYPE_HASH\",\"MapName\":\"m\"," \
	"\"KeySize\":4,\"ValueSize\":8,\"MaxEntries\":16}}"

static const struct {
	const char *function, *args, *title, *rest;
} functions[] = {
	{ "__x64_sys_write", FILE_ARG "," INT_ARG "," SIZE_ARG, "📝 write  ", " /f 100 bytes" },
	{ "__x64_sys_write", FILE_ARG, "📝 write  ", " /f " },
	{ "__x64_sys_write", INT_ARG "," INT_ARG "," INT_ARG, "📝 write  ", "  0 bytes" },
	{ "__arm64_sys_read", FILE_ARG "," INT_ARG "," SIZE_ARG, "📚 read   ", " /f 100 bytes" },
	{ "sys_read", "", "📚 read   ", "  " },
	{ "fd_install", INT_ARG "," FILE_ARG, "📬 open   ", " /f" },
	{ "fd_install", INT_ARG, "📬 open   ", " " },
	{ "__x64_sys_openat", INT_ARG "," TEXT_ARG, "📬️ openat ", " /s" },
	{ "__ia32_sys_open", INT_ARG "," TEXT_ARG, "📬️ open   ", " /s" },
	{ "__x64_sys_close", FILE_ARG, "📪 close  ", " /f" },
	{ "__x64_sys_mount", "{\"string_arg\":\"a b\"}," TEXT_ARG, "💾 mount  ", " \"a b\" /s" },
	{ "__x64_sys_mount", "", "💾 mount  ", "  " },
	{ "__x64_sys_setuid", INT_ARG, "🔑 setuid ", " 2" },
	{ "__x64_sys_clock_settime", "", "⏰ clock_settime", "" },
	{ "__x64_sys_pivot_root", TEXT_ARG "," TEXT_ARG, "💾 pivot_root", " /s /s" },
	{ "proc_exec_connector", "", "🔧 proc_exec_connector", "" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":0}", "🔧 setns  ", " any" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":33554432}", "🔧 setns  ", " cgroup" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":134217728}", "🔧 setns  ", " ipc" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":1073741824}", "🔧 setns  ", " net" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":131072}", "🔧 setns  ", " mnt" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":536870912}", "🔧 setns  ", " pid" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":128}", "🔧 setns  ", " time" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":268435456}", "🔧 setns  ", " user" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":67108864}", "🔧 setns  ", " uts" },
	{ "__x64_sys_setns", INT_ARG ",{\"int_arg\":1}", "🔧 setns  ", " " },
	{ "tcp_connect", SOCK_ARG, "🔌 connect", " tcp 10.0.0.1:1234 -> ::1:80" },
	{ "tcp_connect", INT_ARG, "🔌 connect", " " },
	{ "tcp_close", SOCK_ARG, "🧹 close  ", " tcp 10.0.0.1:1234 -> ::1:80" },
	{ "tcp_sendmsg", SOCK_ARG "," INT_ARG, "📤 sendmsg",
	  " tcp 10.0.0.1:1234 -> ::1:80 bytes 2" },
	{ "tcp_sendmsg", SOCK_ARG, "📤 sendmsg", " tcp 10.0.0.1:1234 -> ::1:80 bytes 0" },
	{ "bpf_check",
	  "{\"bpf_attr_arg\":{\"ProgType\":\"BPF_PROG_TYPE_KPROBE\",\"ProgName\":\"p\","
	  "\"InsnCnt\":7}}",
	  "🐝 bpf_load", " BPF_PROG_TYPE_KPROBE p instruction count 7" },
	{ "security_perf_event_alloc",
	  "{\"perf_event_arg\":{\"Type\":\"PERF_TYPE_TRACEPOINT\",\"KprobeFunc\":\"f\"}}",
	  "🐝 perf_event_alloc", " PERF_TYPE_TRACEPOINT f" },
	{ "security_bpf_map_alloc", MAP_ARG, "🗺 bpf_map_create",
	  " BPF_MAP_TYPE_HASH m key size 4 value size 8 max entries 16" },
	{ "security_bpf_map_create", MAP_ARG, "🗺 bpf_map_create",
	  " BPF_MAP_TYPE_HASH m key size 4 value size 8 max entries 16" },
	{ "security_file_permission", FILE_ARG "," INT_ARG, "📝 write  ", " /f" },
	{ "security_file_permission", FILE_ARG ",{\"int_arg\":4}", "📚 read   ", " /f" },
	{ "security_file_permission", FILE_ARG ",{\"int_arg\":6}", "❓ security_file_permission",
	  " /f" },
	{ "security_file_permission", FILE_ARG, "❓ security_file_permission", " " },
	{ "security_mmap_file", FILE_ARG ",{\"uint_arg\":0}", "📝 mmap-  ", " /f" },
	{ "security_mmap_file", FILE_ARG ",{\"uint_arg\":1}", "📝 mmap-r ", " /f" },
	{ "security_mmap_file", FILE_ARG ",{\"uint_arg\":6}", "📝 mmap-wx", " /f" },
	{ "security_mmap_file", FILE_ARG ",{\"uint_arg\":15}", "📝 mmap-rwx", " /f" },
	{ "security_mmap_file", FILE_ARG, "❓ security_mmap_file", " " },
	{ "security_path_truncate", "{\"path_arg\":{\"path\":\"/p\"}}", "📝 truncate", " /p" },
	{ "security_path_truncate", "", "❓ security_path_truncate", " " },
	{ "security_file_truncate", FILE_ARG, "📝 truncate", " /f" },
	{ "__x64_sys_dream", FILE_ARG, "❓ syscall", " __x64_sys_dream" },
	{ "", "", "❓ syscall", " " },
};

static void writes_a_form_of_its_own_for_known_functions(void **state)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		_cleanup_buf_ struct buf json = {}, wanted = {};

		buf_add_format(&json,
			       "{\"process_kprobe\":{" PROCESS ",\"function_name\":\"%s\","
			       "\"args\":[%s]}," NODE "}",
			       functions[i].function, functions[i].args);
		buf_add_format(&wanted, "%s node /bin/x%s\n", functions[i].title,
			       functions[i].rest);
		assert_line(buf_text(&json), &plain, buf_text(&wanted));
	}
}

/* What the process chose is quoted, so that it cannot command the terminal. */
static void quotes_as_go_does(void **state)
{
	static const struct {
		const char *arguments, *wanted; /* JSON, and the line's end */
	} rows[] = {
		{ "plain", "plain" },
		{ "with\\\"quote\\\\and-backslash", "with\"quote\\and-backslash" },
		{ "a b", "\"a b\"" },
		{ "a b\\\"\\\\", "\"a b\\\"\\\\\"" },
		{ "\\u0007\\b\\t\\n\\u000b\\f\\r", "\"\\a\\b\\t\\n\\v\\f\\r\"" },
		{ "\\u001b[31m\\u007f", "\"\\x1b[31m\\x7f\"" },
		{ "\\u0085\\u00a0\\u00ad", "\"\\u0085\\u00a0\\u00ad\"" },
		{ "\\u202e\\u2066\\ufeff", "\"\\u202e\\u2066\\ufeff\"" },
		{ "\\udb40\\udc01", "\"\\U000e0001\"" },
		{ "\\ue000", "\"\\ue000\"" },
		{ "gr\\u00fc\\u00df\\u00e9-\\u20ac-\\ud83d\\ude80", "grüßé-€-🚀" },
		{ "gr\\u00fc\\u00df \\ud83d\\ude80", "\"grüß 🚀\"" },
		{ "\\ufffd", "\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf json = {}, wanted = {};

		buf_add_format(&json,
			       "{\"process_exec\":{\"process\":{\"binary\":\"/x\",\"arguments\":"
			       "\"%s\"}}," NODE "}",
			       rows[i].arguments);
		buf_add_format(&wanted, "🚀 process node /x %s\n", rows[i].wanted);
		assert_line(buf_text(&json), &plain, buf_text(&wanted));
	}
}

static void never_lets_a_field_send_controls(void **state)
{
	static const char *const rows[] = {
		"{\"process_exec\":{\"process\":{\"binary\":\"E\",\"arguments\":\"E\"}},"
		"\"node_name\":\"E\"}",
		"{\"process_exec\":{\"process\":{\"pod\":{\"namespace\":\"E\",\"name\":\"E\"}}}}",
		"{\"process_exit\":{" PROCESS ",\"signal\":\"E\"}}",
		"{\"process_throttle\":{\"cgroup\":\"E\"}}",
		"{\"process_loader\":{" PROCESS ",\"path\":\"E\"}}",
		"{\"process_tracepoint\":{" PROCESS ",\"subsys\":\"E\",\"event\":\"E\"}}",
		"{\"process_uprobe\":{" PROCESS ",\"path\":\"E\",\"symbol\":\"E\"}}",
		"{\"process_usdt\":{" PROCESS ",\"path\":\"E\",\"provider\":\"E\",\"name\":\"E\"}}",
		"{\"process_lsm\":{" PROCESS ",\"function_name\":\"E\"}}",
		"{\"process_lsm\":{" PROCESS ",\"function_name\":\"file_open\",\"ima_hash\":\"E\","
		"\"args\":[{\"file_arg\":{\"path\":\"E\"}}]}}",
		"{\"process_kprobe\":{" PROCESS ",\"function_name\":\"E\"}}",
		"{\"process_kprobe\":{" PROCESS ",\"function_name\":\"tcp_close\",\"args\":["
		"{\"sock_arg\":{\"saddr\":\"E\",\"daddr\":\"E\"}}]}}",
		"{\"process_kprobe\":{" PROCESS ",\"function_name\":\"bpf_check\",\"args\":["
		"{\"bpf_attr_arg\":{\"ProgType\":\"E\",\"ProgName\":\"E\"}}]}}",
		"{\"process_kprobe\":{" PROCESS ",\"function_name\":\"security_bpf_map_alloc\","
		"\"args\":[{\"bpf_map_arg\":{\"MapType\":\"E\",\"MapName\":\"E\"}}]}}",
		"{\"process_kprobe\":{" PROCESS ",\"function_name\":\"security_perf_event_alloc\","
		"\"args\":[{\"perf_event_arg\":{\"Type\":\"E\",\"KprobeFunc\":\"E\"}}]}}",
		"{\"process_kprobe\":{" PROCESS ",\"kernel_stack_trace\":[{\"symbol\":\"E\"}],"
		"\"user_stack_trace\":[{\"symbol\":\"E\",\"module\":\"E\"}]}}",
		"{\"gap\":{\"where\":\"E\",\"counts\":[{\"record\":\"E\",\"reason\":\"E\"}]}}",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_event_ Tetragon__GetEventsResponse *event = NULL;
		_cleanup_buf_ struct buf json = {}, out = {};

		for (const char *at = rows[i]; *at; at++) {
			if (*at == 'E' && at[-1] == '"')
				buf_add_text(&json, "\\u001b]0;x\\u0007");
			else
				buf_add_char(&json, *at);
		}
		event = event_from(buf_text(&json));
		assert_int_equal(compact_add_event(&out, event, &plain), 0);
		assert_non_null(strstr(buf_text(&out), "\\x1b]0;x\\a"));
		assert_null(strchr(buf_text(&out), '\x1b'));
		assert_null(strchr(buf_text(&out), '\a'));
	}
}

static void colors_as_upstream_does(void **state)
{
	/* The empty trailer ends 9 characters of escapes behind byte 120 at the least. */
	_cleanup_buf_ struct buf wanted = {};

	buf_add_text(&wanted, "\x1b[34m🚀 process\x1b[0m \x1b[32mnode\x1b[0m \x1b[35m/bin/x\x1b[0m "
			      "\x1b[36m-v\x1b[0m");
	while (wanted.bytes < 121 - 9)
		buf_add_char(&wanted, ' ');
	buf_add_text(&wanted, "\x1b[35m\x1b[0m\n");
	assert_line("{\"process_exec\":{" PROCESS "}," NODE "}", &colored, buf_text(&wanted));
	assert_line("{\"process_throttle\":{\"type\":1,\"cgroup\":\"/a\"}," NODE "}", &colored,
		    "\x1b[31m🧬 throttle\x1b[0m \x1b[31mSTART\x1b[0m /a\n");
	assert_line("{\"process_throttle\":{\"type\":2,\"cgroup\":\"/a\"}," NODE "}", &colored,
		    "\x1b[31m🧬 throttle\x1b[0m \x1b[32mSTOP \x1b[0m /a\n");
	assert_line("{\"gap\":{\"where\":\"client\",\"lost\":\"2\"}," NODE "}", &colored,
		    "\x1b[31m⚠️ gap    \x1b[0m \x1b[32mnode\x1b[0m client: 2 records lost\n");
}

static void shows_the_capability_by_the_length_of_the_list(void **state)
{
	for (unsigned int count = 21; count <= 22; count++) {
		_cleanup_buf_ struct buf json = {}, wanted = {};

		buf_add_text(&json, "{\"process_exec\":{\"process\":{\"binary\":\"/x\",\"cap\":{"
				    "\"effective\":[0");
		for (unsigned int i = 1; i < count; i++)
			buf_add_text(&json, ",0");
		buf_add_text(&json, "]}}}," NODE "}");
		buf_add_text(&wanted, "🚀 process node /x ");
		/* 15 characters (18 bytes) end at column 121, counted as upstream does. */
		for (size_t used = wanted.bytes; count == 22 && used < 121 - 15; used++)
			buf_add_char(&wanted, ' ');
		buf_add_text(&wanted, count == 22 ? "🛑 CAP_SYS_ADMIN\n" : "\n");
		assert_line(buf_text(&json), &plain, buf_text(&wanted));
	}
}

static void puts_the_trailer_behind_long_lines(void **state)
{
	_cleanup_buf_ struct buf json = {}, wanted = {};

	buf_add_text(&json, "{\"process_exec\":{\"process\":{\"binary\":\"/");
	buf_add_text(&wanted, "🚀 process node /");
	for (unsigned int i = 0; i < 120; i++) {
		buf_add_char(&json, 'x');
		buf_add_char(&wanted, 'x');
	}
	buf_add_text(&json, "\",\"cap\":{\"effective\":[0");
	for (unsigned int i = 1; i < 41; i++)
		buf_add_text(&json, ",0");
	buf_add_text(&json, "]}}}," NODE "}");
	buf_add_text(&wanted, "  🛑 CAP_SYS_ADMIN\n");
	assert_line(buf_text(&json), &plain, buf_text(&wanted));
}

static void writes_times_with_nine_digits_in_front(void **state)
{
	static const struct compact_options timed = { .timestamps = true };

	assert_line("{\"test\":{},\"time\":\"2024-01-02T03:04:05.6Z\"}", &timed,
		    "2024-01-02T03:04:05.600000000Z TEST EVENT\n");
	assert_line("{\"test\":{}}", &timed, "1970-01-01T00:00:00.000000000Z TEST EVENT\n");
}

#define STACKS                                                                               \
	"{\"process_kprobe\":{" PROCESS ",\"function_name\":\"f\",\"kernel_stack_trace\":["  \
	"{\"symbol\":\"k\",\"offset\":\"16\"},{\"address\":\"255\"}],\"user_stack_trace\":[" \
	"{\"symbol\":\"u v\",\"module\":\"/m\",\"offset\":\"1\"},{\"module\":\"/n\"}]}," NODE "}"

static void writes_stack_traces_below_the_line(void **state)
{
	static const struct compact_options without = { .ima_hash = true };
	_cleanup_event_ Tetragon__GetEventsResponse *event = event_from(STACKS);
	_cleanup_buf_ struct buf out = {};

	assert_line(STACKS, &plain,
		    "❓ syscall node /bin/x f\n"
		    "Kernel:\n   0x0: k+0x10\n   0xff: +0x0\n"
		    "User:\n   0x0: \"u v\" (/m+0x1)\n   0x0: (/n+0x0)\n");
	assert_line(STACKS, &without, "❓ syscall node /bin/x f\n");
	assert_int_equal(compact_add_event(&out, event, &colored), 0);
	assert_non_null(strstr(buf_text(&out),
			       "Kernel:\n\x1b[32m   0x0:\x1b[0m\x1b[34m k\x1b[0m+\x1b[33m0x10\n"
			       "\x1b[0m"));
	assert_non_null(strstr(buf_text(&out),
			       "User:\n\x1b[32m   0x0:\x1b[0m\x1b[34m \"u v\"\x1b[0m\x1b[33m "
			       "(/m+0x1)\n\x1b[0m"));
}

static void writes_the_hash_below_lsm_lines(void **state)
{
	static const struct compact_options without = { .stack_traces = true };
	static const struct {
		const char *function, *args, *below;
	} rows[] = {
		{ "file_open", FILE_ARG, "   /f sha256:00\n" },
		{ "mmap_file", FILE_ARG, "   /f sha256:00\n" },
		{ "bprm_check_security", "{\"linux_binprm_arg\":{\"path\":\"/b\"}}",
		  "   /b sha256:00\n" },
		{ "path_chmod", FILE_ARG, "" },
		{ "file_open", INT_ARG, "" },
		{ "file_open", "", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf json = {}, wanted = {};

		buf_add_format(&json,
			       "{\"process_lsm\":{" PROCESS
			       ",\"function_name\":\"%s\",\"ima_hash\":"
			       "\"sha256:00\",\"args\":[%s]}," NODE "}",
			       rows[i].function, rows[i].args);
		buf_add_format(&wanted, "🔒 LSM     node /bin/x %s\n", rows[i].function);
		assert_line(buf_text(&json), &without, buf_text(&wanted));
		buf_add_text(&wanted, rows[i].below);
		assert_line(buf_text(&json), &plain, buf_text(&wanted));
	}
}

static const struct compact_syscall *find_syscall(const char *abi, int64_t number)
{
	static const struct compact_syscall_arg args[] = { { "const char *", "path" },
							   { "int", "flags" } };
	static const struct compact_syscall open_call = { "open", true, COUNT(args), args };
	static const struct compact_syscall getpid_call = { "getpid", true };
	static const struct compact_syscall bare_call = { "bare" };

	if (number == 2)
		return &open_call;
	if (number == 39)
		return &getpid_call;
	return number == 40 ? &bare_call : NULL;
}

static void writes_system_calls_with_their_arguments(void **state)
{
	static const struct compact_options hooked = { .find_syscall = find_syscall };
	static const struct {
		const char *args, *wanted;
	} rows[] = {
		{ "{\"long_arg\":\"2\"},{\"size_arg\":\"255\"},{\"size_arg\":\"7\"}",
		  "open(const char *path=0xff, int flags=7)" },
		{ "{\"long_arg\":\"2\"},{\"int_arg\":1}",
		  "open(const char * path=?, int flags=?)" },
		{ "{\"long_arg\":\"39\"}", "getpid()" },
		{ "{\"long_arg\":\"40\"}", "bare" },
		{ "{\"long_arg\":\"999\"}", "unknown" },
		{ "{\"int_arg\":2}", "unknown" },
		{ "", "unknown" },
#if defined(__x86_64__)
		{ "{\"syscall_id\":{\"id\":39,\"abi\":\"x64\"}}", "getpid()" },
		{ "{\"syscall_id\":{\"id\":39,\"abi\":\"i386\"}}", "i386/getpid" },
#endif
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf json = {}, wanted = {};

		buf_add_format(&json,
			       "{\"process_tracepoint\":{" PROCESS ",\"subsys\":\"raw_syscalls\","
			       "\"event\":\"sys_enter\",\"args\":[%s]}," NODE "}",
			       rows[i].args);
		buf_add_format(&wanted, "☎  syscall node /bin/x %s\n", rows[i].wanted);
		assert_line(buf_text(&json), &hooked, buf_text(&wanted));
		buf_reset(&wanted);
		buf_add_text(&wanted, "☎  syscall node /bin/x unknown\n");
		assert_line(buf_text(&json), &plain, buf_text(&wanted));
	}
}

static void refuses_events_without_a_line(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{" NODE "}",
		"{\"rate_limit_info\":{\"number_of_dropped_process_events\":\"5\"}}",
		"{\"process_exec\":{}}",
		"{\"process_exit\":{}}",
		"{\"process_kprobe\":{\"function_name\":\"tcp_connect\"}}",
		"{\"process_tracepoint\":{}}",
		"{\"process_loader\":{}}",
		"{\"process_uprobe\":{}}",
		"{\"process_usdt\":{}}",
		"{\"process_lsm\":{}}",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_event_ Tetragon__GetEventsResponse *event = event_from(rows[i]);
		_cleanup_buf_ struct buf out = {};
		const struct compact_options timed = { .timestamps = true };

		assert_int_equal(compact_add_event(&out, event, &timed), -EINVAL);
		assert_int_equal(out.bytes, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_line_for_every_kind_of_event),
		cmocka_unit_test(writes_a_form_of_its_own_for_known_functions),
		cmocka_unit_test(quotes_as_go_does),
		cmocka_unit_test(never_lets_a_field_send_controls),
		cmocka_unit_test(colors_as_upstream_does),
		cmocka_unit_test(shows_the_capability_by_the_length_of_the_list),
		cmocka_unit_test(puts_the_trailer_behind_long_lines),
		cmocka_unit_test(writes_times_with_nine_digits_in_front),
		cmocka_unit_test(writes_stack_traces_below_the_line),
		cmocka_unit_test(writes_the_hash_below_lsm_lines),
		cmocka_unit_test(writes_system_calls_with_their_arguments),
		cmocka_unit_test(refuses_events_without_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
