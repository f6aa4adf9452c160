/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compact form: one row per kind of event, and what all lines share (titles, who, colours, the
 * trailer of capabilities). Kprobe events are compact_kprobe.c's.
 */
#include "event/compact_line.h"

#include "event/kind.h"
#include "event/text.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

/* The trailer ends at this column, counted in bytes with the escapes of colours (upstream's way).
 */
enum { COMPACT_TRAILER_COLUMN = 120 };

static const char *text_of(const char *text)
{
	return text ? text : "";
}

void compact_begin_color(struct compact_line *line, enum compact_color color)
{
	if (line->options->color)
		buf_add_format(line->out, "\x1b[%dm", (int)color);
}

void compact_end_color(struct compact_line *line)
{
	if (line->options->color)
		buf_add_text(line->out, "\x1b[0m");
}

void compact_add_title(struct compact_line *line, enum compact_color color, const char *emoji,
		       const char *name)
{
	compact_begin_color(line, color);
	buf_add_format(line->out, "%s %-7s", emoji, name);
	compact_end_color(line);
}

void compact_add_quoted(struct compact_line *line, enum compact_color color, const char *text)
{
	compact_begin_color(line, color);
	text_add_quoted(line->out, text_of(text));
	compact_end_color(line);
}

void compact_add_process(struct compact_line *line, const Tetragon__Process *process)
{
	buf_add_char(line->out, ' ');
	compact_begin_color(line, COMPACT_GREEN);
	if (process->pod) {
		text_add_printable(line->out, text_of(process->pod->namespace_));
		buf_add_char(line->out, '/');
		text_add_printable(line->out, text_of(process->pod->name));
	} else {
		text_add_quoted(line->out, line->node_name);
	}
	compact_end_color(line);
	buf_add_char(line->out, ' ');
	compact_add_quoted(line, COMPACT_MAGENTA, process->binary);
}

static void add_plain(struct compact_line *line, const char *text)
{
	buf_add_char(line->out, ' ');
	text_add_printable(line->out, text_of(text));
}

static void add_plain_quoted(struct compact_line *line, const char *text)
{
	buf_add_char(line->out, ' ');
	text_add_quoted(line->out, text_of(text));
}

static void add_exec(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessExec *exec = event;

	compact_add_title(line, COMPACT_BLUE, "🚀", "process");
	compact_add_process(line, exec->process);
	buf_add_char(line->out, ' ');
	compact_add_quoted(line, COMPACT_CYAN, exec->process->arguments);
}

static void add_exit(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessExit *exit = event;

	compact_add_title(line, COMPACT_BLUE, "💥", "exit");
	compact_add_process(line, exit->process);
	buf_add_char(line->out, ' ');
	compact_add_quoted(line, COMPACT_CYAN, exit->process->arguments);
	buf_add_char(line->out, ' ');
	compact_begin_color(line, COMPACT_RED);
	if (*text_of(exit->signal))
		text_add_printable(line->out, exit->signal);
	else
		buf_add_uint(line->out, exit->status);
	compact_end_color(line);
}

static void add_throttle(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessThrottle *throttle = event;
	bool is_start = throttle->type == TETRAGON__THROTTLE_TYPE__THROTTLE_START;

	compact_add_title(line, COMPACT_RED, "🧬", "throttle");
	buf_add_char(line->out, ' ');
	if (is_start || throttle->type == TETRAGON__THROTTLE_TYPE__THROTTLE_STOP) {
		compact_begin_color(line, is_start ? COMPACT_RED : COMPACT_GREEN);
		buf_add_text(line->out, is_start ? "START" : "STOP ");
		compact_end_color(line);
	}
	add_plain_quoted(line, throttle->cgroup);
}

static void add_loader(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessLoader *loader = event;

	compact_add_title(line, COMPACT_BLUE, "🧬", "loader");
	compact_add_process(line, loader->process);
	buf_add_char(line->out, ' ');
	for (size_t i = 0; i < loader->buildid.len; i++)
		buf_add_format(line->out, "%02x", loader->buildid.data[i]);
	if (loader->buildid.len)
		buf_add_char(line->out, ' ');
	compact_add_quoted(line, COMPACT_YELLOW, loader->path);
}

static void add_kprobe(struct compact_line *line, const void *event)
{
	compact_add_kprobe(line, event);
}

static void add_tracepoint(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessTracepoint *tracepoint = event;

	if (!strcmp(text_of(tracepoint->subsys), "raw_syscalls") &&
	    !strcmp(text_of(tracepoint->event), "sys_enter")) {
		compact_add_title(line, COMPACT_BLUE, "☎ ", "syscall");
		compact_add_process(line, tracepoint->process);
		buf_add_char(line->out, ' ');
		compact_add_syscall(line, tracepoint);
		return;
	}
	compact_add_title(line, COMPACT_BLUE, "⁉️", "tracepoint");
	compact_add_process(line, tracepoint->process);
	add_plain(line, tracepoint->subsys);
	add_plain(line, tracepoint->event);
}

