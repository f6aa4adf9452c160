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
/* PATH from the root on: clients look from other directories. */
const char *rundir_get_path(const struct rundir *rundir);

/* What `tetra` and a bug report need to know; NULL is "". */
struct rundir_info {
	const char *server_address, *metrics_address;
	const char *socket_path; /* of the API, besides a TCP address; NULL: there is none */
	const char *export_filename;
	const char *btf; /* the file that was read */
};

/*
 * Writes tetragon-info.json: from then on `tetra` finds the agent. Readers find the old file or the
 * new one, never a part; everybody may read it.
 */
int rundir_write_info(struct rundir *rundir, const struct rundir_info *info, struct diag *diag);
