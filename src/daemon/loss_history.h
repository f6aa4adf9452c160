/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When things were lost. In: totals of all that was lost, now and again. Out: findings, each what
 * was lost of one kind in at most a minute. Counting and telling at once is done elsewhere (loss.c,
 * gap.c).
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"

/* A day of one kind that is lost all the time has 1,440 findings; this has room for some, in 160
 * KiB. The oldest are forgotten, which is told. */
#define LOSS_FINDINGS_MAX 4096
/* Kinds of losses are some dozen: places times kinds of records times reasons that occur. More are
 * not told apart. */
#define LOSS_KINDS_MAX 128
/* A loss that goes on within this is the same finding. */
#define LOSS_PAUSE_NS (10 * CLOCK_NS_PER_SECOND)
/* What a finding covers at most, so that an hour can be told from another. */
#define LOSS_FINDING_NS (60 * CLOCK_NS_PER_SECOND)

struct loss_history;

/* Texts are borrowed for good: they are in tables. */
struct loss_kind {
	const char *where, *record, *reason, *advice;
};

/* NOW_NS: of the boot clock, as in all that follows. */
int loss_history_new(struct loss_history **out, uint64_t now_ns);
void loss_history_free(struct loss_history *history); /* NULL is fine */

/* TOTAL of KIND since the start, which was less when it was noted last if some was lost since. */
void loss_history_note(struct loss_history *history, const struct loss_kind *kind, uint64_t total,
		       uint64_t now_ns);
/* After all kinds: losses noted from now on are younger than NOW_NS. */
void loss_history_end_round(struct loss_history *history, uint64_t now_ns);

struct loss_finding {
	const struct loss_kind *kind;
	uint64_t from_ns, to_ns, count;
};

typedef void (*loss_finding_fn)(void *context, const struct loss_finding *finding);
/* Oldest first. */
void loss_history_visit(const struct loss_history *history, loss_finding_fn visit, void *context);
uint64_t loss_history_count(const struct loss_history *history); /* that are visited */
uint64_t loss_history_forgotten(const struct loss_history *history);
