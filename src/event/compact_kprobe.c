/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of kprobe events: one row per function that has a form of its own, any other function is
 * shown by its name.
 */
#include "event/compact_line.h"

#include "event/text.h"

#include <sched.h>

/* CLONE_NEWTIME came with Linux 5.6; Debian 12's <sched.h> lacks it. */
enum { COMPACT_CLONE_NEWTIME = 0x80 };

typedef Tetragon__KprobeArgument Argument;

/* Adds what an argument says; ARGUMENT is NULL when the event has none at this place. */
typedef void compact_part(struct compact_line *line, const Argument *argument);

struct compact_title {
	const char *emoji;
	const char *name;
};

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static void add_file(struct compact_line *line, const Argument *argument)
{
	if (argument && argument->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_FILE_ARG)
		compact_add_quoted(line, COMPACT_CYAN, argument->file_arg->path);
}

static void add_path(struct compact_line *line, const Argument *argument)
{
	if (argument && argument->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_PATH_ARG)
		compact_add_quoted(line, COMPACT_CYAN, argument->path_arg->path);
}

static void add_text(struct compact_line *line, const Argument *argument)
{
	bool is_text = argument && argument->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_STRING_ARG;

	if (argument)
		compact_add_quoted(line, COMPACT_CYAN, is_text ? argument->string_arg : "");
}

static int32_t int_of(const Argument *argument)
{
	if (!argument || argument->arg_case != TETRAGON__KPROBE_ARGUMENT__ARG_INT_ARG)
		return 0;
	return argument->int_arg;
}

static void add_int(struct compact_line *line, const Argument *argument)
{
	if (!argument)
		return;
	compact_begin_color(line, COMPACT_CYAN);
	buf_add_int(line->out, int_of(argument));
	compact_end_color(line);
}

static void add_size(struct compact_line *line, const Argument *argument)
{
	bool is_size = argument && argument->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_SIZE_ARG;

	if (!argument)
		return;
	compact_begin_color(line, COMPACT_CYAN);
	buf_add_uint(line->out, is_size ? argument->size_arg : 0);
	buf_add_text(line->out, " bytes");
	compact_end_color(line);
}

static void add_sent_bytes(struct compact_line *line, const Argument *argument)
{
	buf_add_text(line->out, "bytes ");
	buf_add_int(line->out, int_of(argument));
}

static void add_namespace(struct compact_line *line, const Argument *argument)
{
	static const struct {
		int flag;
		const char *name;
	} namespaces[] = {
		{ 0, "any" },
		{ CLONE_NEWCGROUP, "cgroup" },
		{ CLONE_NEWIPC, "ipc" },
		{ CLONE_NEWNET, "net" },
		{ CLONE_NEWNS, "mnt" },
		{ CLONE_NEWPID, "pid" },
		{ COMPACT_CLONE_NEWTIME, "time" },
		{ CLONE_NEWUSER, "user" },
		{ CLONE_NEWUTS, "uts" },
	};

	for (size_t i = 0; argument && i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		if (namespaces[i].flag == int_of(argument))
			buf_add_text(line->out, namespaces[i].name);
	}
}

static void add_address(struct compact_line *line, const char *address, uint32_t port)
{
	text_add_printable(line->out, text_of(address));
	buf_add_char(line->out, ':');
	buf_add_uint(line->out, port);
}

static void add_sock(struct compact_line *line, const Argument *argument)
{
	const Tetragon__KprobeSock *sock;

	if (!argument || argument->arg_case != TETRAGON__KPROBE_ARGUMENT__ARG_SOCK_ARG)
		return;
	sock = argument->sock_arg;
	compact_begin_color(line, COMPACT_CYAN);
	buf_add_text(line->out, "tcp ");
	add_address(line, sock->saddr, sock->sport);
	buf_add_text(line->out, " -> ");
	add_address(line, sock->daddr, sock->dport);
	compact_end_color(line);
}

static void add_bpf_program(struct compact_line *line, const Argument *argument)
{
	const Tetragon__KprobeBpfAttr *program;

	if (!argument || argument->arg_case != TETRAGON__KPROBE_ARGUMENT__ARG_BPF_ATTR_ARG)
		return;
	program = argument->bpf_attr_arg;
	compact_begin_color(line, COMPACT_CYAN);
	text_add_printable(line->out, text_of(program->progtype));
	buf_add_char(line->out, ' ');
	text_add_printable(line->out, text_of(program->progname));
	buf_add_format(line->out, " instruction count %u", program->insncnt);
	compact_end_color(line);
}

static void add_perf_event(struct compact_line *line, const Argument *argument)
{
	const Tetragon__KprobePerfEvent *event;

	if (!argument || argument->arg_case != TETRAGON__KPROBE_ARGUMENT__ARG_PERF_EVENT_ARG)
		return;
	event = argument->perf_event_arg;
	compact_begin_color(line, COMPACT_CYAN);
	text_add_printable(line->out, text_of(event->type));
	buf_add_char(line->out, ' ');
	text_add_printable(line->out, text_of(event->kprobefunc));
	compact_end_color(line);
}

static void add_bpf_map(struct compact_line *line, const Argument *argument)
{
	const Tetragon__KprobeBpfMap *map;

	if (!argument || argument->arg_case != TETRAGON__KPROBE_ARGUMENT__ARG_BPF_MAP_ARG)
		return;
	map = argument->bpf_map_arg;
	compact_begin_color(line, COMPACT_CYAN);
	text_add_printable(line->out, text_of(map->maptype));
	buf_add_char(line->out, ' ');
	text_add_printable(line->out, text_of(map->mapname));
	buf_add_format(line->out, " key size %u value size %u max entries %u", map->keysize,
		       map->valuesize, map->maxentries);
	compact_end_color(line);
}

