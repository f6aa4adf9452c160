// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Hooks: one program per way to be called, each the same sentence (lib/hook.h). In: the call. Out:
 * see there.
 *
 * Nothing here is loaded as it stands: libbpf relocates it once, and src/sensor/hook_template.c
 * keeps the instructions. Each hook is then loaded with its own configuration in place of `hook`,
 * and its own memory in place of `hook_memory`.
 */
#include "lib/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "lib/hook.h"
#include "lib/mark.h"

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";

/* Registers of a system call: numbers of the arguments in the order of the ABI. */
static __always_inline void hook_read_registers(struct hook_scratch *scratch,
						const struct pt_regs *registers)
{
	struct pt_regs all;

	if (bpf_probe_read_kernel(&all, sizeof(all), registers))
		__builtin_memset(&all, 0, sizeof(all));
	scratch->arguments[0] = all.di;
	scratch->arguments[1] = all.si;
	scratch->arguments[2] = all.dx;
	scratch->arguments[3] = all.r10;
	scratch->arguments[4] = all.r8;
	scratch->arguments[5] = all.r9;
}

static __always_inline struct hook_scratch *hook_take(__u32 half)
{
	struct hook_scratch *scratch = hook_take_scratch();

	if (scratch)
		scratch->half = half;
	else
		hook_count_loss(WIRE_DROP_SCRATCH_BUSY);
	return scratch;
}

/* Rules and a scratch for a call; NULL: it cannot be looked at. */
static __always_inline struct hook_scratch *hook_begin(char **rules)
{
	__u32 half;

	*rules = rules_find(&half);
	return hook_take(half);
}

/* ---- the way in
 * ---------------------------------------------------------------------------------- */

/*
 * What is attached to a function for good. The hook's program of the moment stands in a table and
 * is replaced there in one step: no call meets two of them or none, and the function is left alone.
 */
SEC("hook/enter")
int hook_enter(void *context)
{
	bpf_tail_call(context, &hook_slot, 0);
	return 0;
}

/* ---- trampolines
 * ---------------------------------------------------------------------------------- */

static __always_inline void hook_read_trampoline(void *context, struct hook_scratch *scratch)
{
	for (__u32 i = 0; i < 6 && i < hook.arguments_count; i++)
		bpf_get_func_arg(context, i, &scratch->arguments[i]);
	if (hook.flags & WIRE_HOOK_SYSCALL)
		hook_read_registers(scratch, (const struct pt_regs *)scratch->arguments[0]);
}

static __always_inline __s64 hook_run_trampoline(void *context)
{
	__u64 file = 0;
	struct hook_scratch *scratch;
	char *rules;
	__u32 half;
	__s64 error;

	rules = rules_find(&half);
	if (hook.filtered) {
		bpf_get_func_arg(context, hook.filtered - 1, &file);
		if (filter_excludes(rules, (const struct file *)file))
			return 0;
	}
	scratch = hook_take(half);
	if (!scratch)
		return 0;
	hook_read_trampoline(context, scratch);
	hook_at_entry(rules, scratch);
	error = scratch->override_error;
	hook_give_scratch(scratch);
	return error;
}

SEC("hook/fentry")
int hook_fentry(__u64 *context)
{
	hook_run_trampoline(context);
	return 0;
}

SEC("hook/fmod_ret")
int hook_fmod_ret(__u64 *context)
{
	return hook_run_trampoline(context);
}

SEC("hook/fexit")
int hook_fexit(__u64 *context)
{
	char *rules;
	struct hook_scratch *scratch = hook_begin(&rules);

	if (!scratch)
		return 0;
	bpf_get_func_ret(context, &scratch->result);
	hook_at_return(rules, scratch);
	hook_give_scratch(scratch);
	return 0;
}

/* ---- kprobes
 * --------------------------------------------------------------------------------------- */

static __always_inline void hook_read_kprobe(struct pt_regs *context, struct hook_scratch *scratch)
{
	scratch->arguments[0] = context->di;
	scratch->arguments[1] = context->si;
	scratch->arguments[2] = context->dx;
	scratch->arguments[3] = context->cx;
	scratch->arguments[4] = context->r8;
	scratch->arguments[5] = context->r9;
	if (hook.flags & WIRE_HOOK_SYSCALL)
		hook_read_registers(scratch, (const struct pt_regs *)scratch->arguments[0]);
}

static __always_inline __s64 hook_run_kprobe(struct pt_regs *context)
{
	char *rules;
	struct hook_scratch *scratch = hook_begin(&rules);
	__s64 error;

	if (!scratch)
		return 0;
	hook_read_kprobe(context, scratch);
	hook_at_entry(rules, scratch);
	error = scratch->override_error;
	hook_give_scratch(scratch);
	return error;
}

