/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Readers: from an argument of the hooked function to a value in the record. One reader per class
 * of wire/arg_types.def. All pointers are plain numbers and are read with helpers: the same code
 * serves every attach family, and a stale pointer is an unreadable value, not a fault.
 */
#pragma once

#include "lib/path.h"
#include "lib/rules.h"
#include "lib/task.h"

/* What a reader works on: the slot that it fills, and where from. */
struct reading {
	struct hook_scratch *scratch;
	__u32 slot; /* a constant to the verifier */
	__u64 argument;
};

static __always_inline const volatile struct wire_hook_value *
reading_value(const struct reading *reading)
{
	return &hook.values[reading->slot & (WIRE_HOOK_VALUES_MAX - 1)];
}

/* Where the next value goes, or NULL when the record is full; its head is at the beginning. */
static __always_inline char *arg_get_room(struct hook_scratch *scratch)
{
	__u32 used = scratch->used;

	if (used > WIRE_VALUES_BYTES_MAX - WIRE_VALUE_BYTES_MAX - 128)
		return NULL;
	return scratch->data + used;
}

/* Ends the value that was put at arg_get_room(): BYTES follow its head. */
static __always_inline void arg_put(const struct reading *reading, char *room, __u32 bytes,
				    enum wire_value_status status)
{
	struct wire_value *head = (struct wire_value *)room;
	struct hook_scratch *scratch = reading->scratch;

	head->slot = reading->slot;
	head->status = status;
	head->bytes = bytes;
	scratch->statuses[reading->slot] = status;
	scratch->places[reading->slot] = scratch->used;
	scratch->used += sizeof(*head) + ((bytes + 7) & ~7U);
	scratch->record.values++;
}

/* A value that is not there; nothing but its head is told. */
static __always_inline void arg_put_status(const struct reading *reading,
					   enum wire_value_status status)
{
	char *room = arg_get_room(reading->scratch);

	reading->scratch->statuses[reading->slot] = status;
	if (room)
		arg_put(reading, room, 0, status);
}

static __always_inline void arg_put_number(const struct reading *reading, __u64 number)
{
	char *room = arg_get_room(reading->scratch);

	reading->scratch->numbers[reading->slot] = number;
	if (!room) {
		reading->scratch->statuses[reading->slot] = WIRE_VALUE_NO_ROOM;
		return;
	}
	*(__u64 *)(room + sizeof(struct wire_value)) = number;
	arg_put(reading, room, sizeof(number), WIRE_VALUE_OK);
}

/* Arguments of system calls are user addresses whatever they say; else the address tells. */
static __always_inline bool arg_is_user(const struct reading *reading)
{
	return reading_value(reading)->flags & WIRE_VALUE_USER || (__s64)reading->argument >= 0;
}

static __always_inline long arg_read(const struct reading *reading, void *out, __u32 bytes,
				     __u64 from)
{
	if (arg_is_user(reading))
		return bpf_probe_read_user(out, bytes, (void *)from);
	return bpf_probe_read_kernel(out, bytes, (void *)from);
}

/* ---- numbers ------------------------------------------------------------------------------------
 */

static __always_inline void arg_read_number(const struct reading *reading, __u32 type)
{
	__u64 number = reading->argument;

	switch (type) {
	case WIRE_ARG_INT8:
		number = (__s8)number;
		break;
	case WIRE_ARG_INT16:
		number = (__s16)number;
		break;
	case WIRE_ARG_INT32:
	case WIRE_ARG_CAPABILITY:
	case WIRE_ARG_BPF_CMD:
		number = (__s32)number;
		break;
	case WIRE_ARG_UINT8:
		number = (__u8)number;
		break;
	case WIRE_ARG_UINT16:
		number = (__u16)number;
		break;
	case WIRE_ARG_UINT32:
		number = (__u32)number;
		break;
	default:
		break;
	}
	arg_put_number(reading, number);
}

/* Two 32-bit words before 6.3, one of 64 bits since: eight bytes either way. */
static __always_inline void arg_read_capabilities(const struct reading *reading)
{
	__u64 bits;

	if (arg_read(reading, &bits, sizeof(bits), reading->argument))
		arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	else
		arg_put_number(reading, bits);
}

/* ---- texts --------------------------------------------------------------------------------------
 */

static __always_inline void arg_set_text(struct hook_scratch *scratch, __u32 slot, const char *text,
					 __u32 bytes)
{
	scratch->texts[slot] = text - (char *)scratch;
	scratch->text_bytes[slot] = bytes;
}

