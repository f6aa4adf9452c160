// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * The process sensor: who lives, who becomes whom, who dies. In: fork, exec and exit through BTF
 * raw tracepoints, and once all tasks that are older than the agent. Out: the process map and
 * records in the lifecycle ring.
 *
 * Tracepoints run with preemption off up to 6.18; `scratch_busy` guards the per-processor scratch
 * on kernels that change this, and says so when it had to.
 */
#include "lib/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "wire/record.h"
#include "lib/maps.h"
#include "lib/task.h"
#include "lib/path.h"
#include "lib/emit.h"

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";

static __always_inline void process_remember(struct wire_ring_state *state, __u32 pid,
					     const struct wire_process *process)
{
	if (!bpf_map_update_elem(&processes, &pid, process, BPF_ANY))
		return;
	state->untracked++;
	map_was_full = true;
}

/* A child runs what its parent runs. */
static __always_inline void process_inherit_marks(struct wire_process *child, __u32 parent)
{
	const struct wire_process *process = task_find_process(parent);

	if (!process)
		return;
	for (int i = 0; i < WIRE_MARK_WORDS; i++)
		child->marks[i] = process->marks[i];
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct wire_ring_state *state = emit_ring_state(WIRE_RING_LIFECYCLE);
	struct wire_process process = {};
	struct wire_fork *record;
	__u32 namespace_pid, inherited;

	if (child->pid != child->tgid || !state)
		return 0;
	namespace_pid = task_namespace_pid(child);
	if (!task_find_parent(child, &process.parent, &inherited))
		process.flags |= WIRE_PROCESS_MISS;
	process.exec_ns = process.start_ns = child->start_boottime;
	process.flags |= WIRE_PROCESS_CLONE | task_init_tree_flag(namespace_pid, inherited);
	if (child->flags & PF_KTHREAD)
		process.flags |= WIRE_PROCESS_KERNEL_THREAD;
	process_inherit_marks(&process, parent->tgid);
	process_remember(state, child->tgid, &process);

	record = emit_reserve(state, WIRE_RECORD_FORK, sizeof(*record));
	if (!record)
		return 0;
	record->id.exec_ns = process.exec_ns;
	record->id.pid = child->tgid;
	record->id.pad = 0;
	record->parent = process.parent;
	record->start_ns = process.start_ns;
	record->flags = process.flags;
	record->namespace_pid = namespace_pid;
	emit_submit(record);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct wire_ring_state *state = emit_ring_state(WIRE_RING_LIFECYCLE);
	__u32 pid = task->tgid;
	struct wire_process process = {};
	struct wire_process *known;
	struct wire_exit *record;

	if (task->signal->live.counter > 0 || !state)
		return 0;
	known = task_find_process(pid);
	if (known)
		process = *known;
	/*
	 * Two last threads can both see live == 0: the one that takes the entry out tells. Without
	 * an entry nobody did, unless the map had no room for it: then the exit of an unknown
	 * process is told.
	 */
	if (bpf_map_delete_elem(&processes, &pid) && !map_was_full)
		return 0;
	record = emit_reserve(state, WIRE_RECORD_EXIT, sizeof(*record));
	if (!record)
		return 0;
	record->id.exec_ns = process.exec_ns;
	record->id.pid = pid;
	record->id.pad = 0;
	record->start_ns = task->group_leader->start_boottime;
	record->code = task_exit_code(task);
	record->flags = process.flags;
	if (task->flags & PF_KTHREAD) /* also when it was not known */
		record->flags |= WIRE_PROCESS_KERNEL_THREAD;
	emit_submit(record);
	return 0;
}

/* A function that is verified on its own: see address_of(). */
#define SEPARATE __attribute__((noinline))

#define PATH_RESULT(end, bytes) ((int)(end) << 16 | (int)(bytes))

/* Builds a path and appends it. PATH_RESULT of how the walk ended and its length; 0 bytes: it is
 * the root. */
SEPARATE int exec_add_path(__u32 kind, __u64 path, __u64 root)
{
	struct exec_scratch *scratch = scratch_find(kind);
	enum path_end end;
	__u32 at, bytes, used;

	if (!scratch)
		return PATH_RESULT(PATH_FAULT, 0);
	end = path_build(&scratch->walk, scratch->path, (const struct path *)path,
			 (const struct path *)root, config.has_bpf_loop);
	at = scratch->walk.at & (WIRE_PATH_BYTES_MAX - 1);
	bytes = (WIRE_PATH_BYTES_MAX - scratch->walk.at) & (WIRE_PATH_BYTES_MAX - 1);
	used = scratch->used;
	if (used > sizeof(scratch->data) - WIRE_PATH_BYTES_MAX)
		return PATH_RESULT(PATH_FAULT, 0);
	if (bpf_probe_read_kernel(scratch->data + used, bytes, scratch->path + at))
		return PATH_RESULT(PATH_FAULT, 0);
	scratch->used = used + bytes;
	return PATH_RESULT(end, bytes);
}

