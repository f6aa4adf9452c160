/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the running kernel was configured, as far as it matters to BPF. In: /proc/config.gz, or the
 * file that distributions put beside the kernel. Out: names and values.
 */
#pragma once

#include <stddef.h>

/* VALUE: "y", "m", or the text behind the sign; valid during the call. */
typedef void (*kernel_config_fn)(void *context, const char *name, const char *value);

/* Options that matter here; each is visited at most once, and not at all if it is not set. */
extern const char *const kernel_config_names[];
extern const size_t kernel_config_names_count;

/* -ENOENT: this kernel's configuration is nowhere to be read. */
int kernel_config_visit(kernel_config_fn visit, void *context);
/* The same from one file, compressed or not. */
int kernel_config_visit_file(const char *path, kernel_config_fn visit, void *context);
