/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the instructions out of libbpf's hands at the moment it would load them. */
#include "sensor/hook_template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/log.h"
#include "sensor/hook_code.h"

#include "wire/hook.h"

static const char *const template_names[HOOK_TEMPLATE_COUNT] = {
#define HOOK_TEMPLATE(name, program) [HOOK_TEMPLATE_##name] = #program,
	HOOK_TEMPLATES(HOOK_TEMPLATE)
#undef HOOK_TEMPLATE
};

static struct hook_code *templates_find(struct hook_templates *templates, const char *name)
{
	for (size_t i = 0; i < HOOK_TEMPLATE_COUNT; i++) {
		if (strcmp(template_names[i], name) == 0)
			return &templates->codes[i];
	}
	return NULL;
}

static void *copy_bytes(const void *data, size_t bytes)
{
	void *copy = malloc(bytes ? bytes : 1);

	if (copy && bytes)
		memcpy(copy, data, bytes);
	return copy;
}

static int code_copy(struct hook_code *code, const struct bpf_program *program,
		     const struct bpf_prog_load_opts *options)
{
	code->count = bpf_program__insn_cnt(program);
	code->functions_count = options->func_info_cnt;
	code->functions_bytes = options->func_info_rec_size;
	code->btf_fd = (int)options->prog_btf_fd;
	code->instructions =
		copy_bytes(bpf_program__insns(program), code->count * sizeof(struct bpf_insn));
	code->functions = copy_bytes(options->func_info,
				     (size_t)code->functions_count * code->functions_bytes);
	return code->instructions && code->functions ? 0 : -ENOMEM;
}

/* libbpf calls this with everything relocated; what it then loads in its place does nothing. */
static int template_prepare_load(struct bpf_program *program, struct bpf_prog_load_opts *options,
				 long cookie)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct hook_code *code =
		templates_find((struct hook_templates *)cookie, bpf_program__name(program));
	int error = code ? code_copy(code, program, options) : -ENOENT;

	if (error)
		return error;
	options->func_info = NULL;
	options->func_info_cnt = 0;
	options->line_info = NULL;
	options->line_info_cnt = 0;
	options->prog_btf_fd = 0;
	return bpf_program__set_insns(program, (struct bpf_insn *)nothing,
				      sizeof(nothing) / sizeof(nothing[0]));
}

/*
 * libbpf before 1.2 frees its list of handlers when the last one leaves, and uses it again when the
 * next one comes (an agent that begins anew because it cannot take over). So one stays, for a
 * section that no program has.
 */
static int handlers_keep_list(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options);

	return libbpf_register_prog_handler("nobody+", BPF_PROG_TYPE_SOCKET_FILTER, 0, &options);
}

int hook_templates_begin(struct hook_templates *templates)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .cookie = (long)templates,
		    .prog_prepare_load_fn = template_prepare_load);
	int kept = handlers_keep_list();

	if (kept < 0)
		return kept;
	templates->handler =
		libbpf_register_prog_handler("hook+", BPF_PROG_TYPE_SOCKET_FILTER, 0, &options);
	return templates->handler < 0 ? templates->handler : 0;
}

void hook_templates_end(struct hook_templates *templates)
{
	libbpf_unregister_prog_handler(templates->handler);
}

/* ---- what functions are for ---------------------------------------------------------------------
 */

static const struct {
	const char *name;
	uint32_t needs;
} function_rows[] = {
	{ "ranges_find", WIRE_USES_RANGES },
	{ "wide_ranges_find", WIRE_USES_WIDE_RANGES },
	{ "text_find", WIRE_USES_TEXTS },
	{ "masks_apply", WIRE_USES_MASKS },
	{ "substrings_apply", WIRE_USES_SUBSTRINGS },
	{ "task_match_marks", WIRE_USES_MARKS },
	{ "match_task", WIRE_USES_TASK },
	{ "hook_park", WIRE_USES_RETURNS },
	{ "hook_unpark", WIRE_USES_RETURNS },
	{ "arg_read_file_like", WIRE_USES_FILES },
	{ "filter_excludes", WIRE_USES_FILES },
	{ "arg_read_network", WIRE_USES_NETWORK },
	{ "match_text_tables", WIRE_USES_TEXTS | WIRE_USES_SUBSTRINGS },
	{ "match_file", WIRE_USES_FILES },
	{ "match_number", WIRE_USES_NUMBERS },
	{ "match_unix_address", WIRE_USES_NETWORK },
	{ "match_socket", WIRE_USES_NETWORK },
	{ "match_packet", WIRE_USES_NETWORK },
	{ "match_plain_address", WIRE_USES_NETWORK },
	{ "arg_read_credentials", WIRE_USES_CREDENTIALS },
	{ "arg_read_bytes", WIRE_USES_BUFFERS },
};

enum { FUNCTION_ROWS = sizeof(function_rows) / sizeof(function_rows[0]) };

static uint32_t function_get_needs(const char *name, bool found[FUNCTION_ROWS])
{
	for (size_t i = 0; i < FUNCTION_ROWS; i++) {
		if (strcmp(function_rows[i].name, name) != 0)
			continue;
		found[i] = true;
		return function_rows[i].needs;
	}
	return 0;
}

static int code_find_needs(struct hook_code *code, const struct btf *types,
			   bool found[FUNCTION_ROWS])
{
	const char *record = code->functions;

	code->needs = calloc(code->functions_count + 1, sizeof(*code->needs));
	if (!code->needs)
		return -ENOMEM;
	for (uint32_t i = 0; i < code->functions_count; i++, record += code->functions_bytes) {
		const struct bpf_func_info *function = (const void *)record;
		const struct btf_type *type = btf__type_by_id(types, function->type_id);

		if (type)
			code->needs[i] = function_get_needs(
				btf__name_by_offset(types, type->name_off), found);
	}
	return 0;
}

int hook_templates_find_needs(struct hook_templates *templates, const struct btf *types)
{
	bool found[FUNCTION_ROWS] = {};
	int error = 0;

	for (size_t i = 0; i < HOOK_TEMPLATE_COUNT && !error; i++)
		error = code_find_needs(&templates->codes[i], types, found);
	for (size_t i = 0; i < FUNCTION_ROWS && !error; i++) {
		if (found[i])
			continue;
		log_debug("no program has a function \"%s\"", function_rows[i].name);
		error = -EINVAL; /* renamed, or inlined: it would never be cut out */
	}
	return error;
}

void hook_templates_done(struct hook_templates *templates)
{
	for (size_t i = 0; i < HOOK_TEMPLATE_COUNT; i++) {
		hook_code_done(&templates->codes[i]);
	}
}