/* Names from a cgroup upward, leaf first, a slash behind each: enough to find a container's name.
 */
SEPARATE int exec_add_cgroup_names(__u32 kind, __u64 leaf)
{
	struct exec_scratch *scratch = scratch_find(kind);
	struct kernfs_node *node = (struct kernfs_node *)leaf;

	if (!scratch)
		return 0;
	for (int i = 0; i < WIRE_CGROUP_LEVELS && node; i++) {
		__u32 used = scratch->used;
		long bytes;

		if (used > sizeof(scratch->data) - WIRE_PATH_BYTES_MAX)
			break;
		bytes = bpf_probe_read_kernel_str(scratch->data + used, WIRE_NAME_BYTES_MAX,
						  BPF_CORE_READ(node, name));
		if (bytes <= 0) {
			scratch->record.flags |= WIRE_PROCESS_ERROR_CGROUPS;
			break;
		}
		if (bytes == 1) /* the root has no name */
			break;
		bytes &= WIRE_NAME_BYTES_MAX * 2 - 1;
		scratch->data[used + bytes - 1] = '/';
		scratch->used = used + bytes;
		node = task_cgroup_parent(node);
	}
	return 0;
}

struct data_loop {
	__u64 start;
	__u32 pid, part, total;
};

/* One piece. True: no more can follow: it was the last, or the ring is full (then this one is
 * counted as lost), or the memory could not be read. */
static long exec_send_piece(__u32 index, void *context)
{
	const struct data_loop *loop = context;
	struct wire_ring_state *state = emit_ring_state(WIRE_RING_LIFECYCLE);
	__u32 offset = index * WIRE_DATA_BYTES_MAX;
	struct wire_data *record;
	bool failed;
	__u32 bytes;

	if (offset >= loop->total || !state)
		return 1;
	bytes = loop->total - offset;
	barrier_var(bytes); /* or the bound is learnt for a copy of it */
	if (bytes > WIRE_DATA_BYTES_MAX)
		bytes = WIRE_DATA_BYTES_MAX;
	record = emit_reserve(state, WIRE_RECORD_DATA, sizeof(*record));
	if (!record)
		return 1;
	failed = bpf_probe_read_user(record->data, bytes, (const void *)(loop->start + offset));
	if (failed)
		bytes = 0;
	record->pid = loop->pid;
	record->part = loop->part;
	record->offset = offset;
	record->bytes = bytes;
	emit_submit(record);
	return failed;
}

/* Arguments or environment too long for the exec record, in pieces ahead of it. */
SEPARATE int exec_send_data(__u32 pid, __u32 part, __u64 start, __u32 total)
{
	struct data_loop loop = { .start = start, .pid = pid, .part = part, .total = total };

	if (config.has_bpf_loop) {
		bpf_loop(WIRE_DATA_PIECES_MAX, exec_send_piece, &loop, 0);
		return 0;
	}
	for (__u32 i = 0; i < WIRE_DATA_PIECES_MAX; i++) {
		if (exec_send_piece(i, &loop))
			break;
	}
	return 0;
}

static __always_inline void exec_add_binary(struct exec_scratch *scratch, enum scratch_kind kind,
					    struct task_struct *task)
{
	struct wire_exec *record = &scratch->record;
	struct file *file = task->mm->exe_file;
	int result;

	if (!file) {
		record->flags |= WIRE_PROCESS_ERROR_FILENAME;
		return;
	}
	result = exec_add_path(kind, address_of(scratch, &file->f_path),
			       address_of(scratch, &task->fs->root));
	if (result >> 16 == PATH_FAULT || result >> 16 == PATH_TOO_LONG)
		record->flags |= WIRE_PROCESS_ERROR_FILENAME;
	record->binary_bytes = result & 0xffff;
	record->file_inode = file->f_inode->i_ino;
	record->file_links = file->f_inode->i_nlink;
}

