/* SPDX-License-Identifier: Apache-2.0 */
/* Names of cgroups -> container id. In: names from leaf upward, a slash behind each. */
#pragma once

#include "base/span.h"

/* What events show of a container id, with the final NUL: 31 characters, as upstream. */
enum { CONTAINER_ID_BYTES = 32 };

/*
 * The id in the nearest name that has one ("<64 hex>", "docker-<64 hex>.scope",
 * "cri-containerd-<...>.scope", "kubepods-...:cri-containerd:<...>"). OUT is NUL-terminated; empty
 * when no name has one.
 */
void container_id_find(struct span cgroup_names, char out[CONTAINER_ID_BYTES]);
