/* SPDX-License-Identifier: Apache-2.0 */
/* One row per mechanism: which programs it takes, and how they are attached. */
#include "sensor/hook_attach.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/span.h"
#include "kernel/syscalls.h"

#define KPROBE_PMU "/sys/bus/event_source/devices/kprobe/"

struct mechanism_row {
	enum hook_template entry, exit;
	enum bpf_prog_type type;
	enum bpf_attach_type entry_type, exit_type;
	/* A link, or a negative errno. */
	int (*attach)(const struct attach_target *target, int program_fd, bool at_return);
};

void attachment_init(struct attachment *attachment)
{
	*attachment = (struct attachment){ .entry_fd = -1, .exit_fd = -1 };
}

int attach_raw_tracepoint(const char *name, int program_fd)
{
	int fd = bpf_raw_tracepoint_open(name, program_fd);

	return fd < 0 ? -errno : fd;
}

/* ---- functions
 * ------------------------------------------------------------------------------------ */

static int attach_trampoline(const struct attach_target *target, int program_fd, bool at_return)
{
	return attach_raw_tracepoint(NULL, program_fd);
}

static int attach_kprobe_multi(const struct attach_target *target, int program_fd, bool at_return)
{
	const char *symbols[] = { target->function };
	LIBBPF_OPTS(bpf_link_create_opts, options, .kprobe_multi.syms = symbols,
		    .kprobe_multi.cnt = 1,
		    .kprobe_multi.flags = at_return ? BPF_F_KPROBE_MULTI_RETURN : 0);
	int fd = bpf_link_create(program_fd, 0, BPF_TRACE_KPROBE_MULTI, &options);

	return fd < 0 ? -errno : fd;
}

static int pmu_read_number(const char *path, const char *format)
{
	FILE *file = fopen(path, "re");
	int number = -ENOENT;

	if (!file)
		return -errno;
	if (fscanf(file, format, &number) != 1)
		number = -EINVAL;
	fclose(file);
	return number;
}

static int attach_kprobe(const struct attach_target *target, int program_fd, bool at_return)
{
	int type = pmu_read_number(KPROBE_PMU "type", "%d");
	int bit = pmu_read_number(KPROBE_PMU "format/retprobe", "config:%d");
	struct perf_event_attr attributes = {
		.size = sizeof(attributes),
		.type = (uint32_t)type,
		.config1 = (uint64_t)(uintptr_t)target->function,
	};
	_cleanup_close_ int fd = -1;

	if (type < 0)
		return type;
	if (at_return)
		attributes.config = 1ULL << (bit < 0 ? 0 : bit);
	fd = (int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program_fd) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return TAKE_FD(fd);
}

static const struct mechanism_row mechanism_rows[MECHANISMS] = {
	[MECHANISM_FENTRY] = { HOOK_TEMPLATE_FENTRY, HOOK_TEMPLATE_FEXIT, BPF_PROG_TYPE_TRACING,
			       BPF_TRACE_FENTRY, BPF_TRACE_FEXIT, attach_trampoline },
	[MECHANISM_FMOD_RET] = { HOOK_TEMPLATE_FMOD_RET, HOOK_TEMPLATE_FEXIT, BPF_PROG_TYPE_TRACING,
				 BPF_MODIFY_RETURN, BPF_TRACE_FEXIT, attach_trampoline },
	[MECHANISM_KPROBE_MULTI] = { HOOK_TEMPLATE_KPROBE, HOOK_TEMPLATE_KRETPROBE,
				     BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI,
				     BPF_TRACE_KPROBE_MULTI, attach_kprobe_multi },
	[MECHANISM_KPROBE] = { HOOK_TEMPLATE_KPROBE, HOOK_TEMPLATE_KRETPROBE, BPF_PROG_TYPE_KPROBE,
			       0, 0, attach_kprobe },
};

/* ---- system calls
 * --------------------------------------------------------------------------------- */

static int dispatch_open(struct attach_space *space, enum hook_template template,
			 const char *tracepoint)
{
	static const struct wire_hook_config config;
	const struct hook_program program = { .template = template,
					      .config = &config,
					      .memory_fd = -1,
					      .parked_fd = -1,
					      .type = BPF_PROG_TYPE_RAW_TRACEPOINT };
	_cleanup_close_ int fd = hook_program_load(space->templates, &space->stand_ins, &program);

	return fd < 0 ? fd : attach_raw_tracepoint(tracepoint, fd);
}

static void dispatch_unref(struct attach_space *space)
{
	if (--space->dispatch_users)
		return;
	for (int i = 0; i < 2; i++) {
		if (space->dispatch_links[i] >= 0)
			close(space->dispatch_links[i]);
		space->dispatch_links[i] = -1;
	}
}

static int dispatch_ref(struct attach_space *space)
{
	static const struct {
		enum hook_template template;
		const char *tracepoint;
	} rows[] = { { HOOK_TEMPLATE_DISPATCH_ENTRY, "sys_enter" },
		     { HOOK_TEMPLATE_DISPATCH_EXIT, "sys_exit" } };

	if (space->dispatch_users++)
		return 0;
	for (int i = 0; i < 2; i++) {
		int error;

		space->dispatch_links[i] =
			dispatch_open(space, rows[i].template, rows[i].tracepoint);
		if (space->dispatch_links[i] >= 0)
			continue;
		error = space->dispatch_links[i];
		dispatch_unref(space);
		return error;
	}
	return 0;
}

/* Places in the two tables, by the substitute's kind. */
struct place {
	int map_fd;
	uint32_t index;
	int program_fd;
};