SEC("hook/kprobe")
int hook_kprobe(struct pt_regs *context)
{
	hook_run_kprobe(context);
	return 0;
}

SEC("hook/kprobe_override")
int hook_kprobe_override(struct pt_regs *context)
{
	__s64 error = hook_run_kprobe(context);

	if (error)
		bpf_override_return(context, error);
	return 0;
}

SEC("hook/kretprobe")
int hook_kretprobe(struct pt_regs *context)
{
	char *rules;
	struct hook_scratch *scratch = hook_begin(&rules);

	if (!scratch)
		return 0;
	scratch->result = context->ax;
	hook_at_return(rules, scratch);
	hook_give_scratch(scratch);
	return 0;
}

/* ---- substitutes: system calls
 * ------------------------------------------------------------------------ */

/* One program on each of the two tracepoints; it goes on in the program of that system call, if
 * there is one. */
static __always_inline bool syscall_is_native(struct task_struct *task)
{
	return !(task->thread_info.status & TS_COMPAT);
}

SEC("hook/dispatch_entry")
int hook_dispatch_entry(__u64 *context)
{
	__u32 number = context[1];

	if (number >= WIRE_SYSCALLS_MAX || !syscall_is_native(bpf_get_current_task_btf()))
		return 0;
	bpf_tail_call(context, &syscall_entries, number);
	bpf_tail_call(context, &syscall_entries, WIRE_SYSCALLS_MAX + number);
	return 0;
}

SEC("hook/dispatch_exit")
int hook_dispatch_exit(__u64 *context)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct pt_regs *registers = (const struct pt_regs *)context[0];
	__u64 number = ~0ULL;

	if (syscall_is_native(task))
		bpf_core_read(&number, sizeof(number), &registers->orig_ax);
	if (number >= WIRE_SYSCALLS_MAX)
		return 0;
	bpf_tail_call(context, &syscall_exits, (__u32)number);
	bpf_tail_call(context, &syscall_exits, WIRE_SYSCALLS_MAX + (__u32)number);
	return 0;
}

/* Behind a hook of the system call itself comes that of a function that it stands for. */
static __always_inline void syscall_go_on(void *context, void *table, __u64 number)
{
	if (hook.flags & WIRE_HOOK_SYSCALL && number < WIRE_SYSCALLS_MAX)
		bpf_tail_call(context, table, WIRE_SYSCALLS_MAX + (__u32)number);
}

/* The system call's own arguments: also for functions that take the same ones. */
SEC("hook/sys_enter")
int hook_sys_enter(__u64 *context)
{
	char *rules;
	struct hook_scratch *scratch = hook_begin(&rules);

	if (scratch) {
		hook_read_registers(scratch, (const struct pt_regs *)context[0]);
		hook_at_entry(rules, scratch);
		hook_give_scratch(scratch);
	}
	syscall_go_on(context, &syscall_entries, context[1]);
	return 0;
}

SEC("hook/sys_exit")
int hook_sys_exit(__u64 *context)
{
	const struct pt_regs *registers = (const struct pt_regs *)context[0];
	char *rules;
	struct hook_scratch *scratch = hook_begin(&rules);

	if (scratch) {
		scratch->result = context[1];
		hook_at_return(rules, scratch);
		hook_give_scratch(scratch);
	}
	syscall_go_on(context, &syscall_exits, BPF_CORE_READ(registers, orig_ax));
	return 0;
}

/* fd_install(fd, file), when a system call returns a new descriptor. */
SEC("hook/new_descriptor")
int hook_new_descriptor(__u64 *context)
{
	__s64 result = context[1];
	struct hook_scratch *scratch;
	struct file *file;
	char *rules;
	__u32 half;

	if (result < 0)
		return 0;
	rules = rules_find(&half);
	file = arg_find_fd(result);
	if (hook.filtered && filter_excludes(rules, file))
		return 0;
	scratch = hook_take(half);
	if (!scratch)
		return 0;
	scratch->arguments[0] = result;
	scratch->arguments[1] = (__u64)file;
	hook_at_entry(rules, scratch);
	hook_give_scratch(scratch);
	return 0;
}

/* tcp_connect(sk): the socket goes from CLOSE to SYN_SENT, which it is in when the function is
 * called. */
enum { TCP_SYN_SENT = 2, TCP_CLOSE = 7 };

