/* SPDX-License-Identifier: Apache-2.0 */
/* A short list, walked in order. It is empty nearly always, so nothing cleverer is worth its lines.
 */
#include "daemon/pending.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

struct pending_entry {
	struct process_event event;
	uint64_t deadline_ns;
};

struct pending {
	size_t count;
	struct pending_entry entries[PENDING_MAX];
};

int pending_new(struct pending **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void pending_free(struct pending *pending)
{
	free(pending);
}

bool pending_is_empty(const struct pending *pending)
{
	return !pending->count;
}

static bool pending_has_before(const struct pending *pending, const struct wire_process_id *id,
			       size_t end)
{
	for (size_t i = 0; i < end; i++) {
		const struct wire_process_id *other = &pending->entries[i].event.id;

		if (other->pid == id->pid && other->exec_ns == id->exec_ns)
			return true;
	}
	return false;
}

bool pending_has(const struct pending *pending, const struct wire_process_id *id)
{
	return pending_has_before(pending, id, pending->count);
}

bool pending_add(struct pending *pending, const struct process_event *event, uint64_t now_ns)
{
	struct pending_entry *entry = &pending->entries[pending->count];

	if (pending->count == PENDING_MAX)
		return false;
	entry->event = *event;
	entry->deadline_ns = now_ns + PENDING_WAIT_MS * CLOCK_NS_PER_MS;
	pending->count++;
	return true;
}

void pending_release(struct pending *pending, uint64_t now_ns, pending_ready_fn ready,
		     pending_release_fn release, void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < pending->count; i++) {
		struct pending_entry entry = pending->entries[i];

		if (entry.deadline_ns > now_ns &&
		    (pending_has_before(pending, &entry.event.id, kept) ||
		     !ready(context, &entry.event))) {
			pending->entries[kept++] = entry;
			continue;
		}
		release(context, &entry.event);
	}
	pending->count = kept;
}