static void add_uprobe(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessUprobe *uprobe = event;

	compact_add_title(line, COMPACT_BLUE, "🕵️", "uprobe");
	compact_add_process(line, uprobe->process);
	add_plain_quoted(line, uprobe->path);
	add_plain_quoted(line, uprobe->symbol);
}

static void add_usdt(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessUsdt *usdt = event;

	compact_add_title(line, COMPACT_BLUE, "🕵️", "usdt");
	compact_add_process(line, usdt->process);
	add_plain_quoted(line, usdt->path);
	add_plain_quoted(line, usdt->provider);
	add_plain_quoted(line, usdt->name);
}

static void add_lsm(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessLsm *lsm = event;

	compact_add_title(line, COMPACT_BLUE, "🔒", "LSM");
	compact_add_process(line, lsm->process);
	add_plain(line, lsm->function_name);
}

static void add_test(struct compact_line *line, const void *event)
{
	buf_add_text(line->out, "TEST EVENT");
}

/* Ours: where records were lost, how many, and why. */
static void add_gap(struct compact_line *line, const void *event)
{
	const Tetragon__Gap *gap = event;

	compact_add_title(line, COMPACT_RED, "⚠️", "gap");
	buf_add_char(line->out, ' ');
	compact_begin_color(line, COMPACT_GREEN);
	text_add_quoted(line->out, line->node_name);
	compact_end_color(line);
	add_plain(line, gap->where);
	if (gap->cpu)
		buf_add_format(line->out, " cpu %" PRIu32, gap->cpu->value);
	buf_add_format(line->out, ": %" PRIu64 " record%s lost", gap->lost,
		       gap->lost == 1 ? "" : "s");
	for (size_t i = 0; i < gap->n_counts; i++) {
		buf_add_format(line->out, "%s%" PRIu64, i ? ", " : " (", gap->counts[i]->count);
		add_plain(line, gap->counts[i]->record);
		add_plain(line, gap->counts[i]->reason);
	}
	if (gap->n_counts)
		buf_add_char(line->out, ')');
}

/* A stack trace has one line per frame; an escape ends after the newline, as upstream's does. */
static void add_frames(struct compact_line *line, Tetragon__StackTraceEntry *const *frames,
		       size_t count, bool is_kernel)
{
	if (count)
		buf_add_text(line->out, is_kernel ? "Kernel:\n" : "User:\n");
	for (size_t i = 0; i < count; i++) {
		const Tetragon__StackTraceEntry *frame = frames[i];

		compact_begin_color(line, COMPACT_GREEN);
		buf_add_format(line->out, "   0x%" PRIx64 ":", frame->address);
		compact_end_color(line);
		if (is_kernel || *text_of(frame->symbol)) {
			compact_begin_color(line, COMPACT_BLUE);
			add_plain_quoted(line, frame->symbol);
			compact_end_color(line);
		}
		if (is_kernel)
			buf_add_char(line->out, '+');
		compact_begin_color(line, COMPACT_YELLOW);
		if (!is_kernel) {
			buf_add_text(line->out, " (");
			text_add_quoted(line->out, text_of(frame->module));
			buf_add_char(line->out, '+');
		}
		buf_add_format(line->out, "0x%" PRIx64 "%s\n", frame->offset, is_kernel ? "" : ")");
		compact_end_color(line);
	}
}

static void add_stack_traces(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessKprobe *kprobe = event;

	if (!line->options->stack_traces)
		return;
	add_frames(line, kprobe->kernel_stack_trace, kprobe->n_kernel_stack_trace, true);
	add_frames(line, kprobe->user_stack_trace, kprobe->n_user_stack_trace, false);
}

/* The hooks whose first argument names the file that was hashed. */
static bool is_hashing_hook(const char *function)
{
#define IMA_HOOK(name) name,
	static const char *const hooks[] = {
#include "wire/ima_hooks.def"
	};
#undef IMA_HOOK

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (!strcmp(hooks[i], function))
			return true;
	}
	return false;
}

