/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which container a cgroup belongs to. In: a file that says so, as long as the agent does not know
 * Kubernetes (docs/workloads.md). Out: a table that does not change any more, and findings.
 *
 * That the cgroups exist is not asked here; cgroup.h finds them and their numbers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/span.h"
#include "base/text_pair.h"

/* 32768 workloads with 512 bytes each. */
#define WORKLOADS_FILE_BYTES_MAX (16u * 1024 * 1024)
/* Each has a cgroup, and the kernel side knows this many (WIRE_CGROUPS_MAX). */
#define WORKLOADS_MAX 32768u
/* Kubernetes has no limit of its own; pods in the wild have some ten. */
#define WORKLOAD_LABELS_MAX 256u

/* What Kubernetes accepts: RFC 1123 names, and label keys with such a name before the slash. */
#define WORKLOAD_NAME_BYTES_MAX	       253u
#define WORKLOAD_SHORT_NAME_BYTES_MAX  63u
#define WORKLOAD_LABEL_KEY_BYTES_MAX   (WORKLOAD_NAME_BYTES_MAX + 1 + WORKLOAD_SHORT_NAME_BYTES_MAX)
#define WORKLOAD_LABEL_VALUE_BYTES_MAX 63u
/* PATH_MAX of the kernel without the final NUL. */
#define WORKLOAD_CGROUP_BYTES_MAX 4095u
/* The runtime's name, "://" and 64 digits, with room. */
#define WORKLOAD_CONTAINER_ID_BYTES_MAX 128u
/* Registry, repository (255), tag (128) and digest (up to 135), with room. */
#define WORKLOAD_IMAGE_BYTES_MAX 1024u

/* No text is NULL; what the file does not say is "". */
struct workload {
	unsigned int line;     /* of the file, from 1 */
	const char *cgroup;    /* from the root of the hierarchy: "/kubepods/pod1/abc" */
	const char *namespace; /* never "" */
	const char *pod;       /* never "" */
	const char *container; /* its name in the pod */
	const char *container_id;
	const char *image;
	const char *image_repo; /* what stands before the digest; "" when there is no digest */
	const struct text_pair *labels; /* of the pod */
	size_t labels_count;
};

/* Sorted by workload_compare(). */
struct workloads {
	const struct workload *items;
	size_t count;
};

/*
 * CGROUP_ROOT is where the hierarchy is mounted (cgroup.h); paths of the file may begin with it.
 * -EINVAL: there are mistakes, with a line for each. Another negative errno: the file cannot be
 * read, with a line too, or -ENOMEM.
 */
int workloads_read_file(const char *path, const char *cgroup_root, struct workloads **out,
			struct diag *diag);
/* The same from a text, which NAME is said to be from. */
int workloads_read_text(const char *name, struct span text, const char *cgroup_root,
			struct workloads **out, struct diag *diag);
void workloads_free(struct workloads *workloads); /* NULL is fine */

/*
 * For qsort(3) and bsearch(3): by cgroup, so that a group comes before all groups below it. Who
 * goes through the trees of all workloads in this order and lets the later one win gives each group
 * to the nearest.
 */
int workload_compare(const void *one, const void *other);

static inline void cleanup_workloads(struct workloads **workloads)
{
	workloads_free(*workloads);
}

#define _cleanup_workloads_ _cleanup_(cleanup_workloads)
