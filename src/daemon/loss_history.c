/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of findings, and for each kind the total and its last finding. */
#include "daemon/loss_history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct history_kind {
	struct loss_kind texts;
	uint64_t total;
	uint64_t last; /* number of its last finding, from 1; 0: none */
};

struct history_finding {
	uint64_t from_ns, to_ns, count;
	size_t kind;
};

struct loss_history {
	uint64_t round_ns; /* the last one ended */
	struct history_kind
		kinds[LOSS_KINDS_MAX]; /* the last: of all that have none of their own */
	size_t kinds_count;
	uint64_t others;	 /* their totals in this round */
	uint64_t findings_count; /* ever; number N is at (N - 1) % LOSS_FINDINGS_MAX */
	struct history_finding findings[LOSS_FINDINGS_MAX];
};

int loss_history_new(struct loss_history **out, uint64_t now_ns)
{
	struct loss_history *history = calloc(1, sizeof(*history));

	if (!history)
		return -ENOMEM;
	history->round_ns = now_ns;
	*out = history;
	return 0;
}

void loss_history_free(struct loss_history *history)
{
	free(history);
}

/* NULL: it has no place of its own. */
static struct history_kind *history_find_kind(struct loss_history *history,
					      const struct loss_kind *texts)
{
	size_t at = 0;

	for (; at < history->kinds_count; at++) {
		const struct loss_kind *one = &history->kinds[at].texts;

		if (strcmp(one->where, texts->where) == 0 &&
		    strcmp(one->record, texts->record) == 0 &&
		    strcmp(one->reason, texts->reason) == 0)
			return &history->kinds[at];
	}
	if (at == LOSS_KINDS_MAX - 1)
		return NULL;
	history->kinds[at].texts = *texts;
	history->kinds_count++;
	return &history->kinds[at];
}

static struct history_finding *history_find_last(struct loss_history *history,
						 const struct history_kind *kind)
{
	if (!kind->last || history->findings_count - kind->last >= LOSS_FINDINGS_MAX)
		return NULL;
	return &history->findings[(kind->last - 1) % LOSS_FINDINGS_MAX];
}

static void kind_note(struct loss_history *history, struct history_kind *kind, uint64_t total,
		      uint64_t now_ns)
{
	uint64_t lost = total > kind->total ? total - kind->total : 0;
	struct history_finding *finding;

	kind->total = total;
	if (!lost)
		return;
	finding = history_find_last(history, kind);
	if (!finding || now_ns - finding->to_ns > LOSS_PAUSE_NS ||
	    now_ns - finding->from_ns > LOSS_FINDING_NS) {
		finding = &history->findings[history->findings_count++ % LOSS_FINDINGS_MAX];
		kind->last = history->findings_count;
		*finding = (struct history_finding){ .from_ns = history->round_ns,
						     .kind = (size_t)(kind - history->kinds) };
	}
	finding->to_ns = now_ns;
	finding->count += lost;
}

void loss_history_note(struct loss_history *history, const struct loss_kind *texts, uint64_t total,
		       uint64_t now_ns)
{
	struct history_kind *kind = total ? history_find_kind(history, texts) : NULL;

	if (kind)
		kind_note(history, kind, total, now_ns);
	else
		history->others += total;
}

void loss_history_end_round(struct loss_history *history, uint64_t now_ns)
{
	static const struct loss_kind others = { "several places", "record", "several reasons",
						 "" };
	struct history_kind *last = &history->kinds[LOSS_KINDS_MAX - 1];

	last->texts = others;
	kind_note(history, last, history->others, now_ns);
	history->others = 0;
	history->round_ns = now_ns;
}

uint64_t loss_history_count(const struct loss_history *history)
{
	return history->findings_count - loss_history_forgotten(history);
}

uint64_t loss_history_forgotten(const struct loss_history *history)
{
	return history->findings_count > LOSS_FINDINGS_MAX
		       ? history->findings_count - LOSS_FINDINGS_MAX
		       : 0;
}

void loss_history_visit(const struct loss_history *history, loss_finding_fn visit, void *context)
{
	for (uint64_t number = loss_history_forgotten(history); number < history->findings_count;
	     number++) {
		const struct history_finding *one = &history->findings[number % LOSS_FINDINGS_MAX];
		const struct loss_finding finding = { &history->kinds[one->kind].texts,
						      one->from_ns, one->to_ns, one->count };

		visit(context, &finding);
	}
}
