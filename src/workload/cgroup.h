/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup v2 hierarchy as a file system. In: paths of its directories. Out: the numbers that BPF
 * programs know cgroups by. Nothing is changed, and nothing is remembered.
 *
 * A directory outside the hierarchy has a number too, which then means nothing.
 */
#pragma once

#include <stdint.h>

/* The hierarchies of container runtimes are 3 to 10 levels deep; each takes a descriptor here. */
#define CGROUP_DEPTH_MAX 64u
/* As many as the kernel side has room for (WIRE_CGROUPS_MAX). */
#define CGROUP_VISITED_MAX 32768u

/*
 * Where the hierarchy is mounted: "/sys/fs/cgroup", or "/sys/fs/cgroup/unified" beside v1
 * hierarchies. A mount of all of it goes before one of a part. OUT is the caller's, to free().
 * -ENOENT: it is mounted nowhere that this process sees.
 */
int cgroup_find_root(char **out);
/* The same from a file in the format of /proc/self/mountinfo (proc(5)). */
int cgroup_find_root_in(const char *mountinfo_path, char **out);

/* The id as bpf_get_current_cgroup_id() gives it. A negative errno: PATH cannot be opened. */
int cgroup_read_id(const char *path, uint64_t *out);

/* PATH is valid during the call. Not 0 ends the visit. */
typedef int (*cgroup_visit_fn)(void *context, const char *path, uint64_t id);

/*
 * PATH and all groups below it, each before those below it. Groups that go away meanwhile are left
 * out, those that come meanwhile may be. Returns what the function returned if that was not 0; else
 * -ENOENT: there is no PATH; -E2BIG: all within the limits above was visited, and there is more;
 * another negative errno: a group cannot be read.
 */
int cgroup_visit_tree(const char *path, cgroup_visit_fn visit, void *context);