static void add_ima_hash(struct compact_line *line, const void *event)
{
	const Tetragon__ProcessLsm *lsm = event;
	const Tetragon__KprobeArgument *first = lsm->n_args ? lsm->args[0] : NULL;
	const char *path = "";

	if (!line->options->ima_hash || !*text_of(lsm->ima_hash) || !first ||
	    !is_hashing_hook(text_of(lsm->function_name)))
		return;
	if (first->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_LINUX_BINPRM_ARG)
		path = text_of(first->linux_binprm_arg->path);
	else if (first->arg_case == TETRAGON__KPROBE_ARGUMENT__ARG_FILE_ARG)
		path = text_of(first->file_arg->path);
	if (!*path)
		return;
	compact_begin_color(line, COMPACT_GREEN);
	buf_add_text(line->out, "   ");
	text_add_quoted(line->out, path);
	compact_end_color(line);
	compact_begin_color(line, COMPACT_BLUE);
	add_plain(line, lsm->ima_hash);
	buf_add_char(line->out, '\n');
	compact_end_color(line);
}

/* EVENT is the member of the oneof. */
typedef void compact_add(struct compact_line *line, const void *event);

struct compact_kind {
	Tetragon__GetEventsResponse__EventCase event;
	compact_add *add;
	compact_add *add_below; /* lines below it; NULL: none */
};

#define EVENT(name) TETRAGON__GET_EVENTS_RESPONSE__EVENT_##name

static const struct compact_kind kinds[] = {
	{ EVENT(PROCESS_EXEC), add_exec },
	{ EVENT(PROCESS_EXIT), add_exit },
	{ EVENT(PROCESS_KPROBE), add_kprobe, add_stack_traces },
	{ EVENT(PROCESS_TRACEPOINT), add_tracepoint },
	{ EVENT(PROCESS_LOADER), add_loader },
	{ EVENT(PROCESS_UPROBE), add_uprobe },
	{ EVENT(PROCESS_USDT), add_usdt },
	{ EVENT(PROCESS_LSM), add_lsm, add_ima_hash },
	{ EVENT(PROCESS_THROTTLE), add_throttle },
	{ EVENT(TEST), add_test },
	{ EVENT(GAP), add_gap },
};

static const struct compact_kind *find_kind(const Tetragon__GetEventsResponse *event)
{
	/* All members of the oneof are pointers that share their place. */
	if (!event->process_exec)
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].event == event->event_case)
			return &kinds[i];
	}
	return NULL;
}

/* How many characters the escapes of a colour around a text take. */
static size_t color_characters(const struct compact_line *line)
{
	return line->options->color ? strlen("\x1b[35m\x1b[0m") : 0;
}

/*
 * Upstream takes positions in the list of effective capabilities for their numbers: the trailer
 * shows when the list is longer than the number of CAP_SYS_ADMIN. With colours, an empty one
 * follows every line.
 */
static void add_trailer(struct compact_line *line, size_t start, const Tetragon__Process *process)
{
	const size_t position = TETRAGON__CAPABILITIES_TYPE__CAP_SYS_ADMIN;
	bool has_admin = process->cap && process->cap->n_effective > position;
	size_t characters = color_characters(line);
	size_t used = line->out->bytes - start;

	if (!has_admin && !line->options->color)
		return;
	if (has_admin)
		characters += 2 + strlen("CAP_SYS_ADMIN"); /* the sign and a space */
	buf_add_char(line->out, ' ');
	for (; used + characters < COMPACT_TRAILER_COLUMN; used++)
		buf_add_char(line->out, ' ');
	compact_begin_color(line, COMPACT_MAGENTA);
	buf_add_text(line->out, has_admin ? "🛑 CAP_SYS_ADMIN" : "");
	compact_end_color(line);
}

static void add_time(struct buf *out, const Google__Protobuf__Timestamp *time)
{
	if (!buf_reserve(out, TEXT_TIME_BYTES_MAX + 1))
		return;
	out->bytes = (size_t)(text_put_time(out->data + out->bytes, time ? time->seconds : 0,
					    time ? time->nanos : 0, TEXT_FRACTION_FULL) -
			      out->data);
	buf_add_char(out, ' ');
}

int compact_add_event(struct buf *out, const Tetragon__GetEventsResponse *event,
		      const struct compact_options *options)
{
	const struct compact_kind *kind = find_kind(event);
	struct compact_line line = { out, options, text_of(event->node_name) };
	const Tetragon__Process *process;
	size_t start = out->bytes;
	size_t text_start;
	const void *member;

	if (!kind)
		return -EINVAL;
	member = event->process_exec;
	process = event_look(event).process;
	if (!process && event_kind_find((int)event->event_case)->process)
		return -EINVAL;
	if (options->timestamps)
		add_time(out, event->time);
	text_start = out->bytes;
	kind->add(&line, member);
	if (process)
		add_trailer(&line, text_start, process);
	buf_add_char(out, '\n');
	if (kind->add_below)
		kind->add_below(&line, member);
	if (!out->failed)
		return 0;
	out->bytes = start;
	return -ENOMEM;
}
