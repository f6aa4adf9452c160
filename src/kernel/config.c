/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of "CONFIG_NAME=value"; zlib reads compressed files and others alike. */
#include "kernel/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

#include "base/cleanup.h"

/* Longer values are of no option below. */
enum { LINE_BYTES = 512, PATH_BYTES = 128 };

const struct kernel_config kernel_configs[] = {
#define CONFIG(name, about) { "CONFIG_" #name, (about) },
#include "kernel/configs.def"
#undef CONFIG
};
const size_t kernel_configs_count = sizeof(kernel_configs) / sizeof(kernel_configs[0]);

static void cleanup_gz(gzFile *file)
{
	if (*file)
		gzclose(*file);
}

/* Hands over the option of LINE, which loses its end, if it is one of the table. */
static void config_take_line(char *line, kernel_config_fn visit, void *context)
{
	char *sign = strchr(line, '=');

	if (!sign)
		return;
	*sign = '\0';
	for (size_t i = 0; i < kernel_configs_count; i++) {
		if (strcmp(line, kernel_configs[i].name) != 0)
			continue;
		sign[1 + strcspn(sign + 1, "\n")] = '\0';
		visit(context, i, sign + 1);
	}
}

/* 0: all was read. A file that ends too early has no error of its own. */
static int gz_get_error(gzFile file)
{
	int error;

	gzerror(file, &error);
	if (error == Z_ERRNO && errno)
		return -errno;
	if (error == Z_MEM_ERROR)
		return -ENOMEM;
	return error == Z_OK || error == Z_STREAM_END ? 0 : -EBADMSG;
}

int kernel_config_visit_file(const char *path, kernel_config_fn visit, void *context)
{
	_cleanup_(cleanup_gz) gzFile file = gzopen(path, "re");
	char line[LINE_BYTES];

	if (!file)
		return errno ? -errno : -ENOMEM;
	errno = 0;
	while (gzgets(file, line, sizeof(line)))
		config_take_line(line, visit, context);
	return gz_get_error(file);
}

int kernel_config_visit(kernel_config_fn visit, void *context)
{
	static const char *const folders[] = { "/boot/config-%s", "/lib/modules/%s/config" };
	int error = kernel_config_visit_file("/proc/config.gz", visit, context);
	char path[PATH_BYTES];
	struct utsname kernel;

	if (uname(&kernel) < 0)
		return -errno;
	for (size_t i = 0; error && i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), folders[i], kernel.release);
		error = kernel_config_visit_file(path, visit, context);
	}
	return error ? -ENOENT : 0;
}