static const Argument *argument_at(const Tetragon__ProcessKprobe *kprobe, size_t index)
{
	return index < kprobe->n_args ? kprobe->args[index] : NULL;
}

/* By the mask that the kernel checks (MAY_WRITE, MAY_READ of <linux/fs.h>). */
static struct compact_title title_of_permission(const Tetragon__ProcessKprobe *kprobe)
{
	switch (int_of(argument_at(kprobe, 1))) {
	case 2:
		return (struct compact_title){ "📝", "write" };
	case 4:
		return (struct compact_title){ "📚", "read" };
	default:
		return (struct compact_title){ "❓", "security_file_permission" };
	}
}

/* By PROT_READ, PROT_WRITE and PROT_EXEC, which are bits 0 to 2. */
static struct compact_title title_of_mmap(const Tetragon__ProcessKprobe *kprobe)
{
	static const char *const names[] = { "mmap-",  "mmap-r",  "mmap-w",  "mmap-rw",
					     "mmap-x", "mmap-rx", "mmap-wx", "mmap-rwx" };
	const Argument *prot = argument_at(kprobe, 1);
	uint32_t bits =
		prot->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_UINT_ARG ? prot->uint_arg : 0;

	return (struct compact_title){ "📝", names[bits & 7] };
}

enum { COMPACT_PARTS_MAX = 2 };

struct compact_function {
	const char *name;
	struct compact_title title;
	struct {
		compact_part *add; /* NULL: no such part */
		unsigned int argument;
	} parts[COMPACT_PARTS_MAX];
	/* With fewer arguments the function is shown by its own name, without parts. */
	unsigned int args_min;
	/* NULL: always `title`. */
	struct compact_title (*title_of)(const Tetragon__ProcessKprobe *kprobe);
};

/* clang-format off */
static const struct compact_function functions[] = {
	{"sys_write", {"📝", "write"}, {{add_file, 0}, {add_size, 2}}},
	{"sys_read", {"📚", "read"}, {{add_file, 0}, {add_size, 2}}},
	{"fd_install", {"📬", "open"}, {{add_file, 1}}},
	{"sys_openat", {"📬️", "openat"}, {{add_text, 1}}},
	{"sys_open", {"📬️", "open"}, {{add_text, 1}}},
	{"sys_close", {"📪", "close"}, {{add_file, 0}}},
	{"sys_mount", {"💾", "mount"}, {{add_text, 0}, {add_text, 1}}},
	{"sys_setuid", {"🔑", "setuid"}, {{add_int, 0}}},
	{"sys_clock_settime", {"⏰", "clock_settime"}},
	{"sys_pivot_root", {"💾", "pivot_root"}, {{add_text, 0}, {add_text, 1}}},
	{"proc_exec_connector", {"🔧", "proc_exec_connector"}},
	{"sys_setns", {"🔧", "setns"}, {{add_namespace, 1}}},
	{"tcp_connect", {"🔌", "connect"}, {{add_sock, 0}}},
	{"tcp_close", {"🧹", "close"}, {{add_sock, 0}}},
	{"tcp_sendmsg", {"📤", "sendmsg"}, {{add_sock, 0}, {add_sent_bytes, 1}}},
	{"bpf_check", {"🐝", "bpf_load"}, {{add_bpf_program, 0}}},
	{"security_perf_event_alloc", {"🐝", "perf_event_alloc"}, {{add_perf_event, 0}}},
	{"security_bpf_map_alloc", {"🗺", "bpf_map_create"}, {{add_bpf_map, 0}}},
	{"security_bpf_map_create", {"🗺", "bpf_map_create"}, {{add_bpf_map, 0}}},
	{"security_file_permission", {}, {{add_file, 0}}, 2, title_of_permission},
	{"security_mmap_file", {}, {{add_file, 0}}, 2, title_of_mmap},
	{"security_path_truncate", {"📝", "truncate"}, {{add_path, 0}}, 1},
	{"security_file_truncate", {"📝", "truncate"}, {{add_file, 0}}, 1},
};
/* clang-format on */

/* The name of a system call's function without the architecture's prefix. */
static const char *skip_prefix(const char *function)
{
	static const char *const prefixes[] = { "__x64_", "__arm64_", "__ia32_" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (!strncmp(function, prefixes[i], strlen(prefixes[i])))
			return function + strlen(prefixes[i]);
	}
	return function;
}

static const struct compact_function *find_function(const char *name)
{
	name = skip_prefix(name);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (!strcmp(name, functions[i].name))
			return &functions[i];
	}
	return NULL;
}

void compact_add_kprobe(struct compact_line *line, const Tetragon__ProcessKprobe *kprobe)
{
	const struct compact_function *function = find_function(text_of(kprobe->function_name));
	struct compact_title title = { "❓", "syscall" };
	bool is_complete = function && kprobe->n_args >= function->args_min;

	if (is_complete)
		title = function->title_of ? function->title_of(kprobe) : function->title;
	else if (function)
		title.name = function->name;
	compact_add_title(line, COMPACT_BLUE, title.emoji, title.name);
	compact_add_process(line, kprobe->process);
	if (!function) {
		buf_add_char(line->out, ' ');
		text_add_printable(line->out, text_of(kprobe->function_name));
		return;
	}
	for (size_t i = 0; i < COMPACT_PARTS_MAX && function->parts[i].add; i++) {
		buf_add_char(line->out, ' ');
		if (is_complete)
			function->parts[i].add(line,
					       argument_at(kprobe, function->parts[i].argument));
	}
}
