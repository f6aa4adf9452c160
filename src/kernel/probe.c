/* SPDX-License-Identifier: Apache-2.0 */
/* Tries features of the running kernel with minimal programs. No program stays loaded. */
#include "kernel/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>

#include "base/cleanup.h"

/* A function that every kernel with trampolines has in its BTF; nothing is attached to it. */
#define PROBE_FUNCTION "security_file_open"

static const struct bpf_insn program_return_0[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* A helper that is there is refused for its arguments, which nobody has set. libbpf's own probe
 * (before 1.5) does not know the last of these sentences, which is that of 6.10 and later. */
static bool probe_helper(enum bpf_prog_type type, enum bpf_func_id helper)
{
	static const char *const absent[] = { "unknown func ", "invalid func ",
					      "program of this type cannot use helper " };
	const struct bpf_insn program[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = (int)helper },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_level = 1, .log_buf = log,
		    .log_size = sizeof(log));
	int fd = bpf_prog_load(type, NULL, "GPL", program, sizeof(program) / sizeof(program[0]),
			       &options);

	if (fd >= 0)
		close(fd);
	for (size_t i = 0; fd < 0 && i < sizeof(absent) / sizeof(absent[0]); i++) {
		if (!log[0] || strstr(log, absent[i]))
			return false;
	}
	return true;
}

static bool probe_bpf_loop(const struct btf *btf)
{
	return probe_helper(BPF_PROG_TYPE_SOCKET_FILTER, BPF_FUNC_loop);
}

static bool probe_trampoline(const struct btf *btf, enum bpf_prog_type type,
			     enum bpf_attach_type attach, const char *function)
{
	int id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) : -ENOENT;
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach,
		    .attach_btf_id = id > 0 ? (unsigned int)id : 0);
	int fd;

	if (id <= 0)
		return false;
	fd = bpf_prog_load(type, NULL, "GPL", program_return_0,
			   sizeof(program_return_0) / sizeof(program_return_0[0]), &options);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool probe_fentry(const struct btf *btf)
{
	return probe_trampoline(btf, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, PROBE_FUNCTION);
}

static bool probe_kprobe(const struct btf *btf)
{
	return access("/sys/bus/event_source/devices/kprobe/type", R_OK) == 0;
}

static bool probe_lsm(const struct btf *btf)
{
	char list[512] = "";
	FILE *file = fopen("/sys/kernel/security/lsm", "re");

	if (!file)
		return false;
	if (!fgets(list, sizeof(list), file))
		list[0] = '\0';
	fclose(file);
	return strstr(list, "bpf") &&
	       probe_trampoline(btf, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf_lsm_file_open");
}

/* Attaching is the test: kernels without fprobes load such programs and refuse then. */
static bool probe_kprobe_multi(const struct btf *btf)
{
	const char *symbols[] = { PROBE_FUNCTION };
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
	LIBBPF_OPTS(bpf_link_create_opts, attach, .kprobe_multi.syms = symbols,
		    .kprobe_multi.cnt = 1);
	int link, fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", program_return_0,
				     sizeof(program_return_0) / sizeof(program_return_0[0]), &load);

	if (fd < 0)
		return false;
	link = bpf_link_create(fd, 0, BPF_TRACE_KPROBE_MULTI, &attach);
	close(fd);
	if (link < 0)
		return false;
	close(link);
	return true;
}

static bool probe_override(const struct btf *btf)
{
	return probe_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_override_return);
}

bool kernel_can_inject(const char *function)
{
	FILE *file = fopen("/sys/kernel/debug/error_injection/list", "re");
	char line[256], name[256];
	bool is_found = false;

	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file))
		is_found = sscanf(line, "%255s", name) == 1 && strcmp(name, function) == 0;
	fclose(file);
	return is_found;
}