static __always_inline void exec_add_filename(struct exec_scratch *scratch, const char *filename)
{
	__u32 used = scratch->used;
	long bytes;

	if (used > sizeof(scratch->data) - WIRE_PATH_BYTES_MAX)
		return;
	bytes = bpf_probe_read_kernel_str(scratch->data + used, WIRE_PATH_BYTES_MAX, filename);
	if (bytes <= 0) {
		scratch->record.flags |= WIRE_PROCESS_ERROR_FILENAME;
		return;
	}
	bytes = (bytes - 1) & (WIRE_PATH_BYTES_MAX - 1);
	scratch->record.filename_bytes = bytes;
	scratch->used = used + bytes;
}

static __always_inline void exec_add_cwd(struct exec_scratch *scratch, enum scratch_kind kind,
					 struct task_struct *task)
{
	struct wire_exec *record = &scratch->record;
	int result = exec_add_path(kind, address_of(scratch, &task->fs->pwd),
				   address_of(scratch, &task->fs->root));
	enum path_end end = result >> 16;

	record->cwd_bytes = result & 0xffff;
	if (end == PATH_FAULT)
		record->flags |= WIRE_PROCESS_ERROR_CWD;
	else if (end != PATH_COMPLETE)
		record->flags |= WIRE_PROCESS_ERROR_PATH_CWD;
	else if (!record->cwd_bytes)
		record->flags |= WIRE_PROCESS_ROOT_CWD;
}

static __always_inline void exec_add_cgroup(struct exec_scratch *scratch, enum scratch_kind kind,
					    struct task_struct *task)
{
	__u32 start = scratch->used;

	scratch->record.cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	exec_add_cgroup_names(kind,
			      address_of(scratch, BPF_CORE_READ(task_container_cgroup(task), kn)));
	scratch->record.cgroup_bytes = scratch->used - start;
}

/* Appends user memory of up to a page. Bytes appended; ERROR is flagged when it could not be read.
 */
static __always_inline __u32 exec_add_user(struct exec_scratch *scratch, unsigned long start,
					   __u32 total, enum wire_process_flag error)
{
	__u32 bytes = total & (WIRE_INLINE_BYTES_MAX - 1);
	__u32 used = scratch->used;

	if (used > sizeof(scratch->data) - WIRE_INLINE_BYTES_MAX)
		return 0;
	if (bpf_probe_read_user(scratch->data + used, bytes, (const void *)start)) {
		scratch->record.flags |= error;
		return 0;
	}
	scratch->used = used + bytes;
	return bytes;
}

static __always_inline void exec_add_args(struct exec_scratch *scratch, struct mm_struct *mm)
{
	unsigned long start = mm->arg_start;
	__u32 total = mm->arg_end - start;

	scratch->record.args_total = total;
	if (total < WIRE_INLINE_BYTES_MAX)
		scratch->record.args_bytes =
			exec_add_user(scratch, start, total, WIRE_PROCESS_ERROR_ARGS);
	else
		exec_send_data(scratch->record.id.pid, WIRE_DATA_ARGS, start, total);
}

static __always_inline void exec_add_environment(struct exec_scratch *scratch, struct mm_struct *mm)
{
	unsigned long start = mm->env_start;
	__u32 total = mm->env_end - start;

	if (!config.with_environment)
		return;
	scratch->record.environment_total = total;
	if (total < WIRE_INLINE_BYTES_MAX)
		scratch->record.environment_bytes =
			exec_add_user(scratch, start, total, WIRE_PROCESS_ERROR_ENVS);
	else
		exec_send_data(scratch->record.id.pid, WIRE_DATA_ENVIRONMENT, start, total);
}

/*
 * What the file's bits did: execve has set per_clear when it followed set-id bits or when
 * capabilities were gained (fs/exec.c, security/commoncap.c); the new ids tell whether anything
 * changed.
 */
static __always_inline __u32 exec_read_privileges(struct task_struct *task,
						  struct linux_binprm *bprm,
						  const struct wire_credentials *now)
{
	__u16 mode = bprm->file->f_inode->i_mode;
	__u32 privileges = 0;

	if (!bprm->per_clear)
		return 0;
	if ((mode & S_ISUID) && now->euid != now->uid)
		privileges |= WIRE_PRIVILEGES_SETUID;
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && now->egid != now->gid)
		privileges |= WIRE_PRIVILEGES_SETGID;
	if (now->euid && (now->permitted & ~task_read_capabilities(&task->cred->cap_ambient)))
		privileges |= WIRE_PRIVILEGES_FILE_CAPS;
	return privileges;
}

