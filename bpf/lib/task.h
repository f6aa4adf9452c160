/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * From a task_struct to the plain facts of a process: who it is, who its parent is, what it may do,
 * where it lives. Reads through BTF pointers, so a stale pointer reads as zero and never faults.
 */
#pragma once

#include "lib/maps.h"

#include <bpf/bpf_core_read.h>

/* Nobody forked the first process: its parent is the kernel, known as pid 0 since time 1. */
#define TASK_KERNEL_EXEC_NS 1

/*
 * The number of the process in its innermost pid namespace, the last of a row of flexible length.
 * The address is computed, which the verifier allows for plain numbers only: so the pointer is
 * read, not followed.
 */
static __always_inline struct upid *task_innermost_pid(struct task_struct *task)
{
	struct pid *pid;
	__u32 level;

	if (bpf_core_read(&pid, sizeof(pid), &task->thread_pid) || !pid)
		return NULL;
	level = BPF_CORE_READ(pid, level);
	return (void *)((char *)pid + bpf_core_field_offset(struct pid, numbers) +
			level * bpf_core_type_size(struct upid));
}

/* Number of the process in its innermost pid namespace; 0 when that is the initial one. */
static __always_inline __u32 task_namespace_pid(struct task_struct *task)
{
	if (!task->thread_pid->level)
		return 0;
	return BPF_CORE_READ(task_innermost_pid(task), nr);
}

static __always_inline struct wire_process *task_find_process(__u32 pid)
{
	return bpf_map_lookup_elem(&processes, &pid);
}

/*
 * The nearest of the task's real parents that is known. False: none is; then the parent has a pid
 * and no time. FLAGS gets the parent's wire_process_flag bits.
 */
static __always_inline bool task_find_parent(struct task_struct *task, struct wire_process_id *out,
					     __u32 *flags)
{
	struct task_struct *parent = task->real_parent;

	out->pid = parent->tgid;
	out->exec_ns = 0;
	out->pad = 0;
	*flags = 0;
	for (int i = 0; i < WIRE_PARENT_LEVELS_MAX; i++) {
		__u32 pid = parent->tgid;
		struct wire_process *process;

		if (!pid) {
			out->pid = 0;
			out->exec_ns = TASK_KERNEL_EXEC_NS;
			return true;
		}
		process = task_find_process(pid);
		if (process) {
			out->pid = pid;
			out->exec_ns = process->exec_ns;
			*flags = process->flags;
			return true;
		}
		parent = parent->real_parent;
	}
	return false;
}

/* A container's first process has number 1 in a pid namespace of its own; its children inherit the
 * mark. */
static __always_inline __u32 task_init_tree_flag(__u32 namespace_pid, __u32 inherited)
{
	if (namespace_pid == 1)
		return WIRE_PROCESS_IN_INIT_TREE;
	return inherited & WIRE_PROCESS_IN_INIT_TREE;
}

static __always_inline __u32 task_login_uid(struct task_struct *task)
{
	if (!bpf_core_field_exists(task->loginuid))
		return (__u32)-1;
	return task->loginuid.val;
}

/* As wait(2) will report the group: kernel/exit.c, wait_task_zombie(). */
static __always_inline __u32 task_exit_code(struct task_struct *task)
{
	if (task->signal->flags & SIGNAL_GROUP_EXIT)
		return task->signal->group_exit_code;
	return task->group_leader->exit_code;
}

/* Two 32-bit words before 6.3, one 64-bit word since: eight bytes either way, lowest capability
 * first. */
static __always_inline __u64 task_read_capabilities(const kernel_cap_t *set)
{
	__u64 bits = 0;

	if (bpf_core_read(&bits, sizeof(bits), set))
		return 0;
	return bits;
}

static __always_inline void task_read_credentials(struct task_struct *task,
						  struct wire_credentials *out)
{
	const struct cred *cred = task->cred;

	out->permitted = task_read_capabilities(&cred->cap_permitted);
	out->effective = task_read_capabilities(&cred->cap_effective);
	out->inheritable = task_read_capabilities(&cred->cap_inheritable);
	out->uid = cred->uid.val;
	out->gid = cred->gid.val;
	out->euid = cred->euid.val;
	out->egid = cred->egid.val;
	out->suid = cred->suid.val;
	out->sgid = cred->sgid.val;
	out->fsuid = cred->fsuid.val;
	out->fsgid = cred->fsgid.val;
	out->securebits = cred->securebits;
	out->pad = 0;
}

static __always_inline void task_read_namespaces(struct task_struct *task, __u32 *out)
{
	struct nsproxy *proxy = task->nsproxy;

	out[WIRE_NS_UTS] = proxy->uts_ns->ns.inum;
	out[WIRE_NS_IPC] = proxy->ipc_ns->ns.inum;
	out[WIRE_NS_MNT] = proxy->mnt_ns->ns.inum;
	out[WIRE_NS_PID] = BPF_CORE_READ(task_innermost_pid(task), ns, ns.inum);
	out[WIRE_NS_PID_FOR_CHILDREN] = proxy->pid_ns_for_children->ns.inum;
	out[WIRE_NS_NET] = proxy->net_ns->ns.inum;
	out[WIRE_NS_TIME] = proxy->time_ns->ns.inum;
	out[WIRE_NS_TIME_FOR_CHILDREN] = proxy->time_ns_for_children->ns.inum;
	out[WIRE_NS_CGROUP] = proxy->cgroup_ns->ns.inum;
	out[WIRE_NS_USER] = task->cred->user_ns->ns.inum;
}

/*
 * The cgroup whose name tells the container: the one of the v2 hierarchy, unless the task sits in
 * its root and the machine keeps its groups in v1 hierarchies.
 */
static __always_inline struct cgroup *task_container_cgroup(struct task_struct *task)
{
	struct cgroup *unified = task->cgroups->dfl_cgrp;
	struct cgroup_subsys_state *state;
	int index;

	if (unified->level ||
	    !bpf_core_enum_value_exists(enum cgroup_subsys_id___any, pids_cgrp_id___any))
		return unified;
	index = bpf_core_enum_value(enum cgroup_subsys_id___any, pids_cgrp_id___any);
	if (bpf_core_read(&state, sizeof(state), &task->cgroups->subsys[0] + index) || !state)
		return unified;
	return BPF_CORE_READ(state, cgroup);
}

static __always_inline struct kernfs_node *task_cgroup_parent(struct kernfs_node *node)
{
	struct kernfs_node___since_6_15 *renamed = (void *)node;

	if (bpf_core_field_exists(renamed->__parent))
		return BPF_CORE_READ(renamed, __parent);
	return BPF_CORE_READ(node, parent);
}
