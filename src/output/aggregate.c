/* SPDX-License-Identifier: Apache-2.0 */
/* A table of packed events by their bytes, and a queue by their time. */
#include "output/aggregate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "event/kind.h"

/* More ancestors than an event shows. */
enum { PROCESSES_SHOWN_MAX = 64 };

struct moment {
	int64_t seconds;
	int32_t nanos;
};

struct entry {
	struct entry *next_equal; /* in the same place of the table */
	struct entry *next;	  /* began later */
	uint64_t hash, begun_ns, count;
	struct moment first, last;
	uint32_t process_refs, parent_refs;
	size_t bytes;
	uint8_t data[]; /* the event without the above */
};

struct aggregate {
	uint64_t window_ns, seed;
	uint32_t entries_max, places; /* a power of 2 */
	struct entry **table;	      /* owned */
	struct entry *first, **end;   /* owned, by begun_ns */
	struct buf packed;
	struct aggregate_stats stats;
};

int aggregate_new(struct aggregate **out, uint64_t window_ns, uint32_t entries_max)
{
	struct aggregate *aggregate = calloc(1, sizeof(*aggregate));

	if (!aggregate)
		return -ENOMEM;
	aggregate->window_ns = window_ns;
	aggregate->entries_max = entries_max;
	aggregate->places = 16;
	while (aggregate->places < entries_max)
		aggregate->places *= 2;
	aggregate->table = calloc(aggregate->places, sizeof(struct entry *));
	aggregate->end = &aggregate->first;
	if (!aggregate->table) {
		free(aggregate);
		return -ENOMEM;
	}
	if (getrandom(&aggregate->seed, sizeof(aggregate->seed), GRND_NONBLOCK) !=
	    sizeof(aggregate->seed))
		aggregate->seed =
			(uintptr_t)aggregate; /* early at boot, where addresses differ too */
	*out = aggregate;
	return 0;
}

void aggregate_free(struct aggregate *aggregate)
{
	if (!aggregate)
		return;
	while (aggregate->first) {
		struct entry *next = aggregate->first->next;

		free(aggregate->first);
		aggregate->first = next;
	}
	buf_done(&aggregate->packed);
	free(aggregate->table);
	free(aggregate);
}

/* How many refer to a process says nothing about the event. It is taken out, and put back: the
 * storage is the maker's. */
struct references {
	Tetragon__Process *processes[2 + PROCESSES_SHOWN_MAX];
	uint32_t counts[2 + PROCESSES_SHOWN_MAX];
	size_t count;
};

static void references_add(struct references *references, const Tetragon__Process *process)
{
	Tetragon__Process *one = (Tetragon__Process *)process;

	if (!one || references->count == 2 + PROCESSES_SHOWN_MAX)
		return;
	references->processes[references->count] = one;
	references->counts[references->count++] = one->refcnt;
}

static void references_take(struct references *references, const Tetragon__GetEventsResponse *event)
{
	struct event_view view = event_look(event);

	references_add(references, view.process);
	references_add(references, view.parent);
	for (size_t i = 0; i < view.ancestors_count; i++)
		references_add(references, view.ancestors[i]);
	for (size_t i = 0; i < references->count; i++)
		references->processes[i]->refcnt = 0;
}

static void references_put_back(const struct references *references)
{
	for (size_t i = references->count; i--;)
		references->processes[i]->refcnt = references->counts[i];
}

static bool aggregate_pack(struct aggregate *aggregate, const Tetragon__GetEventsResponse *event,
			   struct entry *out)
{
	struct event_view view = event_look(event);
	Tetragon__GetEventsResponse timeless = *event;
	struct buf *packed = &aggregate->packed;
	struct references references = {};

	timeless.time = NULL;
	out->process_refs = view.process ? view.process->refcnt : 0;
	out->parent_refs = view.parent ? view.parent->refcnt : 0;
	references_take(&references, event);
	buf_reset(packed);
	if (buf_reserve(packed, tetragon__get_events_response__get_packed_size(&timeless)))
		packed->bytes =
			tetragon__get_events_response__pack(&timeless, (uint8_t *)packed->data);
	references_put_back(&references);
	return packed->bytes > 0 && !packed->failed;
}

static struct entry **aggregate_place(struct aggregate *aggregate, uint64_t hash)
{
	return &aggregate->table[hash & (aggregate->places - 1)];
}

