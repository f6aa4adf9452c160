/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a template that one hook needs. In: a template, and what the hook uses
 * (WIRE_USES_*). Out: its instructions and functions, moved together.
 *
 * The verifier's and the JIT compiler's work grows faster than a program: what is not there costs
 * nothing to remove.
 */
#pragma once

#include "sensor/hook_template.h"

/* INSTRUCTIONS and FUNCTIONS of OUT are owned, `needs` is NULL. -EINVAL: the template is not one.
 */
int hook_code_cut(struct hook_code *out, const struct hook_code *code, uint32_t uses);
void hook_code_done(struct hook_code *code);
