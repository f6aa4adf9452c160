/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel can do and how this program was built, as GetInfo tells it. */
#pragma once

#include "daemon/agent_status.h"

/* Of struct service_ops; CONTEXT is a struct agent_status. */
void agent_info_answer(void *context, service_info_fn answer, void *answer_context);
