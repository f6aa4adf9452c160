/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cgroup a container runtime means. In: `cgroupsPath` of its configuration (linux.cgroupsPath
 * of the OCI runtime specification), a path or SLICE:PREFIX:NAME. Out: a path, as runc makes it.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

/* Appends to OUT, which grows with the square of the number of dashes: whoever has the text from
 * others bounds it. False: that names no group. */
bool runtime_path_add(struct buf *out, const char *cgroups_path);
