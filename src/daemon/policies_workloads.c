/* SPDX-License-Identifier: Apache-2.0 */
/* The file of workloads -> the engine's list, and the kernel's map of cgroups. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/policies_private.h"
#include "workload/cgroup.h"

struct group_visit {
	int map_fd;
	uint32_t number;
};

static int group_write(void *context, const char *path, uint64_t id)
{
	const struct group_visit *visit = context;

	return bpf_map_update_elem(visit->map_fd, &id, &visit->number, BPF_ANY) ? -errno : 0;
}

static void groups_clear(int map_fd)
{
	uint64_t id;

	while (bpf_map_get_next_key(map_fd, NULL, &id) == 0 &&
	       bpf_map_delete_elem(map_fd, &id) == 0)
		;
}

/* Outer groups come before inner ones in the list, so each group ends up with its nearest workload.
 */
static void groups_write(struct policies *policies)
{
	struct group_visit visit = { .map_fd = engine_get_workloads_fd(policies->options.engine) };

	groups_clear(visit.map_fd);
	for (size_t i = 0; i < policies->workloads->count; i++) {
		const struct workload *workload = &policies->workloads->items[i];
		_cleanup_free_ char *path = NULL;
		int error;

		if (asprintf(&path, "%s%s", policies->cgroup_root, workload->cgroup) < 0)
			return;
		visit.number = workload->number;
		error = cgroup_visit_tree(path, group_write, &visit);
		if (error && error != -ENOENT)
			log_warn("cannot follow cgroup \"%s\": %s", path, strerror(-error));
	}
}

static int workloads_tell_engine(struct policies *policies, struct diag *diag)
{
	const struct workloads *workloads = policies->workloads;
	_cleanup_free_ struct engine_workload *list = calloc(workloads->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < workloads->count; i++) {
		const struct workload *one = &workloads->items[i];

		list[i].number = one->number;
		list[i].subject = (struct scope_subject){
			.namespace = one->namespace,
			.labels = one->labels,
			.labels_count = one->labels_count,
			.container = one->container,
			.image_repo = one->image_repo,
		};
	}
	return engine_set_workloads(policies->options.engine, list, workloads->count, diag);
}

int policies_read_workloads(struct policies *policies, struct diag *diag)
{
	struct workloads *old = policies->workloads, *now;
	int error = policies->cgroup_root ? 0 : cgroup_find_root(&policies->cgroup_root);

	if (error) {
		diag_add(diag, "cannot follow workloads: no cgroup v2 hierarchy is mounted");
		return error;
	}
	error = workloads_read_file(policies->options.workload_file, policies->cgroup_root, &now,
				    diag);
	if (error)
		return error;
	policies->workloads = now;
	groups_write(policies);
	error = workloads_tell_engine(policies, diag);
	workloads_free(old);
	return error;
}

void policies_on_workloads(void *context)
{
	struct policies *policies = context;
	_cleanup_diag_ struct diag diag = {};

	if (policies_read_workloads(policies, &diag) == 0)
		return;
	log_error("%s", buf_text(&diag.text));
	log_error("workloads stay as they were");
}
