/* SPDX-License-Identifier: Apache-2.0 */
/* All that this agent lost, put together from those who count it. In: the event line and the
 * service. Out: rows of messages, and the history. */
#pragma once

#include "daemon/gap.h"
#include "daemon/loss_history.h"
#include "daemon/pipeline.h"
#include "service/service.h"

/* Since the start, over all rings; without what clients were too slow for, which the service adds.
 * How many rows. */
size_t losses_fill(struct gap_message *out, const struct pipeline *pipeline);

/* Once a second. SERVICE may be NULL. */
void losses_note(struct loss_history *history, struct pipeline *pipeline,
		 const struct service *service);

/* Rows of GetStatus. */
struct losses_message {
	Tetragon__LossFinding **list; /* owned, as the next */
	struct losses_row *rows;
	size_t count;
	int64_t boot_to_wall_ns;
};

int losses_message_fill(struct losses_message *out, const struct loss_history *history);
void losses_message_done(struct losses_message *message);