static __always_inline void arg_read_string(const struct reading *reading, __u64 from)
{
	char *room = arg_get_room(reading->scratch), *text;
	long bytes;

	if (!room)
		return arg_put_status(reading, WIRE_VALUE_NO_ROOM);
	text = room + sizeof(struct wire_value);
	if (arg_is_user(reading))
		bytes = bpf_probe_read_user_str(text, WIRE_VALUE_BYTES_MAX, (void *)from);
	else
		bytes = bpf_probe_read_kernel_str(text, WIRE_VALUE_BYTES_MAX, (void *)from);
	if (bytes < 0)
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	/* of an empty text in user memory, 6.12 does not count the NUL; 6.18 does */
	bytes = (bytes ? bytes - 1 : 0) & (WIRE_VALUE_BYTES_MAX - 1);
	arg_set_text(reading->scratch, reading->slot, text, bytes);
	arg_put(reading, room, bytes,
		bytes == WIRE_VALUE_BYTES_MAX - 1 ? WIRE_VALUE_CUT : WIRE_VALUE_OK);
}

static __always_inline void arg_read_filename(const struct reading *reading)
{
	const struct filename *filename = (void *)reading->argument;

	arg_read_string(reading, (__u64)BPF_CORE_READ(filename, name));
}

static __always_inline void arg_read_net_device(const struct reading *reading)
{
	arg_read_string(reading,
			reading->argument + bpf_core_field_offset(struct net_device, name));
}

/* ---- buffers ------------------------------------------------------------------------------------
 */

/* The number that the policy says is the size; what a function returned when it is read late and
 * came out. */
static __always_inline __u64 arg_get_size(const struct reading *reading)
{
	const volatile struct wire_hook_value *value = reading_value(reading);
	__s64 result = reading->scratch->result;
	__u64 size = result > 0 ? result : 0;

	if (value->size_from) {
		__u64 wanted = reading->scratch->arguments[(value->size_from - 1) & 7];

		if (!(value->flags & WIRE_VALUE_LATE))
			return wanted;
		return result < (__s64)wanted ? size : wanted;
	}
	return value->flags & WIRE_VALUE_LATE ? size : 0;
}

static __always_inline void arg_read_buffer(const struct reading *reading)
{
	char *room = arg_get_room(reading->scratch), *data;
	__u64 total = arg_get_size(reading);
	__u32 bytes = total;

	if (!room)
		return arg_put_status(reading, WIRE_VALUE_NO_ROOM);
	barrier_var(bytes);
	if (total >= WIRE_VALUE_BYTES_MAX)
		bytes = WIRE_VALUE_BYTES_MAX - 1;
	bytes &= WIRE_VALUE_BYTES_MAX - 1;
	data = room + sizeof(struct wire_value) + sizeof(struct wire_bytes);
	if (bytes && arg_read(reading, data, bytes, reading->argument))
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	((struct wire_bytes *)(room + sizeof(struct wire_value)))->total = total;
	arg_set_text(reading->scratch, reading->slot, data, bytes);
	arg_put(reading, room, sizeof(struct wire_bytes) + bytes,
		total > bytes ? WIRE_VALUE_CUT : WIRE_VALUE_OK);
}

struct iovec_user {
	__u64 base, bytes;
};

/* Segments behind each other, as far as they fit. */
static __always_inline void arg_read_iovec(const struct reading *reading)
{
	char *room = arg_get_room(reading->scratch), *data;
	__u64 segments = arg_get_size(reading), total = 0;
	struct iovec_user segment;
	__u32 used = 0;

	if (!room)
		return arg_put_status(reading, WIRE_VALUE_NO_ROOM);
	data = room + sizeof(struct wire_value) + sizeof(struct wire_bytes);
	for (__u32 i = 0; i < WIRE_IOVEC_SEGMENTS_MAX && i < segments; i++) {
		__u32 bytes;

		if (arg_read(reading, &segment, sizeof(segment),
			     reading->argument + i * sizeof(segment)))
			return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
		total += segment.bytes;
		if (used >= WIRE_VALUE_BYTES_MAX / 2)
			continue;
		bytes = segment.bytes >= WIRE_VALUE_BYTES_MAX / 2 ? WIRE_VALUE_BYTES_MAX / 2
								  : segment.bytes;
		bytes &= WIRE_VALUE_BYTES_MAX - 1;
		if (bytes > WIRE_VALUE_BYTES_MAX / 2)
			bytes = WIRE_VALUE_BYTES_MAX / 2;
		if (bpf_probe_read_user(data + (used & (WIRE_VALUE_BYTES_MAX / 2 - 1)), bytes,
					(void *)segment.base))
			return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
		used += bytes;
	}
	used &= WIRE_VALUE_BYTES_MAX - 1;
	((struct wire_bytes *)(room + sizeof(struct wire_value)))->total = total;
	arg_set_text(reading->scratch, reading->slot, data, used);
	arg_put(reading, room, sizeof(struct wire_bytes) + used,
		total > used || segments > WIRE_IOVEC_SEGMENTS_MAX ? WIRE_VALUE_CUT
								   : WIRE_VALUE_OK);
}

/* ---- files --------------------------------------------------------------------------------------
 */

