/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * From a (mount, dentry) to the path that the process itself would see, walked from leaf to root
 * and written from right to left. In: a struct path and the process's root. Out: walk.at, walk.end
 * and the text in `path`.
 *
 * The walk holds no lock: a rename at the same moment can mix old and new names, as in any walk
 * without locks.
 */
#pragma once

#include "lib/maps.h"

#include <bpf/bpf_core_read.h>

enum path_end {
	PATH_WALKING,
	PATH_COMPLETE,	  /* reached the process's root */
	PATH_UNREACHABLE, /* reached the top of all mounts without meeting that root */
	PATH_TOO_LONG,	  /* more bytes or steps than the limits allow */
	PATH_FAULT,	  /* memory could not be read */
};

/* The parts of a dentry that the walk wants lie side by side in every kernel seen; one read brings
 * them all. */
struct dentry_head {
	const struct dentry *parent;
	__u32 hash, bytes;
	const unsigned char *name;
};

static __always_inline bool path_read_dentry(struct dentry_head *head, const struct dentry *dentry)
{
	__u32 parent = bpf_core_field_offset(struct dentry, d_parent);

	if (bpf_core_field_offset(struct dentry, d_name.len) == parent + 12 &&
	    bpf_core_field_offset(struct dentry, d_name.name) == parent + 16)
		return !bpf_probe_read_kernel(head, sizeof(*head), (const char *)dentry + parent);
	head->name = BPF_CORE_READ(dentry, d_name.name);
	head->bytes = BPF_CORE_READ(dentry, d_name.len);
	return !bpf_core_read(&head->parent, sizeof(head->parent), &dentry->d_parent);
}

/* Likewise the parts of a mount: what it is mounted on, where, and its root. */
struct mount_head {
	const void *parent;
	const struct dentry *mountpoint, *root;
};

static __always_inline bool path_read_mount(struct mount_head *head, const struct vfsmount *inner)
{
	const struct mount *mount =
		(const void *)((const char *)inner - bpf_core_field_offset(struct mount, mnt));
	__u32 parent = bpf_core_field_offset(struct mount, mnt_parent);

	if (bpf_core_field_offset(struct mount, mnt_mountpoint) == parent + 8 &&
	    bpf_core_field_offset(struct mount, mnt.mnt_root) == parent + 16)
		return !bpf_probe_read_kernel(head, sizeof(*head), (const char *)mount + parent);
	head->mountpoint = BPF_CORE_READ(mount, mnt_mountpoint);
	head->root = BPF_CORE_READ(inner, mnt_root);
	return !bpf_core_read(&head->parent, sizeof(head->parent), &mount->mnt_parent);
}

static __always_inline void path_enter_mount(struct path_walk *walk, const struct vfsmount *inner)
{
	struct mount_head head = {};

	path_read_mount(&head, inner);
	walk->mount = inner;
	walk->mount_parent = head.parent;
	walk->mountpoint = head.mountpoint;
	walk->mount_root = head.root;
}

/* A dentry that is the root of its mount: goes on at the mount point, one mount up. */
static __always_inline bool path_cross_mount(struct path_walk *walk)
{
	const struct vfsmount *outer;

	if (!walk->mount_parent) {
		walk->end = PATH_FAULT;
		return true;
	}
	outer = (const void *)((const char *)walk->mount_parent +
			       bpf_core_field_offset(struct mount, mnt));
	if (outer == walk->mount) {
		walk->end = PATH_UNREACHABLE;
		return true;
	}
	walk->dentry = walk->mountpoint;
	path_enter_mount(walk, outer);
	return false;
}

static __always_inline bool path_prepend_name(struct path_walk *walk, char *path,
					      const struct dentry_head *head)
{
	__u32 bytes = head->bytes & (WIRE_NAME_BYTES_MAX - 1);
	__u32 at = walk->at;

	if (at <= bytes + 1) {
		walk->end = PATH_TOO_LONG;
		return true;
	}
	at = (at - bytes - 1) & (WIRE_PATH_BYTES_MAX - 1);
	path[at] = '/';
	if (bpf_probe_read_kernel(&path[at + 1], bytes, head->name)) {
		walk->end = PATH_FAULT;
		return true;
	}
	walk->at = at;
	return false;
}

/* One component or one mount. True: the walk is over, walk->end says how. */
static __always_inline bool path_step(struct path_walk *walk, char *path)
{
	const struct dentry *dentry = walk->dentry;
	struct dentry_head head;

	if (dentry == walk->root_dentry && walk->mount == walk->root_mount) {
		walk->end = PATH_COMPLETE;
		return true;
	}
	if (dentry == walk->mount_root)
		return walk->mount ? path_cross_mount(walk) : (walk->end = PATH_COMPLETE, true);
	if (!path_read_dentry(&head, dentry) || !head.parent) {
		walk->end = PATH_FAULT;
		return true;
	}
	if (dentry == head.parent && !walk->mount) { /* the root of its file system */
		walk->end = PATH_COMPLETE;
		return true;
	}
	if (path_prepend_name(walk, path, &head))
		return true;
	if (dentry == head.parent) { /* never had a place in a tree: memfd */
		walk->end = PATH_COMPLETE;
		return true;
	}
	walk->dentry = head.parent;
	return false;
}

/* What a bpf_loop callback knows: which scratch, by the offset of its walk in it. */
struct path_loop {
	struct path_walk *walk;
	char *path;
};

/* Not inline, or the loop of older kernels is a second copy. */
static __attribute__((noinline)) long path_loop_step(__u32 index, void *context)
{
	struct path_loop *loop = context;

	return path_step(loop->walk, loop->path);
}

/*
 * From walk->dentry and walk->mount, which the caller has set, to the root it has set. Without a
 * mount the walk stays in the file system of the dentry.
 *
 * What changes lives in the scratch (a map), not on the stack: before 6.7 the verifier looked at a
 * bpf_loop callback once, with the values of the first round, and removed "dead" branches of later
 * ones.
 */
static __always_inline enum path_end path_walk_up(struct path_walk *walk, char *path,
						  bool has_bpf_loop)
{
	struct path_loop loop = { .walk = walk, .path = path };

	walk->at = WIRE_PATH_BYTES_MAX;
	walk->end = PATH_WALKING;
	if (has_bpf_loop) {
		bpf_loop(WIRE_PATH_STEPS_MAX, path_loop_step, &loop, 0);
	} else {
		for (int i = 0; i < WIRE_PATH_STEPS_UNROLLED; i++) {
			if (path_loop_step(i, &loop))
				break;
		}
	}
	if (walk->end == PATH_WALKING)
		walk->end = PATH_TOO_LONG;
	return walk->end;
}

static __always_inline void path_read(const struct path *path, const struct vfsmount **mount,
				      const struct dentry **dentry)
{
	struct path both;

	if (bpf_core_read(&both, sizeof(both), path)) {
		*mount = NULL;
		*dentry = NULL;
		return;
	}
	*mount = both.mnt;
	*dentry = both.dentry;
}

/* Where a walk begins. */
static __always_inline void path_start(struct path_walk *walk, const struct path *path)
{
	const struct vfsmount *mount;
	const struct dentry *dentry;

	path_read(path, &mount, &dentry);
	walk->dentry = walk->leaf = dentry;
	path_enter_mount(walk, mount);
}

static __always_inline enum path_end path_build(struct path_walk *walk, char *text,
						const struct path *path, const struct path *root,
						bool has_bpf_loop)
{
	path_start(walk, path);
	path_read(root, &walk->root_mount, &walk->root_dentry);
	return path_walk_up(walk, text, has_bpf_loop);
}
