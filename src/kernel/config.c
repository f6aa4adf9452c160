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

const char *const kernel_config_names[] = {
	"CONFIG_AUDITSYSCALL",
	"CONFIG_BPF",
	"CONFIG_BPF_EVENTS",
	"CONFIG_BPF_JIT",
	"CONFIG_BPF_JIT_ALWAYS_ON",
	"CONFIG_BPF_JIT_DEFAULT_ON",
	"CONFIG_BPF_KPROBE_OVERRIDE",
	"CONFIG_BPF_LSM",
	"CONFIG_BPF_STREAM_PARSER",
	"CONFIG_BPF_SYSCALL",
	"CONFIG_BPF_UNPRIV_DEFAULT_OFF",
	"CONFIG_CGROUPS",
	"CONFIG_CGROUP_BPF",
	"CONFIG_DEBUG_INFO_BTF",
	"CONFIG_DEBUG_INFO_BTF_MODULES",
	"CONFIG_DYNAMIC_FTRACE",
	"CONFIG_DYNAMIC_FTRACE_WITH_ARGS",
	"CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS",
	"CONFIG_FPROBE",
	"CONFIG_FTRACE_SYSCALLS",
	"CONFIG_FUNCTION_ERROR_INJECTION",
	"CONFIG_FUNCTION_TRACER",
	"CONFIG_HAVE_EBPF_JIT",
	"CONFIG_IKCONFIG_PROC",
	"CONFIG_KPROBES",
	"CONFIG_KPROBE_EVENTS",
	"CONFIG_LSM",
	"CONFIG_PREEMPT",
	"CONFIG_PREEMPT_RT",
	"CONFIG_SECURITY",
	"CONFIG_TRACEPOINTS",
	"CONFIG_UPROBES",
	"CONFIG_UPROBE_EVENTS",
};
const size_t kernel_config_names_count =
	sizeof(kernel_config_names) / sizeof(kernel_config_names[0]);

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
	for (size_t i = 0; i < kernel_config_names_count; i++) {
		if (strcmp(line, kernel_config_names[i]) != 0)
			continue;
		sign[1 + strcspn(sign + 1, "\n")] = '\0';
		visit(context, line, sign + 1);
	}
}

int kernel_config_visit_file(const char *path, kernel_config_fn visit, void *context)
{
	_cleanup_(cleanup_gz) gzFile file = gzopen(path, "re");
	char line[LINE_BYTES];

	if (!file)
		return errno ? -errno : -ENOMEM;
	while (gzgets(file, line, sizeof(line)))
		config_take_line(line, visit, context);
	return 0;
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