static unsigned int places_find(const struct attachment *attachment,
				const struct attach_space *space,
				const struct attach_target *target,
				struct place out[ATTACH_SLOTS_MAX])
{
	const struct hook_substitute *substitute = attachment->substitute;
	struct span rest = span_of(target->is_syscall ? target->function : substitute->places);
	bool at_exit = substitute->template == HOOK_TEMPLATE_NEW_DESCRIPTOR;
	unsigned int count = 0;

	while (rest.bytes && count + 1 < ATTACH_SLOTS_MAX) {
		struct span name = span_cut(&rest, ' ');
		char word[64];
		int number;

		snprintf(word, sizeof(word), "%.*s", (int)name.bytes, name.data);
		number = syscall_find_number(word);
		if (number < 0)
			continue;
		out[count].map_fd = at_exit ? space->exits_fd : space->entries_fd;
		out[count].index =
			(uint32_t)number + (target->is_syscall ? 0 : ATTACH_SUBSTITUTE_OFFSET);
		out[count++].program_fd = attachment->entry_fd;
		if (attachment->exit_fd < 0)
			continue;
		out[count] = out[count - 1];
		out[count].map_fd = space->exits_fd;
		out[count++].program_fd = attachment->exit_fd;
	}
	return count;
}

/* ---- loading
 * -------------------------------------------------------------------------------------- */

static int load_one(struct attach_space *space, const struct attach_target *target,
		    struct hook_program program)
{
	program.config = target->config;
	program.memory_fd = target->memory_fd;
	program.parked_fd = target->parked_fd;
	return hook_program_load(space->templates, &space->stand_ins, &program);
}

static int load_substitute(struct attachment *out, struct attach_space *space,
			   const struct attach_target *target)
{
	struct hook_program program = { .type = BPF_PROG_TYPE_RAW_TRACEPOINT };

	out->substitute = substitute_find(target->function, target->is_syscall);
	if (!out->substitute)
		return -ENOENT;
	program.template = out->substitute->template;
	out->entry_fd = load_one(space, target, program);
	if (out->entry_fd < 0)
		return out->entry_fd;
	if (!(target->config->flags & WIRE_HOOK_RETURNS))
		return 0;
	program.template = HOOK_TEMPLATE_SYS_EXIT;
	out->exit_fd = load_one(space, target, program);
	return out->exit_fd < 0 ? out->exit_fd : 0;
}

static int load_and_attach(struct attachment *out, struct attach_space *space,
			   const struct attach_target *target, bool at_return)
{
	const struct mechanism_row *row = &mechanism_rows[out->mechanism];
	bool overrides =
		target->config->flags & WIRE_HOOK_OVERRIDE && out->mechanism == MECHANISM_KPROBE;
	struct hook_program program = {
		.template = at_return ? row->exit : row->entry,
		.type = row->type,
		.attach_type = at_return ? row->exit_type : row->entry_type,
		.attach_btf_id = row->type == BPF_PROG_TYPE_TRACING ? target->btf_id : 0,
	};
	int *fd = at_return ? &out->exit_fd : &out->entry_fd;
	int link;

	if (overrides && !at_return)
		program.template = HOOK_TEMPLATE_KPROBE_OVERRIDE;
	*fd = load_one(space, target, program);
	if (*fd < 0)
		return *fd;
	link = row->attach(target, *fd, at_return);
	if (link < 0)
		return link;
	out->links[out->links_count++] = link;
	return 0;
}

int attachment_load(struct attachment *out, struct attach_space *space,
		    enum hook_mechanism mechanism, const struct attach_target *target)
{
	int error = 0;

	attachment_init(out);
	out->mechanism = mechanism;
	if (mechanism == MECHANISM_SUBSTITUTE)
		return load_substitute(out, space, target);
	/* the return first: a call that parks something must find it there */
	if (target->config->flags & WIRE_HOOK_RETURNS)
		error = load_and_attach(out, space, target, true);
	return error ? error : load_and_attach(out, space, target, false);
}

int attachment_enter(struct attachment *attachment, struct attach_space *space,
		     const struct attach_target *target)
{
	struct place places[ATTACH_SLOTS_MAX];
	unsigned int count;
	int error;

	if (attachment->mechanism != MECHANISM_SUBSTITUTE)
		return 0;
	if (attachment->substitute->template == HOOK_TEMPLATE_CONNECTING) {
		int link =
			attach_raw_tracepoint(attachment->substitute->places, attachment->entry_fd);

		if (link >= 0)
			attachment->links[attachment->links_count++] = link;
		return link < 0 ? link : 0;
	}
	error = dispatch_ref(space);
	if (error)
		return error;
	attachment->uses_dispatch = true;
	count = places_find(attachment, space, target, places);
	for (unsigned int i = 0; i < count; i++) {
		if (bpf_map_update_elem(places[i].map_fd, &places[i].index, &places[i].program_fd,
					BPF_ANY))
			return -errno;
	}
	return 0;
}

void attachment_leave(struct attachment *attachment, struct attach_space *space,
		      const struct attach_target *target, bool replaced)
{
	struct place places[ATTACH_SLOTS_MAX];
	unsigned int count = 0;

	if (attachment->uses_dispatch && !replaced)
		count = places_find(attachment, space, target, places);
	for (unsigned int i = 0; i < count; i++)
		bpf_map_delete_elem(places[i].map_fd, &places[i].index);
	if (attachment->uses_dispatch)
		dispatch_unref(space);
	for (unsigned int i = 0; i < attachment->links_count; i++)
		close(attachment->links[i]);
	cleanup_close(&attachment->entry_fd);
	cleanup_close(&attachment->exit_fd);
	attachment_init(attachment);
}
