/* SPDX-License-Identifier: Apache-2.0 */
/* A tar.gz that only its owner may read. In: names and bytes. Out: a file that appears under its
 * name when it is whole. */
#pragma once

#include <stddef.h>

#include "base/diag.h"

struct bundle;

/* A line in DIAG with every error. FOLDER: what all names are in. */
int bundle_new(struct bundle **out, const char *path, const char *folder, struct diag *diag);
int bundle_add(struct bundle *bundle, const char *name, const void *data, size_t bytes,
	       struct diag *diag);
int bundle_finish(struct bundle *bundle, struct diag *diag);
/* Without bundle_finish() nothing is left behind; NULL is fine. */
void bundle_free(struct bundle *bundle);
