/* SPDX-License-Identifier: Apache-2.0 */
/* A short list, walked in order. It is empty nearly always, so nothing cleverer is worth its lines.
 */
#include "daemon/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct pending_entry {
	struct process_event event;
	struct process process; /* with a reference to its image */
	uint64_t deadline_ns;
};

struct pending {
	size_t count;
	struct pending_stats stats;
	struct pending_entry entries[PENDING_MAX];
};

int pending_new(struct pending **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void pending_free(struct pending *pending)
{
	for (size_t i = 0; pending && i < pending->count; i++)
		process_image_unref(pending->entries[i].process.image);
	free(pending);
}

bool pending_is_empty(const struct pending *pending)
{
	return !pending->count;
}

static bool entry_is_about(const struct pending_entry *entry, const struct wire_process_id *id)
{
	return entry->event.id.pid == id->pid && entry->event.id.exec_ns == id->exec_ns;
}

/* The last of the first END entries that is about the process; NULL: none is. */
static struct pending_entry *pending_find(struct pending *pending, const struct wire_process_id *id,
					  size_t end)
{
	while (end--) {
		if (entry_is_about(&pending->entries[end], id))
			return &pending->entries[end];
	}
	return NULL;
}

bool pending_has(struct pending *pending, const struct wire_process_id *id)
{
	return pending_find(pending, id, pending->count) != NULL;
}

bool pending_add(struct pending *pending, const struct process_event *event,
		 const struct process *process, uint64_t now_ns)
{
	struct pending_entry *entry = &pending->entries[pending->count];
	const struct pending_entry *earlier = pending_find(pending, &event->id, pending->count);

	if (pending->count == PENDING_MAX) {
		pending->stats.refused++;
		return false;
	}
	pending->stats.inserts++;
	*entry = (struct pending_entry){ .event = *event };
	if (process || earlier)
		entry->process = process ? *process : earlier->process;
	process_image_ref(entry->process.image);
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
		bool is_ready = ready(context, &entry.event, &entry.process);

		pending->stats.retries += !is_ready;
		if (entry.deadline_ns > now_ns &&
		    (!is_ready || pending_find(pending, &entry.event.id, kept))) {
			pending->entries[kept++] = entry;
			continue;
		}
		pending->stats.failures[entry.event.kind] += !is_ready;
		release(context, &entry.event, &entry.process);
		process_image_unref(entry.process.image);
	}
	pending->count = kept;
}

void pending_release_exec(struct pending *pending, const struct wire_process_id *id,
			  pending_release_fn release, void *context)
{
	for (size_t i = 0; i < pending->count; i++) {
		struct pending_entry entry = pending->entries[i];

		if (entry.event.kind != PROCESS_EVENT_EXEC || !entry_is_about(&entry, id))
			continue;
		memmove(&pending->entries[i], &pending->entries[i + 1],
			(--pending->count - i) * sizeof(entry));
		release(context, &entry.event, &entry.process);
		process_image_unref(entry.process.image);
		return;
	}
}

void pending_read_stats(const struct pending *pending, struct pending_stats *out)
{
	*out = pending->stats;
	out->entries = (uint32_t)pending->count;
}
