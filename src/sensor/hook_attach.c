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
	enum hook_template templates[ATTACH_MOMENTS];
	enum bpf_prog_type type;
	enum bpf_attach_type types[ATTACH_MOMENTS];
	/* A link, or a negative errno. */
	int (*attach)(const struct attach_target *target, int program_fd, bool at_return);
};

void attachment_init(struct attachment *attachment)
{
	*attachment = (struct attachment){ .links = { -1, -1 },
					   .enters = { -1, -1 },
					   .slots = { -1, -1 } };
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

static int attach_tracepoint(const struct attach_target *target, int program_fd, bool at_return)
{
	return attach_raw_tracepoint(target->function, program_fd);
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
	_cleanup_close_ int fd = -1, link = -1;

	if (type < 0)
		return type;
	if (at_return)
		attributes.config = 1ULL << (bit < 0 ? 0 : bit);
	fd = (int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* A link (5.15) can go on without us; before, the event itself has to do. */
	link = bpf_link_create(program_fd, fd, BPF_PERF_EVENT, NULL);
	if (link >= 0)
		return ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) ? -errno : TAKE_FD(link);
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program_fd) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return TAKE_FD(fd);
}

static const struct mechanism_row mechanism_rows[MECHANISMS] = {
	[MECHANISM_FENTRY] = { { HOOK_TEMPLATE_FENTRY, HOOK_TEMPLATE_FEXIT },
			       BPF_PROG_TYPE_TRACING,
			       { BPF_TRACE_FENTRY, BPF_TRACE_FEXIT },
			       attach_trampoline },
	[MECHANISM_FMOD_RET] = { { HOOK_TEMPLATE_FMOD_RET, HOOK_TEMPLATE_FEXIT },
				 BPF_PROG_TYPE_TRACING,
				 { BPF_MODIFY_RETURN, BPF_TRACE_FEXIT },
				 attach_trampoline },
	[MECHANISM_KPROBE_MULTI] = { { HOOK_TEMPLATE_KPROBE, HOOK_TEMPLATE_KRETPROBE },
				     BPF_PROG_TYPE_KPROBE,
				     { BPF_TRACE_KPROBE_MULTI, BPF_TRACE_KPROBE_MULTI },
				     attach_kprobe_multi },
	[MECHANISM_KPROBE] = { { HOOK_TEMPLATE_KPROBE, HOOK_TEMPLATE_KRETPROBE },
			       BPF_PROG_TYPE_KPROBE,
			       { 0, 0 },
			       attach_kprobe },
	[MECHANISM_SUBSTITUTE] = { { HOOK_TEMPLATE_SYS_ENTER, HOOK_TEMPLATE_SYS_EXIT },
				   BPF_PROG_TYPE_RAW_TRACEPOINT,
				   { 0, 0 },
				   attach_tracepoint },
};

/* ---- system calls
 * --------------------------------------------------------------------------------- */

/* A link; OUT_FD is the program then. */
static int dispatch_open(struct attach_space *space, enum hook_template template,
			 const char *tracepoint, int *out_fd)
{
	static const struct wire_hook_config config;
	const struct hook_program program = { .template = template,
					      .config = &config,
					      .memory_fd = -1,
					      .parked_fd = -1,
					      .slot_fd = -1,
					      .type = BPF_PROG_TYPE_RAW_TRACEPOINT };
	_cleanup_close_ int fd = hook_program_load(space->templates, &space->stand_ins, &program);
	int link = fd < 0 ? fd : attach_raw_tracepoint(tracepoint, fd);

	if (link >= 0)
		*out_fd = TAKE_FD(fd);
	return link;
}

void dispatch_drop_unused(struct attach_space *space)
{
	if (space->dispatch_users)
		return;
	for (int i = 0; i < 2; i++) {
		cleanup_close(&space->dispatch_links[i]);
		cleanup_close(&space->dispatch_fds[i]);
		space->dispatch_links[i] = space->dispatch_fds[i] = -1;
	}
}

static void dispatch_unref(struct attach_space *space)
{
	space->dispatch_users--;
	dispatch_drop_unused(space);
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

		if (space->dispatch_links[i] >= 0) /* taken over from the agent before */
			continue;
		space->dispatch_links[i] = dispatch_open(
			space, rows[i].template, rows[i].tracepoint, &space->dispatch_fds[i]);
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
	int moment;
};

