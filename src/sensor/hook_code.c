/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that can be reached from the first one stay; calls between them are counted anew. */
#include "sensor/hook_code.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A function of a template, which begins where the one before it ends. */
struct cut_function {
	uint32_t from, to; /* in instructions of the template */
	uint32_t new_from;
	bool is_kept, is_followed;
};

struct cut {
	const struct hook_code *code;
	struct cut_function *functions;
	uint32_t uses;
};

static const struct bpf_func_info *code_get_function(const struct hook_code *code, uint32_t i)
{
	return (const void *)((const char *)code->functions + (size_t)i * code->functions_bytes);
}

/* Whether an instruction is a call of a function of the program, or takes its address. */
static bool instruction_names_function(const struct bpf_insn *one)
{
	return (one->code == (BPF_JMP | BPF_CALL) && one->src_reg == BPF_PSEUDO_CALL) ||
	       (one->code == (BPF_LD | BPF_IMM | BPF_DW) && one->src_reg == BPF_PSEUDO_FUNC);
}

static struct cut_function *cut_find_target(const struct cut *cut, uint32_t at)
{
	int64_t target = (int64_t)at + cut->code->instructions[at].imm + 1;

	for (uint32_t i = 0; i < cut->code->functions_count; i++) {
		if (cut->functions[i].from == target)
			return &cut->functions[i];
	}
	return NULL;
}

static bool cut_is_needed(const struct cut *cut, const struct cut_function *function)
{
	uint32_t needs = cut->code->needs[function - cut->functions];

	return !needs || needs & cut->uses;
}

static int cut_follow(struct cut *cut, struct cut_function *function)
{
	function->is_followed = true;
	for (uint32_t at = function->from; at < function->to; at++) {
		struct cut_function *target;

		if (!instruction_names_function(&cut->code->instructions[at]))
			continue;
		target = cut_find_target(cut, at);
		if (!target)
			return -EINVAL;
		if (cut_is_needed(cut, target))
			target->is_kept = true;
	}
	return 0;
}

static int cut_mark(struct cut *cut)
{
	uint32_t i = 0;

	cut->functions[0].is_kept = true;
	while (i < cut->code->functions_count) {
		struct cut_function *one = &cut->functions[i++];
		int error;

		if (!one->is_kept || one->is_followed)
			continue;
		error = cut_follow(cut, one);
		if (error)
			return error;
		i = 0; /* it may have called an earlier one */
	}
	return 0;
}

static void cut_place(const struct cut *cut, struct hook_code *out)
{
	for (uint32_t i = 0; i < cut->code->functions_count; i++) {
		struct cut_function *one = &cut->functions[i];

		if (!one->is_kept)
			continue;
		one->new_from = (uint32_t)out->count;
		out->count += one->to - one->from;
	}
}

/* A call that is never reached, of a function that is not there. */
static const struct bpf_insn no_call = { .code = BPF_ALU64 | BPF_MOV | BPF_K,
					 .dst_reg = BPF_REG_0 };

static int cut_copy_function(const struct cut *cut, const struct cut_function *function,
			     struct bpf_insn *out)
{
	for (uint32_t at = function->from; at < function->to; at++) {
		struct bpf_insn *one = &out[function->new_from + at - function->from];
		const struct cut_function *target;

		*one = cut->code->instructions[at];
		if (!instruction_names_function(one))
			continue;
		target = cut_find_target(cut, at);
		if (target->is_kept)
			one->imm = (int32_t)target->new_from -
				   (int32_t)(function->new_from + at - function->from) - 1;
		else if (one->code == (BPF_JMP | BPF_CALL))
			*one = no_call;
		else
			return -EINVAL;
	}
	return 0;
}

static int cut_copy(const struct cut *cut, struct hook_code *out)
{
	int error = 0;

	for (uint32_t i = 0; i < cut->code->functions_count && !error; i++) {
		const struct cut_function *one = &cut->functions[i];
		struct bpf_func_info *info;

		if (!one->is_kept)
			continue;
		info = (struct bpf_func_info *)code_get_function(out, out->functions_count++);
		memcpy(info, code_get_function(cut->code, i), cut->code->functions_bytes);
		info->insn_off = one->new_from;
		error = cut_copy_function(cut, one, out->instructions);
	}
	return error;
}

static int cut_begin(struct cut *cut)
{
	const struct hook_code *code = cut->code;

	if (!code->functions_count || code->functions_bytes < sizeof(struct bpf_func_info))
		return -EINVAL;
	for (uint32_t i = 0; i < code->functions_count; i++) {
		bool is_last = i + 1 == code->functions_count;

		cut->functions[i].from = code_get_function(code, i)->insn_off;
		cut->functions[i].to =
			is_last ? (uint32_t)code->count : code_get_function(code, i + 1)->insn_off;
	}
	return cut->functions[0].from == 0 ? cut_mark(cut) : -EINVAL;
}

int hook_code_cut(struct hook_code *out, const struct hook_code *code, uint32_t uses)
{
	_cleanup_free_ struct cut_function *functions =
		calloc(code->functions_count + 1, sizeof(*functions));
	struct cut cut = { .code = code, .functions = functions, .uses = uses };
	int error = functions ? cut_begin(&cut) : -ENOMEM;

	*out = (struct hook_code){ .functions_bytes = code->functions_bytes,
				   .btf_fd = code->btf_fd };
	if (error)
		return error;
	cut_place(&cut, out);
	out->instructions = malloc(out->count * sizeof(*out->instructions));
	out->functions = malloc((size_t)code->functions_count * code->functions_bytes);
	error = out->instructions && out->functions ? cut_copy(&cut, out) : -ENOMEM;
	if (error)
		hook_code_done(out);
	return error;
}

void hook_code_done(struct hook_code *code)
{
	free(code->instructions);
	free(code->functions);
	free(code->needs);
	*code = (struct hook_code){};
}
