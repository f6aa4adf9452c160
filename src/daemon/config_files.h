/* SPDX-License-Identifier: Apache-2.0 */
/* One directory or one YAML file of options. In: its path. Out: options set, or mistakes with their
 * place. */
#pragma once

#include <stdbool.h>

#include "base/options.h"

/* -ENOENT: there is no such directory; nothing is said about it. */
int config_read_directory(struct options *flags, const char *path, struct diag *diag);
/*
 * -ENOENT: there is no such file; nothing is said about it. IS_FOREIGN: it lies where others may
 * write, so it must belong to this user or root, and nobody else may write it.
 */
int config_read_yaml(struct options *flags, const char *path, bool is_foreign, struct diag *diag);