SEC("hook/connecting")
int hook_connecting(__u64 *context)
{
	struct hook_scratch *scratch;
	char *rules;

	if ((__u32)context[1] != TCP_CLOSE || (__u32)context[2] != TCP_SYN_SENT)
		return 0;
	scratch = hook_begin(&rules);
	if (!scratch)
		return 0;
	scratch->arguments[0] = context[0];
	scratch->socket_state = TCP_SYN_SENT;
	hook_at_entry(rules, scratch);
	scratch->socket_state = 0;
	hook_give_scratch(scratch);
	return 0;
}

/* ---- marks of processes: see lib/mark.h
 * -----------------------------------------------------------------
 */

/* Behind the exec program on the same tracepoint. */
SEC("hook/mark_exec")
int hook_mark_exec(__u64 *context)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct wire_process *process = task_find_process(pid);
	struct hook_scratch *scratch;
	__u32 half;
	char *rules = rules_find(&half);

	if (!process)
		return 0;
	scratch = hook_take(half);
	if (!scratch)
		return 0;
	mark_image(rules, scratch, process);
	mark_pid(rules, scratch, pid);
	hook_give_scratch(scratch);
	return 0;
}

SEC("hook/mark_fork")
int hook_mark_fork(__u64 *context)
{
	const struct task_struct *child = (const struct task_struct *)context[1];
	__u32 half, pid = BPF_CORE_READ(child, tgid);
	struct wire_process *process = task_find_process(pid);
	char *rules = rules_find(&half);
	struct hook_scratch *scratch;

	if (!process || pid != (__u32)BPF_CORE_READ(child, pid))
		return 0;
	scratch = hook_take(half);
	if (!scratch)
		return 0;
	mark_pid(rules, scratch, pid);
	hook_give_scratch(scratch);
	return 0;
}

/* ---- what a process starts with, for those who ask what has changed ----------------------------
 */

/* What the calling process has, noted as what the process PID began with. */
static __always_inline int note_process(__u32 pid)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct wire_process *process = task_find_process(pid);
	struct hook_scratch *scratch;

	if (!process)
		return 0;
	scratch = hook_take(0); /* no rules are read */
	if (!scratch)
		return 0;
	scratch->now.exec_ns = process->exec_ns;
	task_read_namespaces(task, scratch->now.namespaces);
	task_read_capability_sets(task, &scratch->now.capabilities);
	baseline_store(scratch, pid);
	hook_give_scratch(scratch);
	return 0;
}

SEC("hook/note_exec")
int hook_note_exec(__u64 *context)
{
	return note_process(bpf_get_current_pid_tgid() >> 32);
}

SEC("hook/note_fork")
int hook_note_fork(__u64 *context)
{
	const struct task_struct *child = (const struct task_struct *)context[1];
	__u32 pid = BPF_CORE_READ(child, tgid);

	return pid == (__u32)BPF_CORE_READ(child, pid) ? note_process(pid) : 0;
}

/* The last thread of a process leaves. */
SEC("hook/note_exit")
int hook_note_exit(__u64 *context)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (!bpf_get_current_task_btf()->signal->live.counter)
		bpf_map_delete_elem(&baselines, &pid);
	return 0;
}

/* What user space found out about a process that is older than the mark. */
SEC("hook/mark_set")
int hook_mark_set(struct wire_mark_change *change)
{
	__u32 pid = change->id.pid;
	struct wire_process *process = task_find_process(pid);

	if (!process || process->exec_ns != change->id.exec_ns)
		return 0;
	for (__u32 i = 0; i < WIRE_MARK_WORDS; i++) {
		__sync_fetch_and_and(&process->marks[i], ~change->clear[i]);
		__sync_fetch_and_or(&process->marks[i], change->set[i]);
	}
	return 1;
}

/* ---- workloads: groups below a container's belong to it
 * ---------------------------------------------------
 */

SEC("hook/cgroup_made")
int hook_cgroup_made(__u64 *context)
{
	const struct cgroup *made = (const struct cgroup *)context[0];
	struct kernfs_node *node = BPF_CORE_READ(made, kn);
	__u64 id = BPF_CORE_READ(node, id), parent = BPF_CORE_READ(task_cgroup_parent(node), id);
	const __u32 *workload = bpf_map_lookup_elem(&workloads, &parent);

	if (workload)
		bpf_map_update_elem(&workloads, &id, workload, BPF_ANY);
	return 0;
}

SEC("hook/cgroup_removed")
int hook_cgroup_removed(__u64 *context)
{
	const struct cgroup *removed = (const struct cgroup *)context[0];
	__u64 id = BPF_CORE_READ(removed, kn, id);

	bpf_map_delete_elem(&workloads, &id);
	return 0;
}
