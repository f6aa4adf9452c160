/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The first question about a file: does its path begin like any that the rules ask for? Answered
 * from the first component, without building the path, so that calls about files elsewhere cost
 * next to nothing, however many policies there are. In: a struct file. Out: true, if no rule can
 * match; in doubt false.
 */
#pragma once

#include "lib/match.h"

/* A walk that keeps pointers only; in registers and on the stack. */
struct filter_walk {
	const struct dentry *dentry;
	const struct vfsmount *mount;
	struct mount_head at; /* of `mount` */
	/* the component that was passed last */
	const unsigned char *name;
	__u32 bytes, components;
};

/*
 * True: goes on. What cannot be read is read as zeros, which lead to no root: the walk ends with
 * its last step then, and the answer is that it does not know. Each branch more would be there many
 * times for the verifier.
 */
static __always_inline bool filter_step(struct filter_walk *walk)
{
	struct dentry_head head;

	if (walk->dentry == walk->at.root) {
		const struct vfsmount *outer =
			(const void *)((const char *)walk->at.parent +
				       bpf_core_field_offset(struct mount, mnt));

		if (outer == walk->mount)
			return false;
		walk->dentry = walk->at.mountpoint;
		walk->mount = outer;
		path_read_mount(&walk->at, outer);
		return true;
	}
	path_read_dentry(&head, walk->dentry);
	if (head.parent == walk->dentry)
		return false;
	walk->name = head.name;
	walk->bytes = head.bytes;
	walk->components++;
	walk->dentry = head.parent;
	return true;
}

/* The component below the process's root, or false when that is not found in a few plain steps. */
static __always_inline bool filter_find_first(struct filter_walk *walk, const struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct dentry *root = task->fs->root.dentry;
	const struct vfsmount *root_mount = task->fs->root.mnt;
	const struct vfsmount *mount;

	path_read((const struct path *)((const char *)file +
					bpf_core_field_offset(struct file, f_path)),
		  &mount, &walk->dentry);
	if (!mount)
		return false;
	walk->mount = mount;
	path_read_mount(&walk->at, mount);
	for (int i = 0; i < WIRE_ROOT_FILTER_STEPS; i++) {
		if (walk->dentry == root && walk->mount == root_mount)
			return walk->components != 0;
		if (!filter_step(walk))
			return false;
	}
	return false;
}

static __always_inline bool filter_has(const struct wire_root_filter *filter, __u32 bytes,
				       __u32 length)
{
	__u32 bit = wire_root_filter_bit(bytes, length);

	return filter->bits[bit / 64 & (WIRE_ROOT_FILTER_WORDS - 1)] >> (bit & 63) & 1;
}

RULES_FUNCTION bool filter_excludes(char *rules, const struct file *file)
{
	const struct wire_rules *head = rules_get(rules, 0, sizeof(*head));
	const struct wire_root_filter *filter;
	struct filter_walk walk = {};
	__u32 bytes = 0, available;

	filter = head && head->filter ? rules_get(rules, head->filter, sizeof(*filter)) : NULL;
	if (!filter || !filter_find_first(&walk, file) ||
	    bpf_probe_read_kernel(&bytes, sizeof(bytes), walk.name))
		return false;
	available = walk.bytes;
	if (available < 4) { /* a slash comes behind it, unless it is the file itself */
		bytes &= (1U << (available * 8 & 31)) - 1;
		if (walk.components > 1) {
			bytes |= (__u32)'/' << (available * 8 & 31);
			available++;
		}
	}
	for (__u32 length = 1; length <= 4; length++) {
		__u32 mask = length == 4 ? ~0U : (1U << (length * 8 & 31)) - 1;

		if (length > available)
			break;
		if (filter->lengths >> length & 1 && filter_has(filter, bytes & mask, length))
			return false;
	}
	return true;
}
