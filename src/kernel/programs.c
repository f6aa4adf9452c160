/* SPDX-License-Identifier: Apache-2.0 */
/* Asks bpf(2), and /proc for what only fdinfo tells. */
#include "kernel/programs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"

#define STATS_SETTING_PATH "/proc/sys/kernel/bpf_stats_enabled"

/* One answer of bpf(2) that tells of no perf event's probe. */
enum { PROBE_NAME_BYTES = 256 };

static int program_read_info(int fd, struct bpf_prog_info *out)
{
	uint32_t bytes = sizeof(*out);

	memset(out, 0, sizeof(*out));
	return bpf_obj_get_info_by_fd(fd, out, &bytes) ? -errno : 0;
}

static void program_take_stats(const struct bpf_prog_info *info, struct kernel_program_stats *out)
{
	*out = (struct kernel_program_stats){ .calls = info->run_cnt,
					      .run_time_ns = info->run_time_ns,
					      .missed = info->recursion_misses };
}

int kernel_program_read_stats(int program_fd, struct kernel_program_stats *out)
{
	struct bpf_prog_info info;
	int error = program_fd < 0 ? -EBADF : program_read_info(program_fd, &info);

	*out = (struct kernel_program_stats){};
	if (!error)
		program_take_stats(&info, out);
	return error;
}

/* Kprobes are attached by perf events where there are no links for them (before 5.15). */
static int link_read_program(int fd, uint32_t *out_id)
{
	struct bpf_link_info info = {};
	uint32_t bytes = sizeof(info), name_bytes = PROBE_NAME_BYTES, type;
	char name[PROBE_NAME_BYTES];
	__u64 offset, address;

	if (bpf_obj_get_info_by_fd(fd, &info, &bytes) == 0) {
		*out_id = info.prog_id;
		return 0;
	}
	if (bpf_task_fd_query(getpid(), fd, 0, name, &name_bytes, out_id, &type, &offset, &address))
		return -errno;
	return 0;
}

int kernel_link_open_program(int link_fd)
{
	uint32_t id;
	int fd, error = link_fd < 0 ? -EBADF : link_read_program(link_fd, &id);

	if (error)
		return error;
	fd = bpf_prog_get_fd_by_id(id);
	return fd < 0 ? -errno : fd;
}

int kernel_link_read_stats(int link_fd, struct kernel_program_stats *out)
{
	_cleanup_close_ int fd = kernel_link_open_program(link_fd);
	int error = kernel_program_read_stats(fd, out);

	return fd < 0 ? fd : error;
}

int kernel_measure_programs(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	return fd < 0 ? -errno : fd;
}

bool kernel_measures_programs(void)
{
	FILE *file = fopen(STATS_SETTING_PATH, "re");
	int value = 0;

	if (!file)
		return false;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value == 1;
}

/* ---- all there are
 * ------------------------------------------------------------------------------ */

static uint64_t fdinfo_read(unsigned int pid, int fd, const char *format)
{
	char path[64], line[128];
	unsigned long long value = 0;
	FILE *file;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%u/fdinfo/%d", pid, fd);
	else
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, format, &value) == 1)
			break;
	}
	fclose(file);
	return value;
}

int kernel_fd_read_object(unsigned int pid, int fd, enum kernel_object_kind *out_kind,
			  uint32_t *out_id)
{
	static const struct {
		const char *format;
		enum kernel_object_kind kind;
	} rows[] = { { "map_id: %llu", KERNEL_MAPS }, { "prog_id: %llu", KERNEL_PROGRAMS } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t id = fdinfo_read(pid, fd, rows[i].format);

		if (!id)
			continue;
		*out_kind = rows[i].kind;
		*out_id = (uint32_t)id;
		return 0;
	}
	return -ENOENT;
}

static int object_fill_program(int fd, struct kernel_object *out)
{
	struct bpf_prog_info info;
	int error = program_read_info(fd, &info);
	const char *type = error ? NULL : libbpf_bpf_prog_type_str(info.type);

	if (error)
		return error;
	*out = (struct kernel_object){ .id = info.id,
				       .type = type ? type : "",
				       .type_number = info.type,
				       .instructions = info.xlated_prog_len / 8,
				       .loaded_ns = info.load_time };
	snprintf(out->name, sizeof(out->name), "%.*s", (int)sizeof(out->name) - 1, info.name);
	program_take_stats(&info, &out->stats);
	return 0;
}

static int object_fill_map(int fd, struct kernel_object *out)
{
	struct bpf_map_info info = {};
	uint32_t bytes = sizeof(info);
	const char *type;

	if (bpf_obj_get_info_by_fd(fd, &info, &bytes))
		return -errno;
	type = libbpf_bpf_map_type_str(info.type);
	*out = (struct kernel_object){ .id = info.id,
				       .type = type ? type : "",
				       .type_number = info.type,
				       .key_bytes = info.key_size,
				       .value_bytes = info.value_size,
				       .max_entries = info.max_entries };
	snprintf(out->name, sizeof(out->name), "%.*s", (int)sizeof(out->name) - 1, info.name);
	return 0;
}

static const struct object_row {
	int (*get_next)(uint32_t id, uint32_t *out);
	int (*open)(uint32_t id);
	int (*fill)(int fd, struct kernel_object *out);
} object_rows[] = {
	[KERNEL_PROGRAMS] = { bpf_prog_get_next_id, bpf_prog_get_fd_by_id, object_fill_program },
	[KERNEL_MAPS] = { bpf_map_get_next_id, bpf_map_get_fd_by_id, object_fill_map },
};

int kernel_visit_objects(enum kernel_object_kind kind, kernel_object_fn visit, void *context)
{
	const struct object_row *row = &object_rows[kind];
	struct kernel_object object;
	uint32_t id = 0;

	while (row->get_next(id, &id) == 0) {
		_cleanup_close_ int fd = row->open(id);

		if (fd < 0 && errno != ENOENT)
			return -errno;
		if (fd < 0 || row->fill(fd, &object))
			continue;
		object.memory_bytes = fdinfo_read(0, fd, "memlock: %llu");
		visit(context, &object);
	}
	return errno == ENOENT ? 0 : -errno;
}