static __always_inline __u32 arg_read_mode(const struct dentry *dentry)
{
	const struct inode *inode = BPF_CORE_READ(dentry, d_inode);

	return BPF_CORE_READ(inode, i_mode);
}

/*
 * A walk has ended: its path is asked about where it stands. It becomes a value of the record with
 * arg_keep_path(), before the next walk, if anybody is left who wants it.
 */
static __always_inline void arg_note_path(const struct reading *reading, enum path_end end)
{
	struct hook_scratch *scratch = reading->scratch;
	__u32 bytes = WIRE_PATH_BYTES_MAX - scratch->walk.at;

	if (reading_value(reading)->tables & 1U << WIRE_TABLE_FILE_TYPE)
		scratch->modes[reading->slot] = arg_read_mode(scratch->walk.leaf);
	if (end == PATH_FAULT) {
		scratch->statuses[reading->slot] = WIRE_VALUE_UNREADABLE;
		return;
	}
	if (!bytes) { /* the root itself */
		scratch->walk.at = WIRE_PATH_BYTES_MAX - 1;
		scratch->path[WIRE_PATH_BYTES_MAX - 1] = '/';
		bytes = 1;
	}
	scratch->statuses[reading->slot] = end == PATH_COMPLETE ? WIRE_VALUE_OK : WIRE_VALUE_CUT;
	arg_set_text(scratch, reading->slot, scratch->path + scratch->walk.at, bytes);
}

static __always_inline void arg_keep_path(const struct reading *reading)
{
	struct hook_scratch *scratch = reading->scratch;
	enum wire_value_status status = scratch->statuses[reading->slot];
	char *room = arg_get_room(scratch), *text;
	struct wire_file *file;
	__u32 at, bytes;

	if (status == WIRE_VALUE_UNREADABLE || !room)
		return arg_put_status(reading, room ? status : WIRE_VALUE_NO_ROOM);
	file = (struct wire_file *)(room + sizeof(struct wire_value));
	text = (char *)(file + 1);
	at = scratch->walk.at & (WIRE_PATH_BYTES_MAX - 1);
	bytes = (WIRE_PATH_BYTES_MAX - scratch->walk.at) & (WIRE_PATH_BYTES_MAX - 1);
	if (bpf_probe_read_kernel(text, bytes, scratch->path + at))
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	file->mode = arg_read_mode(scratch->walk.leaf);
	file->pad = 0;
	arg_put(reading, room, sizeof(*file) + bytes, status);
}

/* False: there is none. */
static __always_inline bool arg_start_path(struct path_walk *walk, const struct path *path)
{
	struct task_struct *task = bpf_get_current_task_btf();

	walk->leaf = NULL;
	if (!path)
		return false;
	path_start(walk, path);
	walk->root_dentry = task->fs->root.dentry;
	walk->root_mount = task->fs->root.mnt;
	return walk->dentry != NULL;
}

/* The path inside its file system: a dentry does not say where that is mounted. */
static __always_inline void arg_start_dentry(struct path_walk *walk, const struct dentry *dentry)
{
	walk->dentry = walk->leaf = dentry;
	walk->mount = NULL;
	walk->mount_root = NULL;
	walk->root_mount = NULL;
	walk->root_dentry = NULL;
}

static __always_inline struct file *arg_find_fd(__u32 number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;
	struct file **files;

	if (number >= table->max_fds)
		return NULL;
	files = table->fd;
	bpf_probe_read_kernel(&file, sizeof(file), files + number);
	return file;
}

static __always_inline const struct path *arg_find_path(const struct reading *reading, __u32 type)
{
	const void *pointer = (void *)reading->argument;
	const struct file *file = pointer;

	switch (type) {
	case WIRE_ARG_FD:
		file = arg_find_fd(reading->argument);
		break;
	case WIRE_ARG_KIOCB:
		file = BPF_CORE_READ((const struct kiocb *)pointer, ki_filp);
		break;
	case WIRE_ARG_LINUX_BINPRM:
		file = BPF_CORE_READ((const struct linux_binprm *)pointer, file);
		break;
	case WIRE_ARG_PATH:
		return pointer;
	default:
		break;
	}
	return file ? (const struct path *)((const char *)file +
					    bpf_core_field_offset(struct file, f_path))
		    : NULL;
}

/* Types that lead to a file or a path. */
RULES_FUNCTION void arg_read_file_like(const struct reading *reading, __u32 type)
{
	struct hook_scratch *scratch = reading->scratch;
	struct path_walk *walk = &scratch->walk;

	scratch->modes[reading->slot] = 0; /* or that of the last call is still there */
	if (type == WIRE_ARG_DENTRY)
		arg_start_dentry(walk, (void *)reading->argument);
	else if (!arg_start_path(walk, arg_find_path(reading, type)))
		return arg_note_path(reading, PATH_FAULT);
	arg_note_path(reading, path_walk_up(walk, scratch->path, hook.has_bpf_loop));
}
