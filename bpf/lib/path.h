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

static __always_inline void path_enter_mount(struct exec_scratch *scratch,
					     const struct vfsmount *mount)
{
	scratch->walk.mount = mount;
	scratch->walk.mount_root = BPF_CORE_READ(mount, mnt_root);
}

/* A dentry that is the root of its mount: goes on at the mount point, one mount up. */
static __always_inline bool path_cross_mount(struct exec_scratch *scratch)
{
	const struct vfsmount *inner = scratch->walk.mount;
	const struct mount *mount =
		(const void *)((const char *)inner - bpf_core_field_offset(struct mount, mnt));
	const struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

	if (!parent || parent == mount) {
		scratch->walk.end = parent ? PATH_UNREACHABLE : PATH_FAULT;
		return true;
	}
	scratch->walk.dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	path_enter_mount(scratch, (const void *)((const char *)parent +
						 bpf_core_field_offset(struct mount, mnt)));
	return false;
}

static __always_inline bool path_prepend_name(struct exec_scratch *scratch,
					      const struct dentry *dentry)
{
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	__u32 bytes = BPF_CORE_READ(dentry, d_name.len) & (WIRE_NAME_BYTES_MAX - 1);
	__u32 at = scratch->walk.at;

	if (at <= bytes + 1) {
		scratch->walk.end = PATH_TOO_LONG;
		return true;
	}
	at = (at - bytes - 1) & (WIRE_PATH_BYTES_MAX - 1);
	scratch->path[at] = '/';
	if (bpf_probe_read_kernel(&scratch->path[at + 1], bytes, name)) {
		scratch->walk.end = PATH_FAULT;
		return true;
	}
	scratch->walk.at = at;
	return false;
}

/* One component or one mount. True: the walk is over, walk.end says how. */
static __always_inline bool path_step(struct exec_scratch *scratch)
{
	const struct dentry *dentry = scratch->walk.dentry;
	const struct dentry *parent;

	if (dentry == scratch->walk.root_dentry &&
	    scratch->walk.mount == scratch->walk.root_mount) {
		scratch->walk.end = PATH_COMPLETE;
		return true;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (!parent) {
		scratch->walk.end = PATH_FAULT;
		return true;
	}
	if (dentry == scratch->walk.mount_root)
		return path_cross_mount(scratch);
	if (path_prepend_name(scratch, dentry))
		return true;
	if (dentry == parent) { /* never had a place in a tree: memfd */
		scratch->walk.end = PATH_COMPLETE;
		return true;
	}
	scratch->walk.dentry = parent;
	return false;
}

struct path_loop {
	struct exec_scratch *scratch;
};

static long path_loop_step(__u32 index, void *context)
{
	return path_step(((struct path_loop *)context)->scratch);
}

/*
 * What changes lives in the scratch (a map), not on the stack: before 6.7 the verifier looked at a
 * bpf_loop callback once, with the values of the first round, and removed "dead" branches of later
 * ones.
 */
static __always_inline enum path_end path_build(struct exec_scratch *scratch,
						const struct path *path, const struct path *root)
{
	struct path_loop loop = { .scratch = scratch };

	scratch->walk.dentry = BPF_CORE_READ(path, dentry);
	path_enter_mount(scratch, BPF_CORE_READ(path, mnt));
	scratch->walk.root_dentry = BPF_CORE_READ(root, dentry);
	scratch->walk.root_mount = BPF_CORE_READ(root, mnt);
	scratch->walk.at = WIRE_PATH_BYTES_MAX;
	scratch->walk.end = PATH_WALKING;
	if (config.has_bpf_loop) {
		bpf_loop(WIRE_PATH_STEPS_MAX, path_loop_step, &loop, 0);
	} else {
		for (int i = 0; i < WIRE_PATH_STEPS_UNROLLED; i++) {
			if (path_step(scratch))
				break;
		}
	}
	if (scratch->walk.end == PATH_WALKING)
		scratch->walk.end = PATH_TOO_LONG;
	return scratch->walk.end;
}
