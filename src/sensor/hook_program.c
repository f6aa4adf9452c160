/* SPDX-License-Identifier: Apache-2.0 */
/* Clones templates: what the hook needs is copied, and loads of stand-in maps get its maps. */
#include "sensor/hook_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/span.h"
#include "sensor/hook_code.h"

/* What the verifier may say; a hook's log has some hundred kilobytes at the most. */
#define PROGRAM_LOG_BYTES (1u << 20)

/* A map of one element that the verifier takes as constants. */
static int config_map_new(const struct wire_hook_config *config)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_RDONLY_PROG);
	uint32_t zero = 0;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hook_config", sizeof(zero), sizeof(*config), 1,
				&options);
	int error;

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(fd, &zero, config, BPF_ANY) == 0 && bpf_map_freeze(fd) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int hook_memory_new(uint32_t half_bytes)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	uint32_t bytes = 2 * half_bytes;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hook_memory", sizeof(uint32_t), bytes, 1,
				&options);

	return fd < 0 ? -errno : fd;
}

int hook_slot_new(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "hook_slot", sizeof(uint32_t),
				sizeof(uint32_t), 1, NULL);

	return fd < 0 ? -errno : fd;
}

/* The kernel wants types for such a map, and the value's must have the value's size. */
static int parked_btf_new(uint32_t bytes)
{
	struct btf *btf = btf__new_empty();
	int fd = -ENOMEM;

	if (!btf)
		return -ENOMEM;
	if (btf__add_int(btf, "int", 4, BTF_INT_SIGNED) == 1 &&
	    btf__add_struct(btf, "parked", bytes) == 2) {
		fd = btf__load_into_kernel(btf);
		if (!fd)
			fd = fcntl(btf__fd(btf), F_DUPFD_CLOEXEC, 0);
	}
	btf__free(btf);
	return fd;
}

int hook_parked_new(uint32_t bytes)
{
	uint32_t value_bytes = WIRE_PARKED_HEAD_BYTES + bytes;
	_cleanup_close_ int btf_fd = parked_btf_new(value_bytes);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC,
		    .btf_fd = (uint32_t)btf_fd, .btf_key_type_id = 1, .btf_value_type_id = 2);
	int fd;

	if (btf_fd < 0)
		return btf_fd;
	fd = bpf_map_create(BPF_MAP_TYPE_TASK_STORAGE, "hook_parked", sizeof(int), value_bytes, 0,
			    &options);
	return fd < 0 ? -errno : fd;
}

/* Loads of a map's address (or of an address in its value) name the map in `imm`. */
static void code_replace_map(struct hook_code *code, int old_fd, int new_fd)
{
	for (size_t i = 0; i < code->count && new_fd >= 0; i++) {
		struct bpf_insn *one = &code->instructions[i];

		if (one->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if ((one->src_reg == BPF_PSEUDO_MAP_FD || one->src_reg == BPF_PSEUDO_MAP_VALUE) &&
		    one->imm == old_fd)
			one->imm = new_fd;
		i++; /* its second half */
	}
}

static int program_try(const struct hook_code *code, const struct hook_program *program, char *log,
		       unsigned int log_level)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = program->attach_type,
		    .attach_btf_id = program->attach_btf_id, .prog_flags = program->flags,
		    .prog_btf_fd = (uint32_t)code->btf_fd, .func_info = code->functions,
		    .func_info_cnt = code->functions_count,
		    .func_info_rec_size = code->functions_bytes, .log_level = log ? log_level : 0,
		    .log_buf = log, .log_size = log ? PROGRAM_LOG_BYTES : 0);
	int fd = bpf_prog_load(program->type, "hook", "Dual BSD/GPL", code->instructions,
			       code->count, &options);

	return fd < 0 ? -errno : fd;
}

/* What the verifier refuses is tried once more for its words, if anybody wants to read them. */
static int program_load(const struct hook_templates *templates, const struct hook_code *code,
			const struct hook_program *program)
{
	unsigned int level = templates->verifier_log_level;
	_cleanup_free_ char *log = NULL;
	struct span rest;
	int fd = program_try(code, program, NULL, 0);

	if (fd >= 0 || log_get_level() < (level ? LOG_LEVEL_DEBUG : LOG_LEVEL_TRACE))
		return fd;
	log = calloc(1, PROGRAM_LOG_BYTES);
	if (log)
		program_try(code, program, log, level ? level : 1);
	rest = span_of(log ? log : "");
	while (rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		log_debug("%.*s", (int)line.bytes, line.data);
	}
	return fd;
}

int hook_program_load(const struct hook_templates *templates,
		      const struct hook_stand_ins *stand_ins, const struct hook_program *program)
{
	_cleanup_close_ int config_fd = config_map_new(program->config);
	struct hook_code code;
	int result;

	if (config_fd < 0)
		return config_fd;
	result = hook_code_cut(&code, &templates->codes[program->template], program->config->uses);
	if (result)
		return result;
	code_replace_map(&code, stand_ins->config_fd, config_fd);
	code_replace_map(&code, stand_ins->memory_fd, program->memory_fd);
	code_replace_map(&code, stand_ins->slot_fd, program->slot_fd);
	code_replace_map(&code, stand_ins->parked_fd, program->parked_fd);
	result = program_load(templates, &code, program);
	hook_code_done(&code);
	return result;
}