static unsigned int places_find(const struct attachment *attachment,
				const struct attach_space *space,
				const struct attach_target *target,
				struct place out[ATTACH_PLACES_MAX])
{
	const struct hook_substitute *substitute = attachment->substitute;
	struct span rest = span_of(target->is_syscall ? target->function : substitute->places);
	bool at_exit = substitute->template == HOOK_TEMPLATE_NEW_DESCRIPTOR;
	unsigned int count = 0;

	while (rest.bytes && count + 1 < ATTACH_PLACES_MAX) {
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
		out[count++].moment = ATTACH_ENTRY;
		if (at_exit)
			continue;
		out[count] = out[count - 1];
		out[count].map_fd = space->exits_fd;
		out[count++].moment = ATTACH_RETURN;
	}
	return count;
}

/* ---- the way in ---------------------------------------------------------------------------------
 */

/* The small program on the function, and the slot with what it goes on in. */
static int attachment_attach(struct attachment *attachment, struct attach_space *space,
			     const struct attach_target *target, int moment)
{
	static const struct wire_hook_config config;
	const struct mechanism_row *row = &mechanism_rows[attachment->mechanism];
	int slot = attachment->slots[moment] = hook_slot_new();
	const struct hook_program program = {
		.template = HOOK_TEMPLATE_ENTER,
		.config = &config,
		.memory_fd = -1,
		.parked_fd = -1,
		.slot_fd = slot,
		.type = row->type,
		.attach_type = row->types[moment],
		.attach_btf_id = row->type == BPF_PROG_TYPE_TRACING ? target->btf_id : 0,
	};
	_cleanup_close_ int fd =
		slot < 0 ? slot : hook_program_load(space->templates, &space->stand_ins, &program);
	int link = fd < 0 ? fd : row->attach(target, fd, moment == ATTACH_RETURN);

	attachment->links[moment] = link;
	if (link < 0)
		return link;
	attachment->enters[moment] = TAKE_FD(fd);
	return 0;
}

void attachment_drop_return(struct attachment *attachment)
{
	cleanup_close(&attachment->links[ATTACH_RETURN]);
	cleanup_close(&attachment->enters[ATTACH_RETURN]);
	cleanup_close(&attachment->slots[ATTACH_RETURN]);
	attachment->links[ATTACH_RETURN] = attachment->slots[ATTACH_RETURN] = -1;
	attachment->enters[ATTACH_RETURN] = -1;
}

int attachment_add_return(struct attachment *attachment, struct attach_space *space,
			  const struct attach_target *target)
{
	int error;

	if (attachment->mechanism == MECHANISM_SUBSTITUTE || attachment->links[ATTACH_RETURN] >= 0)
		return 0;
	error = attachment_attach(attachment, space, target, ATTACH_RETURN);
	if (error)
		attachment_drop_return(attachment);
	return error;
}

static int attachment_open_substitute(struct attachment *out, struct attach_space *space,
				      const struct attach_target *target)
{
	int error;

	out->substitute = substitute_find(target->function, target->is_syscall);
	if (!out->substitute)
		return -ENOENT;
	if (out->substitute->template == HOOK_TEMPLATE_CONNECTING) {
		const struct attach_target tracepoint = { .function = out->substitute->places };

		return attachment_attach(out, space, &tracepoint, ATTACH_ENTRY);
	}
	error = dispatch_ref(space);
	out->uses_dispatch = !error;
	return error;
}

int attachment_open(struct attachment *out, struct attach_space *space,
		    enum hook_mechanism mechanism, const struct attach_target *target,
		    bool at_return)
{
	int error;

	attachment_init(out);
	out->is_there = true;
	out->mechanism = mechanism;
	out->btf_id = target->btf_id;
	if (mechanism == MECHANISM_SUBSTITUTE) {
		error = attachment_open_substitute(out, space, target);
	} else {
		/* the return first: a call that parks something must find it there */
		error = at_return ? attachment_attach(out, space, target, ATTACH_RETURN) : 0;
		if (!error)
			error = attachment_attach(out, space, target, ATTACH_ENTRY);
	}
	if (error)
		attachment_close(out, space, target);
	return error;
}