static const struct {
	const char *name;
	bool (*probe)(const struct btf *btf);
} kernel_probes[KERNEL_FEATURES] = {
	[KERNEL_BPF_LOOP] = { "bpf_loop", probe_bpf_loop },
	[KERNEL_FENTRY] = { "fentry", probe_fentry },
	[KERNEL_KPROBE] = { "kprobe", probe_kprobe },
	[KERNEL_LSM] = { "BPF LSM", probe_lsm },
	[KERNEL_KPROBE_MULTI] = { "kprobe.multi", probe_kprobe_multi },
	[KERNEL_OVERRIDE] = { "override", probe_override },
};

const char *kernel_feature_get_name(enum kernel_feature feature)
{
	return kernel_probes[feature].name;
}

/* Five megabytes: read once for all probes, and for the index. */
int kernel_features_probe(struct kernel_features *out, const char *btf_path,
			  struct kernel_functions **functions)
{
	struct btf *btf = btf_path ? btf__parse(btf_path, NULL) : btf__load_vmlinux_btf();
	int error = btf ? 0 : -errno;

	for (int i = 0; i < KERNEL_FEATURES; i++)
		out->has[i] = kernel_probes[i].probe(btf);
	if (!error && functions)
		error = kernel_functions_new(functions, btf);
	btf__free(btf);
	return error;
}

void kernel_features_add_tier(struct buf *out, const struct kernel_features *features)
{
	static const enum kernel_feature hooks[] = { KERNEL_FENTRY, KERNEL_KPROBE, KERNEL_LSM };
	const char *separator = "";

	if (!features->has[KERNEL_FENTRY] && !features->has[KERNEL_KPROBE]) {
		buf_add_text(out, "substitutes (this kernel offers no function hooks; "
				  "processes are seen in full through raw tracepoints)");
		return;
	}
	buf_add_text(out, "function hooks (");
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (!features->has[hooks[i]])
			continue;
		buf_add_format(out, "%s%s", separator, kernel_probes[hooks[i]].name);
		separator = ", ";
	}
	buf_add_text(out, ")");
}

/* Effective capabilities of this process, as one mask. */
static uint64_t capabilities_effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static int check_capabilities(struct diag *diag)
{
	static const struct {
		const char *name;
		unsigned int number;
	} needed[] = {
		{ "CAP_BPF", CAP_BPF },
		{ "CAP_PERFMON", CAP_PERFMON },
		{ "CAP_SYS_PTRACE", CAP_SYS_PTRACE },
	};
	uint64_t effective = capabilities_effective();

	if (effective & 1ULL << CAP_SYS_ADMIN)
		return 0;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (effective & 1ULL << needed[i].number)
			continue;
		diag_add(diag,
			 "cannot load BPF programs: the capability %s is missing (user %d); "
			 "run tetrad as root, or give it CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE",
			 needed[i].name, (int)geteuid());
		return -EPERM;
	}
	return 0;
}

/* BTF starts with its magic number (linux/btf.h), a vmlinux file with that of ELF. */
static int check_btf(const char *btf_path, struct diag *diag)
{
	static const char advice[] =
		"boot a kernel with CONFIG_DEBUG_INFO_BTF=y, or name a BTF file of this kernel "
		"with --btf";
	unsigned char magic[4] = {};
	_cleanup_close_ int fd = open(btf_path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 || read(fd, magic, sizeof(magic)) < 0 ? errno : 0;

	if (error) {
		diag_add(diag, "cannot read kernel type information \"%s\": %s; %s", btf_path,
			 strerror(error), advice);
		return -error;
	}
	if ((magic[0] == 0x9f && magic[1] == 0xeb) || !memcmp(magic, "\177ELF", 4))
		return 0;
	diag_add(diag, "cannot use \"%s\": it is no kernel type information (BTF); %s", btf_path,
		 advice);
	return -EINVAL;
}

int kernel_check_requirements(const char *btf_path, struct diag *diag)
{
	int error = check_capabilities(diag);

	return error ? error : check_btf(btf_path, diag);
}
