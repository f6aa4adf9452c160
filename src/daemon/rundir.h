/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run directory: PID file (held locked, so that a second instance sees a living one and never a
 * stale one), and the info file that `tetra` reads. Both go away with rundir_free().
 */
#pragma once

#include "base/diag.h"

struct rundir;

/* Creates PATH if need be. -EBUSY: another instance holds it. A line in DIAG with every error. */
int rundir_new(struct rundir **out, const char *path, struct diag *diag);
void rundir_free(struct rundir *rundir);

struct rundir_info {
	const char *server_address, *export_filename, *btf;
};

/* Writes tetragon-info.json: from then on `tetra` finds the agent. */
int rundir_write_info(struct rundir *rundir, const struct rundir_info *info, struct diag *diag);