void attachment_close(struct attachment *attachment, struct attach_space *space,
		      const struct attach_target *target)
{
	struct place places[ATTACH_PLACES_MAX];
	unsigned int count = 0;

	if (attachment->uses_dispatch)
		count = places_find(attachment, space, target, places);
	for (unsigned int i = 0; i < count; i++)
		bpf_map_delete_elem(places[i].map_fd, &places[i].index);
	attachment_forget(attachment, space);
}

void attachment_forget(struct attachment *attachment, struct attach_space *space)
{
	if (attachment->uses_dispatch)
		dispatch_unref(space);
	for (int i = 0; i < ATTACH_MOMENTS; i++) {
		cleanup_close(&attachment->links[i]);
		cleanup_close(&attachment->enters[i]);
		cleanup_close(&attachment->slots[i]);
	}
	attachment_init(attachment);
}

/* ---- programs -----------------------------------------------------------------------------------
 */

void attach_programs_init(struct attach_programs *programs)
{
	*programs = (struct attach_programs){ .fds = { -1, -1 } };
}

void attach_programs_done(struct attach_programs *programs)
{
	for (int i = 0; i < ATTACH_MOMENTS; i++)
		cleanup_close(&programs->fds[i]);
	attach_programs_init(programs);
}

static enum hook_template program_get_template(const struct attachment *attachment,
					       const struct wire_hook_config *config, int moment)
{
	bool overrides = config->flags & WIRE_HOOK_OVERRIDE;

	if (moment == ATTACH_ENTRY && attachment->substitute)
		return attachment->substitute->template;
	if (moment == ATTACH_ENTRY && overrides && attachment->mechanism == MECHANISM_KPROBE)
		return HOOK_TEMPLATE_KPROBE_OVERRIDE;
	return mechanism_rows[attachment->mechanism].templates[moment];
}

int attach_programs_load(struct attach_programs *out, const struct attach_space *space,
			 const struct attachment *attachment, const struct wire_hook_config *config,
			 int memory_fd, int parked_fd)
{
	const struct mechanism_row *row = &mechanism_rows[attachment->mechanism];
	int moments = config->flags & WIRE_HOOK_RETURNS ? ATTACH_MOMENTS : 1;

	attach_programs_init(out);
	for (int moment = 0; moment < moments; moment++) {
		const struct hook_program program = {
			.template = program_get_template(attachment, config, moment),
			.config = config,
			.memory_fd = memory_fd,
			.parked_fd = parked_fd,
			.slot_fd = -1,
			.type = row->type,
			.attach_type = row->types[moment],
			.attach_btf_id =
				row->type == BPF_PROG_TYPE_TRACING ? attachment->btf_id : 0,
		};
		int fd = hook_program_load(space->templates, &space->stand_ins, &program);

		if (fd < 0) {
			attach_programs_done(out);
			return fd;
		}
		out->fds[moment] = fd;
	}
	return 0;
}

static int slot_set(int map_fd, uint32_t index, int program_fd)
{
	if (program_fd < 0)
		return bpf_map_delete_elem(map_fd, &index) && errno != ENOENT ? -errno : 0;
	return bpf_map_update_elem(map_fd, &index, &program_fd, BPF_ANY) ? -errno : 0;
}

/* The return first, for the same reason as above. */
int attachment_put(const struct attachment *attachment, const struct attach_space *space,
		   const struct attach_target *target, const struct attach_programs *programs)
{
	struct place places[ATTACH_PLACES_MAX];
	unsigned int count = 0;
	int error = 0;

	for (int moment = ATTACH_MOMENTS; moment-- > 0 && !error;) {
		if (attachment->slots[moment] >= 0)
			error = slot_set(attachment->slots[moment], 0, programs->fds[moment]);
	}
	if (error || !attachment->uses_dispatch)
		return error;
	count = places_find(attachment, space, target, places);
	for (unsigned int i = count; i-- > 0 && !error;)
		error = slot_set(places[i].map_fd, places[i].index,
				 programs->fds[places[i].moment]);
	return error;
}