static struct entry *aggregate_find(struct aggregate *aggregate, uint64_t hash)
{
	struct entry *entry = *aggregate_place(aggregate, hash);

	while (entry && (entry->hash != hash || entry->bytes != aggregate->packed.bytes ||
			 memcmp(entry->data, aggregate->packed.data, entry->bytes) != 0))
		entry = entry->next_equal;
	return entry;
}

static bool aggregate_add(struct aggregate *aggregate, const struct entry *plain)
{
	struct entry *entry = malloc(sizeof(*entry) + plain->bytes);
	struct entry **place = aggregate_place(aggregate, plain->hash);

	if (!entry)
		return false;
	aggregate->stats.bytes += sizeof(*entry) + plain->bytes;
	*entry = *plain;
	memcpy(entry->data, aggregate->packed.data, plain->bytes);
	entry->next_equal = *place;
	*place = entry;
	*aggregate->end = entry;
	aggregate->end = &entry->next;
	aggregate->stats.waiting++;
	return true;
}

bool aggregate_take(struct aggregate *aggregate, const Tetragon__GetEventsResponse *event,
		    uint64_t now_ns)
{
	struct entry plain = { .begun_ns = now_ns, .count = 1 }, *known;

	if (event->time)
		plain.first = (struct moment){ event->time->seconds, event->time->nanos };
	plain.last = plain.first;
	if (!aggregate_pack(aggregate, event, &plain))
		return false;
	plain.bytes = aggregate->packed.bytes;
	plain.hash =
		hash_bytes(aggregate->seed, (struct span){ aggregate->packed.data, plain.bytes });
	known = aggregate_find(aggregate, plain.hash);
	if (known) {
		known->count++;
		known->last = plain.first;
		aggregate->stats.merged++;
		return true;
	}
	if (aggregate->stats.waiting < aggregate->entries_max &&
	    aggregate->stats.bytes + sizeof(plain) + plain.bytes <= AGGREGATE_BYTES_MAX &&
	    aggregate_add(aggregate, &plain))
		return true;
	aggregate->stats.passed_full++;
	return false;
}

static void entry_emit(const struct entry *entry, aggregate_emit_fn emit, void *context)
{
	Tetragon__GetEventsResponse *event =
		tetragon__get_events_response__unpack(NULL, entry->bytes, entry->data);
	Google__Protobuf__Timestamp first = GOOGLE__PROTOBUF__TIMESTAMP__INIT, last = first;
	Tetragon__AggregationInfo info = TETRAGON__AGGREGATION_INFO__INIT;
	struct event_view view;

	if (!event) {
		emit(context, NULL);
		return;
	}
	view = event_look(event);
	if (view.process)
		((Tetragon__Process *)view.process)->refcnt = entry->process_refs;
	if (view.parent)
		((Tetragon__Process *)view.parent)->refcnt = entry->parent_refs;
	first.seconds = entry->first.seconds;
	first.nanos = entry->first.nanos;
	last.seconds = entry->last.seconds;
	last.nanos = entry->last.nanos;
	event->time = &first;
	info.count = entry->count;
	info.last_time = &last;
	if (entry->count > 1)
		event->aggregation_info = &info;
	emit(context, event);
	event->time = NULL;
	event->aggregation_info = NULL;
	tetragon__get_events_response__free_unpacked(event, NULL);
}

static void aggregate_forget_first(struct aggregate *aggregate)
{
	struct entry *entry = aggregate->first;
	struct entry **link = aggregate_place(aggregate, entry->hash);

	while (*link != entry)
		link = &(*link)->next_equal;
	*link = entry->next_equal;
	aggregate->first = entry->next;
	if (!aggregate->first)
		aggregate->end = &aggregate->first;
	aggregate->stats.waiting--;
	aggregate->stats.bytes -= sizeof(*entry) + entry->bytes;
	free(entry);
}

void aggregate_flush(struct aggregate *aggregate, uint64_t now_ns, aggregate_emit_fn emit,
		     void *context)
{
	while (aggregate->first && (now_ns == UINT64_MAX ||
				    now_ns - aggregate->first->begun_ns >= aggregate->window_ns)) {
		entry_emit(aggregate->first, emit, context);
		aggregate_forget_first(aggregate);
	}
}

void aggregate_read_stats(const struct aggregate *aggregate, struct aggregate_stats *out)
{
	*out = aggregate->stats;
}
