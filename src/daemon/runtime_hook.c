/* SPDX-License-Identifier: Apache-2.0 */
/* What a container runtime tells of a container (RuntimeHook) -> a workload, as its file says it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/policies_private.h"
#include "workload/runtime_path.h"

/* Keys of the file: the member of the request, and annotations by which runtimes say the same. */
static const struct hook_row {
	const char *key;
	size_t member;
	const char *annotations[3];
} hook_rows[] = {
#define MEMBER(name) offsetof(Tetragon__CreateContainer, name)
	{ "namespace",
	  MEMBER(podnamespace),
	  { "io.kubernetes.pod.namespace", "io.kubernetes.cri.sandbox-namespace" } },
	{ "pod", MEMBER(podname), { "io.kubernetes.pod.name", "io.kubernetes.cri.sandbox-name" } },
	{ "container",
	  MEMBER(containername),
	  { "io.kubernetes.container.name", "io.kubernetes.cri.container-name" } },
	{ "container_id",
	  MEMBER(containerid),
	  { "io.kubernetes.cri-o.ContainerID", "io.kubernetes.cri.container-id" } },
	{ "image",
	  MEMBER(containerimage),
	  { "io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
	    "io.kubernetes.container.image" } },
#undef MEMBER
};

static const char *hook_find_annotation(const Tetragon__CreateContainer *container,
					const char *name)
{
	for (size_t i = 0; name && i < container->n_annotations; i++) {
		if (strcmp(container->annotations[i]->key, name) == 0)
			return container->annotations[i]->value;
	}
	return "";
}

static const char *hook_find(const Tetragon__CreateContainer *container, const struct hook_row *row)
{
	const char *value = *(char *const *)((const char *)container + row->member);

	for (size_t i = 0; !*value && i < sizeof(row->annotations) / sizeof(row->annotations[0]);
	     i++)
		value = hook_find_annotation(container, row->annotations[i]);
	return value;
}

int policies_create_container(void *context, const Tetragon__CreateContainer *container,
			      struct diag *diag)
{
	_cleanup_buf_ struct buf cgroup = {};
	_cleanup_free_ char *text = NULL;
	json_t *object = json_object();

	if (!*container->cgroupspath ||
	    strlen(container->cgroupspath) > WORKLOAD_CGROUP_BYTES_MAX) {
		json_decref(object);
		diag_add(
			diag,
			"cgroupsPath, by which the container's processes are known, has %zu bytes; "
			"want 1 to %u",
			strlen(container->cgroupspath), WORKLOAD_CGROUP_BYTES_MAX);
		return -EINVAL;
	}
	if (*container->cgroupspath != '/' && strchr(container->cgroupspath, '/'))
		buf_add_char(&cgroup, '/'); /* of the hierarchy, whatever runtimes leave out */
	if (!runtime_path_add(&cgroup, container->cgroupspath)) {
		json_decref(object);
		diag_add(diag,
			 "cgroupsPath is \"%s\"; want a path, or SLICE:PREFIX:NAME as systemd",
			 container->cgroupspath);
		return -EINVAL;
	}
	json_object_set_new(object, "cgroup", json_string(buf_text(&cgroup)));
	for (size_t i = 0; i < sizeof(hook_rows) / sizeof(hook_rows[0]); i++) {
		const char *value = hook_find(container, &hook_rows[i]);

		if (*value)
			json_object_set_new(object, hook_rows[i].key, json_string(value));
	}
	text = cgroup.failed ? NULL : json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text ? policies_hook_workload(context, text, diag) : -ENOMEM;
}