/* Everything that tracepoint and iterator read alike; the caller has set ids and cleared the
 * record. */
static __always_inline void exec_fill(struct exec_scratch *scratch, enum scratch_kind kind,
				      struct task_struct *task)
{
	struct wire_exec *record = &scratch->record;

	record->start_ns = task->group_leader->start_boottime;
	record->tid = task->pid;
	record->login_uid = task_login_uid(task);
	record->namespace_pid = task_namespace_pid(task);
	task_read_credentials(task, &record->credentials);
	task_read_namespaces(task, record->namespaces);
	if (task->mm)
		exec_add_binary(scratch, kind, task);
}

static __always_inline void exec_clear(struct exec_scratch *scratch)
{
	__builtin_memset(&scratch->record, 0, sizeof(scratch->record));
	scratch->used = 0;
}

/* The image's names and the process map: the parent as real_parent stands now, the mark of init
 * trees kept. */
static __always_inline void exec_identify(struct exec_scratch *scratch,
					  struct wire_ring_state *state, struct task_struct *task)
{
	struct wire_exec *record = &scratch->record;
	struct wire_process *known = task_find_process(task->tgid);
	struct wire_process process = {};
	__u32 inherited;

	if (!task_find_parent(task, &process.parent, &inherited))
		process.flags |= WIRE_PROCESS_MISS;
	if (known) {
		record->previous.exec_ns = known->exec_ns;
		record->previous.pid = task->tgid;
		inherited |= known->flags;
		process.flags |= known->flags & WIRE_PROCESS_CLONE;
		for (int i = 0; i < WIRE_MARK_WORDS; i++)
			process.marks[i] = known->marks[i] & followed_marks[i];
	} else {
		process.flags |= WIRE_PROCESS_MISS;
	}
	process.flags |=
		WIRE_PROCESS_EXECVE | task_init_tree_flag(task_namespace_pid(task), inherited);
	process.exec_ns = bpf_ktime_get_boot_ns();
	process.start_ns = task->group_leader->start_boottime;
	process_remember(state, task->tgid, &process);
	record->id.pid = task->tgid;
	record->id.exec_ns = process.exec_ns;
	record->parent = process.parent;
	record->flags = process.flags;
}

/* Bytes of record data, padded so that the next record of a stream is aligned. */
static __always_inline __u32 exec_data_bytes(const struct exec_scratch *scratch)
{
	__u32 used = (scratch->used + 7) & ~7U;

	return used > sizeof(scratch->data) ? sizeof(scratch->data) : used;
}

static __always_inline void exec_emit(struct exec_scratch *scratch, struct wire_ring_state *state)
{
	__u32 used = exec_data_bytes(scratch);

	state->sequence++;
	emit_header(state, &scratch->record.header, WIRE_RECORD_EXEC,
		    sizeof(scratch->record) + used);
	scratch->record.header.time_ns = scratch->record.id.exec_ns;
	if (bpf_ringbuf_output(&lifecycle_ring, &scratch->record, sizeof(scratch->record) + used,
			       emit_wakeup_flags()))
		emit_drop(state, WIRE_RECORD_EXEC, WIRE_DROP_RING_FULL);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct wire_ring_state *state = emit_ring_state(WIRE_RING_LIFECYCLE);
	struct exec_scratch *scratch = scratch_find(SCRATCH_EXEC);

	if (!state || !scratch)
		return 0;
	if (state->scratch_busy) {
		state->sequence++;
		emit_drop(state, WIRE_RECORD_EXEC, WIRE_DROP_SCRATCH_BUSY);
		return 0;
	}
	state->scratch_busy = 1;
	exec_clear(scratch);
	exec_identify(scratch, state, task);
	exec_fill(scratch, SCRATCH_EXEC, task);
	scratch->record.privileges = exec_read_privileges(task, bprm, &scratch->record.credentials);
	exec_add_filename(scratch, bprm->filename);
	exec_add_cwd(scratch, SCRATCH_EXEC, task);
	exec_add_cgroup(scratch, SCRATCH_EXEC, task);
	exec_add_args(scratch, task->mm);
	exec_add_environment(scratch, task->mm);
	exec_emit(scratch, state);
	state->scratch_busy = 0;
	return 0;
}

