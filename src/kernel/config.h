/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the running kernel was configured, as far as it matters here. In: /proc/config.gz, or the
 * file that the kernel's package has put beside it. Out: the value of each row of configs.def.
 */
#pragma once

#include <stddef.h>

struct kernel_config {
	const char *name;  /* "CONFIG_BPF" */
	const char *about; /* what needs it */
};

extern const struct kernel_config kernel_configs[];
extern const size_t kernel_configs_count;

/* ROW: of kernel_configs. VALUE: "y", "m", or the text behind the sign; valid during the call. An
 * option that is not set is not visited. */
typedef void (*kernel_config_fn)(void *context, size_t row, const char *value);

/* -ENOENT: this kernel's configuration is nowhere to be read. */
int kernel_config_visit(kernel_config_fn visit, void *context);
/* The same from one file, compressed or not. -EBADMSG: it is damaged; what came before that was
 * visited. */
int kernel_config_visit_file(const char *path, kernel_config_fn visit, void *context);