/* The direct parent only: it is seeded too, if it was not yet. */
static __always_inline struct wire_process_id seed_find_parent(struct task_struct *task,
							       __u32 *flags)
{
	struct task_struct *leader = task->real_parent->group_leader;
	struct wire_process_id id = { .pid = leader->tgid, .exec_ns = TASK_KERNEL_EXEC_NS };
	struct wire_process *known = task_find_process(id.pid);

	*flags = 0;
	if (known) {
		id.exec_ns = known->exec_ns;
		*flags = known->flags;
	} else if (id.pid) {
		id.exec_ns = leader->start_boottime;
	}
	return id;
}

/* False: fork or exec was quicker, and tells more. */
static __always_inline bool seed_remember(struct wire_ring_state *state, __u32 pid,
					  const struct wire_process *process)
{
	if (!bpf_map_update_elem(&processes, &pid, process, BPF_NOEXIST))
		return true;
	if (task_find_process(pid))
		return false;
	state->untracked++;
	map_was_full = true;
	return true;
}

/*
 * A process that is older than the agent enters the map, unless fork or exec was quicker. False:
 * its exec record tells all, or another of its threads was here before.
 */
static __always_inline bool seed_identify(struct wire_exec *record, struct wire_ring_state *state,
					  struct task_struct *leader)
{
	struct wire_process process = {};
	__u32 inherited, pid = leader->tgid;
	struct wire_process *known = task_find_process(pid);

	if (known && known->flags & (WIRE_PROCESS_EXECVE | WIRE_PROCESS_PROCFS))
		return false;
	process.parent = seed_find_parent(leader, &inherited);
	process.exec_ns = process.start_ns = leader->start_boottime;
	process.flags =
		WIRE_PROCESS_PROCFS | task_init_tree_flag(task_namespace_pid(leader), inherited);
	if (leader->flags & PF_KTHREAD)
		process.flags |= WIRE_PROCESS_KERNEL_THREAD;
	if (known)
		known->flags |= WIRE_PROCESS_PROCFS;
	else if (!seed_remember(state, pid, &process))
		return false;
	/* It may have left since we looked: then its exit found no entry, and nobody else takes
	 * this one out. */
	if (leader->signal->live.counter <= 0) {
		bpf_map_delete_elem(&processes, &pid);
		return false;
	}
	record->id.pid = pid;
	record->id.exec_ns = process.exec_ns;
	record->parent = process.parent;
	record->flags = process.flags;
	return true;
}

/*
 * By thread, because a group whose leader has left is found through the others; by parent, because
 * some kernels leave tasks out of the iterator (seen: all threads of process 1 on a hardened host).
 */
SEC("iter/task")
int process_seed(struct bpf_iter__task *context)
{
	struct wire_ring_state *state = emit_ring_state(WIRE_RING_LIFECYCLE);
	struct exec_scratch *scratch = scratch_find(SCRATCH_SEED);
	struct task_struct *task = context->task;
	struct task_struct *leader;
	__u32 used;

	if (!task || !state || !scratch)
		return 0;
	if (seed_parents)
		task = task->real_parent;
	leader = task->group_leader;
	if (!leader->tgid || leader->signal->live.counter <= 0)
		return 0;
	exec_clear(scratch);
	if (!seed_identify(&scratch->record, state, leader))
		return 0;
	/* a leader that has left has no memory and no places any more; its threads share them */
	exec_fill(scratch, SCRATCH_SEED, task);
	scratch->record.tid = leader->tgid;
	if (task->mm)
		exec_add_cwd(scratch, SCRATCH_SEED, task);
	else
		exec_add_filename(scratch, task->comm);
	exec_add_cgroup(scratch, SCRATCH_SEED, task);
	used = exec_data_bytes(scratch);
	emit_header(state, &scratch->record.header, WIRE_RECORD_EXEC,
		    sizeof(scratch->record) + used);
	scratch->record.header.sequence = 0;
	bpf_seq_write(context->meta->seq, &scratch->record, sizeof(scratch->record) + used);
	return 0;
}

/* ---- the ways in
 * -------------------------------------------------------------------------------- */

/*
 * What is attached to the tracepoints for good. The programs above stand in slots and are replaced
 * there in one step each, when another agent takes over: no process is told twice or not at all.
 */
SEC("tp_btf/sched_process_fork")
int process_fork_enter(void *context)
{
	bpf_tail_call(context, &process_fork_slot, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int process_exec_enter(void *context)
{
	bpf_tail_call(context, &process_exec_slot, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int process_exit_enter(void *context)
{
	bpf_tail_call(context, &process_exit_slot, 0);
	return 0;
}
